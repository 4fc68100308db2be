"""Who may close an alert, and that nobody closes a call they have not seen."""

import re

from gateway.backend.alerts import State
from tests.gateway.backend.conftest import House

from .conftest import Browser


def test_a_page_opened_before_a_new_call_does_not_close_it(house: House, ana: Browser) -> None:
    alert = house.happens("press", taps=1)
    house.deliver()
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ana.press("arrived")
    ana.open(f"/alerts/{alert}/done")  # she goes down the stairs with this page open
    house.clock.forward(120)
    house.happens("press", taps=3)
    answer = ana.press("done", outcome="fine")
    assert answer.status_code == 409
    assert "They have called again since you opened this page." in answer.text
    assert house.alert(alert).state is State.ARRIVED
    assert house.alert(alert).asking is not None
    # This page has shown the new call: whoever presses here means it.
    assert ana.press("done", outcome="fine").status_code == 200
    assert house.alert(alert).state is State.RESOLVED


def test_a_form_that_does_not_say_what_it_has_shown_closes_nothing(
    house: House, ana: Browser
) -> None:
    alert = house.happens("press", taps=1)
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    page = ana.open(f"/alerts/{alert}/done").text
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    answer = ana.ask("POST", f"/alerts/{alert}/done", data={"token": token, "outcome": "fine"})
    assert answer.status_code == 409
    assert house.alert(alert).is_open


def test_only_who_has_answered_may_close(house: House, ana: Browser, ben: Browser) -> None:
    alert = house.happens("press", taps=2)
    house.deliver()
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ana.open(f"/alerts/{alert}/done")
    shown = dict(re.findall(r'name="(token|calls)" value="([^"]*)"', ana.page.text))
    ben.open(f"/alerts/{alert}/done")
    assert "What was it?" not in ben.page.text
    own = re.findall(r'name="token" value="([^"]+)"', ben.page.text)[0]
    fields = {**shown, "token": own, "outcome": "fine"}
    answer = ben.ask("POST", f"/alerts/{alert}/done", data=fields)
    assert answer.status_code == 403
    assert "Only somebody who has answered can close it." in answer.text
    assert house.alert(alert).state is State.ATTENDING


def test_staff_may_close_what_others_have_left_open(house: House) -> None:
    alert = house.happens("press", taps=1)
    dora = Browser(house)
    dora.come_in("dora")
    dora.open(f"/alerts/{alert}/done")
    assert dora.press("done", outcome="mistake").status_code == 200
    assert house.alert(alert).closed_by == "dora"

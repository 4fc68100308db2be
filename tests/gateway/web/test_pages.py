"""What responders see and say, without any script."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.backend.alerts import State
from gateway.backend.incoming import DeviceReport, Heartbeat, Incoming
from gateway.backend.trouble import Trouble
from tests.gateway.backend.conftest import BUTTON, SENSOR, House

from .conftest import Browser


def test_a_calm_house_says_so(ana: Browser) -> None:
    assert ana.open("/").status_code == 200
    assert "Nobody is asking for help." in ana.page.text


def test_an_alert_goes_from_on_my_way_to_done(house: House, ana: Browser) -> None:
    alert = house.happens("press", taps=1)
    house.deliver()
    ana.open("/now")
    assert "Nobody has answered yet" in ana.page.text
    ana.press("on-my-way")
    assert "Ana on the way" in ana.page.text
    assert house.lights()[-1] == "coming"
    ana.press("arrived")
    assert "Arrived: Ana" in ana.page.text
    ana.open(f"/alerts/{alert}/done")
    ana.press("done", outcome="fine")
    assert "This is over" in ana.page.text
    assert house.alert(alert).state is State.RESOLVED
    assert house.lights()[-1] == "none"
    assert "Nobody is asking for help." in ana.open("/now").text


def test_a_link_only_shows(house: House) -> None:
    # Message apps fetch links by themselves.
    alert = house.happens("press", taps=1)
    house.deliver()
    browser = Browser(house)
    browser.come_in("ana", alert)
    assert browser.page.status_code == 200
    assert browser.page.url.path == f"/alerts/{alert}"
    for word in ("on-my-way", "arrived", "done", "cannot-go", "seen"):
        browser.open(f"/alerts/{alert}/{word}")
    assert house.alert(alert).state is State.NOTIFIED


def test_the_second_who_answers_sees_that_somebody_is_going_and_may_join(
    house: House, ana: Browser, ben: Browser
) -> None:
    alert = house.happens("press", taps=1)
    for browser in (ana, ben):
        browser.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ben.press("on-my-way")
    assert "Ana had answered before you" in ben.page.text
    assert house.alert(alert).attending == ("ana", "ben")


def test_who_comes_later_is_offered_to_join(house: House, ana: Browser, ben: Browser) -> None:
    alert = house.happens("press", taps=1)
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ben.open("/now")
    assert "Ana on the way" in ben.page.text
    assert "I&#39;m going too" in ben.page.text


def test_a_form_that_is_sent_twice_does_the_same_as_once(house: House, ana: Browser) -> None:
    alert = house.happens("press", taps=1)
    page = ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ana.page = page
    ana.press("on-my-way")
    assert ana.page.status_code == 200
    assert house.alert(alert).attending == ("ana",)
    assert house.lights() == ["coming"]


def test_whoever_cannot_go_after_all_says_so(house: House, ana: Browser) -> None:
    alert = house.happens("press", taps=1)
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ana.press("cannot-go")
    assert house.alert(alert).asking is not None
    assert ana.offers("on-my-way")


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_form_of_another_site_does_nothing(house: House, ana: Browser, token: str | None) -> None:
    alert = house.happens("press", taps=1)
    fields = {} if token is None else {"token": token}
    answer = ana.ask("POST", f"/alerts/{alert}/on-my-way", data=fields)
    assert answer.status_code == 403
    assert house.alert(alert).attending == ()


def test_the_form_of_one_is_not_the_form_of_another(
    house: House, ana: Browser, ben: Browser
) -> None:
    alert = house.happens("press", taps=1)
    ben.page = ana.open(f"/alerts/{alert}")
    assert ben.press("on-my-way").status_code == 403


@pytest.mark.parametrize("path", ["/now", "/live", "/alerts/abc", "/alerts/abc/done"])
def test_without_a_link_nobody_sees_anything(house: House, path: str) -> None:
    house.happens("press", taps=1)
    browser = Browser(house)
    answer = browser.open(path)
    assert answer.status_code == 403
    assert "Come in by your own link" in answer.text
    assert "204" not in answer.text


def test_a_link_lets_in_for_as_long_as_is_set_and_no_longer(house: House) -> None:
    link = house.backend.link_for("ana").rpartition("8080")[2]
    house.clock.forward(timedelta(days=29).total_seconds())
    assert Browser(house).open(link).status_code == 200
    house.clock.forward(timedelta(days=2).total_seconds())
    answer = Browser(house).open(link)
    assert answer.status_code == 403
    assert "does not let anybody in any more" in answer.text


def test_a_session_ends_as_well(house: House, ana: Browser) -> None:
    house.clock.forward(timedelta(days=31).total_seconds())
    assert ana.open("/now").status_code == 403


@pytest.mark.parametrize("token", ["x", "W10.AAAA", "é", "a" * 5000])
def test_a_link_that_is_not_ours_lets_nobody_in(house: House, token: str) -> None:
    assert Browser(house).open(f"/in/{token}").status_code == 403


def test_whoever_has_left_is_let_in_no_more(open_house: Callable[..., House]) -> None:
    before = open_house()
    browser = Browser(before)
    browser.come_in("ana")
    people = {one: who for one, who in before.backend.policy.people.items() if one != "ana"}
    from gateway.backend.escalation import Plan

    browser.house = open_house(people=people, plan=Plan(steps=(("ben",),)))
    assert browser.open("/now").status_code == 403


def test_an_outcome_that_is_not_on_the_list_is_refused(house: House, ana: Browser) -> None:
    # lesson 28: one unreadable reply ended the conversation
    alert = house.happens("press", taps=1)
    ana.open(f"/alerts/{alert}")
    ana.press("on-my-way")
    ana.open(f"/alerts/{alert}/done")
    assert ana.press("done", outcome="nonsense").status_code == 400
    assert "not on the list" in ana.page.text
    assert house.alert(alert).is_open
    assert ana.press("done", outcome="mistake").status_code == 200
    assert not house.alert(alert).is_open


def test_a_programmes_own_outcomes_take_the_place_of_ours(
    open_house: Callable[..., House],
) -> None:
    house = open_house(outcomes=("Tea & talk",))
    alert = house.happens("press", taps=1)
    browser = Browser(house)
    browser.come_in("ana")
    browser.open(f"/alerts/{alert}")
    browser.press("on-my-way")
    page = browser.open(f"/alerts/{alert}/done").text
    assert "Tea &amp; talk" in page
    assert "They are fine" not in page
    browser.press("done", outcome="Tea & talk")
    assert house.alert(alert).outcome == "Tea & talk"


def test_sent_and_seen_are_told_apart(house: House, ana: Browser) -> None:
    # lesson 35
    alert = house.happens("press", taps=1)
    house.deliver()
    page = ana.open(f"/alerts/{alert}")
    assert page.text.count("not known whether it arrived") == 2
    token = page.text.partition('name="form-token" content="')[2].partition('"')[0]
    assert ana.ask("POST", f"/alerts/{alert}/seen", data={"token": token}).status_code == 204
    page = ana.open(f"/alerts/{alert}")
    assert page.text.count("not known whether it arrived") == 1
    assert "seen " in page.text


def test_a_message_that_does_not_go_out_is_shown(house: House, ana: Browser) -> None:
    house.outbox.failing = {"test://ana", "test://ben", "test://carla"}
    alert = house.happens("press", taps=1)
    house.deliver()
    ana.open(f"/alerts/{alert}")
    assert "Nobody could be reached yet" in ana.page.text
    assert "could not be sent, trying again" in ana.page.text


def test_a_late_press_shows_its_age(house: House, ana: Browser) -> None:
    event = house.event("press", taps=1)
    values = {name: getattr(event, name) for name in event.__slots__}
    values |= {"occurred_at": house.clock() - timedelta(hours=3), "age_s": 3 * 3600.0}
    house.backend.dispatch.accept(type(event)(**values), "a.1.1")
    assert "arrived 3 h late: the way was down" in ana.open("/now").text


AT_0914 = datetime(2026, 5, 4, 9, 14, 20, tzinfo=UTC)


def accept(house: House, event: Incoming) -> None:
    house.backend.dispatch.accept(event, f"{event.device}.{event.boot}.{event.seq}")


def what(browser: Browser, path: str = "/now") -> str:
    """What the card says of the newest call."""
    found = re.search(r'<p class="what">(.*?)</p>', browser.open(path).text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).strip()


@pytest.mark.parametrize(
    ("language", "once", "more"),
    [
        (
            "en",
            "Button pressed once, 09:14 or earlier",
            "Button pressed more than once, last at 09:14 or earlier",
        ),
        (
            "es",
            "Botón pulsado una vez, 09:14 o antes",
            "Botón pulsado más de una vez, la última: 09:14 o antes",
        ),
        (
            "fr",
            "Bouton pressé une fois, 09:14 ou avant",
            "Bouton pressé plus d'une fois, la dernière : 09:14 ou avant",
        ),
    ],
)
def test_two_presses_of_unknown_time_are_more_than_one_and_none_lies_ahead(
    house: House, language: str, once: str, more: str
) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.headers["accept-language"] = language
    browser.come_in("ana")

    accept(house, replace(house.event("press", taps=1, held=0), exact=False))
    assert what(browser) == once
    house.clock.forward(5)
    accept(house, replace(house.event("press", taps=1, held=0), exact=False))
    assert what(browser) == more


def test_a_double_tap_and_more_taps_than_are_counted_are_more_than_one(house: House) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.come_in("ana")

    house.happens("press", taps=2, held=0)

    assert what(browser) == "Button pressed more than once, 09:14"


def test_a_hold_that_woke_its_button_is_one_press(house: House) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.come_in("ana")

    # Told at once, as the device woke, and again after 2 s.
    house.happens("press", taps=1, held=0)
    house.happens("press", taps=1, held=1)

    assert what(browser) == "Button held down, 09:14"


def test_a_press_does_not_hide_that_no_breathing_was_seen(house: House) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.come_in("ana")

    alert = house.happens("stillness", cause="no_breathing", urgency="urgent")
    house.clock.forward(60)
    house.happens("press", taps=2)

    for path in ("/now", f"/alerts/{alert}"):
        told = re.findall(r'<p class="what">(.*?)</p>', browser.open(path).text, re.DOTALL)
        assert [html.unescape(one).strip() for one in told] == [
            "Button pressed more than once, 09:15",
            "The sensor is worried: no breathing seen, 09:14",
        ]


def test_a_press_that_comes_late_does_not_hide_a_newer_one(house: House) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.come_in("ana")

    house.happens("stillness", cause="no_breathing", urgency="urgent")
    waited = replace(house.event("press", taps=1), occurred_at=AT_0914 - timedelta(hours=3))
    accept(house, replace(waited, age_s=3 * 3600.0))

    assert what(browser) == "The sensor is worried: no breathing seen, 09:14"


def test_what_is_not_known_to_the_minute_says_so_on_the_alerts_page(house: House) -> None:
    house.clock.now = AT_0914
    browser = Browser(house)
    browser.come_in("ana")
    alert = house.happens("press", taps=2)
    accept(house, replace(house.event("ok"), device=BUTTON, exact=False))

    page = html.unescape(browser.open(f"/alerts/{alert}").text)

    assert "“I'm OK” was said at 09:14 or earlier. Please look in all the same." in page
    assert '“I\'m OK” was said <em class="late">perhaps earlier</em>' in page
    assert page.count("perhaps earlier") == 1


def beat(house: House, heard_s_ago: float = 0) -> None:
    now = house.clock()
    heard = now - timedelta(seconds=heard_s_ago)
    report = DeviceReport(SENSOR, "204", "sensor", "presence", heard, None)
    house.backend.dispatch.heartbeat(Heartbeat("house-1", now, (report,), {"signature": 2}))


def test_a_lost_gateway_is_a_banner(house: House, ana: Browser) -> None:
    beat(house)
    assert "Blind" not in ana.open("/now").text
    house.pass_time(180, step=10)
    assert "Presses there reach nobody" in ana.open("/now").text
    beat(house)
    assert "Blind" not in ana.open("/now").text


def test_what_a_gateway_reports_of_itself_is_a_banner(house: House, ana: Browser) -> None:
    for at in range(3):
        house.clock.forward(60)
        house.backend.dispatch.heartbeat(
            Heartbeat("house-1", house.clock(), (), {}, frozenset({Trouble.DEAF, Trouble.WAITING}))
        )
        page = ana.open("/now").text
        assert ("The gateway house-1 hears no device." in page) == (at > 0), "one is a blink"
        assert ("events that have not come through" in page) == (at > 0)
    assert "refused" not in page
    ana.headers = {"accept-language": "fr"}
    assert "entend aucun appareil" in ana.open("/now").text


def test_a_silent_device_is_a_banner_and_says_since_when(house: House, ana: Browser) -> None:
    for _ in range(6):
        house.pass_time(60, step=60)
        beat(house)
    assert "heard just now" in ana.open("/now").text
    house.pass_time(60, step=60)
    beat(house, heard_s_ago=240)
    since = f"{house.clock() - timedelta(seconds=240):%H:%M}"
    page = ana.open("/now").text
    assert "A press there may reach nobody" in page
    assert f"not heard from since {since}" in page


def test_people_whom_nothing_can_reach_are_a_banner(open_house: Callable[..., House]) -> None:
    from gateway.backend.policy import Person

    people = {one: Person(one, one.title(), "en") for one in ("ana", "ben", "carla", "dora")}
    browser = Browser(open_house(people=people))
    browser.come_in("ana")
    assert "No way to reach Ana, Ben and Carla is set up." in browser.open("/now").text


def test_staff_see_gateways_and_what_was_refused_responders_do_not(
    house: House, ana: Browser
) -> None:
    beat(house)
    assert "messages refused" not in ana.open("/now").text
    dora = Browser(house)
    dora.come_in("dora")
    assert "2 messages refused (signature)" in dora.open("/now").text


@pytest.mark.parametrize(
    ("accepted", "says"),
    [
        ("es-MX,es;q=0.9,en;q=0.5", "Nadie está pidiendo ayuda."),
        ("de,fr;q=0.8,en;q=0.7", "Personne ne demande d&#39;aide."),
        ("de", "Nobody is asking for help."),
        (";;q=x,,", "Nobody is asking for help."),
    ],
)
def test_a_page_speaks_the_browsers_language(ana: Browser, accepted: str, says: str) -> None:
    ana.headers["accept-language"] = accepted
    assert says in ana.open("/now").text


def test_a_language_that_was_chosen_stays(ana: Browser) -> None:
    ana.headers["accept-language"] = "en"
    assert "Personne ne demande" in ana.open("/language/fr?to=/now").text
    assert "Personne ne demande" in ana.open("/now").text


@pytest.mark.parametrize("to", ["https://evil.example/now", "//evil.example", "/\\evil.example"])
def test_the_language_switch_leads_to_no_other_site(ana: Browser, to: str) -> None:
    answer = ana.ask("GET", "/language/fr", params={"to": to}, follow=False)
    assert answer.headers["location"] == "/now"


def test_every_answer_carries_its_guards(house: House, ana: Browser) -> None:
    for path in ("/now", "/nothing", "/static/style.css", "/healthz"):
        headers = ana.open(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    cookie = (
        Browser(house)
        .ask("GET", house.backend.link_for("ana").rpartition("8080")[2], follow=False)
        .headers["set-cookie"]
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_unit_cannot_write_into_the_page(house: House, ana: Browser) -> None:
    event = house.event("press", taps=1)
    values = {name: getattr(event, name) for name in event.__slots__}
    house.backend.dispatch.accept(type(event)(**(values | {"unit": "<script>x</script>"})), "a.1")
    assert "<script>x" not in ana.open("/now").text


def test_an_alert_that_there_is_not_is_told_in_a_sentence(ana: Browser) -> None:
    assert ana.open("/alerts/nothing").status_code == 404
    assert "There is no such alert." in ana.page.text


def test_what_nobody_foresaw_is_told_in_a_sentence(
    house: House, ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.happens("press", taps=1)
    ana.open("/now")

    def broken(*_: object) -> None:
        raise RuntimeError("secret inner words")

    monkeypatch.setattr(house.backend.dispatch, "reply", broken)
    answer = ana.press("on-my-way")
    assert answer.status_code == 500
    assert "It is not written down: please try again." in answer.text
    assert "secret inner words" not in answer.text

"""The resident's page, without any script: card and PIN, "I'm OK", what they set, what is kept."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from doorknock import wire

from gateway import devices
from gateway.backend.cards import Cards, NewCard
from gateway.backend.database import open_database
from gateway.backend.happenings import OnMyWay, Resolved
from gateway.backend.incoming import DeviceReport, Heartbeat
from gateway.backend.passwords import TRIES, Passwords
from gateway.backend.questions import ANSWER_TAKES, QUESTION_LASTS
from gateway.backend.service import assemble
from gateway.backend.tables import alerts, plans
from gateway.backend.trouble import Trouble
from gateway.backend.vault import Vault
from gateway.care.acts import Care
from gateway.care.room import BY_RESIDENT
from gateway.store import Store, open_store
from gateway.store import devices as device_table
from gateway.store import events as event_table
from gateway.store import orders as table
from gateway.web.resident import frame as resident_frame
from gateway.web.resident.frame import Section
from tests.gateway.backend.conftest import BUTTON, SECRETS, SENSOR, HandClock, House, Outbox, policy

from .conftest import Browser

NOW_MS = 1_790_000_000_000
HOME = {field[0]: field[2][0] if len(field) == 3 else field[2] for field in wire.SETTING_FIELDS}
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CLOSED = "Your page is closed"


class Room204:
    """204 with a button and a sensor; and its neighbour 205 with a sensor of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        devices.register(store, BUTTON, bytes(range(32)), "204", "button", now_ms=NOW_MS)
        devices.register(store, SENSOR, bytes(range(1, 33)), "204", "sensor", now_ms=NOW_MS)
        devices.register(store, OTHER, bytes(range(2, 34)), "205", "sensor", now_ms=NOW_MS)
        with store.write() as connection:
            for one in (SENSOR, OTHER):
                device_table.change(connection, one, {"tier": "breathing"})
                table.save_in_force(connection, one, {**HOME, "watch_limit_s": 28800}, NOW_MS)
        self.care = Care(store, lambda: NOW_MS, lambda: None, gateway="house-1")

    def looks_after(self, on: bool) -> None:
        with self.store.write() as connection:
            event_table.set_watch(connection, SENSOR, 1, 5 + on, on=on)

    def ordered(self, device: str = SENSOR) -> list[tuple[str, dict[str, int | str], str]]:
        with self.store.read() as connection:
            rows = table.of_device(connection, device, 10)
        return [(row.kind, dict(row.details), row.ordered_by) for row in reversed(rows)]


OTHER = "00112233eeff"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Room204]:
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield Room204(store)
    store.close()


@pytest.fixture
def open_house(tmp_path: Path, there: Room204) -> Iterator[Callable[..., House]]:
    opened = []

    def open_one(clock: HandClock | None = None) -> House:
        clock, outbox = clock or HandClock(), Outbox()
        database = open_database(f"sqlite:///{tmp_path / 'backend.db'}")
        backend = assemble(
            policy(), database, SECRETS, clock=clock, channel=outbox, care=there.care
        )
        opened.append(database)
        return House(backend, clock, outbox)

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    made = open_house()
    reports = tuple(
        DeviceReport(device, unit, kind, tier, made.clock(), None)
        for device, unit, kind, tier in (
            (BUTTON, "204", "button", "none"),
            (SENSOR, "204", "sensor", "breathing"),
            (OTHER, "205", "sensor", "breathing"),
        )
    )
    made.backend.dispatch.heartbeat(Heartbeat("house-1", made.clock(), reports, {}))
    return made


def card_of(house: House, unit: str = "204") -> NewCard:
    database = house.backend.database
    # Quick to make; the page looks at it with the parameters that are written in the hash.
    passwords = Passwords(database, Vault(SECRETS.vault_key), house.clock, QUICK)
    return Cards(database, passwords, house.clock).make("house-1", unit)


@pytest.fixture
def card(house: House) -> NewCard:
    return card_of(house)


class Phone(Browser):
    """The phone of somebody who has a card."""

    def scan(self, card: NewCard, pin: str | None = None) -> "Phone":
        self.open(f"/r/{card.resident.card}")
        path = self.page.url.path
        self.ask(
            "POST", path, data={"token": self.token(), "pin": card.pin if pin is None else pin}
        )
        return self

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.page.text)
        assert found is not None
        return found[1]

    def send(self, path: str, **fields: str) -> None:
        """Sends a form of the page that is open, with its token."""
        self.ask("POST", path, data={"token": self.token(), **fields})


@pytest.fixture
def kim(house: House, card: NewCard) -> Phone:
    """The resident of 204, in."""
    phone = Phone(house).scan(card)
    assert phone.page.status_code == 200
    return phone


# --- the way in ----------------------------------------------------------------------------------


def test_the_card_and_its_pin_open_the_page(kim: Phone) -> None:
    assert kim.page.url.path == "/mine"
    assert "204: your page" in kim.page.text
    assert "no-store" in kim.page.headers["cache-control"]


def test_the_pin_may_be_typed_with_a_space(house: House, card: NewCard) -> None:
    phone = Phone(house).scan(card, f" {card.pin[:3]} {card.pin[3:]} ")
    assert phone.page.url.path == "/mine"


def test_the_code_alone_opens_nothing_and_says_nothing_of_the_room(
    house: House, card: NewCard
) -> None:
    house.happens("press", taps=2)
    phone = Phone(house)
    phone.open(f"/r/{card.resident.card}")
    assert "204" not in phone.page.text
    for path in ("/mine", "/mine/live", "/mine/plan", "/mine/kept", "/mine/asks", "/now"):
        assert phone.open(path).status_code == 403
        assert "204" not in phone.page.text


@pytest.mark.parametrize("pin", ["000000x", "", "1", "é", "9" * 500])
def test_wrong_pins_unknown_cards_and_shut_ones_are_answered_alike(
    house: House, card: NewCard, pin: str
) -> None:
    unknown = Phone(house)
    unknown.open("/r/nobodys-card")
    unknown.send("/r/nobodys-card", pin=pin)
    wrong = Phone(house).scan(card, pin)
    assert (unknown.page.status_code, wrong.page.status_code) == (403, 403)
    plain = re.compile(r'(name="token" value|/language/\w\w\?to)="?[^"]+"')
    assert plain.sub("", unknown.page.text) == plain.sub("", wrong.page.text)


def test_after_five_wrong_pins_the_right_one_has_to_wait(house: House, card: NewCard) -> None:
    for _ in range(TRIES):
        phone = Phone(house).scan(card, "wrong")
    text = phone.page.text
    phone = Phone(house).scan(card)
    assert phone.page.status_code == 403
    assert "That did not open it" in text
    house.clock.forward(61)
    assert Phone(house).scan(card).page.status_code == 200


def test_the_cookie_is_for_the_browser_alone(house: House, card: NewCard) -> None:
    phone = Phone(house)
    phone.open(f"/r/{card.resident.card}")
    answer = phone.ask(
        "POST",
        f"/r/{card.resident.card}",
        follow=False,
        data={"token": phone.token(), "pin": card.pin},
    )
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if "resident" in one]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert card.resident.card not in cookie


def test_a_form_of_another_site_opens_and_says_nothing(house: House, card: NewCard) -> None:
    phone = Phone(house)
    phone.ask("POST", f"/r/{card.resident.card}", data={"pin": card.pin})
    assert phone.page.status_code == 403
    phone.scan(card)
    alert = house.happens("press", taps=2)
    for fields in ({}, {"token": ""}, {"token": "é"}, {"token": "wrong"}):
        assert phone.ask("POST", "/mine/ok", data=fields).status_code == 403
    assert house.alert(alert).ok_at is None


def test_a_card_made_anew_closes_the_page_of_the_old_one_at_once(
    house: House, kim: Phone, card: NewCard
) -> None:
    new = card_of(house)
    assert CLOSED in kim.open("/mine").text
    assert Phone(house).scan(card).page.status_code == 403
    assert Phone(house).scan(new).page.status_code == 200


def test_it_stays_open_over_a_restart_and_for_a_month(
    open_house: Callable[..., House], house: House, kim: Phone
) -> None:
    after = Phone(open_house(house.clock), cookies=kim.cookies)
    assert after.open("/mine").status_code == 200
    house.clock.forward(30 * 86400)
    assert after.open("/mine").status_code == 403


def test_it_can_be_closed_here_and_on_every_phone(house: House, kim: Phone, card: NewCard) -> None:
    other = Phone(house).scan(card)
    other.press("out")
    assert CLOSED in other.open("/mine").text
    other = Phone(house).scan(card)
    kim.open("/mine/kept")
    kim.press("out-all")
    for phone in (kim, other):
        assert CLOSED in phone.open("/mine").text


def test_a_resident_is_no_responder_and_a_responder_no_resident(house: House, kim: Phone) -> None:
    alert = house.happens("press", taps=1)
    for path in ("/now", f"/alerts/{alert}", "/devices", "/me"):
        assert kim.open(path).status_code in (403, 200)
        assert "Who was asked" not in kim.page.text
    ana = Browser(house)
    ana.come_in("ana")
    assert CLOSED in ana.open("/mine").text
    for word in ("on-my-way", "arrived", "done"):
        kim.open("/mine")
        kim.send(f"/alerts/{alert}/{word}", outcome="fine")
    assert house.alert(alert).attending == ()
    assert house.alert(alert).is_open


# --- what is on, and "I'm OK" --------------------------------------------------------------------


def test_it_says_what_is_on_and_only_of_this_room(house: House, kim: Phone, there: Room204) -> None:
    assert "Off: it looks after nobody" in kim.open("/mine").text
    there.looks_after(True)
    assert "It looks after you now" in kim.open("/mine").text
    assert kim.page.text.count("sees breathing") == 1  # not the neighbour's
    house.happens("press", taps=1, unit="205", device=OTHER)
    assert "Somebody was called" not in kim.open("/mine").text


def test_there_is_no_way_to_end_what_looks_after_them(kim: Phone) -> None:
    text = kim.open("/mine").text
    assert "Only B, the button in your room" in text
    for word in ("pause", "stop", "off", "end", "watch"):
        assert not kim.offers(word)
        kim.open("/mine")
        kim.send(f"/mine/{word}")
        assert kim.page.status_code == 404


def test_nothing_is_to_be_answered_when_nothing_is_asked(house: House, kim: Phone) -> None:
    assert not kim.offers("ok")
    kim.send("/mine/ok", calls="")
    assert "Nothing was asked" in kim.page.text


def test_a_question_is_answered(house: House, kim: Phone) -> None:
    house.happens("prompt", state="asked", cause="no_breathing")
    assert "Your sensor asks: are you OK?" in kim.open("/mine").text
    kim.press("ok")
    assert "On its way to your sensor" in kim.page.text
    [told] = house.stream()
    assert (told.kind, told.data["device"], told.data["seq"]) == ("said_ok", SENSOR, 1)
    here = str(kim.page.url.raw_path, "ascii")
    assert "no longer asks" not in kim.page.text
    house.happens("prompt", state="answered")
    assert "Your sensor no longer asks." in kim.open(here).text
    assert "Nothing is asked" in kim.page.text


def test_a_sensor_that_goes_on_asking_has_not_got_the_answer(house: House, kim: Phone) -> None:
    house.happens("prompt", state="asked", cause="no_breathing")
    kim.open("/mine")
    kim.press("ok")
    house.clock.forward(ANSWER_TAKES.total_seconds() - 1)
    assert "It has not said yet that it got it" in kim.open("/mine").text
    house.clock.forward(1)
    assert "Press B in your room. Otherwise it calls" in kim.open("/mine").text
    # Said once more, it is not taken for heard: the first has waited all that time.
    kim.press("ok")
    assert "Press B in your room. Otherwise it calls" in kim.page.text
    # Another question is another matter.
    house.happens("prompt", state="asked", cause="weak_breathing")
    assert "Otherwise it calls" not in kim.open("/mine").text
    assert kim.offers("ok")


def test_a_question_whose_end_nobody_has_heard_is_not_taken_for_over(
    house: House, kim: Phone
) -> None:
    house.happens("prompt", state="asked", cause="no_breathing")
    kim.open("/mine")
    house.clock.forward(QUESTION_LASTS.total_seconds())
    kim.press("ok")
    assert "That was too late" in kim.page.text
    assert "It has not said since how that ended" in kim.page.text
    assert "Nothing is asked" not in kim.page.text
    assert not kim.offers("ok")
    house.happens("stillness", cause="no_breathing")
    assert "It has not said since" not in kim.open("/mine").text
    assert "Somebody was called" in kim.page.text


def test_a_call_that_was_made_before_the_answer_came_is_answered_anew(
    house: House, kim: Phone
) -> None:
    house.happens("prompt", state="asked", cause="no_breathing")
    kim.open("/mine")
    kim.press("ok")
    here = str(kim.page.url.raw_path, "ascii")
    alert = house.happens("stillness", cause="no_breathing")
    assert "had called before your “I&#39;m OK” got there" in kim.open(here).text
    kim.press("ok")
    assert "Those who come can see it now" in kim.page.text
    assert house.alert(alert).ok_at is not None
    assert "had called before" not in kim.open(here).text


def test_a_question_whether_to_end_sends_one_to_the_room(house: House, kim: Phone) -> None:
    house.happens("prompt", state="asked", cause="long_stay")
    assert "Press B in your room" in kim.open("/mine").text
    assert not kim.offers("ok")


def test_in_an_open_alert_it_is_shown_and_somebody_still_looks_in(house: House, kim: Phone) -> None:
    alert = house.happens("press", taps=2)
    house.deliver()
    assert "Nobody has answered yet" in kim.open("/mine").text
    assert "Somebody still looks in" in kim.page.text
    kim.press("ok")
    assert "Those who come can see it now" in kim.page.text
    assert house.alert(alert).is_open
    ana = Browser(house)
    ana.come_in("ana")
    assert "“I&#39;m OK” was said at" in ana.open(f"/alerts/{alert}").text
    assert "on the resident&#39;s page" in ana.page.text
    ana.press("on-my-way")
    assert "Somebody is coming" in kim.open("/mine").text
    assert "Ana" not in kim.page.text


def test_a_call_that_came_since_is_shown_first(house: House, kim: Phone) -> None:
    alert = house.happens("press", taps=1)
    page = kim.open("/mine")
    house.happens("press", taps=2)
    kim.page = page
    kim.press("ok")
    assert "has called again since" in kim.page.text
    assert house.alert(alert).ok_at is None


def test_what_was_chosen_beforehand_closes_it(house: House, kim: Phone) -> None:
    kim.open("/mine/choice")
    assert "so it is now" in kim.page.text
    kim.press("choice", ok="closes")
    alert = house.happens("press", taps=1)
    assert "nobody comes then" in kim.open("/mine").text
    kim.press("ok")
    assert "The call is closed" in kim.page.text
    assert not house.alert(alert).is_open
    kim.open("/mine/choice")
    kim.press("choice", ok="anything")
    assert kim.page.status_code == 400


def test_a_page_whose_gateway_is_lost_says_so(house: House, kim: Phone) -> None:
    house.pass_time(400, step=30)
    assert "may reach nobody at the moment" in kim.open("/mine").text


# --- how often they are asked --------------------------------------------------------------------


def test_how_often_they_are_asked_is_theirs_to_set(kim: Phone, there: Room204) -> None:
    kim.open("/mine/asks")
    kim.press(SENSOR, still_prompt_s="40", asks_per_h="3", quiet_min="60", watch_limit_s="480")
    assert there.ordered() == [
        ("set", {"still_prompt_s": 40, "asks_per_h": 3, "quiet_min": 60}, BY_RESIDENT)
    ]
    assert "not answered yet" in kim.page.text


def test_a_longer_watch_is_ordered_and_the_room_has_to_agree(kim: Phone, there: Room204) -> None:
    kim.open("/mine/asks")
    kim.press(SENSOR, watch_limit_s="600")
    assert there.ordered() == [("set", {"watch_limit_s": 36000}, BY_RESIDENT)]
    with there.store.write() as connection:
        order = table.next_of(connection, SENSOR)
        table.change(connection, order.id, {"state": "waiting_for_press"})
    assert "waits for a press in the room" in kim.open("/mine/asks").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("still_prompt_s", "61"),
        ("still_prompt_s", "14"),
        ("asks_per_h", "0"),
        ("quiet_min", "121"),
        ("quiet_min", "-1"),
        ("watch_limit_s", "721"),
        ("watch_limit_s", "9"),
        ("watch_limit_s", "1" * 30),
        ("still_prompt_s", "never"),
        ("still_prompt_s", "٤٠"),
    ],
)
def test_beyond_the_bounds_nothing_is_ordered(
    kim: Phone, there: Room204, name: str, value: str
) -> None:
    kim.open("/mine/asks")
    kim.press(SENSOR, **{name: value})
    if value == "٤٠":  # forty, in other digits: a number like any other
        assert there.ordered() == [("set", {"still_prompt_s": 40}, BY_RESIDENT)]
        return
    assert kim.page.status_code == 400
    assert there.ordered() == []


@pytest.mark.parametrize(
    ("device", "fields"),
    [
        (SENSOR, {"mode": "washroom"}),
        (SENSOR, {"answer_s": "60"}),
        (SENSOR, {"breath_floor_um": "500"}),
        (OTHER, {"still_prompt_s": "40"}),
        (BUTTON, {"still_prompt_s": "40"}),
        ("nonsense", {"still_prompt_s": "40"}),
    ],
)
def test_nothing_else_is_theirs_to_set(
    kim: Phone, there: Room204, device: str, fields: dict[str, str]
) -> None:
    kim.open("/mine/asks")
    kim.send(f"/mine/asks/{device}", **fields)
    assert there.ordered() == []
    assert there.ordered(OTHER) == []


def test_a_shared_washrooms_sensor_is_nobodys_to_set(kim: Phone, there: Room204) -> None:
    with there.store.write() as connection:
        table.save_in_force(connection, SENSOR, {**HOME, "mode": "washroom"}, NOW_MS)
    kim.open("/mine/asks")
    assert not kim.offers(SENSOR)


def test_a_presence_radar_offers_what_it_knows(kim: Phone, there: Room204) -> None:
    with there.store.write() as connection:
        device_table.change(connection, SENSOR, {"tier": "presence"})
    text = kim.open("/mine/asks").text
    assert 'name="no_movement_s"' in text
    assert 'name="still_prompt_s"' not in text


def test_staff_see_that_the_resident_ordered_it(house: House, kim: Phone) -> None:
    kim.open("/mine/asks")
    kim.press(SENSOR, quiet_min="60")
    dora = Browser(house)
    dora.come_in("dora")
    assert "the resident" in dora.open(f"/devices/{SENSOR}").text


# --- the rescue plan -----------------------------------------------------------------------------

PLAN = "Naloxone: blue box. <b>Slowly</b>, please."


@pytest.fixture
def written(kim: Phone) -> Phone:
    kim.open("/mine/plan")
    kim.press("plan", plan=PLAN, contact="Mia 555 0100")
    assert "blue box" in kim.page.text
    return kim


def test_a_plan_is_written_read_and_deleted(house: House, written: Phone) -> None:
    assert "&lt;b&gt;Slowly&lt;/b&gt;" in written.page.text
    written.press("delete")
    assert "blue box" not in written.page.text
    with house.backend.database.read() as connection:
        assert connection.execute(plans.select()).all() == []


def test_what_was_written_takes_the_pin_of_the_last_minutes(
    house: House, written: Phone, card: NewCard
) -> None:
    house.clock.forward(15 * 60)
    for path in ("/mine/plan", "/mine/kept", "/mine/kept/delete"):
        assert written.open(path).url.path == "/mine/pin"
        assert "blue box" not in written.page.text
    assert written.open("/mine").status_code == 200  # "I'm OK" does not
    written.open("/mine/pin?to=/mine/plan")
    written.press("pin", pin="wrong")
    assert written.page.status_code == 403
    written.press("pin", pin=card.pin)
    assert written.page.url.path == "/mine/plan"
    assert "blue box" in written.page.text


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/now", "/mine/../now"])
def test_the_pin_leads_nowhere_else(kim: Phone, card: NewCard, to: str) -> None:
    kim.open(f"/mine/pin?to={to}")
    kim.press("pin", pin=card.pin)
    assert kim.page.url.path == "/mine"


def test_a_plan_that_is_too_long_is_told_and_not_lost(kim: Phone) -> None:
    kim.open("/mine/plan")
    kim.press("plan", plan="x" * 2001, contact="")
    assert kim.page.status_code == 400
    assert "x" * 2001 in kim.page.text
    kim.press("plan", plan="é" * 2000, contact="é" * 300)
    assert kim.page.status_code == 200
    assert "é" * 2000 in kim.page.text


def test_who_comes_opens_it_and_the_resident_sees_who(house: House, written: Phone) -> None:
    alert = house.happens("press", taps=2)
    ana, ben = Browser(house), Browser(house)
    for browser, person in ((ana, "ana"), (ben, "ben")):
        browser.come_in(person, alert)
        assert not browser.offers("plan")
    ana.press("on-my-way")
    assert ana.offers("plan")
    ana.press("plan")
    assert "blue box" in ana.page.text
    assert "&lt;b&gt;Slowly" in ana.page.text
    assert "Mia 555 0100" in ana.page.text
    assert "Ana:" in written.open("/mine/plan").text
    # Ben is not on the way, whatever he asks for
    token = re.search(r'name="form-token" content="([^"]+)"', ben.open(f"/alerts/{alert}").text)
    assert token is not None
    ben.ask("POST", f"/alerts/{alert}/plan", data={"token": token[1]})
    assert ben.page.status_code == 403
    assert "blue box" not in ben.open(f"/alerts/{alert}/plan").text
    assert "Ben" not in written.open("/mine/plan").text


def test_a_link_alone_opens_no_plan(house: House, written: Phone) -> None:
    alert = house.happens("press", taps=2)
    house.backend.dispatch.reply(str(alert), OnMyWay("ana"))
    ana = Browser(house)
    ana.come_in("ana", alert)
    assert ana.open(f"/alerts/{alert}/plan").url.path == f"/alerts/{alert}"
    assert "Nobody." in written.open("/mine/plan").text


def test_it_goes_from_the_responders_page_when_the_resident_answers(
    house: House, written: Phone
) -> None:
    alert = house.happens("press", taps=2)
    ana = Browser(house)
    ana.come_in("ana", alert)
    ana.press("on-my-way")
    ana.press("plan")
    seconds = re.search(r'http-equiv="refresh" content="(\d+);url=/alerts/', ana.page.text)
    assert seconds is not None
    assert int(seconds[1]) == 15 * 60
    written.open("/mine")
    written.press("ok")
    assert "blue box" not in ana.open(f"/alerts/{alert}/plan").text
    assert not ana.offers("plan")


def test_staff_see_no_plan_of_anybody(house: House, written: Phone) -> None:
    alert = house.happens("press", taps=2)
    dora = Browser(house)
    dora.come_in("dora", alert)
    for path in (f"/alerts/{alert}", f"/alerts/{alert}/plan", f"/devices/{SENSOR}", "/now"):
        assert "blue box" not in dora.open(path).text


# --- what is kept --------------------------------------------------------------------------------


def closed_alert(house: House) -> str:
    alert = house.happens("press", taps=1)
    assert alert is not None
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    return alert


def test_all_that_is_kept_is_shown_and_deleted_at_a_second_word(
    house: House, written: Phone, there: Room204
) -> None:
    gone = closed_alert(house)
    text = written.open("/mine/kept").text
    assert "They are fine" in text
    assert "0 messages of your devices" in text
    written.open("/mine/kept/delete")
    assert house.alert(gone) is not None  # looking at the question does nothing
    written.press("delete")
    assert house.alert(gone) is None
    text = written.open("/mine/kept").text
    assert "They are fine" not in text
    assert "blue box" not in written.open("/mine/plan").text


def test_what_was_deleted_is_in_no_file_of_the_store(
    house: House, written: Phone, tmp_path: Path
) -> None:
    def said() -> bool:
        return any(b"on_my_way" in one.read_bytes() for one in tmp_path.glob("backend.db*"))

    closed_alert(house)
    assert said()
    written.open("/mine/kept/delete")

    written.press("delete")

    assert not said()


def test_a_call_that_is_open_is_not_deleted(house: House, kim: Phone) -> None:
    alert = house.happens("press", taps=2)
    assert "One is open now" in kim.open("/mine/kept").text
    kim.open("/mine/kept/delete")
    kim.press("delete")
    assert house.alert(alert).is_open


def test_the_page_itself_can_be_given_back(house: House, written: Phone, card: NewCard) -> None:
    closed_alert(house)
    written.open("/mine/kept/delete")
    written.press("leave")
    assert CLOSED in written.page.text
    assert Phone(house).scan(card).page.status_code == 403
    with house.backend.database.read() as connection:
        assert connection.execute(alerts.select()).all() == []


# --- languages, sections, gateways elsewhere ------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "fr"])
def test_every_word_is_there_in_each_language(
    house: House, written: Phone, card: NewCard, language: str
) -> None:
    house.happens("press", taps=2)
    house.happens("prompt", state="asked", cause="no_breathing")
    written.open(f"/language/{language}?to=/mine")
    keys = r"\b(?:mine|said|asks|choice|plan|looks|kept|delete|leave|pin|login|order)_[a-z_]+"
    for path in (
        "/mine",
        "/mine/asks",
        "/mine/choice",
        "/mine/plan",
        "/mine/kept",
        "/mine/kept/delete",
        "/mine/pin",
        f"/r/{card.resident.card}",
    ):
        shown = re.sub(r'(?:name|id|for|action|href)="[^"]*"', "", written.open(path).text)
        assert re.findall(keys, shown) == [], path


def test_another_part_brings_a_section_of_its_own(
    open_house: Callable[..., House], house: House, kim: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.routing import Route

    def routes(frame: resident_frame.ResidentFrame) -> list[Route]:
        async def show(request, guest, words):  # type: ignore[no-untyped-def]
            return frame.page(request, "resident/message.html", guest, words, key="skip")

        return [Route("/mine/wifi", frame.inside(show))]

    monkeypatch.setattr(resident_frame, "SECTIONS", [])
    resident_frame.SECTIONS.append(Section("settings", "wifi", routes))
    monkeypatch.setattr("gateway.web.resident.pages.SECTIONS", resident_frame.SECTIONS)
    phone = Phone(open_house(house.clock), cookies=kim.cookies)
    assert 'href="/mine/wifi"' in phone.open("/mine").text
    assert phone.open("/mine/wifi").status_code == 200
    assert Phone(phone.house).open("/mine/wifi").status_code == 403


def test_where_the_gateway_is_elsewhere_the_rest_works(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'alone.db'}")
    clock = HandClock()
    backend = assemble(policy(), database, SECRETS, clock=clock, channel=Outbox())
    house = House(backend, clock, Outbox())
    phone = Phone(house).scan(card_of(house))
    alert = house.happens("press", taps=2)
    phone.open("/mine")
    phone.press("ok")
    assert house.alert(alert).ok_at is not None
    assert "cannot be set" in phone.open("/mine/asks").text
    assert "another computer" in phone.open("/mine/kept").text
    database.close()


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (Trouble.DEAF, True),
        (Trouble.STORE, True),
        (Trouble.WAITING, True),
        # Of one that is over and done with: the next comes through.
        (Trouble.SET_ASIDE, False),
    ],
)
def test_a_page_whose_gateway_hears_nothing_says_so_until_it_does(
    house: House, kim: Phone, trouble: Trouble, says: bool
) -> None:
    def beats(*troubles: Trouble) -> str:
        # One bad heartbeat is a blink, and one good one is as well.
        for _ in range(2):
            house.clock.forward(60)
            beat = Heartbeat("house-1", house.clock(), (), {}, frozenset(troubles))
            house.backend.dispatch.heartbeat(beat)
        return kim.open("/mine").text

    assert ("may reach nobody at the moment" in beats(trouble)) is says
    assert "may reach nobody at the moment" not in beats()

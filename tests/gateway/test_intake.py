"""What becomes of what arrives: committed, then acknowledged, then answered; once."""

import random
import sqlite3
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import structlog.testing
from doorknock import wire
from doorknock.call import Call
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from gateway import devices, orders
from gateway.arrival import Arrival
from gateway.destinations.webhook import WebhookDestination
from gateway.entry import Entry
from gateway.intake import ALARMS_AT_ONCE, TELEMETRY_AT_ONCE, Intake
from gateway.seen import MOST_RANGES
from gateway.store import Store
from gateway.store import devices as device_table
from gateway.store import lights as light_table
from gateway.store import orders as order_table
from gateway.store.schema import events, seen, set_aside, watches
from tests.gateway.intake_bench import Bench
from tests.gateway.process import DEVICE, NOW_MS, SECRET, until


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


def row(store: Store, device: str = DEVICE) -> device_table.Row:
    with store.read() as connection:
        found = device_table.find(connection, device)
    assert found is not None
    return found


def light(store: Store, state: str, boot: int, seq: int) -> None:
    with store.write() as connection:
        light_table.save(
            connection, device=DEVICE, boot=boot, seq=seq, state=state, alert="a", now_ms=NOW_MS
        )


def test_lesson_20_a_press_is_committed_then_acknowledged_then_answered(bench: Bench) -> None:
    bench.arrive(bench.event(seq=7, boot=3))

    assert bench.kept() == [(3, 7, "", "press")]
    assert bench.parcels() == [f"{DEVICE}.3.7"]
    assert bench.done == ["ack", "answer", "woken"]
    assert (bench.sent[0].boot, bench.sent[0].seq) == (3, 7)


def test_lesson_17_a_duplicate_is_answered_again_and_never_acted_on(bench: Bench) -> None:
    press = bench.event()

    bench.arrive(press)
    bench.arrive(press, press)

    assert len(bench.kept()) == len(bench.parcels()) == 1
    assert [command.kind for command in bench.sent] == ["answer"] * 3
    assert bench.done.count("ack") == 3
    assert bench.done.count("woken") == 1


def test_a_press_on_the_wrong_leaf_is_not_lost(bench: Bench) -> None:
    bench.arrive(bench.event(), leaf="up")

    assert len(bench.kept()) == 1


def test_a_spoilt_detail_does_not_lose_the_press(bench: Bench) -> None:
    body = bench.event()[: wire.HEADER_BYTES] + bytes([1, 1, 0])  # taps: 0, out of range
    bench.arrive(body + wire.hmac_sha256(wire.signing_key(SECRET), body)[:16])

    assert bench.kept() == [(1, 1, "", "press")]
    assert bench.counted()["spoilt details"] == 1


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("length", lambda b: b.event()[:20]),
        ("length", lambda b: b.event() + bytes(600)),
        ("length", lambda b: b""),
        ("version", lambda b: b"\x09" + b.event()[1:]),
        ("signature", lambda b: b.event()[:-1] + b"\x00"),
        ("signature", lambda b: b.event()[:-17] + b.event()[-16:]),
        ("signature", lambda b: b.event(secret=bytes(31) + b"9")),
        ("unknown device", lambda b: b.event(device="ffffffffffff")),
        ("kind", lambda b: wire.encode("answer", DEVICE, 1, 1, 1, {}, wire.signing_key(SECRET))),
    ],
)
def test_what_is_refused_is_counted_acknowledged_and_told_nothing(
    bench: Bench, reason: str, spoil: Any
) -> None:
    bench.arrive(spoil(bench))

    assert bench.counted() == {f"refused {reason}": 1}
    assert bench.done == ["ack"]
    assert bench.kept() == []


def test_a_message_on_another_devices_topic_is_refused(bench: Bench) -> None:
    bench.arrive(bench.event(), device="aabbccddeeff")
    bench.arrive(bench.event(), device="")

    assert bench.counted() == {"refused topic": 2}
    assert bench.kept() == []


def test_a_way_that_knows_no_topic_is_believed_by_the_signature_alone(bench: Bench) -> None:
    bench.arrive(bench.event(), device=None)

    assert len(bench.kept()) == 1


def test_a_retired_device_is_refused_also_while_it_is_connected(bench: Bench) -> None:
    bench.arrive(bench.event(seq=1))
    devices.retire(bench.store, DEVICE, now_ms=NOW_MS)

    bench.arrive(bench.event(seq=2))

    assert bench.counted() == {"refused retired": 1}
    assert len(bench.kept()) == 1


def test_a_flood_of_forgeries_is_one_line_in_the_log(bench: Bench) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            bench.arrive(bench.event(device="ffffffffffff"))

    told = [line for line in lines if line["event"] == "refused a message"]
    assert len(told) == 1
    assert told[0]["device"] == "ffffffffffff"
    assert bench.counted() == {"refused unknown device": 50}


def test_a_forgery_among_presses_costs_none_of_them(bench: Bench) -> None:
    bench.arrive(bench.event(seq=1), b"nonsense", bench.event(seq=2))

    assert [seq for _, seq, _, _ in bench.kept()] == [1, 2]


@pytest.mark.parametrize("forged_ms", [1 << 45, 1 << 62, (1 << 64) - 1])
def test_a_forged_uptime_costs_no_press_of_the_real_device(store: Store, forged_ms: int) -> None:
    """A stolen key writes any; the presses of the same boot are placed in time beside it."""
    webhook = WebhookDestination(httpx.AsyncClient(), "http://x", "whsec_" + "A" * 32, gateway="g")
    bench = Bench(store, destination=webhook)

    bench.arrive(bench.event(seq=900, uptime_ms=forged_ms))
    bench.arrive(bench.event(seq=1, uptime_ms=60_000), bench.event(seq=2, uptime_ms=70_000))

    assert [seq for _, seq, _, _ in bench.kept()] == [900, 1, 2]
    assert [command.kind for command in bench.sent] == ["answer"] * 3
    assert "set aside" not in bench.counted()


def test_a_devices_text_steers_no_terminal(bench: Bench) -> None:
    """Whoever has its key writes what staff read by `doorknock device list` and `logs`."""
    order = orders.give(bench.store, DEVICE, "act", {"what": "log"}, by="t", now_ms=NOW_MS)
    with bench.store.read() as connection:
        number = order_table.get(connection, order).number
    steers = "1\x1b]0;x\x07\u202e\x00"

    bench.arrive(bench.event("heartbeat", 1, firmware=steers), leaf="up")
    lines = {"number": number, "part": 1, "parts": 1, "text": f"a\n{steers}b"}
    bench.arrive(bench.event("log", 2, **lines), leaf="up")

    assert (row(bench.store).health or {})["firmware"] == "1?]0;x???"
    with bench.store.read() as connection:
        assert orders.log_of(order_table.get(connection, order)) == "a\n1?]0;x???b"


def test_holes_of_a_stolen_key_stay_few_and_a_press_in_one_is_kept(bench: Bench) -> None:
    holes = [bench.event("stirring", seq) for seq in range(10, 10 + 4 * MOST_RANGES, 2)]
    bench.arrive(*holes)
    while bench.done.count("ack") < len(holes):
        bench.intake.work()

    bench.arrive(bench.event("press", 11))

    with bench.store.read() as connection:
        assert len(connection.execute(select(seen)).all()) == MOST_RANGES
    assert [kind for _, seq, _, kind in bench.kept() if seq == 11] == ["press"]


def test_a_device_without_a_number_is_given_the_next_one(bench: Bench) -> None:
    bench.arrive(bench.event(boot=5))

    bench.arrive(bench.event("boot", seq=77, boot=0), leaf="up")

    number = bench.sent[-1]
    assert (number.kind, number.seq, number.details["next_boot"]) == ("number", 77, 6)
    assert bench.kept() == [(5, 1, "", "press")]


def test_a_number_is_handed_out_once_and_the_same_to_whoever_asks_again(bench: Bench) -> None:
    ask, ask_again = bench.event("boot", 77, boot=0), bench.event("boot", 78, boot=0)

    bench.arrive(ask, ask, ask_again, leaf="up")

    assert [command.details["next_boot"] for command in bench.sent] == [1, 1, 2]


def test_another_event_under_a_used_identity_is_kept_beside_it(bench: Bench) -> None:
    """A device that was restored from a backup: the press is new, whatever its number says."""
    first, second = bench.event(), bench.event(taps=2)

    with structlog.testing.capture_logs() as lines:
        bench.arrive(first)
        bench.arrive(second)
        bench.arrive(second, first)

    copy = second[-16:-12].hex()
    assert bench.kept() == [(1, 1, "", "press"), (1, 1, copy, "press")]
    assert bench.parcels() == [f"{DEVICE}.1.1", f"{DEVICE}.1.1-{copy}"]
    assert [c.details["next_boot"] for c in bench.sent if c.kind == "number"] == [2]
    assert [c.kind for c in bench.sent].count("answer") == 4
    assert sum("identity twice" in line["event"] for line in lines) == 1


def test_two_events_under_one_identity_in_one_group_are_both_kept(bench: Bench) -> None:
    bench.arrive(bench.event(), bench.event(taps=2), bench.event())

    assert len(bench.kept()) == 2


@pytest.mark.parametrize("kind", ["heartbeat", "watch", "left"])
@pytest.mark.parametrize("apart", [False, True], ids=["in one group", "apart"])
def test_an_alarm_under_the_identity_of_what_is_not_kept_is_new(
    bench: Bench, kind: str, apart: bool
) -> None:
    """A board whose number fell back, whose press bears the number of an earlier heartbeat."""
    details = {"state": "started", "by": "resident"} if kind == "watch" else {}
    press = bench.event("press", 2)
    bench.queue(bench.event(kind, 2, **details))
    if apart:
        bench.intake.work()

    bench.arrive(press)
    bench.arrive(press, press)

    copy = press[-16:-12].hex()
    assert bench.kept() == [(1, 2, copy, "press")]
    assert bench.parcels() == [f"{DEVICE}.1.2-{copy}"]
    assert [c.kind for c in bench.sent] == ["answer", "answer", "number", "answer", "answer"]


def test_nobody_keeps_a_diary_of_watches(bench: Bench) -> None:
    started = bench.event("watch", 1, state="started", by="resident")
    ended = bench.event("watch", 2, state="ended", by="resident")

    with structlog.testing.capture_logs() as lines:
        bench.arrive(started, leaf="up")
        with bench.store.read() as connection:
            during = connection.execute(watches.select()).all()
        bench.arrive(ended, bench.event("left", 3), leaf="up")

    with bench.store.read() as connection:
        after = connection.execute(watches.select()).all()
    assert len(during) == 1
    assert after == []
    assert bench.kept() == []
    assert bench.parcels() == []
    assert lines == []


def test_a_heartbeat_leaves_its_newest_values_and_no_event(bench: Bench) -> None:
    beat = bench.event("heartbeat", 1, battery_millivolts=2900, tier="presence", rssi_dbm=-60)

    bench.arrive(beat, leaf="up")

    assert bench.kept() == []
    assert row(bench.store).battery_millivolts == 2900
    assert row(bench.store).tier == "presence"
    assert row(bench.store).health == {
        "battery_millivolts": 2900,
        "tier": "presence",
        "rssi_dbm": -60,
        "uptime_ms": 10000,
    }
    assert row(bench.store).last_heard_at == NOW_MS


def test_lesson_14_what_had_waited_is_not_taken_for_a_sign_of_life_now(bench: Bench) -> None:
    """A heartbeat that lay in the broker while the gateway was down for an hour."""
    for minute in (0, 1):
        bench.now_ms = NOW_MS + minute * 60_000
        bench.arrive(bench.event("heartbeat", minute, uptime_ms=minute * 60_000), leaf="up")
    bench.now_ms = NOW_MS + 3_600_000

    bench.arrive(bench.event("heartbeat", 2, uptime_ms=120_000), leaf="up")

    assert row(bench.store).last_heard_at == NOW_MS + 120_000


@pytest.mark.parametrize("hours", [10, -10])
def test_a_clock_that_is_set_makes_no_press_old_and_no_device_silent(
    bench: Bench, hours: int
) -> None:
    """A Raspberry Pi finds a time server hours after its start, while the gateway runs."""
    step_ms = hours * 3_600_000
    for minute in (0, 15, 30):
        bench.now_ms = NOW_MS + minute * 60_000
        bench.arrive(bench.event("heartbeat", minute, uptime_ms=minute * 60_000), leaf="up")
    bench.set_clock(step_ms)
    bench.now_ms += 60_000
    with structlog.testing.capture_logs() as lines:
        bench.arrive(wire.OFFLINE, leaf="status")
    assert row(bench.store).last_heard_at == bench.now_ms - 60_000
    assert [line["by_ms"] for line in lines if "clock was set" in line["event"]] == [step_ms]

    bench.arrive(bench.event(seq=50, uptime_ms=31 * 60_000))

    with bench.store.read() as connection:
        (press,) = connection.execute(events.select()).all()
    assert press.occurred_at == bench.now_ms
    assert row(bench.store).last_heard_at == bench.now_ms


def test_a_clock_that_begins_before_the_power_cut_makes_nobody_heard_in_the_future(
    bench: Bench,
) -> None:
    """It goes on where it was saved an hour before; the clock that was right had heard them."""
    other = "aabbccddeeff"
    devices.register(bench.store, other, bytes(31) + b"1", "205", "sensor", now_ms=NOW_MS)
    with bench.store.write() as connection:
        device_table.change(connection, other, {"last_heard_at": NOW_MS + 3_600_000})
    bench.set_clock(3_700_000)

    bench.arrive(bench.event())

    assert row(bench.store, other).last_heard_at == bench.now_ms


def test_a_replay_does_not_make_a_dead_device_seem_alive(bench: Bench) -> None:
    bench.arrive(bench.event())
    bench.now_ms += 3_600_000

    bench.arrive(bench.event())

    assert row(bench.store).last_heard_at == NOW_MS


def test_a_device_that_shows_another_light_is_told_again(bench: Bench) -> None:
    bench.arrive(bench.event(seq=1))
    light(bench.store, "coming", 1, 1)
    bench.sent.clear()

    bench.arrive(bench.event("heartbeat", 2, light="delivered"), leaf="up")
    bench.arrive(bench.event("heartbeat", 3, light="coming"), leaf="up")

    lights = [c for c in bench.sent if c.kind == "light"]
    assert [(c.seq, c.details["state"]) for c in lights] == [(1, "coming")]


def test_a_device_that_comes_online_is_told_what_it_may_have_missed(bench: Bench) -> None:
    bench.arrive(bench.event(seq=1))
    light(bench.store, "coming", 1, 1)
    bench.sent.clear()

    bench.arrive(wire.ONLINE, wire.OFFLINE, wire.ONLINE, leaf="status")

    assert [c.kind for c in bench.sent] == ["light", "light"]
    assert bench.sent[1].stamp > bench.sent[0].stamp
    assert row(bench.store).online is True
    assert row(bench.store).last_heard_at == NOW_MS


def test_lesson_34_the_end_of_an_alert_never_puts_out_the_light_of_a_newer_call(
    bench: Bench,
) -> None:
    """The device decides, by the event that is named: the older call ends, the newer one stays."""
    call = Call()
    for seq in (1, 2):
        call.event("press", 1, seq, 0)
        bench.arrive(bench.event(seq=seq))
        call.answered(1, seq)
        if seq == 1:
            call.light_told(1, 1, 1, "coming")
    light(bench.store, "none", 1, 1)
    bench.sent.clear()

    bench.arrive(bench.event("heartbeat", 3, light=call.light(60_000, no_way=False)), leaf="up")

    assert [c.kind for c in bench.sent] == ["light", "answer"]
    told = bench.sent[0]
    assert call.light_told(told.stamp, told.boot, told.seq, str(told.details["state"]))
    assert call.light(60_000, no_way=False) == "delivered"


def test_numbers_of_lights_rise_though_the_clock_goes_back(bench: Bench) -> None:
    bench.arrive(bench.event())
    light(bench.store, "coming", 1, 1)
    bench.arrive(wire.ONLINE, leaf="status")
    first = bench.sent[-1].stamp

    again = Bench(bench.store, now_ms=NOW_MS - 86_400_000)
    again.arrive(wire.ONLINE, leaf="status")

    assert again.sent[-1].stamp > first


def test_a_message_that_cannot_be_handled_is_set_aside_and_the_rest_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = bench.event(seq=2)
    enter = Entry.enter

    def stumble(self: Entry, connection: Any, arrivals: Sequence[Arrival]) -> Any:
        if any(arrival.payload == poison for arrival in arrivals):
            raise KeyError("a fault of ours")
        return enter(self, connection, arrivals)

    monkeypatch.setattr(Entry, "enter", stumble)
    bench.arrive(bench.event(seq=1), poison, bench.event(seq=3))

    assert [seq for _, seq, _, _ in bench.kept()] == [1, 3]
    assert bench.done.count("ack") == 3
    assert [command.seq for command in bench.sent] == [1, 3]
    with bench.store.read() as connection:
        aside = connection.execute(set_aside.select()).all()
    assert [bytes(one.payload) for one in aside] == [poison]
    assert bench.counted()["set aside"] == 1


def test_while_the_store_is_full_nothing_is_acknowledged_and_then_nothing_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = Entry.enter
    broken = [True]

    def full(self: Entry, connection: Any, arrivals: Sequence[Arrival]) -> Any:
        if broken[0]:
            error = sqlite3.OperationalError("database or disk is full")
            raise OperationalError("INSERT", {}, error)
        return enter(self, connection, arrivals)

    def mend(tries: int) -> None:
        assert bench.done == []
        assert not bench.intake.store_works
        broken[0] = tries < 4

    monkeypatch.setattr(Entry, "enter", full)
    bench.mend = mend
    with structlog.testing.capture_logs() as lines:
        bench.arrive(bench.event(seq=1), bench.event(seq=2))

    assert len(bench.kept()) == 2
    assert bench.done.count("ack") == 2
    assert bench.intake.store_works
    assert len(bench.waits) == 4
    assert sum("disk has room" in line["event"] for line in lines) == 1


def test_a_really_full_disk_is_survived(bench: Bench) -> None:
    """SQLite itself says "full": its file may not grow by a single page."""

    def may_grow(pages: int) -> None:
        bench.store.engine.dispose()
        with bench.store.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            raw.execute(f"PRAGMA max_page_count = {pages}")

    def mend(tries: int) -> None:
        if tries == 2:
            may_grow(1_000_000)

    may_grow(1)  # SQLite takes it for "as large as it is now"
    bench.mend = mend
    messages = [bench.event(seq=seq) for seq in range(200)]
    bench.arrive(*messages)

    assert len(bench.waits) == 2
    assert len(bench.kept()) == 200


def test_alarms_go_before_telemetry_and_telemetry_in_small_groups(bench: Bench) -> None:
    for seq in range(100):
        bench.queue(bench.event("tamper", seq, state="opened"), leaf="up")
    for seq in range(100, 103):
        bench.queue(bench.event(seq=seq))

    bench.intake.work()

    kinds = [kind for _, _, _, kind in bench.kept()]
    assert kinds[:3] == ["press"] * 3
    assert len(kinds) == 3 + TELEMETRY_AT_ONCE
    assert TELEMETRY_AT_ONCE < ALARMS_AT_ONCE


def test_any_order_with_any_duplicates_keeps_each_event_once(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    bench = Bench(store)
    sent = [bench.event(seq=seq, boot=boot) for boot in (1, 2, 3) for seq in range(1, 40)]
    stream = sent * 3
    rng.shuffle(stream)

    while stream:
        size = rng.randint(1, 30)
        bench.arrive(*stream[:size])
        del stream[:size]

    assert sorted(bench.kept()) == [
        (boot, seq, "", "press") for boot in (1, 2, 3) for seq in range(1, 40)
    ]
    assert len(bench.sent) == 3 * len(sent)


def test_a_fault_of_ours_does_not_end_the_intake(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in hand goes unanswered and comes again; the thread stays."""
    bench = Bench(store)
    work = Intake.work
    faults = [RuntimeError("a fault of ours"), OSError("no log to write to")]

    def stumble(self: Intake) -> None:
        if faults:
            raise faults.pop()
        work(self)

    monkeypatch.setattr(Intake, "work", stumble)
    bench.intake.start()
    try:
        bench.queue(bench.event())
        until(lambda: bench.done.count("answer") == 1, "the press is answered")
        assert bench.intake.alive
    finally:
        bench.intake.stop()
    assert faults == []
    assert not bench.intake.alive


def test_what_cannot_be_told_is_committed_and_answered_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError("no log to write to")

    monkeypatch.setattr(Intake, "_tell", fails)
    bench.arrive(bench.event(seq=1), bench.event(seq=2))

    assert len(bench.kept()) == 2
    assert bench.done.count("answer") == 2


@pytest.mark.parametrize(
    ("kind", "details", "stays"),
    [
        ("press", {"taps": 1, "held": 0}, True),
        ("stillness", {"cause": "no_breathing", "urgency": "urgent", "for_s": 35}, True),
        ("prompt", {"state": "asked", "cause": "no_breathing"}, False),
        ("ok", {"during": "prompt"}, False),
        ("stirring", {}, False),
    ],
)
def test_the_log_that_stays_is_no_diary_of_a_room(
    bench: Bench, kind: str, details: Any, stays: bool
) -> None:
    with structlog.testing.capture_logs() as lines:
        bench.arrive(bench.event(kind, **details))

    assert [line["log_level"] for line in lines if line["event"] == "committed"] == [
        "info" if stays else "debug"
    ]

"""Events placed in time, from devices that have no clock."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.destinations.webhook import rfc3339
from gateway.happened import Occurred
from gateway.placement import LONGEST_UPTIME_MS, Clock, place

START = 1_790_000_000_000
HOUR = 3_600_000


def heard(*messages: tuple[int, int]) -> Clock | None:
    """The clock of a boot after (arrival, uptime) of these messages; arrivals from START."""
    clock = None
    for arrival, uptime in messages:
        _, clock = place(clock, START + arrival, uptime)
    return clock


def test_the_first_message_of_a_boot_is_known_only_to_be_before_its_arrival() -> None:
    placement, _ = place(None, START, 5_000)

    assert placement.occurred is Occurred.BEFORE
    assert placement.occurred_at_ms == START


def test_once_two_messages_agree_an_event_is_placed_at_its_time() -> None:
    clock = heard((1_000, 1_000), (61_000, 61_000))

    placement, _ = place(clock, START + 70_100, 70_000)

    assert placement.occurred is Occurred.AT
    assert abs(placement.occurred_at_ms - (START + 70_000)) <= placement.unsure_ms


def test_a_press_that_waited_three_hours_is_placed_when_it_was_pressed() -> None:
    clock = heard((1_000, 1_000), (61_000, 61_000))

    placement, after = place(clock, START + 3 * HOUR, 120_000)

    assert placement.occurred is Occurred.AT
    assert abs(placement.occurred_at_ms - (START + 120_000)) <= placement.unsure_ms
    assert clock is not None
    assert (after.arrival_ms, after.uptime_ms) == (clock.arrival_ms, clock.uptime_ms)


def test_a_whole_journal_sent_at_once_is_never_taken_for_live() -> None:
    """Booted while the way was down: three events, hours apart, arrive within a second."""
    clock = None
    for uptime in (1_000, HOUR, 2 * HOUR):
        placement, clock = place(clock, START + 3 * HOUR + uptime // HOUR, uptime)
        assert placement.occurred is Occurred.BEFORE


def test_of_a_journal_sent_at_once_nothing_is_placed_for_sure_whatever_its_order() -> None:
    """A press and what was around it waited an hour; alarms go first, the boot comes last."""
    clock = None
    for arrival, uptime in ((0, 60_000), (300, 61_000), (600, 62_500), (900, 1_000)):
        placement, clock = place(clock, START + HOUR + arrival, uptime)

        assert placement.occurred is Occurred.BEFORE
        assert placement.occurred_at_ms >= START + uptime
    # The boot was a minute before the press, and so before whatever the press was before.
    assert placement.occurred_at_ms == START + HOUR + 1_000 - 60_000


def test_a_press_right_after_a_message_of_a_known_clock_is_placed_at_its_time() -> None:
    clock = heard((1_000, 1_000), (61_000, 61_000))

    placement, _ = place(clock, START + 62_100, 62_000)

    assert placement.occurred is Occurred.AT
    assert abs(placement.occurred_at_ms - (START + 62_000)) <= placement.unsure_ms


def test_a_message_that_comes_sooner_than_foretold_shows_that_the_anchor_had_waited() -> None:
    clock = heard((HOUR, 1_000))

    _, after = place(clock, START + HOUR + 1_000, HOUR)

    assert after == Clock(START + HOUR + 1_000, HOUR)


def test_a_slow_clock_is_followed_and_not_taken_for_lateness() -> None:
    """1.5 % slow, as an ESP32 that counts through deep sleep: after a day 22 minutes."""
    clock = None
    for beat in range(97):
        uptime = beat * 900_000
        placement, clock = place(clock, START + uptime * 1015 // 1000, uptime)

        if beat:
            assert placement.occurred is Occurred.AT
            assert abs(placement.occurred_at_ms - (START + beat * 913_500)) <= placement.unsure_ms


def test_two_late_messages_as_far_apart_as_they_were_sent_are_the_new_anchor() -> None:
    """This computer's clock was set ten hours forward while the gateway was down."""
    clock = heard((0, 0), (60_000, 60_000))
    _, clock = place(clock, START + 10 * HOUR + 960_000, 960_000)

    placement, clock = place(clock, START + 10 * HOUR + 1_860_000, 1_860_000)
    after, _ = place(clock, START + 10 * HOUR + 1_900_000, 1_900_000)

    for one, expected in ((placement, 1_860_000), (after, 1_900_000)):
        assert one.occurred is Occurred.AT
        assert abs(one.occurred_at_ms - (START + 10 * HOUR + expected)) <= one.unsure_ms


def test_late_messages_that_come_all_at_once_are_no_new_anchor() -> None:
    """The way was down for three hours: what waited comes closer together than it was sent."""
    clock = heard((0, 0), (60_000, 60_000))
    for uptime in range(900_000, 2 * HOUR, 900_000):
        placement, clock = place(clock, START + 3 * HOUR + uptime // 1000, uptime)

        assert abs(placement.occurred_at_ms - (START + uptime)) <= placement.unsure_ms


def test_a_message_on_time_between_two_late_ones_keeps_the_anchor() -> None:
    clock = heard((0, 0), (60_000, 60_000))
    for uptime, delay in ((100_000, HOUR), (4_000_000, 0), (110_000, HOUR)):
        placement, clock = place(clock, START + uptime + delay, uptime)

        assert abs(placement.occurred_at_ms - (START + uptime)) <= placement.unsure_ms


@given(
    st.lists(
        st.tuples(st.integers(0, 10 * HOUR), st.integers(0, 10 * HOUR)), min_size=1, max_size=20
    )
)
def test_nothing_ever_occurs_after_it_arrived(messages: list[tuple[int, int]]) -> None:
    clock = None
    for uptime, delay in messages:
        arrival = START + uptime + delay

        placement, clock = place(clock, arrival, uptime)

        assert placement.occurred_at_ms <= arrival


@given(
    st.lists(
        st.tuples(st.integers(0, 10 * HOUR) | st.integers(0, 20_000), st.integers(0, 10 * HOUR)),
        min_size=1,
        max_size=20,
    )
)
def test_what_is_said_to_have_occurred_before_a_time_did(messages: list[tuple[int, int]]) -> None:
    """Whatever waited, and however long: nobody is told that it was sooner than it was."""
    clock = None
    for uptime, delay in messages:
        placement, clock = place(clock, START + uptime + delay, uptime)

        if placement.occurred is Occurred.BEFORE:
            assert placement.occurred_at_ms >= START + uptime


@given(st.lists(st.tuples(st.integers(0, 10 * HOUR), st.integers(0, HOUR)), max_size=20))
def test_an_at_is_right_when_the_witnesses_were_live(late: list[tuple[int, int]]) -> None:
    """Whatever waited, and however long: two live messages first, then any order of late ones.
    Only no two in a row that waited equally long: those say that the clock was set."""
    clock = heard((0, 0), (60_000, 60_000))
    last = (0, 0)
    for uptime, delay in late:
        if delay > 0 and abs(delay - last[1]) <= 2_000 + abs(uptime - last[0]) // 50:
            continue
        last = (uptime, delay)
        placement, clock = place(clock, START + uptime + delay, uptime)

        if placement.occurred is Occurred.AT:
            slack = placement.unsure_ms + 2_000 + uptime // 50
            assert abs(placement.occurred_at_ms - (START + uptime)) <= slack


@given(st.lists(st.tuples(st.integers(0, (1 << 64) - 1), st.integers(0, HOUR)), max_size=20))
def test_any_uptime_that_can_be_written_leads_to_a_date(messages: list[tuple[int, int]]) -> None:
    """Whoever has a device's key may write what they like."""
    clock = None
    for uptime, arrival in messages:
        placement, clock = place(clock, START + arrival, uptime)

        assert rfc3339(placement.occurred_at_ms)


def test_an_uptime_that_nothing_can_have_is_held_against_nothing() -> None:
    clock = heard((1_000, 1_000), (61_000, 61_000))

    placement, after = place(clock, START + 70_000, LONGEST_UPTIME_MS + 1)

    assert (placement.occurred, placement.occurred_at_ms) == (Occurred.BEFORE, START + 70_000)
    assert after == clock


def test_a_clock_that_was_kept_from_such_an_uptime_is_begun_anew() -> None:
    placement, after = place(Clock(START, 1 << 62), START + 70_000, 70_000)

    assert (placement.occurred, placement.occurred_at_ms) == (Occurred.BEFORE, START + 70_000)
    assert after == Clock(START + 70_000, 70_000)

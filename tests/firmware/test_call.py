"""What the light may truthfully say."""

import pytest
from doorknock import clock
from doorknock.call import CANNOT_SEND_AFTER_MS, NO_WAY_AFTER_MS, Call
from hypothesis import given
from hypothesis import strategies as st

START = clock.MASK - 1000


def at(ms: int) -> int:
    return (START + ms) & clock.MASK


@pytest.fixture
def call() -> Call:
    return Call()


def pressed() -> Call:
    call = Call()
    call.event("press", 3, 7, at(0))
    return call


def test_a_press_goes_from_sending_to_delivered_to_coming_to_out() -> None:
    call = pressed()
    assert call.light(at(100), False) == "sending"
    call.answered(3, 7)
    assert call.light(at(200), False) == "delivered"
    assert call.light_told(1, 3, 7, "asked_again")
    assert call.light(at(300), False) == "asked_again"
    assert call.light_told(2, 3, 7, "coming")
    assert call.light(at(400), False) == "coming"
    assert call.light_told(3, 3, 7, "none")
    assert call.light(at(500), False) == "none"
    assert not call.open


def test_without_an_answer_the_light_says_call_out_and_takes_it_back_when_it_comes() -> None:
    call = pressed()
    assert call.light(at(CANNOT_SEND_AFTER_MS - 1), False) == "sending"
    assert call.light(at(CANNOT_SEND_AFTER_MS), False) == "cannot_send"
    call.answered(3, 7)
    assert call.light(at(CANNOT_SEND_AFTER_MS + 1), False) == "delivered"


def test_with_no_way_at_all_it_says_so_sooner() -> None:
    call = pressed()

    assert call.light(at(NO_WAY_AFTER_MS - 1), True) == "sending"
    assert call.light(at(NO_WAY_AFTER_MS), True) == "cannot_send"


def test_pressing_on_does_not_put_off_that_nothing_goes_out() -> None:
    call = pressed()
    call.event("press", 3, 8, at(CANNOT_SEND_AFTER_MS - 100))

    assert call.light(at(CANNOT_SEND_AFTER_MS), False) == "cannot_send"


def test_a_lost_link_does_not_take_back_what_was_delivered() -> None:
    call = pressed()
    call.answered(3, 7)

    assert call.light(at(60000), True) == "delivered"


@pytest.mark.parametrize("stamp", [5, 4, 0])
def test_an_old_command_played_again_is_ignored(stamp: int) -> None:
    call = pressed()
    call.light_told(5, 3, 7, "coming")

    assert not call.light_told(stamp, 3, 7, "none")
    assert call.told == "coming"


def test_a_command_about_another_call_is_ignored() -> None:
    call = pressed()

    assert not call.light_told(1, 3, 6, "coming")
    assert not call.light_told(1, 2, 7, "none")
    assert call.light(at(0), False) == "sending"


@pytest.mark.parametrize("state", ["sending", "", "dancing"])
def test_nobody_else_may_say_what_only_the_device_can_know(state: str) -> None:
    assert not pressed().light_told(1, 3, 7, state)


def test_a_press_while_somebody_is_coming_is_sent_and_then_they_are_still_coming() -> None:
    call = pressed()
    call.answered(3, 7)
    call.light_told(1, 3, 7, "coming")
    call.event("press", 3, 8, at(1000))
    assert call.light(at(1100), False) == "sending"
    call.answered(3, 8)
    assert call.light(at(1200), False) == "coming"


def test_a_press_the_gateway_had_not_seen_outlives_the_end_of_the_call() -> None:
    call = pressed()
    call.answered(3, 7)
    call.event("press", 3, 8, at(1000))

    call.light_told(1, 3, 7, "none")

    assert call.light(at(1100), False) == "sending"
    call.answered(3, 8)
    assert call.light(at(1200), False) == "delivered"


def test_a_press_the_gateway_has_but_the_backend_had_not_outlives_the_end_of_the_call() -> None:
    # Given a second press, committed by the gateway while the backend was closing the alert
    call = pressed()
    call.answered(3, 7)
    call.event("press", 3, 8, at(1000))
    call.answered(3, 8)

    # When the end names the newest event the backend knew
    assert call.light_told(1, 3, 7, "none")

    # Then the newer press is still a call that was delivered, and the next word is about it
    assert call.light(at(1100), False) == "delivered"
    assert call.open
    assert not call.light_told(2, 3, 7, "none")
    assert call.light_told(3, 3, 8, "coming")
    assert call.light_told(4, 3, 8, "none")
    assert call.light(at(1200), False) == "none"


def test_a_press_after_a_reset_outlives_the_end_of_what_was_called_before_it() -> None:
    # Given a call, a reset (a new boot, whose seq begins anew), and a press the backend had not
    call = pressed()
    call.answered(3, 7)
    call.event("press", 4, 1, at(1000))
    call.answered(4, 1)

    assert call.light_told(1, 3, 7, "none")

    assert call.light(at(1100), False) == "delivered"
    assert call.open


def test_the_end_of_a_call_ends_what_an_earlier_boot_called_whatever_its_number() -> None:
    call = pressed()
    call.answered(3, 7)
    call.event("press", 4, 1, at(1000))
    call.answered(4, 1)

    assert call.light_told(1, 4, 1, "none")

    assert call.light(at(1100), False) == "none"
    assert not call.open


def test_presses_of_two_starts_that_had_lost_their_number_are_two() -> None:
    # Given two starts without a number: the seq of each begins anew, and names nothing alone
    call = Call()
    call.event("press", 0, 1, at(0))
    call.event("press", 0, 1, at(100))
    assert call.waits == 2

    # When each is given a number of its own, and the first is answered
    call.renamed(0, 1, 8, 1)
    call.renamed(0, 1, 9, 1)
    call.answered(8, 1)

    # Then the other still waits
    assert call.waits == 1
    assert call.light(at(200), False) == "sending"
    call.answered(9, 1)
    assert call.waits == 0
    assert call.light(at(300), False) == "delivered"


def test_what_waits_for_an_answer_is_counted_and_keeps_the_call_open() -> None:
    call = Call()
    assert (call.waits, call.open) == (0, False)
    call.event("press", 3, 7, at(0))
    assert (call.waits, call.open) == (1, True)
    call.event("ok", 3, 8, at(10))
    assert call.waits == 1, "what is no call waits for nothing"
    call.event("press", 3, 9, at(20))
    assert call.waits == 2
    call.answered(3, 7)
    assert (call.waits, call.open) == (1, True)
    call.light_told(1, 3, 9, "none")
    assert (call.waits, call.open) == (0, False)


def test_a_press_made_before_its_number_was_known_is_newer_than_all_the_backend_knows() -> None:
    call = pressed()
    call.answered(3, 7)
    call.event("press", 0, 1, at(1000))

    call.light_told(1, 3, 7, "none")

    assert call.light(at(1100), False) == "sending"


def test_the_end_of_a_call_ends_also_what_came_before_the_event_it_names() -> None:
    # Given an earlier press whose answer was lost on the way
    call = pressed()
    call.event("press", 3, 8, at(100))
    call.answered(3, 8)

    call.light_told(1, 3, 8, "none")
    assert call.light(at(CANNOT_SEND_AFTER_MS), True) == "none"
    assert not call.open

    # When its answer comes at last, then no call begins of it by itself
    call.answered(3, 7)
    assert call.light(at(CANNOT_SEND_AFTER_MS), True) == "none"


def test_an_earlier_press_that_was_not_known_to_anybody_can_still_become_a_call() -> None:
    # Given an earlier press that was lost on the way, of a call that has been closed
    call = pressed()
    call.event("press", 3, 8, at(100))
    call.answered(3, 8)
    call.light_told(1, 3, 8, "none")

    # When it arrives late and an alert is opened for it, then the device knows what is spoken of
    call.answered(3, 7)
    assert call.light_told(2, 3, 7, "delivered")
    assert call.light(at(60000), False) == "delivered"


def test_what_is_no_call_does_not_keep_a_call_open() -> None:
    call = pressed()
    call.answered(3, 7)
    call.event("stirring", 3, 8, at(1000))
    call.answered(3, 8)

    call.light_told(1, 3, 7, "none")

    assert call.light(at(1100), False) == "none"
    assert not call.open


def test_a_newer_press_outlives_the_end_of_the_call_also_over_a_reset() -> None:
    call = pressed()
    call.answered(3, 7)
    call.event("press", 3, 8, at(1000))
    call.answered(3, 8)

    resumed = Call()
    resumed.resume(call.saved())
    resumed.light_told(1, 3, 7, "none")

    assert resumed.light(at(0), False) == "delivered"


@pytest.mark.parametrize("kind", ["ok", "prompt", "stirring"])
@pytest.mark.parametrize("told", ["delivered", "asked_again", "coming"])
def test_an_answer_to_what_is_no_call_changes_nothing_in_an_open_one(kind: str, told: str) -> None:
    call = pressed()
    call.answered(3, 7)
    call.light_told(1, 3, 7, told)

    call.event(kind, 3, 8, at(1000))
    assert call.light(at(CANNOT_SEND_AFTER_MS + 1000), True) == told
    call.answered(3, 8)

    assert call.light(at(CANNOT_SEND_AFTER_MS + 2000), False) == told


@pytest.mark.parametrize("kind", ["ok", "prompt", "stirring"])
def test_an_event_that_is_no_call_lights_nothing(call: Call, kind: str) -> None:
    call.event(kind, 1, 1, at(0))
    assert call.light(at(CANNOT_SEND_AFTER_MS), True) == "none"
    call.answered(1, 1)
    assert call.light(at(30000), False) == "none"
    # Yet the gateway may make a call of it.
    assert call.light_told(1, 1, 1, "delivered")


def test_the_same_answer_twice_changes_nothing() -> None:
    call = pressed()
    call.answered(3, 7)
    call.light_told(1, 3, 7, "none")
    call.answered(3, 7)

    assert call.light(at(0), False) == "none"


def test_a_call_outlives_a_reset() -> None:
    call = pressed()
    call.answered(3, 7)
    call.light_told(9, 3, 7, "coming")

    resumed = Call()
    resumed.resume(call.saved())

    assert resumed.light(at(0), False) == "coming"
    assert not resumed.light_told(9, 3, 7, "none")
    assert resumed.light_told(10, 3, 7, "none")
    assert resumed.saved() == b""


def test_an_event_given_its_number_is_known_by_it() -> None:
    call = Call()
    call.event("press", 0, 2, at(0))
    call.renamed(0, 2, 9, 2)
    call.answered(9, 2)

    assert call.light(at(1), False) == "delivered"


def test_somebody_who_goes_on_pressing_stays_known_by_the_newest(call: Call) -> None:
    for seq in range(1, 200):
        call.event("press", 1, seq, at(seq))
        call.answered(1, seq)

    assert call.light_told(1, 1, 199, "coming")
    assert len(call.saved()) < 200
    call.light_told(2, 1, 199, "none")
    assert not call.open


@given(st.binary(max_size=40))
def test_whatever_was_kept_resuming_does_no_harm(kept: bytes) -> None:
    call = Call()
    call.resume(kept)

    assert call.light(at(0), False) in ("none", "delivered", "asked_again", "coming")


def test_an_event_found_both_saved_and_in_the_journal_is_one() -> None:
    """The power went after the state was saved and before the journal let go of the event."""
    before = pressed()
    before.answered(3, 7)
    after = Call()
    after.resume(before.saved())
    after.event("press", 3, 7, at(1000))

    assert after.light(at(1100), False) == "delivered"
    after.answered(3, 7)
    assert after.light_told(1, 3, 7, "coming")
    assert after.light(at(1000 + CANNOT_SEND_AFTER_MS), False) == "coming"


def test_days_without_an_answer_do_not_turn_call_out_into_sending() -> None:
    call = pressed()
    day = 86_400_000

    for hour in range(14 * 24):
        light = call.light(at(hour * day // 24 + CANNOT_SEND_AFTER_MS), True)
        assert light == "cannot_send"


def test_a_gateway_that_gets_it_to_nobody_says_so_and_takes_it_back() -> None:
    call = pressed()
    call.answered(3, 7)

    assert call.light_told(1, 3, 7, "cannot_send")
    assert call.light(at(100), False) == "cannot_send"
    assert call.open
    assert call.light_told(2, 3, 7, "delivered")
    assert call.light(at(200), False) == "delivered"

"""Time that nobody waits for: its order, its limits, and what lives beside the loop in it."""

import asyncio
import threading
import time

import pytest

from sim.virtual.loop import (
    ALONE_MS,
    QUANTUM_MS,
    QUIET_MS,
    NothingToWaitFor,
    TookTooLong,
    VirtualLoop,
    run,
)


class Clockwork:
    """A party that does something every so many ms, and stops there for the world to react."""

    def __init__(self, loop: VirtualLoop, every_ms: int) -> None:
        self.loop = loop
        self.every_ms = every_ms
        self.time_ms = loop.now_ms
        self.granted: list[tuple[int, int]] = []
        self.might_go_on: list[tuple[int, int]] = []
        self.seen: list[int] = []
        self._until = 0

    def grant(self, until_ms: int, on_to_ms: int) -> None:
        self.granted.append((self.time_ms, until_ms))
        self.might_go_on.append((until_ms, on_to_ms))
        self._until = until_ms

    def gather(self) -> None:
        due = (self.time_ms // self.every_ms + 1) * self.every_ms
        self.time_ms = min(due, self._until)
        if due <= self._until:
            self.loop.at(due, lambda: self.seen.append(self.loop.now_ms))


def test_a_year_passes_at_once():
    async def main(loop):
        await asyncio.sleep(365 * 86400)
        return loop.now_ms

    begun = time.monotonic()
    assert run(main) == 365 * 86400 * 1000
    assert time.monotonic() - begun < 5


def test_what_is_due_comes_in_its_order_whatever_the_order_it_was_asked_for_in():
    async def main(loop):
        told = []
        loop.at(300, told.append, "third")
        loop.at(100, told.append, "first")
        for number in range(50):
            loop.at(100, told.append, number)
        await asyncio.sleep(0.1 + 0.2)
        return told, loop.now_ms

    assert run(main) == (["first", *range(50), "third"], 300)


def test_the_clock_begins_where_it_is_told_to():
    async def main(loop):
        await asyncio.sleep(1)
        return loop.now_ms, loop.time()

    assert run(main, 5000) == (6000, 6.0)


def test_work_for_a_thread_is_done_at_once_in_this_one():
    async def main(loop):
        return await asyncio.to_thread(threading.get_ident), loop.now_ms

    assert run(main) == (threading.get_ident(), 0)


def test_what_goes_wrong_in_such_work_is_told_to_whoever_waits_for_it():
    async def main(loop):
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)

    run(main)


def test_waiting_for_what_cannot_come_is_refused():
    async def main(loop):
        await asyncio.sleep(2)
        await asyncio.Event().wait()

    with pytest.raises(NothingToWaitFor, match=r"^At 2\.000 s of virtual time everything waits"):
        run(main)


def test_a_run_that_turns_in_place_ends_at_its_limit_of_real_time():
    async def main(loop):
        while True:  # noqa: ASYNC110 - that is what this is about
            await asyncio.sleep(0)

    with pytest.raises(TookTooLong, match=r"its 0\.1 s of real time at 0\.000 s"):
        run(main, real_limit_s=0.1)


def test_a_party_is_never_behind_the_clock_and_is_heard_at_its_own_moment():
    async def main(loop):
        party = Clockwork(loop, 70)
        loop.enlist(party)
        ahead = []
        for _ in range(20):
            await asyncio.sleep(0.05)
            ahead.append(party.time_ms >= loop.now_ms)
        return party, ahead

    party, ahead = run(main)
    assert all(ahead)
    assert party.seen == list(range(70, 1001, 70))
    assert all(begins < until for begins, until in party.granted)


def test_one_party_alone_is_granted_much_and_several_little_at_a_time():
    async def main(loop):
        alone = Clockwork(loop, 60_000)
        loop.enlist(alone)
        await asyncio.sleep(60)
        other = Clockwork(loop, 60_000)
        loop.enlist(other)
        loop.at(61_000, loop.dismiss, other)
        await asyncio.sleep(1)
        return alone.granted, other.granted

    alone, other = run(main)
    assert max(until - begins for begins, until in alone) == ALONE_MS
    assert max(until - begins for begins, until in other) == QUANTUM_MS


def test_only_one_party_alone_may_go_on_and_never_beyond_what_is_due():
    async def main(loop):
        alone = Clockwork(loop, 600_000)
        loop.enlist(alone)
        await asyncio.sleep(65)
        other = Clockwork(loop, 600_000)
        loop.enlist(other)
        loop.at(66_000, loop.dismiss, other)
        await asyncio.sleep(5)
        return alone.might_go_on, other.might_go_on

    alone, other = run(main)
    assert alone[0] == (ALONE_MS, QUIET_MS)
    # What is due at 65 s lies before what it could go on to.
    assert max(on_to for until, on_to in alone if until <= 65_000) == 65_000
    assert all(until == on_to for until, on_to in other)
    # With another beside it, neither goes on.
    assert all(until == on_to for until, on_to in alone if 65_000 < until <= 66_000)
    assert alone[-1][1] == 70_000


def test_with_parties_that_live_on_a_test_may_wait_for_what_they_do():
    async def main(loop):
        party = Clockwork(loop, 5000)
        loop.enlist(party)
        happened = asyncio.Event()
        gather = party.gather

        def watched():
            gather()
            if party.time_ms >= 20_000:
                loop.at(party.time_ms, happened.set)

        party.gather = watched
        await happened.wait()
        return loop.now_ms

    assert run(main) == 20_000


def test_a_failure_in_a_party_ends_the_run_with_its_own_words():
    async def main(loop):
        loop.at(50, loop.fail, RuntimeError("The board has fallen."))
        await asyncio.sleep(10)

    with pytest.raises(RuntimeError, match="The board has fallen"):
        run(main)


def test_a_fault_in_a_callback_ends_the_run():
    async def main(loop):
        loop.at(50, lambda: 1 // 0)
        await asyncio.sleep(10)

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_somebody_who_watches_can_make_time_pass_at_their_own_pace():
    async def main(loop):
        moved = []
        loop.pace = moved.append
        await asyncio.sleep(1)
        return moved

    assert run(main) == [250, 500, 750, 1000]


def test_another_thread_can_speak_to_the_loop():
    async def main(loop):
        heard = asyncio.Event()
        begun = threading.Event()

        def pace(ms):
            if not begun.is_set():
                begun.set()
                threading.Thread(target=loop.call_soon_threadsafe, args=(heard.set,)).start()
            time.sleep(0.001)

        loop.pace = pace
        await asyncio.wait_for(heard.wait(), 60_000)
        return loop.now_ms

    assert run(main) < 60_000_000

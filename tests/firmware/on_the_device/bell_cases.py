"""The bell under MicroPython's own asyncio: it reaches into the scheduler, which no other shows."""

# ruff: noqa: SIM105 - MicroPython

import asyncio
import time

from cases import run
from doorknock import bell

# Longer than any machine is busy; a wait that is rung is over long before.
LONG_MS = 600_000
SHORT_MS = 20


async def _waiting(it, ms, heard):
    heard.append(await it.wait(ms))


async def _turns(count=3):
    for _ in range(count):
        await asyncio.sleep_ms(0)


def it_says_no_when_nobody_has_rung_in_time():
    async def scene():
        began = time.ticks_ms()
        rung = await bell.Bell().wait(SHORT_MS)
        return rung, time.ticks_diff(time.ticks_ms(), began)

    rung, took_ms = asyncio.run(scene())
    assert rung is False
    assert took_ms >= SHORT_MS - 1, took_ms


def it_wakes_whoever_waits_at_once():
    async def scene():
        it, heard = bell.Bell(), []
        task = asyncio.create_task(_waiting(it, LONG_MS, heard))
        await _turns()
        before = list(heard)
        it.ring()
        await task
        return before, heard

    assert asyncio.run(scene()) == ([], [True])


def it_keeps_a_ring_for_the_next_wait_and_for_no_other():
    async def scene():
        it = bell.Bell()
        it.ring()
        it.ring()
        return await it.wait(LONG_MS), await it.wait(SHORT_MS)

    assert asyncio.run(scene()) == (True, False)


def it_lets_the_others_have_their_turn_though_it_has_been_rung():
    async def scene():
        it, others = bell.Bell(), []

        async def other():
            others.append(True)

        there = asyncio.create_task(other())
        it.ring()
        await it.wait(LONG_MS)
        return others if there.done() else None

    assert asyncio.run(scene()) == [True]


def it_can_be_rung_again_and_again():
    async def scene():
        it, heard = bell.Bell(), []
        for _ in range(50):
            task = asyncio.create_task(_waiting(it, LONG_MS, heard))
            await _turns()
            it.ring()
            await task
        return heard

    assert asyncio.run(scene()) == [True] * 50


def it_harms_nobody_when_it_is_rung_after_the_time_is_over():
    async def scene():
        it = bell.Bell()
        first = await it.wait(1)
        # Nobody waits: the scheduler's queue must not be touched.
        it.ring()
        await asyncio.sleep_ms(1)
        return first, await it.wait(LONG_MS), await it.wait(1)

    assert asyncio.run(scene()) == (False, True, False)


def it_forgets_a_waiter_that_was_cancelled():
    async def scene():
        it, heard, told = bell.Bell(), [], []

        async def cancelled():
            try:
                await it.wait(LONG_MS)
            except asyncio.CancelledError:
                told.append("cancelled")
                raise

        task = asyncio.create_task(cancelled())
        await _turns()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        # The task is over: to put it into the queue again would run it a second time.
        it.ring()
        await _turns()
        next_one = asyncio.create_task(_waiting(it, SHORT_MS, heard))
        await next_one
        return told, heard

    assert asyncio.run(scene()) == (["cancelled"], [True])


def it_leaves_a_cancelled_waiter_cancelled_though_it_is_rung_in_the_same_turn():
    async def scene():
        it, told = bell.Bell(), []

        async def waiter():
            try:
                await it.wait(LONG_MS)
                told.append("rung")
            except asyncio.CancelledError:
                told.append("cancelled")
                raise

        task = asyncio.create_task(waiter())
        await _turns()
        it.ring()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        return told, task.done()

    told, done = asyncio.run(scene())
    assert told == ["cancelled"]
    assert done


def it_can_be_waited_for_beside_another_bell():
    async def scene():
        one, other, heard = bell.Bell(), bell.Bell(), []

        async def waiting(it, name):
            await it.wait(LONG_MS)
            heard.append(name)

        first = asyncio.create_task(waiting(one, "one"))
        second = asyncio.create_task(waiting(other, "other"))
        await _turns()
        other.ring()
        await second
        before = list(heard)
        one.ring()
        await first
        return before, heard

    assert asyncio.run(scene()) == (["other"], ["other", "one"])


def it_is_for_one_and_of_two_the_later_is_rung():
    # What its docstring says: one waits. A second must at least hang nobody beyond their own time.
    async def scene():
        it, heard = bell.Bell(), []
        first = asyncio.create_task(_waiting(it, SHORT_MS, heard))
        await _turns()
        second = asyncio.create_task(_waiting(it, LONG_MS, heard))
        await _turns()
        it.ring()
        await second
        rung = list(heard)
        await first
        return rung, heard

    assert asyncio.run(scene()) == ([True], [True, False])


run(globals())

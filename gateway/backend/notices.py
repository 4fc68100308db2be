"""Sends what is due: claims notices, sends each in a thread of its own, marks what became of it.

A notice is marked *after* it was sent: a crash in between sends it twice, never not at all. Each
person's channel is a lane: one send at a time in it, and a lane that hangs holds up nobody else.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, cast

import structlog

from gateway.backend.bell import LOOK_EVERY_S, Bell
from gateway.backend.channels import Channel, ChannelFailed, Message
from gateway.backend.dispatch import Dispatch, Outgoing
from gateway.backend.policy import Clock, Policy
from gateway.backend.wording import Wording

_log = structlog.get_logger(__name__)

# A working service takes 1 to 3 s; shorter than dispatch.LEASE.
SEND_TIMEOUT_S = 15.0
# Between a look that came a moment too soon and the next.
_SHORTEST_WAIT_S = 0.05

T = TypeVar("T")
# Sends a message to an address by a channel, and comes back with what the channel knows.
# TimeoutError once so many seconds are over.
Send = Callable[[Channel, str, Message, float], Awaitable[bool]]


async def send_in_own_thread(
    channel: Channel, address: str, message: Message, at_most_s: float
) -> bool:
    """See Send: in a thread of its own, so that a channel that hangs holds up nobody."""
    return await _in_own_thread(lambda: channel.send(address, message), at_most_s)


class Notices:
    """The worker that sends. Lives as long as run()."""

    def __init__(
        self,
        dispatch: Dispatch,
        policy: Policy,
        wording: Wording,
        channel: Channel,
        clock: Clock,
        bell: Bell,
        *,
        send: Send = send_in_own_thread,
        send_timeout_s: float = SEND_TIMEOUT_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._dispatch = dispatch
        self._policy = policy
        self._wording = wording
        self._channel = channel
        self._clock = clock
        self._bell = bell
        self._send_by = send
        self._send_timeout_s = send_timeout_s
        self._look_every_s = look_every_s
        self._lanes: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever. What fails is logged and tried again."""
        while True:
            heard = self._bell.listen()
            try:
                await self.start_due()
            except Exception:
                _log.exception("notices could not be read")
            await heard.wait(await self._pause_s())

    async def _pause_s(self) -> float:
        """Until the next look. Whoever looks every second need not ask when something is due."""
        if self._look_every_s <= LOOK_EVERY_S:
            return self._look_every_s
        due = await asyncio.to_thread(self._dispatch.next_notice_due, set(self._lanes))
        if due is None:
            return self._look_every_s
        until_s = (due - self._clock()).total_seconds()
        return min(self._look_every_s, max(_SHORTEST_WAIT_S, until_s))

    async def send_due(self) -> int:
        """Starts all that is due and waits until it is through; how many were started."""
        started = 0
        while fresh := await self.start_due():
            started += fresh
            await asyncio.gather(*self._lanes.values())
        return started

    async def start_due(self) -> int:
        """Starts what is due in lanes that are free; how many."""
        busy = set(self._lanes)
        claimed = await asyncio.to_thread(self._dispatch.claim_notices, busy)
        for notice in claimed:
            lane = (notice.person, notice.channel)
            task = asyncio.create_task(self._send(notice))
            self._lanes[lane] = task
            task.add_done_callback(partial(self._lane_is_free, lane))
        return len(claimed)

    def _lane_is_free(self, lane: tuple[str, int], _: asyncio.Task[None]) -> None:
        del self._lanes[lane]
        self._bell.ring()

    async def _send(self, notice: Outgoing) -> None:
        try:
            problem: str | None = None
            delivered = False
            try:
                address, message = self._prepared(notice)
                delivered = await self._send_by(
                    self._channel, address, message, self._send_timeout_s
                )
            except TimeoutError:
                problem = f"no answer within {self._send_timeout_s:g} s"
            except ChannelFailed as failed:
                problem = str(failed)
            if problem is None:
                await asyncio.to_thread(
                    self._dispatch.notice_sent, notice.number, delivered=delivered
                )
                return
            # The person's id, never the address.
            _log.warning(
                "a notice did not go out",
                person=notice.person,
                channel=notice.channel,
                problem=problem,
                attempt=notice.attempts + 1,
            )
            await asyncio.to_thread(self._dispatch.notice_failed, notice.number, problem)
        except Exception:
            # Not marked: the lease runs out, and it is sent again.
            _log.exception("a notice could not be worked on", notice=notice.number)

    def _prepared(self, notice: Outgoing) -> tuple[str, Message]:
        person = self._policy.people.get(notice.person)
        if person is None or notice.channel >= len(person.channels):
            raise ChannelFailed("this way to them has been removed from the configuration")
        return person.channels[notice.channel], self._wording.message(notice, self._clock())


async def _in_own_thread(work: Callable[[], T], at_most_s: float) -> T:
    """Runs *work* in a new thread; TimeoutError once the time is over, whatever it still does.

    Not in a pool: services that hang would fill it, and the next person's message would wait.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return  # it took too long; nobody waits any more
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(T, result))

    def body() -> None:
        result: T | None = None
        failed: BaseException | None = None
        try:
            result = work()
        except BaseException as error:
            failed = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=body, name="channel", daemon=True).start()
    async with asyncio.timeout(at_most_s):
        return await done

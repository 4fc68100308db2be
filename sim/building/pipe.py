"""One direction of a TCP connection over a network that is not always well.

Bytes come out in order, whole and once, or not at all: what a bad network costs is time. A lost
segment is sent again after a while, and what was sent behind it waits for it.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

# What a segment carries over Wi-Fi: an Ethernet frame without its headers.
SEGMENT_BYTES = 1460
# One way between a device and the gateway in a quiet house, and how much more by chance: power
# saving and other people's traffic. (Assumption: round trips of 5 to 30 ms.)
TRANSIT_MS = (3, 15)
# The first time before a lost segment is sent again, doubled each time it is lost again: lwIP
# begins with 3 s and adapts, Linux with 1 s and comes down to 200 ms on a fast network.
RESEND_MS = 500
# Doubled no further than this: what the way was away for, a stalled connection adds to by as much.
LONGEST_RESEND_MS = 8_000


@dataclass
class Weather:
    """How the network treats what is on its way.

    loss: 0 to below 1, of segments. split: so many bytes a segment at the most (by chance fewer),
    0: whole. delay_ms: added to each.
    """

    loss: float = 0.0
    split: int = 0
    delay_ms: int = 0


class Pipe:
    """Carries bytes one way. passes(): whether the way is open just now."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        chance: random.Random,
        weather: Callable[[], Weather],
        passes: Callable[[], bool],
        deliver: Callable[[bytes], None],
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._weather = weather
        self._passes = passes
        self._deliver = deliver
        # What is on its way: when it would come out on a good network, and what happens then.
        self._line: deque[tuple[float, Callable[[], None]]] = deque()
        self._tries = 0
        self._dead = False

    def send(self, data: bytes) -> None:
        """Sends bytes on their way."""
        split = self._weather().split
        while data:
            size = self._chance.randint(1, split) if split else SEGMENT_BYTES
            self._put(partial(self._deliver, data[:size]))
            data = data[size:]

    def end(self, act: Callable[[], None]) -> None:
        """*act*, once all that was sent before has come out: the connection's end."""
        self._put(act)

    def break_off(self) -> None:
        """Nothing more comes out."""
        self._dead = True
        self._line.clear()

    def _put(self, act: Callable[[], None]) -> None:
        if self._dead:
            return
        transit_ms = self._chance.randint(*TRANSIT_MS) + self._weather().delay_ms
        self._line.append((self._loop.time() + transit_ms / 1000, act))
        if len(self._line) == 1:
            self._loop.call_at(self._line[0][0], self._arrive)

    def _arrive(self) -> None:
        """The first in line comes out, or is lost; those behind it wait for it."""
        if self._dead:
            return
        now_s = self._loop.time()
        if not self._passes() or self._chance.random() < self._weather().loss:
            wait_ms = min(RESEND_MS << min(self._tries, 8), LONGEST_RESEND_MS)
            self._tries += 1
            self._loop.call_at(now_s + wait_ms / 1000, self._arrive)
            return
        self._tries = 0
        _, act = self._line.popleft()
        if self._line:
            self._loop.call_at(max(now_s, self._line[0][0]), self._arrive)
        act()

"""Visits: each page that is open has a world of its own.

Not one world for all: whoever opens the studio shall see the story from its beginning, and nobody
shall wonder who just pulled their plug. Worlds cost processes and memory, so there is a bound, and
a world whose page is gone ends.
"""

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

# Each is up to a core at full speed and some 200 MB.
MOST_VISITS = 4
# A phone that is put away for a moment, or a page that is loaded anew, finds its world again.
LEFT_FOR_S = 60.0
# A page that nobody touches any more does not warm the room for ever.
UNTOUCHED_S = 20 * 60.0

_MOST_NEWS = 300
# Some seconds of frames: whoever is slower than that begins anew with the whole state.
_MOST_WAITING = 60
_LAST_WORDS = 40
_LINE_BYTES = 1 << 20
# A world that takes no orders for so long is told no more: pages send a few hundred bytes each.
_MOST_UNREAD_BYTES = 1 << 16

# Orders that say how it is to be played, not what is to be done.
_KEPT = ("speed", "ease")

Message = tuple[str, Mapping[str, Any]]


class TooManyVisits(Exception):
    """There are as many worlds as this machine is given."""


@dataclass(frozen=True)
class Wish:
    """The world that somebody wants. situation: its name on the page; scenario: the file's path;
    language: of the page and the phones."""

    situation: str
    scenario: str
    seed: int
    language: str
    speed: float


class Visit:
    """One page and its world, which is a process.

    command: the program and its arguments for a wish. clock: real seconds.
    """

    def __init__(
        self, wish: Wish, command: Callable[[Wish], Sequence[str]], clock: Callable[[], float]
    ) -> None:
        self.name = secrets.token_urlsafe(16)
        self.wish = wish
        self.left_at_s: float | None = clock()  # None: somebody is looking
        self.touched_at_s = clock()
        self.paused_untouched = False
        self._command = command
        self._clock = clock
        self._listeners: set[asyncio.Queue[Message | None]] = set()
        self._known: dict[str, Mapping[str, Any]] = {}
        self._news: deque[Mapping[str, Any]] = deque(maxlen=_MOST_NEWS)
        self._playing: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        # What the visitor has set holds for the next world as well.
        self._set: dict[str, Any] = {}
        # Two presses of "begin again" must not begin two worlds.
        self._changing = asyncio.Lock()

    def begin(self) -> None:
        """Starts its world."""
        self._playing = asyncio.create_task(self._play())

    async def begin_again(self, wish: Wish) -> None:
        """Ends its world and starts another. Pages stay where they are."""
        async with self._changing:
            await self._end_world()
            self.wish = wish
            self._known.clear()
            self._news.clear()
            self._tell("beginning", {})
            self.begin()

    async def end(self) -> None:
        """Ends its world, and the streams to its pages."""
        async with self._changing:
            await self._end_world()
        self.hang_up()

    def hang_up(self) -> None:
        """Ends the streams to its pages, which then come back."""
        for listener in list(self._listeners):
            self._let_go(listener)

    def order(self, order: Mapping[str, Any]) -> None:
        """Hands an order to the world; one that comes too early or too late is lost."""
        self.touched_at_s = self._clock()
        self.paused_untouched = False
        self._set |= {name: order[name] for name in _KEPT if name in order}
        self._write(order)

    def pause_untouched(self) -> None:
        """Nobody has touched the page for long: time stands still until somebody does."""
        if not self.paused_untouched:
            self.paused_untouched = True
            self._write({"pause": True})

    async def listen(self) -> AsyncGenerator[Message, None]:
        """All that a page needs to know: first how things are, then each change."""
        listener: asyncio.Queue[Message | None] = asyncio.Queue(_MOST_WAITING)
        self._listeners.add(listener)
        self.left_at_s = None
        try:
            # Taken at once, so that nothing comes between this and the first change.
            known = dict(self._known)
            known["story"] = {"news": list(self._news)}
            for kind in ("scene", "frame", "story", "ended"):
                if kind in known:
                    yield kind, known[kind]
            while (message := await listener.get()) is not None:
                yield message
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self.left_at_s = self._clock()

    # --- the world ----------------------------------------------------------------------------

    async def _play(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command(self.wish),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            # Ctrl-C at the terminal is for the server, which ends its worlds in order.
            start_new_session=True,
        )
        self._process = process
        for name, value in self._set.items():
            self._write({name: value})
        # Pipes were asked for, so they are there.
        said = cast(asyncio.StreamReader, process.stdout)
        words = asyncio.create_task(_last_words(cast(asyncio.StreamReader, process.stderr)))
        try:
            async for line in said:
                for kind, data in json.loads(line).items():
                    self._take(kind, data)
            await process.wait()
            if "ended" not in self._known:
                self._take("ended", await words or f"exit {process.returncode}")
        finally:
            words.cancel()
            await _end(process)

    def _take(self, kind: str, data: Any) -> None:
        if kind in ("ended", "refused"):
            data = {"text": data}
        if kind == "scene":
            data = {**data, "situation": self.wish.situation}
        if kind == "frame":
            self._news.extend(data["news"])
            # The waveform of a page that has just come begins with what comes next.
            self._known[kind] = {**data, "news": [], "wave": []}
        elif kind != "refused":
            self._known[kind] = data
        self._tell(kind, data)

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        for listener in list(self._listeners):
            try:
                listener.put_nowait((kind, data))
            except asyncio.QueueFull:
                # Too slow: the page comes back for the whole state.
                self._let_go(listener)

    def _let_go(self, listener: asyncio.Queue[Message | None]) -> None:
        if listener.full():
            listener.get_nowait()
        listener.put_nowait(None)
        self._listeners.discard(listener)

    def _write(self, order: Mapping[str, Any]) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is None or stdin.is_closing():
            return
        if stdin.transport.get_write_buffer_size() < _MOST_UNREAD_BYTES:
            stdin.write(json.dumps(order).encode() + b"\n")

    async def _end_world(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.wait({self._playing})
        self._playing = self._process = None


class Visits:
    """All visits of one studio."""

    def __init__(
        self, command: Callable[[Wish], Sequence[str]], clock: Callable[[], float]
    ) -> None:
        self._command = command
        self._clock = clock
        self._visits: dict[str, Visit] = {}

    def get(self, name: str) -> Visit | None:
        """The visit of this name, or None where it has ended."""
        return self._visits.get(name)

    async def begin(self, wish: Wish) -> Visit:
        """A new visit. Raises TooManyVisits."""
        if len(self._visits) >= MOST_VISITS:
            await self._end_one_left()
        visit = Visit(wish, self._command, self._clock)
        self._visits[visit.name] = visit
        visit.begin()
        return visit

    async def sweep(self) -> None:
        """Ends the visits that everybody has left; stops the time of those nobody touches."""
        now_s = self._clock()
        for visit in list(self._visits.values()):
            if visit.left_at_s is not None and now_s - visit.left_at_s >= LEFT_FOR_S:
                await self._end(visit)
            elif now_s - visit.touched_at_s >= UNTOUCHED_S:
                visit.pause_untouched()

    def hang_up(self) -> None:
        """Ends all streams, so that a server can end in order."""
        for visit in self._visits.values():
            visit.hang_up()

    async def close(self) -> None:
        """Ends all."""
        for visit in list(self._visits.values()):
            await self._end(visit)

    async def _end_one_left(self) -> None:
        left = [(one.left_at_s, one.name) for one in self._visits.values() if one.left_at_s]
        if not left:
            raise TooManyVisits
        await self._end(self._visits[min(left)[1]])

    async def _end(self, visit: Visit) -> None:
        del self._visits[visit.name]
        await visit.end()


async def _last_words(stderr: asyncio.StreamReader) -> str:
    """The last line that is not empty: of a traceback, what went wrong."""
    last: deque[str] = deque(maxlen=_LAST_WORDS)
    async for line in stderr:
        if text := line.decode(errors="replace").strip():
            last.append(text)
    return last[-1] if last else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its input ends, on which it ends by itself; else it is made to."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()

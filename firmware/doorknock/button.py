"""A button: from a pin's interrupts to presses.

`Button` is the state machine, pure: levels and ticks in, presses out. `Pressed` is the shell
around it: the interrupt latches edges in a ring (allocating nothing), the task takes them out.

A press is told as (taps, held): one tap when nothing has followed for 600 ms, two taps at the
second at once, a hold after 2 s at once. Each urgent series is told once; taps beyond the second
add nothing. A tap that woke the device is told at once as one, and raised by the next.

`on_down` comes at each tap, before it is known what it means: whoever must not lose a tap keeps it
then (app.py), and says so (`kept_as_one`) where it cannot be taken back.
"""

import asyncio
from array import array

from doorknock import bell, clock, health

# Longer than the bounce of cheap switches (1 to 10 ms), well inside the 50 ms to the first light.
DEBOUNCE_MS = 20
# After a release: as long as an unsteady hand needs for the next tap, as short as one can wait.
TAP_GAP_MS = 600
# Long enough not to be a slow tap, short enough for somebody frightened, who presses and holds.
HOLD_MS = 2000
_MOST_TAPS = 255

IDLE = 0  # up, no series going on
DOWN = 1  # down, and not yet a hold
GAP = 2  # up, waiting whether another tap follows
HELD = 3  # down since a hold was told


class Button:
    """Levels and ticks to presses. on_down(): at each tap, at once. on_press(taps, held).

    Transitions (an edge counts once the level has stayed for DEBOUNCE_MS; its time is its first):
      IDLE  pressed            -> DOWN   first tap
      DOWN  down for HOLD_MS   -> HELD   told as held, unless the series is urgent already
      DOWN  released           -> GAP
      GAP   pressed            -> DOWN   second tap: told at once, urgent
      GAP   TAP_GAP_MS passed  -> IDLE   told as one tap, unless told before
      HELD  released           -> IDLE
    """

    def __init__(self, on_down, on_press) -> None:
        self._on_down = on_down
        self._on_press = on_press
        self._state = IDLE
        self._raw = False
        self._raw_since = 0
        self._down = False
        self._edge = 0
        self._taps = 0
        self._told = 0

    def woken(self, ticks: int, down: bool) -> None:
        """The device was woken by this button: that was the first tap, and is told at once."""
        self._taps = 1
        self._told = 1
        self._raw = self._down = down
        self._raw_since = self._edge = ticks
        self._state = DOWN if down else GAP
        self._on_down()
        self._on_press(1, False)

    def kept_as_one(self) -> None:
        """What has been pressed so far has been told as one tap: only more is still to be told."""
        self._told = max(self._told, 1)

    @property
    def is_down(self) -> bool:
        """Its newest level, settled or not."""
        return self._raw

    @property
    def busy(self) -> bool:
        """A series is going on, or an edge has not settled: do not fall asleep now."""
        return self._state != IDLE or self._raw != self._down

    @property
    def at_rest(self) -> bool:
        """Up, settled, and nothing going on: while the level stays, time changes nothing."""
        return self._state == IDLE and not self._raw and not self._down

    @property
    def untold(self) -> bool:
        """Somebody has pressed, and it is not decided yet what is to be told of it."""
        return self._told == 0 and (self._state == DOWN or self._state == GAP)

    @property
    def told_urgent(self) -> bool:
        """The series going on has been told as urgent: more taps of it add nothing."""
        return self._told >= 2 and self._state != IDLE

    def edge(self, down: bool, ticks: int) -> None:
        """The level changed at this tick."""
        self.tick(ticks)
        if down != self._raw:
            self._raw = down
            self._raw_since = ticks

    def tick(self, ticks: int) -> None:
        """Time has come this far. Call it at least every 10 ms while busy."""
        if self._raw != self._down and clock.since(ticks, self._raw_since) >= DEBOUNCE_MS:
            # What was due before the edge comes first, however late this call is.
            self._pass(self._raw_since)
            self._down = self._raw
            self._edge = self._raw_since
            self._turn()
        if self._raw == self._down:
            self._pass(ticks)

    def missed(self, ticks: int, since: int) -> None:
        """From tick `since` on nobody could look, and it went the other way and came back."""
        # A level that had not settled by then may bounce still.
        settled = clock.since(since, self._raw_since) >= DEBOUNCE_MS and self._raw == self._down
        # DOWN, released and pressed again: or GAP, pressed and released. A second tap either way,
        # and urgent: one too many brings somebody sooner, one too few later.
        if settled and (self._state == DOWN or self._state == GAP):
            self._taps = min(self._taps + 1, _MOST_TAPS)
            self._edge = ticks
            self._on_down()
            self._tell(2, False)

    def _turn(self) -> None:
        if self._down:
            self._taps = min(self._taps + 1, _MOST_TAPS) if self._state == GAP else 1
            if self._state == IDLE:
                self._told = 0
            self._state = DOWN
            self._on_down()
            if self._taps >= 2:
                self._tell(2, False)
        elif self._state == DOWN:
            self._state = GAP
        else:
            self._state = IDLE

    def _pass(self, ticks: int) -> None:
        passed = clock.since(ticks, self._edge)
        if self._state == DOWN and passed >= HOLD_MS:
            self._state = HELD
            self._tell(2, True)
        elif self._state == GAP and passed >= TAP_GAP_MS:
            self._state = IDLE
            self._tell(1, False)

    def _tell(self, urgency: int, held: bool) -> None:
        """Tells a series when it has become more urgent than was told: 1 one tap, 2 urgent."""
        if urgency > self._told:
            self._told = urgency
            self._on_press(self._taps, held)


# Edges between two looks of the task: a bouncing press has about ten; 10 ms pass between looks.
_RING = 64
_LOOK_MS = 10
# Where so long passed between two looks nobody could look: a write to flash takes the chip 50 to
# 200 ms, and the first tap is written down at once. No tap or pause of a finger is shorter.
_STOOD_STILL_MS = 40


class Pressed:
    """The button at `pin` (a machine.Pin, low when pressed): latches from now on what is done to
    it, until a Button follows; then a task looks at it.

    found_down: it was down when this was made, at the tick `since`: a press, however soon it ends.
    The pin's pull-up must have had its time.
    """

    def __init__(self, pin, ticks) -> None:
        self._pin = pin
        self._ticks = ticks
        self._button = None
        self._times = array("i", [0] * _RING)
        self._levels = bytearray(_RING)
        self._head = 0
        self._tail = 0
        self._flag = asyncio.ThreadSafeFlag()
        self._heard = bell.Bell()
        self.since = ticks()
        self._looked = self.since
        self.found_down = not pin.value()
        if self.found_down:
            # It went down some time before, and its bounce is over.
            self._times[0] = (self.since - DEBOUNCE_MS) & clock.MASK
            self._levels[0] = 1
            self._head = 1
        pin.irq(handler=self._interrupted, trigger=pin.IRQ_FALLING | pin.IRQ_RISING)

    def follow(self, button: Button) -> None:
        """What was latched, and all that comes, goes to this one."""
        self._button = button

    def woken(self) -> None:
        """It was this button that woke the device: a tap, whether it is still down or not."""
        self._button.woken(self.since, self.found_down)

    @property
    def unseen(self) -> bool:
        """Something was done to it, or is being done, that the Button has not been told of yet."""
        return self._tail != self._head or not self._pin.value()

    def _interrupted(self, pin) -> None:
        # In an interrupt: nothing here allocates. A full ring loses its newest edges; the task
        # reads the level itself and so ends up right.
        head = self._head
        following = (head + 1) % _RING
        if following != self._tail:
            self._times[head] = self._ticks()
            self._levels[head] = 1 - pin.value()
            self._head = following
        self._flag.set()

    def look(self) -> None:
        """Takes in what was latched, and the present."""
        button = self._button
        if self._tail == self._head and button.at_rest and self._pin.value():
            return
        now = self._ticks()
        # MicroPython's interrupts on the ESP32 are soft: while the chip does something else in one
        # go they wait, and all of them then see the level of that later moment. Two at a level at
        # which it was before are a way there and back.
        stood_still = clock.since(now, self._looked) >= _STOOD_STILL_MS
        was, edges, changed = button.is_down, 0, False
        while self._tail != self._head:
            at = self._tail
            down = bool(self._levels[at])
            edges += 1
            changed = changed or down != was
            button.edge(down, self._times[at])
            self._tail = (at + 1) % _RING
        if stood_still and edges >= 2 and not changed:
            button.missed(now, self._looked)
        # What is told from here on may take a while.
        now = self._looked = self._ticks()
        button.edge(not self._pin.value(), now)
        button.tick(now)

    async def run(self, report) -> None:
        """Follows the button for ever; report() says that this task is alive."""
        hears = asyncio.create_task(self._hear())
        while not hears.done():
            report()
            self.look()
            if self._button.busy:
                await asyncio.sleep_ms(_LOOK_MS)
            else:
                await self._heard.wait(health.REPORT_MS)

    async def _hear(self) -> None:
        # What an interrupt may set is a flag, and a flag cannot be waited for with a limit.
        while True:
            await self._flag.wait()
            self._heard.ring()

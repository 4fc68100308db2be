"""What the light and the sounder say: patterns as data, and the task that plays them.

Told apart by rhythm, not by colour; none flashes more than three times in a second (WCAG 2.2,
2.3.1). A pattern is (light, sound, every): light, milliseconds on, off, on, off …, for ever, or
once for a short one; sound, (Hz, milliseconds) each, 0 Hz a pause; every, ms from the start of
one sounding to the next, 0 for once. Each sounds different on purpose: some cannot see the light.
"""

from doorknock import bell, clock, health

PATTERNS = {
    "none": ((), (), 0),
    # Restless: something is going on.
    "sending": ((250, 250), ((880, 60),), 0),
    # Calm and even: it has arrived, people are being asked.
    "delivered": ((1000, 1000), ((660, 120), (880, 180)), 0),
    # Two knocks: more people are being asked.
    "asked_again": (
        (200, 200, 200, 1400),
        ((660, 120), (880, 180), (0, 150), (660, 120), (880, 180)),
        0,
    ),
    # Nearly always on: somebody is there for you.
    "coming": ((2700, 300), ((523, 150), (659, 150), (784, 300)), 0),
    # Three and a gap, with a low sound that comes back: do not rely on this, call out.
    "cannot_send": (
        (150, 250, 150, 250, 150, 1050),
        ((220, 400), (0, 150), (220, 400), (0, 150), (220, 400)),
        10000,
    ),
    # Long, short: "are you OK?"
    "prompt": (
        (800, 200, 200, 200),
        ((988, 250), (0, 100), (988, 250), (0, 100), (1319, 400)),
        3000,
    ),
    # Four quick ones and a gap: "it is me", asked from afar.
    "identify": (
        (150, 250, 150, 250, 150, 250, 150, 450),
        ((1047, 150), (0, 50), (1319, 150)),
        2000,
    ),
    # Two long and a gap: "one press agrees to what was ordered from afar".
    "agree": (
        (600, 200, 600, 1600),
        ((587, 200), (0, 100), (587, 200)),
        10000,
    ),
    # One blink and a gap: the next single tap is a test.
    "test_press": ((150, 1350), ((587, 120),), 5000),
    # Two short ones and a long gap: its Wi-Fi may be changed now, or is being tried.
    "bluetooth": ((100, 200, 100, 4100), ((784, 80), (0, 80), (784, 80)), 0),
}
# Played once, over whatever is shown.
SHORT = {
    # B was pressed.
    "noted": ((80, 80), ((988, 60),), 0),
    # B was held, and the radar is looked at before a watch begins: again until it is known.
    "self_test": ((100, 300, 100, 300, 100, 300), ((523, 150),), 0),
    "watch_started": ((1500, 100), ((523, 150), (784, 250)), 0),
    "watch_ended": ((100, 200, 100, 200), ((784, 150), (523, 250)), 0),
    # The new Wi-Fi works, and is kept.
    "wifi_changed": ((1000, 200, 300, 100), ((587, 150), (880, 250)), 0),
    # It does not, and the old one is back.
    "wifi_failed": ((100, 400, 100, 400, 100, 400), ((330, 300), (0, 200), (220, 500)), 0),
    # The radar does not see: nobody is looked after.
    "watch_refused": (
        (100, 300, 100, 300, 100, 900, 100, 300, 100, 300, 100, 300),
        ((220, 600), (0, 1200), (220, 600)),
        0,
    ),
}


class Signals:
    """Plays patterns. light(on), sounder(Hz or 0): the hardware. ticks(): now."""

    def __init__(self, light, sounder, ticks) -> None:
        self._light = light
        self._sounder = sounder
        self._ticks = ticks
        self.shown = "none"
        self._short_until = None
        self._changed = bell.Bell()
        self._light_track = _Track(light)
        self._sound_track = _Track(sounder)

    def show(self, name: str, anew: bool = False) -> bool:
        """From now on this pattern, at once: its first light is on when this returns. Whether
        that is a change. anew: from its beginning, also where it is shown already."""
        changed = name != self.shown
        if changed:
            self.shown = name
        if (changed or anew) and self._short_until is None:
            self._begin(PATTERNS[name], True)
        return changed

    def play(self, name: str) -> None:
        """This short pattern now, then again what was shown."""
        pattern = SHORT[name]
        lasts = max(sum(pattern[0]), sum([step[1] for step in pattern[1]]))
        self._short_until = (self._ticks() + lasts) & clock.MASK
        self._begin(pattern, False)

    @property
    def in_short(self) -> bool:
        """Whether a short pattern is being played."""
        return self._short_until is not None

    def _begin(self, pattern: tuple, for_ever: bool) -> None:
        now = self._ticks()
        lit = pattern[0]
        steps = [(1 - i % 2, lit[i]) for i in range(len(lit))]
        self._light_track.begin(steps, now, for_ever)
        sound = list(pattern[1])
        if pattern[2]:
            sound.append((0, pattern[2] - sum([step[1] for step in sound])))
        self._sound_track.begin(sound, now, pattern[2] > 0)
        self._changed.ring()

    def advance(self, now: int) -> int:
        """Brings light and sounder to this tick; returns ms until the next change."""
        if self._short_until is not None and clock.since(now, self._short_until) >= 0:
            self._short_until = None
            self._begin(PATTERNS[self.shown], True)
        wait = min(self._light_track.advance(now), self._sound_track.advance(now), health.REPORT_MS)
        if self._short_until is not None:
            wait = min(wait, max(clock.since(self._short_until, now), 1))
        return wait

    async def run(self, report) -> None:
        """Plays for ever."""
        while True:
            report()
            await self._changed.wait(self.advance(self._ticks()))


class _Track:
    """One output and its steps: (value, ms)."""

    def __init__(self, put) -> None:
        self._put = put
        self._steps = []
        self._at = 0
        self._due = 0
        self._for_ever = False

    def begin(self, steps: list, now: int, for_ever: bool) -> None:
        self._steps = steps
        self._at = 0
        self._for_ever = for_ever
        if steps:
            self._put(steps[0][0])
            self._due = (now + steps[0][1]) & clock.MASK
        else:
            self._put(0)

    def advance(self, now: int) -> int:
        """Takes the steps that are due; ms until the next."""
        while self._steps:
            left = clock.since(self._due, now)
            if left > 0:
                return left
            self._at += 1
            if self._at == len(self._steps):
                if not self._for_ever:
                    self._steps = []
                    self._put(0)
                    break
                self._at = 0
            value, ms = self._steps[self._at]
            self._put(value)
            # From when it was due: a late task must not stretch the rhythm. After a long
            # standstill it begins anew from now.
            base = self._due if -left < 1000 else now
            self._due = (base + ms) & clock.MASK
        return health.REPORT_MS

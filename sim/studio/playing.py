"""Plays a world at a speed: takes orders, lets time pass, shows frames."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from sim.studio.pace import Pace
from sim.studio.wave import Wave, shown_s
from sim.studio.world import ImpossibleAct, StudioWorld

# A page that is shown this often looks alive; more costs, and shows nothing more.
FRAME_S = 0.1
# While time stands still nothing changes but by an order, which is shown at once.
_STILL_FRAME_S = 2.0
# The world is let go by so much at a time: what somebody at the page does, and the slowing down
# when the sensor asks, comes that soon at the latest.
_SLICE_MS = 500
STEP_MS = 1000
# What is worth slowing down for, and to which speed: the question lasts 15 s, time to act.
EASES_AT = frozenset({"prompt_asked", "call", "pressed"})
EASED_SPEED = 4.0

Order = Mapping[str, Any]


class Playing:
    """A world that somebody watches. show: takes each frame; clock: real seconds.

    Orders: {"act": {…}}, {"speed": times}, {"pause": whether}, {"step": true}, {"ease": whether}.
    """

    def __init__(
        self,
        world: StudioWorld,
        show: Callable[[Mapping[str, Any]], None],
        clock: Callable[[], float],
        speed: float,
    ) -> None:
        self._world = world
        self._show = show
        self._clock = clock
        self._pace = Pace(speed, clock(), world.now_ms)
        self._wave = Wave(speed)
        self._ease = True
        self._news: list[Mapping[str, Any]] = []
        self._next_frame_s = 0.0

    def take(self, order: Order) -> None:
        """Does what was ordered. Raises ValueError for what is no order."""
        now_s, now_ms = self._clock(), self._world.now_ms
        match order:
            case {"act": {"what": str()} as act}:
                try:
                    self._world.act(act)
                except ImpossibleAct as reason:
                    self._show({"refused": str(reason)})
            case {"speed": int() | float() as speed} if math.isfinite(speed):
                self._set_speed(speed)
            case {"pause": bool() as paused}:
                self._pace.pause(paused, now_s, now_ms)
            case {"step": True}:
                self._pace.pause(True, now_s, now_ms)
                self._advance(now_ms + STEP_MS)
                self._pace.pause(True, now_s, self._world.now_ms)
            case {"ease": bool() as ease}:
                self._ease = ease
            case _:
                raise ValueError("no such order")
        self._next_frame_s = 0.0

    def turn(self, interrupted: Callable[[], bool] = lambda: False) -> float:
        """Lets time pass until it is time to look for orders; how long to wait for one, in s.

        interrupted: whether an order waits; it is taken before the world goes on.
        """
        while True:
            now_s = self._clock()
            if now_s >= self._next_frame_s:
                self._next_frame_s = now_s + (_STILL_FRAME_S if self._pace.paused else FRAME_S)
                self._frame()
            due_ms, now_ms = self._pace.due_ms(now_s), self._world.now_ms
            if due_ms > now_ms and not interrupted():
                self._advance(min(due_ms, now_ms + _SLICE_MS))
                self._pace.reached(self._clock(), self._world.now_ms)
                continue
            if interrupted():
                return 0.0
            return max(0.0, self._next_frame_s - self._clock())

    def _advance(self, until_ms: int) -> None:
        self._world.advance(until_ms)
        self._wave.take(self._world.wave())
        fresh = self._world.news()
        self._news.extend(fresh)
        if (
            self._ease
            and self._pace.speed > EASED_SPEED
            and any(one["key"] in EASES_AT for one in fresh)
        ):
            self._set_speed(EASED_SPEED)

    def _set_speed(self, speed: float) -> None:
        self._pace.set_speed(speed, self._clock(), self._world.now_ms)
        self._wave.set_speed(self._pace.speed)

    def _frame(self) -> None:
        pace = self._pace
        self._news.extend(self._world.news())
        news, self._news = self._news, []
        self._show(
            {
                "frame": {
                    "t_ms": self._world.now_ms,
                    "paused": pace.paused,
                    "speed": pace.speed,
                    "real_speed": round(pace.real_speed, 1),
                    "ease": self._ease,
                    "shown_s": shown_s(pace.speed),
                    "wave": self._wave.hand_over(),
                    "news": news,
                    **self._world.picture(),
                }
            }
        )

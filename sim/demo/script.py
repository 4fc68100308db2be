"""What happens in the demo, act by act, and what must be seen of each.

    1. A tap in 204               → check-in, on Ana's phone
    2. Another tap                → the same alert is urgent
    3. Ana is on her way          → the light in 204 says so; then it is over, and goes out
    4. Nobody breathes in 207     → the sensor asks; no answer → urgent
    5. Ana is on her way          → the light in 207 says so; then it is over

Nobody's counts are guessed: what the devices sent is compared with what the gateway keeps.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sim.demo.person import BREATHING_S, PersonAtTheRadar
from sim.demo.stage import BUTTON, SENSOR, Cast, Stage, StageError
from sim.demo.timeline import Moment, NotSeen, Timeline
from sim.responder import PageError, Responder

# Generous: a Raspberry Pi that starts everything at once takes its time.
UP_WITHIN_S = 60.0
HAND_OVER_WITHIN_S = 45.0
# A gateway that has heard a device for 5 s knows what its clock says, and so when a tap was.
CLOCKS_AGREE_S = 6.0
# 20 s without breath, and as much again for a noisy radar.
PROMPT_WITHIN_S = 60.0
CALL_WITHIN_S = 40.0
ANA = "ana"


@dataclass
class Findings:
    """What was checked, in order: (what, whether it held, why not); and the latencies, in ms."""

    checks: list[tuple[str, bool, str]] = field(default_factory=list)
    latencies_ms: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(held for _, held, _ in self.checks)

    def check(self, what: str, held: bool, why: str = "") -> None:
        self.checks.append((what, held, "" if held else why))

    def took(self, what: str, since: Moment, until: Moment) -> None:
        self.latencies_ms[what] = round(until.t_ms - since.t_ms, 1)


class Script:
    """Plays the acts on a stage. answer_after_s: how long Ana leaves the page to a viewer before
    she answers herself; 0: at once."""

    def __init__(self, stage: Stage, timeline: Timeline, *, answer_after_s: float = 0.0) -> None:
        self._stage = stage
        self._timeline = timeline
        self._answer_after_s = answer_after_s
        self.findings = Findings()
        self.person = PersonAtTheRadar(stage.boards[SENSOR.device])

    async def play(self, when_up: Callable[[], Awaitable[object]] | None = None) -> Findings:
        """All acts, and *when_up* before the first. What was not seen in time ends it and is a
        check that did not hold. Raises StageError where it cannot begin: not all is up in time."""
        breathing = asyncio.create_task(self.person.run())
        try:
            try:
                await self.until_up()
            except NotSeen as trouble:
                raise StageError(
                    f"The demo did not come up ({trouble}); if this machine is busy, end what else "
                    f"runs, then start the demo again; what there is of it is in "
                    f"{self._stage.folder}."
                ) from None
            if when_up is not None:
                await when_up()
            await self._a_tap_and_another()
            await self._nobody_breathes()
        except (NotSeen, PageError) as trouble:
            self.findings.check("the script came to its end", False, str(trouble))
        else:
            self.findings.check("the script came to its end", True)
        finally:
            breathing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await breathing
        return self.findings

    async def until_up(self) -> None:
        """Returns when the gateway is ready and both devices are connected. Raises NotSeen."""
        await self._seen("the gateway is ready", "gateway", "ready", within_s=UP_WITHIN_S)
        for cast in (BUTTON, SENSOR):
            await self._seen(
                f"the {cast.board} is connected", cast.device, "connected", within_s=UP_WITHIN_S
            )

    async def _a_tap_and_another(self) -> None:
        await asyncio.sleep(CLOCKS_AGREE_S)
        tap = self._timeline.act("person", "taps", unit=BUTTON.unit)
        await self._stage.boards[BUTTON.device].press()
        first_light = await self._light(BUTTON, "sending", tap)
        committed = await self._committed("press", BUTTON, tap)
        await self._light(BUTTON, "delivered", tap)
        accepted = await self._accepted(committed)
        shown = await self._message(BUTTON, "Check in", tap)
        self._hand_overs("tap", tap, first_light, committed, accepted, shown)

        again = self._timeline.act("person", "taps_again", unit=BUTTON.unit)
        await self._stage.boards[BUTTON.device].press()
        committed = await self._committed("press", BUTTON, again)
        accepted = await self._accepted(committed)
        shown = await self._message(BUTTON, "Urgent", again)
        await self._answered(BUTTON, shown)

    async def _nobody_breathes(self) -> None:
        await asyncio.sleep(max(0.0, BREATHING_S - self._timeline.moments[-1].t_ms / 1000))
        onset = self._timeline.act("person", "stops_breathing", unit=SENSOR.unit)
        self.person.stop_breathing()
        asked = await self._light(SENSOR, "prompt", onset, within_s=PROMPT_WITHIN_S)
        self.findings.took("onset_to_prompt", onset, asked)
        called = await self._committed("stillness", SENSOR, asked, within_s=CALL_WITHIN_S)
        self.findings.took("prompt_to_call", asked, called)
        await self._accepted(called)
        shown = await self._message(SENSOR, "Urgent", called)
        await self._light(SENSOR, "delivered", asked)
        await self._answered(SENSOR, shown)

    async def _answered(self, cast: Cast, message: Moment) -> None:
        """Somebody goes and sees: the viewer on the page, or, after a while, Ana."""
        going = await self._viewer_makes_it(cast, "coming", message)
        if going is None:
            going = self._timeline.act("person", "ana_is_on_her_way", unit=cast.unit)
            async with Responder(self._link(cast)) as ana:
                await ana.on_my_way()
        coming = await self._light(cast, "coming", message)
        self.findings.took(f"answer_to_light_{cast.board}", going, coming)
        if cast is SENSOR:
            self.person.revive()
        if await self._viewer_makes_it(cast, "none", coming) is None:
            self._timeline.act("person", "it_is_over", unit=cast.unit)
            async with Responder(self._link(cast)) as ana:
                with contextlib.suppress(PageError):  # the viewer may have arrived already
                    await ana.arrived()
                await ana.done("fine")
        await self._light(cast, "none", coming)

    async def _viewer_makes_it(self, cast: Cast, state: str, since: Moment) -> Moment | None:
        """The moment at which a viewer's answer makes the light of this unit say so; None where
        there is no viewer, or none that answers."""
        if not self._answer_after_s:
            return None
        with contextlib.suppress(NotSeen):
            return await self._timeline.until(
                "the viewer answers",
                lambda m: m.says("gateway", "light", unit=cast.unit, state=state),
                since=since,
                within_s=self._answer_after_s,
            )
        return None

    def _link(self, cast: Cast) -> str:
        """The link in the newest message about this unit."""
        for message in reversed(self._stage.phone.of(ANA)):
            if cast.unit in message.title and message.link:
                return message.link
        raise NotSeen(f"Ana has no link to {cast.unit}")

    # --- what must be seen ----------------------------------------------------------------------

    async def _seen(
        self,
        what: str,
        where: str,
        event: str,
        since: Moment | None = None,
        *,
        within_s: float = HAND_OVER_WITHIN_S,
        **data: str,
    ) -> Moment:
        found = await self._timeline.until(
            what, lambda m: m.says(where, event, **data), since=since, within_s=within_s
        )
        self.findings.check(what, True)
        return found

    async def _light(
        self, cast: Cast, state: str, since: Moment, *, within_s: float = HAND_OVER_WITHIN_S
    ) -> Moment:
        what = f"the light in {cast.unit} says {state}"
        return await self._seen(what, cast.device, "light", since, within_s=within_s, state=state)

    async def _committed(
        self, kind: str, cast: Cast, since: Moment, *, within_s: float = HAND_OVER_WITHIN_S
    ) -> Moment:
        what = f"the gateway has committed the {kind} of {cast.unit}"
        return await self._seen(
            what, "gateway", "committed", since, within_s=within_s, kind=kind, unit=cast.unit
        )

    async def _accepted(self, committed: Moment) -> Moment:
        """The backend has taken this event."""
        return await self._timeline.until(
            "the backend has accepted it",
            lambda m: m.says("backend", "accepted", event_id=committed.data["event_id"]),
            within_s=HAND_OVER_WITHIN_S,
        )

    async def _message(self, cast: Cast, urgency: str, since: Moment) -> Moment:
        what = f"Ana's phone shows {urgency.lower()} for {cast.unit}"
        found = await self._timeline.until(
            what,
            lambda m: (
                m.says("phone", "message", person=ANA)
                and str(m.data["says"]) == f"{urgency}: {cast.unit}"
            ),
            since=since,
            within_s=HAND_OVER_WITHIN_S,
        )
        self.findings.check(what, True)
        return found

    def _hand_overs(
        self,
        name: str,
        act: Moment,
        light: Moment,
        committed: Moment,
        accepted: Moment,
        shown: Moment,
    ) -> None:
        self.findings.took(f"{name}_to_first_light", act, light)
        self.findings.took(f"{name}_to_committed", act, committed)
        self.findings.took(f"{name}_committed_to_backend", committed, accepted)
        self.findings.took(f"{name}_to_phone", act, shown)

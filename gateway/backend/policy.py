"""What a programme has set up, as the backend uses it: people, plan, pages, residents' choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from gateway.backend.escalation import Plan
from gateway.secret_file import reveal
from gateway.settings import Settings

# Outcomes of our own, where a programme has written none: keys of the pages' catalogues.
OUTCOMES = (
    "fine",
    "wanted_company",
    "overdose_reversed",
    "ambulance",
    "nobody",
    "mistake",
    "other",
)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Person:
    """A responder, or somebody of the staff. channels: Apprise addresses; they hold secrets."""

    id: str
    name: str
    language: str
    channels: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """Read once at the start. staff: ids of those who mend things. plan: the programme's; a unit's
    own is plan_of(…)."""

    people: dict[str, Person]
    plan: Plan
    staff: tuple[str, ...] = ()
    ok_closes: frozenset[str] = frozenset()
    base_url: str = "http://127.0.0.1:8080"
    language: str = "en"
    time_zone: tzinfo | None = None
    link_lifetime: timedelta = timedelta(days=30)
    outcomes: tuple[str, ...] = ()
    site: str = ""

    def plan_of(self, first: Sequence[str], ambulance_min: int | None) -> Plan:
        """The plan of a unit that has answered so: who comes first, then the programme's steps;
        and an ambulance where it was asked for and somebody is set up to call one.

        first: ids; whoever is no longer known is passed over, and nobody is the programme's own.
        """
        known = tuple(one for one in dict.fromkeys(first) if one in self.people)
        steps = self.plan.steps
        if known:
            others = (tuple(one for one in step if one not in known) for step in steps)
            steps = (known, *(step for step in others if step))
        after = timedelta(minutes=ambulance_min) if ambulance_min and self.plan.ambulance else None
        return replace(self.plan, steps=steps, ambulance_after=after)

    def unreachable(self) -> list[Person]:
        """Those in the plan to whom there is no way at all."""
        planned = {person for step in self.plan.steps for person in step}
        return [self.people[one] for one in sorted(planned) if not self.people[one].channels]


def from_settings(settings: Settings) -> Policy:
    """The policy in a configuration file. Raises SettingsError where a secret cannot be read."""
    escalation = settings.escalation
    return Policy(
        people={
            one.id: Person(
                one.id,
                one.name,
                one.language,
                tuple(reveal(settings, address) for address in one.channels),
            )
            for one in settings.people
        },
        plan=Plan(
            steps=tuple(tuple(step.people) for step in escalation.steps),
            remind_every=timedelta(seconds=escalation.remind_every_s),
            next_step_after=timedelta(seconds=escalation.next_step_after_s),
            follow_up_after=timedelta(seconds=escalation.follow_up_after_s),
            still_open_after=timedelta(seconds=escalation.still_open_after_s),
            ambulance=tuple(escalation.ambulance),
        ),
        staff=tuple(escalation.staff),
        ok_closes=frozenset(one.unit for one in settings.units if one.ok_closes),
        base_url=settings.web.base_url,
        language=settings.web.language,
        time_zone=ZoneInfo(settings.web.time_zone) if settings.web.time_zone else None,
        link_lifetime=timedelta(days=settings.web.link_lifetime_days),
        outcomes=tuple(settings.web.outcomes),
        site=settings.gateway.site,
    )

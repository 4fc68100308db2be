"""The words of a notice: a unit, how urgent, how old, a link. Never a name of a resident, a
substance or a diagnosis: it lights up on a phone that others can see."""

from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from gateway.backend.catalogue import Catalogue
from gateway.backend.channels import Message
from gateway.backend.dispatch import Outgoing
from gateway.backend.happenings import ASKING, Kind, Reason
from gateway.backend.links import Links
from gateway.backend.policy import Policy

CATALOGUE = Catalogue(Path(__file__).parent / "languages")

# Younger than this is "just now" for whoever has to stand up.
_JUST_NOW = timedelta(seconds=60)
# An event may well take a minute; beyond, the way was down and that is said.
LATE_S = 90


def waited_s(at: datetime, occurred_at: datetime | None, age_s: float | None) -> float:
    """How long an event was on its way at the least: before the gateway, and in it.

    at: when the backend took it. age_s: how old it was when the gateway got it.
    """
    in_all = (at - occurred_at).total_seconds() if occurred_at else 0.0
    return max(age_s or 0.0, in_all)


def clock_time(at: datetime, now: datetime, time_zone: tzinfo | None) -> str:
    """ "14:07"; with the day where it is not today's."""
    local = at.astimezone(time_zone)
    same_day = local.date() == now.astimezone(time_zone).date()
    return local.strftime("%H:%M" if same_day else "%d.%m. %H:%M")


class Wording:
    """Puts a notice into the language of its reader."""

    def __init__(self, policy: Policy, links: Links) -> None:
        self._policy = policy
        self._links = links

    def message(self, notice: Outgoing, now: datetime) -> Message:
        """What this notice's person reads, as of *now*."""
        person = self._policy.people[notice.person]
        if notice.alert is None:
            return self._to_staff(notice, person.language, now)
        return self._about_alert(notice, person.language, now)

    def _about_alert(self, notice: Outgoing, language: str, now: datetime) -> Message:
        def say(key: str, **values: object) -> str:
            return CATALOGUE.say(language, key, **values)

        alert = notice.alert
        assert alert is not None  # noqa: S101  message() has looked
        reason = Reason(notice.reason)
        link = self._links.for_person(notice.person, alert.id)
        if reason is Reason.CLOSED:
            return Message(say("closed_title", unit=alert.unit), say("closed"), urgent=False)
        if reason is Reason.ATTENDED:
            names = ", ".join(
                self._policy.people[one].name
                for one in alert.attending
                if one in self._policy.people
            )
            lines = [say("attended", people=names), link]
            return Message(say("attended_title", unit=alert.unit), "\n".join(lines), urgent=False)
        lines = [] if reason is Reason.ASK else [say(reason.value)]
        if notice.call is not None:
            call = notice.call
            when = self._when(language, call.occurred_at, call.exact, now)
            lines.append(say(call.what, unit=alert.unit, when=when))
            if waited_s(call.at, call.occurred_at, call.age_s) > LATE_S:
                lines.append(say("late"))
        if alert.ok_at is not None:
            lines.append(say("ok_said"))
        urgent = alert.kind is Kind.URGENT or reason is Reason.AMBULANCE
        if reason not in (Reason.STILL_OPEN, Reason.AMBULANCE):
            lines.append(say("urgent" if urgent else "check_in"))
        lines.append(link)
        title = say("urgent_title" if urgent else "check_in_title", unit=alert.unit)
        return Message(title, "\n".join(lines), urgent=urgent and reason in ASKING)

    def _to_staff(self, notice: Outgoing, language: str, now: datetime) -> Message:
        details = dict(notice.details)
        if "since" in details:
            since = datetime.fromisoformat(details["since"])
            details["time"] = clock_time(since, now, self._policy.time_zone)
        if "units" in details:
            details["units"] = ", ".join(details["units"])
        if "troubles" in details:
            said = (CATALOGUE.say(language, f"trouble_{one}") for one in details["troubles"])
            details["troubles"] = "; ".join(said)
        text = CATALOGUE.say(language, notice.reason, **details)
        link = self._links.for_person(notice.person)
        return Message(CATALOGUE.say(language, "system_title"), f"{text}\n{link}", urgent=False)

    def _when(self, language: str, at: datetime, exact: bool, now: datetime) -> str:
        if not exact:
            time = clock_time(at, now, self._policy.time_zone)
            return CATALOGUE.say(language, "or_earlier", time=time)
        age = now - at
        if age < _JUST_NOW:
            return CATALOGUE.say(language, "just_now")
        minutes = int(age.total_seconds() // 60)
        if minutes < 60:
            return CATALOGUE.say(language, "minutes_ago", n=minutes)
        return CATALOGUE.say(language, "hours_ago", n=minutes // 60)

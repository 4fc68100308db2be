"""The words and times of the pages, in the reader's language and the house's time zone."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from starlette.requests import Request

from gateway.backend.catalogue import Catalogue
from gateway.backend.overview import AlertView, Line
from gateway.backend.policy import OUTCOMES, Policy
from gateway.backend.wording import LATE_S, clock_time, waited_s
from gateway.care.room import BY_RESIDENT
from gateway.care.view import Order
from gateway.orders import BY_COMMAND_LINE
from gateway.settings import LANGUAGES
from gateway.updates.acts import Row, Shown

CATALOGUE = Catalogue(Path(__file__).parent / "languages")
LANGUAGE_COOKIE = "language"

# What a device says of an update that it has been ordered to take.
_UPDATE_STEPS = frozenset({"waiting", "accepted", "fetching", "verified", "trying"})


def language_of(request: Request, default: str) -> str:
    """The one they chose; else the first of their browser's that we speak; else *default*."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(request.headers.get("accept-language", "").split(",")[:20]):
        tag, _, quality = part.partition(";q=")
        language = tag.strip().split("-")[0].lower()
        if language in LANGUAGES:
            wanted.append((-_quality(quality), place, language))
    return min(wanted)[2] if wanted else default


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


class Words:
    """One reader's language, at one moment. Templates call its methods."""

    def __init__(self, language: str, policy: Policy, now: datetime) -> None:
        self.language = language
        self._policy = policy
        self.now = now

    def say(self, key: str, **values: object) -> str:
        return CATALOGUE.say(self.language, key, **values)

    def time(self, at: datetime) -> str:
        """ "14:07"; with the day where it is not today's."""
        return clock_time(at, self.now, self._policy.time_zone)

    def iso(self, at: datetime) -> str:
        return at.astimezone(self._policy.time_zone).isoformat(timespec="seconds")

    def ago(self, at: datetime) -> str:
        """ "just now", "3 min ago", "2 h ago"."""
        age = max(timedelta(), self.now - at)
        minutes = int(age.total_seconds() // 60)
        if minutes < 1:
            return self.say("just_now")
        if minutes < 60:
            return self.say("minutes_ago", n=minutes)
        if minutes < 48 * 60:
            return self.say("hours_ago", n=minutes // 60)
        return self.say("days_ago", n=minutes // 1440)

    def when(self, line: Line) -> str:
        """When it happened in the room, as well as we know."""
        return self.moment(line.occurred_at or line.at, exact=line.exact)

    def moment(self, at: datetime, *, exact: bool) -> str:
        """ "14:07"; and "or earlier" where no more is known."""
        return self.time(at) if exact else self.say("or_earlier", time=self.time(at))

    def call(self, view: AlertView, line: Line) -> str:
        """What the room has called by, one of view.calls, and when: "Button pressed once, 14:07".

        Nobody counts taps: of a series a device tells that there were two, as soon as there are.
        """
        if line.what == "press" and view.presses > 1 and not line.details.get("held"):
            # A press that woke its device is told at once, and again once it is held: one press.
            return f"{self.say('pressed_more')}, {self.say('last_at', time=self.when(line))}"
        return f"{self.event(line)}, {self.when(line)}"

    def late(self, line: Line) -> str:
        """ "" for what came at once; else how late, and why."""
        waited = waited_s(line.at, line.occurred_at, line.age_s)
        if waited <= LATE_S:
            return ""
        minutes = int(waited // 60)
        key = "late_minutes" if minutes < 60 else "late_hours"
        return self.say(key, n=minutes if minutes < 60 else minutes // 60)

    def names(self, people: tuple[str, ...]) -> str:
        known = [self.name(one) for one in people]
        return (
            ", ".join(known[:-1]) + self.say("and") + known[-1]
            if len(known) > 1
            else "".join(known)
        )

    def battery(self, millivolts: int) -> str:
        """Its voltage, with the decimal mark of the language."""
        volts = f"{millivolts / 1000:.1f}".replace(".", self.say("decimal_mark"))
        return self.say("battery", volts=volts)

    def name(self, person: str) -> str:
        if person == BY_RESIDENT:
            return self.say("by_resident")
        if person.endswith(BY_COMMAND_LINE):
            return self.say("by_command_line", user=person.removesuffix(BY_COMMAND_LINE))
        known = self._policy.people.get(person)
        return known.name if known else person

    def event(self, line: Line) -> str:
        """What a device or a person has said, in a few words."""
        if line.person is not None:
            return self.say(f"did_{line.what}", person=self.name(line.person))
        if line.what == "press":
            if line.details.get("held"):
                return self.say("pressed_held")
            taps = line.details.get("taps", 1)
            many = isinstance(taps, int) and taps >= 2
            return self.say("pressed_more" if many else "pressed")
        if line.what == "stillness":
            cause = self.say(f"cause_{line.details.get('cause', 'unknown')}")
            return self.say("worried_because", cause=cause)
        if line.what == "prompt":
            return self.say(f"prompt_{line.details.get('state', 'asked')}")
        return self.say(f"event_{line.what}")

    def order(self, order: Order) -> str:
        """What was ordered of a device, in a few words."""
        if order.kind == "act":
            return self.say(f"act_{order.details.get('what', '')}")
        if order.kind != "set":
            return self.say(f"act_{order.kind}")
        if not order.details:
            return self.say("ask_settings")
        return ", ".join(
            f"{self.say(f'setting_{name}')} {self._value(value)}"
            for name, value in order.details.items()
        )

    def update_row(self, row: Row) -> str:
        """How a device stands in an update, in a few words."""
        key = f"update_state_{row.state}"
        if row.state == "ordered" and row.step in _UPDATE_STEPS:
            key = f"update_step_{row.step}"
        text = self.say(key)
        if row.fetched and row.state == "ordered":
            text += f" ({row.fetched // 1024} KB)"
        return f"{text}: {self._update_why(row.why)}" if row.why else text

    def update_reason(self, update: Shown) -> str:
        """Why an update was stopped: by which device, or by whom."""
        for row in update.rows:
            if update.why.startswith(row.device):
                return f"{row.unit}: {self.update_row(row)}"
        return self._update_why(update.why)

    def _update_why(self, why: str) -> str:
        """In the reader's language where it is one of a few; a device's own words, where not."""
        kind, _, fault = why.partition(" ")
        if kind == "fault" and f"fault_{fault}" in CATALOGUE.texts["en"]:
            return self.say(f"fault_{fault}")
        key = "update_why_" + re.sub(r"[^a-z]+", "_", why.lower()).strip("_")
        if key not in CATALOGUE.texts["en"]:
            return why
        # What is measured is said first, and what it was before last.
        numbers = re.findall(r"[0-9]+", why) or [""]
        return self.say(key, now=numbers[0], before=numbers[-1])

    def _value(self, value: int | str) -> str:
        return str(value) if isinstance(value, int) else self.say(f"mode_{value}")

    def outcome(self, outcome: str) -> str:
        """One of outcomes(), in words."""
        return self.say(f"outcome_{outcome}") if outcome in OUTCOMES else outcome

    def outcomes(self, own: tuple[str, ...], ours: tuple[str, ...]) -> list[tuple[str, str]]:
        """(value, text) to choose from: the programme's own, or ours in this language."""
        if own:
            return [(text, text) for text in own]
        return [(key, self.say(f"outcome_{key}")) for key in ours]

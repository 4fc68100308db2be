"""Whether what was expected was seen, and what was seen instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.scenario.duration import clock, words
from sim.scenario.record import Record
from sim.scenario.sightings import LightAtTheEnd, NothingLost, Sighting

# A heartbeat that was under way when the world ended is no loss.
NOT_COUNTED = ("heartbeat",)
# An event of the last seconds has not had the time to come through.
UNDER_WAY_MS = 5_000


@dataclass(frozen=True)
class Verdict:
    """met; wanted and seen: in words; at_ms: when it was decided, None where by absence."""

    met: bool
    wanted: str
    seen: str
    at_ms: int | None = None
    line: int = 0
    known_limit: str = ""

    @property
    def stands(self) -> bool:
        """Whether the run may pass with it: it is met, or known not to be yet."""
        return self.met or bool(self.known_limit)

    def as_json(self) -> dict[str, object]:
        return {
            "met": self.met,
            "wanted": self.wanted,
            "seen": self.seen,
            "at_ms": self.at_ms,
            "line": self.line,
            "known_limit": self.known_limit,
        }


def judge(
    wanted: Sighting,
    records: Sequence[Record],
    moments: Mapping[str, int],
    end_ms: int,
    line: int = 0,
) -> Verdict:
    """The verdict over a run that has ended at *end_ms*.

    moments: the first time of each name that `of` and `before` may refer to, where it came.
    """
    words_of = in_words(wanted)

    def verdict(met: bool, seen: str, at_ms: int | None = None) -> Verdict:
        return Verdict(met, words_of, seen, at_ms, line, wanted.known_limit or "")

    if wanted.of is not None and wanted.of not in moments:
        return verdict(False, f"{wanted.of} never came")
    since = moments.get(wanted.of or "", 0)
    if isinstance(wanted, NothingLost):
        return verdict(*_nothing_lost(wanted, records, since, end_ms))
    if isinstance(wanted, LightAtTheEnd):
        return verdict(*_light(wanted, records))
    until = end_ms if wanted.within is None else since + wanted.within
    if wanted.before is not None:
        until = min(until, moments.get(wanted.before, end_ms))
    fitting = [record for record in records if record.t_ms >= since and wanted.fits(record)]
    found = [record for record in fitting if record.t_ms <= until]
    return verdict(*_found(wanted, found, fitting, since, records))


def _found(
    wanted: Sighting,
    found: list[Record],
    fitting: list[Record],
    since: int,
    records: Sequence[Record],
) -> tuple[bool, str, int | None]:
    first = found[0] if found else None
    if wanted.never:
        if first is None:
            return True, "never", None
        return False, f"{_how_often(found)}, first {_when(first, since)}", first.t_ms
    if first is None:
        if wanted.at_most is not None:
            return True, "never", None
        if fitting:
            return False, f"too late: {_when(fitting[0], since)}", fitting[0].t_ms
        return False, _instead(wanted, records, since), None
    if wanted.no_sooner_than is not None and first.t_ms < since + wanted.no_sooner_than:
        return False, f"too soon: {_when(first, since)}", first.t_ms
    if wanted.times is not None and len(found) != wanted.times:
        return False, f"{_how_often(found)}, last {_when(found[-1], since)}", found[-1].t_ms
    if wanted.at_most is not None and len(found) > wanted.at_most:
        return False, f"{_how_often(found)}, last {_when(found[-1], since)}", found[-1].t_ms
    often = f"{_how_often(found)}, first " if wanted.times or wanted.at_most else ""
    return True, often + _when(first, since), first.t_ms


def _when(record: Record, since: int) -> str:
    at = f"at {clock(record.t_ms).strip()}"
    return f"{at}, {words(record.t_ms - since)} after" if since else at


def _how_often(found: Sequence[Record]) -> str:
    return "once" if len(found) == 1 else f"{len(found)} times"


def _instead(wanted: Sighting, records: Sequence[Record], since: int) -> str:
    """The nearest thing that was seen: the same kind of word, saying something else."""
    plain = type(wanted).model_construct(that=wanted.that)
    for name in type(wanted).model_fields:
        if name == "text":
            object.__setattr__(plain, name, "")
        elif name not in ("that", "never"):
            object.__setattr__(plain, name, None)
    other = [record for record in records if record.t_ms >= since and _alike(plain, wanted, record)]
    if not other:
        return "not seen"
    return (
        "not seen; instead: "
        + "; ".join(brief(record) for record in other[:3])
        + (f" and {len(other) - 3} more" if len(other) > 3 else "")
    )


def _alike(plain: Sighting, wanted: Sighting, record: Record) -> bool:
    near = wanted.unit is None or record.unit == wanted.unit
    if wanted.event in ("light", "log"):
        # Any light of the same room; nobody wants to read the whole console.
        return near and record.event == "light" == wanted.event
    return near and plain.fits(record)


def brief(record: Record) -> str:
    """One record in one line: "0:00:31.2 button: light coming"."""
    said = ", ".join(f"{value}" for value in record.data.values() if value not in ("", None))
    event = record.event.replace("_", " ")
    return f"{clock(record.t_ms).strip()} {record.device}: {event}" + (f" {said}" if said else "")


def _nothing_lost(
    wanted: Sighting, records: Sequence[Record], since: int, end_ms: int
) -> tuple[bool, str, int | None]:
    made: dict[tuple[str, str], Record] = {}
    taken: dict[tuple[str, str], int] = {}
    for record in records:
        name = str(record.data.get("id", ""))
        if record.event == "made" and record.data.get("kind") not in NOT_COUNTED:
            fits = (wanted.unit in (None, record.unit)) and wanted.board in (None, record.device)
            if fits and since <= record.t_ms <= end_ms - UNDER_WAY_MS:
                made[(record.device, name)] = record
        elif record.event == "committed":
            key = (str(record.data.get("board", "")), name)
            taken[key] = taken.get(key, 0) + 1
    lost = [record for key, record in made.items() if key not in taken]
    twice = [record for key, record in made.items() if taken.get(key, 0) > 1]
    if lost:
        return False, f"lost: {', '.join(brief(record) for record in lost[:3])}", lost[0].t_ms
    if twice:
        return False, f"twice: {', '.join(brief(record) for record in twice[:3])}", twice[0].t_ms
    return True, f"{len(made)} made, each received once", None


def _light(wanted: LightAtTheEnd, records: Sequence[Record]) -> tuple[bool, str, int | None]:
    last: dict[str, Record] = {}
    for record in records:
        fits = (wanted.unit in (None, record.unit)) and wanted.board in (None, record.device)
        if record.event == "light" and fits:
            last[record.device] = record
    wrong = [record for record in last.values() if record.data.get("state") != wanted.state]
    if wrong:
        return False, brief(wrong[0]), wrong[0].t_ms
    if not last and wanted.state != "none":
        return False, "no light was ever lit", None
    return True, wanted.state, None


def in_words(wanted: Sighting) -> str:
    """The expectation in words: "called, unit 207, within 45 s of onset"."""
    parts = [wanted.of_words()]
    if wanted.never:
        parts.append("never")
    if wanted.times is not None:
        parts.append("exactly once" if wanted.times == 1 else f"exactly {wanted.times} times")
    if wanted.at_most is not None:
        parts.append(f"at most {wanted.at_most} times")
    of = f" of {wanted.of}" if wanted.of else ""
    if wanted.within is not None:
        parts.append(f"within {words(wanted.within)}{of}")
    elif wanted.of:
        parts.append(f"after {wanted.of}")
    if wanted.no_sooner_than is not None:
        parts.append(f"no sooner than {words(wanted.no_sooner_than)}{of}")
    if wanted.before is not None:
        parts.append(f"before {wanted.before}")
    return ", ".join(parts)

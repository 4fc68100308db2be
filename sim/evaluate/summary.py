"""The results by kind and by family, and which of the targets were missed. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from sim.evaluate.days import HOURS_A_DAY
from sim.evaluate.kind import Kind
from sim.evaluate.kinds import BY_NAME
from sim.evaluate.nights import nights
from sim.evaluate.play import DOORKNOCK, Result
from sim.evaluate.statistics import quantile, rate_at_most, share
from sim.evaluate.truth import Must


@dataclass
class Tally:
    """All cases of one kind, or of one family, as one system saw them. Times in s."""

    name: str
    system: str
    source: str
    must: str
    n: int = 0
    ok: int = 0
    ok_low: float = 0.0
    ok_high: float = 1.0
    prompts: int = 0
    calls: int = 0
    false_prompts: int = 0
    false_calls: int = 0
    hours: float = 0.0
    home_hours: float = 0.0
    visits: int = 0
    ask_s_median: float | None = None
    ask_s_p95: float | None = None
    call_s_median: float | None = None
    call_s_p95: float | None = None
    causes: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """One of the targets. measured and needed as words; met: by the point estimate."""

    what: str
    needed: str
    measured: str
    met: bool


def tally(name: str, system: str, results: list[Result]) -> Tally:
    """The results of one kind or family in one line."""
    first = results[0]
    made = Tally(name, system, BY_NAME[first.task.kind].source, first.must)
    for result in results:
        score = result.score
        made.n += 1
        made.ok += score.ok
        made.prompts += score.prompts
        made.calls += score.calls
        made.false_prompts += score.false_prompts
        made.false_calls += score.false_calls
        made.hours += result.duration_s / 3600
        made.home_hours += result.home_hours
        made.visits += result.visits
        for cause in score.causes:
            made.causes[cause] = made.causes.get(cause, 0) + 1
        for fault in set(score.faults):
            made.faults[fault] = made.faults.get(fault, 0) + 1
    made.ok_low, made.ok_high = share(made.ok, made.n)
    asked = [r.score.ask_s for r in results if r.score.ask_s is not None]
    called = [r.score.call_s for r in results if r.score.call_s is not None]
    made.ask_s_median, made.ask_s_p95 = quantile(asked, 0.5), quantile(asked, 0.95)
    made.call_s_median, made.call_s_p95 = quantile(called, 0.5), quantile(called, 0.95)
    return made


def by_kind(results: Iterable[Result], system: str = DOORKNOCK) -> list[Tally]:
    """One line a kind, in the order in which they come."""
    kinds: dict[str, list[Result]] = {}
    for result in results:
        if result.system == system:
            kinds.setdefault(result.task.kind, []).append(result)
    return [tally(name, system, of_kind) for name, of_kind in kinds.items()]


def by_source(results: Iterable[Result], system: str = DOORKNOCK) -> dict[str, list[Tally]]:
    """One line a kind, under where its input comes from."""
    sources: dict[str, list[Tally]] = {}
    for line in by_kind(results, system):
        sources.setdefault(line.source, []).append(line)
    return sources


# (family, what is promised, share of cases in which it must hold)
_SHARES = (
    ("apnoea", "apnoea that lasts: asked within 30 s, called within 45 s", 0.98),
    ("repeated", "apnoeas that keep coming back: called before the fourth is over", 0.95),
    ("slow", "slow breathing (5 a minute and fewer): asked within 90 s", 0.95),
    ("weak", "weak breathing (20 % of own and less): asked within 90 s", 0.95),
    ("peace", "nothing is wrong: no call", 0.99),
    ("fault", "a radar that cannot be relied on is reported within 30 s", 1.0),
    ("presence still", "presence tier: called at the set time, 5 s either way", 1.0),
    ("presence peace", "presence tier: empty, visited, moving: no call", 1.0),
)
# The issue's: false calls at most so often.
_A_HUNDRED_DAYS = 1.0
_A_THOUSAND_VISITS = 1.0


def families(results: Iterable[Result], system: str = DOORKNOCK) -> dict[str, list[Result]]:
    """The results of one system by family."""
    made: dict[str, list[Result]] = {}
    for result in results:
        if result.system == system:
            kind: Kind = BY_NAME[result.task.kind]
            made.setdefault(kind.family, []).append(result)
    return made


def targets(results: Iterable[Result], system: str = DOORKNOCK) -> list[Target]:
    """Every target that these results say something about."""
    results = list(results)
    of = families(results, system)
    made = []
    broken = [r.score.broken for r in results if r.system == system and r.score.broken]
    if broken:
        made.append(Target("the firmware comes to the end of every case", "all", broken[0], False))
    for family, what, needed in _SHARES:
        if family in of:
            ok, n = sum(r.score.ok for r in of[family]), len(of[family])
            low, high = share(ok, n)
            made.append(
                Target(
                    what,
                    "all" if needed == 1 else f"≥ {needed:.0%}",
                    f"{ok} of {n} = {ok / n:.1%} (95 %: {low:.1%} … {high:.1%})",
                    ok / n >= needed,
                )
            )
    for family, what, each, most in (
        ("home", "at home", 100 * HOURS_A_DAY, _A_HUNDRED_DAYS),
        ("washroom", "in a washroom", 1000.0, _A_THOUSAND_VISITS),
    ):
        if family in of:
            made.append(_rate(of[family], what, each, most, family))
    return made


def _rate(results: list[Result], what: str, each: float, most: float, family: str) -> Target:
    calls = sum(r.score.false_calls for r in results)
    if family == "home":
        exposure = sum(r.home_hours for r in results)
        unit, span = "100 days", f"{exposure:.0f} h = {exposure / HOURS_A_DAY:.1f} days"
    else:
        exposure = float(sum(r.visits for r in results))
        unit, span = "1,000 visits", f"{exposure:.0f} visits"
    rate = calls / exposure * each
    bound = rate_at_most(calls, exposure) * each
    return Target(
        f"false calls {what}",
        f"≤ {most:g} in {unit}",
        f"{calls} in {span} = {rate:.1f} in {unit}; up to {bound:.1f} cannot be ruled out (95 %)",
        rate <= most,
    )


def caveat(results: Iterable[Result]) -> str:
    """In words: how little no false call proves."""
    counted = [r for r in results if r.system == DOORKNOCK and r.must == Must.REST.value]
    hours = sum(r.duration_s for r in counted) / 3600
    calls = sum(r.score.false_calls for r in counted)
    if not hours:
        return (
            "Nothing was played in which nobody should be called: of false calls nothing is known."
        )
    bound = rate_at_most(calls, hours)
    return (
        f"{calls} false calls in {hours:.1f} h of simulated and recorded life: up to "
        f"{bound * 24:.2f} a day of 24 h cannot be ruled out (95 %), and only for people and rooms "
        "like these. Simulated people are not people: they say that the sensor holds to what is "
        "written about breathing, not that it will in a room nobody has modelled."
    )


@dataclass(frozen=True)
class Beside:
    """Another system on some family's cases, and the firmware as it is on the very same cases.

    called: how many were called for at all, however late. extra_calls, own_calls: false ones.
    """

    system: str
    family: str
    n: int
    ok: int
    own_ok: int
    called: int
    false_calls: int
    own_false_calls: int


def beside(results: Iterable[Result]) -> list[Beside]:
    """Every other system, family by family, against the firmware on the same cases."""
    results = list(results)
    own = {r.task: r for r in results if r.system == DOORKNOCK}
    systems = dict.fromkeys(r.system for r in results if r.system != DOORKNOCK)
    made = []
    for system in systems:
        for family, theirs in families(results, system).items():
            ours = [own[r.task] for r in theirs]
            made.append(
                Beside(
                    system,
                    family,
                    len(theirs),
                    sum(r.score.ok for r in theirs),
                    sum(r.score.ok for r in ours),
                    sum(r.score.call_s is not None for r in theirs),
                    sum(r.score.false_calls for r in theirs),
                    sum(r.score.false_calls for r in ours),
                )
            )
    return made


def as_json(results: list[Result], more: dict[str, object]) -> dict[str, object]:
    """The last line of --json."""
    systems = dict.fromkeys(result.system for result in results)
    return {
        "summary": {
            **more,
            "kinds": [
                {
                    name: round(value, 4) if isinstance(value, float) else value
                    for name, value in asdict(line).items()
                }
                for system in systems
                for line in by_kind(results, system)
            ],
            "nights": [asdict(line) for line in nights(results)],
            "beside": [asdict(line) for line in beside(results)],
            "targets": [asdict(target) for target in targets(results)],
            "targets_met": all(target.met for target in targets(results)),
            "caveat": caveat(results),
        }
    }

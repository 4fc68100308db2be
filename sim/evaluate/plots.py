"""A case that went wrong, drawn: waveform, state, decision. Needs matplotlib (extra `evaluate`)."""

import base64
import io
import math
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.evaluate.kind import Case
from sim.people.body import MM_A_RAD

mpl.rcParams.update({"font.size": 8, "font.family": "sans-serif", "svg.fonttype": "none"})

# Around what went wrong, s.
_BEFORE_S, _AFTER_S = 90.0, 150.0
# The states, from nothing known to the worst, and their colours (told apart in grey as well).
_STATES = {
    "unknown": "#d9d9d9",
    "unseen": "#bdbdbd",
    "empty": "#f0f0f0",
    "moving": "#9ecae1",
    "breathing": "#a1d99b",
    "slow": "#fdd049",
    "weak": "#fdae6b",
    "still": "#de5a4a",
}
_DECISIONS = {
    ("prompt", "asked"): ("asks", "#b35900"),
    ("prompt", "withdrawn"): ("withdraws", "#3a7d34"),
    ("prompt", "answered"): ("answered", "#3a7d34"),
    ("stillness", None): ("calls", "#a50f15"),
    ("stirring", None): ("stirring", "#2b6ca3"),
    ("left", None): ("left", "#555555"),
    ("watch", "started"): ("watch begins", "#555555"),
    ("watch", "ended"): ("watch ends", "#555555"),
    ("fault", "raised"): ("fault", "#6a3d9a"),
    ("fault", "cleared"): ("fault over", "#6a3d9a"),
}


def as_png(case: Case, events: list[dict[str, Any]], centre_ms: int) -> str:
    """The case around this moment, as the text of a PNG's data URL."""
    length_s = case.trace.length_ms / 1000
    low = max(0.0, centre_ms / 1000 - _BEFORE_S)
    high = min(length_s, centre_ms / 1000 + _AFTER_S)
    figure = Figure(figsize=(9, 3.4), dpi=110, layout="constrained")
    wave, state, decision = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [6, 1, 2]}
    )
    if case.trace.tier == "breathing":
        _waveform(wave, case, low, high)
    else:
        _energies(wave, case, low, high)
    _state(state, events, low, high)
    _decision(decision, events, low, high)
    if case.truth.onset_ms is not None:
        for axes in (wave, state, decision):
            axes.axvline(case.truth.onset_ms / 1000, color="black", lw=1, ls="--")
        if low <= case.truth.onset_ms / 1000 <= high:
            wave.annotate(
                " onset",
                (case.truth.onset_ms / 1000, 1),
                xycoords=("data", "axes fraction"),
                va="top",
                fontsize=8,
            )
    wave.set_xlim(low, high)
    decision.set_xlabel("s since the first sample")
    for axes in (wave, state, decision):
        axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()


def displacement(case: Case) -> tuple[list[float], list[float], list[tuple[float, float]]]:
    """(s, mm from one sample to the next turn-corrected, spans in which the gate is shut)."""
    times, moved, shut = [], [], []
    start, before, total, since = case.trace.rows[0][0], None, 0.0, None
    for row in case.trace.rows:
        at = (row[0] - start) / 1000
        if not row[4] or not row[1]:
            since = at if since is None else since
            before = None
            times.append(at)
            moved.append(math.nan)
            continue
        if since is not None:
            shut.append((since, at))
            since = None
        if before is not None:
            total += math.remainder((row[1] - before) / 1000, math.tau) * MM_A_RAD
        before = row[1]
        times.append(at)
        moved.append(total)
    if since is not None:
        shut.append((since, times[-1]))
    return times, moved, shut


def _waveform(axes: Axes, case: Case, low: float, high: float) -> None:
    times, moved, shut = displacement(case)
    here = [(t, mm) for t, mm in zip(times, moved, strict=True) if low <= t <= high]
    known = sorted(mm for _, mm in here if not math.isnan(mm))
    middle = known[len(known) // 2] if known else 0.0
    axes.plot([t for t, _ in here], [mm - middle for _, mm in here], lw=0.8, color="#1f4e79")
    for since, until in shut:
        axes.axvspan(since, until, color="#eeeeee", zorder=0)
    if known:
        # The middle nine tenths and some: one walk must not make a line of every breath.
        spread = max(known[len(known) * 19 // 20] - known[len(known) // 20], 0.3)
        axes.set_ylim(-1.5 * spread, 1.5 * spread)
    axes.set_ylabel("chest, mm")


def _energies(axes: Axes, case: Case, low: float, high: float) -> None:
    start = case.trace.rows[0][0]
    rows = [row for row in case.trace.rows if low <= (row[0] - start) / 1000 <= high]
    times = [(row[0] - start) / 1000 for row in rows]
    axes.plot(times, [max(row[8:15]) for row in rows], lw=0.8, color="#1f4e79", label="moving")
    axes.plot(times, [max(row[17:24]) for row in rows], lw=0.8, color="#b35900", label="still")
    axes.set_ylabel("largest energy")
    axes.legend(loc="upper right", frameon=False, ncols=2)


def _state(axes: Axes, events: list[dict[str, Any]], low: float, high: float) -> None:
    rooms = [(line["t_ms"] / 1000, line["room"]) for line in events if line["event"] == "room"]
    # A firmware whose thoughts cannot be told (see page.py) has no rooms to draw.
    for (at, room), (end, _) in pairwise([*rooms, (high, "")]):
        if end < low or at > high:
            continue
        axes.axvspan(at, end, color=_STATES.get(room, "#ffffff"))
        shown = min(end, high) - max(at, low)
        if shown > (high - low) / 25:
            middle = (min(end, high) + max(at, low)) / 2
            axes.text(middle, 0.5, room, ha="center", va="center", fontsize=7)
    axes.set_yticks([])
    axes.set_ylabel("state", rotation=0, ha="right", va="center")


def _decision(axes: Axes, events: list[dict[str, Any]], low: float, high: float) -> None:
    shown = 0
    for line in events:
        look = _DECISIONS.get((line["event"], line.get("state")))
        at = line["t_ms"] / 1000
        if look is None or not low <= at <= high:
            continue
        words, colour = look
        more = line.get("cause") or line.get("what") or ""
        axes.axvline(at, color=colour, lw=1.2)
        axes.text(
            at,
            0.82 - 0.3 * (shown % 3),
            f" {words} {more.replace('_', ' ')}".rstrip(),
            color=colour,
            va="center",
            fontsize=7,
            clip_on=True,
        )
        shown += 1
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    axes.set_ylabel("decision", rotation=0, ha="right", va="center")

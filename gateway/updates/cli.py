"""`doorknock device update`: bring a release to devices, look at it, stop it, go on.

The gateway that runs does it; this only says what, and shows how it goes.
"""

import json
import sys
import time
from typing import Annotated, Any

import typer

from gateway.care import view
from gateway.care.cli import who
from gateway.errors import ReleaseError
from gateway.options import Config
from gateway.release.library import Library
from gateway.secret_file import make_data_directory
from gateway.settings import load
from gateway.store import open_store
from gateway.updates import stages
from gateway.updates.acts import Row, Shown, Updating

_LOOK_EVERY_S = 1.0
# A running gateway looks for it every two seconds.
_TAKEN_WITHIN_S = 10.0

STATES = {
    stages.QUEUED: "its turn has not come",
    stages.ORDERED: "ordered",
    stages.TRYING: "starts into it",
    stages.WATCHED: "runs it, and is watched for a while",
    stages.GOOD: "runs it, and does well",
    stages.ALREADY: "ran it before",
    stages.PASSED: "passed over",
    stages.LATE: "has not come round to it within a day",
    stages.WORSE: "does worse than before",
    stages.BACK: "went back to the earlier one",
    stages.FAILED: "did not take it",
    stages.SILENT: "is silent",
}
_STEPS = {
    "waiting": "has not answered yet",
    "accepted": "will fetch it as soon as that disturbs nobody",
    "fetching": "fetches it",
    "verified": "has it, and waits for a calm moment",
    "trying": "starts into it",
}


def update(
    config: Config,
    device: Annotated[
        list[str] | None, typer.Argument(help="Ids, as on labels, or units; or use --all.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every device in service.")] = False,
    release: Annotated[str, typer.Option("--release", help="Which, such as 0.2.0.")] = "",
    first: Annotated[
        str, typer.Option("--first", help="The device whose turn comes first, alone.")
    ] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Stop the update under way.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with it.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --resume: also with those it went wrong for.")
    ] = False,
    wait: Annotated[
        float | None,
        typer.Option(min=0, max=7 * 86400, help="Watch it for so many seconds; 0: do not."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object a line.")] = False,
) -> None:
    """Update devices over the air: one, ten, all. Without anything: how the newest one goes."""
    acts = _acts(config)
    begins = bool(device) or everybody
    if (device and everybody) or sum((begins, stop, resume)) > 1:
        raise typer.BadParameter("name devices, or --all, or --stop, or --resume")
    if begins != bool(release):
        raise typer.BadParameter("name the devices (or --all) and --release VERSION, both")
    if (first and not everybody) or (again and not resume):
        raise typer.BadParameter("--first goes with --all, and --again with --resume")
    if stop:
        acts.stop(who())
    elif resume:
        acts.resume(who(), again=again)
    elif begins:
        chosen = [view.find(acts.store, one).device for one in device or []]
        leader = view.find(acts.store, first).device if first else None
        acts.begin(release, None if everybody else chosen, who(), first=leader)
    shown = acts.newest()
    if shown is None:
        raise ReleaseError(
            "No update was ever begun here; begin one: doorknock device update --all --release "
            "VERSION."
        )
    follows = (begins or resume) and wait != 0
    ended = _follow(acts, shown, wait, as_json) if follows else _tell(shown, as_json)
    if not ended.well and not stop:
        raise typer.Exit(1)


def _acts(config: Any) -> Updating:
    settings = load(config)
    make_data_directory(settings.data)
    store = open_store(settings.gateway_database)
    return Updating(store, Library(settings.data), lambda: time.time_ns() // 1_000_000)


def _follow(acts: Updating, shown: Shown, most_s: float | None, as_json: bool) -> Shown:
    """Says each change until it is over, or for so long. Ctrl-C leaves it going on."""
    if not as_json:
        _say("It goes on by itself; Ctrl-C ends only this. Stop it: doorknock device update --stop")
    told: dict[str, tuple[str, str]] = {}
    begun = time.monotonic()
    warned = False
    while True:
        shown = acts.get(shown.id)
        for row in shown.rows:
            now = (row.state, row.step)
            if told.get(row.device) != now and (row.device in told or row.state != stages.QUEUED):
                told[row.device] = now
                typer.echo(json.dumps(row.as_json()) if as_json else line(row))
        passed_s = time.monotonic() - begun
        over = shown.state != stages.RUNNING and not shown.live
        if over or (most_s is not None and passed_s >= most_s):
            return _end(shown, as_json)
        untouched = all(one.state == stages.QUEUED for one in shown.rows)
        if untouched and passed_s >= _TAKEN_WITHIN_S and not warned:
            warned = True
            _say("No gateway has begun it yet: see that it runs, with this configuration.")
        time.sleep(_LOOK_EVERY_S)


def _tell(shown: Shown, as_json: bool) -> Shown:
    for row in shown.rows:
        typer.echo(json.dumps(row.as_json()) if as_json else line(row))
    return _end(shown, as_json)


def _end(shown: Shown, as_json: bool) -> Shown:
    if as_json:
        typer.echo(json.dumps({"summary": shown.as_json()}))
    else:
        typer.echo(sentence(shown))
    return shown


def line(row: Row) -> str:
    """How a device stands, for a person."""
    what = STATES.get(row.state, row.state)
    if row.state == stages.ORDERED:
        what = _STEPS.get(row.step, what)
        if row.fetched:
            what += f" ({row.fetched // 1024} KB)"
    why = f": {row.why}" if row.why else ""
    return f"{row.device}  {row.unit:<12}  {what}{why}"


def sentence(shown: Shown) -> str:
    """How an update stands, for a person."""
    counts = ", ".join(f"{many} {state}" for state, many in sorted(shown.counts.items()))
    if shown.state == stages.STOPPED:
        return (
            f"The update to {shown.version} is stopped ({shown.why}): {counts}. Go on: "
            "doorknock device update --resume"
        )
    if shown.state == stages.FINISHED:
        return f"The update to {shown.version} is over: {counts}."
    return (
        f"The update to {shown.version} is in stage {shown.stage + 1} of {shown.stages}: {counts}."
    )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")

"""`doorknock doctor`."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.options import Config


def doctor(
    config: Config,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say what is well with this gateway, what is not, and what to do. Changes nothing.

    Exit 0: nothing is wrong. 1: something is. 2: wrong use.
    """
    from gateway.doctor.examine import examine
    from gateway.doctor.finding import Mark

    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    marks: Counter[Mark] = Counter()
    for one in examine(config, now_ms):
        marks[one.mark] += 1
        if as_json:
            said = {"check": one.check, "mark": one.mark.value, "what": one.what, "do": one.do}
            typer.echo(json.dumps(said, ensure_ascii=False))
            continue
        typer.echo(f"{one.mark.sign} {one.check}: {one.what}")
        if one.do:
            typer.echo(f"  → {one.do}")
    if as_json:
        typer.echo(json.dumps({"summary": {mark.value: marks[mark] for mark in Mark}}))
    else:
        typer.echo(
            f"\n{marks[Mark.WELL]} well, {marks[Mark.LOOK]} to look at, {marks[Mark.WRONG]} wrong"
        )
    if marks[Mark.WRONG]:
        raise typer.Exit(1)

"""`doorknock flash`. Exit 0: every board is ready; 1: one is not; 2: wrong use."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.errors import GatewayError
from gateway.provision import boards
from gateway.provision.flash.esptool import Way
from gateway.provision.flash.job import Images, Recipe, blank, kept
from gateway.provision.flash.ports import candidates, chosen
from gateway.provision.flash.release import Releases
from gateway.provision.flash.several import Outcome, flash_all
from gateway.provision.flash.shown import Shown
from gateway.provision.flash.target import target_of

FAILED, WRONG_USE = 1, 2


def flash(
    board: Annotated[
        str | None, typer.Option(help="The board, as in docs/boards.md; found by itself if it can.")
    ] = None,
    port: Annotated[
        list[str] | None, typer.Option(help="The port it is on; may be given more than once.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every board that is plugged in.")] = False,
    image: Annotated[
        Path | None,
        typer.Option(help="The MicroPython image, or a folder with it, where there is no network."),
    ] = None,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="Let --image be another release than the known one.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last run was cut off.")
    ] = False,
    keep_settings: Annotated[
        bool,
        typer.Option("--keep-settings", help="Leave the board's settings and key as they are."),
    ] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="You hold BOOT: do not reset the board by its cable.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last the summary.")
    ] = False,
) -> None:
    """Put MicroPython and Doorknock onto boards, by cable. Can be run again at any time."""
    if port and every:
        raise typer.BadParameter("give --port or --all, not both")
    targets = [target_of(one) for one in boards.every()]
    if board is not None and board not in [one.id for one in targets]:
        known = ", ".join(one.id for one in targets)
        raise typer.BadParameter(f"there is no board {board!r}; there are {known}")
    recipe = Recipe(
        targets=targets,
        images=images(image, unpinned),
        board=board,
        settings=kept if keep_settings else blank,
        resume=resume,
        way=Way(by_hand=by_hand),
    )
    try:
        there = [] if port else candidates(vendors())
        ports = chosen(port or [], every, there)
    except GatewayError as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(FAILED) from None
    try:
        with Shown(ports, as_json=as_json) as shown:
            outcomes = asyncio.run(_until_ended(flash_all(ports, recipe, journals(), shown.tell)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("Ended before it was done; run this again with --resume.", err=True)
        raise typer.Exit(FAILED) from None
    _summary(outcomes, as_json, by_hand)
    if any(one.trouble for one in outcomes):
        raise typer.Exit(FAILED)


async def _until_ended(work: Coroutine[Any, Any, list[Outcome]]) -> list[Outcome]:
    """`work`, given up when this program is told to end: no esptool goes on alone, nothing stays.

    Ctrl-C is asyncio's own.
    """
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        with contextlib.suppress(NotImplementedError):  # Windows has no such thing
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def journals() -> Path:
    """Where it is kept how far each board is."""
    return _home("XDG_STATE_HOME", ".local/state") / "flash"


def cache() -> Path:
    """Where images that were fetched are kept."""
    return _home("XDG_CACHE_HOME", ".cache") / "micropython"


def _home(variable: str, otherwise: str) -> Path:
    """A folder of ours, as the XDG Base Directory Specification has it."""
    return Path(os.environ.get(variable) or Path.home() / otherwise) / "doorknock"


def images(file: Path | None, unpinned: bool) -> Images:
    """Where an image is got from: a file that somebody brought, or the published one."""
    releases = Releases(cache())
    if file is None:
        return lambda target: releases.of(target.release)
    return lambda target: releases.from_file(file, target.release, unpinned=unpinned)


def vendors() -> set[int]:
    """The USB vendors of the boards that we know."""
    return {int(usb[:4], 16) for one in boards.every() for usb in one.file.usb.ids}


def _summary(outcomes: list[Outcome], as_json: bool, by_hand: bool) -> None:
    ready = [one.flashed for one in outcomes if one.flashed]
    troubles = {one.port: str(one.trouble) for one in outcomes if one.trouble}
    if as_json:
        boards_ready = {one.found.mac: one.target.id for one in ready}
        typer.echo(json.dumps({"summary": {"ready": boards_ready, "failed": troubles}}))
        return
    for trouble in troubles.values():
        typer.echo(trouble, err=True)
    # A board that its cable could not reset is still in its bootloader.
    step = "press RESET, then " if by_hand else ""
    for one in ready:
        name = f"{one.target.name} ({one.target.id})"
        typer.echo(f"{one.found.mac}  {name}  ready; next: {step}doorknock provision")

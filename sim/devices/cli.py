"""`doorknock sim board`: a board to set up where there is none, at a serial port of this computer.

    doorknock sim board                                  in one terminal
    doorknock provision --port simulated-board/tty …     in another

It is not flashed: the firmware is on it. What it is given (key, settings) stays in its folder, so
that it is the same board when it is plugged in again.
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.provision import boards
from gateway.provision.boards import Board as BoardData
from sim import interpreter
from sim.devices.board import Board
from sim.devices.board_line import BoardLine
from sim.devices.outside import BoardType, chip_facts
from sim.devices.usb import UsbBoard
from sim.radars import ld2410
from sim.radars.mr60 import Mr60

FAILED = 1
# As both modules send.
_FRAME_S = 0.1
# Ten seconds of them: what the check of a radar at the cable takes.
_FRAMES = 100


def board(
    board_id: Annotated[
        str, typer.Option("--board", help="The board, as in docs/boards.md.")
    ] = "xiao-esp32c3",
    device_type: Annotated[str, typer.Option("--type", help="button or sensor.")] = "button",
    folder: Annotated[
        Path, typer.Option(help="What is on it, and its port `tty`; kept for the next time.")
    ] = Path("simulated-board"),
) -> None:
    """Plug in a board that is not there, to try `doorknock provision` without hardware. Enter
    presses its button."""
    if board_id not in boards.ids():
        raise typer.BadParameter(
            f"--board: there is no {board_id!r}, only {', '.join(boards.ids())}"
        )
    known = boards.load(board_id)
    if device_type not in known.file.may_be:
        raise typer.BadParameter(f"--type: a {board_id} may be {' or '.join(known.file.may_be)}")
    try:
        interpreter.micropython()
    except interpreter.InterpreterMissing as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(FAILED) from None
    port = folder / "tty"
    if port.exists():
        typer.echo(
            f"A board is plugged in at {port} already: end that one, or name another --folder; "
            "where none runs, remove that file.",
            err=True,
        )
        raise typer.Exit(FAILED)
    kind: BoardType = "sensor" if device_type == "sensor" else "button"
    asyncio.run(_until_unplugged(known, kind, folder))


async def _until_unplugged(known: BoardData, kind: BoardType, folder: Path) -> None:
    frames = _empty_room(known.file.radars[0] if kind == "sensor" else "")
    chip = known.chip.esptool.upper()
    facts = chip_facts(known.chip)
    usb = UsbBoard(
        Board(folder, name=known.id, board=kind, chip=facts),
        folder / "tty",
        machine=f"Generic {chip} module with {chip}",
        radar=b"".join(frames),
        facts=facts,
    )
    usb.board.listen(_shown)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await usb.plug_in()
    typer.echo(f"A {known.name} is plugged in at {usb.port}, number {usb.board.unique_id().hex()}.")
    typer.echo("Enter presses its button; Ctrl-C unplugs it.")
    fingers: set[asyncio.Task[None]] = set()

    def typed() -> None:
        lines = os.read(sys.stdin.fileno(), 1024)
        if not lines:
            loop.remove_reader(sys.stdin)
        elif b"\n" in lines and not fingers:
            finger = asyncio.create_task(usb.board.press())
            fingers.add(finger)
            finger.add_done_callback(fingers.discard)

    # Nobody's keyboard, as under a service: then nobody presses.
    with contextlib.suppress(OSError, ValueError):
        loop.add_reader(sys.stdin, typed)
    radar = asyncio.create_task(_radar(usb.board, frames))
    try:
        await ended.wait()
    finally:
        radar.cancel()
        await usb.close()


async def _radar(board: Board, frames: list[bytes]) -> None:
    """What its module sends while the firmware runs."""
    number = 0
    while frames:
        await board.uart(frames[number % len(frames)])
        await asyncio.sleep(_FRAME_S)
        number += 1


def _empty_room(radar: str) -> list[bytes]:
    """What this module sends in ten seconds before nobody."""
    if not radar:
        return []
    if radar != "ld2410":
        module = Mr60()
        return [module.sample(0.0, False) for _ in range(_FRAMES)]
    presence = ld2410.Ld2410(in_engineering=True)
    # Never twice the same: a module that repeats itself is taken for a broken one.
    noise = [[(number * gate) % 5 for gate in range(9)] for number in range(_FRAMES)]
    return [presence.sample(ld2410.Report(0, 0, 0, 0, 0, one, one)) for one in noise]


def _shown(line: BoardLine) -> None:
    if line.what == "light":
        typer.echo(f"light: {line.data['state']}")
    elif line.what == "crash":
        typer.echo(line.data["text"], err=True)

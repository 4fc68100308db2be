"""What flashing needs to know of a board."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.provision.boards import Board
from gateway.provision.chips import Image as Release
from gateway.provision.flash.esptool import Found
from gateway.provision.flash.trouble import WrongBoard


@dataclass(frozen=True)
class Target:
    """A board: `chip` as esptool names it; where its image lies, in bytes from the start."""

    id: str
    name: str
    chip: str
    flash_bytes: int
    image_offset: int
    release: Release


def target_of(board: Board) -> Target:
    """A board as boards/ describes it."""
    return Target(
        id=board.id,
        name=board.name,
        chip=board.chip.esptool,
        flash_bytes=board.flash.bytes,
        image_offset=board.image_offset,
        release=board.image,
    )


def choose(found: Found, targets: Sequence[Target], wanted: str | None) -> Target:
    """The board that `found` is, among `targets`. wanted: its id, where somebody has said it.

    Raises WrongBoard where it is none of them, another than wanted, or where only a person can
    say: boards with the same chip look the same over the cable.
    """
    if wanted is not None:
        target = next(one for one in targets if one.id == wanted)
        if target.chip != found.chip:
            raise WrongBoard(
                f"The board on {found.port} has the chip {found.chip}, but a {target.name} has "
                f"{target.chip}: plug in the right one, or name the board that it is with --board."
            )
        return _large_enough(found, target)
    fitting = [one for one in targets if one.chip == found.chip]
    if not fitting:
        raise WrongBoard(
            f"The board on {found.port} has the chip {found.chip}, which none of the boards that "
            "Doorknock knows has: use one of those in docs/boards.md."
        )
    if len(fitting) > 1:
        names = " or ".join(f"--board {one.id}" for one in fitting)
        raise WrongBoard(
            f"The board on {found.port} has the chip {found.chip}, as {len(fitting)} boards have: "
            f"look at what is printed on it, and run this again with {names}."
        )
    return _large_enough(found, fitting[0])


def _large_enough(found: Found, target: Target) -> Target:
    if found.flash_bytes < target.flash_bytes:
        raise WrongBoard(
            f"The board on {found.port} has {found.flash_bytes >> 20} MB of flash, and a "
            f"{target.name} has {target.flash_bytes >> 20} MB: it is another board or a bad copy; "
            "use another one."
        )
    return target

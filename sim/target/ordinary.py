"""Which modules of the firmware are loaded in its ordinary life: asked of a board that lives.

A simulated board in virtual time, on the firmware as it is: it starts, finds its way, stands in a
room with somebody in it, is pressed, and is then asked for its `sys.modules`. What is only loaded
at other times (Bluetooth, an update) is not among them.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.devices.outside import BoardType
from sim.people.doings import Enter, Sit
from sim.people.person import Person
from sim.radars.breathing import BreathingRadar
from sim.radars.presence import PresenceRadar
from sim.rooms.usual import washroom
from sim.target.errors import TargetError
from sim.virtual.board import VirtualBoard
from sim.virtual.house import SETTINGS, House
from sim.virtual.loop import VirtualLoop, VirtualTimeError, run

# The first heartbeat has been answered, and whoever came in sits.
LIVES_S = 60.0
# A press on a battery has woken the board, is delivered, and keeps it awake.
AFTER_PRESS_S = 5.0
# Some tenths of a second, on a machine with nothing else to do.
REAL_LIMIT_S = 120.0
_ASK = "import json, sys; print('loaded', json.dumps(sorted(sys.modules)))"


@dataclass(frozen=True)
class Role:
    """What a board is. settings: besides those that every board is given."""

    name: str
    board: BoardType
    settings: Mapping[str, int | bytes | str] = field(default_factory=dict)

    @property
    def radar(self) -> str:
        """The module's name; empty for a button."""
        return str(self.settings.get("radar", ""))

    def every_setting(self) -> dict[str, int | bytes | str]:
        """As they are written into a board."""
        return {**SETTINGS, "type": self.board, **self.settings}


BUTTON = Role("button", "button", {"battery": 1})
BREATHING = Role("sensor, MR60BHA2", "sensor", {"radar": "mr60bha2", "mode": "washroom"})
PRESENCE = Role("sensor, LD2410", "sensor", {"radar": "ld2410", "mode": "washroom"})
ROLES = (BUTTON, BREATHING, PRESENCE)


def loaded(role: Role) -> list[str]:
    """The firmware's modules that are loaded, by name, in order. Raises TargetError."""

    async def main(loop: VirtualLoop) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="doorknock-ordinary-") as folder:
            board = VirtualBoard(
                *(loop, Path(folder)), name=role.name, board=role.board, network=House()
            )
            board.provision(role.every_setting())
            board.radar = _radar(role)
            try:
                board.power_on()
                await board.until_said("link up")
                await asyncio.sleep(LIVES_S)
                board.press()
                await asyncio.sleep(AFTER_PRESS_S)
                board.console(_ASK)
                line = await board.until_said("loaded [")
            finally:
                board.close()
        names: list[str] = json.loads(line.data["text"].removeprefix("loaded "))
        return [name for name in names if name.split(".")[0] == "doorknock"]

    try:
        return run(main, real_limit_s=REAL_LIMIT_S)
    except VirtualTimeError as trouble:
        raise TargetError(f"A {role.name} does not live as usual: {trouble}") from None
    except TimeoutError:
        raise TargetError(
            f"A {role.name} does not live as usual: after its start it does not say 'link up', or "
            "after a press it does not answer on its console."
        ) from None


def _radar(role: Role) -> BreathingRadar | PresenceRadar | None:
    if not role.radar:
        return None
    room = washroom()
    room.add(Person("somebody", [(10.0, Enter("seat")), (20.0, Sit())]))
    if role.radar == "ld2410":
        return PresenceRadar(room, room.on_wall("seat"), random.Random(1))
    return BreathingRadar(room, room.on_wall("seat"), random.Random(1), radar=role.radar)

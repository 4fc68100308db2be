"""A simulated board from outside, whatever time it lives in: its settings, pins and lines."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from doorknock import config

from sim.devices import settings_store
from sim.devices.board_line import BoardLine

if TYPE_CHECKING:
    from gateway.provision.chips import Chip

BoardType = Literal["button", "sensor"]
# Buttons are to ground; button B of a sensor sits on the same pin.
NAMED_PINS = {
    "button": "pin_button",
    "button_b": "pin_button",
    "light": "pin_light",
    "sounder": "pin_sounder",
    "radar_power": "pin_radar_power",
    "battery": "pin_battery",
    "door": "pin_door",
    "tamper": "pin_tamper",
}
# A pair of fresh AA cells, behind a divider by two.
BATTERY_MV = 3000
_UNIQUE_ID_BYTES = 6


def chip_facts(chip: "Chip") -> dict[str, Any]:
    """What the stand-ins need to know of a chip, to be as strict as it is."""
    facts = chip.model_dump(include={"gpio", "input_only", "taken", "adc1", "wake", "uarts"})
    return {"wake_by": list(chip.wake_by), **{key: sorted(facts[key]) for key in facts}}


class Outside:
    """What is the same of every simulated board. `folder` is what survives on it.

    folder: flash, settings, RTC memory. fresh_id: makes the chip's number where it has none yet.
    chip: what the chip can do with its pins, as chip_facts() says; None: anything.
    """

    # How long is waited for a line, s of the loop, where nobody says.
    patience_s = 10.0

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        board: BoardType,
        on_line: Callable[[BoardLine], None] | None,
        fresh_id: Callable[[int], bytes],
        chip: Mapping[str, Any] | None = None,
    ) -> None:
        # The interpreter goes to its own flash: what is named from here it would not find.
        self.folder = folder.absolute()
        self._chip = chip
        self.name = name
        self.board = board
        self.lines: list[BoardLine] = []
        self._on_line = on_line
        self._fresh_id = fresh_id
        self._store = self.folder / "nvs.json"
        # Which pin a name is, as far as it has been looked up; the settings say.
        self._pins: dict[str, int] = {}
        self._levels: dict[int, int] = {}
        self._microvolts: dict[int, int] = {}
        self._changed = asyncio.Event()
        self.folder.mkdir(parents=True, exist_ok=True)
        settings_store.provision(self._store, {"type": board})

    # --- setting up ------------------------------------------------------------------------

    def provision(self, values: Mapping[str, int | bytes | str]) -> None:
        """Writes settings into the board's NVS; see doorknock/config.py for names and bounds."""
        settings_store.provision(self._store, values)
        self._pins.clear()

    def lose_setting(self, key: str) -> None:
        """Takes a setting away, as a re-flash of the NVS partition does (e.g. "boot")."""
        settings_store.erase(self._store, key)
        self._pins.clear()

    # --- what it shows ---------------------------------------------------------------------

    async def until(
        self, meant: Callable[[BoardLine], bool], within_s: float | None = None, since: int = 0
    ) -> BoardLine:
        """The first line from number `since` on that is meant; TimeoutError after `within_s`, or
        after `patience_s`."""
        seen = since
        async with asyncio.timeout(self.patience_s if within_s is None else within_s):
            while True:
                while seen < len(self.lines):
                    if meant(self.lines[seen]):
                        return self.lines[seen]
                    seen += 1
                self._changed.clear()
                await self._changed.wait()

    async def until_light(
        self, state: str, within_s: float | None = None, since: int = 0
    ) -> BoardLine:
        """The moment from which the light says `state`."""
        return await self.until(
            lambda line: line.what == "light" and line.data["state"] == state, within_s, since
        )

    async def until_said(
        self, part: str, within_s: float | None = None, since: int = 0
    ) -> BoardLine:
        """The first log line with `part` in it."""
        return await self.until(
            lambda line: line.what == "log" and part in line.data["text"], within_s, since
        )

    def _add(self, line: BoardLine) -> None:
        self.lines.append(line)
        self._changed.set()
        if self._on_line is not None:
            self._on_line(line)

    # --- its pins --------------------------------------------------------------------------

    def _pin(self, name: str) -> int:
        if name not in self._pins:
            self._pins[name] = self._look_up_pin(name)
        return self._pins[name]

    def _look_up_pin(self, name: str) -> int:
        setting = NAMED_PINS.get(name, name)
        default = next(row[-1] for row in config.SETTINGS if row[0] == setting)
        assert isinstance(default, int)  # noqa: S101 - every pin has a default
        return settings_store.number(self._store, setting, default)

    def _pin_name(self, number: int) -> str:
        for name in NAMED_PINS:
            if self._pin(name) == number:
                return name
        return str(number)

    def listen(self, on_line: Callable[[BoardLine], None]) -> None:
        """Whoever listened so far goes on, and this one does too."""
        before = self._on_line

        def both(line: BoardLine) -> None:
            if before is not None:
                before(line)
            on_line(line)

        self._on_line = both

    def look_again(self) -> None:
        """Somebody else has written its settings: which pin is what may have changed."""
        self._pins.clear()

    def unique_id(self) -> bytes:
        """The chip's own number."""
        return self._unique_id()

    def _unique_id(self) -> bytes:
        path = self.folder / "unique_id"
        if not path.exists():
            path.write_bytes(self._fresh_id(_UNIQUE_ID_BYTES))
        return path.read_bytes()

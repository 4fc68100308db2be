"""The firmware with one of its parts taken out, to see what that part is for.

Nothing in the firmware knows of this: its files are copied, a few lines of the copy are replaced,
and the copy runs as the firmware does. A line that is no longer where it was is an error, never a
part quietly left in.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sim import interpreter


class PartMissing(Exception):
    """A part's lines are not in the firmware as they were. `str()` is one sentence."""


@dataclass(frozen=True)
class Edit:
    """In this file of the package, this text (which is there once) becomes that."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Part:
    """A part of the firmware: what it is for, and what takes it out. tier: where it matters."""

    name: str
    what: str
    tier: str
    edits: tuple[Edit, ...]

    @property
    def folder(self) -> str:
        """The name of its copy of the firmware."""
        return self.name.replace(" ", "-")


PARTS = (
    Part(
        "smoothing",
        "two moving averages take the heart out of the breath",
        "breathing",
        (
            Edit("chest.py", "    mean = total // 5\n", "    mean = value\n"),
            Edit("chest.py", "    smooth = total // 3\n", "    smooth = mean\n"),
        ),
    ),
    Part(
        "floors in µm",
        "movement below a floor in µm is neither a breath nor a heart",
        "breathing",
        (
            Edit("breathing.py", 'settings["breath_floor_um"] * 1000', "20 * 1000"),
            Edit("breathing.py", "\n_HEART_UM = 100\n", "\n_HEART_UM = 10\n"),
        ),
    ),
    Part(
        "noise above the floor",
        "a poor return asks for a larger breath",
        "breathing",
        (Edit("breathing.py", "span = (w[NOISE] * 3 // 5) >> 4", "span = 0"),),
    ),
    Part(
        "drift",
        "what goes slowly and does not turn back is no breath",
        "breathing",
        (
            Edit("breathing.py", "\n_SLOWEST_UM = 120\n", "\n_SLOWEST_UM = 0\n"),
            Edit("chest.py", "& 0x3FFFFFFF) <= 5000:", "& 0x3FFFFFFF) <= 500000:"),
        ),
    ),
    Part(
        "ambiguous steps",
        "a step near half a turn is believed neither way",
        "breathing",
        (Edit("chest.py", "if turned or step > 2300 or step < -2300:", "if turned:"),),
    ),
    Part(
        "vanished",
        "whoever the module loses without having walked is still there",
        "breathing",
        (
            Edit(
                "breathing.py",
                "if self._somebody and self._walked and since(ticks, self._shut_at)",
                "if self._somebody and since(ticks, self._shut_at)",
            ),
        ),
    ),
    Part(
        "seen to go",
        "whoever walks and then is lost has gone",
        "breathing",
        (
            Edit(
                "breathing.py",
                "        if walk and lasted >= _WALK_MS:\n            self._walked = True\n",
                "        if walk and lasted >= _WALK_MS:\n            self._walked = False\n",
            ),
        ),
    ),
    Part(
        "recurrence",
        "apnoeas that keep coming back are no longer ended by a breath",
        "breathing",
        (
            Edit(
                "watch.py",
                "\n_WITHDRAWN_BEFORE_INSISTING = 2\n",
                "\n_WITHDRAWN_BEFORE_INSISTING = 1000\n",
            ),
        ),
    ),
    Part(
        "counting breaths",
        "so many breaths a minute are too few",
        "breathing",
        (Edit("breathing.py", "elif pace.slow(ticks):", "elif False:"),),
    ),
    Part(
        "own depth",
        "breath is held against this person's own",
        "breathing",
        (Edit("breathing.py", "elif strength.weak:", "elif False:"),),
    ),
)
BY_NAME = {f"without {part.name}": part for part in PARTS}

# Played from a copy as well, so that a firmware that is edited meanwhile is still one firmware.
AS_IT_IS = Part("as it is", "the firmware as it is", "both", ())

# Not a part taken out, but thoughts spoken: a line of the replay whenever the room changes.
TELLING = Part(
    "telling",
    "says what it takes the room to be",
    "both",
    (
        Edit(
            "sensor.py",
            "    def _tick_watch(self, ticks: int) -> None:\n        room = self._detector\n",
            "    def _tick_watch(self, ticks: int) -> None:\n        room = self._detector\n"
            '        if room.room != getattr(self, "_told", -1):\n'
            "            self._told = room.room\n"
            '            self._emit("room", {"room": detector.NAMES[room.room]})\n',
        ),
    ),
)


def made(part: Part, folder: Path) -> Path:
    """A copy of the firmware in folder, without this part; its path. Raises PartMissing."""
    copy = folder / part.folder
    if not copy.exists():
        source = interpreter.firmware_folder() / "doorknock"
        shutil.copytree(source, copy / "doorknock", ignore=shutil.ignore_patterns("__pycache__"))
        for edit in part.edits:
            _edited(copy / "doorknock" / edit.file, edit, part)
    return copy


def _edited(file: Path, edit: Edit, part: Part) -> None:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text.count(edit.old) != 1:
        raise PartMissing(
            f"The part {part.name!r} cannot be taken out: {edit.old.strip().splitlines()[0]!r} is "
            f"in {edit.file} {text.count(edit.old)} times; mend sim/evaluate/without.py."
        )
    file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")

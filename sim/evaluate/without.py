"""The firmware with one of its parts taken out, to see what that part is for.

Nothing in the firmware knows of this: its files are copied, a few lines of the copy are replaced,
and the copy runs as the firmware does. A line that is no longer where it was is an error, never a
part quietly left in.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from sim import interpreter


class PartMissing(Exception):
    """A part's lines are not in the firmware as they were. `str()` is one sentence."""


@dataclass(frozen=True)
class Edit:
    """In this file of the package, what this pattern finds (exactly once) becomes that."""

    file: str
    pattern: str
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
            Edit("chest.py", r"mean = total // 5\n", "mean = value\n"),
            Edit("chest.py", r"smooth = \(mean \+ w\[55\]\) >> 1\n", "smooth = mean\n"),
        ),
    ),
    Part(
        "floors in µm",
        "movement below a floor in µm is neither a breath nor a heart",
        "breathing",
        (
            Edit("breathing.py", r'settings\["breath_floor_um"\] \* 1000', "20 * 1000"),
            Edit("leaving.py", r"\n_HEART_UM = \d+\n", "\n_HEART_UM = 10\n"),
        ),
    ),
    Part(
        "noise above the floor",
        "a poor return asks for a larger breath",
        "breathing",
        (Edit("breathing.py", r"\n        span = [^\n]*NOISE[^\n]*\n", "\n        span = 0\n"),),
    ),
    Part(
        "drift",
        "what goes slowly and does not turn back is no breath",
        "breathing",
        (
            Edit("breathing.py", r"\n_SLOWEST_UM = \d+\n", "\n_SLOWEST_UM = 0\n"),
            Edit("chest.py", r"& 0x3FFFFFFF\) <= 5000:", "& 0x3FFFFFFF) <= 500000:"),
        ),
    ),
    Part(
        "ambiguous steps",
        "a step near half a turn is believed neither way",
        "breathing",
        (Edit("chest.py", r"if turned or step > \d+ or step < -\d+:", "if turned:"),),
    ),
    Part(
        "vanished",
        "whoever the module loses without having walked is still there",
        "breathing",
        (
            Edit(
                "leaving.py",
                r"return self\.walked and since\(ticks, shut_at\)",
                "return since(ticks, shut_at)",
            ),
        ),
    ),
    Part(
        "seen to go",
        "whoever walks and then is lost has gone",
        "breathing",
        (
            Edit("walk.py", r"self\.walking = fresh and ", "self.walking = False and "),
            Edit("leaving.py", r"if self\.walk\.going\(ticks\):", "if False:"),
        ),
    ),
    Part(
        "recurrence",
        "apnoeas that keep coming back are no longer ended by a breath",
        "breathing",
        (
            Edit(
                "watch.py",
                r"\n_WITHDRAWN_BEFORE_INSISTING = \d+\n",
                "\n_WITHDRAWN_BEFORE_INSISTING = 1000\n",
            ),
        ),
    ),
    Part(
        "counting breaths",
        "so many breaths a minute are too few",
        "breathing",
        (Edit("breathing.py", r"elif self\._pace\.slow:", "elif False:"),),
    ),
    Part(
        "own depth",
        "breath is held against this person's own",
        "breathing",
        (Edit("breathing.py", r"elif strength\.weak:", "elif False:"),),
    ),
    Part(
        "floors learned on site",
        "each gate's floor is learned while nobody is there",
        "presence",
        (
            Edit(
                "presence.py",
                r"shift = _QUICK_LEARNING if quick else _SLOW_LEARNING\n",
                "shift = 31\n",
            ),
        ),
    ),
    Part(
        "gone",
        "whoever moved and is lost, or of whom the gates show nothing any more, has gone",
        "presence",
        (
            Edit(
                "presence.py", r"self\._unseen_ms < _GONE_AFTER_MOVE_MS\n", "self._unseen_ms < 0\n"
            ),
            Edit("presence.py", r"or self\._floor_ms >= _AT_FLOOR_MS\n", "or False\n"),
            Edit("presence.py", r"if self\._floor_ms > 0:\n", "if False:\n"),
        ),
    ),
    Part(
        "fading",
        "still energy that fades slowly is a body, and nobody who left",
        "presence",
        (Edit("presence.py", r"( +)self\._faded = True\n", r"\1pass\n"),),
    ),
    Part(
        "tireless movement",
        "what moves for a quarter of an hour without a pause is a fan or a curtain",
        "presence",
        (
            Edit(
                "presence.py",
                r"\n_TIRELESS_MS = const\(\d+\)\n",
                "\n_TIRELESS_MS = const(500000000)\n",
            ),
        ),
    ),
)
BY_NAME = {f"without {part.name}": part for part in PARTS}

# The firmware as it is, with a door contact that tells of each exit: what one more wire is worth.
WITH_A_DOOR = "with a door contact"
MORE = (WITH_A_DOOR,)

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
            r"\n        if not self\._watch\.goes_on\(room\.room, ticks\):",
            '\n        if room.room != getattr(self, "_told", -1):\n'
            "            self._told = room.room\n"
            '            self._emit("room", {"room": detector.NAMES[room.room]})\n'
            "        if not self._watch.goes_on(room.room, ticks):",
        ),
    ),
)


def made(part: Part, folder: Path) -> Path:
    """A copy of the firmware in folder, without this part; its path. Raises PartMissing."""
    copy = folder / part.folder
    if not copy.exists():
        source = interpreter.firmware_folder() / "doorknock"
        shutil.copytree(source, copy / "doorknock", ignore=shutil.ignore_patterns("__pycache__"))
        try:
            for edit in part.edits:
                _edited(copy / "doorknock" / edit.file, edit, part)
        except PartMissing:
            shutil.rmtree(copy)
            raise
    return copy


def _edited(file: Path, edit: Edit, part: Part) -> None:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    made, found = re.subn(edit.pattern, edit.new, text)
    if found != 1:
        raise PartMissing(
            f"The part {part.name!r} cannot be taken out: {edit.pattern!r} is in {edit.file} "
            f"{found} times, and must be there once; mend sim/evaluate/without.py."
        )
    file.write_text(made, encoding="utf-8")

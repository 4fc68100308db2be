"""The wiring drawing: geometry only; wiring.svg.j2 has the look. The same data, the same bytes."""

from dataclasses import dataclass, field
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.provision.board_file import Type
from gateway.provision.boards import Board, Pin
from gateway.provision.pages import parts

# All in SVG units, which are pixels at 100 %.
WIDTH = 960
_BOARD_WIDTH = 200
_PAD_PITCH = 30
_TOP = 96
_BOX_WIDTH = 228
_MARGIN = 20
_HEAD = 26
_ROW = 24
_GAP = 14

_COLOURS = {
    "button": "#1d4ed8",
    "light": "#b45309",
    "sounder": "#7e22ce",
    "tamper": "#475569",
    "door": "#0f766e",
    "battery": "#15803d",
    "radar": "#be185d",
    "radar_power": "#9f1239",
}


@dataclass(frozen=True)
class Pad:
    """A pad of the board; `colour` where something is wired to it."""

    label: str
    x: float
    y: float
    side: str
    colour: str | None


@dataclass(frozen=True)
class Row:
    """One end of a part, drawn; `tag`: where it goes, if not to a pad."""

    text: str
    x: float
    y: float
    tag: str | None


@dataclass(frozen=True)
class Box:
    """A part, drawn."""

    name: str
    side: str
    colour: str
    x: float
    y: float
    height: float
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Wire:
    """From a pad to an end of a part."""

    colour: str
    path: str


def drawing(board: Board, kind: Type) -> str:
    """The SVG of this board as such a device."""
    items = parts.around(board, kind)
    colours = {
        end.to.label: _COLOURS[item.role]
        for item in items
        for end in item.ends
        if isinstance(end.to, Pin)
    }
    for name in (parts.GROUND, "3V3", "5V"):
        printed = parts.supply(board, name)
        if any(end.to == printed for item in items for end in item.ends):
            colours.setdefault(printed, _supply_colour(printed))
    tall = max(len(board.file.pads.left), len(board.file.pads.right)) * _PAD_PITCH
    sides = {side: _on(side, board, items) for side in ("left", "right")}
    needed = {side: sum(_height(item) + _GAP for item in sides[side]) for side in sides}
    inner = max(tall + 40, *needed.values())
    pads = {side: _pads(side, board, colours, inner, tall) for side in ("left", "right")}
    boxes, wires = [], []
    for side in ("left", "right"):
        drawn, joined = _boxes(side, sides[side], pads[side], inner, needed[side])
        boxes += drawn
        wires += joined
    return (
        environment()
        .get_template("wiring.svg.j2")
        .render(
            board=board,
            kind=kind,
            width=WIDTH,
            height=_TOP + inner + 34 + 20 * len(_notes(board, kind)),
            body={
                "x": (WIDTH - _BOARD_WIDTH) / 2,
                "y": _TOP + (inner - tall - 40) / 2,
                "width": _BOARD_WIDTH,
                "height": tall + 40,
            },
            pads=[*pads["left"], *pads["right"]],
            boxes=boxes,
            wires=wires,
            notes=_notes(board, kind),
            notes_y=_TOP + inner + 32,
            box_width=_BOX_WIDTH,
            supply_colour=_supply_colour,
            inside=[role.replace("_", " ") for role in board.file.joined if "_tx" not in role],
        )
    )


def _supply_colour(name: str) -> str:
    if name in ("GND", "G"):
        return "#111827"
    return "#b91c1c" if name in ("5V", "3V3", "3.3", "BAT+") else _COLOURS["radar_power"]


def _on(side: str, board: Board, items: list[parts.Item]) -> list[parts.Item]:
    """The parts on this side, in the order of their pads: so no wire crosses another."""
    row = board.file.pads.left if side == "left" else board.file.pads.right
    return sorted(
        (item for item in items if _first(item).label in row),
        key=lambda item: min(row.index(label) for label in _labels(item) if label in row),
    )


def _labels(item: parts.Item) -> list[str]:
    return [end.to.label for end in item.ends if isinstance(end.to, Pin)]


def _first(item: parts.Item) -> Pin:
    return next(end.to for end in item.ends if isinstance(end.to, Pin))


def _height(item: parts.Item) -> int:
    return _HEAD + _ROW * len(item.ends) + 6


def _pads(side: str, board: Board, colours: dict[str, str], inner: float, tall: float) -> list[Pad]:
    row = board.file.pads.left if side == "left" else board.file.pads.right
    x = (WIDTH + (-_BOARD_WIDTH if side == "left" else _BOARD_WIDTH)) / 2
    top = _TOP + (inner - tall) / 2
    return [
        Pad(label, x, top + (at + 0.5) * _PAD_PITCH, side, colours.get(label))
        for at, label in enumerate(row)
    ]


def _boxes(
    side: str, items: list[parts.Item], pads: list[Pad], inner: float, needed: float
) -> tuple[list[Box], list[Wire]]:
    boxes, wires = [], []
    x = _MARGIN if side == "left" else WIDTH - _MARGIN - _BOX_WIDTH
    y = _TOP + (inner - needed) / 2
    edge = x + _BOX_WIDTH if side == "left" else x
    for item in items:
        box = Box(item.name, side, _COLOURS[item.role], x, y, _height(item))
        for at, end in enumerate(item.ends):
            row_y = y + _HEAD + _ROW * (at + 0.5)
            tag = None if isinstance(end.to, Pin) else end.to
            box.rows.append(Row(end.text, edge, row_y, tag))
            if isinstance(end.to, Pin):
                label = end.to.label
                pad = next(one for one in pads if one.label == label)
                wires.append(Wire(box.colour, _curve(edge, row_y, pad.x, pad.y)))
        boxes.append(box)
        y += box.height + _GAP
    return boxes, wires


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"M{x:g} {y:g} C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"


def _notes(board: Board, kind: Type) -> list[str]:
    ground = parts.supply(board, parts.GROUND)
    notes = [
        f"Every black {ground} goes to a pad {ground} of the board; they are all one.",
        "Go by what is printed on your board, not by the place of a pad.",
    ]
    if kind == "sensor":
        first = board.radars[board.file.radars[0]]
        notes += [
            f"With an {other.name.partition(',')[0]} the supply is {other.supply} instead of "
            f"{first.supply}."
            for other in board.radars.values()
            if other.supply != first.supply
        ]
    battery = board.file.battery
    if kind == "button" and battery is not None:
        notes.append(f"Battery: {battery.kind}.")
    return notes


@cache
def environment() -> Environment:
    """Of the drawings and the pages."""
    return Environment(
        loader=PackageLoader("gateway.provision.pages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

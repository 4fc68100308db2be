"""The parts around a board and what each of their ends goes to: the wiring, without a drawing."""

from dataclasses import dataclass

from gateway.provision.board_file import Type
from gateway.provision.boards import Board, Pin

GROUND = "GND"
# What the board's supply pads may be called.
_PRINTED = {GROUND: ("GND", "G"), "3V3": ("3V3", "3.3"), "5V": ("5V",)}


@dataclass(frozen=True)
class End:
    """One end of a part: what is written at it, and where it goes: a pad, or a name (`GND`)."""

    text: str
    to: Pin | str


@dataclass(frozen=True)
class Item:
    """A part around the board. `role` chooses its colour."""

    role: str
    name: str
    ends: tuple[End, ...]


def supply(board: Board, name: str) -> str:
    """A supply as it is printed on this board."""
    printed = {*board.file.pads.left, *board.file.pads.right}
    return next((one for one in _PRINTED[name] if one in printed), name)


def around(board: Board, kind: Type) -> list[Item]:
    """The parts that are wired to this board as such a device, by role."""
    pins = board.pins(kind)
    wired = {role: pin for role, pin in pins.items() if role not in board.file.joined}
    ground = supply(board, GROUND)
    items = [_contact(role, wired[role], ground) for role in _CONTACTS if role in wired]
    if "button" in wired:
        items[0] = _button(board, kind, wired["button"], ground)
    if "light" in wired:
        items.append(_light(board, wired["light"], ground))
    if "sounder" in wired:
        ends = (End("one leg, through 100 Ω", wired["sounder"]), End("other leg", ground))
        items.append(Item("sounder", "Sounder (piezo)", ends))
    if "battery" in wired and board.file.battery:
        items.append(_battery(board, wired["battery"], ground))
    if "radar_rx" in wired:
        items += _radar(board, wired, ground)
    return items


_CONTACTS = {
    "button": "Button",
    "tamper": "Lid switch",
    "door": "Door contact (if any)",
}


def _contact(role: str, pin: Pin, ground: str) -> Item:
    ends = (End("one side", pin), End("other side", ground))
    return Item(role, _CONTACTS[role], ends)


def _button(board: Board, kind: Type, pin: Pin, ground: str) -> Item:
    ends = [End("one side", pin), End("other side", ground)]
    if board.settings(kind)["battery"]:
        # In deep sleep the chip's own pull-up may not hold.
        ends.insert(1, End("same side, by 10 kΩ", supply(board, "3V3")))
    return Item("button", "Button" if kind == "button" else "Button B", tuple(ends))


def _light(board: Board, pin: Pin, ground: str) -> Item:
    if board.file.light_kind == "ws2812":
        ends = (End("data in", pin), End("5 V", supply(board, "5V")), End("ground", ground))
        return Item("light", "Lamp (WS2812)", ends)
    if board.file.light_kind == "low":
        other = End("long leg (+)", supply(board, "3V3"))
        return Item("light", "Lamp (LED)", (End("short leg, by 330 Ω", pin), other))
    return Item(
        "light",
        "Lamp (LED)",
        (End("long leg (+), by 330 Ω", pin), End("short leg (−)", ground)),
    )


def _battery(board: Board, pin: Pin, ground: str) -> Item:
    cell = board.file.battery
    assert cell is not None  # noqa: S101 - asked for above
    ends = (
        End("where both meet", pin),
        End(f"{cell.upper_kohm} kΩ to", "BAT+"),
        End(f"{cell.lower_kohm} kΩ to", ground),
    )
    return Item("battery", "Two resistors", ends)


def _radar(board: Board, wired: dict[str, Pin], ground: str) -> list[Item]:
    radar = board.radars[board.file.radars[0]]
    fed = supply(board, radar.supply)
    switched = "radar_power" in wired
    ends = (
        End("TX", wired["radar_rx"]),
        End("RX", wired["radar_tx"]),
        End("VCC", "switch OUT" if switched else fed),
        End("GND", ground),
    )
    items = [Item("radar", f"Radar ({radar.name.partition(',')[0]})", ends)]
    if switched:
        ends = (
            End("control", wired["radar_power"]),
            End("IN", fed),
            End("OUT", "radar VCC"),
            End("GND", ground),
        )
        items.append(Item("radar_power", "High-side switch", ends))
    return items

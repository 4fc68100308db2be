"""The drawing says what the data says, and can be read."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from gateway.provision import boards
from gateway.provision.pages import page, parts, wiring

DEVICES = [(board.id, kind) for board in boards.every() for kind in board.file.may_be]
SVG = "{http://www.w3.org/2000/svg}"


def drawing(board, kind):
    return ElementTree.fromstring(wiring.drawing(boards.load(board), kind))  # noqa: S314 - ours


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_every_pin_that_is_not_joined_has_one_wire_at_its_pad(board, kind):
    drawn = drawing(board, kind)
    board = boards.load(board)
    wires = [path for path in drawn.iter(f"{SVG}path") if path.get("stroke") != "#ffffff"]
    wired = {role for role in board.pins(kind) if role not in board.file.joined}

    assert len(wires) == len(wired)
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    for role in wired:
        assert board.pins(kind)[role].label in texts


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_no_wire_crosses_another_on_its_side(board, kind):
    svg = wiring.drawing(boards.load(board), kind)
    ends = re.findall(
        r"M(\S+) (\S+) C\S+ \S+ \S+ \S+ (\S+) (\S+)\" fill=\"none\" stroke=\"#[^f]", svg
    )
    for left in (True, False):
        side = sorted((float(y), float(to)) for x, y, _, to in ends if (float(x) < 480) == left)
        assert [to for _, to in side] == sorted(to for _, to in side)


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_no_part_lies_on_another_or_outside(board, kind):
    drawn = drawing(board, kind)
    boxes = [
        (float(box.get("x")), float(box.get("y")), float(box.get("height")))
        for box in drawn.iter(f"{SVG}rect")
        if box.get("rx") == "8"
    ]
    height = float(drawn.get("height"))
    assert all(y > 60 and y + tall < height for _, y, tall in boxes)
    for x in {box[0] for box in boxes}:
        column = sorted((y, tall) for left, y, tall in boxes if left == x)
        for (y, tall), (below, _) in itertools.pairwise(column):
            assert y + tall < below


def test_a_button_on_a_battery_has_a_resistor_that_holds_it_up():
    cell = parts.around(boards.load("xiao-esp32c3"), "button")
    socket = parts.around(boards.load("esp32-devkitc"), "button")
    assert parts.End("same side, by 10 kΩ", "3V3") in cell[0].ends
    assert [end.to for end in socket[0].ends] == [boards.Pin("27", 27), "GND"]


def test_a_lamp_to_the_supply_is_drawn_so(tmp_path):
    text = (boards.packed() / "esp32c3-supermini" / "board.toml").read_text(encoding="utf-8")
    (tmp_path / "mine").mkdir()
    mine = text.replace('power = ["usb"]', 'power = ["usb"]\nlight_kind = "low"')
    (tmp_path / "mine" / "board.toml").write_text(mine, encoding="utf-8")

    board = boards.load("mine", tmp_path)
    lamp = next(item for item in parts.around(board, "button") if item.role == "light")

    assert lamp.ends == (
        parts.End("short leg, by 330 Ω", boards.Pin("10", 10)),
        parts.End("long leg (+)", "3.3"),
    )


@pytest.mark.parametrize("board", boards.ids())
def test_the_page_for_staff_names_every_part_and_every_quirk(board):
    board = boards.load(board)
    text = page.page(board)
    for part in board.file.parts:
        assert part.name in text
    for quirk in board.file.text.quirks:
        assert quirk in text
    assert f"doorknock flash --board {board.id}" in text

"""The boards that come with Doorknock: each can be what it says, with exactly its pins."""

from pathlib import Path

import pytest
from doorknock import config

from gateway.provision import boards

ROWS = {row[0]: row for row in config.SETTINGS}
DEVICES = [(board.id, kind) for board in boards.every() for kind in board.file.may_be]


def test_the_five_boards_are_there():
    assert boards.ids() == [
        "esp32-devkitc",
        "esp32c3-supermini",
        "xiao-esp32c3",
        "xiao-esp32c6-mr60bha2",
        "xiao-esp32s3",
    ]


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_no_pin_is_used_twice_or_belongs_to_something_else(board, kind):
    board = boards.load(board)
    numbers = [pin.gpio for pin in board.pins(kind).values()]
    numbers += [board.file.gpio[label] for label in board.file.hold_low]

    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= board.chip.gpio - set(board.chip.taken)
    assert board.pins(kind)["button"].gpio in board.chip.wake


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_every_pad_that_is_wired_is_printed_on_the_board(board, kind):
    board = boards.load(board)
    printed = {*board.file.pads.left, *board.file.pads.right}
    wired = {pin.label for role, pin in board.pins(kind).items() if role not in board.file.joined}
    assert wired <= printed
    assert printed - set(board.file.gpio) <= {"3V3", "3.3", "5V", "GND", "G", "EN"}


@pytest.mark.parametrize(("board", "kind"), DEVICES)
def test_the_firmware_takes_every_setting_of_a_board_as_it_stands(board, kind):
    for name, value in boards.load(board).settings(kind).items():
        stored = value.encode() if isinstance(value, str) else value
        assert config.checked(ROWS[name], stored) == value


def test_what_a_device_costs_is_the_sum_of_its_own_parts():
    kit = boards.load("xiao-esp32c3").file
    low, high = kit.cost("button")
    # A sensor has a radar, its switch, a door contact and a supply; a button a cell.
    assert kit.cost("sensor") == (low - 5 + 5 + 5 + 1 + 1, high - 15 + 15 + 15 + 5 + 5)


def test_the_page_on_buying_has_every_board_with_what_it_costs():
    page = Path(boards.packed() / ".." / "docs" / "staff" / "buying.md").read_text("utf-8")
    for board, kind in DEVICES:
        low, high = boards.load(board).file.cost(kind)
        assert f"/boards/{board}/board.md)" in page
        assert f"| {low} to {high} |" in page, (board, kind)


def test_a_radar_that_does_not_go_with_the_board_is_refused():
    kit = boards.load("xiao-esp32c6-mr60bha2")
    assert kit.settings("sensor")["radar"] == "mr60bha2"
    with pytest.raises(boards.BoardError, match="does not go with the radar 'ld2410'"):
        kit.settings("sensor", radar="ld2410")
    with pytest.raises(boards.BoardError, match="cannot be a button; it may be a sensor"):
        kit.settings("button")


def test_a_button_runs_on_a_battery_only_where_the_board_can():
    assert boards.load("xiao-esp32c3").settings("button")["battery"] == 1
    assert boards.load("xiao-esp32c3").settings("button", battery=False)["battery"] == 0
    assert boards.load("xiao-esp32c3").settings("sensor")["battery"] == 0
    with pytest.raises(boards.BoardError, match="cannot run on a battery; feed it by USB"):
        boards.load("esp32-devkitc").settings("button", battery=True)


def test_a_lithium_cell_is_low_before_its_own_protection_ends_it():
    settings = boards.load("xiao-esp32c3").settings("button")
    assert settings["battery_x100"] == 200
    assert settings["battery_low_mv"] == 3500
    assert "battery_low_mv" not in boards.load("esp32-devkitc").settings("button")


def test_boards_are_found_by_what_their_usb_socket_says():
    found = [board.id for board in boards.by_usb(0x303A, 0x1001)]
    assert "xiao-esp32c3" in found
    assert "esp32-devkitc" not in found
    assert [board.id for board in boards.by_chip("esp32s3")] == ["xiao-esp32s3"]


@pytest.mark.parametrize("board", boards.ids())
def test_an_image_is_pinned_to_a_release_and_fits(board):
    board = boards.load(board)
    assert board.image.file_name.endswith("-v1.29.0.bin")
    assert board.flash.files_bytes >= 2 * 1024 * 1024
    assert board.image_offset == (0x1000 if board.chip.esptool == "esp32" else 0)

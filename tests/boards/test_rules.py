"""A board that cannot work is refused, in one sentence with the file and the key."""

import shutil
import tomllib
from pathlib import Path

import pytest
import tomli_w

from gateway.provision import boards

SAMPLE = {
    "name": "A board for tests",
    "chip": "esp32c3",
    "image": "esp32c3",
    "may_be": ["button", "sensor"],
    "radars": ["ld2410"],
    "power": ["usb"],
    "source": "https://example.org",
    "flash": {"megabytes": 4},
    "usb": {"ids": ["303A:1001"]},
    "pads": {"usb": "top", "left": ["D1", "D2"], "right": ["GND", "3V3", "5V"]},
    "gpio": {"D1": 3, "D2": 4, "D3": 5, "D4": 6, "D5": 7, "D8": 8, "D10": 10},
    "pins": {"button": "D1", "light": "D10"},
    "pins_of_a_sensor": {"radar_rx": "D4", "radar_tx": "D5"},
    "text": {"mounting_button": "", "mounting_sensor": "", "enclosure": "", "quirks": []},
    "parts": [{"name": "the board", "price": "1 to 5"}],
}


def a_board(tmp_path, changes):
    """Loads the sample with `changes`: dotted keys, None takes one away."""
    content = tomllib.loads(tomli_w.dumps(SAMPLE))
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        table = content
        for one in path:
            table = table.setdefault(one, {})
        if value is None:
            del table[last]
        else:
            table[last] = value
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "board.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    return boards.load("mine", tmp_path)


def test_a_board_of_ones_own_is_a_folder_with_a_file(tmp_path):
    board = a_board(tmp_path, {})

    assert boards.ids(tmp_path) == ["mine"]
    assert board.pins("button")["button"] == boards.Pin("D1", 3)
    assert board.settings("sensor")["pin_radar_power"] == -1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pins.sounder": "D10"}, "pins.sounder: D10 is light already"),
        ({"hold_low": ["D10"]}, "pins.light: D10 is hold_low already"),
        ({"pins.light": "LED"}, "pins.light: 'LED' is not in [gpio]"),
        ({"gpio.D9": 10}, "gpio.D9: GPIO 10 is at D10 already"),
        ({"gpio.D10": 14}, "pins.light: an ESP32-C3 has no GPIO 14 (D10)"),
        ({"gpio.D10": 12}, "pins.light: GPIO 12 (D10) belongs to flash"),
        ({"gpio.D10": 18}, "pins.light: GPIO 18 (D10) belongs to USB"),
        ({"gpio.D1": 21}, "pins.button: GPIO 21 (D1) does not end an ESP32-C3's deep sleep"),
        ({"pins_of_a_button.battery": "D3"}, "pins.battery: GPIO 5 (D3) is no input of ADC 1"),
        ({"pins.light": "D8"}, "must be high while the chip starts, and a light does not"),
        ({"pins.tamper": "D8"}, "must be high while the chip starts, and a tamper does not"),
        ({"chip": "esp8266"}, "chip: there is no 'esp8266' in esp32, esp32c3"),
        ({"radars": ["sonar"]}, "radars: there is no 'sonar'"),
        ({"radars": []}, "radars: a sensor needs at least one radar"),
        ({"pins_of_a_sensor": None}, "pins_of_a_sensor: a sensor needs radar_rx and radar_tx"),
        ({"power": ["battery"]}, "pins_of_a_button.battery: a button on a battery needs a pin"),
        ({"joined": ["bell"]}, "joined: nothing of this board is a 'bell'"),
        ({"flash.files": 0x8000}, "flash: table, nvs, micropython and files must follow"),
        ({"flash.files": 0x100000}, "image: ESP32_GENERIC_C3-20260824-v1.29.0.bin reaches into"),
        ({"flash.megabytes": 2}, "flash.megabytes: Input should be 4, 8 or 16"),
        ({"pins.bell": "D3"}, "pins.bell: Extra inputs are not permitted"),
        ({"pins.button": None}, "pins.button: Field required"),
    ],
)
def test_what_cannot_be_is_told_with_its_key(tmp_path, changes, told):
    with pytest.raises(boards.BoardError) as problem:
        a_board(tmp_path, changes)

    assert told in str(problem.value)
    assert str(problem.value).startswith(str(tmp_path / "mine" / "board.toml") + ": ")
    assert "\n" not in str(problem.value)


def test_a_lamp_to_the_supply_may_sit_where_the_chip_must_find_a_high_level(tmp_path):
    board = a_board(tmp_path, {"pins.light": "D8", "light_kind": "low"})
    assert board.settings("button")["light_kind"] == "low"


def test_an_input_only_pin_takes_no_lamp_and_no_contact(tmp_path):
    on_esp32 = {"chip": "esp32", "image": "esp32", "gpio.D4": 18, "gpio.D5": 19, "gpio.D1": 27}
    with pytest.raises(boards.BoardError, match="is an input only"):
        a_board(tmp_path, {**on_esp32, "gpio.D10": 34})
    shutil.rmtree(tmp_path / "mine")
    with pytest.raises(boards.BoardError, match="has no pull-up, which a contact needs"):
        a_board(tmp_path, {**on_esp32, "gpio.D10": 26, "gpio.D2": 35, "pins.tamper": "D2"})


def test_a_file_that_is_no_toml_is_told_as_such(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "board.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(boards.BoardError, match="it cannot be read"):
        boards.load("mine", tmp_path)


def test_a_board_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(boards.BoardError, match="no board 'xiao'; there are esp32-devkitc, "):
        boards.load("xiao")


def test_a_folder_outside_the_package_needs_no_chips_of_its_own(tmp_path):
    assert not (Path(tmp_path) / "chips.toml").exists()
    assert a_board(tmp_path, {}).chip.name == "ESP32-C3"


def test_a_chip_without_a_second_uart_carries_no_sensor(tmp_path):
    chips = (boards.packed() / "chips.toml").read_text(encoding="utf-8")
    (tmp_path / "chips.toml").write_text(chips.replace("uarts = [0, 1]", "uarts = [0]"))
    with pytest.raises(boards.BoardError, match="has no UART 1 for the radar"):
        a_board(tmp_path, {})

"""What must hold of a board's pins: each there, used once, and able to do what it is for. Pure."""

from collections.abc import Iterator

from gateway.provision.board_file import BoardFile, Flash, Type
from gateway.provision.chips import Chip, Image

# The firmware speaks to its radar at this one (firmware/doorknock/chip.py).
RADAR_UART = 1
# Contacts to ground, with the chip's own pull-up: they may be open or shut while it starts.
_CONTACTS = ("button", "tamper", "door")
_OUTPUTS = ("light", "sounder", "radar_power", "radar_tx")
# What a part makes of its pin while the chip starts. A contact, a radar and a divider may make
# anything of it; a switch and a sounder pull it down; a lamp pulls it to its other end.
_PULLED = {"sounder": "low", "radar_power": "low"}
_LIGHT_PULLED = {"high": "low", "low": "high", "ws2812": "nothing"}


def labels(file: BoardFile, kind: Type) -> dict[str, str]:
    """Label by role, of a device of this kind, in the order of the file."""
    own = file.pins_of_a_button if kind == "button" else file.pins_of_a_sensor
    found = {**file.pins.model_dump(), **(own.model_dump() if own else {})}
    return {role: label for role, label in found.items() if label is not None}


def problems(file: BoardFile, chip: Chip, image: Image) -> Iterator[str]:
    """What cannot be so, each a sentence that begins with its key."""
    yield from _names(file)
    yield from _whole(file, chip)
    yield from _flash(file.flash, chip, image)
    for kind in file.may_be:
        yield from _device(file, chip, kind)
    for label in file.hold_low:
        yield from _usable("hold_low", label, file, chip)


def _names(file: BoardFile) -> Iterator[str]:
    for key, wanted in (
        *((f"pins.{role}", label) for kind in file.may_be for role, label in _all(file, kind)),
        *(("hold_low", label) for label in file.hold_low),
    ):
        if wanted not in file.gpio:
            yield f"{key}: {wanted!r} is not in [gpio], which has {', '.join(file.gpio)}."
    numbers: dict[int, str] = {}
    for label, number in file.gpio.items():
        if number in numbers:
            yield f"gpio.{label}: GPIO {number} is at {numbers[number]} already."
        numbers[number] = label
    roles = {role for kind in file.may_be for role, _ in _all(file, kind)}
    for role in file.joined:
        if role not in roles:
            yield f"joined: nothing of this board is a {role!r}."


def _all(file: BoardFile, kind: Type) -> list[tuple[str, str]]:
    return list(labels(file, kind).items())


def _whole(file: BoardFile, chip: Chip) -> Iterator[str]:
    if "sensor" in file.may_be:
        if file.pins_of_a_sensor is None:
            yield "pins_of_a_sensor: a sensor needs radar_rx and radar_tx."
        if not file.radars:
            yield "radars: a sensor needs at least one radar of boards/radars.toml."
        if RADAR_UART not in chip.uarts:
            yield f"chip: an {chip.name} has no UART {RADAR_UART} for the radar."
    if "button" in file.may_be and "battery" in file.power:
        if file.pins_of_a_button.battery is None:
            yield "pins_of_a_button.battery: a button on a battery needs a pin that measures it."
        if file.battery is None:
            yield "battery: a board that runs on a battery says which, and its divider."


def _flash(flash: Flash, chip: Chip, image: Image) -> Iterator[str]:
    order = [flash.partition_table, flash.nvs, flash.micropython, flash.files, flash.bytes]
    if order != sorted(order) or flash.nvs + flash.nvs_bytes > flash.micropython:
        yield "flash: table, nvs, micropython and files must follow one another."
    if any(offset % 0x1000 for offset in (*order, flash.nvs_bytes, chip.bootloader_offset)):
        yield "flash: every part begins and ends at a multiple of 0x1000."
    if image.bytes is not None and chip.bootloader_offset + image.bytes > flash.files:
        yield f"image: {image.file_name} reaches into the files at {flash.files:#x}."


def _device(file: BoardFile, chip: Chip, kind: Type) -> Iterator[str]:
    used: dict[str, str] = dict.fromkeys(file.hold_low, "hold_low")
    for role, label in _all(file, kind):
        key = f"pins.{role}"
        if label not in file.gpio:
            continue
        if label in used:
            yield f"{key}: {label} is {used[label]} already; a pin has one use."
        used[label] = role
        yield from _usable(key, label, file, chip)
        yield from _able(key, role, label, file, chip)


def _usable(key: str, label: str, file: BoardFile, chip: Chip) -> Iterator[str]:
    number = file.gpio.get(label)
    if number is None:
        return
    if number not in chip.gpio:
        yield f"{key}: an {chip.name} has no GPIO {number} ({label})."
    elif number in chip.taken:
        yield f"{key}: GPIO {number} ({label}) belongs to {chip.taken[number]}."


def _able(key: str, role: str, label: str, file: BoardFile, chip: Chip) -> Iterator[str]:
    number = file.gpio[label]
    named = f"GPIO {number} ({label})"
    if number in chip.input_only and role in _OUTPUTS:
        yield f"{key}: {named} is an input only."
    if number in chip.input_only and role in _CONTACTS:
        yield f"{key}: {named} has no pull-up, which a contact needs."
    if role == "button" and number not in chip.wake:
        yield f"{key}: {named} does not end an {chip.name}'s deep sleep."
    if role == "battery" and number not in chip.adc1:
        yield f"{key}: {named} is no input of ADC 1, the only one beside Wi-Fi."
    needed = chip.strapping.get(number, "any")
    pulled = _LIGHT_PULLED[file.light_kind] if role == "light" else _PULLED.get(role, "either")
    if needed != "any" and pulled not in (needed, "nothing"):
        yield (
            f"{key}: {named} must be {needed} while the chip starts, "
            f"and a {role.replace('_', ' ')} does not keep it so."
        )

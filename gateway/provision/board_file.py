"""A board.toml as it is written: names, shapes and bounds. What the pins mean: board_rules.py."""

from typing import Literal

from pydantic import Field

from gateway.provision.chips import Facts

Type = Literal["button", "sensor"]
Power = Literal["battery", "usb"]
Price = Literal["under 1", "1 to 5", "5 to 15", "15 to 40"]
Labels = dict[str, str]

KIB = 1024


class Flash(Facts):
    """How the flash is divided, in bytes from its start.

    As in MicroPython's own table (ports/esp32/partitions-4MiBplus.csv). Whoever flashes goes by
    the table in the image itself. `files` is the file system: two slots of the application, the
    journal, and what a device keeps.
    """

    megabytes: Literal[4, 8, 16]
    partition_table: int = 0x8000
    nvs: int = 0x9000
    nvs_bytes: int = 24 * KIB
    micropython: int = 0x10000
    files: int = 0x200000

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.megabytes * KIB * KIB

    @property
    def files_bytes(self) -> int:
        """The file system goes on to the end."""
        return self.bytes - self.files


class Usb(Facts):
    """By what a computer knows the board: "vendor:product", four hexadecimal digits each."""

    ids: tuple[str, ...] = Field(min_length=1)


class Pads(Facts):
    """The two rows of pads as printed, from the end away from a `bottom` USB socket, or from it."""

    usb: Literal["top", "bottom"]
    left: tuple[str, ...]
    right: tuple[str, ...]


class Battery(Facts):
    """The cell, and the divider between it and the pin that measures it."""

    kind: str
    # Told to be low below this: some 10 % are left, and its own protection has not cut it off.
    low_mv: int = Field(ge=1800, le=20000)
    upper_kohm: int = Field(ge=10, le=10000)
    lower_kohm: int = Field(ge=10, le=10000)


class Text(Facts):
    """Words for those who build and mount it."""

    mounting_button: str
    mounting_sensor: str
    enclosure: str
    quirks: tuple[str, ...]


class Part(Facts):
    """Something to buy. price: its class, in euros or dollars a piece, by the dozen."""

    name: str
    price: Price
    only: Type | None = None

    @property
    def price_range(self) -> tuple[int, int]:
        """From and to, in whole euros or dollars."""
        if self.price == "under 1":
            return 0, 1
        low, _, high = self.price.partition(" to ")
        return int(low), int(high)


class Pins(Facts):
    """What is at which pad, of every device; each by the label in [gpio]."""

    button: str
    light: str
    sounder: str | None = None
    tamper: str | None = None


class PinsOfButton(Facts):
    """What a button has besides."""

    battery: str | None = None


class PinsOfSensor(Facts):
    """What a sensor has besides. Without radar_power its radar is always fed."""

    radar_rx: str
    radar_tx: str
    radar_power: str | None = None
    door: str | None = None


class BoardFile(Facts):
    """boards/<id>/board.toml."""

    name: str = Field(min_length=3, max_length=60)
    chip: str
    image: str
    may_be: tuple[Type, ...] = Field(min_length=1)
    radars: tuple[str, ...] = ()
    power: tuple[Power, ...] = Field(min_length=1)
    source: str
    # How the light is wired: to ground through a resistor, to the supply, or one WS2812 pixel.
    light_kind: Literal["high", "low", "ws2812"] = "high"
    # Pins that must be low from the start on, such as the switch of an aerial.
    hold_low: tuple[str, ...] = Field(default=(), max_length=8)
    # Roles that are joined on the board itself: nobody wires them.
    joined: tuple[str, ...] = ()
    flash: Flash
    usb: Usb
    pads: Pads
    gpio: dict[str, int] = Field(min_length=1)
    pins: Pins
    pins_of_a_button: PinsOfButton = PinsOfButton()
    pins_of_a_sensor: PinsOfSensor | None = None
    battery: Battery | None = None
    text: Text
    parts: tuple[Part, ...] = Field(min_length=1)

    def cost(self, kind: Type) -> tuple[int, int]:
        """What all parts of such a device cost together, from and to, by their classes."""
        ranges = [part.price_range for part in self.parts if part.only in (None, kind)]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)

"""The device's settings, from the chip's own store (NVS, namespace `doorknock`).

NVS holds 32-bit numbers and blobs and nothing else, under keys of 15 characters at most, so texts
are blobs of UTF-8. Each setting has its own key, and both bounds. One that is missing, unreadable
or out of bounds takes its default and is reported; it never keeps the device from starting.
"""

import binascii

from doorknock.wire import SETTING_FIELDS

NAMESPACE = "doorknock"
_LONGEST_BLOB = 512

# A setting is (name, "number", low, high, default), (name, "text", shortest, longest, default) or
# (name, "bytes", …) with lengths in bytes, or (name, "choice", values, default), stored as text.
# A default of None: the device cannot do without it. What each is stands above it, for
# docs/settings.md; in a text it would be in the memory of every device.
_OWN = (
    #: the device's id
    ("device", "bytes", 6, 6, None),
    #: what its keys are derived from; known to its gateway too
    ("secret", "bytes", 32, 32, None),
    #: the name of the network
    ("wifi_ssid", "text", 1, 32, None),
    #: its password; none for an open network
    ("wifi_key", "text", 0, 64, ""),
    #: the gateway: an address, or a name (looking it up blocks)
    ("host", "text", 1, 253, None),
    #: the broker's port
    ("port", "number", 1, 65535, 8883),
    #: none: only where no mosquitto is installed
    ("tls", "choice", ("psk", "none"), "psk"),
    #: what the device is
    ("type", "choice", ("button", "sensor"), "button"),
    #: a sensor's radar
    ("radar", "choice", ("mr60bha2", "ld6002", "ld2410"), "mr60bha2"),
    #: when a sensor looks after somebody
    ("mode", "choice", ("home", "washroom"), "home"),
    # Longer than a Wi-Fi roam, short enough that a dead link is known within a minute.
    #: a silent link is probed this often
    ("keepalive_s", "number", 10, 300, 30),
    # A blocking connect can take 10 s on the chip (see link.py): the lower bound leaves room.
    #: the hardware watchdog's patience
    ("watchdog_s", "number", 2, 60, 20),
    #: 1: runs on a battery, and sleeps between presses
    ("battery", "number", 0, 1, 0),
    #: seconds between heartbeats; 0: by the device's type
    ("heartbeat_s", "number", 5, 3600, 0),
    #: the button, or a sensor's button B; to ground
    ("pin_button", "number", 0, 48, 4),
    #: the light
    ("pin_light", "number", 0, 48, 5),
    #: lit at this level; or a pixel
    ("light_kind", "choice", ("high", "low", "ws2812"), "high"),
    #: the sounder; -1: none
    ("pin_sounder", "number", -1, 48, 6),
    #: a part of the battery's voltage; -1: none
    ("pin_battery", "number", -1, 48, 3),
    #: the battery's voltage in hundredths of the pin's
    ("battery_x100", "number", 100, 1100, 200),
    #: below this the battery is told to be low
    ("battery_low_mv", "number", 1800, 20000, 2300),
    #: switches the radar's supply; -1: always on
    ("pin_radar_power", "number", -1, 48, 7),
    #: from the radar
    ("pin_radar_rx", "number", 0, 48, 20),
    #: to the radar
    ("pin_radar_tx", "number", 0, 48, 21),
    #: a contact, to ground while the door is shut; -1: none
    ("pin_door", "number", -1, 48, -1),
    #: a switch, to ground while the case is shut; -1: none
    ("pin_tamper", "number", -1, 48, -1),
    #: 0: its Wi-Fi is never changed over Bluetooth
    ("bluetooth", "number", 0, 1, 1),
    # Of 384 bytes, or none: see manifest.py.
    #: verifies updates over the air; none: there are none
    ("release_key", "bytes", 0, 384, b""),
    #: pins that are low from the start on, one a byte
    ("hold_low", "bytes", 0, 8, b""),
)


def __getattr__(name: str):
    """SETTINGS: those above, and what a sensor asks and calls by.

    Made when it is asked for: a button has no use for the sensor's.
    """
    if name != "SETTINGS":
        raise AttributeError(name)
    return _OWN + _of_a_sensor()


def _of_a_sensor() -> tuple:
    from doorknock import settings

    return tuple([(row[0], "number", row[2], row[3], row[1]) for row in settings.TABLE])


class Config:
    """Every setting by its name, read once from `nvs` (an esp32.NVS or its like).

    problems: (name, "missing" | "unreadable" | "out of bounds") of each that took its default;
    lacking: names of those without a default that are not there.
    """

    def __init__(self, nvs) -> None:
        self.problems = []
        self.lacking = []
        self._values = {}
        self._read_all(nvs, _OWN)
        if self._values["type"] == "sensor":
            self._read_all(nvs, _of_a_sensor())

    def __getitem__(self, name: str):
        return self._values[name]

    def sensing(self) -> dict:
        """The sensor's own settings, by name."""
        return {row[0]: self._values[row[0]] for row in _of_a_sensor()}

    def base(self) -> int:
        """A digest of what the device was given by cable and what orders from afar lie over."""
        values = [str(self._values.get(field[0])) for field in SETTING_FIELDS]
        return binascii.crc32(",".join(values).encode(), _crc(self._values["secret"])) & 0xFFFFFFFF

    def lay_over(self, values: dict) -> None:
        """From now on these values are in force: those ordered from afar."""
        self._values.update(values)

    def _read_all(self, nvs, rows: tuple) -> None:
        buffer = bytearray(_LONGEST_BLOB)
        for row in rows:
            self._values[row[0]] = self._read(nvs, row, buffer)

    def _read(self, nvs, row: tuple, buffer: bytearray):
        name, default = row[0], row[-1]
        try:
            if row[1] == "number":
                value = nvs.get_i32(name)
            else:
                value = bytes(buffer[: nvs.get_blob(name, buffer)])
        except OSError as problem:
            self._note(name, default, "missing" if _is_missing(problem) else "unreadable")
            return default
        try:
            value = checked(row, value)
        except ValueError as problem:
            self._note(name, default, str(problem))
            return default
        return value

    def _note(self, name: str, default, problem: str) -> None:
        self.problems.append((name, problem))
        if default is None:
            self.lacking.append(name)


def _crc(content) -> int:
    return binascii.crc32(content or b"") & 0xFFFFFFFF


def checked(row: tuple, stored):
    """The value of a setting as the device uses it; ValueError("unreadable" | "out of bounds")."""
    if row[1] == "number":
        # The default is in force where it is stored, too: 0 is "by the device's type".
        if not row[2] <= stored <= row[3] and stored != row[4]:
            raise ValueError("out of bounds")
        return stored
    if row[1] == "choice":
        text = _text(stored)
        if text not in row[2]:
            raise ValueError("out of bounds")
        return text
    if not row[2] <= len(stored) <= row[3]:
        raise ValueError("out of bounds")
    return _text(stored) if row[1] == "text" else stored


def _text(stored: bytes) -> str:
    try:
        return str(stored, "utf-8")
    except (ValueError, UnicodeError):
        raise ValueError("unreadable") from None


# ESP_ERR_NVS_NOT_FOUND, of ESP-IDF's nvs.h; MicroPython gives it negative.
_NOT_FOUND = -0x1102


def _is_missing(problem: OSError) -> bool:
    return bool(problem.args) and problem.args[0] == _NOT_FOUND

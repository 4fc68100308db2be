"""esp32: the settings store (NVS), and what wakes the chip."""

import json
import os

import bench
import machine

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True

_NOT_FOUND = -0x1102
_TYPE_MISMATCH = -0x1103
_KEY_TOO_LONG = -0x1109
_INVALID_LENGTH = -0x110C
_LONGEST_KEY = 15


class NVS:
    """Numbers (i32) and blobs by namespace and key, in nvs.json. commit() keeps what was set."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._path = bench.folder + "/nvs.json"
        try:
            with open(self._path) as stored:
                self._all = json.load(stored)
        except OSError:
            self._all = {}
        self._values = self._all.setdefault(namespace, {})

    def set_i32(self, key: str, value: int) -> None:
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OverflowError("i32")
        self._values[_checked(key)] = value

    def get_i32(self, key: str) -> int:
        value = self._get(key)
        if not isinstance(value, int):
            raise OSError(_TYPE_MISMATCH, "ESP_ERR_NVS_TYPE_MISMATCH")
        return value

    def set_blob(self, key: str, value) -> None:
        self._values[_checked(key)] = {"blob": bytes(value).hex()}

    def get_blob(self, key: str, buf) -> int:
        value = self._get(key)
        if isinstance(value, int):
            raise OSError(_TYPE_MISMATCH, "ESP_ERR_NVS_TYPE_MISMATCH")
        blob = bytes.fromhex(value["blob"])
        if len(blob) > len(buf):
            raise OSError(_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH")
        buf[: len(blob)] = blob
        return len(blob)

    def erase_key(self, key: str) -> None:
        self._get(key)
        del self._values[key]

    def commit(self) -> None:
        new = self._path + ".new"
        with open(new, "w") as out:
            json.dump(self._all, out)
        os.rename(new, self._path)

    def _get(self, key: str):
        if _checked(key) not in self._values:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return self._values[key]


def _checked(key: str) -> str:
    if len(key) > _LONGEST_KEY:
        raise OSError(_KEY_TOO_LONG, "ESP_ERR_NVS_KEY_TOO_LONG")
    return key


# The pin that wakes the chip, and at which level.
wake_pin = None


def wake_on_ext0(pin=None, level: bool = WAKEUP_ANY_HIGH) -> None:
    """Deep sleep ends when `pin` is at this level (ESP32, S3)."""
    _wake_on((pin,) if pin else None, level, "ext0")


def wake_on_ext1(pins=None, level: bool = WAKEUP_ANY_HIGH) -> None:
    """The same for several pins (ESP32, S3, C6)."""
    _wake_on(pins, level, "ext1")


def wake_on_gpio(pins=None, level: bool = WAKEUP_ANY_HIGH) -> None:
    """The same on the C3 and the C6; elsewhere it ends light sleep alone."""
    _wake_on(pins, level, "gpio")


def _wake_on(pins, level: bool, way: str) -> None:
    global wake_pin
    wake_pin = None
    if not pins or (machine.chip and way not in machine.chip["wake_by"]):
        return
    number = pins[0].number
    if machine.chip and number not in machine.chip["wake"]:
        raise ValueError("invalid pin")
    wake_pin = (number, 1 if level else 0)


# On a chip without ext0 or ext1 their functions are not there.
for _way in ("ext0", "ext1"):
    if machine.chip and _way not in machine.chip["wake_by"]:
        del globals()["wake_on_" + _way]


class Partition:
    """Only what the firmware calls: this image works, keep it."""

    marked = False

    @staticmethod
    def mark_app_valid_cancel_rollback() -> None:
        Partition.marked = True

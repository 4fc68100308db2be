"""The steps that make a board a device, in their order. Pure.

Whoever goes another way to a board (Bluetooth) does other things at a step, and no others.
"""

from collections.abc import Collection
from enum import StrEnum


class Step(StrEnum):
    """A step, by the word that `--json` says."""

    FLASH = "flash"  # MicroPython, the application and the settings, by esptool; where asked for
    BOARD = "board"  # who is it?
    KEY = "key"  # in the gateway's store and at the broker
    WRITE = "write"  # the settings are on the board, and in force there
    RADAR = "radar"  # a sensor's: frames come
    NETWORK = "network"  # Wi-Fi, broker, gateway
    ANSWERS = "answers"  # the two questions, with the backend
    MODE = "mode"  # what widens what is watched: agreed to by a press
    TEST = "test"  # a press, to the backend and back to the light
    REPLACE = "replace"  # the device whose place it takes is retired
    READY = "ready"


# What is on the board may have changed behind our back (flashed, set up elsewhere), and costs
# nothing to look at again; the others count as done once they are.
ALWAYS = frozenset({Step.BOARD, Step.KEY, Step.WRITE, Step.NETWORK, Step.READY})


def steps_of(*, flash: bool, sensor: bool, widens: bool, replaces: bool) -> list[Step]:
    """The steps of one set-up. widens: it is to have settings of its own from afar."""
    left_out = {
        Step.FLASH: not flash,
        Step.RADAR: not sensor,
        Step.MODE: not widens,
        Step.REPLACE: not replaces,
    }
    return [step for step in Step if not left_out.get(step, False)]


def left(steps: Collection[Step], done: Collection[str]) -> list[Step]:
    """Those still to be done, where those in *done* are."""
    return [step for step in steps if step in ALWAYS or step.value not in done]

"""The first moments of a start: the button is listened to before the rest has been loaded.

Loading the app takes longer than a tap lasts. A button that is down when the interpreter begins,
and all that is done to it from then on, counts as it would at any other time. What is over before
the interpreter runs leaves no trace on the chip (but a wake from deep sleep, which is its trace).
"""

import time

import esp32

from doorknock import button, chip, config

# The chip's own pull-up (45 kOhm) lifts a long wire with a capacitor across the button (10 nF) in
# 0.5 ms; before that an open button looks pressed.
_PULL_UP_MS = 2


class Early:
    """What is there before the app is: `nvs`, `settings`, `parts` (a chip.Chip), `pressed`."""

    def __init__(self) -> None:
        self.nvs = esp32.NVS(config.NAMESPACE)
        self.settings = config.Config(self.nvs)
        pin = chip.button(self.settings)
        time.sleep_ms(_PULL_UP_MS)
        self.pressed = button.Pressed(pin, chip.ticks)
        self.parts = chip.Chip(self.settings, pin)
        self.woken_by_press = chip.cause() == "deep_sleep" and chip.woken_by_pin()
        if self.settings["type"] == "button" and (self.woken_by_press or self.pressed.found_down):
            # Somebody stands there in the dark: before anything else.
            self.parts.light(1)

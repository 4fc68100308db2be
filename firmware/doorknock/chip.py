"""The chip and what is soldered to it: the one room that speaks to `machine` and `network`."""

import sys
import time

import esp32
import machine
import network

from doorknock import clock

# The chip's own names for why it started, in the words of the contract. HARD_RESET is what
# MicroPython's esp32 port says after machine.reset() (ESP_RST_SW) and after a panic; the reset pin
# counts there as the power.
_CAUSES = {
    machine.PWRON_RESET: "power_on",
    machine.HARD_RESET: "software",
    machine.WDT_RESET: "watchdog",
    machine.DEEPSLEEP_RESET: "deep_sleep",
    machine.SOFT_RESET: "software",
}
# How a press ends deep sleep, by the chip's own numbers (ESP-IDF, esp_sleep_source_t): ext0, ext1,
# gpio. Not every chip has a name for each.
_WOKEN_BY_PIN = (2, 3, 7)
# Half of full duty is a tone's greatest loudness; a light is on or off.
_TONE_DUTY = 32768
# A pixel at a quarter of its brightness is as bright as a plain lamp, and dazzles nobody at night.
_PIXEL_LIT = (64, 64, 64)
_PIXEL_DARK = (0, 0, 0)


def ticks() -> int:
    """Milliseconds, wrapping; see clock.py."""
    # The stub hides that ticks are plain numbers.
    return time.ticks_ms() & clock.MASK  # pyright: ignore[reportOperatorIssue]


# On a chip they wrap so by themselves, and are asked for a hundred times a second.
if time.ticks_add(clock.MASK, 1) == 0:  # pyright: ignore[reportArgumentType]
    ticks = time.ticks_ms  # pyright: ignore[reportAssignmentType]


def wall_ms() -> int:
    """A clock that goes on in deep sleep. It need not be right; only differences are used."""
    return time.time_ns() // 1000000


def cause() -> str:
    """Why the chip started; one of wire.RESET_CAUSES."""
    return _CAUSES.get(machine.reset_cause(), "unknown")


def woken_by_pin() -> bool:
    """Whether it was the button that ended deep sleep."""
    return machine.wake_reason() in _WOKEN_BY_PIN


def model() -> bytes:
    """What the chip calls itself, up to 32 bytes."""
    return getattr(sys.implementation, "_machine", "ESP32").encode()[:32]


def button(config) -> machine.Pin:
    """The button's pin: low when pressed."""
    return machine.Pin(config["pin_button"], machine.Pin.IN, machine.Pin.PULL_UP)


def restart() -> None:
    """Starts anew, with cause "software". Does not return."""
    machine.reset()


def wake_on(pin) -> None:
    """Deep sleep will end when `pin` is low: by the first way that this chip has.

    ESP32 and S3: ext0, which keeps the pin's pull-up. C6: ext1. C3: gpio. (wake_on_gpio is there
    on every chip, but without effect on deep sleep where there is an ext0.)
    """
    if hasattr(esp32, "wake_on_ext0"):
        esp32.wake_on_ext0(pin, esp32.WAKEUP_ALL_LOW)
    elif hasattr(esp32, "wake_on_ext1"):
        esp32.wake_on_ext1((pin,), esp32.WAKEUP_ALL_LOW)
    else:
        esp32.wake_on_gpio((pin,), esp32.WAKEUP_ALL_LOW)


def _contact(number: int):
    """A contact's pin, high while it is open; None where there is none."""
    return machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP) if number >= 0 else None


class _Lamp:
    """A light that is lit at one level of its pin."""

    def __init__(self, number: int, lit: int) -> None:
        self._lit = lit
        self._pin = machine.Pin(number, machine.Pin.OUT, value=1 - lit)

    def value(self, on: int) -> None:
        self._pin.value(self._lit if on else 1 - self._lit)


class _Pixel:
    """One WS2812."""

    def __init__(self, number: int) -> None:
        import neopixel

        self._pixel = neopixel.NeoPixel(machine.Pin(number, machine.Pin.OUT), 1)
        self.value(0)

    def value(self, on: int) -> None:
        self._pixel[0] = _PIXEL_LIT if on else _PIXEL_DARK
        self._pixel.write()


class _NoSwitch:
    """Stands for the switch of a supply that is always on."""

    def value(self, on: int) -> None:
        pass


# Why joining failed, by ESP-IDF's numbers (wifi_err_reason_t): the greeting was broken off or
# refused, which is what a wrong password looks like; nobody of that name, or with our security.
_REFUSED = (2, 15, 202, 204)
_NOT_FOUND = (201, 210, 211, 212)


class Radio:
    """Wi-Fi as a station. It takes no memory before it is first joined."""

    def __init__(self, ssid: str, key: str) -> None:
        self._wlan = None
        self._ssid = ssid
        self._key = key
        self._asked = False
        # After Bluetooth in the same start its memory may not be enough; a restart gives it.
        self.after_bluetooth = False

    def use(self, ssid: str, key: str) -> None:
        """From now on this network."""
        self._ssid = ssid
        self._key = key
        if self._asked:
            self._wlan.disconnect()
            self._asked = False
            self.join()

    def join(self) -> None:
        """Begins to join. The chip itself keeps trying from then on."""
        if self._asked:
            return
        try:
            if self._wlan is None:
                self._wlan = network.WLAN(network.STA_IF)
            self._wlan.active(True)
        except (OSError, MemoryError):
            if self.after_bluetooth:
                restart()
            raise
        self._wlan.connect(self._ssid, self._key)
        self._asked = True

    def joined(self) -> bool:
        """Whether there is a network now."""
        return self._wlan is not None and self._wlan.isconnected()

    def why(self) -> str:
        """What keeps it from joining: "wrong_password", "no_network", "" where that is open."""
        status = self._wlan.status() if self._wlan is not None else None
        if status in _REFUSED:
            return "wrong_password"
        return "no_network" if status in _NOT_FOUND else ""

    def rssi_dbm(self) -> int:
        """Signal strength; -127 where there is none."""
        try:
            return max(-127, min(20, self._wlan.status("rssi")))
        except (AttributeError, OSError, TypeError, ValueError):
            return -127

    def off(self) -> None:
        """Before sleep."""
        if self._wlan is not None:
            self._wlan.active(False)
        self._asked = False


class Chip:
    """Pins and parts by the settings; `pin` is the button's. Construct it once."""

    def __init__(self, config, pin) -> None:
        # First of all: an aerial may hang on one of them.
        self._held = [machine.Pin(one, machine.Pin.OUT, value=0) for one in config["hold_low"]]
        self._button = pin
        kind, number = config["light_kind"], config["pin_light"]
        self._light = _Pixel(number) if kind == "ws2812" else _Lamp(number, int(kind == "high"))
        self._sounder = self._battery = None
        if config["pin_sounder"] >= 0:
            tone = machine.Pin(config["pin_sounder"])
            self._sounder = machine.PWM(tone, freq=1000, duty_u16=0)
        if config["pin_battery"] >= 0:
            # Without attenuation the chip's ADC ends at 1 V, which is less than half a cell.
            sense = machine.Pin(config["pin_battery"])
            self._battery = machine.ADC(sense, atten=machine.ADC.ATTN_11DB)
        self._rtc = machine.RTC()
        self._config = config

    def light(self, on: int) -> None:
        """The light, 1 or 0."""
        self._light.value(on)

    def sounder(self, hz: int) -> None:
        """A tone, or 0 for silence."""
        if self._sounder is None:
            return
        if hz:
            self._sounder.freq(hz)
        self._sounder.duty_u16(_TONE_DUTY if hz else 0)

    def battery_millivolts(self) -> int:
        """The battery, from what its pin sees of it; 0 where none does."""
        if self._battery is None:
            return 0
        # In this order: the product in microvolts would not fit the chip's small numbers.
        return min(20000, self._battery.read_uv() // 100 * self._config["battery_x100"] // 1000)

    def watchdog(self) -> machine.WDT:
        """Starts the watchdog. There is no way to stop it."""
        return machine.WDT(timeout=self._config["watchdog_s"] * 1000)

    def radar(self) -> tuple:
        """(UART, what switches its supply)."""
        from doorknock import radar

        config = self._config
        number = config["pin_radar_power"]
        power = machine.Pin(number, machine.Pin.OUT, value=0) if number >= 0 else _NoSwitch()
        uart = machine.UART(
            1,
            radar.RATES[config["radar"]][0],
            rx=config["pin_radar_rx"],
            tx=config["pin_radar_tx"],
            rxbuf=radar.RECEIVE_BYTES,
        )
        return uart, power

    def door(self):
        """The door contact's pin, high while the door is open; None where there is none."""
        return _contact(self._config["pin_door"])

    def tamper(self):
        """The lid switch's pin, high while the case is open; None where there is none."""
        return _contact(self._config["pin_tamper"])

    def remembered(self) -> bytes:
        """What was remembered over deep sleep; b"" at any other start."""
        return self._rtc.memory() if cause() == "deep_sleep" else b""

    def sleep(self, remember: bytes, ms: int) -> None:
        """Deep sleep until the button is pressed or `ms` have passed. Does not return."""
        self._rtc.memory(remember)
        wake_on(self._button)
        machine.deepsleep(ms)

"""The chip and what is soldered to it: the one room that speaks to `machine` and `network`."""

import time

import esp32
import machine
import network

from doorknock import clock, radar

# The chip's own names for why it started, in the words of the contract.
_CAUSES = {
    machine.PWRON_RESET: "power_on",
    machine.HARD_RESET: "reset_pin",
    machine.WDT_RESET: "watchdog",
    machine.DEEPSLEEP_RESET: "deep_sleep",
    machine.SOFT_RESET: "software",
}
# Half of full duty is a tone's greatest loudness; a light is on or off.
_TONE_DUTY = 32768


def ticks() -> int:
    """Milliseconds, wrapping; see clock.py."""
    # The stub hides that ticks are plain numbers.
    return time.ticks_ms() & clock.MASK  # pyright: ignore[reportOperatorIssue]


def wall_ms() -> int:
    """A clock that goes on in deep sleep. It need not be right; only differences are used."""
    return time.time_ns() // 1000000


def cause() -> str:
    """Why the chip started; one of wire.RESET_CAUSES."""
    return _CAUSES.get(machine.reset_cause(), "unknown")


def woken_by_pin() -> bool:
    """Whether it was the button that ended deep sleep."""
    return machine.wake_reason() == machine.PIN_WAKE


def button(config) -> machine.Pin:
    """The button's pin: low when pressed."""
    return machine.Pin(config["pin_button"], machine.Pin.IN, machine.Pin.PULL_UP)


def restart() -> None:
    """Starts anew, with cause "software". Does not return."""
    machine.reset()


class Radio:
    """Wi-Fi as a station."""

    def __init__(self, ssid: str, key: str) -> None:
        self._wlan = network.WLAN(network.STA_IF)
        self._ssid = ssid
        self._key = key
        self._asked = False

    def join(self) -> None:
        """Begins to join. The chip itself keeps trying from then on."""
        if not self._asked:
            self._wlan.active(True)
            self._wlan.connect(self._ssid, self._key)
            self._asked = True

    def joined(self) -> bool:
        """Whether there is a network now."""
        return self._wlan.isconnected()

    def rssi_dbm(self) -> int:
        """Signal strength; -127 where there is none."""
        try:
            return max(-127, min(20, self._wlan.status("rssi")))
        except (OSError, TypeError, ValueError):
            return -127

    def off(self) -> None:
        """Before sleep."""
        self._wlan.active(False)
        self._asked = False


class Chip:
    """Pins and parts by the settings; `pin` is the button's. Construct it once."""

    def __init__(self, config, pin) -> None:
        self._button = pin
        self._light = machine.Pin(config["pin_light"], machine.Pin.OUT, value=0)
        self._sounder = machine.PWM(machine.Pin(config["pin_sounder"]), freq=1000, duty_u16=0)
        self._battery = machine.ADC(machine.Pin(config["pin_battery"]))
        self._rtc = machine.RTC()
        self._config = config

    def light(self, on: int) -> None:
        """The light, 1 or 0."""
        self._light.value(on)

    def sounder(self, hz: int) -> None:
        """A tone, or 0 for silence."""
        if hz:
            self._sounder.freq(hz)
        self._sounder.duty_u16(_TONE_DUTY if hz else 0)

    def battery_millivolts(self) -> int:
        """The battery; the pin sees half of it."""
        return min(20000, self._battery.read_uv() * 2 // 1000)

    def watchdog(self) -> machine.WDT:
        """Starts the watchdog. There is no way to stop it."""
        return machine.WDT(timeout=self._config["watchdog_s"] * 1000)

    def radar(self) -> tuple:
        """(UART, the pin that switches its supply)."""
        config = self._config
        power = machine.Pin(config["pin_radar_power"], machine.Pin.OUT, value=0)
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
        number = self._config["pin_door"]
        return machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP) if number >= 0 else None

    def remembered(self) -> bytes:
        """What was remembered over deep sleep; b"" at any other start."""
        return self._rtc.memory() if cause() == "deep_sleep" else b""

    def sleep(self, remember: bytes, ms: int) -> None:
        """Deep sleep until the button is pressed or `ms` have passed. Does not return."""
        self._rtc.memory(remember)
        esp32.wake_on_ext0(self._button, esp32.WAKEUP_ALL_LOW)
        machine.deepsleep(ms)

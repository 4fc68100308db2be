"""Puts the device together: one task a room, and what goes from one to the other.

Nothing in here waits for the network.
"""

import asyncio
import gc
import random
import sys

import slot

from doorknock import (
    afar,
    bell,
    button,
    chip,
    clock,
    events,
    health,
    identity,
    keep,
    lines,
    link,
    retry,
    signals,
    tamper,
    update_at_rest,
    wifi,
    wire,
)
from doorknock.version import FIRMWARE

# What goes by the clock is looked at so often while there is any; else it is enough to report.
_TICK_MS = 100
# Answers of telemetry are written down together; a reset before costs a duplicate, no more.
_FLUSH_MS = 10000
_LINES = lines.Lines(chip.ticks)


def _arch() -> str:
    # Its upper bits, by MicroPython's own account; later ones say more of the same.
    number = getattr(sys.implementation, "_mpy", 0) >> 10 & 0x3F
    return wire.ARCHES[number] if number < len(wire.ARCHES) else "none"


_ARCH = _arch()


def log(text: str) -> None:
    """One short line on the console. No secrets, nobody's name, nothing about who is in."""
    _LINES.say(text)
    print(text)


class App:
    """The device. Construct it once; run() is for ever."""

    def __init__(self, awake, watchdog, lights) -> None:
        self.config = awake.settings
        self.chip = awake.parts
        self._watchdog = watchdog
        self.signals = lights
        self.cause = chip.cause()
        self.is_sensor = self.config["type"] == "sensor"
        self._woken_by_press = awake.woken_by_press
        self.button = button.Button(self._down, self._pressed)
        self.pressed = awake.pressed
        self.pressed.follow(self.button)
        if self._woken_by_press or (self.pressed.found_down and not self.is_sensor):
            # Somebody stands there in the dark: before the journal, the radio, or anything else.
            self._shine("sending")
        self.sensor = None
        self.radar = None
        self.link = None
        self._tier = "none"
        self._question = None  # (boot, seq) of the `prompt` that is on
        # Rung by whatever may change what is shown, or begin what goes by the clock.
        self._stirred = bell.Bell()
        self._begin(awake.nvs)

    # --- starting --------------------------------------------------------------------------

    def _begin(self, nvs) -> None:
        settings = self.config
        self.identity = identity.Identity(
            nvs, random.getrandbits(30) + 1, self.chip.remembered(), chip.wall_ms()
        )
        self.uptime = clock.Uptime(chip.ticks(), self.identity.uptime_ms)
        base = settings.base()
        self.lines = _LINES
        self.log = log
        self.afar = afar.Afar(keep.Keep("orders"), afar.settable(settings), base, self)
        settings.lay_over(self.afar.in_force)
        self.device = settings["device"].hex()
        self.key = wire.signing_key(settings["secret"])
        schedule = retry.SPARING_S if settings["battery"] else retry.EVERY_S
        self.events = events.Events(self.device, self.key, self.identity, schedule, self)
        self.journal, self.call = self.events.journal, self.events.call
        network = (settings["wifi_ssid"], settings["wifi_key"])
        self.radio = chip.Radio(network[0], network[1])
        powered_on = self.cause == "power_on"
        self.may_change_wifi = settings["bluetooth"] == 1
        self.wifi = wifi.Wifi(
            keep.Keep("wifi"), nvs, network, powered_on, self.may_change_wifi, self
        )
        self.events.take_up()
        self.link = link.Link(
            settings,
            self.device,
            self.events.outgoing,
            self.radio,
            link.tls_context(settings, self.device),
            self.journal.message,
            self._commanded,
            chip.ticks,
            log,
        )
        self.battery = health.Battery(nvs, settings["battery_low_mv"])
        self.tamper = tamper.Tamper(self.chip.tamper(), self.emit)
        self.sleeper = None
        if settings["battery"]:
            from doorknock import sleep

            looks_in = self.cause == "deep_sleep" and not self._woken_by_press
            self.sleeper = sleep.Sleeper(chip.ticks(), looks_in)
        self.nvs = nvs
        self._update_kept = keep.Keep("update")
        self.update = update_at_rest.AtRest(self._update_kept, settings["release_key"], self)
        self.afar.follow(self.update)
        if slot.on_trial or self.update.goes_on(self.cause == "watchdog"):
            self._go_on_with(self.update)
        if self.is_sensor:
            from doorknock import sense

            self.radar = sense.Sense(self.chip, settings, self.emit, self.signals, chip.ticks, log)
            self.sensor = self.radar.sensor
            self._tier = self.radar.tier
        if not self.identity.woken or self.identity.boot == wire.BOOT_UNKNOWN:
            self._say_boot()
        self.afar.begin()
        self.wifi.begin(self.radio, chip.ticks())
        self.update.begin()

    def _say_boot(self) -> None:
        details = {
            "cause": self.cause,
            "firmware": FIRMWARE,
            "device_type": self.config["type"],
            "tier": self._tier,
        }
        log("boot %d, %s" % (self.identity.boot, self.cause))
        if self.identity.boot != wire.BOOT_UNKNOWN:
            self.emit("boot", details)
            return
        self.events.ask_for_number(details)

    # --- events ----------------------------------------------------------------------------

    def emit(self, kind: str, details: dict) -> tuple:
        """Something has happened: an event, whose (boot, seq) this is."""
        name = self.events.emit(kind, details)
        if kind == "prompt":
            self._question = name if details["state"] == "asked" else None
        return name

    def now_ms(self) -> int:
        """Uptime, ms."""
        return self.uptime.at(chip.ticks())

    def send_soon(self) -> None:
        """An event is to go out."""
        if self.link is not None:
            self.link.hurry()
        self._stirred.ring()

    def _down(self) -> None:
        """The button went down: the first light, long before it is known what was meant.

        At every press, whatever is shown. "sending" also over "coming": that this press goes out
        is what is new, and with its answer the light says again that somebody is coming.
        """
        if self.is_sensor or self.button.told_urgent:
            # A tap that adds nothing to what was told: seen, but there is nothing to send.
            self.signals.play("noted")
        else:
            self._shine("sending", anew=True)
            self._keep_first_tap()
        if self.sleeper is not None:
            self.sleeper.anew(chip.ticks())
        self._stirred.ring()

    def _keep_first_tap(self) -> None:
        """Who has seen the light relies on it: a tap is on flash before it is known whether more
        follow, and goes out as it is should the power go meanwhile."""
        if not self.button.untold or self.events.holds or self.wifi.asks or self.afar.asks:
            return  # it is no first tap, or one tap is no call now
        if not self.events.hold("press", {"taps": 1, "held": 0}):
            self.button.kept_as_one()

    def _pressed(self, taps: int, held: bool) -> None:
        self._stirred.ring()
        now = chip.ticks()
        details = {"taps": taps, "held": 1 if held else 0}
        if self.events.release("press", details, taps > 1 or held):
            return
        if self.wifi.pressed(taps, held, now) or self.afar.pressed(taps, held, now):
            return
        if self.sensor is not None:
            self.sensor.pressed(taps, held, chip.ticks())
        else:
            self.emit("press", details)

    # --- commands --------------------------------------------------------------------------

    def _commanded(self, payload: bytes) -> None:
        try:
            command = wire.decode_command(payload, self.key)
        except wire.Refused as refused:
            log("command refused: " + refused.reason)
            return
        if command.device != self.device:
            log("command refused: another device's")
            return
        self._stirred.ring()
        self.wifi.reached(chip.ticks())
        if command.kind == "answer":
            if command.boot == self.identity.boot != wire.BOOT_UNKNOWN:
                self.update.answered()
            waited = self.call.waits
            self.events.answered(command.boot, command.seq)
            if self.sleeper is not None and self.call.waits < waited:
                self.sleeper.anew(chip.ticks())
        elif command.kind == "light":
            state = str(command.details.get("state", ""))
            if self.call.light_told(command.stamp, command.boot, command.seq, state):
                self.events.call_changed()
        elif command.kind == "number":
            next_boot = int(command.details.get("next_boot", 0))
            if self.events.number(command.boot, command.seq, next_boot):
                self._say_boot()
        elif command.kind == "piece":
            self.update.piece(command, chip.ticks())
        elif command.kind == "tested":
            self.afar.tested(command.boot, command.seq, chip.ticks())
        elif command.kind == "said_ok":
            self._said_ok(command.boot, command.seq)
        else:
            self.afar.take(command, chip.ticks())

    def _said_ok(self, boot: int, seq: int) -> None:
        """The resident answers on their page: this question, while it is on, and no other. To
        one that would end the watch only a press in the room is an answer."""
        sensor = self.sensor
        if sensor is None or not sensor.prompting() or self._question != (boot, seq):
            return
        if not sensor.ends_watch():
            sensor.pressed(1, False, chip.ticks())

    # What orders from afar ask of the device.

    def busy(self) -> bool:
        """Whether a question to the person, or a call, is open."""
        return self.call.open or (self.sensor is not None and self.sensor.prompting())

    def calm(self) -> bool:
        """Whether a restart disturbs nobody: nobody is looked after, asked, or waited for."""
        watching = self.sensor is not None and self.sensor.watching()
        return not (self.busy() or watching or self._touched)

    def trying(self) -> bool:
        """Whether an update is on trial, or about to be."""
        return self.update.trying

    def change_wifi(self) -> None:
        """Somebody in the room has agreed that its Wi-Fi is changed."""
        self.wifi.open(chip.ticks())

    def told(self, signal: str) -> None:
        """Something to be told once, over what is shown."""
        if not self.busy():
            self.signals.play(signal)

    def restart(self) -> None:
        """Starts anew; everything is on flash."""
        self.journal.close()
        chip.restart()

    # And what updates ask of it.

    def updates(self) -> None:
        """Loads the fetching and trying of updates: from now on it is `update`."""
        from doorknock import update

        self.update = update.Update(
            self._update_kept, self.config["release_key"], FIRMWARE, _ARCH, self, chip.ticks()
        )
        self.afar.follow(self.update)

    def _go_on_with(self, at_rest) -> None:
        try:
            self.updates()
        except MemoryError:
            if slot.on_trial:
                # boot.py's slot.py takes such an application back.
                raise
            gc.collect()
            at_rest.give_up("no memory")

    def may(self) -> bool:
        """Whether an update may go on: it disturbs nobody, and the battery bears it."""
        if not self.calm() or self.wifi.awake or self.afar.showing == "agree":
            # Who is just being asked to agree by a press would call by it after a restart.
            return False
        return self.sleeper is None or not (self._woken_by_press or self.battery.low)

    def faulty(self) -> bool:
        """Whether the radar should be heard and is not."""
        return self.radar is not None and self.radar.faulty()

    def alarm_waits(self) -> bool:
        """Whether somebody asks for help, and the gateway does not know. Not while a sensor still
        asks them: a question is not cut off."""
        if self.sensor is not None and self.sensor.prompting():
            return False
        return self.events.outgoing.alarm_waits()

    def want(self, details: dict) -> bool:
        """Asks the gateway for something that is no event; False while there is no link."""
        boot = self.identity.boot
        return self.link.pass_on(
            wire.encode("want", self.device, boot, 0, self.now_ms(), details, self.key)
        )

    def new_key(self, key: bytes) -> bool:
        """Verifies updates with this key from now on; False where the store does not take it."""
        try:
            self.nvs.set_blob("release_key", key)
            self.nvs.commit()
        except OSError:
            return False
        return True

    # --- light -----------------------------------------------------------------------------

    def show(self) -> None:
        """Shows what is true now. A question to the person goes before everything else."""
        now_called = self.call
        light = now_called.told
        if now_called.waits:
            light = now_called.light(chip.ticks(), self.link is not None and self.link.failed)
        if self.sensor is not None and self.sensor.prompting():
            light = "prompt"
        elif not self.is_sensor and self.button.untold:
            light = "sending"
        elif light == "none":
            light = self.afar.showing or self.wifi.showing
        if light != self.signals.shown:
            self._shine(light)

    def _shine(self, light: str, anew: bool = False) -> None:
        if self.signals.show(light, anew):
            log("light " + light)

    # --- tasks -----------------------------------------------------------------------------

    async def _tick(self, report) -> None:
        """What happens by the clock alone."""
        flushed = chip.ticks()
        fault = False
        kept, numbers = self.journal, self.identity
        while True:
            report()
            now = chip.ticks()
            self.afar.tick(now)
            self.wifi.tick(now)
            self.update.tick(now)
            self.tamper.look()
            self.show()
            if clock.since(now, flushed) >= _FLUSH_MS:
                flushed = now
                kept.flush()
            broken = kept.broken or numbers.broken
            if broken != fault:
                fault = broken
                state = "raised" if fault else "cleared"
                self.emit("fault", {"what": "storage", "state": state})
            if self.sleeper is not None:
                self._sleep_if_idle(now)
            if self._by_the_clock():
                await asyncio.sleep_ms(_TICK_MS)
            else:
                await self._stirred.wait(health.REPORT_MS)

    def _by_the_clock(self) -> bool:
        """Whether there is something that goes by the clock, or can only be seen by looking. What
        else there is rings (`_stirred`), and is then looked at at once."""
        return (
            self.tamper.wired
            or self.sleeper is not None
            or self.call.waits > 0
            or self.afar.awake
            or self.wifi.awake
            or self.update.under_way
        )

    @property
    def _touched(self) -> bool:
        """Whether somebody is at the button, as far as anything in here knows."""
        return self.button.busy or self.pressed.unseen

    def _sleep_if_idle(self, now: int) -> None:
        if self._touched or self.afar.awake or self.wifi.awake or self.update.awake(now):
            return
        for_ms = self.sleeper.sleep_ms(
            now, self.call.light(now, False), self.journal.entries, self.link.state == link.UP
        )
        if for_ms:
            self.journal.close()
            self.link.leave()
            self.radio.off()
            if self._touched:
                # A tap while all that was shut, a tenth of a second: it stays awake for it.
                return
            uptime_ms = self.now_ms()
            self.chip.sleep(self.identity.asleep(uptime_ms, chip.wall_ms()), for_ms)

    async def _beat(self, report) -> None:
        """The heartbeat: one soon after the start, then as often as the type demands."""
        every_s = self.config["heartbeat_s"] or health.HEARTBEAT_S[self.config["type"]]
        while True:
            self._heartbeat()
            left_ms = every_s * 1000
            while left_ms > 0:
                report()
                await asyncio.sleep_ms(min(left_ms, health.REPORT_MS))
                left_ms -= health.REPORT_MS

    def _heartbeat(self) -> None:
        light = self.call.light(chip.ticks(), self.link.failed)
        details = {
            "cause": self.cause,
            "firmware": FIRMWARE,
            "rssi_dbm": self.radio.rssi_dbm(),
            "memory_free_bytes": gc.mem_free(),
            "journal_depth": len(self.journal.entries),
            "light": light,
            "device_type": self.config["type"],
            "tier": self._tier,
            "arch": _ARCH,
        }
        if self.config["battery"]:
            millivolts = details["battery_millivolts"] = self.chip.battery_millivolts()
            state = self.battery.measured(millivolts)
            if state:
                self.emit("battery", {"millivolts": millivolts, "state": state})
        if self.sensor is not None:
            details.update(self.sensor.health())
        self.emit("heartbeat", details)

    async def _way(self, report) -> None:
        """The radio's task: the link, and first Bluetooth at a start that is for it."""
        if self.wifi.bluetooth:
            info = (b"Doorknock", FIRMWARE.encode(), chip.model(), self.device.encode())
            await self.wifi.offer(self.config["secret"], self.device, info, chip.ticks, report)
        await self.link.run(report)

    async def run(self) -> None:
        """Everything, for ever."""
        supervisor = health.Supervisor(self._watchdog, chip.ticks, log)
        tasks = [
            ("button", self.pressed.run),
            ("signals", self.signals.run),
            ("tick", self._tick),
            ("link", self._way),
            ("heartbeat", self._beat),
        ]
        if self.radar is not None:
            tasks.append(("radar", self.radar.run))
        if self._woken_by_press:
            self.pressed.woken()
        self._tasks = [
            asyncio.create_task(_lasting(name, task(supervisor.enrol(name))))
            for name, task in tasks
        ]
        await supervisor.run()


async def _lasting(name: str, task) -> None:
    """A task that should never end. If it does, that is said, and the watchdog does the rest."""
    try:
        await task
        log("task %s has ended" % name)
    except Exception as problem:
        log("task %s has failed" % name)
        sys.print_exception(problem)


def main(awake) -> None:
    """Runs the device; `awake` is an early.Early."""
    # From here on a start that hangs is a reset, and no dead board.
    watchdog = awake.parts.watchdog()
    settings = awake.settings
    for name, problem in settings.problems:
        # That a setting was left at its default is no news.
        if problem != "missing" or name in settings.lacking:
            log("setting %s: %s" % (name, problem))
    lights = signals.Signals(awake.parts.light, awake.parts.sounder, chip.ticks)
    if settings.lacking:
        from doorknock import blank

        asyncio.run(blank.Blank(settings, watchdog, lights, chip.ticks, log).run())
    else:
        asyncio.run(App(awake, watchdog, lights).run())

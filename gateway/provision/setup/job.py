"""One board through the steps, from "who are you?" to "ready".

    made = SetUp(desk, port, wanted).run()

What is done is written down after each step, so it can be ended at any moment (a cable, Ctrl-C, a
power cut, the gateway restarted) and run again: it goes on, under the same key.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway import answers, devices, lock, orders
from gateway.care import acts, view, waiting
from gateway.provision import boards
from gateway.provision.boards import Board
from gateway.provision.flash.esptool import Found
from gateway.provision.flash.job import Recipe, flash
from gateway.provision.setup import judged, nvs, on_board
from gateway.provision.setup.cable import Cable
from gateway.provision.setup.network import Network
from gateway.provision.setup.steps import Step, left, steps_of
from gateway.provision.setup.trouble import NobodyPressed, NotReached, Unfit
from gateway.provision.setup.wanted import Wanted
from gateway.release.library import Library
from gateway.settings import Settings
from gateway.store import Store, setups
from gateway.store import devices as device_table

# From its start until it is heard: Wi-Fi with DHCP takes 2 s, TLS one; an access point that is
# found at the third try, half a minute.
HEARD_WITHIN_S = 90.0
# The backend is asked every second; one elsewhere may be away for a moment.
ANSWERS_WITHIN_S = 30.0
SETTINGS_WITHIN_S = 180.0
TEST_WITHIN_S = 120.0

# (step, state, fields) as it happens; state: "begun", "done", "says", "press".
Tell = Callable[[Step, str, dict[str, Any]], None]


@dataclass(frozen=True)
class Desk:
    """What boards are set up with. tell_broker: after a key was added or taken away. by: who does
    it, for the audit. clock, sleep: s, as in waiting.Patience."""

    settings: Settings
    store: Store
    network: Network
    tell_broker: Callable[[], None]
    by: str
    clock_ms: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    board: Callable[[str], Board] = boards.load
    cable_patience_s: float = 30.0


@dataclass(frozen=True)
class Flash:
    """How boards are flashed before they are set up. journals: see flash.job."""

    recipe: Recipe
    journals: Path
    tell: Callable[[str, dict[str, object]], None]


@dataclass
class Made:
    """A device that is ready. checks: what was measured on the way."""

    device: str
    wanted: Wanted
    checks: dict[str, Any] = field(default_factory=dict)


class SetUp:
    """Sets up the board on `port`. flash: it is flashed first. renew: it gets a new key, and the
    old one never works again. claim: told who it is (device, chip) before anything is done; it may
    object, or want something else of it."""

    def __init__(
        self,
        desk: Desk,
        port: str,
        wanted: Wanted,
        tell: Tell,
        *,
        flash: Flash | None = None,
        renew: bool = False,
        claim: Callable[[str, str, Wanted], Wanted] = lambda device, chip, wanted: wanted,
    ) -> None:
        self._desk = desk
        self._port = port
        self._wanted = wanted
        self._tell = tell
        self._flash = flash
        self._renew = renew
        self._claim = claim
        self._board = desk.board(wanted.board)
        self._device = ""
        self._done: set[str] = set()
        self._made: Made | None = None

    @property
    def wanted(self) -> Wanted:
        """What is wanted of the board, as far as it is known who it is."""
        return self._wanted

    def run(self) -> Made:
        """Returns when the device is ready. Raises GatewayError; then run it again."""
        with self._cable() as cable:
            if self._flash is not None and not self._is_flashed():
                self._step(Step.FLASH, self._put_all_onto_it)
            self._step(Step.BOARD, lambda: self._who(cable))
            acts: dict[Step, Callable[[], Any]] = {
                Step.KEY: self._key,
                Step.WRITE: lambda: self._write(cable),
                Step.RADAR: lambda: self._radar(cable),
                Step.NETWORK: lambda: self._network(cable),
                Step.ANSWERS: self._answers,
                Step.MODE: self._mode,
                Step.TEST: self._test,
                Step.REPLACE: self._replace,
                Step.READY: self._ready,
            }
            for step in left(self._steps(), self._done):
                if step in acts:
                    self._step(step, acts[step])
        assert self._made is not None  # noqa: S101 - the last step has made it
        return self._made

    def _steps(self) -> list[Step]:
        wanted = self._wanted
        return steps_of(
            flash=self._flash is not None,
            sensor=wanted.is_sensor,
            widens=bool(wanted.from_afar),
            replaces=bool(wanted.replaces),
        )

    def _step(self, step: Step, act: Callable[[], Any]) -> Any:
        place = self._steps()
        self._tell(step, "begun", {"n": place.index(step) + 1, "of": len(place)})
        came = act()
        if self._device:
            with self._desk.store.write() as connection:
                setups.done(connection, self._device, step.value)
        self._tell(step, "done", came if isinstance(came, dict) else {})
        return came

    def _cable(self, patience_s: float | None = None) -> Cable:
        desk = self._desk
        patience = desk.cable_patience_s if patience_s is None else patience_s
        return Cable(self._port, patience_s=patience, clock=desk.clock, sleep=desk.sleep)

    # --- the board ---------------------------------------------------------------------------

    def _is_flashed(self) -> bool:
        """Whether an earlier run, which was cut off, has flashed this board already."""
        with self._desk.store.read() as connection:
            rows = {row.device: row for row in setups.every(connection) if row.ready_at is None}
        if not any(Step.FLASH in row.done for row in rows.values()):
            return False
        try:
            with self._cable(patience_s=5.0) as cable:
                found = cable.run(on_board.WHO)
        except Exception:
            return False  # then it is flashed, which mends it
        row = rows.get(str(found["device"]))
        return bool(row is not None and Step.FLASH in row.done and found["firmware"])

    def _put_all_onto_it(self) -> None:
        assert self._flash is not None  # noqa: S101 - asked by whoever calls this

        def settings(found: Found) -> bytes:
            self._begin(found.mac, found.chip)
            return nvs.image(self._values(self._key()))

        recipe = replace(self._flash.recipe, settings=settings, resume=True)
        asyncio.run(flash(self._port, recipe, self._flash.journals, self._flash.tell))

    def _who(self, cable: Cable) -> dict[str, Any]:
        found: dict[str, Any] = cable.run(on_board.WHO)
        if not found.get("firmware"):
            raise Unfit(
                f"The board on {self._port} has MicroPython and no Doorknock: run this again with "
                "--flash."
            )
        self._begin(str(found["device"]), judged.chip_of(str(found["machine"])))
        judged.fits(self._board, str(found["machine"]), self._port)
        return {name: found[name] for name in ("device", "firmware", "version")}

    def _begin(self, device: str, chip: str) -> None:
        """Takes up what was done before, where that was for the same; else begins anew."""
        if self._device:
            if device != self._device:
                raise Unfit(
                    f"The board on {self._port} is another one than a moment ago; leave one in "
                    "until it is ready."
                )
            return
        self._wanted = self._claim(device, chip, self._wanted)
        self._board = self._desk.board(self._wanted.board)
        # Whether the board can be such a device at all, before anything is written.
        self._of_the_board()
        self._object(device)
        kept = self._wanted.to_json()
        with self._desk.store.write() as connection:
            row = setups.find(connection, device)
            goes_on = row is not None and row.ready_at is None and row.wanted == kept
            if not goes_on:
                setups.begin(connection, device, kept, self._desk.clock_ms())
            self._done = set(row.done) if goes_on and row is not None else set()
        self._device = device
        self._made = Made(device, self._wanted)

    def _object(self, device: str) -> None:
        if self._wanted.replaces:
            if self._wanted.replaces == device:
                raise Unfit(f"Device {device} cannot take its own place; leave --replace out.")
            old = devices.get(self._desk.store, self._wanted.replaces)
            if old.retired_at_ms is not None and Step.REPLACE not in self._done:
                raise Unfit(f"Device {old.device} is retired already; leave --replace out.")

    def _key(self) -> devices.Device:
        desk, wanted = self._desk, self._wanted
        device = devices.put_into(
            desk.store, self._device, wanted.unit, wanted.device_type, now_ms=desk.clock_ms()
        )
        if self._renew and Step.KEY not in self._done:
            devices.renew_secret(desk.store, self._device)
            device = devices.get(desk.store, self._device)
        # Within one run the key is made once.
        self._done.add(Step.KEY)
        desk.tell_broker()
        return device

    def _values(self, device: devices.Device) -> dict[str, nvs.Value]:
        """Everything that the board is to know. Mode and limits are not among it: what widens
        what is watched takes a press, now as later."""
        network, broker = self._desk.network, self._desk.settings.broker
        values = self._of_the_board()
        values |= {"device": bytes.fromhex(device.device), "secret": device.secret}
        values |= {"wifi_ssid": network.ssid, "wifi_key": network.key}
        # Of updates over the air; empty where this gateway trusts none yet: docs/updates.md.
        values |= {"release_key": Library(self._desk.settings.data).trusted}
        return values | {"host": network.host, "port": broker.port}

    def _of_the_board(self) -> dict[str, nvs.Value]:
        wanted = self._wanted
        return dict(
            self._board.settings(
                "sensor" if wanted.is_sensor else "button",
                radar=wanted.radar or None,
                battery=wanted.battery,
            )
        )

    def _write(self, cable: Cable) -> dict[str, Any]:
        device = devices.get(self._desk.store, self._device)
        with self._desk.store.read() as connection:
            row = device_table.find(connection, self._device)
        least_boot = row.highest_boot if row else 0
        said = cable.run(on_board.write(nvs.stored(self._values(device)), least_boot))
        if said["wrong"]:
            raise Unfit(
                f"The board's firmware does not take {', '.join(said['wrong'])}: flash the newest "
                "with --flash."
            )
        return {"written": said["written"]}

    def _radar(self, cable: Cable) -> dict[str, Any]:
        told = cable.run(on_board.RADAR, within_s=on_board.RADAR_S + 20.0)
        judged.radar(told, self._board)
        names = ("radar_frames_per_10s", "radar_errors", "noise_floor", "tier")
        return self._measured({name: told[name] for name in names})

    # --- the way -----------------------------------------------------------------------------

    def _network(self, cable: Cable) -> dict[str, Any]:
        desk = self._desk
        before = devices.get(desk.store, self._device).last_heard_at_ms
        with desk.store.write() as connection:
            # What was ordered before, and not answered, is of another time.
            orders.note(connection, self._device, "provision", by=desk.by, now_ms=desk.clock_ms())
        if self._sleeps:
            # It hears of this as soon as it is there, and stays awake for what follows.
            what = {"what": "identify"}
            orders.give(desk.store, self._device, "act", what, by=desk.by, now_ms=desk.clock_ms())
        cable.restart()
        until, why = desk.clock() + HEARD_WITHIN_S, ""
        for line in self._console(cable):
            if line.startswith("link down: "):
                why = line.removeprefix("link down: ")
            now = devices.get(desk.store, self._device)
            if now.online and now.last_heard_at_ms != before:
                break
            if desk.clock() >= until:
                raise judged.not_heard(
                    why,
                    device=self._device,
                    ssid=desk.network.ssid,
                    host=desk.network.host,
                    port=desk.settings.broker.port,
                    gateway_runs=lock.holder(desk.settings.data) is not None,
                )
        with desk.store.read() as connection:
            row = device_table.find(connection, self._device)
        rssi = (row.health or {}).get("rssi_dbm") if row else None
        return self._measured({"rssi_dbm": rssi} if rssi is not None else {})

    @property
    def _sleeps(self) -> bool:
        """Whether it runs on a battery, and sleeps between presses."""
        return bool(self._of_the_board()["battery"])

    def _console(self, cable: Cable) -> Iterator[str]:
        for line in cable.lines():
            yield line
            if not line:
                self._desk.sleep(waiting.LOOK_EVERY_S)

    def _answers(self) -> None:
        desk, wanted = self._desk, self._wanted
        now = answers.of_unit(desk.store, wanted.unit)
        same = now is not None and (now.first, now.ambulance_min) == (
            wanted.first,
            wanted.ambulance_min,
        )
        if now is None or not same or now.refused:
            answers.give(
                desk.store,
                wanted.unit,
                wanted.first,
                wanted.ambulance_min,
                now_ms=desk.clock_ms(),
            )
        until_told(desk, wanted.unit)

    def _mode(self) -> None:
        order = self._ordered(Step.MODE, "set", self._wanted.from_afar, SETTINGS_WITHIN_S)
        if order.state in ("no_press", "waiting_for_press"):
            raise NobodyPressed(
                "Nobody has agreed by a press in time, so nothing is watched more than before: "
                "run this again, and press once when the light asks."
            )
        if order.state not in ("applied", "in_force"):
            raise NotReached(f"{waiting.sentence(order)} Then run this again.")

    def _test(self) -> None:
        order = self._ordered(Step.TEST, "act", {"what": "test_press"}, TEST_WITHIN_S)
        if order.state == "arrived":
            return
        if order.state == "done" or (self._sleeps and order.waits):
            raise NobodyPressed(
                "Nobody has pressed within a minute: run this again, and press its button once "
                "when its light asks."
            )
        if order.state == "busy":
            raise NobodyPressed(
                "The device cannot take a test press now: where its button was pressed before its "
                "light asked, that was a call; close it on the page, then run this again."
            )
        raise NotReached(f"{waiting.sentence(order)} Then run this again.")

    def _ordered(self, step: Step, kind: str, details: Any, within_s: float) -> view.Order:
        """Orders something of the device, and waits for what becomes of it."""
        desk = self._desk
        given = orders.give(
            desk.store, self._device, kind, details, by=desk.by, now_ms=desk.clock_ms()
        )

        def say(state: str, text: str) -> None:
            # Not sooner than its light asks: a press before that is a call.
            if step is Step.TEST and state == "done":
                self._tell(step, "press", {})
            else:
                self._tell(step, "says", {"text": text})

        patience = waiting.Patience(desk.clock, desk.sleep, say)
        return waiting.until_settled(desk.store, given, within_s, patience)

    # --- the end -----------------------------------------------------------------------------

    def _replace(self) -> dict[str, Any]:
        old = self._wanted.replaces
        retire(self._desk, old)
        return {"retired": old}

    def _ready(self) -> dict[str, Any]:
        desk = self._desk
        with desk.store.write() as connection:
            now_ms = desk.clock_ms()
            setups.ready(connection, self._device, now_ms)
            orders.note(connection, self._device, "set_up", by=desk.by, now_ms=now_ms)
        if self._wanted.is_sensor and view.find(desk.store, self._device).settings is None:
            # Until it has said what is in force, its resident can change nothing of it.
            orders.give(desk.store, self._device, "set", {}, by=desk.by, now_ms=now_ms)
        assert self._made is not None  # noqa: S101 - begun before
        return {"device": self._device, "unit": self._wanted.unit, **self._made.checks}

    def _measured(self, values: dict[str, Any]) -> dict[str, Any]:
        assert self._made is not None  # noqa: S101 - begun before
        self._made.checks.update(values)
        return values


def retire(desk: Desk, device: str) -> None:
    """Takes a device out of service, in one step; nothing happens where it is out already."""
    if devices.get(desk.store, device).retired_at_ms is None:
        acts.retire(desk.store, device, by=desk.by, now_ms=desk.clock_ms())
    desk.tell_broker()


def until_told(desk: Desk, unit: str) -> None:
    """Returns when the backend has what was answered for this unit. Raises SetupError."""
    until = desk.clock() + ANSWERS_WITHIN_S
    while True:
        now = answers.of_unit(desk.store, unit)
        if now is None or now.told:
            return
        if now.refused:
            raise Unfit(f"The backend refuses what was answered for {unit}: {now.refused}")
        if desk.clock() >= until:
            raise NotReached(
                f"The backend at {desk.settings.backend_url} does not take what was answered for "
                f"{unit}: see that gateway and backend run (`doorknock doctor`), then run this "
                "again."
            )
        desk.sleep(waiting.LOOK_EVERY_S)

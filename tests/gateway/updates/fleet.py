"""Devices at a gateway without a broker: each fetches as the firmware does, in Python."""

import hashlib
from dataclasses import dataclass, field

from doorknock import manifest, wire

from gateway import devices
from gateway.arrival import Arrival
from gateway.commands import Commands
from gateway.entry import Entry
from gateway.intake import Intake
from gateway.orders import Orders
from gateway.release.library import Library
from gateway.release.release_file import sign
from gateway.store import Store
from gateway.updates.acts import Updating
from gateway.updates.run import Updates
from gateway.updates.serve import Pieces
from tests.gateway.process import NOW_MS, secret_of
from tests.sim.virtual.releases import KEY

MINUTE = 60_000
APPLICATION = {"doorknock/app.mpy": bytes(range(256)) * 9, "doorknock/version.mpy": b"0.2.0"}


def release(version="0.2.0", **rest):
    return sign(KEY, version, {"rv32imc": APPLICATION, "xtensawin": APPLICATION}, **rest)


@dataclass
class Device:
    """One device. does: what becomes of the new application; "" while it does nothing."""

    id: str
    secret: bytes
    type: str
    firmware: str = "0.1.0"
    arch: str = "rv32imc"
    does: str = "well"
    battery: bool = False
    frames: int = 100
    cause: str = "power_on"
    seq: int = 0
    order: wire.Message | None = None
    got: dict[int, bytes] = field(default_factory=dict)
    leave: bool = False
    alive: bool = True
    done: bool = False

    @property
    def key(self) -> bytes:
        return wire.signing_key(self.secret)


class Fleet:
    """A gateway and its devices. `pass_time()` lets all of them live."""

    def __init__(self, store: Store, data, count=13, kind="sensor") -> None:
        self.store = store
        self.data = data
        self.now_ms = NOW_MS
        self.devices: dict[str, Device] = {}
        for number in range(1, count + 1):
            one = Device(f"{number:012x}", secret_of(number), kind)
            devices.register(store, one.id, one.secret, str(200 + number), kind, now_ms=NOW_MS)
            self.devices[one.id] = one
        self.library = Library(data)
        self.library.trust(KEY.public)
        self.library.add(release())
        self.acts = Updating(store, self.library, lambda: self.now_ms)
        self.sent = 0
        self.begin_gateway()

    def begin_gateway(self) -> None:
        """A gateway starts: nothing is left but the store."""
        commands = Commands(lambda: self.now_ms)
        self.library = Library(self.data)
        self.intake = Intake(
            self.store,
            Entry(commands, [], Pieces(commands, self.library)),
            self,
            clock_ms=lambda: self.now_ms,
            monotonic_ms=lambda: self.now_ms,
        )
        self.orders = Orders(self.store, commands, self, clock_ms=lambda: self.now_ms)
        self.updates = Updates(self.store, self.library, clock_ms=lambda: self.now_ms)
        self.updates._hearing_since_ms = self.now_ms

    # --- the way ---------------------------------------------------------------------------

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        one = self.devices[device]
        command = wire.decode_command(message, one.key)
        self.sent += 1
        if command.kind == "update":
            if one.order is None or command.stamp > one.order.stamp:
                one.order, one.done = command, False
                self.say(one, "updating", number=command.stamp, state="accepted")
        elif command.kind == "piece" and one.order is not None:
            if not command.data:
                one.leave = True
            else:
                at = int(command.details["at"])
                file = int(command.details["file"])
                if at == len(one.got.get(file, b"")):
                    one.got[file] = one.got.get(file, b"") + command.data

    def say(self, one: Device, kind: str, seq=None, work=True, **details) -> None:
        if seq is None:
            one.seq += 1
            seq = one.seq
        message = wire.encode(kind, one.id, 1, seq, 1000 * one.seq, details, one.key)
        self.intake.take(Arrival("test", one.id, wire.leaf_of(kind), message, self.now_ms))
        if work:
            self.intake.work()

    def want(self, one: Device, file: int, what: str = "piece") -> None:
        assert one.order is not None
        at = len(one.got.get(file, b""))
        details = {"number": one.order.stamp, "what": what, "file": file, "at": at, "pieces": 4}
        self.say(one, "want", 0, **details)

    # --- their lives -----------------------------------------------------------------------

    def beat(self, one: Device) -> None:
        self.say(
            one,
            "heartbeat",
            work=False,
            cause=one.cause,
            firmware=one.firmware,
            arch=one.arch,
            radar_frames_per_10s=one.frames,
        )

    def pass_time(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.now_ms += MINUTE
            awake = [
                one
                for one in self.devices.values()
                if one.alive and (one.type == "sensor" or self.now_ms // MINUTE % 15 == 0)
            ]
            for one in awake:
                self.beat(one)
            self.intake.work()
            for one in awake:
                self._go_on(one)
            self.updates.look()
            self.orders.look()

    def _go_on(self, one: Device) -> None:
        if one.order is None or one.done or not one.does:
            return
        number = one.order.stamp
        digest = str(one.order.details.get("manifest", ""))
        if not digest:
            one.done = True
            self.say(one, "updating", number=number, state="stopped")
            return
        if not self._fetch(one, digest):
            return
        one.leave = False
        self.want(one, wire.MANIFEST_FILE, "leave")
        if not one.leave:
            return
        self.say(one, "updating", number=number, state="trying")
        one.done = True
        one.cause = "software"
        if one.does == "well":
            one.firmware = manifest.Manifest(one.got[0]).version
            self.say(one, "updating", number=number, state="confirmed", version=one.firmware)
        elif one.does == "silent":
            one.alive = False
        else:
            self.say(one, "updating", number=number, state="rolled_back", why=one.does)

    def _fetch(self, one: Device, digest: str) -> bool:
        """All of it, or as much as is handed out."""
        if hashlib.sha256(one.got.get(0, b"")).hexdigest() != digest:
            one.got.clear()
            if not self._whole(one, 0, int(one.order.details["size"])):
                return False
        found = manifest.read(one.got[0], KEY.public)
        for index in range(found.count):
            if not self._whole(one, index + 1, found.file(index).size):
                return False
            content = one.got.get(index + 1, b"")
            assert hashlib.sha256(content).digest() == found.file(index).digest
        return True

    def _whole(self, one: Device, file: int, size: int) -> bool:
        while len(one.got.get(file, b"")) < size:
            before = len(one.got.get(file, b""))
            self.want(one, file)
            if len(one.got.get(file, b"")) == before:
                return False
        return True

    # --- what is seen ----------------------------------------------------------------------

    def states(self) -> dict[str, str]:
        shown = self.acts.newest()
        assert shown is not None
        return {row.device: row.state for row in shown.rows}

    def running(self, version: str) -> list[str]:
        return [one.id for one in self.devices.values() if one.firmware == version]

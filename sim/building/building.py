"""A building in virtual time: access points, broker, gateway, backend, phones, and their faults.

    boards ── Way ── Broker ── VirtualDoor ── the real gateway ── AsgiWire ── the real backend
                                                                                   │
    lights ◄───────────────────────── the same way back ◄──────────── phones, responders

Everything runs in the one loop it is given; what happened is told as records (record.py).
"""

import asyncio
import base64
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from doorknock import wire

from gateway import devices
from gateway.backend.alert import Alert
from gateway.secret_file import Secrets
from gateway.settings import Settings
from sim.building.asgi_wire import AsgiWire, Backend
from sim.building.backend_process import BackendProcess
from sim.building.broker import Broker
from sim.building.gateway_process import GatewayProcess
from sim.building.people import VirtualResponder
from sim.building.phones import SCHEME, Phones, Received
from sim.building.record import LogTap, Record
from sim.building.way import Way

# Where boards find the gateway, and the port that nobody has to look up.
HOST = "192.0.2.2"
PORT = 1883
# A Monday morning; that it is always the same one keeps runs the same.
BEGINS = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
# Ana and Ben are asked first, Carla next; Dora mends things.
PEOPLE = ("ana", "ben", "carla", "dora")
ESCALATION: Mapping[str, Any] = {
    "steps": [{"people": ["ana", "ben"]}, {"people": ["carla"]}],
    "staff": ["dora"],
}


class Building:
    """A building. `start()`, then let time pass; `stop()` at the end.

    people: ids, or tables as in a gateway's configuration, [[people]]; escalation, units: as
    there. durable: databases survive power cuts, and each commit waits for the disk.

    Attributes: network (for boards), way, broker, gateway, backend, phones, responders, wan (the
    gateway's way to the backend), mobile (the phones' way to the pages); records: all there were.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        chance: random.Random,
        *,
        people: Sequence[str | Mapping[str, Any]] = PEOPLE,
        escalation: Mapping[str, Any] = ESCALATION,
        units: Sequence[Mapping[str, Any]] = (),
        begins: datetime = BEGINS,
        on_record: Callable[[Record], None] = lambda _record: None,
        durable: bool = False,
    ) -> None:
        self.loop = loop
        self.records: list[Record] = []
        self._on_record = on_record
        self._begins_ms = round(begins.timestamp() * 1000) - round(loop.time() * 1000)
        self._keys: dict[str, bytes] = {}
        self._units: dict[str, str] = {}
        # Events on their way, by (device, boot, seq): the log does not repeat what they say, and
        # is silent about telemetry, whose commit its answer tells.
        self._heard: dict[tuple[str, int, int], wire.Message] = {}
        self._answered: set[tuple[str, int, int]] = set()
        settings = Settings.model_validate(
            {
                "path": folder / "gateway.toml",
                "gateway": {"name": "house", "site": "The house"},
                "backend": {"embedded": False, "url": "http://backend.example"},
                "web": {"base_url": "http://pages.example", "time_zone": "UTC"},
                "escalation": dict(escalation),
                "people": [_person(one) for one in people],
                "units": [dict(one) for one in units],
            }
        )
        secrets = _secrets(chance)
        self._tap = LogTap(self.tell)
        self.broker = Broker(loop, on_message=self._on_the_broker)
        self.way = Way(loop, random.Random(chance.random()), self.broker, HOST)
        self.wan = AsgiWire()
        self.mobile = AsgiWire()
        self.phones = Phones(loop, self._phone_shows)
        self.responders = {
            one.id: VirtualResponder(one.id, self.phones, self.mobile) for one in settings.people
        }
        self.backend = BackendProcess(
            settings,
            secrets,
            self.phones,
            (self.wan, self.mobile),
            self.unix_ms,
            self._alert_is,
            durable=durable,
        )
        self.gateway = GatewayProcess(
            settings,
            secrets,
            self.broker,
            self.wan,
            random.Random(chance.random()),
            self.unix_ms,
            durable=durable,
        )

    @property
    def network(self) -> Way:
        """What boards are given."""
        return self.way

    def unix_ms(self) -> int:
        """The true time."""
        return self._begins_ms + round(self.loop.time() * 1000)

    async def start(self) -> None:
        """Everything begins to run."""
        self._tap.open()
        self.broker.start()
        self.backend.start()
        self.gateway.start()

    async def stop(self) -> None:
        """Nothing of it is left."""
        await self.gateway.kill()
        await self.backend.kill()
        self.broker.kill()
        self._tap.close()

    def abandon(self) -> None:
        """Where the loop cannot go on: nothing ends in order, the log is the process's again."""
        self._tap.close()

    def add_device(self, device: str, secret: bytes, unit: str, device_type: str) -> None:
        """As staff add one at the gateway. Raises DeviceError, one sentence."""
        store = self.gateway.open_store()
        try:
            devices.register(store, device, secret, unit, device_type, now_ms=self.unix_ms())
        finally:
            store.close()
        self._keys[device] = wire.signing_key(secret)
        self._units[device] = unit

    def provisioning(self, device: str, secret: bytes) -> dict[str, int | bytes | str]:
        """What a new board of this device is provisioned with, its own settings apart."""
        return {
            "device": bytes.fromhex(device),
            "secret": secret,
            "boot": 0,
            "host": HOST,
            "port": PORT,
            "tls": "none",
            "wifi_ssid": "house",
        }

    def tell(self, record: Record) -> None:
        """Adds a record, of now."""
        if record["event"] == "committed":
            name = (record["device"], record["boot"], record["seq"])
            heard = self._heard.pop(name, None)
            record = {**(heard.details if heard else {}), **record}
        stamped = {"t_ms": round(self.loop.time() * 1000), **record}
        self.records.append(stamped)
        self._on_record(stamped)

    # --- faults ----------------------------------------------------------------------------

    def set_backend(self, state: Backend, *, slowness_s: float = 0.0) -> None:
        """What the gateway meets that wants the backend; the phones' way to its pages stays."""
        self.wan.slowness_s = slowness_s
        self.wan.become(state)

    # --- what happens ----------------------------------------------------------------------

    def _phone_shows(self, message: Received) -> None:
        self.tell(
            {
                "event": "message",
                "person": message.person,
                "title": message.title,
                "text": message.text,
                "link": message.link,
                "urgent": message.urgent,
            }
        )

    def _alert_is(self, alert: Alert) -> None:
        self.tell(
            {
                "event": "alert",
                "unit": alert.unit,
                "alert": alert.id,
                "kind": alert.kind.value,
                "state": alert.state.value,
                "attending": list(alert.attending),
                "arrived": list(alert.arrived),
                "outcome": alert.outcome,
            }
        )

    def _on_the_broker(self, topic: str, payload: bytes) -> None:
        device, leaf = topic.split("/")[2:]
        if device not in self._keys:
            return
        if leaf in ("alarm", "up"):
            with contextlib.suppress(wire.Refused):
                event = wire.decode_event(payload, self._keys[device])
                self._heard[device, event.boot, event.seq] = event
        if leaf != "down":
            return
        command = wire.decode_command(payload, self._keys[device])
        if command.kind == "answer":
            self._answer_is(device, (device, command.boot, command.seq))
        if command.kind == "light":
            self.tell(
                {
                    "event": "light_command",
                    "device": device,
                    "unit": self._units[device],
                    "boot": command.boot,
                    "seq": command.seq,
                    "state": command.details["state"],
                }
            )

    def _answer_is(self, device: str, name: tuple[str, int, int]) -> None:
        heard = self._heard.get(name)
        if heard is None or heard.kind in wire.ALARM_KINDS or name in self._answered:
            return
        self._answered.add(name)
        _, boot, seq = name
        self.tell(
            {
                "event": "committed",
                "device": device,
                "unit": self._units[device],
                "kind": heard.kind,
                "boot": boot,
                "seq": seq,
            }
        )


def _person(one: str | Mapping[str, Any]) -> dict[str, Any]:
    table = {"id": one} if isinstance(one, str) else dict(one)
    name = str(table["id"])
    return {"name": name.title(), "channels": [f"{SCHEME}{name}"], **table}


def _secrets(chance: random.Random) -> Secrets:
    """Like every secret of a simulated house, its own for each seed, and worth nothing."""
    webhook_secret = "whsec_" + base64.b64encode(chance.randbytes(32)).decode()
    stream_token, session_key = chance.randbytes(16).hex(), chance.randbytes(16).hex()
    return Secrets(webhook_secret, stream_token, session_key, "", vault_key="of " + session_key)

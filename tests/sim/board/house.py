"""A real mosquitto with TLS-PSK, and a gateway made of paho and wire."""

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from doorknock import wire

DEVICE = "00112233aabb"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Broker:
    """mosquitto with a PSK listener for devices and a loopback one for the gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.inner_port = free_port()
        self.keys: dict[str, bytes] = {}
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        psk = "".join(f"{device}:{key.hex()}\n" for device, key in self.keys.items())
        (self.folder / "psk").write_text(psk)
        (self.folder / "store").mkdir(exist_ok=True)
        (self.folder / "conf").write_text(
            f"per_listener_settings true\nuser root\nlog_dest stderr\n"
            f"persistence true\npersistence_location {self.folder}/store/\n"
            f"listener {self.port} 127.0.0.1\npsk_hint doorknock\npsk_file {self.folder}/psk\n"
            f"use_identity_as_username true\nuse_username_as_clientid true\n"
            f"allow_anonymous false\nlistener {self.inner_port} 127.0.0.1\nallow_anonymous true\n"
        )
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self.folder / "conf")],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.inner_port), 1),
            ):
                return
            time.sleep(0.01)
        raise AssertionError("mosquitto does not answer: " + (self.folder / "log").read_text())

    def kill(self, *, wipe: bool = False) -> None:
        """kill -9; its store goes as well, if so wished."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if wipe:
            for file in (self.folder / "store").iterdir():
                file.unlink()


@dataclass
class Gateway:
    """The least a gateway is: verifies every event, answers it, and says that it is there."""

    port: int
    secret: bytes
    # The device it hears; "+" for all. A gateway of the house's other devices does not disturb.
    device: str = "+"
    answering: bool = True
    events: list[wire.Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    statuses: list[bytes] = field(default_factory=list)
    next_boot: int = 1
    _stamp: int = 0

    def __post_init__(self) -> None:
        self.key = wire.signing_key(self.secret)
        self.changed = threading.Condition()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, f"gateway {self.device}", clean_session=False
        )
        self.client.on_connect = self._connected
        self.client.on_message = self._came
        self.client.will_set(wire.GATEWAY_ONLINE, wire.OFFLINE, 1, retain=True)
        # Soon: what is measured here is the board's patience, not paho's.
        self.client.reconnect_delay_set(0.1, 0.2)

    def start(self) -> None:
        self.client.connect_async("127.0.0.1", self.port)
        self.client.loop_start()

    def stop(self) -> None:
        # In this order: its thread ends with the connection, else only after a second.
        self.client.disconnect()
        self.client.loop_stop()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(
            [(f"{wire.ROOT}/{self.device}/{leaf}", 1) for leaf in ("alarm", "up", "status")]
        )
        client.publish(wire.GATEWAY_ONLINE, wire.ONLINE, 1, retain=True)

    def _came(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        _, leaf = wire.read_topic(message.topic)
        with self.changed:
            if leaf == "status":
                self.statuses.append(message.payload)
            else:
                try:
                    event = wire.decode_event(message.payload, self.key)
                    self.events.append(event)
                    if self.answering:
                        self.answer(event)
                except wire.Refused as refused:
                    self.refused.append(refused.reason)
            self.changed.notify_all()

    def answer(self, event: wire.Message) -> None:
        if event.kind == "boot" and event.boot == wire.BOOT_UNKNOWN:
            self.say("number", event, {"next_boot": self.next_boot})
        else:
            self.say("answer", event, {})

    def say(self, kind: str, event: wire.Message, details: dict[str, int | str]) -> bytes:
        self._stamp += 1
        command = wire.encode(
            kind, event.device, event.boot, event.seq, self._stamp, details, self.key
        )
        self.client.publish(wire.topic(event.device, "down"), command, 1)
        return command

    def light(self, event: wire.Message, state: str) -> bytes:
        return self.say("light", event, {"state": state})

    def of(self, kind: str) -> list[wire.Message]:
        with self.changed:
            return [event for event in self.events if event.kind == kind]

    async def until(self, met: Callable[[], bool], within_s: float = 60.0) -> None:
        async with asyncio.timeout(within_s):
            while not met():  # noqa: ASYNC110 - what is waited for happens in paho's thread
                await asyncio.sleep(0.005)

    async def first(self, kind: str, within_s: float = 60.0) -> wire.Message:
        await self.until(lambda: bool(self.of(kind)), within_s)
        return self.of(kind)[0]

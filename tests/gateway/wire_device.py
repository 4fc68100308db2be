"""A device at the other end of the wire."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.process import GatewayProcess


class WireDevice:
    """What a device does on the wire, and no more: it keeps events until they are answered, and
    sends again what is not. It comes by the loopback listener (CPython 3.11 has no TLS-PSK)."""

    RESEND_S = 0.5

    def __init__(self, gateway: GatewayProcess, device: str, secret: bytes, boot: int = 1) -> None:
        self.device = device
        self.key = wire.signing_key(secret)
        self.boot = boot
        self.seq = 0
        self.journal: dict[tuple[int, int], tuple[str, bytes, float]] = {}
        self.commands: list[wire.Message] = []
        self.on_order: Callable[[wire.Message], None] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
        self.client.username_pw_set("gateway", gateway.secrets.broker_password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_socket_open = lambda _client, _data, connection: connection.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.connect_async("127.0.0.1", gateway.loopback_port)
        self.client.loop_start()
        threading.Thread(target=self._resend, daemon=True).start()

    def say(self, kind: str, details: dict[str, int | str], uptime_ms: int = 60_000) -> int:
        """Puts an event into the journal and sends it; returns its seq."""
        with self._lock:
            self.seq += 1
            payload = wire.encode(
                kind, self.device, self.boot, self.seq, uptime_ms, details, self.key
            )
            topic = wire.topic(self.device, wire.leaf_of(kind))
            self.journal[self.boot, self.seq] = (topic, payload, time.monotonic())
        self._send(topic, payload)
        return self.seq

    def press(self) -> int:
        return self.say("press", {"taps": 1, "held": 0})

    def heard(self, kind: str) -> list[wire.Message]:
        return [command for command in list(self.commands) if command.kind == kind]

    def close(self) -> None:
        self._stopping.set()
        self.client.disconnect()
        self.client.loop_stop()

    def _send(self, topic: str, payload: bytes) -> None:
        if self.client.is_connected():
            self.client.publish(topic, payload, qos=1)

    def _resend(self) -> None:
        while not self._stopping.wait(0.1):
            now = time.monotonic()
            with self._lock:
                due = [
                    (key, topic, payload)
                    for key, (topic, payload, at) in self.journal.items()
                    if now - at > self.RESEND_S
                ]
                for key, topic, payload in due:
                    self.journal[key] = (topic, payload, now)
            for _, topic, payload in due:
                self._send(topic, payload)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(wire.topic(self.device, "down"), 1)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        command = wire.decode_command(bytes(message.payload), self.key)
        self.commands.append(command)
        if command.kind == "answer":
            with self._lock:
                self.journal.pop((command.boot, command.seq), None)
        elif command.kind in ("set", "act", "update") and self.on_order is not None:
            self.on_order(command)

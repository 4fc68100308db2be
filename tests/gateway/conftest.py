"""A gateway process, a device at the other end of the wire, and a backend that only receives."""

import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion
from standardwebhooks import Webhook

from gateway import devices
from gateway.secret_file import Secrets, load_secrets
from gateway.settings import Settings, load
from gateway.store import Store, open_store

SECRET = bytes(range(32))
DEVICE = "001122334455"
NOW_MS = 1_790_000_000_000
DEADLINE_S = 30.0


def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Waits on a condition of another process; fails, naming it, at the deadline."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.01)
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def secret_of(number: int) -> bytes:
    """A secret of its own for the device with this number."""
    return number.to_bytes(4, "big") + bytes(range(28))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Printed, and so shown where the test fails; DOORKNOCK_SEED repeats it."""
    value = int(os.environ.get("DOORKNOCK_SEED", random.randrange(1 << 32)))
    print(f"seed {value}: repeat with DOORKNOCK_SEED={value}")
    return value


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one button, DEVICE, in unit 204."""
    opened = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    devices.register(opened, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    yield opened
    opened.close()


class Receiver:
    """A backend that commits to memory: events in, lights out. `answer` may be changed."""

    def __init__(self, secret: str) -> None:
        self.answer: Callable[[dict[str, Any]], int] = lambda body: 204
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.lights: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()
        self.last_event_ids: list[str | None] = []
        self._stopping = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["content-length"]))
                Webhook(secret).verify(data, dict(self.headers))
                body = json.loads(data)
                status = receiver.answer(body)
                if status < 300:
                    receiver.received.append((self.headers["webhook-id"], body))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                receiver.last_event_ids.append(self.headers["last-event-id"])
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                while not receiver._stopping:
                    try:
                        number, light = receiver.lights.get(timeout=0.1)
                    except queue.Empty:
                        continue
                    text = f"id: {number}\nevent: light\ndata: {json.dumps(light)}\n\n"
                    self.wfile.write(text.encode())
                    self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def ids(self) -> list[str]:
        """webhook-ids of the events accepted, copies too."""
        return [id_ for id_, body in list(self.received) if body["type"] != "gateway.heartbeat"]

    def close(self) -> None:
        self._stopping = True
        self._server.shutdown()
        self._server.server_close()


class GatewayProcess:
    """`doorknock gateway` as its own process, on free ports, with a Receiver for its backend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.loopback_port = free_ports(2)
        self.config = folder / "doorknock.toml"
        self.write_config("http://127.0.0.1:9")
        self.secrets: Secrets = load_secrets(self.settings)
        self.receiver = Receiver(self.secrets.webhook_secret)
        self.write_config(self.receiver.url)
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def write_config(self, url: str) -> None:
        self.config.write_text(
            f'[gateway]\nname = "house-1"\n'
            f"[broker]\nport = {self.port}\nloopback_port = {self.loopback_port}\n"
            f'[backend]\nembedded = false\nurl = "{url}"\n'
        )

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `doorknock …` to its end."""
        return subprocess.run(
            [sys.executable, "-c", "from gateway.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> None:
        told = len(self.lines("ready"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from gateway.cli import main; main()",
                    "gateway",
                    "--config",
                    str(self.config),
                    "--json-log",
                ],
                stderr=log,
            )
        until(lambda: len(self.lines("ready")) > told or self.exited(), "the gateway is ready")
        assert not self.exited(), self.log.read_text()

    def exited(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """kill -9: no farewell, nothing flushed."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE_S)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the gateway has logged under this name."""
        if not self.log.exists():
            return []
        found = [
            json.loads(line)
            for line in self.log.read_text().splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]
        return [line for line in found if line["event"] == event]

    def broker_pid(self) -> int:
        return int((self.settings.data / "broker" / "pid").read_text())

    def add_devices(self, count: int) -> list[str]:
        """Registers devices 000000000001 … in units 1 …"""
        store = open_store(self.settings.gateway_database)
        made = [f"{number:012x}" for number in range(1, count + 1)]
        for number, device in enumerate(made, 1):
            devices.register(store, device, secret_of(number), str(number), "button", now_ms=NOW_MS)
        store.close()
        return made


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    """Not started yet; ended, with its broker, after the test."""
    made = GatewayProcess(tmp_path)
    yield made
    if not made.exited():
        made.stop()
    made.receiver.close()


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

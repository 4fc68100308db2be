"""`doorknock gateway` as a process of its own, and a backend that only receives."""

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from gateway import devices
from gateway.secret_file import Secrets, load_secrets
from gateway.settings import Settings, load
from gateway.store import open_store

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
        """The configuration, with its backend at *url*."""
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

    def start(self, *, stderr: int | None = None) -> None:
        """stderr: as of Popen; the file `log` where not told. Returns when it is ready."""
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
                    "--verbose",
                ],
                stderr=log if stderr is None else stderr,
            )
        if self.process.stderr is not None:
            for line in self.process.stderr:
                if b'"event": "ready"' in line:
                    return
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

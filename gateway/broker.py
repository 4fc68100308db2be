"""mosquitto, run by the gateway with a configuration of its own.

The broker is a way, not a store: it answers before it saves, so what keeps an event is the
device's journal, until the gateway's signed answer. Timed saving, byte caps, and no cap on the
number of messages (mosquitto's own drops the 1,001st in silence).

Devices come by TLS-PSK, each with its own key; their identity is their user name *and* their
client id, so that none can take over another's session, or the gateway's. The gateway comes by a
loopback listener with a password.
"""

import asyncio
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from doorknock import wire

from gateway.address import is_taken, listen
from gateway.devices import Device
from gateway.errors import BrokerError, SettingsError
from gateway.intake import IN_FLIGHT
from gateway.plain_door import password_lines
from gateway.secret_file import Secrets, make_data_directory, write_private
from gateway.settings import Settings

_log = structlog.get_logger("broker")

GATEWAY_USER = "gateway"
LOOPBACK = "127.0.0.1"
# Between 30 and 60 s saves little and loses little: nothing depends on it.
AUTOSAVE_S = 60
# What one absent device or a busy gateway may have waiting: 16 MiB is over 100,000 events.
QUEUED_BYTES = 16 << 20
# All of the broker: half the memory of the smallest Raspberry Pi that we name.
MEMORY_BYTES = 256 << 20
# Eight times our longest message: oversized ones still reach the intake, which counts them.
MESSAGE_BYTES = 8 * wire.LONGEST_BYTES
START_S = 10.0
STOP_S = 5.0
# A broker that dies at once again must not take the machine with it; a device's own retries take
# up to 60 s, so a wait longer than 15 s would be felt.
RESTART_S = (0.2, 1.0, 2.0, 5.0, 15.0)
# A broker that has lived this long had been well.
WELL_AFTER_S = 60.0
# mosquitto writes about 100 bytes for each stranger who knocks, and knows no limit of its own.
LOG_BYTES = 1 << 20
LOG_KEPT_BYTES = 64 << 10
# A flood of strangers writes well under 1 MB a second.
LOG_LOOKED_AT_EVERY_S = 10.0
_POLL_S = 0.02
_PR_SET_PDEATHSIG = 1


def write_keys(settings: Settings, devices: Iterable[Device]) -> None:
    """Writes the link keys of *devices*, and has a running broker read them: a new device is in at
    once, and nobody is dropped."""
    folder = _folder(settings)
    devices = list(devices)
    lines = [f"{one.device}:{wire.link_key(one.secret).hex()}\n" for one in devices]
    write_private(folder / "keys", "".join(lines))
    if settings.broker.plain_device_port is None:
        (folder / "plain_passwords").unlink(missing_ok=True)
    else:
        write_private(folder / "plain_passwords", password_lines(devices))
    pid = _running(folder)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)


class Broker:
    """A gateway's mosquitto child: `start()`, then `run()` until cancelled, then `stop()`."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._folder = _folder(settings)
        self._child: asyncio.subprocess.Process | None = None

    async def start(self, devices: Iterable[Device]) -> None:
        """Starts the broker, and returns when it takes connections. Raises BrokerError or
        AddressInUse, one sentence."""
        program = self._program()
        await self._end_stale()
        broker = self._settings.broker
        listen(broker.host, broker.port, key="broker.port").close()
        listen(LOOPBACK, broker.loopback_port, key="broker.loopback_port").close()
        if broker.plain_device_port is not None:
            listen(LOOPBACK, broker.plain_device_port, key="broker.plain_device_port").close()
            _log.warning(
                "devices may come without TLS from this machine: for simulation only",
                port=broker.plain_device_port,
            )
        await self._write_configuration()
        write_keys(self._settings, devices)
        await self._spawn(program)

    async def run(self) -> None:
        """Starts it again whenever it ends by itself."""
        loop = asyncio.get_running_loop()
        tries = 0
        while self._child is not None:
            started = loop.time()
            code = await self._child.wait()
            if loop.time() - started > WELL_AFTER_S:
                tries = 0
            wait_s = RESTART_S[min(tries, len(RESTART_S) - 1)]
            tries += 1
            _log.error("the broker ended; starting it again", code=code, in_s=wait_s)
            await asyncio.sleep(wait_s)
            try:
                await self._spawn(self._program())
            except (BrokerError, OSError) as error:
                _log.error("the broker does not start", why=str(error))

    async def tend_log(self) -> None:
        """Keeps the broker's log small, until cancelled."""
        while True:
            keep_small(self._folder / "mosquitto.log")
            await asyncio.sleep(LOG_LOOKED_AT_EVERY_S)

    async def stop(self) -> None:
        """Ends the broker; nothing of it is left running."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
        (self._folder / "pid").unlink(missing_ok=True)

    def _program(self) -> str:
        named = self._settings.broker.program
        # Debian keeps it where only root's PATH looks.
        found = shutil.which(named) or shutil.which(named, path="/usr/sbin:/usr/local/sbin")
        if found is None:
            raise BrokerError(
                f"There is no program {named!r}, the broker; install mosquitto, or write its path "
                "as 'broker.program'."
            )
        return found

    async def _end_stale(self) -> None:
        """A gateway killed outright may have left its broker; it is ours to end."""
        pid = _running(self._folder)
        if pid is None:
            return
        _log.warning("ending the broker that an earlier gateway left behind")
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if await _until(lambda: _running(self._folder) is None, STOP_S):
                return
        raise BrokerError(f"The broker of an earlier gateway, process {pid}, does not end; end it.")

    async def _write_configuration(self) -> None:
        folder, broker = self._folder, self._settings.broker
        make_data_directory(folder)
        await self._write_password()
        write_private(
            folder / "devices.acl",
            # %u is the device's identity. The last line is for all of them.
            f"pattern write {wire.ROOT}/%u/alarm\n"
            f"pattern write {wire.ROOT}/%u/up\n"
            f"pattern write {wire.ROOT}/%u/status\n"
            f"pattern read {wire.ROOT}/%u/down\n"
            f"pattern read {wire.GATEWAY_ONLINE}\n",
        )
        write_private(
            folder / "gateway.acl", f"user {GATEWAY_USER}\ntopic readwrite {wire.ROOT}/#\n"
        )
        user = pwd.getpwuid(os.geteuid()).pw_name
        write_private(
            folder / "mosquitto.conf",
            f"""\
# Written by the gateway at every start: what is changed here is overwritten.
user {user}
per_listener_settings true
persistence true
persistence_location {folder}/
persistence_file queued.db
autosave_interval {AUTOSAVE_S}
autosave_on_changes false
max_queued_messages 0
max_queued_bytes {QUEUED_BYTES}
max_inflight_messages {IN_FLIGHT}
memory_limit {MEMORY_BYTES}
message_size_limit {MESSAGE_BYTES}
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages false
set_tcp_nodelay true

listener {broker.port} {broker.host}
allow_anonymous false
psk_hint doorknock
psk_file {folder}/keys
use_identity_as_username true
use_username_as_clientid true
acl_file {folder}/devices.acl
{self._plain_listener()}
listener {broker.loopback_port} {LOOPBACK}
allow_anonymous false
password_file {folder}/password
acl_file {folder}/gateway.acl
""",
        )

    def _plain_listener(self) -> str:
        """The listener of gateway/plain_door.py, or nothing where nobody asked for it."""
        port, folder = self._settings.broker.plain_device_port, self._folder
        if port is None:
            return ""
        return f"""
listener {port} {LOOPBACK}
allow_anonymous false
password_file {folder}/plain_passwords
use_username_as_clientid true
acl_file {folder}/devices.acl
"""

    async def _write_password(self) -> None:
        """The gateway's password, hashed by mosquitto's own tool. On no command line: it is in a
        file, which the tool rewrites."""
        program = shutil.which("mosquitto_passwd")
        if program is None:
            raise BrokerError(
                "There is no program 'mosquitto_passwd'; it comes with mosquitto: install that."
            )
        path = self._folder / "password"
        write_private(path, f"{GATEWAY_USER}:{self._secrets.broker_password}\n")
        hashing = await asyncio.create_subprocess_exec(
            program, "-U", str(path), stdout=asyncio.subprocess.DEVNULL
        )
        if await hashing.wait() != 0:
            path.unlink(missing_ok=True)
            raise BrokerError(f"mosquitto_passwd could not hash {path}; install mosquitto 2.")

    async def _spawn(self, program: str) -> None:
        log = self._folder / "mosquitto.log"
        keep_small(log)
        told = log.stat().st_size if log.exists() else 0
        self._child = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(self._folder / "mosquitto.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_death_note(),
        )
        child = self._child
        write_private(self._folder / "pid", f"{child.pid}\n")
        port = self._settings.broker.loopback_port
        await _until(lambda: child.returncode is not None or is_taken(LOOPBACK, port), START_S)
        # The listeners are opened one after the other: one end may be near.
        if child.returncode is None and is_taken(LOOPBACK, port):
            return
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise BrokerError(f"The broker does not start: {_last_error(log, told)}; see {log}.")


def keep_small(log: Path) -> None:
    """Cuts a *log* of more than LOG_BYTES down to its last LOG_KEPT_BYTES, in place: mosquitto
    goes on appending to it. What it writes at this very moment may be lost."""
    try:
        if log.stat().st_size <= LOG_BYTES:
            return
        with log.open("r+b") as file:
            file.seek(-LOG_KEPT_BYTES, os.SEEK_END)
            kept = file.read().partition(b"\n")[2]
            file.seek(0)
            file.truncate()
            file.write(kept)
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("the broker's log cannot be cut", why=error.strerror)


def _folder(settings: Settings) -> Path:
    folder = settings.data / "broker"
    if any(character.isspace() for character in str(folder)):
        raise SettingsError(
            f"The data directory {settings.data} has a blank in its name, which mosquitto cannot "
            "read; name another as 'data' under [gateway]."
        )
    make_data_directory(folder)
    return folder


def _running(folder: Path) -> int | None:
    """The process id of a live mosquitto that runs with this folder's configuration."""
    try:
        pid = int((folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return pid if str(folder / "mosquitto.conf").encode() in command and state != "Z" else None


def _death_note() -> Callable[[], None] | None:
    """What a child does before it becomes mosquitto: asks to be ended when the gateway dies, by
    whatever hand. Linux only; elsewhere the next start ends it."""
    if sys.platform != "linux":
        return None
    # Loaded here: between fork and exec nothing may be imported or allocated that can lock.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


def _last_error(log: Path, since: int) -> str:
    try:
        lines = log.read_bytes()[since:].decode(errors="replace").splitlines()
    except OSError:
        lines = []
    errors = [line for line in lines if "Error" in line] or lines
    return errors[-1].partition(": ")[2].rstrip(".") if errors else "it says nothing"


async def _until(condition: Callable[[], bool], deadline_s: float) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    while not condition():
        if loop.time() > end:
            return False
        await asyncio.sleep(_POLL_S)
    return True

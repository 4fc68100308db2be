"""The way of an event: the broker, its keys, its ports."""

import re
import shutil
import subprocess
from collections.abc import Iterator

from doorknock import wire

from gateway import devices
from gateway.address import another, listen
from gateway.broker import LOOPBACK
from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.doctor.psk_hello import speaks_tls_psk
from gateway.errors import AddressInUse
from gateway.store.read_only import open_read_only

# TLS-PSK and per_listener_settings with passwords as we write them.
OLDEST_MOSQUITTO = (2, 0)


def program(patient: Patient) -> Iterator[Finding]:
    """mosquitto is there, and new enough."""
    broker = patient.settings.broker
    if not broker.manage:
        yield well("broker", f"{broker.host}:{broker.port}, which others look after")
        return
    found = shutil.which(broker.program) or shutil.which(
        broker.program, path="/usr/sbin:/usr/local/sbin"
    )
    if found is None:
        yield wrong("broker", f"no program {broker.program!r}", "run: sudo apt install mosquitto")
        return
    try:
        said = subprocess.run(
            [found, "-h"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        yield wrong("broker", f"{found} does not start", "run: sudo apt install mosquitto")
        return
    version = re.search(r"version (\d+)\.(\d+)[\d.]*", said.stdout + said.stderr)
    if version and (int(version[1]), int(version[2])) >= OLDEST_MOSQUITTO:
        yield well("broker", f"mosquitto {version[0].removeprefix('version ')}")
    else:
        yield wrong("broker", f"{found} is not mosquitto 2", "install mosquitto 2.0 or newer")


def listener(patient: Patient) -> Iterator[Finding]:
    """The door for devices answers while the gateway runs, and its port is free while not."""
    broker, web = patient.settings.broker, patient.settings.web
    if not patient.runs:
        ports = [(web.host, web.port, "web.port")] if patient.settings.backend.embedded else []
        if broker.manage:
            ports.append((broker.host, broker.port, "broker.port"))
            ports.append((LOOPBACK, broker.loopback_port, "broker.loopback_port"))
        yield from _free(ports)
        return
    host = LOOPBACK if broker.manage and broker.host in ("0.0.0.0", "::") else broker.host  # noqa: S104
    try:
        speaks = speaks_tls_psk(host, broker.port)
    except OSError:
        yield wrong(
            "door for devices",
            f"nobody answers on port {broker.port}",
            "see the broker's log: broker/mosquitto.log in the data folder",
        )
        return
    if speaks:
        yield well("door for devices", f"port {broker.port} answers by TLS-PSK")
    else:
        yield wrong(
            "door for devices",
            f"port {broker.port} answers, and not by TLS-PSK",
            "end the other program on this port; restart the gateway",
        )


def _free(ports: list[tuple[str, int, str]]) -> Iterator[Finding]:
    taken = []
    for host, port, key in ports:
        try:
            listen(host, port, key=key).close()
        except AddressInUse:
            taken.append((port, key))
    for port, key in taken:
        yield wrong(
            "ports",
            f"another program has port {port}",
            f"end it (sudo ss -ltnp shows it; Debian's own mosquitto: sudo systemctl disable --now "
            f"mosquitto), or {another(key)}",
        )
    if not taken:
        yield well("ports", "free for the gateway")


def keys(patient: Patient) -> Iterator[Finding]:
    """The broker lets in whom the store knows, and nobody else."""
    if not patient.settings.broker.manage:
        return
    path = patient.settings.data / "broker" / "keys"
    store = open_read_only(patient.gateway_store)
    try:
        wanted = {
            f"{one.device}:{wire.link_key(one.secret).hex()}" for one in devices.in_service(store)
        }
    finally:
        store.close()
    try:
        has = set(path.read_text(encoding="ascii").split())
    except OSError:
        has = set()
    if has == wanted:
        yield well("broker's keys", f"those of {len(wanted)} devices")
    elif patient.runs:
        yield wrong(
            "broker's keys",
            f"{len(wanted - has)} missing, {len(has - wanted)} too many",
            "restart the gateway: it writes them anew",
        )
    else:
        yield look("broker's keys", "not those of the store", "start the gateway: it writes them")

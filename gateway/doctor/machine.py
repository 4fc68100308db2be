"""The computer itself: disk, clock, time zone, service."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.secret_file import FILE_NAME

# A month of a house of 50 devices is under 100 MB; a store that cannot grow takes nothing.
LITTLE_ROOM_BYTES = 1 << 30
NO_ROOM_BYTES = 100 << 20
SERVICE = "doorknock"
_COMMAND_S = 10.0

Run = Callable[[list[str]], str | None]


def run(command: list[str]) -> str | None:
    """What the program prints; None where there is no such program, or it does not answer."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout


def folder(patient: Patient) -> Iterator[Finding]:
    """The data directory: there, private, with room."""
    data = patient.settings.data
    if not data.is_dir():
        yield look(
            "data folder", f"{data} is not there yet", "start the gateway once: it makes the folder"
        )
        return
    faults = [*_open_to_others(patient), *_of_others(data)]
    yield from faults
    if not faults:
        yield well("data folder", f"{data} is private")


def _open_to_others(patient: Patient) -> Iterator[Finding]:
    data = patient.settings.data
    if data.stat().st_mode & 0o077:
        yield wrong("data folder", f"others may look into {data}", f"run: sudo chmod 700 {data}")
    for path in (data / FILE_NAME, patient.gateway_store, data / "backend.db"):
        if path.exists() and path.stat().st_mode & 0o077:
            yield wrong("data folder", f"others may read {path}", f"run: sudo chmod 600 {path}")


def _of_others(data: Path) -> Iterator[Finding]:
    owners = {path.lstat().st_uid for path in data.rglob("*")}
    if owners - {data.stat().st_uid}:
        yield wrong(
            "data folder",
            f"some files in {data} belong to another user than the folder",
            f"run: sudo chown -R --reference={data} {data}",
        )
    elif not os.access(data, os.W_OK):
        yield look(
            "data folder",
            f"{data} is not yours to write to",
            "run the doctor as the gateway's user: sudo doorknock doctor",
        )


def disk(patient: Patient) -> Iterator[Finding]:
    """Room on the disk that the stores are on."""
    where = patient.settings.data
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(where).free
    said = f"{free / 1e9:.1f} GB free"
    if free < NO_ROOM_BYTES:
        yield wrong("disk", said, "make room at once: a store that cannot grow takes no press")
    elif free < LITTLE_ROOM_BYTES:
        yield look("disk", said, "make room, or use a larger card")
    else:
        yield well("disk", said)


def power(patient: Patient, sensors: Path = Path("/sys/class/hwmon")) -> Iterator[Finding]:
    """Whether a Raspberry Pi finds its supply too weak: then cards are spoilt, and it restarts.

    Nothing where no such sensor is (kernel: Documentation/hwmon/raspberrypi-hwmon.rst).
    """
    for sensor in sorted(sensors.glob("hwmon*")):
        try:
            if (sensor / "name").read_text(encoding="ascii").strip() != "rpi_volt":
                continue
            weak = (sensor / "in0_lcrit_alarm").read_text(encoding="ascii").strip() == "1"
        except OSError:
            continue
        if weak:
            yield look(
                "power",
                "the voltage is too low: the supply or its cable is too weak",
                "use the Raspberry Pi's own supply, and nothing else on its USB that needs much",
            )
        else:
            yield well("power", "the voltage is right")


def clock(patient: Patient, ask: Run = run) -> Iterator[Finding]:
    """Whether the clock is set by the network, and which time zone the pages show."""
    said = ask(["timedatectl", "show", "-p", "NTPSynchronized", "-p", "NTP", "-p", "Timezone"])
    facts = dict(line.split("=", 1) for line in (said or "").splitlines() if "=" in line)
    match facts.get("NTPSynchronized"), facts.get("NTP"):
        case "yes", _:
            yield well("clock", "set by the network")
        case "no", "no":
            yield look(
                "clock", "nothing sets this computer's clock", "run: sudo timedatectl set-ntp true"
            )
        case "no", _:
            yield look(
                "clock",
                "the network has not set the clock yet",
                "see that this computer reaches the internet, and ask again in five minutes",
            )
        case _:
            yield look(
                "clock",
                "cannot say who sets it: there is no timedatectl",
                "compare it with a phone",
            )
    named = patient.settings.web.time_zone
    zone = named or facts.get("Timezone", "")
    if zone in ("", "Etc/UTC", "UTC") and not named:
        yield look(
            "time zone",
            "the pages show UTC",
            "write time_zone under [web], such as Europe/Madrid",
        )
    else:
        yield well("time zone", zone)


def service(
    patient: Patient, ask: Run = run, booted: Path = Path("/run/systemd/system")
) -> Iterator[Finding]:
    """Whether the gateway runs, and is started again by systemd when it ends."""
    runs = (
        well("gateway", f"runs, process {patient.gateway_pid}")
        if patient.runs
        else wrong("gateway", "does not run", f"run: sudo systemctl start {SERVICE}")
    )
    yield runs
    if not booted.is_dir():
        return
    state = (ask(["systemctl", "is-active", SERVICE]) or "").strip()
    enabled = (ask(["systemctl", "is-enabled", SERVICE]) or "").strip()
    if enabled not in ("enabled", "static"):
        yield look(
            "service",
            "the gateway is not started with this computer",
            f"run: sudo systemctl enable --now {SERVICE}",
        )
    elif state != "active":
        yield wrong(
            "service", f"{SERVICE} is {state or 'unknown'}", f"see: journalctl -u {SERVICE} -n 50"
        )
    else:
        yield well("service", "active, and started with this computer")

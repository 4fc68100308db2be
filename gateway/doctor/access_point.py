"""The devices' own Wi-Fi, where the gateway is their access point (install/access-point.sh)."""

from collections.abc import Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.machine import Run, run
from gateway.doctor.patient import Patient

# Its name and password, in the data folder so that a backup has them.
KEPT = "access-point"
CONNECTION = "doorknock-devices"
ADDRESSES = "doorknock-addresses"
_AGAIN = "run: sudo sh install/access-point.sh"


def access_point(
    patient: Patient,
    ask: Run = run,
    forwards: Path = Path("/proc/sys/net/ipv4/ip_forward"),
) -> Iterator[Finding]:
    """Whether it is up, hands out addresses, and leads nowhere else; silent where there is none."""
    try:
        kept = (patient.settings.data / KEPT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    name = kept.partition("name=")[2].partition("\n")[0]
    active = (ask(["nmcli", "-t", "-f", "NAME", "connection", "show", "--active"]) or "").split()
    if CONNECTION not in active:
        yield wrong("access point", f"the devices' Wi-Fi {name} is not up", _AGAIN)
    elif (ask(["systemctl", "is-active", ADDRESSES]) or "").strip() != "active":
        yield wrong("access point", f"devices on {name} get no address", _AGAIN)
    elif _is_on(forwards):
        yield look(
            "access point",
            f"this computer passes packets on: from {name} other networks may be reached",
            "end what asks for it (docker, a VPN), or run: sudo sysctl net.ipv4.ip_forward=0",
        )
    else:
        yield well("access point", f"{name} is up, and leads to this computer alone")


def _is_on(switch: Path) -> bool:
    try:
        return switch.read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False

"""The USB ports that a board may be on."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gateway.provision.flash.trouble import NoPort, no_port, no_rights, not_installed


@dataclass(frozen=True)
class Port:
    """A serial port by its name, such as /dev/ttyUSB0, and what it says it is."""

    name: str
    description: str


def candidates(vendors: Collection[int]) -> list[Port]:
    """The USB ports with a chip of these vendors behind them, by name."""
    try:
        from serial.tools import list_ports
    except ImportError:
        raise not_installed("") from None
    there = [one for one in list_ports.comports() if one.vid in vendors]
    return sorted((Port(one.device, one.description) for one in there), key=lambda x: x.name)


def chosen(named: list[str], every: bool, there: list[Port]) -> list[str]:
    """The ports to work on. named: those somebody wrote; every: all there are. Raises NoPort."""
    if named:
        return list(dict.fromkeys(named))
    if not there:
        raise NoPort(
            "No board is plugged in: plug it in with a cable that carries data (some only charge), "
            "then run this again."
        )
    if len(there) > 1 and not every:
        names = ", ".join(f"{one.name} ({one.description})" for one in there)
        raise NoPort(
            f"{len(there)} boards are plugged in, {names}: run this again with --all, or with "
            "--port and one of them."
        )
    return [one.name for one in there]


def may_use(port: str) -> None:
    """Raises NoPort or NoRights where a port of this computer cannot be opened."""
    if "://" in port or os.name == "nt":
        return
    if not Path(port).exists():
        raise no_port(port)
    if not os.access(port, os.R_OK | os.W_OK):
        raise no_rights(port)

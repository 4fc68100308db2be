"""The network that devices join: name and password of the Wi-Fi, and where the gateway is in it.

Kept in the data directory for the next board, open to its owner alone: the password is a secret,
and is neither in the configuration nor on a command line.
"""

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

from gateway.provision.setup.trouble import Unfit
from gateway.secret_file import write_private
from gateway.settings import Settings

FILE_NAME = "wifi.json"
# IEEE 802.11: a name has 1 to 32 bytes; a WPA password 8 to 63 characters, or 64 hex digits.
_LONGEST_NAME = 32
_WPA = (8, 64)
# An address of RFC 5737 that nobody has: nothing is sent, but which way it would go is known.
_ELSEWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True)
class Network:
    """ssid: the Wi-Fi's name; key: its password, "" for an open one; host: the gateway."""

    ssid: str
    key: str = field(repr=False)
    host: str


def checked(ssid: str, key: str, host: str) -> Network:
    """The network, where it can be one. Raises Unfit."""
    if not 1 <= len(ssid.encode()) <= _LONGEST_NAME:
        raise Unfit(f"The name of a Wi-Fi has 1 to {_LONGEST_NAME} letters; write it as it is.")
    if key and not _WPA[0] <= len(key.encode()) <= _WPA[1]:
        raise Unfit(
            f"The password of a Wi-Fi has {_WPA[0]} to {_WPA[1]} letters, or is empty for an open "
            "one; look at it again."
        )
    if not 1 <= len(host.encode()) <= 253 or any(one.isspace() for one in host):
        raise Unfit(f"{host!r} is no address of this gateway; write one such as 192.168.1.20.")
    return Network(ssid, key, host)


def known(settings: Settings) -> Network | None:
    """The network that was kept; None where none was, or it cannot be read."""
    try:
        kept = json.loads((settings.data / FILE_NAME).read_text(encoding="utf-8"))
        return checked(str(kept["ssid"]), str(kept["key"]), str(kept["host"]))
    except (OSError, ValueError, KeyError, TypeError, Unfit):
        return None


def keep(settings: Settings, network: Network) -> None:
    """Keeps it for the next board."""
    values = {"ssid": network.ssid, "key": network.key, "host": network.host}
    try:
        write_private(settings.data / FILE_NAME, json.dumps(values) + "\n")
    except OSError as error:
        raise Unfit(
            f"The Wi-Fi cannot be kept in {settings.data}: {error.strerror}; make room there."
        ) from None


def from_file(path: Path) -> tuple[str, str]:
    """(name, password) from the first two lines of a file. Raises Unfit."""
    try:
        # -sig: without the mark that Windows' editors write before it.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Unfit(f"The file {path} cannot be read: {why}; name another one.") from None
    if not lines or not lines[0]:
        raise Unfit(f"The file {path} is empty; write the Wi-Fi's name on its first line.")
    return lines[0], lines[1] if len(lines) > 1 else ""


def address_of_here(settings: Settings) -> str:
    """This computer's address as devices reach it; "" where it has none in a network."""
    host = settings.broker.host
    if host not in ("0.0.0.0", "::", ""):  # noqa: S104 - asked about, not listened on
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(_ELSEWHERE)
            return str(one.getsockname()[0])
        except OSError:
            return ""

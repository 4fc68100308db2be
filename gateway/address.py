"""Whether an address can be listened on, asked before anything else is started."""

import errno
import socket
from urllib.parse import urlsplit

from gateway.errors import AddressInUse


def listen(host: str, port: int, *, key: str) -> socket.socket:
    """A bound socket for host:port. Raises AddressInUse, which names the *key* to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"Port {port} on {host} is in use by another program; end that program, or "
                f"{another(key)}."
            ) from None
        raise AddressInUse(
            f"Port {port} on {host} cannot be used: {error.strerror}; write another as '{key}'."
        ) from None
    return made


def another(key: str) -> str:
    """What else can be done where the port of this *key* is taken; the end of a sentence."""
    told = f"write another port as '{key}'"
    if key == "broker.port":
        return told + ", before any device is set up: devices know the port that they were given"
    return told


def is_loopback(url: str) -> bool:
    """Whether this address opens on this computer alone."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def is_taken(host: str, port: int) -> bool:
    """Whether host:port cannot be listened on now."""
    try:
        listen(host, port, key="").close()
    except AddressInUse:
        return True
    return False

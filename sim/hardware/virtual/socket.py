"""Sockets whose other end is in the world: TCP alone, never blocking.

A socket that is open, and for which no task waits any more, has been given up: on the chip the
garbage collector closes it soon.
"""

import io
from errno import ECONNREFUSED, ECONNRESET, EINPROGRESS, ENOTCONN

import bench
import network

AF_INET = 2
SOCK_STREAM = 1
SOL_SOCKET = 1
SO_REUSEADDR = 4
# As lwIP has it where there is no network, or no such name.
_NO_NAME = -202

_open = {}
_number = 0


def begin() -> None:
    """Follows what the world does to connections."""
    global _number
    # Numbers are not used again in another life: the other end may not know of it yet.
    _number = bench.connections
    bench.on("connected", lambda order: _told(order["connected"], "_connected"))
    bench.on("refused", lambda order: _told(order["refused"], "_refused"))
    bench.on("closed", lambda order: _told(order["closed"], "_end"))
    bench.on("received", _received)


def _told(number: int, what: str) -> None:
    if number in _open:
        getattr(_open[number], what)()


def _received(order: dict) -> None:
    if order["received"] in _open:
        _open[order["received"]]._arrived(order["data"])


def left(waited_for: dict) -> None:
    """Closes every socket for which nobody waits."""
    for connection in list(_open.values()):
        if id(connection) not in waited_for:
            connection.close()


def getaddrinfo(host, port, *rest):
    if not network.joined():
        raise OSError(_NO_NAME)
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]


class socket(io.IOBase):
    """One connection."""

    def __init__(self, family=AF_INET, type=SOCK_STREAM, proto=0) -> None:
        self._number = 0
        # In pieces, as they came: no memory has to hold them in one.
        self._held = []
        self._writable = False
        self._ended = False
        self._error = 0

    def setblocking(self, blocking) -> None:
        if blocking:
            raise NotImplementedError("in virtual time no socket blocks")

    def setsockopt(self, *rest) -> None:
        pass

    def connect(self, address) -> None:
        global _number
        _number += 1
        self._number = _number
        _open[_number] = self
        bench.tell({"open": _number, "host": address[0], "port": address[1]})
        raise OSError(EINPROGRESS)

    def read(self, limit: int = -1):
        if not self._held:
            if self._error:
                raise OSError(self._error)
            return b"" if self._ended else None
        some = self._held.pop(0)
        while self._held and not 0 <= limit <= len(some):
            some += self._held.pop(0)
        if 0 <= limit < len(some):
            self._held.insert(0, some[limit:])
            some = some[:limit]
        return some

    def write(self, data) -> int:
        if self._error or self._ended or not self._writable:
            raise OSError(self._error or (ECONNRESET if self._ended else ENOTCONN))
        bench.tell({"send": self._number, "data": bytes(data).hex()})
        return len(data)

    send = write
    recv = read

    def close(self) -> None:
        if _open.pop(self._number, None) is not None:
            bench.tell({"close": self._number})

    def ioctl(self, request: int, argument: int) -> int:
        if request != 3:
            return 0
        ready = 8 if self._error else 0
        if self._held or self._ended:
            ready |= 1
        if self._writable:
            ready |= 4
        return ready & (argument | 8)

    def _connected(self) -> None:
        self._writable = True

    def _refused(self) -> None:
        self._error = ECONNREFUSED
        del _open[self._number]

    def _end(self) -> None:
        # Our own close, when it comes, is told: the world counts who has let go.
        self._ended = True

    def _arrived(self, data: bytes) -> None:
        self._held.append(data)

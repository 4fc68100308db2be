"""What a board in virtual time is plugged into: its radar and its network, as others make them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sim.virtual.board import VirtualBoard


class RadarModel(Protocol):
    """A radar module: what it sends. All times are ms of the loop.

    A model may have an attribute `baudrate` (bit/s): a board that listens at another hears noise.
    It may have a method `ahead(from_ms, until_ms)`, as `frames`, which only looks: what `frames`
    will give for this span, or for its beginning, if nothing in the world changes meanwhile; and
    as a first value the ms up to which that is known, from_ms where nothing is.
    """

    def power(self, on: bool, at_ms: int) -> None:
        """Its supply is switched."""

    def frames(self, from_ms: int, until_ms: int) -> Iterable[tuple[int, bytes]]:
        """All it sends at from_ms < t <= until_ms, in order; asked in rising, adjoining spans."""

    def written(self, at_ms: int, data: bytes) -> Iterable[tuple[int, bytes]]:
        """What it answers to these bytes, at t > at_ms, in order."""


class Network(Protocol):
    """The way out of the board; it answers by the board's methods, at any time of the loop."""

    def wifi_wanted(self, board: "VirtualBoard", wanted: bool) -> None:
        """It looks for its access point, or is gone from the air. Answer: wifi()."""

    def opened(self, board: "VirtualBoard", connection: int, host: str, port: int) -> None:
        """It opens a TCP connection. Answer: tcp_connected() or tcp_refused(), or silence.

        No number is used twice in a board's time.
        """

    def sent(self, board: "VirtualBoard", connection: int, data: bytes) -> None:
        """It has sent these bytes."""

    def closed(self, board: "VirtualBoard", connection: int) -> None:
        """It has closed the connection. A board without power closes nothing."""

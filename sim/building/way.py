"""The way of boards into the building: access points, and connections over them.

`Way` is the network of a simulated board (sim/virtual/board.py): told when a board wants Wi-Fi,
opens a connection, sends, closes; it answers by the methods of `Station`. All that a real network
does to a device is a matter of *when*, of silence, or of somebody else who answers.
"""

import asyncio
import enum
import random
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from sim.building.broker import Broker, Connection, Listener
from sim.building.pipe import Pipe, Weather

# Joining a known network with a known address; the chip takes this long.
JOIN_MS = (250, 700)
# At the edge of reach a join fails and is tried again. (Assumption.)
WEAK_JOIN_MS = (1_500, 9_000)
# An ESP32 that hears no beacon for so long gives its access point up (esp_wifi_set_inactive_time).
BEACONS_MISSED_MS = 6_000
GOOD_RSSI_DBM = -61
WEAK_RSSI_DBM = -88
# Of segments, where every second reading of the RSSI is -88 dBm. (Assumption.)
WEAK_LOSS = 0.3
# What a captive portal says to anything that is no browser.
PORTAL = b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"


class Station(Protocol):
    """A board, as the network sees it."""

    def wifi(self, up: bool, rssi_dbm: int) -> None: ...

    def tcp_connected(self, connection: int) -> None: ...

    def tcp_refused(self, connection: int) -> None: ...

    def tcp_received(self, connection: int, data: bytes) -> None: ...

    def tcp_closed(self, connection: int) -> None: ...


class Air(enum.Enum):
    """What an access point does."""

    ON = "on"
    OFF = "off"
    WEAK = "weak"
    # Lets everybody join, and answers every connection with its own page.
    CAPTIVE = "captive"
    # The same, but whatever is connected to is never answered.
    CAPTIVE_SILENT = "captive_silent"


@dataclass
class AccessPoint:
    """One access point, and who wants it. air: what it does now."""

    air: Air = Air.ON
    # Boards that want Wi-Fi: whether each has it, and how often that has changed.
    wanted_by: dict[Station, "_Radio"] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether what is sent to the building gets there."""
        return self.air in (Air.ON, Air.WEAK)


@dataclass
class _Radio:
    up: bool = False
    # A change that was announced and has been overtaken since is not carried out.
    change: int = 0


@dataclass
class _Wire:
    """One connection of a board. far: the broker's end of it, where it has come so far."""

    station: Station
    number: int
    access_point: AccessPoint
    up: Pipe
    down: Pipe
    far: Connection | None = None

    def forget(self) -> None:
        """The way between its ends has gone, and neither is told."""
        self.up.break_off()
        self.down.break_off()


class Way:
    """The network between boards and the broker. hosts: the names and addresses it is at.

    weather: what happens to everything on its way; may be changed at any time.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, chance: random.Random, broker: Broker, host: str
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._broker = broker
        self._host = host
        self.hosts = {host}
        self.weather = Weather()
        self.main = AccessPoint()
        self._own: dict[Station, AccessPoint] = {}
        self._wires: dict[tuple[Station, int], _Wire] = {}

    # --- what is broken, and mended --------------------------------------------------------

    def turn(self, air: Air, access_point: AccessPoint | None = None) -> None:
        """From now on the access point (None: the building's) does this; and the gateway is where
        it was at the beginning."""
        point = access_point or self.main
        self.hosts = {self._host}
        was_off, point.air = point.air is Air.OFF, air
        for station, radio in point.wanted_by.items():
            if air is Air.OFF:
                self._change(station, radio, up=False, in_ms=BEACONS_MISSED_MS)
            elif was_off:
                self._join(station, radio, point)

    def give(self, station: Station, access_point: AccessPoint) -> None:
        """This board has an access point of its own, before it wants Wi-Fi."""
        self._own[station] = access_point

    def half_open(self) -> None:
        """Every connection is silently dead, as after a router has forgotten them: neither end
        is told. New ones work."""
        for wire in self._wires.values():
            wire.forget()

    def hang_up(self) -> None:
        """Every connection is broken off, and both ends are told at once."""
        for wire in list(self._wires.values()):
            self._drop(wire)
            wire.station.tcp_closed(wire.number)
            if wire.far is not None:
                wire.far.lost()

    def move(self, *hosts: str) -> None:
        """The gateway is at these addresses or names from now on, and at no other: connections
        are half-open, and its old address answers nothing."""
        self.hosts = set(hosts)
        self.half_open()

    def vanished(self, station: Station) -> None:
        """A board without power: it says nothing more, not even goodbye."""
        self.wifi_wanted(station, False)

    # --- what boards say -------------------------------------------------------------------

    def wifi_wanted(self, board: Station, wanted: bool) -> None:
        """The board turns its radio on, or off."""
        point = self._point(board)
        if not wanted:
            # Asleep, or without power: what is in the air arrives, and nothing is sent again.
            radio = point.wanted_by.pop(board, None)
            in_the_air = point.passes and radio is not None and radio.up
            for wire in [one for one in self._wires.values() if one.station is board]:
                wire.down.break_off()
                if not in_the_air:
                    wire.up.break_off()
                del self._wires[wire.station, wire.number]
        elif board not in point.wanted_by:
            radio = point.wanted_by[board] = _Radio()
            if point.air is not Air.OFF:
                self._join(board, radio, point)

    def opened(self, board: Station, connection: int, host: str, port: int) -> None:
        """The board opens a connection: its SYN is on the way."""
        point = self._point(board)
        radio = point.wanted_by.get(board)
        if radio is None:
            return

        def passes() -> bool:
            return radio.up and (point.passes if wire.far else point.air is not Air.OFF)

        def weather() -> Weather:
            loss = WEAK_LOSS if point.air is Air.WEAK else 0.0
            return Weather(max(self.weather.loss, loss), self.weather.split, self.weather.delay_ms)

        pipe = partial(Pipe, self._loop, self._chance, weather, passes)
        wire: _Wire = _Wire(
            board,
            connection,
            point,
            up=pipe(lambda data: self._came_up(wire, data)),
            down=pipe(lambda data: board.tcp_received(connection, data)),
        )
        self._wires[board, connection] = wire
        wire.up.end(lambda: self._knock(wire, host))

    def sent(self, board: Station, connection: int, data: bytes) -> None:
        """The board sends on a connection that it has opened."""
        wire = self._wires.get((board, connection))
        if wire is not None:
            wire.up.send(data)

    def closed(self, board: Station, connection: int) -> None:
        """The board has closed it, or given it up."""
        wire = self._wires.pop((board, connection), None)
        if wire is None:
            return
        wire.down.break_off()
        if wire.far is not None:
            # Where the way is gone this comes late, or never: the broker has its own patience.
            wire.up.end(wire.far.lost)

    # --- within ----------------------------------------------------------------------------

    def _point(self, station: Station) -> AccessPoint:
        return self._own.get(station, self.main)

    def _join(self, station: Station, radio: _Radio, point: AccessPoint) -> None:
        span = WEAK_JOIN_MS if point.air is Air.WEAK else JOIN_MS
        self._change(station, radio, up=True, in_ms=self._chance.randint(*span))

    def _change(self, station: Station, radio: _Radio, *, up: bool, in_ms: int) -> None:
        radio.change += 1
        change = radio.change

        def now() -> None:
            point = self._point(station)
            if radio.change != change or point.wanted_by.get(station) is not radio:
                return
            if radio.up != up:
                radio.up = up
                weak = point.air is Air.WEAK
                station.wifi(up, WEAK_RSSI_DBM if weak else GOOD_RSSI_DBM)

        self._loop.call_later(in_ms / 1000, now)

    def _knock(self, wire: _Wire, host: str) -> None:
        """The SYN has come to whoever answers there."""
        if wire.access_point.air is Air.CAPTIVE_SILENT:
            return
        if wire.access_point.air is Air.CAPTIVE:
            wire.down.end(partial(wire.station.tcp_connected, wire.number))
            return
        if host not in self.hosts:
            return  # nobody is there to refuse it
        wire.far = self._broker.connect(
            Listener.DEVICES, wire.down.send, partial(self._broker_hangs_up, wire)
        )
        if wire.far is None:
            wire.down.end(partial(self._refuse, wire))
        else:
            wire.down.end(partial(wire.station.tcp_connected, wire.number))

    def _came_up(self, wire: _Wire, data: bytes) -> None:
        if wire.far is not None:
            wire.far.received(data)
        elif wire.access_point.air is Air.CAPTIVE:
            wire.down.send(PORTAL)
            wire.down.end(partial(self._close, wire))

    def _broker_hangs_up(self, wire: _Wire) -> None:
        wire.down.end(partial(self._close, wire))

    def _refuse(self, wire: _Wire) -> None:
        self._drop(wire)
        wire.station.tcp_refused(wire.number)

    def _close(self, wire: _Wire) -> None:
        self._drop(wire)
        wire.station.tcp_closed(wire.number)

    def _drop(self, wire: _Wire) -> None:
        self._wires.pop((wire.station, wire.number), None)
        wire.forget()

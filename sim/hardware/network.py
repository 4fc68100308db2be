"""network.WLAN, with access points that can go away.

The host may say which networks there are, by name, each with its password: `networks`, None for
one that is called as you like.
"""

import time

import bench

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202

# Joining with a known address; the chip takes 250 to 700 ms.
JOIN_MS = 250

_there = True
_active = False
_wanted = False
_since = 0
_rssi = -61
_networks = None
_chosen = ("", "")


def begin(first: dict) -> None:
    """Takes what the host says of the radio, now and later."""
    global _rssi
    _turn(first)
    bench.on("access_point", _turn)


def _turn(order: dict) -> None:
    global _there, _since, _rssi, _networks
    _there = order["access_point"]
    _rssi = order.get("rssi", _rssi)
    _networks = order.get("networks", _networks)
    _since = time.ticks_ms()


def joined() -> bool:
    """Whether the board is on the network now."""
    bench.drain()
    on_air = _active and _wanted and _refusal() == STAT_GOT_IP
    return on_air and time.ticks_diff(time.ticks_ms(), _since) >= JOIN_MS


def _refusal() -> int:
    """STAT_GOT_IP where the chosen network lets us in, else why it does not."""
    name, key = _chosen
    if not _there or (_networks is not None and name not in _networks):
        return STAT_NO_AP_FOUND
    if _networks is not None and _networks[name] != key:
        return STAT_WRONG_PASSWORD
    return STAT_GOT_IP


class WLAN:
    """The station interface."""

    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface: int = STA_IF) -> None:
        self._interface = interface

    def active(self, on=None) -> bool:
        global _active
        if on is not None:
            _active = bool(on)
        return _active

    def connect(self, ssid=None, key=None, *, bssid=None, reconnects=None) -> None:
        global _wanted, _since, _chosen
        if not _active:
            raise OSError("Wifi Not Started")
        _chosen = (ssid or "", key or "")
        if not _wanted:
            _since = time.ticks_ms()
        _wanted = True

    def disconnect(self) -> None:
        global _wanted
        _wanted = False

    def isconnected(self) -> bool:
        return joined()

    def status(self, what=None):
        if what == "rssi":
            return _rssi
        if joined():
            return STAT_GOT_IP
        if not _wanted:
            return STAT_IDLE
        refused = _refusal()
        return STAT_CONNECTING if refused == STAT_GOT_IP else refused

    def config(self, *names, **values):
        return None

    def ifconfig(self, *values):
        return ("192.0.2.10", "255.255.255.0", "192.0.2.1", "192.0.2.1")

    def ipconfig(self, *names, **values):
        return None

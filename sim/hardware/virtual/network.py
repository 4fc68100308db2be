"""network.WLAN, with an access point that is in the world: it says whether we are joined."""

import bench

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202

_active = False
_wanted = False
_up = False
_rssi = -61


def begin(first: dict) -> None:
    """Follows what the world says of the radio."""
    bench.on("wifi", _turn)


def _turn(order: dict) -> None:
    global _up, _rssi
    _up = order["wifi"]
    _rssi = order["rssi"]


def _want(wanted: bool) -> None:
    global _wanted, _up
    if wanted != _wanted:
        _wanted = wanted
        _up = False
        bench.tell({"wants_wifi": wanted})


def joined() -> bool:
    """Whether the board is on the network now."""
    return _active and _wanted and _up


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
            if not on:
                _want(False)
        return _active

    def connect(self, ssid=None, key=None, *, bssid=None, reconnects=None) -> None:
        if not _active:
            raise OSError("Wifi Not Started")
        _want(True)

    def disconnect(self) -> None:
        _want(False)

    def isconnected(self) -> bool:
        return joined()

    def status(self, what=None):
        if what == "rssi":
            return _rssi
        if joined():
            return STAT_GOT_IP
        return STAT_CONNECTING if _wanted else STAT_IDLE

    def config(self, *names, **values):
        return None

    def ifconfig(self, *values):
        return ("192.0.2.10", "255.255.255.0", "192.0.2.1", "192.0.2.1")

    def ipconfig(self, *names, **values):
        return None

"""bluetooth.BLE: a peripheral whose radio, and all that is above it, is the host's.

What the firmware registers, advertises and writes is told to the host, which runs a real Bluetooth
stack on it (sim/bluetooth/); connections, writes and pairing come back as orders. As strict as
the chip where being lenient would hide a fault: nothing works before active(True), a write is cut
to the characteristic's buffer, and beside Wi-Fi there is no memory (micropython issue 18859).
"""

import bench
import network

_CENTRAL_CONNECT = 1
_CENTRAL_DISCONNECT = 2
_GATTS_WRITE = 3
_MTU_EXCHANGED = 21
_ENCRYPTION_UPDATE = 28
# What a characteristic holds where nothing else was said.
_DEFAULT_BYTES = 20
_ENOMEM = 12
_EALREADY = 120
_ENODEV = 19


class UUID:
    """16 or 128 bits."""

    def __init__(self, value) -> None:
        self.text = "%04x" % value if isinstance(value, int) else value.lower()


class _Value:
    def __init__(self) -> None:
        self.data = b""
        self.longest = _DEFAULT_BYTES
        self.append = False


class BLE:
    """The one radio."""

    _the_one = None

    def __new__(cls):
        if cls._the_one is None:
            cls._the_one = object.__new__(cls)
            cls._the_one._begin()
        return cls._the_one

    def _begin(self) -> None:
        self._active = False
        self._handler = None
        self._values = {}
        self._config = {}
        bench.on("ble", self._ordered)

    def active(self, on=None) -> bool:
        if on is not None and bool(on) != self._active:
            if on and network._active:
                raise OSError(_ENOMEM)
            self._active = bool(on)
            self._values = {}
            bench.tell({"ble": "active", "on": self._active})
        return self._active

    def irq(self, handler) -> None:
        self._handler = handler

    def config(self, *names, **values):
        self._needs_power()
        self._config.update(values)
        if values:
            bench.tell({"ble": "config", "values": values})
        return self._config.get(names[0]) if names else None

    def gatts_register_services(self, services):
        self._needs_power()
        told = []
        handles = []
        self._values = {}
        for uuid, characteristics in services:
            group = []
            for one in characteristics:
                handle = 2 * len(self._values) + 3
                self._values[handle] = _Value()
                group.append((one[0].text, one[1], handle))
            told.append((uuid.text, group))
            handles.append(tuple(one[2] for one in group))
        bench.tell({"ble": "services", "services": told})
        return tuple(handles)

    def gatts_set_buffer(self, handle, length, append=False) -> None:
        self._values[handle].longest = length
        self._values[handle].append = append

    def gatts_read(self, handle) -> bytes:
        value = self._values[handle]
        data = value.data
        if value.append:
            value.data = b""
        return data

    def gatts_write(self, handle, data, send_update=False) -> None:
        self._needs_power()
        value = self._values[handle]
        value.data = bytes(data)
        value.longest = max(value.longest, len(data))
        bench.tell(
            {"ble": "value", "handle": handle, "data": value.data.hex(), "tell": send_update}
        )

    def gatts_notify(self, connection, handle, data=None) -> None:
        self._needs_power()
        some = self._values[handle].data if data is None else bytes(data)
        bench.tell(
            {"ble": "notify", "connection": connection, "handle": handle, "data": some.hex()}
        )

    def gap_advertise(
        self, interval_us, adv_data=None, *, resp_data=None, connectable=True
    ) -> None:
        self._needs_power()
        order = {"ble": "advertise", "on": interval_us is not None}
        order["data"] = bytes(adv_data or b"").hex()
        order["response"] = bytes(resp_data or b"").hex()
        if len(order["data"]) > 62 or len(order["response"]) > 62:
            raise OSError(-500)
        bench.tell(order)

    def gap_disconnect(self, connection) -> bool:
        self._needs_power()
        bench.tell({"ble": "disconnect", "connection": connection})
        return True

    def _needs_power(self) -> None:
        if not self._active:
            raise OSError(_ENODEV)

    def _ordered(self, order: dict) -> None:
        if not self._active:
            return
        what = order["ble"]
        connection = order["connection"]
        if what == "connected":
            self._tell(_CENTRAL_CONNECT, (connection, 0, memoryview(b"\x00" * 6)))
        elif what == "disconnected":
            self._tell(_CENTRAL_DISCONNECT, (connection, 0, memoryview(b"\x00" * 6)))
        elif what == "mtu":
            self._tell(_MTU_EXCHANGED, (connection, order["mtu"]))
        elif what == "encrypted":
            self._tell(_ENCRYPTION_UPDATE, (connection, True, False, False, 16))
        elif what == "written":
            value = self._values[order["handle"]]
            data = bytes.fromhex(order["data"])
            value.data = ((value.data if value.append else b"") + data)[: value.longest]
            self._tell(_GATTS_WRITE, (connection, order["handle"]))

    def _tell(self, event: int, data: tuple) -> None:
        if self._handler is not None:
            self._handler(event, data)

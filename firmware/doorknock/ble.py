"""Bluetooth: the window's shell around MicroPython's `bluetooth`. The radio is on while it runs.

Loaded only at a start whose radio is Bluetooth: nothing of it takes memory at any other.
"""

import asyncio
import gc

import bluetooth

from doorknock import improv

# Numbers of MicroPython's documentation; the module has no names for them.
_CONNECTED = 1
_DISCONNECTED = 2
_WRITTEN = 3
_MTU = 21
_ENCRYPTED = 28
_READ = 0x0002
_WRITE_NO_RESPONSE = 0x0004
_WRITE = 0x0008
_NOTIFY = 0x0010
# To be written over an encrypted connection only: a phone pairs by itself when it is told so.
_WRITE_ENCRYPTED = 0x1000
_NO_INPUT_OUTPUT = 3

# Found within a second or two by a phone that looks for it.
_INTERVAL_US = 200000
# ATT's least; more is agreed on by whoever connects.
_LEAST_MTU = 23
# A whole Improv packet and the header before it.
_MOST_MTU = improv.LONGEST_BYTES + 3
# What is written between two looks; nobody who means it has more under way.
_INBOX = 16
_LOOK_MS = 50
# So that the last word goes out before the radio.
_LAST_WORD_MS = 600


class Door:
    """Advertises, lets one in at a time, and moves bytes between them and `window`.

    device: its id. busy(): whether a question or a call is open, which ends it. log(text).
    """

    def __init__(self, window, device: str, busy, ticks, log) -> None:
        self._window = window
        self._device = device
        self._busy = busy
        self._ticks = ticks
        self._log = log
        self._ble = bluetooth.BLE()
        self._inbox = []
        self._connection = None
        self._encrypted = False
        self._mtu = _LEAST_MTU
        self._told = {}
        self._refused = 0
        self._advertised = None

    async def run(self, report) -> None:
        """Until the window is over; the radio is off and its memory free when this returns."""
        try:
            self._open()
            self._log("wifi: bluetooth on")
            while not self._window.over:
                report()
                self._look()
                await asyncio.sleep_ms(_LOOK_MS)
            self._tell()
            if self._window.taken is not None:
                await asyncio.sleep_ms(_LAST_WORD_MS)
        except (OSError, MemoryError, ValueError) as problem:
            # No memory, or a build without it: the device goes on without.
            self._log("wifi: bluetooth: %s" % problem.__class__.__name__)
            self._window.close()
        finally:
            self._close()
            self._log("wifi: bluetooth off")

    def _open(self) -> None:
        ble = self._ble
        gc.collect()
        ble.active(True)
        ble.irq(self._happened)
        ble.config(gap_name=improv.name(self._device), mtu=_MOST_MTU)
        try:
            # No display to compare numbers on: whoever listens learns nothing, but one who stands
            # in between from the start could. The sealed way needs none of it.
            ble.config(bond=False, mitm=False, le_secure=True, io=_NO_INPUT_OUTPUT)
        except (TypeError, ValueError, OSError):
            self._log("wifi: bluetooth without pairing")
        told = _READ | _NOTIFY
        services = (
            _service(
                improv.SERVICE,
                (improv.STATE, told),
                (improv.ERROR, told),
                (improv.COMMAND, _WRITE | _WRITE_NO_RESPONSE | _WRITE_ENCRYPTED),
                (improv.RESULT, told),
                (improv.CAPABILITIES, _READ),
            ),
            _service(
                improv.SEALED_SERVICE,
                (improv.CHALLENGE, _READ),
                (improv.SEALED, _WRITE),
                (improv.OUTCOME, told),
            ),
        )
        improvs, own = ble.gatts_register_services(services)
        self._state, self._error, self._command, self._result, capabilities = improvs
        self._challenge, self._sealed, self._outcome = own
        # Writes are appended until they are taken out: pieces that come fast are not lost.
        ble.gatts_set_buffer(self._command, improv.LONGEST_BYTES, True)
        ble.gatts_set_buffer(self._sealed, improv.LONGEST_BYTES)
        ble.gatts_write(capabilities, bytes([improv.CAN]))
        self._tell()

    def _close(self) -> None:
        try:
            if self._connection is not None:
                self._ble.gap_disconnect(self._connection)
            self._ble.active(False)
            self._ble.irq(_nothing)
        except OSError:
            pass
        self._inbox = []
        self._told = {}
        gc.collect()

    def _happened(self, event: int, data) -> None:
        # Called by the stack between two of our own steps; what is in `data` is gone afterwards.
        if len(self._inbox) >= _INBOX:
            return
        if event == _WRITTEN:
            self._inbox.append((event, data[1], self._ble.gatts_read(data[1])))
        elif event in (_CONNECTED, _DISCONNECTED):
            self._inbox.append((event, data[0], None))
        elif event in (_MTU, _ENCRYPTED):
            self._inbox.append((event, data[0], data[1]))

    def _look(self) -> None:
        window = self._window
        now = self._ticks()
        while self._inbox:
            event, what, more = self._inbox.pop(0)
            if event == _CONNECTED:
                self._connection, self._encrypted, self._mtu = what, False, _LEAST_MTU
                window.came(now)
            elif event == _DISCONNECTED:
                if what == self._connection:
                    self._connection = None
                    self._advertised = None
                    window.went()
            elif event == _MTU:
                self._mtu = max(_LEAST_MTU, min(_MOST_MTU, more))
            elif event == _ENCRYPTED:
                self._encrypted = bool(more)
            elif what == self._command:
                window.command(more, self._encrypted, now)
            elif what == self._sealed:
                window.sealed(more, now)
        if self._busy():
            window.close()
        window.tick(now)
        self._tell()

    def _tell(self) -> None:
        """What has changed since it was told last."""
        window = self._window
        if window.refused != self._refused:
            # The same error again is news all the same.
            self._refused = window.refused
            self._told.pop(self._error, None)
        self._value(self._error, bytes([window.error]))
        self._value(self._state, bytes([window.state]))
        self._value(self._challenge, window.challenge, False)
        self._value(self._outcome, bytes([improv.OUTCOMES.index(window.outcome)]))
        if window.result:
            self._say_result(window.result)
            window.result = b""
        if self._connection is None and window.state != self._advertised and not window.over:
            self._ble.gap_advertise(
                _INTERVAL_US,
                improv.advert(window.state),
                resp_data=improv.answer_to_scan(self._device),
            )
            self._advertised = window.state

    def _value(self, handle, value: bytes, notify: bool = True) -> None:
        if self._told.get(handle) != value:
            self._told[handle] = value
            self._ble.gatts_write(handle, value, notify)

    def _say_result(self, result: bytes) -> None:
        self._ble.gatts_write(self._result, result)
        if self._connection is None:
            return
        most = self._mtu - 3
        for at in range(0, len(result), most):
            piece = result[at : at + most]
            # The stub lacks the connection.
            self._ble.gatts_notify(self._connection, self._result, piece)  # pyright: ignore


def _nothing(event, data) -> None:
    pass


def _service(uuid: str, *characteristics: tuple) -> tuple:
    return (
        bluetooth.UUID(uuid),
        tuple([(bluetooth.UUID(one), flags) for one, flags in characteristics]),
    )

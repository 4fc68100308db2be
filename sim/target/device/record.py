"""Runs under MicroPython: feeds a radar's bytes to the firmware and writes down every viper call.

    micropython record.py RADAR INPUT OUTPUT MODULE:FUNCTION…

INPUT is a sequence of: tick u32, length u16, so many bytes (none: time alone passes).
OUTPUT is a sequence of records, told by their first byte, little-endian:
    F  bytes fed: u16                S P E T  from here on: a phase sample, another report of the
    C  a call, see _recorded                  breathing tier, a report with gate energies, a tick
    Z  the end
"""

import struct
import sys

import uctypes
from doorknock import detector, radar, settings

# The driver's own buffer on the device is no longer than this.
_CHUNK = 512

_seen = {}  # (address, length) of a buffer: what it held when last written down


def _content(out, buffer):
    """Writes a buffer's content, unless it is what it was when last written."""
    now = bytes(buffer)
    key = (uctypes.addressof(buffer), len(now))
    if _seen.get(key) == now:
        out.write(b"=")
    else:
        _seen[key] = now
        out.write(b"#")
        out.write(now)


def _bytes_of(buffer):
    return len(bytes(buffer))  # of an array too: bytes() takes its memory, not its items


def _recorded(out, number, function):
    """The function, and a record of each call of it: C, its number, the count of its arguments;
    for each i and its value, or b, the buffer's address, length and content; after the call the
    contents again; then i and the result, or n for None."""

    def call(*arguments):
        out.write(b"C" + struct.pack("<BB", number, len(arguments)))
        for argument in arguments:
            if isinstance(argument, int):
                out.write(b"i" + struct.pack("<q", argument))
            else:
                out.write(
                    b"b" + struct.pack("<QI", uctypes.addressof(argument), _bytes_of(argument))
                )
                _content(out, argument)
        result = function(*arguments)
        for argument in arguments:
            if not isinstance(argument, int):
                _content(out, argument)
        out.write(b"n" if result is None else b"i" + struct.pack("<q", result))
        return result

    return call


def _wrap(out, names):
    """Puts the recorder around each function, wherever a module knows it by name."""
    for number, name in enumerate(names):
        module, function = name.split(":")
        __import__(module)
        original = getattr(sys.modules[module], function)
        wrapped = _recorded(out, number, original)
        for known in list(sys.modules.values()):
            for attribute in dir(known):
                if getattr(known, attribute) is original:
                    setattr(known, attribute, wrapped)


def main(name, source, target, functions):
    with open(target, "wb") as out:
        reader = radar.make(name)
        room = detector.make(reader.tier, settings.in_force({}))
        _wrap(out, functions)
        buffer = bytearray(_CHUNK)
        with open(source, "rb") as feed:
            while True:
                head = feed.read(6)
                if not head:
                    break
                ticks, n = struct.unpack("<IH", head)
                if n:
                    buffer[:n] = feed.read(n)
                    out.write(b"F" + struct.pack("<H", n))
                    _feed(out, reader, room, buffer, n, ticks)
                out.write(b"T")
                room.tick(ticks)
        out.write(b"Z")


def _feed(out, reader, room, buffer, n, ticks):
    at = 0
    while at < n:
        at = reader.read(buffer, at, n)
        if reader.reported:
            out.write(_what(reader))
            room.take(reader.reading, ticks)


def _what(reader):
    if reader.tier == "presence":
        return b"E" if reader.reading[radar.ENGINEERING] else b"P"
    return b"S" if reader.reading[radar.NEW] == radar.NEW_PHASE else b"P"


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])

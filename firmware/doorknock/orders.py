"""What is kept of orders from afar: which were obeyed, and which settings came of them. Pure.

Kept as one small file, replaced in one step (keep.py), so that a power cut leaves either all of an
order or none of it: the settings in force, those that are to be next, the numbers and what was
answered are never of two minds.

The settings lie over those that the device was given by cable. They know which those were: where
somebody has set it up anew since, what was ordered before is void.
"""

import struct

from doorknock.wire import SETTING_FIELDS

_VERSION = 1
# version, newest; of the newest `set`: number, outcome, told; of the newest `act`: number, what,
# outcome; of the newest `update`: number; the digest of what the settings lie over.
_HEAD = "<BQQBBQBBQI"
_HEAD_BYTES = 41
_PAIR = "<Bi"
_PAIR_BYTES = 5
_NOTHING = 0xFF

OUTCOMES = (
    "in_force",
    "accepted",
    "waiting_for_press",
    "applied",
    "refused",
    "no_press",
    "replaced",
    "old",
    "failed",
)


class Orders:
    """In force: `now`, name to value as on the wire. To be next: `coming`, or None.

    newest: the highest number obeyed. set_number, set_outcome, set_told: the newest `set` order,
    what was answered last, and whether the answer has been made an event. act_number, act_what,
    act_outcome and update_number: the newest of those. base: see above.
    """

    def __init__(self) -> None:
        self.newest = 0
        self.set_number = 0
        self.set_outcome = "in_force"
        self.set_told = True
        self.act_number = 0
        self.act_what = 0
        self.act_outcome = 0
        self.update_number = 0
        self.base = 0
        self.now = {}
        self.coming = None

    def saved(self) -> bytes:
        """The bytes that hold all of it."""
        out = struct.pack(
            _HEAD,
            _VERSION,
            self.newest,
            self.set_number,
            OUTCOMES.index(self.set_outcome),
            1 if self.set_told else 0,
            self.act_number,
            self.act_what,
            self.act_outcome,
            self.update_number,
            self.base,
        )
        return out + _pairs(self.now) + _pairs(self.coming)

    def resume(self, saved: bytes, base: int) -> None:
        """Takes up what was saved; b"" or nonsense is nothing. base: of the device as it is now."""
        self.base = base
        if len(saved) < _HEAD_BYTES + 2:
            return
        head = struct.unpack_from(_HEAD, saved, 0)
        if head[0] != _VERSION or head[3] >= len(OUTCOMES):
            return
        self.newest, self.set_number = head[1], head[2]
        self.set_outcome, self.set_told = OUTCOMES[head[3]], head[4] == 1
        self.act_number, self.act_what, self.act_outcome = head[5], head[6], head[7]
        self.update_number = head[8]
        if head[9] == base:
            self.now, end = _read_pairs(saved, _HEAD_BYTES)
            if end < len(saved) and saved[end] != _NOTHING:
                self.coming, end = _read_pairs(saved, end)
            self.now = self.now or {}


def _pairs(values) -> bytes:
    if values is None:
        return bytes([_NOTHING])
    out = bytes([len(values)])
    for field in SETTING_FIELDS:
        if field[0] in values:
            value = values[field[0]]
            number = value if len(field) == 4 else field[2].index(value)
            out += struct.pack(_PAIR, field[1], number)
    return out


def _read_pairs(saved: bytes, at: int) -> tuple:
    """(the values within their bounds, where they end)."""
    values = {}
    count = saved[at]
    at += 1
    for _ in range(count):
        if at + _PAIR_BYTES > len(saved):
            return values, len(saved)
        tag, number = struct.unpack_from(_PAIR, saved, at)
        at += _PAIR_BYTES
        for field in SETTING_FIELDS:
            if field[1] == tag:
                if len(field) == 4:
                    if field[2] <= number <= field[3]:
                        values[field[0]] = number
                elif 0 <= number < len(field[2]):
                    values[field[0]] = field[2][number]
    return values, at

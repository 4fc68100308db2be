"""A door contact, where there is one: which of its openings say that somebody went out.

It is evidence, never a condition. Without a contact, with one that is stuck, and with a message of
it that was missed, the radar alone decides, as it does everywhere else. And what the contact says
is believed only where it cannot hide somebody who lies in there: a door that somebody else opens,
or that flutters in a draught, must not make a person who stopped breathing one who left.

Pure: no pin, no clock. Nothing here allocates or raises.
"""

from . import detector
from .clock import since

# Looks at the contact, ten a second, that must agree: a reed and its cable bounce for some ms.
_LOOKS = 2
# A door that was shut for less before it opened flutters, or its contact is loose.
_SHUT_MS = 10000
# Whoever goes out was alive just before: breathed, or moved. (A walk at few samples a second may
# not be seen as movement, so that movement cannot be asked for.)
_ALIVE_MS = 5000
# (Still: lost by the radar a moment before the door opened. Nobody who breathes slowly or weakly is
# taken to have gone on a door's word.)
_ALIVE = (detector.MOVING, detector.BREATHING, detector.STILL)
# So many openings by which nobody went out, and the contact is believed no more until the radar
# itself has seen the room empty.
_IN_VAIN = 3


class Contact:
    """Takes the bounce out of a contact that is looked at ten times a second."""

    def __init__(self) -> None:
        self.is_open = False
        self._known = False
        self._looks = 0

    def look(self, is_open: bool) -> bool:
        """True when it has changed. What it is at the first look is no change."""
        if not self._known:
            self._known = True
            self.is_open = is_open
        if is_open == self.is_open:
            self._looks = 0
            return False
        self._looks += 1
        if self._looks < _LOOKS:
            return False
        self._looks = 0
        self.is_open = is_open
        return True


class Door:
    """Openings and what the room is like in; the openings that are evidence out."""

    def __init__(self) -> None:
        self._open = False
        self._shut_at = -1  # tick at which it was shut; -1: since before it was looked at
        self._in_vain = 0  # openings that were evidence since the room was last empty

    def changed(self, is_open: bool, room: int, still_ms: int, ticks: int) -> bool:
        """The door has opened or shut; True where that is evidence that somebody went out.

        room, still_ms: the detector's, at this moment.
        """
        opened = is_open and not self._open
        if not is_open and self._open:
            self._shut_at = ticks
        self._open = is_open
        if not opened:
            return False
        # It was shut for long enough, somebody was in there already (who comes in does not go
        # out), they were alive and well just now, and this contact has not cried wolf.
        settled = self._shut_at < 0 or since(ticks, self._shut_at) >= _SHUT_MS
        alive = room in _ALIVE and still_ms < _ALIVE_MS
        if not settled or not alive or self._in_vain >= _IN_VAIN:
            return False
        self._in_vain += 1
        return True

    def saw(self, room: int) -> None:
        """What the room is like now; tell it whenever that has changed."""
        if room == detector.EMPTY:
            self._in_vain = 0

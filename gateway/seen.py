"""Which sequence numbers of one boot have been seen: as ranges, so that they can be kept for ever.

A device counts up by one, so a boot is one range however long it lasts, and some more where a full
journal has let go of heartbeats between calls. Whoever has a device's key could make a hole at each
number; half a million of them, and each message of that boot would hold up the whole house for
seconds. So there are no more than MOST_RANGES: then the lowest hole counts as seen. What belonged
there comes no more, for a journal is emptied in order; and a call that comes under a number of
which nothing was kept is another call (gateway/entry.py), so none is lost by it.

Pure.
"""

from bisect import bisect_right
from collections.abc import Iterable

# Read for each message, in about a millisecond.
MOST_RANGES = 256


class Seen:
    """A set of whole numbers, kept as sorted ranges that neither overlap nor touch; no more
    than *most* once it has grown to so many."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = (), *, most: int = MOST_RANGES) -> None:
        self._most = most
        pairs = sorted(ranges)
        self._firsts = [first for first, _ in pairs]
        self._lasts = [last for _, last in pairs]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """(first, last) of each range, both included."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def add(self, number: int) -> bool:
        """Adds *number*; False where it was there already."""
        if number in self:
            return False
        at = bisect_right(self._firsts, number)
        joins_left = at > 0 and self._lasts[at - 1] == number - 1
        joins_right = at < len(self._firsts) and self._firsts[at] == number + 1
        if joins_left and joins_right:
            self._lasts[at - 1] = self._lasts.pop(at)
            del self._firsts[at]
        elif joins_left:
            self._lasts[at - 1] = number
        elif joins_right:
            self._firsts[at] = number
        else:
            self._firsts.insert(at, number)
            self._lasts.insert(at, number)
            if len(self._firsts) > self._most:
                self._lasts[0] = self._lasts.pop(1)
                del self._firsts[1]
        return True

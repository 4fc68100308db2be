"""The switch under the lid, where there is one: says when the case was opened, and closed again.

What was told last is kept on flash: a case that was opened while the device slept, or had no power,
is told at its next look, and one that stays open is told once, not at every start.
"""

from doorknock import keep

_OPEN = b"\x01"
_SHUT = b"\x00"


class Tamper:
    """pin: low while the case is shut; None where there is no switch. emit(kind, details).

    wired: there is a switch, and it can only be seen by looking.
    """

    def __init__(self, pin, emit) -> None:
        self._pin = pin
        self.wired = pin is not None
        self._emit = emit
        if not self.wired:
            return
        from doorknock import door

        self._kept = keep.Keep("tamper")
        # A new device is shut, or is about to be: nobody need be told of its first closing.
        self._contact = door.Contact()
        self._contact.look(self._kept.read() == _OPEN)

    def look(self) -> None:
        """Call it ten times a second: the bounce of the switch is left out (door.Contact)."""
        if not self.wired or not self._contact.look(self._pin.value() == 1):
            return
        opened = self._contact.is_open
        # Told first: a reset in between tells it twice, which is better than never.
        self._emit("tamper", {"state": "opened" if opened else "closed"})
        self._kept.write(_OPEN if opened else _SHUT)

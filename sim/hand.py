"""What hands do while a recording is replayed: at button B, and at the door."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

# A door stands open for about so long when somebody goes through it (assumption).
_DOOR_OPEN_MS = 3000


@dataclass(frozen=True)
class Hand:
    """Times in ms since the first sample, rising.

    presses: (at, taps, held). answers: how long after the first question, the second, … B is
    pressed once, None: not at all, as after the last of them; whoever has not pressed when a
    question is taken back does not press any more. doors: (at, is open), of a door contact.
    """

    presses: tuple[tuple[int, int, bool], ...] = ()
    answers: tuple[int | None, ...] = ()
    doors: tuple[tuple[int, bool], ...] = ()

    def as_json(self) -> str:
        """As sim/hardware/replay_device.py takes it."""
        return json.dumps(
            {"presses": self.presses, "answers": self.answers, "doors": self.doors},
            separators=(",", ":"),
        )


IDLE = Hand()


def door_at(openings: Iterable[int]) -> tuple[tuple[int, bool], ...]:
    """A contact on a door that is opened at these moments, and falls shut again."""
    changes: list[tuple[int, bool]] = []
    for at_ms in openings:
        if changes and changes[-1][0] >= at_ms:
            changes.pop()  # it had not fallen shut yet
        else:
            changes.append((at_ms, True))
        changes.append((at_ms + _DOOR_OPEN_MS, False))
    return tuple(changes)

"""What the studio asks of a world: to move on, to be acted upon, to be looked at."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class WorldEnded(Exception):
    """The world cannot go on, such as after a crash of a board; `str()` is what it said last."""


class ImpossibleAct(Exception):
    """The act means nothing here; `str()` is a key of the catalogue that says why."""


class Sample(NamedTuple):
    """The chest at a moment, in mm towards the sensor. radar_mm: what the radar says of it; None
    where it says nothing."""

    t_ms: int
    chest_mm: float
    radar_mm: float | None


class StudioWorld(Protocol):
    """One room, its devices, the building around them, and its responders' phones.

    Everything that it says is JSON; texts that people read are keys of the catalogue, but for
    names, messages on phones and what a crashed board has said.
    """

    @property
    def now_ms(self) -> int:
        """Milliseconds since this world began."""

    def scene(self) -> dict[str, Any]:
        """What does not change: `title`, `seed`, `room`: width_m and depth_m,
        the door, chair, bed, sensor and button in it (x, y in m, y down; null where there is
        none), `people` and `phones`: those who live here and those who respond."""

    def picture(self) -> dict[str, Any]:
        """How things are now: `people`, `devices` (lights, sound, power), `sensor` (what it sees
        and does), `way` (what is broken), `phones`, `alert`."""

    def advance(self, until_ms: int) -> None:
        """Lets time pass. Raises WorldEnded."""

    def act(self, act: Mapping[str, Any]) -> None:
        """Does what somebody at the page asked for: {"what": …, and its values}. Raises
        ImpossibleAct, or ValueError for what no page of ours asks, or WorldEnded."""

    def news(self) -> Sequence[Mapping[str, Any]]:
        """What has happened since this was last asked: {"t_ms", "key", "who", values}."""

    def wave(self) -> Sequence[Sample]:
        """The chest since this was last asked, at most ten samples a second."""

    def close(self) -> None:
        """Ends it: no process is left running, nothing left on disk."""

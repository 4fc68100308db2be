"""An event as the gateway keeps it: what the device said, and where in time it belongs."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Occurred(enum.Enum):
    """How the time of an event is meant."""

    AT = "at"
    # The device's clock is not known well enough: it was then, or before.
    BEFORE = "before"


@dataclass(frozen=True)
class Placement:
    """When an event occurred. Unix ms; unsure_ms either way (AT), without meaning for BEFORE."""

    occurred: Occurred
    occurred_at_ms: int
    unsure_ms: int


@dataclass(frozen=True)
class StoredEvent:
    """A committed event. Its identity is (device, boot, seq); `copy` is "" for all but an event
    that came under an identity already used: then the first 8 hex digits of its signature."""

    device: str
    boot: int
    seq: int
    copy: str
    kind: str
    details: Mapping[str, int | str]
    unit: str
    received_at_ms: int
    placement: Placement

    @property
    def id(self) -> str:
        """The same for every copy of this event, for ever."""
        return f"{self.device}.{self.boot}.{self.seq}" + (f"-{self.copy}" if self.copy else "")

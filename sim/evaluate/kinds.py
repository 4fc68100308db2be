"""Every kind of case."""

from sim.evaluate import dangers, days, peace, recordings, rooms, sleepers
from sim.evaluate.kind import Kind

_FROM_RECORDINGS = recordings.KINDS if recordings.available() else ()

KINDS: tuple[Kind, ...] = (
    *_FROM_RECORDINGS,
    *dangers.KINDS,
    *peace.KINDS,
    *rooms.KINDS,
    *(kind for kind in days.KINDS if "envelope" not in kind.name or recordings.available()),
    *(sleepers.KINDS if recordings.available() else ()),
)
BY_NAME = {kind.name: kind for kind in KINDS}

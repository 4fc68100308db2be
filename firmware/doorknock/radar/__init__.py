"""One module per radar protocol: the radar's bytes in, a Reading in a preallocated array out.

Every reader has the same face:

    reading      array('i'): the newest of each value; fields below
    counts       array('i'): FRAMES, BYTES, ERRORS, UNKNOWN, all 0 … 2^30 - 1, then from 0 again
    tier         "presence" or "breathing"
    read(buf, at, n) -> int
                 takes bytes buf[at:n], in any split, up to the end of the next report that carries
                 a reading; returns where it stopped. `reported` then says whether there is one, so
                 that no report is lost when a buffer holds several:
                     while at < n:
                         at = radar.read(buf, at, n)
                         if radar.reported: …
    command(ticks)
                 bytes to send to the module now, or None (only the LD2410 is ever spoken to)

Nothing here raises on any input, allocates after construction, or reads a clock.
"""

# --- counts -------------------------------------------------------------------------------------
FRAMES = 0  # whole valid frames of any type
BYTES = 1  # bytes taken in
ERRORS = 2  # frames with a wrong length, check or value; stray bytes between frames, once a run
UNKNOWN = 3  # valid frames of a type that we do not read
_MOST = 0x3FFFFFFF  # the greatest integer that is no allocation on the chip


def count(counts, which: int, more: int = 1) -> None:
    """Adds to one of the counts; behind 2^30 - 1 comes 0, by no step that is any greater."""
    now = counts[which]
    room = _MOST - now
    counts[which] = more - room - 1 if more > room else now + more


# --- a Reading of the breathing tier (MR60BHA2, LD6002) ------------------------------------------
NEW = 0  # what the last report brought: NEW_PHASE or NEW_PRESENT
PRESENT = 1  # the module's own target detection: 1 somebody, 0 nobody, -1 not said yet
PHASE_MRAD = 2  # total phase, saturating at +-(2^29 - 1): the difference of two fits 31 bits
ZERO = 3  # 1 when all three phases were exactly 0.0: the gate is shut (or the module says nothing)
RANGE_MM = 4  # distance of the target, -1 none
BREATHING_FIELDS = 5
NEW_PHASE = 1
NEW_PRESENT = 2

# --- a Reading of the presence tier (LD2410) -----------------------------------------------------
STATE = 0  # bit 0 moving target, bit 1 still target
MOVE_CM = 1
MOVE_ENERGY = 2  # 0 … 100
STILL_CM = 3
STILL_ENERGY = 4  # 0 … 100
ENGINEERING = 5  # 1: the gate energies below are of this report; 0: basic report, they are stale
MOVE_GATES = 6  # nine moving energies, 0 … 100
STILL_GATES = 15  # nine still energies, 0 … 100
PRESENCE_FIELDS = 24
GATES = 9

NAMES = ("mr60bha2", "ld6002", "ld2410")
TIERS = {"mr60bha2": "breathing", "ld6002": "breathing", "ld2410": "presence"}

# Baud rates by module, the likeliest first. LD6002 are sold with either (PROTOCOLS of the vendor
# name 1382400); rates.py finds out which.
RATES = {"mr60bha2": (115200,), "ld6002": (1382400, 115200), "ld2410": (256000,)}
# Bytes for the UART to receive into: 0.8 s of the busiest module. A late reader of the LD2410
# overruns 256 in 0.57 s.
RECEIVE_BYTES = 2048


def make(name: str):
    """The reader of this radar module; name is one of NAMES. ValueError for any other."""
    if name == "ld2410":
        from .ld2410 import Ld2410

        return Ld2410()
    if name in ("mr60bha2", "ld6002"):
        from .mr60 import Mr60

        return Mr60()
    raise ValueError("no radar module %r; known are %s" % (name, ", ".join(NAMES)))

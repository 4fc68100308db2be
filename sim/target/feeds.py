"""The bytes that the measurement is made on: real recordings and seeded rooms, as frames.

The frames are those of sim/radars. A whole MR60BHA2 sends some 130 of them a second, of which 8 to
20 carry phase; the mix below is what drives a parser.
"""

import csv
import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.radars import ld2410, mr60
from sim.target.recording import Fed

# What a UART read brings at the most, and how often the sensor's task looks.
LONGEST_READ = 256
READ_EVERY_MS = 50

FRAMES_A_SECOND = 130
# What makes up the number beside the phases: types, and bytes of data in each.
BESIDE_A_PHASE = (
    (mr60.TARGETS, 12),
    (0x0A08, 20),
    (mr60.DISTANCE, 4),
    (mr60.BREATH_RATE, 4),
    (mr60.HEART_RATE, 4),
)


@dataclass(frozen=True)
class Feed:
    """A named input: what it is, and the radar that speaks so."""

    name: str
    radar: str
    chunks: tuple[Fed, ...]


def breathing(name: str, trace: Path, *, whole: bool = False, seconds: float = 3600) -> Feed:
    """A trace (CSV: t_ms, phase_mrad, amplitude, range_cm, present) as the module's frames.

    whole: with all that the module says beside it; else phase, and presence once a second.
    """
    return Feed(name, "mr60bha2", tuple(_chunks(_breathing_frames(trace, whole, seconds))))


def _breathing_frames(trace: Path, whole: bool, seconds: float) -> Iterator[tuple[int, bytes]]:
    number, last_second = 0, -1
    for row in _rows(trace):
        t_ms, present = int(row["t_ms"]), int(row["present"])
        if t_ms > seconds * 1000:
            return
        phase = float(row["phase_mrad"]) / 1000 if present else 0.0
        frames = [(mr60.PHASES, struct.pack("<3f", phase, 0.3 * phase, 0.1 * phase))]
        if whole:
            frames.append((mr60.DISTANCE, struct.pack("<If", 1, max(float(row["range_cm"]), 0))))
            while number + len(frames) < FRAMES_A_SECOND * t_ms / 1000:
                kind, length = BESIDE_A_PHASE[len(frames) % len(BESIDE_A_PHASE)]
                frames.append((kind, bytes(length)))
        if t_ms // 1000 != last_second:
            last_second = t_ms // 1000
            frames.append((mr60.PRESENCE, struct.pack("<H", present)))
            frames.append((mr60.BREATH_RATE, struct.pack("<f", 17)))
            frames.append((mr60.HEART_RATE, struct.pack("<f", 75)))
        for kind, data in frames:
            yield t_ms, mr60.frame(kind, data, number)
            number += 1


def _rows(trace: Path) -> Iterator[dict[str, str]]:
    with trace.open(encoding="utf-8") as lines:
        yield from csv.DictReader(line for line in lines if not line.startswith("#"))


def hostile(seed: int, size: int = 6000) -> Feed:
    """Noise, cut frames and false starts: what a parser meets on a bad wire. Seeded."""
    chance = random.Random(seed)
    pieces = []
    length = 0
    while length < size:
        piece = chance.randbytes(chance.randrange(1, 40))
        if chance.random() < 0.5:
            piece = mr60.frame(mr60.PHASES, chance.randbytes(12), chance.randrange(65536))
            piece = piece[: chance.randrange(1, len(piece) + 1)]
        elif chance.random() < 0.3:
            piece = b"\x01" * chance.randrange(1, 30)
        pieces.append((length // 10, piece))
        length += len(piece)
    return Feed("noise and cut frames", "mr60bha2", tuple(_chunks(pieces)))


# A room by the gates of an HLK-LD2410: mean and deviation of the moving and still energies, as
# seen in the field (empty with clutter near by; standing; walking about).
_GATES = {
    "empty": (
        ((15, 16), (27, 6.6), (9, 7), (6.5, 3.8), (5, 2.4), (4, 2.2), (5, 1.6), (3, 1.6), (5, 1.8)),
        ((0, 0), (0, 0), (61, 14), (41, 10), (25, 5.5), (20, 4), (13, 2.4), (11, 2), (9, 2)),
    ),
    "standing": (
        ((31, 20), (26, 20), (44, 27), (43, 27), (17, 9), (9, 5), (7, 4), (7, 4), (5, 3)),
        ((0, 0), (0, 0), (100, 0), (100, 2), (100, 5), (75, 19), (61, 19), (57, 15), (34, 15)),
    ),
    "walking": (
        ((50, 25), (60, 25), (77, 21), (77, 28), (50, 20), (30, 15), (20, 10), (15, 8), (10, 5)),
        ((0, 0), (0, 0), (100, 0), (100, 0), (100, 0), (100, 5), (90, 9), (80, 9), (70, 9)),
    ),
}


def presence(seed: int, seconds: int = 90) -> Feed:
    """An LD2410 in engineering mode: an empty room, somebody walks in, stands, and leaves."""
    return Feed("a visit, seeded", "ld2410", tuple(_chunks(_presence_reports(seed, seconds))))


def _presence_reports(seed: int, seconds: int) -> Iterator[tuple[int, bytes]]:
    chance = random.Random(seed)
    acts = ("empty", "walking", "standing", "walking", "empty")
    for t_ms in range(0, seconds * 1000, 100):
        act = acts[t_ms * len(acts) // (seconds * 1000)]
        moves, stills = (
            bytes(min(100, max(0, round(chance.gauss(mean, sd)))) for mean, sd in gates)
            for gates in _GATES[act]
        )
        state = {"empty": 0, "standing": 2, "walking": 3}[act]
        report = ld2410.Report(state, 120, max(moves), 150, max(stills), moves, stills)
        yield t_ms, ld2410.engineering(report)


def _chunks(frames: Iterable[tuple[int, bytes]]) -> Iterator[Fed]:
    """What the reads of the UART bring, one every READ_EVERY_MS; the split is where it falls."""
    waiting, now = b"", 0
    for t_ms, data in frames:
        while now + READ_EVERY_MS <= t_ms:
            now += READ_EVERY_MS
            yield from _reads(now, waiting)
            waiting = b""
        waiting += data
    yield from _reads(now + READ_EVERY_MS, waiting)


def _reads(ticks: int, waiting: bytes) -> Iterator[Fed]:
    yield from (
        Fed(ticks, waiting[at : at + LONGEST_READ])
        for at in range(0, max(len(waiting), 1), LONGEST_READ)
    )

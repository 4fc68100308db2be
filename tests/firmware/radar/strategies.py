"""What a radar's UART may carry: whole frames, damaged ones, and noise."""

import itertools
import struct

from hypothesis import strategies as st

from sim.radars import ld2410, mr60

any_float = st.integers(0, 0xFFFFFFFF).map(lambda bits: struct.pack("<I", bits))
likely_float = st.floats(-3000, 3000, width=32).map(lambda value: struct.pack("<f", value))
floats = st.one_of(likely_float, likely_float, any_float)

mr60_frames = st.one_of(
    st.tuples(floats, floats, floats).map(lambda three: mr60.frame(0x0A13, b"".join(three), 7)),
    st.integers(0, 2).map(lambda flag: mr60.frame(0x0F09, struct.pack("<H", flag), 8)),
    floats.map(lambda cm: mr60.frame(0x0A16, struct.pack("<I", 1) + cm, 9)),
    st.just(mr60.frame(0x0A16, bytes(4))),
    st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)).map(
        lambda kind_and_data: mr60.frame(*kind_and_data)
    ),
)

energies = st.lists(st.integers(0, 120), min_size=9, max_size=9)
reports = st.builds(
    ld2410.Report,
    state=st.integers(0, 4),
    move_cm=st.integers(0, 1200),
    move_energy=st.integers(0, 110),
    still_cm=st.integers(0, 1200),
    still_energy=st.integers(0, 110),
    moving=energies,
    still=energies,
)
ld2410_frames = st.one_of(
    reports.map(ld2410.engineering),
    reports.map(ld2410.basic),
    st.integers(0, 255).map(ld2410.answer),
)

# The beginning of a frame that never comes: the good frames behind it lie inside what it claims.
false_starts = {
    "mr60bha2": st.tuples(
        st.sampled_from([0x0A32, 0x0100]), st.sampled_from([20, 40, 90, 1056])
    ).map(lambda claim: mr60.frame(claim[0], bytes(claim[1]))[:8]),
    "ld2410": st.integers(0, 255).map(lambda length: b"\xfd\xfc\xfb\xfa" + bytes([length, 0])),
}

FRAMES = {"mr60bha2": mr60_frames, "ld6002": mr60_frames, "ld2410": ld2410_frames}


@st.composite
def damaged(draw, frames):
    """A frame cut short, lengthened, or with one byte changed; or noise full of start bytes."""
    frame = bytearray(draw(frames))
    what = draw(st.integers(0, 3))
    if what == 0:
        return bytes(frame[: draw(st.integers(0, len(frame) - 1))])
    if what == 1:
        frame[draw(st.integers(0, len(frame) - 1))] ^= draw(st.integers(1, 255))
        return bytes(frame)
    if what == 2:
        return draw(st.binary(max_size=60))
    start = st.sampled_from([0x01, 0xF4, 0xF3, 0xF2, 0xF1, 0xFD, 0xFC])
    return bytes(draw(st.lists(start, max_size=60)))


@st.composite
def streams(draw, name):
    """(radar, chunks): a stream of frames and damage, cut anywhere."""
    frames = FRAMES[name]
    piece = st.one_of(frames, frames, frames, damaged(frames), false_starts[name])
    pieces = draw(st.lists(piece, max_size=12))
    if draw(st.booleans()):
        # Time goes on, and whatever was claimed is decided.
        pieces.append(bytes(1100))
    whole = b"".join(pieces)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    edges = [0, *cuts, len(whole)]
    return [name, [whole[a:b].hex() for a, b in itertools.pairwise(edges)]]


any_stream = st.sampled_from(["mr60bha2", "ld2410"]).flatmap(streams)

"""Where things lie, by the image's own table, and how they are cut."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.provision.flash.layout import Layout, Partition, read_layout
from gateway.provision.flash.pieces import SECTOR, cut
from gateway.provision.flash.trouble import BadImage, WrongBoard
from tests.gateway.provision.flash import made

MB = 1 << 20
LAYOUT = Layout(Partition(0x9000, 0x6000), Partition(0x10000, 0x1F0000), Partition(2 * MB, 2 * MB))


@pytest.mark.parametrize("chip", made.CHIP_ID)
def test_files_lie_where_the_table_says_or_behind_all_of_it_to_the_end(chip):
    offset = made.OFFSET[chip]
    without = read_layout(made.micropython(chip), offset, 8 * MB)
    assert without.files == Partition(2 * MB, 6 * MB)
    told = read_layout(made.micropython(chip, files=True), offset, 8 * MB)
    assert told.files == Partition(2 * MB, 2 * MB)
    assert told.settings == Partition(0x9000, 0x6000)
    assert told.program.start == made.PROGRAM


def test_a_flash_that_is_too_small_for_the_table_is_told():
    with pytest.raises(WrongBoard, match="more flash than the 2 MB"):
        read_layout(made.micropython("esp32c3"), 0, 2 * MB)


ROWS = st.tuples(
    st.integers(0, 2),
    st.integers(0, 2**24),
    st.integers(0, 2**24),
    st.sampled_from([b"nvs", b"vfs", b"ffat", b"factory", b"\xff\xfe"]),
)


@settings(deadline=None)
@given(st.lists(ROWS, max_size=6), st.binary(max_size=40))
def test_whatever_a_table_says_nothing_lies_beyond_the_flash(rows, rest):
    entries = [struct.pack("<HBBII16sI", 0x50AA, row[0], 0, *row[1:], 0) for row in rows]
    image = b"\xff" * 0x8000 + b"".join(entries) + rest
    try:
        layout = read_layout(image, 0, 4 * MB)
    except (BadImage, WrongBoard):
        return
    assert max(layout.settings.end, layout.program.end, layout.files.end) <= 4 * MB
    assert layout.files.size > 0


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 0x1000]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), max_size=6),
)
def test_pieces_laid_together_give_back_what_was_cut_and_spare_the_settings(seed, offset, spans):
    # Given an image and files with used stretches and blanks
    chance = random.Random(seed)
    image = chance.randbytes(0x10000 - offset + 5_000)
    files = bytearray(b"\xff" * (500 * SECTOR))
    for start, length in spans:
        files[start * SECTOR : (start + length) * SECTOR] = chance.randbytes(length * SECTOR)
    # When
    pieces = cut(LAYOUT, offset, image, bytes(files), None)
    # Then
    flash = bytearray(b"\xff" * (4 * MB))
    for piece in pieces:
        flash[piece.offset : piece.offset + len(piece.content)] = piece.content
    assert flash[offset:0x9000] == image[: 0x9000 - offset]
    assert flash[0xF000 : offset + len(image)] == image[0xF000 - offset :]
    assert flash[0x9000:0xF000] == b"\xff" * 0x6000
    assert flash[2 * MB : 2 * MB + len(files)] == files
    assert all(piece.offset % SECTOR == 0 for piece in pieces)
    assert not any(0x9000 <= piece.offset < 0xF000 for piece in pieces)


def test_settings_fill_their_partition_and_come_last():
    pieces = cut(LAYOUT, 0, b"\xe9" * 0x11000, b"x" * SECTOR, b"secret")
    assert pieces[-1].part == "settings"
    assert pieces[-1].content == b"secret".ljust(0x6000, b"\xff")
    assert "secret" not in repr(pieces)

"""The encrypted stream: what goes in comes out, and nothing else does."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.backup.sealed import CHUNK_BYTES, MAGIC, Opener, Sealer
from gateway.errors import BackupError

PASSPHRASE = "four words are enough"
COST = 10


def sealed(plain: bytes, passphrase: str = PASSPHRASE) -> bytes:
    out = io.BytesIO()
    sealer = Sealer(out, passphrase, COST)
    sealer.write(plain)
    sealer.finish()
    return out.getvalue()


def opened(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return Opener(io.BytesIO(data), passphrase).read()


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
)
def test_what_goes_in_comes_out(size: int) -> None:
    plain = bytes(range(256)) * (size // 256) + bytes(size % 256)

    assert opened(sealed(plain)) == plain


def test_the_file_shows_nothing_of_it() -> None:
    plain = b"webhook_secret" * 10_000

    first, second = sealed(plain), sealed(plain)

    assert b"webhook_secret" not in first
    assert first[len(MAGIC) + 2 :] != second[len(MAGIC) + 2 :]


def test_a_wrong_passphrase_is_told_as_such() -> None:
    with pytest.raises(BackupError, match="passphrase is not that of this backup"):
        opened(sealed(b"x"), "four words are not")


def test_the_same_letters_composed_otherwise_are_the_same_passphrase() -> None:
    assert opened(sealed(b"x", "caf\u00e9 au lait, s'il"), "cafe\u0301 au lait, s'il") == b"x"


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_stream_cut_off_between_two_chunks_is_damaged(chunks: int) -> None:
    whole = sealed(bytes(3 * CHUNK_BYTES))
    header = len(sealed(b"")) - 16

    with pytest.raises(BackupError, match="damaged or cut off"):
        opened(whole[: header + chunks * (CHUNK_BYTES + 16)])


def test_chunks_that_changed_places_are_damaged() -> None:
    whole = sealed(bytes(3 * CHUNK_BYTES))
    header, chunk = len(sealed(b"")) - 16, CHUNK_BYTES + 16
    first, second = whole[header : header + chunk], whole[header + chunk : header + 2 * chunk]

    with pytest.raises(BackupError, match="damaged or cut off"):
        opened(whole[:header] + second + first + whole[header + 2 * chunk :])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_byte_changed_or_missing_anywhere_is_never_opened(data: st.DataObject) -> None:
    whole = sealed(b"a gateway's keys" * 20)
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = (
        whole[:at]
        if data.draw(st.booleans())
        else whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    )

    with pytest.raises(BackupError):
        opened(spoilt)

"""Releases: the key, the file, what a gateway keeps, and what it refuses."""

import hashlib
import io
import resource
import stat
import zipfile
from pathlib import Path

import pytest
from doorknock import manifest, wire
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ReleaseError
from gateway.release import keys, release_file
from gateway.release.build import ARCHES, build, version_of
from gateway.release.library import Library
from tests.sim.virtual.releases import ANOTHER_KEY, KEY

APPLICATION = {
    "doorknock/app.mpy": bytes(range(256)) * 9,
    "doorknock/empty.mpy": b"",
    "doorknock/version.mpy": b"0.2.0",
}
PASSPHRASE = "four or five words"


def made(version="0.2.0", key=KEY, arches=("x64", "rv32imc"), **rest):
    return release_file.sign(key, version, dict.fromkeys(arches, APPLICATION), **rest)


def as_file(tmp_path, release, name="one.doorknock"):
    path = tmp_path / name
    release_file.write(release, path)
    return path


# --- the key ------------------------------------------------------------------------------------


def test_a_key_is_kept_encrypted_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "programme.key"
    key = keys.make_key(path, PASSPHRASE, cost=10)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.public not in path.read_bytes()
    assert keys.load_public(keys.public_path(path)) == key.public
    assert keys.load_key(path, PASSPHRASE).public == key.public
    assert manifest.is_signed(keys.load_key(path, PASSPHRASE).sign(b"something"), key.public)
    assert key.public.hex()[:20] not in repr(key)


def test_a_wrong_passphrase_and_a_damaged_key_are_told(tmp_path):
    path = tmp_path / "programme.key"
    keys.make_key(path, PASSPHRASE, cost=10)
    with pytest.raises(ReleaseError, match="passphrase is not that"):
        keys.load_key(path, "another one altogether")
    whole = path.read_bytes()
    for at in (0, 22, 23, 30, 50, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        with pytest.raises(ReleaseError):
            keys.load_key(path, PASSPHRASE)
    path.write_bytes(whole[:30])
    with pytest.raises(ReleaseError, match="no release key"):
        keys.load_key(path, PASSPHRASE)


def test_a_key_is_never_overwritten_nor_left_without_its_public_half(tmp_path):
    path = tmp_path / "programme.key"
    keys.make_key(path, PASSPHRASE, cost=10)
    before = path.read_bytes()
    with pytest.raises(ReleaseError, match="already"):
        keys.make_key(path, PASSPHRASE, cost=10)
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(ReleaseError, match="already"):
        keys.make_key(path, PASSPHRASE, cost=10)
    assert not path.exists()


def test_a_key_that_finds_no_room_leaves_nothing(tmp_path):
    path = tmp_path / "programme.key"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ReleaseError, match="cannot be written"):
            keys.make_key(path, PASSPHRASE, cost=10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_public_key_with_a_digit_changed_is_told(tmp_path):
    path = tmp_path / "key.pub"
    text = keys.public_text(KEY.public)
    path.write_text(text)
    assert keys.load_public(path) == KEY.public
    at = text.index("\n") + 200
    path.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    with pytest.raises(ReleaseError, match="damaged"):
        keys.load_public(path)
    path.write_text("ssh-rsa AAAA")
    with pytest.raises(ReleaseError, match="no public release key"):
        keys.load_public(path)


# --- the file -----------------------------------------------------------------------------------


def test_a_release_is_read_as_it_was_written_and_is_the_same_file_each_time(tmp_path):
    path = as_file(tmp_path, made(over="0.3.0", next_key=ANOTHER_KEY.public))
    found = release_file.read(path, KEY.public)
    assert (found.version, found.over, found.next_key) == ("0.2.0", "0.3.0", ANOTHER_KEY.public)
    assert set(found.manifests) == {"x64", "rv32imc"}
    assert set(found.contents.values()) == set(APPLICATION.values())
    again = as_file(tmp_path, made(over="0.3.0", next_key=ANOTHER_KEY.public), "two.doorknock")
    assert again.read_bytes() == path.read_bytes()
    with pytest.raises(ReleaseError, match="already"):
        release_file.write(found, path)


def repacked(release, change):
    """The same file with its entries changed: change(name, content) -> content or None."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        entries = {f"manifests/{arch}": one for arch, one in release.manifests.items()}
        entries |= {f"files/{digest}": one for digest, one in release.contents.items()}
        for name, content in entries.items():
            content = change(name, content)
            if content is not None:
                archive.writestr(name, content)
    return out.getvalue()


def without(part):
    return lambda name, content: None if part in name else content


BAD = {
    "another key": (lambda: repacked(made(key=ANOTHER_KEY), lambda _, content: content), "signed"),
    "a changed manifest": (
        lambda: repacked(made(), lambda n, c: c.replace(b"0.2.0", b"9.2.0") if "man" in n else c),
        "signed",
    ),
    "a changed file": (
        lambda: repacked(made(), lambda n, c: c[:-1] + b"!" if "files" in n and c else c),
        "lacks|damaged",
    ),
    "a missing file": (lambda: repacked(made(), without("files/")), "lacks"),
    "no manifest": (lambda: repacked(made(), without("manifests/")), "no release"),
    "another chip's": (
        lambda: repacked(made(arches=["x64"]), lambda n, c: c).replace(
            b"manifests/x64", b"manifests/x86"
        ),
        "damaged",
    ),
    "no archive": (lambda: b"PK\x03\x04 and nothing more", "no release"),
    "nothing": (lambda: b"", "no release"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_release_is_refused_in_one_sentence(what):
    make, why = BAD[what]
    with pytest.raises(ReleaseError, match=why) as told:
        release_file.read_bytes(make(), KEY.public, "one.doorknock")
    assert str(told.value).count(". ") == 0


def test_several_versions_in_one_file_are_refused():
    mixed = release_file.Release(
        "0.2.0",
        "",
        {"x64": made().manifests["x64"], "rv32imc": made("0.3.0").manifests["rv32imc"]},
        made().contents,
    )
    with pytest.raises(ReleaseError, match="several versions"):
        release_file.read_bytes(repacked(mixed, lambda _, c: c), KEY.public, "x")


def test_what_would_unpack_to_a_mountain_is_not_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifests/x64", bytes(64 << 20))
    with pytest.raises(ReleaseError, match="too large"):
        release_file.read_bytes(out.getvalue(), KEY.public, "x")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_file_with_bytes_changed_is_refused_or_still_what_was_signed(data):
    content = bytearray(repacked(made(arches=["x64"]), lambda _, c: c))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = release_file.read_bytes(bytes(content), KEY.public, "x")
    except ReleaseError:
        return
    assert found.manifests == made(arches=["x64"]).manifests


# --- what a gateway keeps -----------------------------------------------------------------------


def test_a_release_is_handed_out_piece_by_piece(tmp_path):
    library = Library(tmp_path)
    assert library.all() == []
    assert library.add(made())
    assert not library.add(made())
    [version] = library.all()
    assert (version.version, version.total) == ("0.2.0", sum(map(len, APPLICATION.values())))
    digest = version.manifests["rv32imc"]
    for number in range(len(APPLICATION) + 1):
        came = b""
        while piece := library.piece(digest, number, len(came)):
            assert len(piece) <= wire.PIECE_BYTES
            came += piece
        if number == wire.MANIFEST_FILE:
            assert hashlib.sha256(came).hexdigest() == digest
            assert len(came) == version.sizes["rv32imc"]
        else:
            assert came == APPLICATION[sorted(APPLICATION)[number - 1]]
    assert library.piece(digest, len(APPLICATION) + 1, 0) is None
    assert library.piece(digest, 1, -1) is None
    assert library.piece("0" * 64, 0, 0) is None
    # One that comes later, from another process.
    Library(tmp_path).add(made("0.3.0"))
    library._looked = -10.0
    assert library.piece(library.get("0.3.0").manifests["x64"], 0, 0)


def test_another_release_of_the_same_version_is_refused(tmp_path):
    library = Library(tmp_path)
    library.add(made())
    with pytest.raises(ReleaseError, match=r"Another release 0\.2\.0"):
        library.add(made(over="0.3.0"))
    with pytest.raises(ReleaseError, match=r"no release 9\.9\.9 here \(there is 0\.2\.0\)"):
        library.get("9.9.9")
    library.remove("0.2.0")
    assert library.all() == []


def test_one_that_was_cut_off_while_it_was_added_is_not_there_and_can_be_added(tmp_path):
    library = Library(tmp_path)
    half = tmp_path / "releases" / ".0.2.0.new" / "manifests"
    half.mkdir(parents=True)
    (half / "x64").write_bytes(b"half of it")
    assert library.all() == []
    assert library.add(made())
    assert [one.version for one in library.all()] == ["0.2.0"]


def test_the_trusted_key_is_kept(tmp_path):
    library = Library(tmp_path)
    assert library.trusted == b""
    library.trust(KEY.public)
    assert Library(tmp_path).trusted == KEY.public


# --- made from source ---------------------------------------------------------------------------


def test_our_firmware_is_released_for_the_chips_of_our_boards():
    made_of_ours = build(KEY, arches=["rv32imc"])
    assert made_of_ours.version == version_of()
    found = made_of_ours.read("rv32imc")
    assert found.count > 40
    assert {"doorknock/app.mpy", "doorknock/start.mpy"} <= {
        found.file(index).path for index in range(found.count)
    }
    # Under what a device holds of a manifest, with a key that it brings along.
    assert len(made_of_ours.manifests["rv32imc"]) + manifest.KEY_BYTES < manifest.LONGEST_BYTES
    assert set(ARCHES) == {"xtensawin", "rv32imc"}


def test_a_firmware_without_a_version_is_told(tmp_path):
    (tmp_path / "doorknock").mkdir()
    with pytest.raises(ReleaseError, match="cannot be read"):
        version_of(tmp_path)
    (tmp_path / "doorknock" / "version.py").write_text("VERSION = 3\n")
    with pytest.raises(ReleaseError, match="does not say FIRMWARE"):
        version_of(tmp_path)
    assert version_of(Path(wire.__file__).parents[1]) == version_of()

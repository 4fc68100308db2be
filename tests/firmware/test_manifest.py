"""The manifest of an update: what is signed is read, and nothing else is."""

import hashlib
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from doorknock import manifest, wire
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.virtual.releases import ANOTHER_KEY, KEY

FILES = {
    "doorknock/app.mpy": (1000, bytes(range(32))),
    "doorknock/radar/mr60.mpy": (0, bytes(32)),
    "doorknock/version.mpy": (65536, bytes([255] * 32)),
}
SIGNED = KEY.sign(manifest.body("rv32imc", "1.20.3", FILES, "2.0.0", ANOTHER_KEY.public))

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=12)
paths = st.builds(
    lambda folders, name, ending: "/".join(["doorknock", *folders, f"{name}.{ending}"]),
    st.lists(words, max_size=2),
    words,
    st.sampled_from(["mpy", "py"]),
)
listings = st.dictionaries(
    paths,
    st.tuples(st.integers(0, wire.LONGEST_FILE_BYTES), st.binary(min_size=32, max_size=32)),
    min_size=1,
    max_size=60,
)
versions = st.tuples(*[st.integers(0, 9999)] * 3).map(lambda parts: ".".join(map(str, parts)))


@settings(max_examples=60, deadline=None)
@given(listings, versions, versions, st.sampled_from(wire.ARCHES), st.booleans())
def test_what_is_signed_reads_back_as_it_was_written(files, version, over, arch, brings_key):
    next_key = ANOTHER_KEY.public if brings_key else b""
    found = manifest.read(KEY.sign(manifest.body(arch, version, files, over, next_key)), KEY.public)
    assert (found.version, found.over, found.arch) == (version, over, arch)
    assert found.next_key == next_key
    listed = [found.file(index) for index in range(found.count)]
    assert {one.path: (one.size, one.digest) for one in listed} == files
    # In any order.
    assert found.file(found.count - 1).path == listed[-1].path
    assert found.file(0).path == listed[0].path
    assert found.size == sum(size for size, _ in files.values())


def test_every_changed_bit_is_refused():
    for at in range(len(SIGNED)):
        spoilt = bytearray(SIGNED)
        spoilt[at] ^= 1 << at % 8
        with pytest.raises(manifest.BadManifest):
            manifest.read(bytes(spoilt), KEY.public)


def test_every_prefix_is_refused_and_so_is_anything_behind_it():
    for end in range(0, len(SIGNED), 3):
        with pytest.raises(manifest.BadManifest):
            manifest.read(SIGNED[:end], KEY.public)
    with pytest.raises(manifest.BadManifest):
        manifest.read(SIGNED + b"\0", KEY.public)
    with pytest.raises(manifest.BadManifest):
        manifest.read(SIGNED + bytes(10_000), KEY.public)


@given(st.binary(max_size=1200))
def test_noise_is_refused_and_raises_nothing_else(noise):
    with pytest.raises(manifest.BadManifest):
        manifest.read(noise, KEY.public)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_truly_signed_nonsense_is_refused_or_read_within_its_bounds(data):
    """Somebody who has the key, or a tool that has gone wrong."""
    body = bytearray(manifest.body("x64", "1.0.0", FILES))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    try:
        found = manifest.Manifest(bytes(body) + bytes(manifest.KEY_BYTES))
    except manifest.BadManifest:
        return
    for index in range(found.count):
        file = found.file(index)
        assert manifest.is_path(file.path)
        assert 0 <= file.size <= wire.LONGEST_FILE_BYTES
    assert found.arch in wire.ARCHES


@pytest.mark.parametrize(
    "key", [b"", bytes(384), b"\xff" * 383, b"\xff" * 385, b"\xff" * 383 + b"\xfe"]
)
def test_what_cannot_be_a_key_verifies_nothing(key):
    with pytest.raises(manifest.BadManifest, match="signature"):
        manifest.read(SIGNED, key)


def test_another_keys_signature_and_another_padding_are_refused():
    body = SIGNED[: -manifest.KEY_BYTES]
    assert manifest.is_signed(SIGNED, KEY.public)
    assert not manifest.is_signed(ANOTHER_KEY.sign(body), KEY.public)
    private = KEY._private
    for signature in (
        private.sign(body, padding.PKCS1v15(), hashes.SHA512()),
        private.sign(body, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        # Above the modulus: the same number, another text (RFC 8017, section 8.2.2, step 1).
        b"\xff" * manifest.KEY_BYTES,
        bytes(manifest.KEY_BYTES),
        (1).to_bytes(manifest.KEY_BYTES, "big"),
    ):
        assert not manifest.is_signed(body + signature, KEY.public)


def test_a_shorter_padding_with_something_behind_the_digest_is_refused():
    """Bleichenbacher's forgery of 2006: whoever parses the padding instead of comparing it."""
    body = SIGNED[: -manifest.KEY_BYTES]
    right = manifest.encoded(hashlib.sha256(body).digest())
    assert right[:2] == b"\x00\x01"
    assert right[2:].index(0) == manifest.KEY_BYTES - 54
    numbers = KEY._private.private_numbers()
    modulus = int.from_bytes(KEY.public, "big")
    forged = b"\x00\x01" + b"\xff" * 8 + b"\x00" + right[-51:] + bytes(384 - 62)
    signature = pow(int.from_bytes(forged, "big"), numbers.d, modulus).to_bytes(384, "big")
    assert not manifest.is_signed(body + signature, KEY.public)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "app.mpy",
        "main.py",
        "doorknock",
        "doorknock/",
        "doorknock/../../main.py",
        "doorknock//app.mpy",
        "/doorknock/app.mpy",
        "doorknock/./app.mpy",
        "doorknock/app",
        "doorknock/app.txt",
        "doorknock/app.mpy.new",
        "doorknock/.mpy",
        "doorknock/App.mpy",
        "doorknock/a b.mpy",
        "doorknock/" + "a" * 60 + ".mpy",
        "boot.py/doorknock.py",
    ],
)
def test_a_file_that_would_lie_elsewhere_is_neither_made_nor_taken(path):
    assert not manifest.is_path(path)
    with pytest.raises(ValueError, match="refuse"):
        manifest.body("x64", "1.0.0", {path: (1, bytes(32))})


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.-3", "1..2", "1.2.12345"]
)
def test_what_is_no_version_is_not_signed(version):
    with pytest.raises(ValueError, match="refuse"):
        manifest.body("x64", version, FILES)


@pytest.mark.parametrize(
    ("version", "over", "running", "may"),
    [
        ("0.2.0", "", "0.1.0", True),
        ("0.10.0", "", "0.9.0", True),
        ("0.1.0", "", "0.1.0", False),
        ("0.1.0", "0.1.0", "0.1.0", False),
        ("0.1.0", "", "0.2.0", False),
        ("0.1.0", "0.2.0", "0.2.0", True),
        ("0.1.0", "0.2.0", "0.3.0", False),
        ("0.1.0", "0.2.0", "0.0.9", True),
        ("0.2.0", "", "development", False),
    ],
)
def test_only_a_newer_one_follows_or_one_that_is_signed_over_this(version, over, running, may):
    found = manifest.Manifest(manifest.body("x64", version, FILES, over) + bytes(384))
    assert manifest.may_follow(found, running) is may


def test_the_device_says_the_same_and_soon(on_the_device, tmp_path):
    """Under MicroPython: what is right, each kind of wrong, and how long it takes."""
    body = SIGNED[:-384]
    wrong = [
        ANOTHER_KEY.sign(body),
        SIGNED[:-1],
        SIGNED[:-1] + bytes([SIGNED[-1] ^ 1]),
        bytes([SIGNED[0] ^ 1]) + SIGNED[1:],
        body + b"\xff" * 384,
        b"",
    ]
    (tmp_path / "vectors.json").write_text(
        json.dumps(
            {
                "key": KEY.public.hex(),
                "right": SIGNED.hex(),
                "wrong": [one.hex() for one in wrong],
                "files": {path: [size, digest.hex()] for path, (size, digest) in FILES.items()},
                "next_key": ANOTHER_KEY.public.hex(),
            }
        )
    )
    begun = time.monotonic()
    said = on_the_device("manifest_cases.py", str(tmp_path / "vectors.json"))
    assert "verified in" in said
    assert time.monotonic() - begun < 60

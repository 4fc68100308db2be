"""`doorknock release …` and `doorknock device update`: what is said, and with which exit code."""

import contextlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import devices
from gateway.cli import app
from gateway.errors import GatewayError
from gateway.store import open_store
from tests.gateway.process import DEVICE, NOW_MS, SECRET, GatewayProcess

PASSPHRASE = "four or five words"


@pytest.fixture
def house(gateway: GatewayProcess) -> GatewayProcess:
    store = open_store(gateway.settings.gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    store.close()
    return gateway


def doorknock(*words, cwd="."):
    """Exit code, and what was said; in this process: a new one for each takes its time."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, GatewayError):
        return 1, done.stdout, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """The least that can be compiled: a whole one takes its time."""
    folder = tmp_path / "firmware"
    (folder / "doorknock").mkdir(parents=True)
    for name in ("boot.py", "main.py", "slot.py", "doorknock/app.py"):
        (folder / name).write_text("x = 1\n")
    (folder / "doorknock" / "version.py").write_text('FIRMWARE = "0.2.0"\n')
    return folder


def test_a_release_is_made_brought_and_begun_as_the_page_says(house, firmware, tmp_path):
    words = tmp_path / "passphrase"
    words.write_text(PASSPHRASE + "\n")
    key = tmp_path / "programme.key"
    secret = ("--passphrase-file", words)
    config = ("--config", house.config)
    code, out, _ = doorknock("release", "key", "--to", key, *secret)
    assert (code, "programme.key.pub" in out, PASSPHRASE in out) == (0, True, False)
    # Before the gateway trusts the key
    made = tmp_path / "doorknock-0.2.0.doorknock"
    code, out, err = doorknock(
        *("release", "make", "--key", key, "--firmware", firmware), *secret, cwd=tmp_path
    )
    assert (code, made.exists(), "version 0.2.0 for rv32imc, xtensawin" in out) == (0, True, True)
    code, _, err = doorknock("release", "add", made, *config)
    assert (code, "trusts no release key yet" in err) == (1, True)
    assert doorknock("release", "trust", f"{key}.pub", *config)[0] == 0
    code, out, _ = doorknock("release", "add", made, *config)
    assert (code, "device update --all --release 0.2.0" in out) == (0, True)
    assert "was here already" in doorknock("release", "add", made, *config)[1]
    [listed] = [
        json.loads(x) for x in doorknock("release", "list", "--json", *config)[1].split("\n") if x
    ]
    assert (listed["version"], listed["arches"]) == ("0.2.0", ["rv32imc", "xtensawin"])
    # Begun, looked at, stopped, gone on with: no gateway runs, and it says so by and by
    code, out, _ = doorknock(
        "device", "update", "204", "--release", "0.2.0", "--wait", "0", "--json", *config
    )
    assert (code, json.loads(out.splitlines()[-1])["summary"]["state"]) == (0, "running")
    code, out, _ = doorknock("device", "update", "--stop", *config)
    assert (code, "is stopped (by staff)" in out) == (0, True)
    code, out, _ = doorknock("device", "update", *config)
    assert (code, "its turn has not come" in out) == (1, True)
    assert doorknock("device", "update", "--resume", "--wait", "0", *config)[0] == 0
    # Another key is not put in the place of the one that devices believe without a word.
    other = tmp_path / "other.key"
    doorknock("release", "key", "--to", other, *secret)
    code, _, err = doorknock("release", "trust", f"{other}.pub", *config)
    assert (code, "--replace" in err) == (1, True)
    assert doorknock("release", "remove", "0.2.0", *config)[0] == 0
    assert doorknock("release", "remove", "0.2.0", *config)[0] == 1


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("204",), 2, "--release VERSION, both"),
        (("--release", "0.2.0"), 2, "--release VERSION, both"),
        (("204", "--all", "--release", "0.2.0"), 2, "or --all"),
        (("--all", "--release", "0.2.0", "--stop"), 2, "or --stop"),
        (("204", "--release", "0.2.0", "--first", "204"), 2, "--first goes with --all"),
        (("--again",), 2, "--again with"),
        (("204", "--release", "0.2.0"), 1, "no release 0.2.0 here (there is none)"),
        (("999", "--release", "0.2.0"), 1, "neither a device's id"),
        (("--stop",), 1, "No update was ever begun"),
        ((), 1, "No update was ever begun"),
    ],
)
def test_wrong_use_and_what_cannot_be_is_told_in_a_sentence(house, words, code, why):
    found, _, err = doorknock("device", "update", *words, "--config", house.config)
    assert found == code
    assert why in " ".join(err.replace("│", " ").split())


def test_a_key_is_not_made_without_a_word_that_is_hard_to_guess(tmp_path):
    words = tmp_path / "passphrase"
    words.write_text("short\n")
    key = tmp_path / "programme.key"
    code, _, err = doorknock("release", "key", "--to", key, "--passphrase-file", words)
    assert (code, "12 letters" in err, key.exists()) == (1, True, False)
    code, _, err = doorknock("release", "key", "--to", key)
    assert (code, "no terminal" in err, key.exists()) == (1, True, False)

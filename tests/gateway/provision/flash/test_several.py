"""Several boards on a hub, and the command as it is typed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer
from serial.tools import list_ports
from typer.testing import CliRunner

from gateway.provision import boards
from gateway.provision.flash import cli
from gateway.provision.flash.esptool import Found
from gateway.provision.flash.several import flash_all
from gateway.provision.flash.target import choose, target_of
from gateway.provision.flash.trouble import WrongBoard
from tests.gateway.provision.flash import made

# `doorknock flash`, as a program of its own, which Ctrl-C reaches though whoever runs the tests may
# have it ignored (a job in the background).
TYPED = (
    "import signal, typer; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from gateway.provision.flash import cli; typer.run(cli.flash)"
)
TARGETS = [target_of(one) for one in boards.every()]


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Runs `doorknock flash` with these words."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(list_ports, "comports", list)
    app = typer.Typer()
    app.command()(cli.flash)
    return lambda *words: CliRunner().invoke(app, words)


def plugged_in(monkeypatch, *ports):
    """(name, USB vendor) of each."""
    there = [SimpleNamespace(device=name, vid=vid, description="USB") for name, vid in ports]
    monkeypatch.setattr(list_ports, "comports", lambda: there)


def test_one_board_that_fails_does_not_hold_up_the_others(bench):
    # Given a hub with three boards, one of them on a bad cable
    chips = [bench.chip(name) for name in ("esp32", "esp32c3", "esp32s3")]
    chips[1].cut_after = 20_000
    images, told = [], []

    def image(target):
        images.append(target.id)
        return bench.micropython(target)

    # When
    outcomes = asyncio.run(
        flash_all(
            [chip.port for chip in chips],
            bench.recipe(images=image),
            bench.journals,
            lambda port, event, fields: told.append((port, event)),
        )
    )
    # Then
    assert [one.flashed is not None for one in outcomes] == [True, False, True]
    assert "run this again with --resume" in str(outcomes[1].trouble)
    assert (chips[1].port, "failed") in told
    assert chips[2].holds(made.PROGRAM, bench.image["esp32s3"][made.PROGRAM :])
    assert sorted(images) == ["board-esp32", "board-esp32c3", "board-esp32s3"]


def test_the_command_flashes_a_board_and_says_so_line_by_line(bench, typed, tmp_path):
    chip = bench.chip("esp32c6")
    file = tmp_path / "image.bin"
    file.write_bytes(made.micropython("esp32c6"))
    done = typed("--port", chip.port, "--by-hand", "--image", str(file), "--unpinned", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [line.get("event") for line in lines] == [
        *("found", "image", "writing", "verifying", "ready"),
        None,
    ]
    assert lines[4]["device"] == "240ac40f435c"
    ready = {"240ac40f435c": "xiao-esp32c6-mr60bha2"}
    assert lines[5] == {"summary": {"ready": ready, "failed": {}}}
    assert (tmp_path / "state/doorknock/flash/240ac40f435c.json").exists()


def test_the_command_says_in_one_sentence_why_it_did_not(typed, tmp_path):
    done = typed("--port", str(tmp_path / "ttyUSB0"))
    assert done.exit_code == 1
    assert done.stderr.startswith(f"There is no {tmp_path}/ttyUSB0: plug the board in")
    assert done.stderr.count("\n") == 1


def test_without_a_board_it_says_so(typed):
    done = typed()
    assert (done.exit_code, done.stderr.split(":")[0]) == (1, "No board is plugged in")


def test_among_several_boards_one_is_named_or_all(typed, monkeypatch):
    plugged_in(
        monkeypatch, ("/dev/ttyUSB1", 0x10C4), ("/dev/ttyACM0", 0x303A), ("/dev/ttyS0", None)
    )
    done = typed()
    assert done.exit_code == 1
    assert done.stderr.startswith("2 boards are plugged in, /dev/ttyACM0 (USB), /dev/ttyUSB1")
    assert "--all" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--board", "toaster"], "there is no board 'toaster'; there are esp32-devkitc"),
        (["--all", "--port", "/dev/ttyUSB0"], "not both"),
    ],
)
def test_wrong_use_is_exit_2(typed, words, said):
    done = typed(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", "").split())


def test_boards_that_look_alike_over_the_cable_are_named_by_a_person():
    found = Found("P", "esp32c3", "240ac41f677d", 4 << 20)
    with pytest.raises(WrongBoard, match="--board esp32c3-supermini or --board xiao-esp32c3"):
        choose(found, TARGETS, None)
    assert choose(found, TARGETS, "xiao-esp32c3").id == "xiao-esp32c3"


def test_a_chip_that_only_one_board_has_names_the_board():
    assert choose(Found("P", "esp32", "00" * 6, 4 << 20), TARGETS, None).id == "esp32-devkitc"


def test_a_copy_with_less_flash_is_refused():
    with pytest.raises(WrongBoard, match="has 2 MB of flash"):
        choose(Found("P", "esp32", "00" * 6, 2 << 20), TARGETS, None)


def test_a_chip_of_no_board_is_refused():
    with pytest.raises(WrongBoard, match="which none of the boards"):
        choose(Found("P", "esp32h2", "00" * 6, 4 << 20), TARGETS, None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_in_the_middle_it_leaves_nothing_behind_but_its_journal(bench, tmp_path, number):
    # Given the command at work on a board
    chip = bench.chip("esp32")
    file = tmp_path / "image.bin"
    file.write_bytes(made.micropython("esp32"))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [
        *(sys.executable, "-c", TYPED, "--port", chip.port, "--by-hand", "--json"),
        *("--image", str(file), "--unpinned", "--resume"),
    ]
    here = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | here
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("event") == "writing":
            break
    # When it is told to end
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    # Then it says what to do, and neither a file with settings nor an esptool is left
    assert process.returncode == 1
    assert said == "Ended before it was done; run this again with --resume.\n"
    assert list(temporary.iterdir()) == []
    # And it can be gone on with at once
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | here, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["failed"] == {}
    assert chip.holds(made.PROGRAM, file.read_bytes()[made.PROGRAM - 0x1000 :])

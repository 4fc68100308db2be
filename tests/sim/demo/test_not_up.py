"""A demo whose gateway does not come up says so and ends, whether or not it was to go on."""

import subprocess
import sys
from pathlib import Path

import pytest

# The command itself, with no patience.
IMPATIENT = """
from sim.demo import script
script.UP_WITHIN_S = 0.01
from gateway.cli import main
main()
"""


@pytest.mark.parametrize("more", [["--once"], []])
def test_a_gateway_that_is_not_up_in_time_is_one_sentence_and_exit_1(tmp_path: Path, more) -> None:
    folder = tmp_path / "demo"

    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "demo", "--headless", "--folder", str(folder), *more],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )

    assert done.returncode == 1
    [sentence] = [
        line for line in done.stderr.splitlines() if not line.startswith("The demo's broker is")
    ]
    assert sentence.startswith("The demo did not come up (the gateway is ready: not seen within")
    assert sentence.endswith(f"{folder}.")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_file_in_place_of_the_folder_is_one_sentence_and_exit_1(tmp_path: Path) -> None:
    file = tmp_path / "demo"
    file.write_text("somebody's")

    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "demo", "--once", "--headless", "--folder", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"{file} is a file; name a folder with --folder."
    assert "Traceback" not in done.stderr
    assert file.read_text() == "somebody's"

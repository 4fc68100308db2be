"""The same scenario and seed give the same records to the byte, in whatever process they are made.

With everything in it that draws a chance: a person, a room, a radar, boards in processes of their
own, gateway and backend, phones. Each run has another order of its hashes, and a machine that is
busy with the other one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from sim.scenario.batch import LIBRARY

SCENARIOS = ("collapse_in_washroom", "weak_wifi")


def begun(hashes: str, seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-c", "from gateway.cli import main; main()", "sim", "run"),
            *(str(LIBRARY / f"{name}.toml") for name in SCENARIOS),
            *("--json", "--no-shrink", "--workers", "1", "--seed", str(seed)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONHASHSEED": hashes},
    )


def test_two_processes_make_the_same_records_of_one_seed_and_others_of_another() -> None:
    # Given three runs at once, the third with a seed of its own
    runs = [begun("1", 5), begun("4242", 5), begun("1", 6)]

    # When all have come to their end
    told = [run.communicate(timeout=300)[0].splitlines() for run in runs]

    # Then two are the same, from the first line to the summary
    assert [run.returncode for run in runs][:2] == [0, 0]
    assert len(told[0]) > 100
    assert json.loads(told[0][-1])["summary"]["scenarios"]
    assert told[0] == told[1]
    assert told[0][:-1] != told[2][:-1]

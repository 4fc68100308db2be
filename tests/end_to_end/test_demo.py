"""`doorknock demo`, as a newcomer and as CI run it: the whole way, undisturbed and disturbed."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

# The script takes about a minute: a person must breathe, then not, then the sensor must ask.
LONGEST_S = 170
pytestmark = [pytest.mark.slow, pytest.mark.timeout(LONGEST_S + 60)]


class Demo:
    """A running demo. `lines` are its JSON lines so far; `during` gets each as it comes."""

    def __init__(self, folder, *options, during=lambda demo, line: None):
        self.folder = folder
        self.lines = []
        self._during = during
        self._process = subprocess.Popen(
            [
                *[sys.executable, "-c", "from gateway.cli import main; main()", "demo"],
                *["--headless", "--json", "--folder", str(folder), *options],
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._too_long = threading.Timer(LONGEST_S, self._process.kill)
        self._too_long.start()

    def finish(self):
        """(exit code, what it said on stderr)."""
        self.follow(lambda line: False)
        said = self._process.stderr.read()
        code = self._process.wait()
        self._too_long.cancel()
        return code, said

    def follow(self, until):
        """Reads on until a line that is meant, or the end."""
        for text in self._process.stdout:
            line = json.loads(text)
            self.lines.append(line)
            self._during(self, line)
            if until(line):
                return line
        return None

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)

    @property
    def summary(self):
        return self.lines[-1].get("summary", {})

    def seen(self, event, **values):
        """How many lines have this event and these values."""
        wanted = {"event": event, **values}
        return sum(1 for line in self.lines if wanted.items() <= line.items())


def processes_of(folder: Path) -> list[str]:
    """The command lines of live processes that name this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(folder) in command:
                    found.append(command)
    return found


@pytest.fixture
def seed(request):
    value = int(os.environ.get("DOORKNOCK_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {value}: repeat with DOORKNOCK_SEED={value}")
    return value


def assert_all_was_seen(demo, code, said):
    print(*demo.lines, said, sep="\n")
    assert demo.summary.get("failed") == [], said
    assert demo.summary["ok"] is True
    assert code == 0


def test_the_script_comes_to_its_end_and_leaves_nothing_running(tmp_path):
    demo = Demo(tmp_path / "demo", "--once")
    code, said = demo.finish()
    assert_all_was_seen(demo, code, said)
    assert demo.summary["checks"] >= 20
    # One tap is a check-in, and only the other makes it urgent; each rings Ana's phone once.
    assert demo.seen("message", person="ana", says="Check in: 204") == 1
    assert demo.seen("message", person="ana", says="Urgent: 204") == 1
    assert demo.seen("message", person="ana", says="Urgent: 207") == 1
    # The sensor asked before it called.
    lights = [line["state"] for line in demo.lines if line.get("device") == "d00200000207"
              and line["event"] == "light"]  # fmt: skip
    assert lights.index("prompt") < lights.index("delivered") < lights.index("coming")
    assert processes_of(tmp_path) == []


def test_a_gateway_killed_in_the_middle_loses_and_doubles_nothing(tmp_path, seed):
    """Killed at any moment from the tap on; started again as systemd would."""
    chance = random.Random(seed)
    pid = []

    def kill():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid[-1], signal.SIGKILL)

    def during(demo, line):
        if line.get("event") == "started":
            pid.append(line["pid"])
        if line.get("event") in ("taps", "taps_again", "stops_breathing"):
            # Somewhere between the finger and the phone; the tap itself takes 600 ms.
            threading.Timer(chance.uniform(0, 1.5), kill).start()

    demo = Demo(tmp_path / "demo", "--once", during=during)
    code, said = demo.finish()
    assert_all_was_seen(demo, code, said)
    assert len(pid) == 4
    assert processes_of(tmp_path) == []


def test_a_broker_killed_and_its_store_wiped_loses_and_doubles_nothing(tmp_path, seed):
    chance = random.Random(seed)
    broker = tmp_path / "demo" / "data" / "broker"

    def kill():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((broker / "pid").read_text()), signal.SIGKILL)
        (broker / "queued.db").unlink(missing_ok=True)

    def during(demo, line):
        if line.get("event") in ("taps", "taps_again", "stops_breathing"):
            threading.Timer(chance.uniform(0, 1.5), kill).start()

    demo = Demo(tmp_path / "demo", "--once", "--broker", "mosquitto", during=during)
    code, said = demo.finish()
    assert_all_was_seen(demo, code, said)
    assert demo.seen("says", words="the broker ended; starting it again") == 3
    assert processes_of(tmp_path) == []


def test_without_mosquitto_it_says_what_that_costs_and_shows_the_same(tmp_path):
    demo = Demo(tmp_path / "demo", "--once", "--broker", "amqtt")
    code, said = demo.finish()
    assert_all_was_seen(demo, code, said)
    assert "without TLS-PSK" in said
    assert processes_of(tmp_path) == []


def test_ctrl_c_leaves_nothing_running(tmp_path):
    demo = Demo(tmp_path / "demo")
    assert demo.follow(lambda line: line.get("event") == "taps")
    demo.interrupt()
    code, said = demo.finish()
    assert code == 0
    assert said == ""
    assert processes_of(tmp_path) == []


def test_a_folder_that_is_somebody_elses_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    demo = Demo(tmp_path, "--once")
    code, said = demo.finish()
    assert code == 1
    assert said.count("\n") == 1
    assert "--folder" in said
    assert (tmp_path / "thesis.txt").read_text() == "years of work"

"""`doorknock sim studio` on the command line."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sim.studio import cli

DOORKNOCK = Path(sys.executable).with_name("doorknock")


def studio(*arguments):
    return subprocess.run(
        [DOORKNOCK, "sim", "studio", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_in_use_is_told_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = studio("--port", port)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is in use" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.toml"], "nowhere.toml cannot be read"),
        (["--speed", "0"], "--speed"),
        (["--speed", "1001"], "--speed"),
        (["--port", "65536"], "--port"),
        (["--host", "not a host"], "cannot be used"),
    ],
)
def test_wrong_use_is_told_and_ends_with_two(arguments, said):
    ended = studio(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_scenario_that_is_wrong_is_told_with_its_line(tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('title = "x"\nabout = "y"\nlength = "long"\n')
    ended = studio(str(wrong))
    assert ended.returncode == 2
    assert "wrong.toml, line 1" in ended.stderr


def test_whoever_reads_the_address_can_open_it_at_once(monkeypatch):
    waits = []

    def run(_server, sockets):
        waits.extend(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for one in sockets)
        sockets[0].close()

    monkeypatch.setattr(cli._Server, "run", run)
    cli.studio(None, port=0, host="127.0.0.1", speed=4.0)
    assert waits == [1]


def test_ctrl_c_ends_it_with_its_worlds_while_a_page_is_open():
    studio = subprocess.Popen(
        [DOORKNOCK, "sim", "studio", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http\S+", studio.stdout.readline())[0]
        with httpx.Client(base_url=address, timeout=60) as page:
            visit = page.post("visits", json={}).json()["visit"]
            with page.stream("GET", f"visits/{visit}/live") as stream:
                next(line for line in stream.iter_lines() if "width_m" in line)
                children = Path(f"/proc/{studio.pid}/task/{studio.pid}/children").read_text()
                (world,) = map(int, children.split())
                studio.send_signal(signal.SIGINT)
                assert studio.wait(30) == 0
        assert studio.stderr.read() == ""
        with pytest.raises(ProcessLookupError):
            os.kill(world, 0)
    finally:
        studio.kill()
        studio.communicate()

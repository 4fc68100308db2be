"""A small fleet on the real thing: gateway, mosquitto, backend, each killed while people press."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway import devices
from gateway.store import open_store
from sim.fleet import responders
from sim.fleet.order import Order, Watcher
from sim.fleet.run import run
from sim.installation import free_ports, mosquitto
from tests.gateway.process import GatewayProcess

pytestmark = pytest.mark.skipif(mosquitto() is None, reason="needs mosquitto")


class Lines(Watcher):
    """Keeps what happened."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def line(self, line: Any) -> None:
        self.lines.append(dict(line))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


def test_gateway_and_broker_are_killed_and_nothing_is_lost_and_nothing_comes_twice(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("READS_S", "WALKS_S", "STAYS_S"):
        monkeypatch.setattr(responders, pause, (0.1, 0.3))
    seen = Lines()
    order = Order(
        devices=24,
        minutes=6 / 60,
        presses_a_minute=300,
        seed=seed,
        kill_broker_at_s=1.0,
        kill_gateway_at_s=4.5,
    )

    report = asyncio.run(run(order, seen))

    assert report.reckoning.lost == set()
    assert report.reckoning.doubled == set()
    assert report.unanswered == 0
    assert report.ok
    # It was no quiet evening: both were killed, and most were cut off and came back.
    assert [line["device"] for line in seen.of("killed")] == ["broker", "gateway"]
    said = [line["words"] for line in seen.of("says")]
    assert "the broker ended; starting it again" in said
    assert report.tally.connections > 24 + 12
    assert report.tally.made["press"] > 5
    assert report.tally.answered == report.tally.made
    assert report.tally.refused == 0
    # Somebody came, and the room was told.
    assert report.alerts_closed
    assert report.tally.lights["coming"] > 0
    assert report.tally.coming_ms


def test_a_fleet_on_a_gateway_that_runs_leaves_it_as_it_was(tmp_path: Path, seed: int) -> None:
    """By the command line, as a user calls it."""
    gateway = GatewayProcess(tmp_path)
    (plain_port,) = free_ports(1)
    text = gateway.config.read_text()
    plain = f"[broker]\nplain_device_port = {plain_port}\n"
    gateway.config.write_text(text.replace("[broker]\n", plain))
    (resident,) = gateway.add_devices(1)
    gateway.start()
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from gateway.cli import main; main()"),
                *("sim", "fleet", "--devices", "20", "--minutes", "0.05"),
                *("--presses-per-minute", "600", "--gateway", str(gateway.config)),
                *("--seed", str(seed), "--json"),
            ],
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
    finally:
        gateway.stop()
        gateway.receiver.close()

    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    assert done.stderr.splitlines() == [
        f"seed {seed}",
        f"The people of {gateway.config} are asked, on their own phones.",
    ]
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    summary = last["summary"]
    assert summary["ok"]
    assert (summary["lost"], summary["doubled"], summary["unanswered"]) == ([], [], 0)
    assert summary["made"]["boot"] == 20
    assert summary["answered"] == sum(summary["made"].values())
    answered = [line for line in lines if line["event"] == "answered"]
    assert len(answered) == summary["answered"]
    assert all({"t_ms", "device", "event"} <= set(line) for line in lines)
    assert [line["t_ms"] for line in lines] == sorted(line["t_ms"] for line in lines)
    # A real backend has each press once.
    presses = [line for line in lines if line["event"] == "press"]
    ids = gateway.receiver.ids()
    assert presses
    for press in presses:
        assert ids.count(f"{press['device']}.{press['boot']}.{press['seq']}") == 1
    store = open_store(gateway.settings.gateway_database)
    assert [one.device for one in devices.in_service(store)] == [resident]
    store.close()


def test_a_fleet_that_is_ended_leaves_nothing_running_and_no_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [
            *(sys.executable, "-c", "from gateway.cli import main; main()"),
            *("sim", "fleet", "--devices", "2", "--minutes", "60", "--json"),
        ],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as fleet:
        assert fleet.stdout is not None
        assert fleet.stderr is not None
        first_answer = next(line for line in fleet.stdout if '"answered"' in line)
        (folder,) = tmp_path.glob("doorknock-fleet-*")
        broker = psutil.Process(int((folder / "data" / "broker" / "pid").read_text()))
        gateway = broker.parent()
        assert gateway is not None

        fleet.terminate()

        assert fleet.wait(60) == 1
        said = fleet.stderr.read()
    assert first_answer
    assert said.splitlines()[1:] == ["The fleet was ended before it was over; nothing is reckoned."]
    assert not broker.is_running()
    assert not gateway.is_running()
    assert not folder.exists()

"""What cannot be asked of a fleet is told in one sentence, and nothing is started."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.file_limit import raise_file_limit
from sim.fleet import cli, house, run

app = typer.Typer()
app.command()(cli.fleet)


def told(*arguments: str) -> str:
    """What it says, of a command that must be wrong use."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    announced = ("seed ", "The people of ")
    (said,) = [line for line in done.stderr.splitlines() if not line.startswith(announced)]
    return said


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--devices", "0", "--devices is 0; write 1 to 10,000."),
        ("--devices", "10001", "--devices is 10001; write 1 to 10,000."),
        ("--minutes", "0", "--minutes is 0; write 0.01 to 1,440."),
        ("--minutes", "-1", "--minutes is -1; write 0.01 to 1,440."),
        ("--minutes", "nan", "--minutes is nan; write 0.01 to 1,440."),
        ("--minutes", "1441", "--minutes is 1441; write 0.01 to 1,440."),
        ("--presses-per-minute", "-1", "--presses-per-minute is -1; write 0 to 1,200."),
        ("--presses-per-minute", "inf", "--presses-per-minute is inf; write 0 to 1,200."),
        ("--kill-gateway-at", "-1", "--kill-gateway-at is -1 s and the run takes 60 s"),
        ("--kill-gateway-at", "61", "--kill-gateway-at is 61 s and the run takes 60 s"),
        ("--kill-broker-at", "nan", "--kill-broker-at is nan s and the run takes 60 s"),
    ],
)
def test_a_value_out_of_its_bounds_is_told_with_its_bounds(
    option: str, value: str, says: str
) -> None:
    assert told(option, value).startswith(says)


def test_a_gateway_that_takes_no_simulated_devices_is_told_what_to_write(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text("")

    said = told("--gateway", str(config))

    assert str(config) in said
    assert "write plain_device_port = 1884 under [broker]" in said


def test_a_gateway_that_does_not_run_is_told(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    # A port that only root may take: nobody listens there.
    config.write_text("[broker]\nplain_device_port = 1\n")

    assert "No gateway answers on port 1," in told("--gateway", str(config))


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "There is no configuration file" in told("--gateway", str(tmp_path / "none.toml"))


def test_somebody_elses_gateway_is_not_killed(tmp_path: Path) -> None:
    said = told("--gateway", str(tmp_path / "any.toml"), "--kill-gateway-at", "1")

    assert said.startswith("--kill-gateway-at is for a gateway that the fleet starts itself")


def test_without_mosquitto_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "mosquitto", lambda: None)

    assert "sudo apt install mosquitto" in told("--devices", "1")


def test_too_few_open_files_are_told_with_how_many_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert raise_file_limit() > 0
    monkeypatch.setattr(run, "raise_file_limit", lambda: 1_024)

    said = told("--devices", "1000")

    assert said.endswith("raise that with 'ulimit -n 1200', or take fewer devices.")

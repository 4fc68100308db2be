"""`doorknock device wifi`: what is typed, what is printed, and what never is."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import devices
from gateway.bluetooth import cli
from gateway.bluetooth.air import BluetoothError, Trouble
from gateway.bluetooth.change import Step
from gateway.cli import app
from gateway.errors import DeviceError
from gateway.settings import load
from gateway.store import open_store
from tests.gateway.bluetooth.air import SECRET, FakeAir, Time

DEVICE = "a0b1c2d3e4f5"
PASSWORD = "new password"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[gateway]\nname = "house"\n')
    (tmp_path / "data").mkdir()
    store = open_store(load(path).gateway_database)
    devices.register(store, DEVICE, SECRET, "204", "button", now_ms=1_790_000_000_000)
    store.close()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> FakeAir:
    air = FakeAir(Time(), DEVICE)
    monkeypatch.setattr(cli, "Adapter", lambda: air)
    return air


def run(config: Path, *arguments: str):
    return CliRunner().invoke(app, ["device", "wifi", *arguments, "--config", str(config)])


def test_each_step_is_a_line_and_the_trouble_the_last(config: Path, air: FakeAir) -> None:
    air.trouble = Trouble.ADAPTER_OFF
    file = str(config.parent / "password")
    done = run(config, "204", "--ssid", "new house", "--password-file", file, "--json")
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [line.get("step") for line in lines[:2]] == [Step.ASKING, Step.LOOKING]
    assert lines[-1] == {"device": DEVICE, "trouble": "adapter_off"}
    assert isinstance(done.exception, BluetoothError)
    assert PASSWORD not in done.output


def test_a_person_is_told_what_to_do_and_never_the_password(config: Path, air: FakeAir) -> None:
    file = str(config.parent / "password")
    done = run(config, DEVICE, "--ssid", "new house", "--password-file", file)
    assert "switch its power off" in done.output
    assert isinstance(done.exception, BluetoothError)
    assert done.exception.trouble is Trouble.NOT_FOUND
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        (DEVICE,),
        (DEVICE, "--ssid", "house", "--open", "--password-file", "somewhere"),
        ("--ssid", "house"),
    ],
)
def test_wrong_use_ends_with_code_2(config: Path, air: FakeAir, arguments: tuple[str, ...]) -> None:
    assert run(config, *arguments).exit_code == 2
    assert air.waits == []


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("999", "--ssid", "house", "--open"), DeviceError, "999"),
        ((DEVICE, "--ssid", "", "--open"), BluetoothError, "1 to 32 bytes"),
        ((DEVICE, "--ssid", "house", "--password-file", "nowhere"), DeviceError, "first line"),
        ((DEVICE, "--ssid", "house"), DeviceError, "--password-file"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(
    config: Path, air: FakeAir, arguments: tuple[str, ...], error: type, says: str
) -> None:
    done = run(config, *arguments)
    assert isinstance(done.exception, error)
    assert says in str(done.exception)
    assert air.waits == []

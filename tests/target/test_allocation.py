"""The allocation check catches what it is for: a list anywhere, a wide integer on the chip."""

import shutil

import pytest

from sim import interpreter
from sim.target import allocation, feeds, webassembly
from sim.target.recording import viper_sources

VISIT = feeds.presence(seed=1, seconds=12)
needs_node = pytest.mark.skipif(bool(webassembly.missing()), reason=webassembly.missing())


@pytest.fixture
def firmware(tmp_path, monkeypatch):
    """A copy of the firmware that a test may spoil."""
    copy = tmp_path / "firmware"
    shutil.copytree(interpreter.firmware_folder(), copy)
    monkeypatch.setattr(interpreter, "firmware_folder", lambda: copy)
    return copy


def spoil(firmware, line):
    """Lets the LD2410's reader do something at every report."""
    path = firmware / "doorknock" / "radar" / "ld2410.py"
    before = "        self._basic = kind == 1\n"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, f"{before}        {line}\n"), encoding="utf-8")


def test_the_firmware_allocates_nothing_and_its_state_is_weighed():
    told = allocation.on_this_machine(VISIT)

    assert told.fault == ""
    assert 500 < told.held_bytes < 20_000


def test_a_list_is_caught(firmware):
    spoil(firmware, "spoilt = [kind]")

    assert "Sensor.feed allocates" in allocation.on_this_machine(VISIT).fault


@needs_node
def test_the_firmware_allocates_nothing_with_the_chips_integers():
    assert allocation.with_small_integers_of_the_chip(VISIT, viper_sources()).fault == ""


@needs_node
def test_a_wide_integer_is_caught_with_the_chips_integers_alone(firmware):
    spoil(firmware, "spoilt = (kind + 0x20000000) * 2")

    assert allocation.on_this_machine(VISIT).fault == ""
    told = allocation.with_small_integers_of_the_chip(VISIT, viper_sources())
    assert "Sensor.feed allocates" in told.fault


def test_viper_functions_are_wrapped_by_name():
    source = next(s for s in viper_sources() if s.module == "doorknock.radar.ld2410")

    text = allocation.without_viper(source)

    assert "@micropython.viper" not in text
    for signature in source.signatures:
        assert f"_plain{signature.name} = {signature.name}" in text
    compile(text, "ld2410.py", "exec")

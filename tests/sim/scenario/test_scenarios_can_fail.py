"""A scenario that passes whatever the firmware does shows nothing: each of these catches a fault.

The fault is put into a copy of the firmware, or into the gateway, and the scenario is played as it
stands in the library.
"""

import shutil
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
import tomli_w

from gateway.backend import escalation, oversight
from gateway.entry import Entry
from sim import interpreter
from sim.building.gateway_process import LoopIntake
from sim.scenario.batch import LIBRARY
from sim.scenario.load import load, parse
from sim.scenario.play import play

# What is broken, where, the line as it is, the line as it would be, and who must notice.
FAULTS = [
    pytest.param(
        "journal.py",
        "        at = self._write(record)\n        if not self.broken:\n            entry.segment",
        "        return\n        if not self.broken:\n            entry.segment",
        "power_cut_before_sending",
        id="an event is kept in memory alone",
    ),
    pytest.param(
        "app.py",
        "            self._keep_first_tap()",
        "            pass",
        "power_cut_at_the_light",
        id="a tap is kept once it is known that no other follows",
    ),
    pytest.param(
        "call.py",
        'return "cannot_send"',
        "pass",
        "no_wifi_is_said",
        id="the light never says that nobody has heard",
    ),
    pytest.param(
        "watch.py",
        "elif self._asked_ms >= self._answer_ms:",
        "elif True:",
        "one_press_answers",
        id="the sensor calls without waiting for an answer",
    ),
    pytest.param(
        "sensor.py",
        "return self._always_on or self._watch.state != IDLE",
        "return True",
        "dark_until_asked",
        id="the radar looks though nobody has asked it to",
    ),
    pytest.param(
        "watch.py",
        "            if not self._home and room > detector.EMPTY and",
        "            self._first = getattr(self, '_first', ticks)\n"
        "            if since(ticks, self._first) < 10000 and room > detector.EMPTY and",
        "moves_late",
        id="a watch only begins in the first ten seconds",
    ),
    pytest.param(
        "watch.py",
        "        self.saved_version += self._watched_ms // _SAVE_EVERY_MS - before",
        '        if self._watched_ms > 30000: return self._end("room")',
        "moves_late",
        id="a watch is over after half a minute",
    ),
    pytest.param(
        "journal.py",
        "            self._file.flush()",
        "            pass",
        "power_cut_in_writing",
        id="what is written waits in memory for more",
    ),
    pytest.param(
        "journal.py",
        "number = self._segments[-1] + 1 if self._segments else 1",
        "number = 1",
        "power_cut_in_writing",
        id="a start writes over what was there",
    ),
]


def missed(scenario: str) -> list[str]:
    """What was expected and not seen, in words."""
    outcome = play(load(LIBRARY / f"{scenario}.toml"))
    assert not outcome.trouble
    return [f"{verdict.wanted}: {verdict.seen}" for verdict in outcome.missed]


@pytest.mark.parametrize(("file", "as_it_is", "broken", "scenario"), FAULTS)
def test_a_fault_of_the_firmware_is_noticed(
    tmp_path: Path, monkeypatch, file, as_it_is, broken, scenario
) -> None:
    # Given a copy of the firmware with one line broken
    firmware = tmp_path / "firmware"
    shutil.copytree(interpreter.firmware_folder(), firmware)
    source = firmware / "doorknock" / file
    text = source.read_text(encoding="utf-8")
    assert text.count(as_it_is) == 1, "the line is another by now: break the one it has become"
    source.write_text(text.replace(as_it_is, broken), encoding="utf-8")

    # When the boards run it
    monkeypatch.setattr(interpreter, "firmware_folder", lambda: firmware)

    # Then the scenario does not pass
    assert missed(scenario)


def test_a_duplicate_that_is_taken_for_a_press_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(Entry, "_copy", staticmethod(lambda *_rest: "copy"))

    assert any(
        told.startswith("pressed, exactly once") for told in missed("duplicate_is_no_second_press")
    )


def test_a_gateway_that_answers_before_its_commit_is_noticed(monkeypatch) -> None:
    # Given a gateway that acknowledges and answers in the middle of its transaction
    enter, begin = Entry.enter, LoopIntake.start
    intakes: list[LoopIntake] = []

    def answers_first(self, connection, arrivals):
        entered = enter(self, connection, arrivals)
        for one in entered:
            one.arrival.acknowledge()
            for message in one.down:
                intakes[-1]._down.send(one.device, message, alarm=one.alarm)
            one.down.clear()
        return entered

    def start(self) -> None:
        intakes.append(self)
        begin(self)

    monkeypatch.setattr(LoopIntake, "start", start)
    monkeypatch.setattr(Entry, "enter", answers_first)

    # When it is killed between the two, then the press is gone, and the scenario says so
    told = missed("gateway_answers_after_the_commit")
    assert "pressed, exactly once: not seen" in told
    assert any(one.startswith("nothing lost: lost: ") and "press" in one for one in told)


def test_a_message_each_time_a_device_is_silent_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(oversight, "_TOLD_AGAIN_AFTER", timedelta(0))

    # The first half hour is enough: nobody need wait for the rest.
    path = LIBRARY / "flapping_wifi_is_no_storm.toml"
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    cues = [cue for cue in whole["cues"] if cue["name"] in ("off 1", "on 1", "off 2", "on 2")]
    messages = {"that": "told", "person": "dora", "times": 2}
    short = {**whole, "length": "20 min", "cues": cues, "expect": [messages]}
    outcome = play(parse(tomli_w.dumps(short), path))

    assert [verdict.seen.split(",")[0] for verdict in outcome.missed] == ["4 times"]


def test_that_nobody_else_is_asked_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(escalation, "has_next", lambda _plan, _asking: False)

    assert any("ben" in told for told in missed("reminders_survive_a_restart"))


@pytest.mark.parametrize(
    "scenario", ["reminders_survive_a_restart", "gateway_answers_after_the_commit"]
)
def test_without_a_fault_the_same_scenario_passes(scenario: str) -> None:
    assert missed(scenario) == []

"""Each cue has its moment, once: at a time, after a name, after something that is seen."""

import asyncio

from pydantic import TypeAdapter

from sim.scenario.cues import Cues
from sim.scenario.format import Cue
from sim.scenario.record import Record, Records
from sim.virtual.loop import VirtualLoop, run

_READ = TypeAdapter(Cue)


def played(cues: list[dict], seen: list[Record], length_s: float = 60) -> list[tuple[int, str]]:
    """(ms, name) of each cue that was given, in order; *seen* is told at its times."""
    done: list[tuple[int, str]] = []

    async def world(loop: VirtualLoop) -> None:
        records = Records()
        room = Cues(loop, records, lambda cue: done.append((loop.now_ms, cue.name or "")))
        for record in seen:
            loop.at(record.t_ms, records.add, record)
        room.begin([_READ.validate_python(cue) for cue in cues])
        await asyncio.sleep(length_s)

    run(world)
    return done


def light(t_ms: int, state: str) -> Record:
    return Record(t_ms, "204 button", "light", {"state": state}, "204")


def test_a_cue_comes_at_its_time_and_after_its_wait() -> None:
    cues = [
        {"do": "mark", "name": "b", "at": "5 s"},
        {"do": "mark", "name": "a", "at": "1 s", "wait": "2 s"},
    ]

    assert played(cues, []) == [(3_000, "a"), (5_000, "b")]


def test_a_cue_after_another_comes_so_much_later() -> None:
    cues = [
        {"do": "mark", "name": "b", "after": "a", "wait": "2 s"},
        {"do": "mark", "name": "a", "at": "1 s"},
        {"do": "mark", "name": "c", "after": "b"},
    ]

    assert played(cues, []) == [(1_000, "a"), (3_000, "b"), (3_000, "c")]


def test_a_cue_after_the_start_needs_no_name_of_anything() -> None:
    assert played([{"do": "mark", "name": "a", "after": "start", "wait": "1 s"}], []) == [
        (1_000, "a")
    ]


def test_a_cue_after_something_that_is_seen_comes_once_and_only_then() -> None:
    cue = {"do": "mark", "name": "a", "after": {"that": "light", "state": "coming"}, "wait": "1 s"}

    given = played([cue], [light(2_000, "sending"), light(4_000, "coming"), light(9_000, "coming")])

    assert given == [(5_000, "a")]


def test_what_never_comes_waits_for_ever() -> None:
    cue = {"do": "mark", "name": "a", "after": {"that": "crash"}}

    assert played([cue], [light(2_000, "sending")]) == []

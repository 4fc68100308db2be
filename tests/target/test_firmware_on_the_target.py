"""The firmware's own viper code: RV32, the PC's 64-bit viper and plain Python agree bit for bit.

The calls are those that the reader and the detector really make on recordings, on a seeded room,
on noise and on random phases.
"""

import ast
import importlib
import math
import random
import struct
from pathlib import Path

import pytest

import sim.host
from sim.radars import mr60
from sim.target import feeds
from sim.target.measure import compile_all, difference
from sim.target.mpy import Arch
from sim.target.recording import Fed, Recorded, record, viper_sources
from sim.target.rv32 import Rv32

DATA = Path(__file__).parents[1] / "data"
WILD = (math.nan, math.inf, -math.inf, 5e-324, 3.4e38, -3.4e38, 0.0, -0.0, 524287.9, 1e-12)


def random_phases(seed: int) -> feeds.Feed:
    """Phases from anywhere, no number and infinity among them, at uneven times, with gaps."""
    chance = random.Random(seed)
    ticks = (1 << 30) - 3000  # across the wrap of the ticks
    chunks = []
    for number in range(120):
        ticks += chance.choice((1, 49, 50, 100, 205, 250, 1700))
        phase = chance.uniform(-9, 9) * 10 ** chance.randrange(-3, 5)
        if chance.random() < 0.2:
            phase = chance.choice(WILD)
        frame = mr60.frame(mr60.PHASES, struct.pack("<3f", phase, 0, phase / 2), number)
        if chance.random() < 0.2:
            frame += mr60.frame(mr60.PRESENCE, struct.pack("<H", chance.randrange(3)), number)
        chunks.append(Fed(ticks & 0x3FFFFFFF, frame))
    return feeds.Feed("random phases", "mr60bha2", tuple(chunks))


FEEDS = [
    feeds.breathing("adult", DATA / "mr60bha2_human_60cm.csv", whole=True, seconds=15),
    feeds.breathing("nobody", DATA / "mr60bha2_empty_room.csv", seconds=15),
    feeds.hostile(seed=2, size=1500),
    random_phases(seed=3),
    feeds.presence(seed=4, seconds=10),
]


@pytest.fixture(scope="module")
def recordings():
    sources = viper_sources()
    return {feed.name: record(feed.radar, feed.chunks, sources) for feed in FEEDS}


@pytest.mark.parametrize("name", [feed.name for feed in FEEDS])
def test_rv32_does_what_the_pc_did(recordings, name):
    functions = compile_all(viper_sources(), Arch.RV32IMC)
    calls = recordings[name].calls
    assert calls

    played = Rv32().play(call.call(functions[call.name]) for call in calls)

    for recorded, done in zip(calls, played, strict=True):
        assert not difference(recorded, done), recorded.name
        assert not done.allocates, recorded.name


@pytest.mark.parametrize("name", [feed.name for feed in FEEDS])
def test_plain_python_does_what_the_pc_did_and_leaves_no_range(recordings, name):
    sim.host.install()
    # Every fourth: the checks of each operation make the twin slow.
    for recorded in recordings[name].calls[::4]:
        result, memory = in_plain_python(recorded)

        assert result == recorded.result, recorded.name
        assert memory == list(recorded.after), recorded.name


def in_plain_python(recorded: Recorded):
    function = getattr(importlib.import_module(recorded.module), recorded.function)
    memory = [bytearray(region) for region in recorded.before]
    arguments = [
        argument if isinstance(argument, int) else memory[argument.region]
        for argument in recorded.arguments
    ]
    assert function.__wrapped__, "not the twin: imported before sim.host.install()"
    result = function(*arguments)
    return result, [bytes(region) for region in memory]


def test_viper_code_has_no_unary_operator():
    """mpy-cross 1.29 compiles `a - ~b` wrongly for Xtensa, and interpreters before it change x in
    `-x` (micropython pull request 19508). Write `x ^ -1` and `0 - x`.
    """
    for source in viper_sources():
        tree = ast.parse(source.path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            if any(ast.unparse(line) == "micropython.viper" for line in function.decorator_list):
                changed = [
                    ast.unparse(node)
                    for node in ast.walk(function)
                    if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant)
                ]
                assert not changed, f"{source.path.name}, {function.name}"


def test_every_viper_function_of_the_firmware_is_played(recordings):
    called = {call.name for recording in recordings.values() for call in recording.calls}

    assert set(compile_all(viper_sources(), Arch.RV32IMC)) == called

import json
import subprocess
from array import array
from pathlib import Path
from types import ModuleType

import pytest

import sim.host
from sim import interpreter
from sim.target.mpy import Arch
from sim.target.rv32 import Rv32
from sim.target.viper import ViperFunction, compile_viper

SAMPLES = Path(__file__).parent / "samples.py"


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def rv32_code() -> dict[str, ViperFunction]:
    return _compiled(Arch.RV32IMC)


@pytest.fixture(scope="session")
def xtensa_code() -> dict[str, ViperFunction]:
    return _compiled(Arch.XTENSAWIN)


def _compiled(arch: Arch) -> dict[str, ViperFunction]:
    return {function.signature.name: function for function in compile_viper(SAMPLES, arch)}


@pytest.fixture(scope="session")
def core() -> Rv32:
    return Rv32()


@pytest.fixture(scope="session")
def twin() -> ModuleType:
    """The samples in plain Python, every operation checked for its range."""
    sim.host.install()
    module = ModuleType("samples_twin")
    exec(compile(SAMPLES.read_text(encoding="utf-8"), str(SAMPLES), "exec"), module.__dict__)  # noqa: S102
    return module


class Pc:
    """The samples under the real interpreter on this machine, as 64-bit viper."""

    def play(self, calls: list[tuple[str, list]]) -> list[tuple[object, list[list[int]]]]:
        """For each (function, arguments): its result, and the buffers after it.

        A buffer is an array; they come back as lists of its items.
        """
        told = [
            [name, [[a.typecode, list(a)] if isinstance(a, array) else a for a in arguments]]
            for name, arguments in calls
        ]
        script = (
            "import json, sys, samples\nfrom array import array\n"
            "for name, given in json.loads(sys.stdin.read()):\n"
            "    given = [array(*a) if isinstance(a, list) else a for a in given]\n"
            "    result = getattr(samples, name)(*given)\n"
            "    print(json.dumps([result, [list(a) for a in given if not isinstance(a, int)]]))\n"
        )
        done = subprocess.run(
            [interpreter.micropython(), "-c", script],
            input=json.dumps(told),
            env=interpreter.environment(SAMPLES.parent),
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.returncode, done.stdout + done.stderr
        return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def pc() -> Pc:
    return Pc()

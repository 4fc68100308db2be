"""Viper functions on RV32: the same as on the PC and as plain Python, and caught when they err."""

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.target.calls import Call, Pointer, run
from sim.target.errors import EndlessCall, MemoryFault, UnplayableCall

words = st.integers(-(2**29), 2**29)


@given(a=words, b=words)
def test_arithmetic_is_the_twins(rv32_code, core, twin, a, b):
    assert run(core, rv32_code["arithmetic"], a, b).result == twin.arithmetic(a, b)


@given(a=words, b=words.filter(bool))
def test_division_rounds_down_as_pythons_does(rv32_code, core, twin, a, b):
    assert run(core, rv32_code["division"], a, b).result == twin.division(a, b)


@given(data=st.binary(min_size=1, max_size=60))
def test_bytes_are_read_unsigned(rv32_code, core, twin, data):
    buffer = bytearray(data)
    expected = twin.checksum(buffer, len(data))

    assert run(core, rv32_code["checksum"], buffer, len(data)).result == expected


def test_x64_viper_and_rv32_agree_on_random_calls(rv32_code, core, pc):
    chance = random.Random(3)

    def word():
        return chance.randrange(-(2**29), 2**29)

    calls = []
    for _ in range(200):
        calls.append(("arithmetic", [word(), word()]))
        calls.append(("division", [word(), word() or 1]))
        calls.append(("is_less", [word(), word()]))
        state = array("i", [chance.randrange(8), chance.randrange(-(2**27), 2**27)])
        kept = array("H", [chance.randrange(65536) for _ in range(8)])
        calls.append(("ring", [state, kept, chance.randrange(65536)]))
    on_the_pc = pc.play(calls)

    for (name, arguments), (result, buffers) in zip(calls, on_the_pc, strict=True):
        assert run(core, rv32_code[name], *arguments).result == result
        assert [list(a) for a in arguments if isinstance(a, array)] == buffers


def test_a_function_without_a_result_changes_its_buffer_in_place(rv32_code, core):
    buffer = bytearray(5)

    played = run(core, rv32_code["fill"], buffer, 3, 0x1FF)

    assert played.result is None
    assert buffer == b"\xff\xff\xff\x00\x00"


def test_one_buffer_given_twice_is_one_memory(rv32_code, core):
    both = array("i", [2, 0, 0, 0])

    played = run(core, rv32_code["ring"], both, both, 9)

    # The half word kept at place 2 is the word in which the energy is: 9 there, and 9 more.
    assert played.result == 18
    assert list(both) == [3, 18, 0, 0]


def test_a_loop_costs_in_proportion_and_a_frame_is_seen(rv32_code, core):
    def cost(n):
        return run(core, rv32_code["checksum"], bytearray(100), n).instructions

    a_byte = cost(1) - cost(0)
    assert cost(100) - cost(0) == 100 * a_byte
    assert 10 < a_byte < 40
    assert 16 <= run(core, rv32_code["checksum"], bytearray(1), 1).stack_bytes <= 256


def test_a_read_beyond_the_buffer_is_caught(rv32_code, core):
    with pytest.raises(MemoryFault, match="checksum reads 1 bytes at 10 of a buffer of 10 bytes"):
        run(core, rv32_code["checksum"], bytearray(10), 11)


def test_a_write_into_the_next_buffer_is_caught(rv32_code, core):
    call = Call(
        rv32_code["fill"], (Pointer(0, 0, 4), 5, 1), (bytes(16),)
    )  # four bytes of sixteen were handed over

    with pytest.raises(MemoryFault, match="writes"):
        list(core.play([call]))


def test_a_misaligned_word_is_caught(rv32_code, core):
    with pytest.raises(MemoryFault, match="misaligned"):
        run(core, rv32_code["misaligned"], bytearray(8))


def test_a_misaligned_buffer_is_refused(rv32_code, core):
    call = Call(rv32_code["ring"], (Pointer(0, 2, 8), Pointer(0, 12, 16), 1), (bytes(32),))

    with pytest.raises(UnplayableCall, match="odd address"):
        list(core.play([call]))


def test_a_loop_without_end_is_ended(rv32_code, core, monkeypatch):
    monkeypatch.setattr("sim.target.rv32.MOST_BLOCKS", 10_000)

    with pytest.raises(EndlessCall, match="without end"):
        run(core, rv32_code["for_ever"], 1)


def test_a_call_of_another_function_is_told_as_such(rv32_code, core):
    with pytest.raises(UnplayableCall, match="calls_another asks the runtime for"):
        run(core, rv32_code["calls_another"], 1)


def test_a_division_by_nought_is_told_as_such(rv32_code, core):
    with pytest.raises(UnplayableCall, match="division by zero"):
        run(core, rv32_code["division"], 1, 0)


def test_objects_and_wrong_arguments_are_refused(rv32_code, core):
    with pytest.raises(UnplayableCall, match="Python objects"):
        run(core, rv32_code["Reader.of_an_object"], 1, 2)
    with pytest.raises(UnplayableCall, match="takes 2 arguments"):
        run(core, rv32_code["checksum"], bytearray(1))
    with pytest.raises(UnplayableCall, match="where it takes int"):
        run(core, rv32_code["is_less"], bytearray(1), 1)
    with pytest.raises(UnplayableCall, match="where it takes ptr8"):
        run(core, rv32_code["checksum"], 3, 1)


def test_a_result_that_is_no_small_integer_allocates(rv32_code, core):
    assert not run(core, rv32_code["wide"], 0).allocates
    assert run(core, rv32_code["wide"], 1).allocates


def test_the_next_call_is_sound_after_a_fault(rv32_code, core):
    with pytest.raises(MemoryFault):
        run(core, rv32_code["checksum"], bytearray(1), 2)

    assert run(core, rv32_code["is_less"], -1, 1).result == 1

"""The budgets: every one is held against every machine, and one too many is told."""

import dataclasses

import pytest

from sim.target import __main__ as command
from sim.target import budgets
from sim.target.allocation import Allocation
from sim.target.calls import Played, Pointer
from sim.target.measure import Cost, Measured, Spent, _add_up, difference
from sim.target.mpy import Arch
from sim.target.recording import Recorded, Recording, Step

# What the firmware's code may take is lowered as it shrinks; test_weight.py holds it to the file.
CODE = {name: limit for name, limit in vars(budgets.load()).items() if name.endswith("_code_bytes")}
LIMITS = budgets.Budgets(
    phase_sample_worst=600,
    engineering_frame_worst=2000,
    byte_mean=40,
    state_bytes=4096,
    allocations=0,
    **CODE,
)


def measured(**changes):
    good = Measured(
        Arch.RV32IMC,
        {"doorknock.chest.slot": Cost(code_bytes=100)},
        samples=Spent([100, 600]),
        engineering=Spent([2000]),
        parsers={"mr60bha2": Spent([400, 400], units=20)},
    )
    return dataclasses.replace(good, **changes)


def allocation(**changes):
    return dataclasses.replace(Allocation("a visit", "mr60bha2", 4096, ""), **changes)


def exceeded(one, told=()):
    return [check.what for check in budgets.checks(LIMITS, [one], told) if not check.kept]


def test_the_file_has_every_budget():
    assert budgets.load() == LIMITS


def test_a_budget_just_kept_is_kept():
    assert exceeded(measured(), [(budgets.SMALL, allocation())]) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"samples": Spent([601])}, "instructions a phase sample, worst"),
        ({"engineering": Spent([2001])}, "instructions an engineering report, worst"),
        (
            {"parsers": {"ld2410": Spent([401], units=10)}},
            "instructions a byte of ld2410, mean",
        ),
        ({"allocating": {"f"}}, "viper functions whose result allocates"),
    ],
)
def test_one_too_many_is_told(change, what):
    assert exceeded(measured(**change)) == [what]


def test_an_allocation_and_too_large_a_state_are_told():
    told = [
        (budgets.REAL, allocation(fault="Sensor.feed allocates")),
        (budgets.SMALL, allocation(held_bytes=4097)),
    ]

    assert exceeded(measured(), told) == [
        "inputs at which something allocates",
        "bytes of state, mr60bha2",
    ]


def test_without_the_32_bit_interpreter_the_pc_is_weighed():
    assert exceeded(measured(), [(budgets.REAL, allocation(held_bytes=5000))]) == [
        "bytes of state, mr60bha2"
    ]


def recorded(module, result=1, after=(b"\x00\x01",)):
    return Recorded(module, "f", (Pointer(0, 0, 2), 5), (b"\x00\x00",), after, result)


def played(instructions, result=1, memory=(b"\x00\x01",)):
    return Played(result, memory, instructions, 32)


def test_calls_are_given_to_the_read_and_to_the_sample_that_they_served():
    parser, detector = recorded("doorknock.radar.mr60"), recorded("doorknock.chest")
    steps = [
        Step("T"),
        Step("F", fed_bytes=10, calls=[parser]),
        Step("S", calls=[detector, parser]),
        Step("T", calls=[detector]),
        Step("F", fed_bytes=30),
        Step("E"),
    ]
    sums = measured(samples=Spent(), engineering=Spent(), parsers={})

    _add_up(Recording("mr60bha2", steps), [played(n) for n in (1, 20, 300, 4000)], sums)

    assert sums.parsers["mr60bha2"].of_each == [301, 0]
    assert sums.parsers["mr60bha2"].mean == 301 / 40
    assert sums.samples.of_each == [4020]
    assert sums.engineering.of_each == [0]


def test_another_result_or_another_byte_is_a_difference():
    one = recorded("doorknock.chest")

    assert difference(one, played(1)) == ""
    assert "returns 2, on the PC 1" in difference(one, played(1, result=2))
    assert "byte 0 of buffer 0" in difference(one, played(1, memory=(b"\x07\x01",)))


def test_the_command_fails_when_a_call_differs_though_every_budget_is_kept(monkeypatch, capsys):
    from rich.console import Console

    from sim.target.measure import Disagreement

    wrong = measured(disagreements=[Disagreement(Arch.RV32IMC, "f", 3, "returns 2")])
    console = Console(width=110)

    assert command._print(console, [measured()], [], [])
    assert not command._print(console, [wrong], [], [])
    assert "f on rv32imc, call 3: returns 2" in capsys.readouterr().out

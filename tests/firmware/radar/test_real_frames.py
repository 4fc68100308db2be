"""Frames that real modules sent, and the vendor's own examples, give the values they carry."""

import pytest
from doorknock import radar

from sim.radars import mr60
from tests.firmware.radar.vectors import worked_out

# Screek 1U, firmware 2.4.
NEAR = (
    "F4F3F2F1230001AA031E00641E00640000080864 41060E2B16030307 000064646464646464 57015500F8F7F6F5"
)
NEARER = (
    "F4F3F2F1230001AA03490064 1E0064 2100 0808 11640529391003110E 000064646464646464 5701 5500"
    "F8F7F6F5"
)
ALMOST_EMPTY = (
    "F4F3F2F1230001AA001E00001E000D00000808 130E07020507030405 00000D060505050505 6200 5500F8F7F6F5"
)


def after(name, *frames):
    return worked_out([name, [frame.replace(" ", "") for frame in frames]])


def test_an_engineering_report_of_somebody_near():
    [reading], counts = after("ld2410", NEAR)
    assert reading[radar.STATE] == 3
    assert reading[radar.MOVE_CM] == 30
    assert reading[radar.MOVE_ENERGY] == 100
    assert reading[radar.STILL_CM] == 30
    assert reading[radar.STILL_ENERGY] == 100
    assert reading[radar.ENGINEERING] == 1
    assert reading[radar.MOVE_GATES : radar.STILL_GATES] == [100, 65, 6, 14, 43, 22, 3, 3, 7]
    assert reading[radar.STILL_GATES :] == [0, 0] + [100] * 7
    assert counts == [1, 45, 0, 0]


def test_the_distance_of_the_moving_target_is_its_own():
    [reading], _ = after("ld2410", NEARER)
    assert (reading[radar.MOVE_CM], reading[radar.STILL_CM]) == (73, 30)


def test_an_engineering_report_of_an_almost_empty_room():
    [reading], _ = after("ld2410", ALMOST_EMPTY)
    assert reading[radar.STATE] == 0
    assert reading[radar.STILL_ENERGY] == 13
    assert reading[radar.MOVE_GATES : radar.STILL_GATES] == [19, 14, 7, 2, 5, 7, 3, 4, 5]


def test_the_answer_to_a_command_is_no_reading():
    readings, counts = after("ld2410", "FDFCFBFA 0800 FF01 0000 0100 4000 04030201")
    assert readings == []
    assert counts == [1, 18, 0, 0]


@pytest.mark.parametrize(
    "frame",
    [
        "01 3A1D 0004 0A16 C1 00000000 FF",
        "01 3A33 0004 0A14 ED 00000000 FF",
        "01 3A34 0004 0A15 EB 00000000 FF",
        "01 0001 0000 FFFF FF",
    ],
)
def test_rates_and_empty_distances_are_valid_frames_without_a_reading(frame):
    readings, counts = after("mr60bha2", frame)
    assert readings == []
    assert counts[radar.FRAMES] == 1
    assert counts[radar.ERRORS] == 0


def test_a_distance_is_read_behind_its_flag():
    present = "01 0000 0002 0F09 FA 0100 FE"
    [reading], counts = after("mr60bha2", "01 7548 0008 0A16 D7 01000000 AE478542 D0", present)
    assert reading[radar.RANGE_MM] == 666  # 66.64 cm
    assert reading[radar.PRESENT] == 1
    assert counts[radar.ERRORS] == 0


def test_the_vendors_misprint_of_a_check_is_refused():
    readings, counts = after("ld6002", "01 0000 0002 0F09 F9 0100 FE")
    assert readings == []
    assert counts[radar.ERRORS] == 1


def test_three_phases_of_exactly_nought_are_told_from_a_phase_that_is_nought():
    gate_shut = mr60.frame(0x0A13, bytes(12)).hex()
    only_total = mr60.frame(0x0A13, bytes(4) + b"\x00\x00\x80\x3f" + bytes(4)).hex()
    [shut, still_open], _ = after("mr60bha2", gate_shut, only_total)
    assert (shut[radar.PHASE_MRAD], shut[radar.ZERO]) == (0, 1)
    assert (still_open[radar.PHASE_MRAD], still_open[radar.ZERO]) == (0, 0)

"""Many devices from a CSV: what is read, what is wrong and where, and which board is for which."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.provision.setup import batch
from gateway.provision.setup.batch import BadTable, Known, Line, left, line_for, read
from gateway.provision.setup.wanted import Wanted

KNOWN = Known({"ana": "Ana", "ben": "Ben"}, ("xiao-esp32c3", "esp32-devkitc"), True)
HEAD = "unit,type,board,first,ambulance"


def table(*rows, head=HEAD):
    return "\n".join([head, *rows]).encode()


def test_a_table_as_a_spreadsheet_writes_it():
    rows = (
        "﻿unit;type;board;first;ambulance;mode;answer_s\r\n204;button;xiao-esp32c3;ana;never;;\r\n"
    )
    rows += "\r\nWC 2;sensor;esp32-devkitc;team;10;washroom;20\r\n"
    first, second = read("rooms.csv", rows.encode(), KNOWN)
    assert first == Line(2, Wanted("204", "button", "xiao-esp32c3", ("ana",), None))
    assert (second.number, second.wanted.first, second.wanted.ambulance_min) == (4, (), 10)
    assert second.wanted.from_afar == {"mode": "washroom", "answer_s": 20}


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("20\x074,button,xiao-esp32c3,ana,never", "unit", "a name of 1 to 64"),
        ("204,lamp,xiao-esp32c3,ana,never", "type", "a button or a sensor"),
        (",button,xiao-esp32c3,ana,never", "unit", "a name of 1 to 64"),
        ("204,button,nokia,ana,never", "board", "there is no 'nokia'"),
        ("204,button,xiao-esp32c3,zoe,never", "first", "no 'zoe'"),
        ("204,button,xiao-esp32c3,,never", "first", "Nobody has said who comes first"),
        ("204,button,xiao-esp32c3,ana,", "ambulance", "Nobody has said whether"),
        ("204,button,xiao-esp32c3,ana,0", "ambulance", "1 to 1440"),
        ("204,button,xiao-esp32c3,ana,soon", "ambulance", "not 'soon'"),
        ("204,button,xiao-esp32c3,ana,²", "ambulance", "not '²'"),
        ("204,button,xiao-esp32c3,ana,never,x", "6", "more cells than columns"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(row, column, why):
    with pytest.raises(BadTable) as bad:
        read("rooms.csv", table("1,button,xiao-esp32c3,ana,never", row), KNOWN)
    [problem] = bad.value.problems
    assert problem.startswith(f"rooms.csv, line 3, column {column}: ")
    assert why in problem


def test_two_lines_of_one_room_do_not_answer_differently():
    rows = [
        "204,button,xiao-esp32c3,ana,never",
        "205,button,xiao-esp32c3,team,20",
        "204,button,xiao-esp32c3,team,10",
    ]
    with pytest.raises(BadTable) as bad:
        read("rooms.csv", table(*rows), KNOWN)
    first, ambulance = bad.value.problems
    assert first.startswith("rooms.csv, line 4, column first: line 2 says otherwise of 204")
    assert ambulance.startswith("rooms.csv, line 4, column ambulance: line 2 says otherwise of 204")


def test_what_spreadsheets_leave_behind_is_no_fault():
    plain = read("rooms.csv", table("204,button,xiao-esp32c3,ana,never"), KNOWN)
    touched = b"unit,type,board,first,ambulance,,\n204,button,xiao-esp32c3,ana,never,, \n,,,,,,\n"
    assert read("rooms.csv", touched, KNOWN) == plain
    assert read("rooms.csv", touched.replace(b"\n", b"\r"), KNOWN) == plain


def test_all_that_is_wrong_is_told_at_once():
    rows = [",lamp,nokia,zoe,", "2,button,xiao-esp32c3,ana,x"]
    with pytest.raises(BadTable) as bad:
        read("rooms.csv", table(*rows), KNOWN)
    assert len(bad.value.problems) == 6


@pytest.mark.parametrize("column", ["key", "secret", "Password", "wifi_password"])
def test_a_secret_in_the_table_is_refused_and_not_repeated(column):
    with pytest.raises(BadTable) as bad:
        read("rooms.csv", table("a,b,c,d,e,hunter22", head=f"{HEAD},{column}"), KNOWN)
    assert "no secret belongs into this file" in str(bad.value)
    assert "hunter22" not in str(bad.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the column unit is missing"),
        (table(), "line 2: there is no device in it"),
        (table(head=HEAD + ",colour"), "column colour: there is no such column"),
        (table(head=HEAD + ",unit"), "column unit: it is there twice"),
        (HEAD.encode() + b"\n204,b\xe9\n", "line 2: this is not UTF-8"),
    ],
)
def test_what_is_no_table_is_told(content, why):
    with pytest.raises(BadTable) as bad:
        read("rooms.csv", content, KNOWN)
    assert why in str(bad.value)


def test_nobody_to_call_an_ambulance_is_told_before_anything_is_done():
    with pytest.raises(BadTable, match="Nobody is set up to call an ambulance"):
        read("x", table("1,button,xiao-esp32c3,ana,5"), Known({"ana": "Ana"}, KNOWN.boards, False))


def test_one_board_cannot_be_two_devices():
    rows = [f"{n},button,xiao-esp32c3,ana,never,240ac41f677d" for n in (1, 2)]
    with pytest.raises(BadTable, match="line 3, column device: 240ac41f677d is in line 2 already"):
        read("x", table(*rows, head=HEAD + ",device"), KNOWN)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_told(content):
    try:
        assert read("x", content, KNOWN)
    except BadTable as bad:
        problems = bad.problems
    else:
        problems = []
    assert all(one.startswith("x, line ") for one in problems)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL), min_size=1, max_size=5))
def test_any_cells_are_read_or_told_by_their_line(rows):
    out = io.StringIO()
    csv.writer(out).writerows([HEAD.split(","), *rows])
    try:
        lines = read("x", out.getvalue().encode(), KNOWN)
        assert all(2 <= one.number <= 1 + len(rows) for one in lines)
    except BadTable as bad:
        problems = bad.problems
    else:
        problems = []
    assert all(one.startswith("x, line ") for one in problems)


def wanted(unit):
    return Wanted(unit, "button", "xiao-esp32c3", (), None)


def test_two_alike_in_one_room_are_two_devices():
    lines = [Line(2, wanted("1")), Line(3, wanted("1"))]
    assert left(lines, [("aa", wanted("1"))]) == [lines[1]]
    assert left(lines, [("aa", wanted("1")), ("bb", wanted("1"))]) == []


def test_a_board_goes_on_with_the_line_that_it_was_begun_for():
    lines = [Line(2, wanted("1")), Line(3, wanted("2")), Line(4, wanted("3"), device="cc")]
    begun = {"bb": wanted("2")}
    assert line_for("bb", lines, begun) is lines[1]
    assert line_for("cc", lines, begun) is lines[2]
    # One that is new takes none that another was begun for, while there are others
    assert line_for("aa", lines[1:], begun) is lines[1]
    assert line_for("aa", lines, begun) is lines[0]
    assert line_for("aa", lines[2:], begun) is None


def test_a_page_of_faults_is_cut_short():
    rows = [",button,xiao-esp32c3,ana,never"] * 50
    with pytest.raises(BadTable) as bad:
        read("x", table(*rows), KNOWN)
    assert len(str(bad.value).splitlines()) == batch._PROBLEMS_SHOWN

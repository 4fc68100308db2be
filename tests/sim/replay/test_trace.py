"""Recordings are read whole, or refused with the file and the line."""

import pytest

from sim import trace
from sim.radars.ld2410 import Report, engineering

BREATHING = "t_ms,phase_mrad,amplitude,range_cm,present"
PRESENCE = ",".join(trace.PRESENCE_HEADER)


def test_notes_blank_lines_and_line_ends_are_no_samples():
    read = trace.parse(["# radar: one", "", BREATHING, "0,1,2,-1,1\r", " 50 , -1 ,2,60,0"], "t.csv")
    assert read.notes == {"radar": "one"}
    assert read.rows == [(0, 1, 2, -1, 1), (50, -1, 2, 60, 0)]
    assert (read.tier, read.length_ms) == ("breathing", 50)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "t.csv has no header line"),
        ([BREATHING], "t.csv has a header and no samples"),
        (["t_ms,phase"], "t.csv, line 1: the header is 't_ms,phase', and should be"),
        ([BREATHING, "0,1,2,-1"], "t.csv, line 2: 4 values where the header has 5"),
        ([BREATHING, "0,nan,2,-1,1"], "t.csv, line 2: phase_mrad is 'nan', not a number"),
        ([BREATHING, "0,1,inf,-1,1"], "t.csv, line 2: amplitude is 'inf', not a number"),
        ([BREATHING, "0,1e999,2,-1,1"], "t.csv, line 2: phase_mrad is '1e999', not a number"),
        ([BREATHING, "0,,2,-1,1"], "t.csv, line 2: phase_mrad is '', not a number"),
        ([BREATHING, "0,1,2,-1,0.5"], "t.csv, line 2: present is '0.5', not a whole number"),
        ([BREATHING, "0.1,1,2,-1,1", "0.4,1,2,-1,1"], "t.csv, line 3: t_ms 0 does not come after"),
        ([BREATHING, "0,1,2,-1,2"], "t.csv, line 2: present is 2, outside 0 to 1"),
        ([BREATHING, "-5,1,2,-1,1"], "t.csv, line 2: t_ms is -5, outside"),
        ([BREATHING, "0,1,2,-1,1", "0,1,2,-1,1"], "t.csv, line 3: t_ms 0 does not come after 0"),
        ([PRESENCE, "0,4" + ",0" * 22], "t.csv, line 2: state is 4, outside 0 to 3"),
        ([PRESENCE, "0,1" + ",0" * 21 + ",101"], "t.csv, line 2: s8 is 101, outside 0 to 100"),
    ],
)
def test_a_broken_trace_is_refused_with_its_line(lines, said):
    with pytest.raises(trace.TraceError) as caught:
        trace.parse(lines, "t.csv")
    assert str(caught.value).startswith(said)


def test_what_a_program_writes_with_decimals_is_read_to_the_nearest_whole():
    read = trace.parse([BREATHING, "0.0,-12.4,812.6,-1.0,1.0", "99.7,1e3,2.5,60.2,0"], "t.csv")
    assert read.rows == [(0, -12, 813, -1, 1), (100, 1000, 2, 60, 0)]


def test_a_line_of_a_megabyte_is_quoted_by_its_beginning():
    for lines in (["[" + "1," * 500_000], [BREATHING, "0," + "9" * 500_000 + ",2,-1,1"]):
        with pytest.raises(trace.TraceError) as caught:
            trace.parse(lines, "t.csv")
        assert len(str(caught.value)) < 500


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(trace.TraceError, match="is not text in UTF-8"):
        trace.read(path)


def test_with_nobody_present_the_gate_is_shut_whatever_the_phase():
    read = trace.parse([BREATHING, "0,1234,2,-1,0"], "t.csv")
    [(_, data)] = trace.samples(read)
    flag, phases = data[:11], data[11:]
    assert flag[5:7] == b"\x0f\x09"
    assert flag[8:10] == b"\x00\x00"
    assert phases[8:20] == bytes(12)


def test_time_begins_with_the_first_sample():
    read = trace.parse([BREATHING, "5000,1,2,-1,1", "5100,1,2,-1,1"], "t.csv")
    assert [t_ms for t_ms, _ in trace.samples(read)] == [0, 100]


def test_a_row_of_the_presence_tier_becomes_an_engineering_report():
    row = "0,3,30,100,30,100,100,65,6,14,43,22,3,3,7,0,0,100,100,100,100,100,100,100"
    [(_, data)] = trace.samples(trace.parse([PRESENCE, row], "t.csv"))
    moving, still = [100, 65, 6, 14, 43, 22, 3, 3, 7], [0, 0] + [100] * 7
    assert data == engineering(Report(3, 30, 100, 30, 100, moving, still))
    assert len(data) == 45

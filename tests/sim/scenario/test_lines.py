"""On which line each key stands, however the file is written."""

from sim.scenario.lines import Lines

TEXT = """\
title = "x"
building.delay = "1 s"

# [[people]] in a comment is nobody
[[people]]
name = "sam"
plan = [
  { at = "0 s", do = "enter" },   # one
  # two
  { at = "3 s", do = "sit" },
]

[[people]]
"name" = '''
kim
'''
[people.home]
unit = "204"

[[boards]]
settings = { answer_s = 9, empty_s = 3 }
"""


def test_keys_are_found() -> None:
    lines = Lines(TEXT)

    assert lines.of(("title",)) == 1
    assert lines.of(("building", "delay")) == 2
    assert lines.of(("people", 0)) == 5
    assert lines.of(("people", 0, "name")) == 6
    assert lines.of(("people", 0, "plan", 1)) == 10
    assert lines.of(("people", 0, "plan", 1, "do")) == 10
    assert lines.of(("people", 1, "name")) == 14
    assert lines.of(("people", 1, "home", "unit")) == 18
    assert lines.of(("boards", 0, "settings", "empty_s")) == 21


def test_what_stands_nowhere_is_where_it_would_be() -> None:
    lines = Lines(TEXT)

    assert lines.of(("people", 1, "unit")) == 13
    assert lines.of(("length",)) == 1

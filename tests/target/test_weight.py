"""The heap that the firmware takes is kept to its budget, and what is added to it is seen."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from sim import interpreter
from sim.target import __main__ as command
from sim.target import budgets, ordinary, report, webassembly, weight
from sim.target.errors import TargetError, ToolMissing

needs_node = pytest.mark.skipif(bool(webassembly.missing()), reason=webassembly.missing())
FIRMWARE = interpreter.firmware_folder()


@pytest.fixture(scope="module")
def button():
    return weight.weigh(ordinary.BUTTON)


@pytest.fixture
def spoil(tmp_path, monkeypatch):
    """A copy of the firmware; spoil(module, text) adds to the end of a file of it."""
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(interpreter, "firmware_folder", lambda: copy)

    def spoil(module, text):
        path = copy / "doorknock" / f"{module}.py"
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")

    return spoil


def exceeded(*weights):
    return [c.what for c in budgets.checks(budgets.load(), [], [], weights) if not c.kept]


def without_tables(one):
    """They may double for a single name."""
    return one.code - one.tables


@needs_node
def test_a_buttons_code_keeps_to_its_budget(button):
    assert exceeded(button) == []


@needs_node
@pytest.mark.parametrize("role", [ordinary.BREATHING, ordinary.PRESENCE], ids=lambda r: r.radar)
def test_a_sensors_code_keeps_to_its_budget(role):
    weighed = weight.weigh(role)

    assert exceeded(weighed) == []
    # It has a room, a radar and a watch to remember.
    assert 5_000 < weighed.objects < 30_000


@needs_node
def test_what_is_weighed_is_what_an_ordinary_life_loads_and_no_more(button):
    assert {"doorknock.app", "doorknock.wire", "doorknock.journal"} <= set(button.modules)
    assert {"doorknock.ble", "doorknock.sensor", "doorknock.breathing"} & set(
        button.modules
    ) == set()
    assert all(taken > 0 for taken in button.modules.values())
    assert 1_000 < button.objects < 20_000


@needs_node
def test_a_module_that_is_made_larger_is_seen_in_its_own_weight(button, spoil):
    # Bytes that are no names: two thousand of them, and a tuple's and the module's own entry.
    spoil("journal", f"ballast = {bytes(range(250)) * 8!r}")

    spoilt = weight.weigh(ordinary.BUTTON)

    more = {
        name: spoilt.modules[name] - taken
        for name, taken in button.modules.items()
        if spoilt.modules[name] != taken
    }
    assert 2_000 <= more.pop("doorknock.journal") <= 2_200
    # One text more may be the one for which a block of texts is begun.
    assert all(abs(other) <= 256 for other in more.values())
    assert 2_000 <= without_tables(spoilt) - without_tables(button) <= 2_500


@needs_node
def test_an_import_at_module_level_of_something_large_is_seen(button, spoil):
    spoil("clock", "from doorknock import ble")

    spoilt = weight.weigh(ordinary.BUTTON)

    assert "doorknock.ble" in spoilt.modules
    assert spoilt.code - button.code > 2_000


@needs_node
def test_one_within_a_function_that_is_not_called_is_not(button, spoil):
    spoil("clock", "def unused():\n    from doorknock import ble\n    return ble")

    spoilt = weight.weigh(ordinary.BUTTON)

    assert set(spoilt.modules) == set(button.modules)
    assert without_tables(spoilt) - without_tables(button) < 500


def test_each_module_comes_after_what_it_imports_when_it_is_loaded(tmp_path):
    package = tmp_path / "doorknock"
    (package / "radar").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "app": "from doorknock import link, wire\nfrom . import radar",
        "link": "def late():\n    from doorknock import app",
        "radar/__init__": "from .framed import Framed",
        "radar/framed": "from ..wire import VERSION",
        "wire": "try:\n    import doorknock.link\nexcept ImportError:\n    pass",
    }.items():
        (package / f"{name}.py").write_text(text)
    names = ["app", "link", "radar", "radar.framed", "wire"]

    ordered = weight.in_order(["doorknock", *(f"doorknock.{name}" for name in names)], tmp_path)

    assert [name.removeprefix("doorknock.") for name in ordered] == [
        *("doorknock", "link", "wire", "radar.framed", "radar", "app")
    ]


def test_two_that_import_each_other_are_both_weighed_once(tmp_path):
    package = tmp_path / "doorknock"
    package.mkdir()
    (package / "one.py").write_text("from doorknock import two")
    (package / "two.py").write_text("from doorknock import one")

    ordered = weight.in_order(["doorknock.one", "doorknock.two"], tmp_path)

    assert sorted(ordered) == ["doorknock.one", "doorknock.two"]


def weighed(role, **modules):
    named = {f"doorknock.{name}": taken for name, taken in modules.items()}
    return weight.Weight(role, named, names=20, objects=7)


def test_one_byte_too_many_is_told_of_the_role_that_it_is_in():
    limits = budgets.load()
    kept = weighed(ordinary.BUTTON, app=limits.button_code_bytes - weight.tables_of(20))
    too_many = weighed(ordinary.BUTTON, app=kept.modules["doorknock.app"] + 1)
    sensor = weighed(ordinary.PRESENCE, app=limits.sensor_code_bytes - weight.tables_of(20) + 1)

    assert exceeded(kept) == []
    assert exceeded(kept, too_many) == ["bytes of code, button"]
    assert exceeded(sensor) == ["bytes of code, sensor, LD2410"]


def test_the_report_has_the_heaviest_of_each_role_and_the_sum():
    modules = {f"m{n}": 1000 * n for n in range(1, 13)}
    shown = io.StringIO()

    report.print_weights(
        Console(file=shown, width=110),
        [weighed(ordinary.BUTTON, **modules), weighed(ordinary.BREATHING, m12=20_000, radar=50)],
    )

    text = shown.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines()]
    assert ["m12", "12,000", "20,000"] in rows
    assert ["m3", "3,000", "not loaded"] in rows
    assert ["radar", "not loaded", "50"] in rows
    assert not [row for row in rows if row and row[0] == "m2"]
    assert ["other modules", "3,000 (2)", "0 (0)"] in rows
    assert ["tables of names", "176 (20)", "176 (20)"] in rows
    assert ["all code", "78,176", "20,226"] in rows
    assert ["objects made of it", "7", "7"] in rows


def test_the_page_for_who_chooses_a_board_has_the_budgets():
    page = (Path(__file__).parents[2] / "docs" / "boards.md").read_text(encoding="utf-8")
    limits = budgets.load()

    said = f"{limits.button_code_bytes:,} bytes as a button and {limits.sensor_code_bytes:,} as a"

    assert said in page


def test_without_node_it_is_said_what_was_not_checked(monkeypatch):
    monkeypatch.setattr(webassembly, "missing", lambda: "node is missing; install it")
    shown = io.StringIO()

    assert command._weights(Console(file=shown, width=110)) == []
    assert "Not checked: the heap that the firmware takes. node is missing" in shown.getvalue()
    with pytest.raises(ToolMissing):
        weight.weigh(ordinary.BUTTON)


@pytest.mark.parametrize(
    ("line", "told"),
    [("raise ValueError('as it starts')", "ValueError: as it starts"), ("main = print", "link up")],
)
def test_a_firmware_that_does_not_live_is_told_in_a_sentence(spoil, line, told):
    spoil("app", line)

    with pytest.raises(TargetError, match=rf"(?s)A button does not live as usual: .*{told}"):
        ordinary.loaded(ordinary.BUTTON)


@needs_node
def test_a_module_that_does_not_compile_is_told_in_a_sentence(spoil):
    spoil("ble", "def broken(:")

    with pytest.raises(TargetError, match=r"mpy-cross refuses .*ble\.py"):
        weight.weigh(ordinary.BUTTON)


@needs_node
def test_a_module_that_falls_as_it_is_loaded_is_told_with_its_line(tmp_path):
    (tmp_path / "falls.py").write_text("raise ValueError('as it is loaded')")

    with pytest.raises(TargetError, match=r"(?s)a button on the 32-bit .*as it is loaded"):
        webassembly.run(tmp_path, ["import falls"], "a button")


def test_each_telling_is_read_with_the_tables_that_belong_to_it():
    lines = [
        "boot 1, power_on",
        '{"bytes": 0}',
        "qstr pool: n_pool=2, n_qstr=3, n_str_data_bytes=20, n_total_bytes=120",
        '{"bytes": 960}',
        "qstr pool: n_pool=2, n_qstr=4, n_str_data_bytes=28, n_total_bytes=300",
        "qstr pool: n_pool=9, n_qstr=9, n_str_data_bytes=9, n_total_bytes=999",
    ]

    told = [(one.more, one.names, one.tables) for one in weight._read(lines)]
    assert told == [(0, 3, 100), (960, 4, 272)]


@pytest.mark.parametrize(
    # As MicroPython's WebAssembly build said of itself with so many names.
    ("names", "taken"),
    [(0, 0), (1, 176), (20, 176), (21, 480), (70, 1072), (368, 4496), (1301, 18_000)],
)
def test_tables_are_as_large_as_micropython_makes_them(names, taken):
    assert weight.tables_of(names) == taken

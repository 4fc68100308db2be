"""The code keeps to docs/architecture.md: rooms that are there, imports that run one way."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PURE = [
    ROOT / "firmware/doorknock/wire.py",
    ROOT / "firmware/doorknock/improv.py",
    ROOT / "firmware/doorknock/window.py",
    ROOT / "firmware/doorknock/watch.py",
    ROOT / "firmware/doorknock/detector.py",
    ROOT / "gateway/backend/alerts.py",
    ROOT / "gateway/backend/escalation.py",
]


def imports_of(path):
    """The modules that a file imports, relative ones made whole, wherever in it."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def files_in(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def offenders(folder, *forbidden):
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files_in(folder)
        for name in imports_of(path)
        if any(name == one or name.startswith(one + ".") for one in forbidden)
    ]


def test_every_room_that_the_page_names_is_there():
    named = re.findall(r"`((?:firmware|gateway|sim)/[\w/.]*)`", PAGE)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_room_of_the_drawing_is_there():
    drawn = set(re.findall(r"\w+\.py", PAGE.split("```mermaid")[1].split("```")[0]))
    there = {path.name for path in [*files_in("firmware/doorknock"), *files_in("gateway")]}
    assert drawn - there == set()


def test_the_gateway_imports_nothing_of_the_simulator():
    assert offenders("gateway", "sim") == []


def test_the_gateway_takes_from_the_firmware_the_contracts_alone():
    found = {
        name
        for path in files_in("gateway")
        for name in imports_of(path)
        if name.startswith("doorknock")
    }
    contracts = ("doorknock.wire", "doorknock.improv", "doorknock.manifest")
    assert {name for name in found if not name.startswith(contracts)} == {"doorknock"}


def test_the_firmware_imports_nothing_of_the_host():
    assert offenders("firmware/doorknock", "gateway", "sim", "tests") == []


def test_the_backend_knows_nothing_of_mqtt():
    assert offenders("gateway/backend", "paho", "gateway.ingest", "gateway.intake") == []


def test_ingest_knows_nothing_of_alerts():
    assert offenders("gateway/ingest", "gateway.backend", "gateway.web") == []


def test_nothing_but_the_simulator_stands_on_the_command_line():
    below = [path for path in files_in("gateway") if path.name != "cli.py"]
    assert [path for path in below if "gateway.cli" in imports_of(path)] == []


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.name)
def test_what_decides_reads_no_clock_and_does_no_io(path):
    forbidden = {"time", "os", "socket", "asyncio", "random", "threading", "sqlalchemy", "machine"}
    assert {name.split(".")[0] for name in imports_of(path)} & forbidden == set()
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert called & {"open", "print", "input", "datetime.now", "datetime.utcnow"} == set()

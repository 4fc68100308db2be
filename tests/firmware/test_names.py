"""Every name the firmware uses exists under MicroPython, also on the paths no other test walks.

A linter once wrote the builtin `TimeoutError` for `asyncio.TimeoutError`: right for CPython, and a
task that falls, one day, on a device.
"""

import ast
import builtins
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
FILES = sorted(
    path
    for path in FIRMWARE.rglob("*.py")
    # The manifest runs inside MicroPython's build; stubs are for the type checker.
    if path != FIRMWARE / "manifest.py" and "stubs" not in path.parts
)
# Known to the compiler alone.
VIPER = {"ptr", "ptr8", "ptr16", "ptr32", "uint"}
DECORATORS = {("micropython", "viper"), ("micropython", "native")}
MODULE_NAMES = {"__name__", "__file__"}


def names_used(source: str) -> set[str]:
    """Names that are read and that the file itself never binds: they have to be builtins."""
    tree = ast.parse(source)
    bound = set(MODULE_NAMES)
    read = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name):
                bound.add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                bound.add(node.name)
            case ast.arg(arg=name):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias():
                bound.add((node.asname or node.name).split(".")[0])
    return read - bound


def attributes_used(source: str) -> set[tuple[str, str]]:
    """(module, name) of everything that is taken from an imported module."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                modules[one.asname or one.name] = one.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for one in node.names:
                used.add((node.module, one.name))
                if node.module == "doorknock":
                    modules[one.asname or one.name] = f"doorknock.{one.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None:
                used.add((module, node.attr))
    return used


def missing(on_the_device: Callable[..., str], source: str, tmp_path: Path) -> Iterator[str]:
    asked = tmp_path / "asked.json"
    asked.write_text(
        json.dumps(
            {
                "names": sorted(names_used(source) - VIPER),
                "attributes": sorted(attributes_used(source) - DECORATORS),
            }
        )
    )
    for line in on_the_device("names.py", str(asked), hardware_stand_ins=True).splitlines():
        if line.startswith("missing "):
            yield line.removeprefix("missing ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_every_name_is_there(path: Path, on_the_device, tmp_path: Path) -> None:
    assert list(missing(on_the_device, path.read_text(), tmp_path)) == []


def test_a_name_that_only_cpython_has_is_found(on_the_device, tmp_path: Path) -> None:
    source = """
import asyncio
import struct

def fall():
    try:
        pass
    except TimeoutError:
        asyncio.timeout(1)
        raise asyncio.TimeoutError(struct.pack("<I", undefined))
"""
    assert hasattr(builtins, "TimeoutError")

    found = list(missing(on_the_device, source, tmp_path))

    assert found == ["TimeoutError", "undefined", "asyncio.timeout"]


ASKED_OF_A_SENSOR = {"radar_power", "prompting", "ends_watch", "watching", "faulty"}


def methods_taken_for_answers(source: str) -> set[str]:
    """What a sensor is asked by a method, where the method itself is taken for the answer."""
    tree = ast.parse(source)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    # A method may be given a local name, which is then called.
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            called |= {id(value) for value in values if isinstance(node.targets[0], ast.Tuple)}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, (ast.Name, ast.Attribute))
        and (node.value.id if isinstance(node.value, ast.Name) else node.value.attr)
        in ("sensor", "of_room")
        and node.attr in ASKED_OF_A_SENSOR
        and id(node) not in called
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_a_sensor_is_asked_and_its_method_never_taken_for_the_answer(path):
    assert methods_taken_for_answers(path.read_text(encoding="utf-8")) == set()


def test_a_method_taken_for_the_answer_is_found():
    assert methods_taken_for_answers("if self.sensor.faulty or x:\n  pass") == {"faulty"}
    assert (
        methods_taken_for_answers("a, b = sensor.faulty, sensor.watching\nsensor.faulty()") == set()
    )

"""How much of the heap the firmware takes: weighed on a 32-bit MicroPython, module by module.

The modules are those of its ordinary life (ordinary.py), compiled as a board gets them
(gateway/provision/image.py), but the functions that are machine code on the chip: here they are
bytecode, since the WebAssembly build has no machine code. What that does to the figures, and what
else is not counted: docs/target.md.
"""

import ast
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.provision import image
from sim import hardware, interpreter
from sim.devices import settings_store
from sim.target import ordinary, webassembly
from sim.target.errors import TargetError, ToolMissing

_DEVICE = Path(__file__).parent / "device"
# All of the firmware, and what loading its largest module leaves behind, several times over.
_HEAP = 1024 * 1024
# With no machine code in it the bytecode is the same for each.
_ARCH = "rv32imc"
_MACHINE_CODE = re.compile(r"^[ ]*@micropython\.(?:viper|native)\n", re.MULTILINE)
# As micropython.qstr_info() has it: how many, their texts, and those with the tables of them.
_NAMES = re.compile(r"n_qstr=(\d+), n_str_data_bytes=(\d+), n_total_bytes=(\d+)")
# The tables, as py/qstr.c makes them: the first for so many names, each next for twice as many; a
# head, and for each name a pointer, two bytes of hash and one of length; in whole heap blocks.
_FIRST_TABLE, _HEAD_BYTES, _NAME_BYTES, _BLOCK_BYTES = 20, 24, 7, 16


@dataclass(frozen=True)
class Weight:
    """Bytes of the heap, as a role has it after its start.

    modules: each by its name, its texts in it; names: how many there are that MicroPython's image
    has not; objects: what the device makes of the modules when it starts.
    """

    role: ordinary.Role
    modules: dict[str, int]
    names: int
    objects: int

    @property
    def tables(self) -> int:
        """Those by which a name is found. They double when they are full: no module has a share."""
        return tables_of(self.names)

    @property
    def code(self) -> int:
        """What the modules take, before anything is made of them."""
        return sum(self.modules.values()) + self.tables

    def largest(self, count: int) -> list[tuple[str, int]]:
        """The heaviest modules, the heaviest first."""
        return sorted(self.modules.items(), key=lambda one: -one[1])[:count]


def tables_of(names: int) -> int:
    """Bytes of the tables for so many names, on a chip: where they begin with the first."""
    room, length, taken = 0, _FIRST_TABLE, 0
    while room < names:
        taken += -(-(_HEAD_BYTES + _NAME_BYTES * length) // _BLOCK_BYTES) * _BLOCK_BYTES
        room, length = room + length, 2 * length
    return taken


def weigh(role: ordinary.Role) -> Weight:
    """Raises ToolMissing without node or MicroPython's WebAssembly build, TargetError."""
    if lacking := webassembly.missing():
        raise ToolMissing(lacking)
    names = in_order(ordinary.loaded(role), interpreter.firmware_folder())
    with tempfile.TemporaryDirectory(prefix="doorknock-weight-") as temporary:
        folder = Path(temporary) / "firmware"
        _lay_out(folder, role)
        outer = " ".join(sorted(_outer(interpreter.firmware_folder())))
        steps = ["import weigh", f"weigh.stand_ins({outer!r})"]
        # Once for nothing: what the weighing itself takes is then there.
        for do in ("pass", *(f"weigh.load({name!r})" for name in names), "weigh.live()"):
            steps += ["weigh.begin()", do, "weigh.told()"]
        lines = webassembly.run(folder, steps, role.name, _HEAP)
    before, *code = _read(lines)
    if len(code) != len(names) + 1:
        raise TargetError(f"weigh.py has weighed {len(code)} of {len(names) + 1}: {lines}")
    objects = code.pop()
    # Here the tables have begun with the names of the stand-ins: what counts is how many come.
    modules = {
        name: now.more - (now.tables - last.tables)
        for name, last, now in zip(names, [before, *code], code, strict=False)
    }
    return Weight(role, modules, code[-1].names - before.names, objects.more)


def in_order(names: Sequence[str], firmware: Path) -> list[str]:
    """Each module after those that it imports when it is loaded: it bears its own weight alone."""
    ordered: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in ordered or name in above or name not in names:
            return
        for needed in _needs(name, _source(name, firmware)):
            visit(needed, (*above, name))
        ordered.append(name)

    for name in names:
        visit(name, ())
    return ordered


def _lay_out(folder: Path, role: ordinary.Role) -> None:
    """What the interpreter is given: firmware, stand-ins, this device's settings, weigh.py."""
    plain = folder.parent / "plain"
    for source in interpreter.firmware_folder().joinpath("doorknock").rglob("*.py"):
        copied = plain / source.relative_to(interpreter.firmware_folder())
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(_without_machine_code(source), encoding="utf-8")
    try:
        package = image.package(_ARCH, plain)
    except image.ImageError as trouble:
        raise TargetError(str(trouble)) from None
    for path, content in package.items():
        made = folder / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(content)
    for stand_in in Path(hardware.__path__[0]).glob("*.py"):
        (folder / stand_in.name).write_text(_without_machine_code(stand_in), encoding="utf-8")
    for own in (interpreter.firmware_folder() / image.CHOOSER, _DEVICE / "weigh.py"):
        shutil.copy(own, folder)
    settings_store.provision(folder / "nvs.json", role.every_setting())


def _without_machine_code(source: Path) -> str:
    return _MACHINE_CODE.sub("", source.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class _Told:
    """What told() has printed: bytes more; and by then, names and bytes of their tables."""

    more: int
    names: int
    tables: int


def _read(lines: Sequence[str]) -> Iterator[_Told]:
    waiting = None
    for line in lines:
        if line.startswith('{"bytes"'):
            waiting = json.loads(line)["bytes"]
        elif waiting is not None and (found := _NAMES.search(line)):
            count, texts, total = (int(number) for number in found.groups())
            yield _Told(waiting, count, total - texts)
            waiting = None


def _source(name: str, firmware: Path) -> Path:
    path = firmware.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _needs(name: str, source: Path) -> Iterator[str]:
    """Modules of the firmware that are imported as this one is loaded, and its packages."""
    parts = name.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))
    package = parts if source.name == "__init__.py" else parts[:-1]
    for node in _at_module_level(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _at_module_level(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child
            yield from _at_module_level(child)


def _outer(firmware: Path) -> set[str]:
    """What the firmware imports anywhere and is not itself: the chip's, and MicroPython's own."""
    names = set()
    for source in firmware.joinpath("doorknock").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module))
    return {name for name in names if name.split(".")[0] != "doorknock"}

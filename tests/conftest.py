"""What holds for every test."""

from pathlib import Path

import pytest
from hypothesis import settings

# Time is no property of ours: a machine with other work to do is slow, and not wrong.
settings.register_profile("doorknock", deadline=None)
settings.load_profile("doorknock")

_ROOT = Path(__file__).parents[1]
# Whatever else the machine does, these come out the same: several may run at once.
_VIRTUAL_TIME = (
    "sim/scenarios",
    "tests/boards",
    "tests/chaos",
    "tests/firmware",
    "tests/sim/building",
    "tests/sim/evaluate",
    "tests/sim/people",
    "tests/sim/radars",
    "tests/sim/replay",
    "tests/sim/rooms",
    "tests/sim/scenario",
    "tests/sim/virtual",
    "tests/target",
    "tests/wire",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(_ROOT / folder) for folder in _VIRTUAL_TIME):
            item.add_marker("virtual_time")

"""What the gateway's tests are given."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import devices
from gateway.store import Store, open_store
from tests.gateway.process import DEVICE, NOW_MS, SECRET, GatewayProcess


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Printed, and so shown where the test fails; DOORKNOCK_SEED repeats it."""
    value = int(os.environ.get("DOORKNOCK_SEED", random.randrange(1 << 32)))
    print(f"seed {value}: repeat with DOORKNOCK_SEED={value}")
    return value


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one button, DEVICE, in unit 204."""
    opened = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    devices.register(opened, DEVICE, SECRET, "204", "button", now_ms=NOW_MS)
    yield opened
    opened.close()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    """Not started yet; ended, with its broker, after the test."""
    made = GatewayProcess(tmp_path)
    yield made
    if not made.exited():
        made.stop()
    made.receiver.close()

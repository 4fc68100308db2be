"""What the fleet's tests are given."""

import os
import random

import pytest


@pytest.fixture
def seed() -> int:
    """Printed, and so shown where the test fails; DOORKNOCK_SEED repeats it."""
    value = int(os.environ.get("DOORKNOCK_SEED", random.randrange(1 << 32)))
    print(f"seed {value}: repeat with DOORKNOCK_SEED={value}")
    return value

"""A running house for all these tests, and a bench in it for each."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.provision.setup.house import Bench, House


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
def at_the_bench(house: House, tmp_path: Path) -> Callable[..., None]:
    """Lives a story at a bench."""

    def live(story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            bench = Bench(house, tmp_path / "bench")
            try:
                await story(bench)
            finally:
                await bench.close()

        asyncio.run(whole())

    return live


def pytest_collection_modifyitems(items):
    """Whole set-ups, some of them two in a row: minutes where the machine has other work to do."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(900))

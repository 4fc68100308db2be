"""When the script is over somebody still breathes before the sensor, which else is blind."""

import asyncio
import sys
from types import SimpleNamespace

from rich.console import Console

from sim.demo import run
from sim.demo.timeline import Timeline


class Person:
    def __init__(self) -> None:
        self.breathes = asyncio.Event()
        self.went = False

    async def run(self) -> None:
        self.breathes.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.went = True


def test_somebody_breathes_on_until_it_is_ended(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))

    async def play_on() -> Person:
        person = Person()
        script = SimpleNamespace(person=person)
        going = asyncio.create_task(run._play_on(script, None, Timeline(None), Console()))
        await asyncio.wait_for(person.breathes.wait(), 60)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await asyncio.sleep(0)
        return person

    assert asyncio.run(play_on()).went

"""The two questions that are asked of every unit when it is set up, and whom they are told to.

Who comes first? After how many minutes unanswered, if ever, is an ambulance called? What was
answered is a row in the gateway's store; the gateway that runs tells the backend, whose escalation
goes by it, again and again until the backend has it or says why it will not.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.destinations import Parcel, Rejected, Unreachable
from gateway.destinations.webhook import WebhookDestination, rfc3339
from gateway.store import Store
from gateway.store import answers as table
from gateway.store.engine import is_store_trouble

_log = structlog.get_logger("answers")

# Somebody waits before a terminal.
LOOK_EVERY_S = 1.0
# The same as the backend's (gateway/backend/incoming.py); a test holds the two together.
AMBULANCE_MIN = (1, 1440)


@dataclass(frozen=True)
class Answered:
    """What was answered for a unit.

    first: ids of people, none where it is as the programme has it. ambulance_min: None: never.
    told: the backend has it. refused: why it will not take it; "" where it has not said so.
    """

    first: tuple[str, ...]
    ambulance_min: int | None
    told: bool = False
    refused: str = ""


def of_unit(store: Store, unit: str) -> Answered | None:
    """What was answered for this unit; None where nobody was asked."""
    with store.read() as connection:
        row = table.find(connection, unit)
    if row is None:
        return None
    return Answered(tuple(row.first), row.ambulance_min, bool(row.told), row.refused or "")


def give(
    store: Store, unit: str, first: Sequence[str], ambulance_min: int | None, *, now_ms: int
) -> None:
    """Writes down what was answered; the backend is told by the gateway that runs."""
    with store.write() as connection:
        row = table.find(connection, unit)
        # Later than what is there, whatever the clock says: the backend keeps the newest.
        at_ms = now_ms if row is None else max(now_ms, row.answered_at + 1)
        table.save(connection, unit, first, ambulance_min, at_ms)


class Answers:
    """Tells the backend what was answered: `run()` until cancelled."""

    def __init__(
        self,
        store: Store,
        backend: WebhookDestination,
        *,
        gateway: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._backend = backend
        self._gateway = gateway
        self._sleep = sleep

    async def run(self) -> None:
        """Looks every LOOK_EVERY_S, for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_store_trouble(error):
                    _log.error("answers could not be told; report this", exc_info=error)
            await self._sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tells what is untold; what the backend cannot take now stays so."""
        for row in await asyncio.to_thread(self._untold):
            try:
                await self._backend.deliver(self._parcel(row))
            except Unreachable:
                return
            except Rejected as rejected:
                why = rejected.said or str(rejected)
                _log.error("the backend refuses what was answered for a unit", why=why)
                await asyncio.to_thread(self._settle, row, why)
            else:
                await asyncio.to_thread(self._settle, row, None)

    def _untold(self) -> Sequence[Any]:
        with self._store.read() as connection:
            return table.untold(connection)

    def _settle(self, row: Any, refused: str | None) -> None:
        with self._store.write() as connection:
            table.settle(connection, row, refused)

    def _parcel(self, row: Any) -> Parcel:
        body = {
            "type": "unit.answers",
            "timestamp": rfc3339(row.answered_at),
            "data": {
                "gateway": self._gateway,
                "unit": row.unit,
                "first": row.first,
                "ambulance_min": row.ambulance_min,
            },
        }
        # A unit's name may hold anything, an id may not.
        unit = hashlib.sha256(row.unit.encode()).hexdigest()[:16]
        return Parcel(f"{self._gateway}.unit.{unit}.{row.answered_at}", json.dumps(body))

"""Calls for help that nobody outside has been told of: the light in the room must not say so.

The gateway answers once it has committed an event, and the device shows "delivered". Where the
backend does not take the event within a minute, or never will, that is no longer true: the device
is told "cannot send: call out", and "delivered" once the backend has it after all. It is one of
the device's lights (gateway/store/lights.py), and so is sent again as any other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog

from gateway.arrival import Down
from gateway.commands import Commands
from gateway.looking import keep_looking
from gateway.store import Store, calls
from gateway.store import devices as device_table
from gateway.store import lights as light_table

_log = structlog.get_logger("unheard")

# DESIGN: within this the gateway acts by itself. A backend that starts again takes less.
UNTAKEN_AFTER_MS = 60_000
# Somebody believes in the light meanwhile.
LOOK_EVERY_S = 2.0
CANNOT_SEND = "cannot_send"


class Unheard:
    """Looks for such calls: `run()` until cancelled. `devices`: how many are told so now."""

    def __init__(
        self,
        store: Store,
        commands: Commands,
        down: Down,
        *,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._commands = commands
        self._down = down
        self._clock_ms = clock_ms
        self._sleep = sleep
        self.devices = 0

    async def run(self) -> None:
        """Looks every LOOK_EVERY_S, for ever."""
        await keep_looking(
            self.look,
            LOOK_EVERY_S,
            self._sleep,
            _log,
            "a look for unheard calls failed; report this",
        )

    def look(self) -> None:
        """Tells the devices whose light has to change."""
        with self._store.read() as connection:
            told = {row.device: row for row in calls.with_light(connection, CANNOT_SEND)}
            untaken = calls.untaken(connection, self._clock_ms() - UNTAKEN_AFTER_MS)
            waiting = [
                call
                for call in untaken.values()
                if _is_news(light_table.find(connection, call.device), call)
            ]
        self.devices = len(untaken)
        for call in waiting:
            self._tell(call.device, call.boot, call.seq, CANNOT_SEND)
            _log.error(
                "a call for help has reached nobody outside; its light says so",
                device=call.device,
                unit=call.unit,
                boot=call.boot,
                seq=call.seq,
                why=call.set_aside_why or "the backend does not take it",
            )
        self._withdraw(row for device, row in told.items() if device not in untaken)

    def _withdraw(self, lights: Iterable[Any]) -> None:
        for light in lights:
            with self._store.read() as connection:
                taken = calls.was_taken(connection, light.device, light.boot, light.seq)
            self._tell(light.device, light.boot, light.seq, "delivered" if taken else "none")
            _log.warning(
                "a call for help has been taken after all" if taken else "a call was given up",
                device=light.device,
                boot=light.boot,
                seq=light.seq,
            )

    def _tell(self, device: str, boot: int, seq: int, state: str) -> None:
        with self._store.write() as connection:
            row = device_table.find(connection, device)
            light = light_table.find(connection, device)
            # The backend has had its say in between.
            if row is None or (light and (light.boot, light.seq) > (boot, seq)):
                return
            light_table.save(
                connection,
                device=device,
                boot=boot,
                seq=seq,
                state=state,
                alert="",
                now_ms=self._clock_ms(),
            )
            saved = light_table.find(connection, device)
            command = self._commands.light(connection, row, saved)
        self._down.send(device, command, alarm=True)


def _is_news(light: Any, call: Any) -> bool:
    """Whether the device's *light* is about an older event than *call*. If it is about this one,
    or a newer one, the device has been told, or the backend knows of it by another way."""
    return light is None or (light.boot, light.seq) < (call.boot, call.seq)

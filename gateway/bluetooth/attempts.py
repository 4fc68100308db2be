"""Changes of the Wi-Fi that the pages have begun: one at a time, for there is one adapter.

They live as long as the process: whoever asked stands beside the device, and asks again. Nothing
of a network is kept, neither its name nor its password.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.bluetooth import at_the_gateway
from gateway.bluetooth.air import Air, BluetoothError, Trouble
from gateway.bluetooth.change import Network, Step
from gateway.errors import GatewayError
from gateway.store import Store

_log = structlog.get_logger("bluetooth")


@dataclass(frozen=True)
class Attempt:
    """How far a change is. trouble: why it came to nothing; "" while it goes on, or went well."""

    device: str
    step: Step
    trouble: str = ""

    @property
    def runs(self) -> bool:
        """Whether more is to come."""
        return not self.trouble and self.step is not Step.CHANGED


class Attempts:
    """begin() and look. open_air: makes the adapter, or raises BluetoothError."""

    def __init__(self, store: Store, open_air: Callable[[], Air], clock_ms: Callable[[], int]):
        self._store = store
        self._open_air = open_air
        self._clock_ms = clock_ms
        self._last: dict[str, Attempt] = {}
        self._task: asyncio.Task[None] | None = None

    def of(self, device: str) -> Attempt | None:
        """The newest attempt with this device; None where there was none."""
        return self._last.get(device)

    @property
    def busy(self) -> bool:
        """Whether one goes on, with whichever device."""
        return self._task is not None and not self._task.done()

    def begin(self, device: str, network: Network, by: str) -> bool:
        """Begins one, unless one goes on. Raises BluetoothError for what can be no network."""
        network.check()
        if self.busy:
            return False
        self._last[device] = Attempt(device, Step.ASKING)
        self._task = asyncio.create_task(self._run(device, network, by))
        return True

    async def _run(self, device: str, network: Network, by: str) -> None:
        def say(step: Step) -> None:
            self._last[device] = Attempt(device, step)

        try:
            air = self._open_air()
            await at_the_gateway.change(
                self._store, device, network, air, by=by, say=say, clock_ms=self._clock_ms
            )
        except BluetoothError as error:
            self._end(device, error.trouble)
        except GatewayError:
            self._end(device, Trouble.NOT_OURS)
        except Exception:
            # Nobody had thought of this one; whoever waits is told all the same.
            _log.exception("a change of the Wi-Fi failed; report this")
            self._end(device, Trouble.BROKEN)

    def _end(self, device: str, trouble: Trouble) -> None:
        _log.info("wifi not changed", device=device, why=trouble.value)
        self._last[device] = Attempt(device, self._last[device].step, trouble.value)

"""Changes of the Wi-Fi that the pages have begun: one at a time, for there is one adapter.

They live as long as the process: whoever asked stands beside the device, and asks again. Nothing
of a network is kept, neither its name nor its password.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
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

    step: Step
    trouble: str = ""

    @property
    def runs(self) -> bool:
        """Whether more is to come."""
        return not self.trouble and self.step is not Step.CHANGED


class Attempts:
    """begin() and of(), from any thread. open_air: makes the adapter, or raises BluetoothError."""

    def __init__(
        self,
        store: Store,
        open_air: Callable[[], Air],
        clock_ms: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._open_air = open_air
        self._clock_ms = clock_ms
        self._clock = clock
        self._sleep = sleep
        self._newest: dict[str, Attempt] = {}
        self._runs = threading.Lock()

    def of(self, device: str) -> Attempt | None:
        """The newest attempt with this device; None where there was none."""
        return self._newest.get(device)

    def begin(self, device: str, network: Network, by: str) -> bool:
        """Begins one, unless one goes on. Raises BluetoothError for what can be no network."""
        network.check()
        if not self._runs.acquire(blocking=False):
            return False
        self._newest[device] = Attempt(Step.ASKING)
        # A thread of its own: the page that began it is answered at once, and a radio that hangs
        # holds up no alert.
        threading.Thread(
            target=self._run, args=(device, network, by), name="wifi", daemon=True
        ).start()
        return True

    def _run(self, device: str, network: Network, by: str) -> None:
        try:
            asyncio.run(self._change(device, network, by))
        except BluetoothError as error:
            self._end(device, error.trouble)
        except GatewayError:
            # It was retired meanwhile: there is no key of it here any more.
            self._end(device, Trouble.NOT_OURS)
        except Exception:
            # Nobody had thought of this one; whoever waits is told all the same.
            _log.exception("a change of the Wi-Fi failed; report this")
            self._end(device, Trouble.BROKEN)
        finally:
            self._runs.release()

    async def _change(self, device: str, network: Network, by: str) -> None:
        def say(step: Step) -> None:
            self._newest[device] = Attempt(step)

        await at_the_gateway.change(
            self._store,
            device,
            network,
            self._open_air(),
            by=by,
            say=say,
            clock_ms=self._clock_ms,
            clock=self._clock,
            sleep=self._sleep,
        )

    def _end(self, device: str, trouble: Trouble) -> None:
        _log.info("wifi not changed", device=device, why=trouble.value)
        self._newest[device] = Attempt(self._newest[device].step, trouble.value)

    def wait(self, within_s: float) -> bool:
        """Until none goes on, or the time is over; whether none does."""
        over = self._runs.acquire(timeout=within_s)
        if over:
            self._runs.release()
        return over

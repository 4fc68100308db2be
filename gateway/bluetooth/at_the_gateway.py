"""A change of the Wi-Fi, of a device that this gateway knows: its key, its orders, its word."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from gateway import devices, orders
from gateway.bluetooth.air import Air
from gateway.bluetooth.change import Network, Step, Ways, change_wifi
from gateway.care import view
from gateway.errors import DeviceError
from gateway.store import Store
from gateway.store import events as event_table

# A device that is online answers at once; one on a battery sleeps, and is not waited for.
_ANSWERED_WITHIN_S = 12.0
_LOOK_S = 0.25
# In the audit, where no order was given.
NOTED: Final = "wifi"


async def change(
    store: Store,
    device: str,
    network: Network,
    air: Air,
    *,
    by: str,
    say: Callable[[Step], None],
    clock_ms: Callable[[], int],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Brings a device in service onto this network. by: who does it, for the audit.

    Raises BluetoothError, and DeviceError where there is no such device; one sentence each.
    """
    known = await asyncio.to_thread(devices.get, store, device)
    if known.retired_at_ms is not None:
        raise DeviceError(f"Device {known.device} was retired; it has no key here any more.")
    network.check()
    began_ms = clock_ms()

    def note() -> None:
        with store.write() as connection:
            orders.note(connection, known.device, NOTED, by=by, now_ms=clock_ms())

    async def order() -> str:
        seen = await asyncio.to_thread(view.find, store, known.device)
        if not seen.online:
            await asyncio.to_thread(note)
            return ""
        given = await asyncio.to_thread(
            lambda: orders.give(
                store, known.device, "act", {"what": "wifi"}, by=by, now_ms=clock_ms()
            )
        )
        begun = clock()
        while clock() - begun < _ANSWERED_WITHIN_S:
            answered = await asyncio.to_thread(view.order_of, store, given)
            if not answered.waits:
                return answered.state if answered.state in _ANSWERS else "failed"
            await sleep(_LOOK_S)
        # It would be obeyed when nobody stands there any more.
        await asyncio.to_thread(orders.withdraw, store, given)
        return ""

    async def news(attempt: int) -> str:
        def read() -> str:
            with store.read() as connection:
                told = event_table.since(connection, known.device, "wifi", began_ms)
            # Word of an earlier attempt may come only now, by the network of this one. A device
            # from before attempts had names says none.
            mine = [one for one in told if one.get("attempt", attempt) == attempt]
            return str(mine[-1].get("outcome", "")) if mine else ""

        return await asyncio.to_thread(read)

    ways = Ways(air, order, news, say, clock, sleep)
    await change_wifi(known.device, known.secret, network, ways)


_ANSWERS = frozenset({"done", "busy", "failed", "unknown"})

"""What staff do with devices, whichever way they come: each act by somebody, each in the audit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from gateway import devices, orders
from gateway.bluetooth.adapter import Adapter
from gateway.bluetooth.air import Air
from gateway.bluetooth.attempts import Attempts
from gateway.care import view
from gateway.care.view import View
from gateway.errors import DeviceError
from gateway.release.library import Library
from gateway.settings import Settings
from gateway.store import Store, open_store
from gateway.updates.acts import Updating


@dataclass(frozen=True)
class Care:
    """The devices of one gateway. tell_broker: after one was retired. open_air: makes its Bluetooth
    adapter, or raises BluetoothError. library: of releases; None where there are no updates.
    Blocks; any thread."""

    store: Store
    clock_ms: Callable[[], int]
    tell_broker: Callable[[], None]
    open_air: Callable[[], Air] = Adapter
    library: Library | None = None
    # Its name; "": of whichever asks.
    gateway: str = ""

    @cached_property
    def wifi(self) -> Attempts:
        """Changes of a device's Wi-Fi: the same for all pages, for there is one adapter."""
        return Attempts(self.store, self.open_air, self.clock_ms)

    @property
    def updating(self) -> Updating | None:
        """What staff do about updates."""
        return Updating(self.store, self.library, self.clock_ms) if self.library else None

    def all(self) -> list[View]:
        """Every device in service."""
        return view.all_in_service(self.store)

    def find(self, device: str) -> View | None:
        """One device with its settings and what was ordered of it; None where there is none."""
        try:
            return view.find(self.store, device)
        except DeviceError:
            return None

    def order(self, device: str, kind: str, details: Mapping[str, int | str], by: str) -> int:
        """See gateway.orders.give."""
        return orders.give(self.store, device, kind, details, by=by, now_ms=self.clock_ms())

    def retire(self, device: str, by: str) -> None:
        """See retire(). Raises DeviceError."""
        retire(self.store, device, by=by, now_ms=self.clock_ms())
        self.tell_broker()

    def close(self) -> None:
        """Gives the store back."""
        self.store.close()


def retire(store: Store, device: str, *, by: str, now_ms: int) -> View:
    """From now on the device is refused and forgotten; and who did it is in the audit, in the same
    transaction. device: its id, or the unit it is in. Whoever calls tells the broker.

    Raises DeviceError.
    """
    found = view.find(store, device)
    with store.write() as connection:
        devices.retire_within(connection, found.device, now_ms)
        orders.note(connection, found.device, "retire", by=by, now_ms=now_ms)
    store.scrub()
    return found


def care_of(settings: Settings, clock_ms: Callable[[], int]) -> Care | None:
    """The devices of the gateway that this configuration is of; None where its gateway is
    elsewhere. Raises StoreError."""
    if not settings.backend.embedded or not (settings.data / "gateway.db").exists():
        return None
    store = open_store(settings.gateway_database)

    def tell_broker() -> None:
        from gateway.broker import write_keys

        if settings.broker.manage:
            write_keys(settings, devices.in_service(store))

    return Care(
        store,
        clock_ms,
        tell_broker,
        library=Library(settings.data),
        gateway=settings.gateway.name,
    )

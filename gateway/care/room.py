"""A unit as its resident sees it: its devices, whether it looks after them, what is kept of it."""

from dataclasses import dataclass

from gateway.care import view
from gateway.care.acts import Care
from gateway.care.view import View
from gateway.store import events as event_table
from gateway.store import retention

# Who orders, in the audit, where the resident does so on their page. No person's id begins so.
BY_RESIDENT = "(resident)"
# What a resident may set, by the kind of their radar. Whether a change widens what is watched, and
# so takes a press in the room, the device itself decides (firmware/doorknock/afar.py).
SETTABLE = {
    "breathing": ("still_prompt_s", "asks_per_h", "quiet_min", "watch_limit_s"),
    "presence": ("no_movement_s", "asks_per_h", "quiet_min", "watch_limit_s"),
}


@dataclass(frozen=True)
class RoomDevice:
    """A device in the room. looks_after: whether it looks after somebody now; None: a button."""

    view: View
    looks_after: bool | None

    @property
    def is_home(self) -> bool:
        """Whether it is the resident's own: a shared washroom's is nobody's to set."""
        return (self.view.settings or {}).get("mode", "home") == "home"

    @property
    def settable(self) -> tuple[str, ...]:
        """The settings that its resident may change, once it has said what is in force."""
        settings = self.view.settings
        if self.looks_after is None or settings is None or not self.is_home:
            return ()
        return tuple(name for name in SETTABLE.get(self.view.tier, ()) if name in settings)


@dataclass(frozen=True)
class Room:
    """Reads and orders for one unit of one gateway. Every method blocks."""

    care: Care
    unit: str

    def devices(self) -> list[RoomDevice]:
        """Those in service in the unit."""
        found = []
        for one in self.care.all():
            whole = self.care.find(one.device) if one.unit == self.unit else None
            if whole is None:
                continue
            looks_after = None
            if whole.device_type == "sensor":
                with self.care.store.read() as connection:
                    looks_after = event_table.is_watching(connection, whole.device)
            found.append(RoomDevice(whole, looks_after))
        return found

    def set(self, device: str, values: dict[str, int | str]) -> None:
        """Orders settings of a sensor in this room. Raises DeviceError."""
        self.care.order(device, "set", values, BY_RESIDENT)

    def events(self) -> int:
        """How many events are kept of what is in this room."""
        with self.care.store.read() as connection:
            return retention.events_of(connection, self._ids())

    def forget(self) -> int:
        """What is kept of it becomes counts; how many events."""
        ids = self._ids()
        with self.care.store.write() as connection:
            forgotten = retention.forget_devices(connection, ids)
        self.care.store.scrub()
        return forgotten

    def _ids(self) -> list[str]:
        return [one.device for one in view.all_in_service(self.care.store) if one.unit == self.unit]

"""Which units have a card, and how one is made: by the command line, and by staff on their page.

A card is made for a person. Whoever makes one anew says whether it is for the same person, who has
lost it, or for somebody who has moved in: then all that is kept of the one before goes first.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from gateway.backend.cards import Cards, NewCard
from gateway.backend.tables import cards, devices
from gateway.care import view
from gateway.care.acts import Care
from gateway.care.room import Room
from gateway.errors import PersonError
from gateway.store import Store
from gateway.web.resident.kept import forget_resident


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit with devices, or with a card. made_at: of its card; None: it has none."""

    gateway: str
    unit: str
    made_at: datetime | None


@dataclass(frozen=True)
class HandingOver:
    """care: of the devices, where their gateway is here. Every method blocks."""

    database: Store
    cards: Cards
    care: Care | None

    def units(self) -> list[UnitCard]:
        """Every unit that may have a card, by name. Shared washrooms have none."""
        with self.database.read() as connection:
            made = {
                (row.gateway, row.unit): row.made_at for row in connection.execute(select(cards))
            }
            there = {(row.gateway, row.unit) for row in connection.execute(select(devices))}
        shared: set[tuple[str, str]] = set()
        if self.care is not None and self.care.gateway:
            mine = self.care.all()
            here = self.care.gateway
            there = {one for one in there if one[0] != here} | {(here, one.unit) for one in mine}
            shared = {(here, one.unit) for one in mine if self._is_shared(one)}
        found = sorted((there - shared) | set(made), key=lambda one: (one[1], one[0]))
        return [UnitCard(*one, made.get(one)) for one in found]

    def find(self, unit: str) -> UnitCard:
        """The only one of this name. Raises PersonError, one sentence."""
        named = [one for one in self.units() if one.unit == unit]
        if len(named) == 1:
            return named[0]
        if named:
            where = ", ".join(one.gateway for one in named)
            raise PersonError(f"There is a unit {unit!r} at several gateways: {where}.")
        raise PersonError(
            f"There is no unit {unit!r} with a device of its resident's own; `doorknock device "
            "list` shows the devices. A shared washroom has no resident's page."
        )

    def make(self, where: UnitCard, *, new_person: bool | None) -> NewCard:
        """The unit's card from now on; one before it stops at once.

        new_person: True: somebody who has moved in; False: whoever had the one before; None: it
        is the first. Raises PersonError where it is not, and nobody said for whom it is.
        """
        if where.made_at is not None and new_person is None:
            raise PersonError(
                f"{where.unit} has a card, made {where.made_at:%Y-%m-%d}. Say for whom the new one "
                "is: --same-person (they have lost it), or --new-person (somebody has moved in: "
                "what is kept of the one before is deleted)."
            )
        if new_person:
            if self.care is not None and self.care.gateway == where.gateway:
                Room(self.care, where.unit).forget()
            forget_resident(self.database, where.gateway, where.unit, leave=True)
        return self.cards.make(where.gateway, where.unit)

    def _is_shared(self, device: view.View) -> bool:
        if device.device_type != "sensor" or self.care is None:
            return False
        whole = self.care.find(device.device)
        return whole is not None and (whole.settings or {}).get("mode") == "washroom"

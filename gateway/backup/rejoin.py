"""Makes a store of the past fit to go on: whatever has happened since, no number is given twice.

A backup does not know what was handed out after it was made. So what only rises is raised to where
it cannot have been:

- the boot numbers that a device which has lost its own is given. A device that kept its own goes on
  with it: its newer events are new to this store, and its older ones are known.
- the numbers of commands: a device takes no `light` that is older than one it has obeyed. They are
  made of the time, so the clock need only be right.
- the numbers of the backend's stream, which a gateway elsewhere may have read further.
"""

from sqlalchemy import Connection, func, select, update

from gateway.backend import tables as backend_tables
from gateway.store.schema import devices

# A device that restarts every second for twelve days; 4,000 restores fit into a boot number.
BOOTS_LEFT_FREE = 1 << 20
_HIGHEST_BOOT = 0xFFFFFFFF


def rejoin_gateway(connection: Connection, now_ms: int) -> None:
    """Raises the numbers in a gateway's store."""
    higher = devices.c.highest_boot + BOOTS_LEFT_FREE
    connection.execute(
        update(devices).values(
            highest_boot=func.min(higher, _HIGHEST_BOOT),
            command_number=func.max(devices.c.command_number, now_ms),
            # What was handed out last may have been used up since.
            number_nonce=None,
            number_given=None,
            # Who is connected is said anew.
            online=None,
        )
    )


def rejoin_backend(connection: Connection, now_ms: int) -> int:
    """Raises the numbers in a backend's store; how many alerts are open in it."""
    gateways, alerts = backend_tables.gateways, backend_tables.alerts
    connection.execute(update(gateways).values(last_item=func.max(gateways.c.last_item, now_ms)))
    is_open = select(func.count()).select_from(alerts).where(alerts.c.closed_at.is_(None))
    return int(connection.execute(is_open).scalar_one())

"""May somebody look into a resident's rescue plan? Pure: an alert, a person, their looks, now.

Who is on the way, as long as the call is open and the resident has not answered it, and for 15
minutes from their first look at the most. A new call of the room begins that time anew; nothing
that the person themselves can do does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.backend.alert import Alert

LONGEST_LOOK = timedelta(minutes=15)


def may_look_until(
    alert: Alert, person: str, opened_at: Iterable[datetime], now: datetime
) -> datetime | None:
    """Until when this person may have the plan before them; None: not now.

    opened_at: when they have opened it before, in this alert.
    """
    if not alert.is_open or person not in alert.attending or alert.ok_at is not None:
        return None
    # A look of the future was written by a clock that has been set back since: it was just now.
    looks = [min(at, now) for at in opened_at if at >= alert.called_at]
    until = min(looks, default=now) + LONGEST_LOOK
    return until if now < until else None

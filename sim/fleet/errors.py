"""Why a fleet cannot be run: one sentence, what, where, what to do.

FleetError
├── WrongUse     the caller asked for what cannot be: exit 2
└── FleetFailed  it was begun and cannot go on: exit 1
"""


class FleetError(Exception):
    """A fleet cannot be run; `str()` is one sentence."""


class WrongUse(FleetError):
    """What was asked for cannot be done here."""


class FleetFailed(FleetError):
    """The fleet was begun and cannot go on."""

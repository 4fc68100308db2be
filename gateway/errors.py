"""What can go wrong that a person can mend, each told in one sentence: what, where, what to do.

    GatewayError
    ├── SettingsError    the configuration, or the secrets beside it
    ├── StoreError       the store cannot be opened, or another gateway has it
    ├── BrokerError      the broker cannot be started or reached
    ├── BackupError      a backup cannot be made, read or brought back
    ├── PersonError      a person's password cannot be set or ended
    ├── DeviceError      a device cannot be added, found or retired
    ├── LabelError       a label cannot be printed as it is wanted
    ├── BluetoothError   a Wi-Fi cannot be changed over Bluetooth (gateway/bluetooth/air.py)
    ├── ReleaseError     a release or its key cannot be made, read or taken, or an update not begun
    ├── AddressInUse     another program has the port that we were told to use
    └── Deaf             a part that hears devices has ended: start again

What nobody can mend is logged, counted and survived where it happens; it has no class here.
"""


class GatewayError(Exception):
    """Something a person can mend. The command line prints it and ends with exit code 1."""


class SettingsError(GatewayError):
    """The configuration, or the secrets beside it, cannot be used."""


class StoreError(GatewayError):
    """The store cannot be opened, or another gateway has it open."""


class BrokerError(GatewayError):
    """The broker cannot be started or reached."""


class BackupError(GatewayError):
    """A backup cannot be made, read or brought back."""


class PersonError(GatewayError):
    """A person is not known, or what is to be their password cannot be."""


class DeviceError(GatewayError):
    """A device cannot be added, found or retired."""


class LabelError(GatewayError):
    """A label cannot be printed as it is wanted: too little room, no such letter or paper."""


class ReleaseError(GatewayError):
    """A release or its key cannot be made, read or taken, or an update cannot be begun."""


class AddressInUse(GatewayError):
    """Another program has the port that we were told to use."""


class Deaf(GatewayError):
    """A part that hears devices has ended. Only a new start mends it, and whoever started the
    gateway (systemd) sees to that."""

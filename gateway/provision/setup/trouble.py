"""What can go wrong while a device is set up, each told in one sentence: what, where, what to do.

SetupError
├── NotThere       no board answers as MicroPython on that port, or no more
├── Unfit          the board, or what was asked of it, cannot be
├── NotReached     the device, the gateway or the backend is not reached
└── NobodyPressed  a press in the room was waited for
"""

from gateway.errors import GatewayError
from gateway.provision.flash.trouble import FlashError


class SetupError(GatewayError):
    """A device is not ready. It can be tried again."""


class NotThere(SetupError):
    """No board answers, or it answers no more."""


class Unfit(SetupError):
    """It cannot be so; somebody has to decide otherwise."""


class NotReached(SetupError):
    """Somebody on the way does not answer."""


class NobodyPressed(SetupError):
    """A press was waited for."""


def in_words(trouble: GatewayError) -> str:
    """The sentence for whoever sets up. Flashing asks for an option to go on; here it goes on by
    itself."""
    by_itself = trouble.by_itself if isinstance(trouble, FlashError) else None
    return str(trouble) if by_itself is None else by_itself

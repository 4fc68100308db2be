"""Reaches people through Apprise: about a hundred services, each an address such as ntfy://…"""

import logging

import apprise

from gateway.backend.channels import ChannelFailed, Message

# Apprise logs what it sends and where. Addresses hold tokens, texts hold rooms: not for logs. What
# it sends by warns of an answer that it finds odd, with the address.
logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class AppriseChannel:
    """Apprise waits 4 s for a connection and 4 s for an answer; notices.py has the last word.

    It gives no receipts: what went out is sent, never delivered.
    """

    def can_read(self, address: str) -> bool:
        """Whether this is an address at all. The first call loads Apprise's services (0.3 s)."""
        return apprise.Apprise.instantiate(address, suppress_exceptions=True) is not None

    def send(self, address: str, message: Message) -> bool:
        # A new one each time: Apprise's own throttle is a sleep between two sends of one object.
        sender = apprise.Apprise(
            asset=apprise.AppriseAsset(
                app_id="Doorknock",
                app_desc="Doorknock",
                app_url="",
                async_mode=False,
                secure_logging=True,
                storage_mode=apprise.PersistentStoreMode.MEMORY,
                # A POST that is sent elsewhere becomes a GET there, and the "200" of a page that
                # nobody reads would count as sent; or the link in it goes to a host that nobody
                # has named.
                http_redirects=False,
            )
        )
        if not sender.add(address):
            raise ChannelFailed("its address is none that Apprise can read")
        kind = apprise.NotifyType.WARNING if message.urgent else apprise.NotifyType.INFO
        try:
            taken = sender.notify(
                title=message.title,
                body=message.text,
                notify_type=kind,
                # Else a service that shows HTML takes a unit's "<" for a tag (Telegram refuses the
                # message), and a mail's lines run together.
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception as error:
            # Of its plugins anything may come; its words may hold the address.
            raise ChannelFailed(f"Apprise failed with {type(error).__name__}") from None
        if not taken:
            raise ChannelFailed("the service did not take it, or could not be reached")
        return False

"""A broker in Python, for the demo alone, where mosquitto is not installed.

What that costs, and is said to whoever runs it: no TLS-PSK, so the devices' link is neither
encrypted nor bound to a key (events and commands are signed all the same); no access list, so any
device could listen to another's commands; nothing kept over a restart. Hence loopback only.
"""

import contextlib
import logging

COST = (
    "The demo's broker is amqtt, in Python, on this machine's loopback: without TLS-PSK, without "
    "access rules, and it forgets all when it ends. Events are signed all the same. For the real "
    "thing: sudo apt install mosquitto"
)


class PythonBroker:
    """amqtt on host:port; anybody may connect, which is why host is the loopback address."""

    def __init__(self, host: str, port: int) -> None:
        from amqtt.broker import Broker  # an extra: only who needs it has it
        from amqtt.contexts import BrokerConfig, ListenerConfig

        # It logs each lost connection as an error; the devices and the gateway say it themselves.
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.CRITICAL)
        self._broker = Broker(
            BrokerConfig(
                listeners={"default": ListenerConfig(bind=f"{host}:{port}")},
                plugins={
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            )
        )

    async def start(self) -> None:
        """Returns when it takes connections."""
        await self._broker.start()

    async def stop(self) -> None:
        """Ends it; what it held is gone."""
        with contextlib.suppress(Exception):
            await self._broker.shutdown()

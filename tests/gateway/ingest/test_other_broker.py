"""The gateway at a broker that it did not start: amqtt, as where no mosquitto is installed."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from amqtt.broker import Broker

from tests.gateway.process import GatewayProcess, free_ports, secret_of, until
from tests.gateway.wire_device import WireDevice


@pytest.fixture
def amqtt_port() -> Iterator[int]:
    """amqtt on loopback, in a thread, without keys."""
    (port,) = free_ports(1)
    loop = asyncio.new_event_loop()
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }

    async def start() -> Broker:
        broker = Broker(config)
        await broker.start()
        return broker

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    broker = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    yield port
    asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def test_a_press_by_amqtt_is_answered_and_reaches_the_backend(
    gateway: GatewayProcess, amqtt_port: int
) -> None:
    gateway.port = gateway.loopback_port = amqtt_port
    gateway.write_config(gateway.receiver.url)
    text = gateway.config.read_text()
    gateway.config.write_text(
        text.replace(f"loopback_port = {amqtt_port}", 'manage = false\nhost = "127.0.0.1"')
    )
    (device,) = gateway.add_devices(1)
    gateway.start()
    button = WireDevice(gateway, device, secret_of(1))
    until(button.client.is_connected, "the button is connected")

    button.press()

    until(lambda: not button.journal, "the press is answered")
    until(lambda: gateway.receiver.ids() == [f"{device}.1.1"], "the backend has it")
    button.close()

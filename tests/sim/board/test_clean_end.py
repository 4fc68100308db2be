"""A simulated board's end: nothing is left behind, and nothing is said on the way out."""

import asyncio
import contextlib
import gc

import pytest

from sim.devices.access_point import AccessPoint

pytestmark = pytest.mark.anyio


@pytest.fixture
async def complaints():
    """What the event loop would print on stderr: exceptions that nobody took."""
    loop = asyncio.get_running_loop()
    found: list[str] = []
    loop.set_exception_handler(lambda _, context: found.append(str(context)))
    yield found
    loop.set_exception_handler(None)


async def settle() -> None:
    """Callbacks of what has ended come in the next rounds of the loop."""
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()


async def test_a_board_that_is_connected_ends_without_a_word(
    broker, gateway, board, complaints, capfd
) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")

    await board.close()
    await settle()

    assert complaints == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("on", [True, False])
async def test_an_access_point_ends_with_connections_open(on, complaints) -> None:
    # Given an access point with a connection to somebody silent, or in its own silence
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    point = AccessPoint(lambda: (host, port))
    point.turn(on)
    reader, writer = await asyncio.open_connection("127.0.0.1", await point.start())
    writer.write(b"hello")
    await writer.drain()
    async with asyncio.timeout(60):
        while not point.carries:  # noqa: ASYNC110 - it accepts in its own time
            await asyncio.sleep(0.001)

    # When it ends
    async with asyncio.timeout(60):
        await point.stop()

    # Then the connection ends, and nobody has complained
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read(1) == b""
    writer.close()
    server.close()
    await settle()
    assert complaints == []
    assert not [task for task in asyncio.all_tasks() if "AccessPoint" in repr(task)]

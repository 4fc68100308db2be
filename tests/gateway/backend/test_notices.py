"""One person's bad channel is nobody else's problem, and no secret is ever told."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select

from gateway.backend.channels import Message
from gateway.backend.channels.apprise import AppriseChannel
from gateway.backend.database import open_database
from gateway.backend.notices import Notices
from gateway.backend.policy import Person
from gateway.backend.service import assemble, build_backend
from gateway.backend.tables import notices
from gateway.backend.wording import Wording
from gateway.settings import load
from sim.phone import Phone

from .conftest import SECRETS, HandClock, House, Outbox, policy, until

DEADLINE_S = 60


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'backend.db'}"


class Hanging(Outbox):
    """Never comes back from Ana's service until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def send(self, address: str, message: Message) -> bool:
        if address == "test://ana":
            self.let_go.wait(DEADLINE_S)
        return super().send(address, message)


def test_a_channel_that_hangs_delays_nobody_else(tmp_path: Path) -> None:
    channel = Hanging()
    clock = HandClock()
    backend = assemble(
        policy(),
        open_database(f"sqlite:///{tmp_path / 'x.db'}"),
        SECRETS,
        clock=clock,
        channel=channel,
    )
    house = House(backend, clock, channel)

    async def story() -> None:
        workers = asyncio.create_task(backend.run())
        for unit in range(3):
            event = house.event("press", taps=1)
            values = {name: getattr(event, name) for name in event.__slots__}
            moved = type(event)(**(values | {"unit": str(unit)}))
            await asyncio.to_thread(backend.dispatch.accept, moved, f"a.1.{unit}")
        await until(lambda: len(channel.to("ben")) == 3)
        assert channel.to("ana") == []
        channel.let_go.set()
        await until(lambda: len(channel.to("ana")) == 3)
        workers.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await workers

    asyncio.run(story())
    backend.close()


def test_a_send_that_takes_too_long_has_failed_and_is_tried_again(house: House) -> None:
    channel = Hanging()
    backend = house.backend
    impatient = Notices(
        backend.dispatch,
        backend.policy,
        Wording(backend.policy, backend.links),
        channel,
        house.clock,
        backend.bell,
        send_timeout_s=0.05,
    )
    house.happens("press", taps=1)
    asyncio.run(impatient.send_due())
    channel.let_go.set()
    with backend.database.read() as connection:
        rows = connection.execute(
            select(notices.c.person, notices.c.state, notices.c.problem).order_by(notices.c.number)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("ana", "waiting", "no answer within 0.05 s"),
        ("ben", "sent", None),
    ]


def test_apprise_reaches_a_phone_and_its_failure_is_known(tmp_path: Path) -> None:
    async def story() -> None:
        phone = Phone()
        await phone.start()
        people = {
            one: Person(one, one, "en", (phone.address(one),)) for one in ("ana", "ben", "carla")
        }
        clock = HandClock()
        backend = assemble(
            policy(people=people, staff=()),
            open_database(f"sqlite:///{tmp_path / 'x.db'}"),
            SECRETS,
            clock=clock,
            channel=AppriseChannel(),
        )
        house = House(backend, clock, Outbox())
        phone.out_of_order.add("ana")
        await asyncio.to_thread(house.happens, "press", taps=2)
        await backend.notices.send_due()
        assert [message.title for message in phone.of("ben")] == ["Urgent: 204"]
        assert phone.of("ben")[0].link.startswith("http://127.0.0.1:8080/in/")
        assert phone.of("ana") == []
        phone.mend()
        clock.forward(2)
        await backend.notices.send_due()
        assert len(phone.of("ana")) == 1
        await phone.stop()
        backend.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "address", ["nonsense", "json://", "nosuchservice://token-of-ana", "json://127.0.0.1:1/s3cr3t"]
)
def test_an_address_that_does_not_work_is_told_without_its_secret(
    tmp_path: Path, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    people = {
        "ana": Person("ana", "Ana", "en", (address,)),
        "ben": Person("ben", "Ben", "en", ()),
        "carla": Person("carla", "Carla", "en", ()),
    }
    clock = HandClock()
    backend = assemble(
        policy(people=people, staff=()),
        open_database(f"sqlite:///{tmp_path / 'x.db'}"),
        SECRETS,
        clock=clock,
        channel=AppriseChannel(),
    )
    house = House(backend, clock, Outbox())
    with structlog.testing.capture_logs() as logged:
        house.happens("press", taps=1)
        house.deliver()
    assert [one["person"] for one in logged] == ["ana"]
    said = repr(logged) + "".join(capfd.readouterr())
    assert "s3cr3t" not in said
    assert "token-of-ana" not in said
    with backend.database.read() as connection:
        assert "s3cr3t" not in repr(connection.execute(select(notices)).all())
    backend.close()


def test_an_address_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "doorknock.toml"
    file.write_text(
        '[[people]]\nid = "ana"\nname = "Ana"\n'
        'channels = ["json://127.0.0.1:9/ana", "nosuchservice://token-of-ana"]\n'
    )
    with structlog.testing.capture_logs() as logged:
        backend = build_backend(load(file))
    backend.close()
    assert [(one["person"], one["channel"]) for one in logged] == [("ana", 2)]
    assert "token-of-ana" not in repr(logged)

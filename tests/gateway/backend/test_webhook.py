"""The door in: what is accepted, what is refused, and in which words."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from gateway.backend.tables import alerts, seen
from gateway.backend.webhook import LONGEST_BODY_BYTES

from .conftest import House, asking, press_body, signed


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path: Any) -> str:
    return f"sqlite:///{tmp_path / 'backend.db'}"


def send(house: House, *requests: httpx.Request) -> list[httpx.Response]:
    async def all_of_them() -> list[httpx.Response]:
        async with asking(house.backend) as client:
            return [await client.send(request) for request in requests]

    return asyncio.run(all_of_them())


def stored(house: House) -> int:
    with house.backend.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(seen)).scalar_one()
        return found


def test_a_signed_press_is_committed_before_it_is_answered(house: House) -> None:
    [answer] = send(house, signed(press_body(), "aa.1.1"))
    assert answer.status_code == 200
    assert answer.json()["status"] == "accepted"
    assert house.alert(answer.json()["alert"]).unit == "204"


def test_a_duplicate_is_accepted_again_and_does_nothing(house: House) -> None:
    # lesson 24
    first, again = send(house, signed(press_body(), "aa.1.1"), signed(press_body(), "aa.1.1"))
    assert (first.json()["status"], again.json()["status"]) == ("accepted", "duplicate")
    assert again.status_code == 200
    assert stored(house) == 1


def test_what_could_not_be_stored_is_never_answered_with_200(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # lesson 22: the server answered 200 whatever happened, so nobody tried again
    def broken(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(house.backend.dispatch, "accept", broken)
    [answer] = send(house, signed(press_body(), "aa.1.1"))
    assert answer.status_code == 503
    monkeypatch.undo()
    [answer] = send(house, signed(press_body(), "aa.1.1"))
    assert answer.json()["status"] == "accepted"


def test_a_signature_is_checked_by_the_time_it_was_sent_not_by_the_events(house: House) -> None:
    # lesson 23: alerts that had waited were refused as too old
    old = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    body = press_body(occurred_at=old, received_at=old, age_s=18000.0)
    [answer] = send(house, signed(body, "aa.1.1"))
    assert answer.status_code == 200


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_signature_is_refused(house: House, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    [answer] = send(house, signed(press_body(), "aa.1.1", at=at))
    assert answer.status_code == 401
    assert stored(house) == 0


def changed(name: str, value: str) -> httpx.Request:
    request = signed(press_body(), "aa.1.1")
    request.headers[name] = value
    return request


@pytest.mark.parametrize(
    "request_",
    [
        changed("webhook-signature", "v1,AAAA"),
        changed("webhook-signature", "nonsense"),
        changed("webhook-signature", "v1,%%%"),
        changed("webhook-signature", ""),
        changed("webhook-timestamp", "yesterday"),
        changed("webhook-timestamp", "1e400"),
        changed("webhook-timestamp", "nan"),
        changed("webhook-id", "another"),
    ],
)
def test_what_is_not_signed_is_refused(house: House, request_: httpx.Request) -> None:
    [answer] = send(house, request_)
    assert answer.status_code == 401
    assert answer.json()["status"] == "refused"
    assert stored(house) == 0


def without(name: str) -> dict[str, Any]:
    body = press_body()
    del body["data"][name]
    return body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"not json", "not JSON"),
        (b"[]", "The body is not"),
        (b"[" * 5000, "not JSON"),
        ({"type": "device.dance", "data": {}}, "device.dance"),
        (without("device"), "data.device"),
        (without("gateway"), "data.gateway"),
        (without("boot"), "data.boot"),
        (press_body(seq=-1), "data.seq"),
        (press_body(seq=True), "data.seq"),
    ],
)
def test_what_can_never_be_accepted_is_said_in_one_sentence(
    house: House, body: Any, says: str
) -> None:
    [answer] = send(house, signed(body, "aa.1.1"))
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert stored(house) == 0


@pytest.mark.parametrize("name", ["details", "received_at", "occurred_at", "age_s", "unit"])
def test_a_press_is_not_lost_for_a_field_that_is_missing(house: House, name: str) -> None:
    # lesson 18: a missing battery field lost the press
    [answer] = send(house, signed(without(name), "aa.1.1"))
    assert answer.status_code == 200
    assert house.alert(answer.json()["alert"]).is_open


@pytest.mark.parametrize(
    "changes",
    [
        {"details": {"taps": 10**400}},
        {"details": {"taps": None, "held": [1]}},
        {"occurred_at": "1970-01-01T00:00:00Z"},
        {"occurred_at": "9999-12-31T23:59:59Z"},
        {"age_s": -5},
        {"age_s": 1e300},
        {"unit": ["204"]},
    ],
)
def test_a_press_is_not_lost_for_a_field_that_is_odd(house: House, changes: dict[str, Any]) -> None:
    [answer] = send(house, signed(press_body(**changes), "aa.1.1"))
    assert answer.status_code == 200
    house.deliver()
    assert len(house.outbox.to("ana")) == 1


def test_a_body_that_is_too_large_is_refused_before_it_is_read_to_its_end(house: House) -> None:
    [answer] = send(house, signed(b" " * (LONGEST_BODY_BYTES + 1), "aa.1.1"))
    assert answer.status_code == 413


@pytest.mark.parametrize("webhook_id", ["", "x" * 201])
def test_an_id_that_cannot_be_remembered_is_refused(house: House, webhook_id: str) -> None:
    [answer] = send(house, signed(press_body(), webhook_id))
    assert answer.status_code == 400


def test_a_heartbeat_is_accepted_and_lists_its_devices(house: House) -> None:
    now = datetime.now(UTC).isoformat()
    device = {"device": "00112233aabb", "unit": "204", "device_type": "button", "tier": "none"}
    body = {
        "type": "gateway.heartbeat",
        "timestamp": now,
        "data": {
            "gateway": "house-1",
            "devices": [{**device, "last_heard_at": now}, "nonsense", {"unit": 5}],
            "refused": {"signature": 3},
        },
    }
    [answer] = send(house, signed(body, "house-1.1"))
    assert answer.status_code == 200
    assert stored(house) == 0, "heartbeats are not remembered for ever"


def test_an_address_that_there_is_not_is_told_as_json(house: House) -> None:
    [answer] = send(house, httpx.Request("GET", "http://backend/v1/nothing"))
    assert (answer.status_code, answer.json()["status"]) == (404, "refused")


def test_health_says_whether_somebody_watches_the_time(house: House) -> None:
    health = httpx.Request("GET", "http://backend/healthz")
    [answer] = send(house, health)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    house.happens("press", taps=1)
    house.clock.forward(600)
    [answer] = send(house, health)
    assert answer.status_code == 503


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = ["gateway", "unit", "device", "boot", "seq", "details", "occurred_at", "age_s", "devices"]
BODIES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["device.press", "device.fault", "gateway.heartbeat"]) | JSON,
        "timestamp": JSON,
        "data": st.dictionaries(st.sampled_from(NAMES), JSON),
    }
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_nothing_that_is_signed_breaks_the_door(house: House, body: Any) -> None:
    [answer] = send(house, signed(json.dumps(body).encode(), "fuzz"))
    assert answer.status_code in (200, 400)


def test_one_open_alert_a_unit_is_the_databases_own_rule(house: House) -> None:
    alert = house.happens("press", taps=1)
    with house.backend.database.read() as connection:
        row = connection.execute(select(alerts).where(alerts.c.id == alert)).one()
    values = {**row._mapping, "id": "another"}
    with pytest.raises(Exception, match="UNIQUE"), house.backend.database.write() as connection:
        connection.execute(alerts.insert().values(values))

"""docs/openapi.json says what the backend does: its addresses, its examples, its states."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.backend import incoming
from gateway.backend.happenings import Light

CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi.json").read_text(encoding="utf-8")
)
EXAMPLES = CONTRACT["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
SCHEMAS = CONTRACT["components"]["schemas"]


@pytest.mark.parametrize("name", ["press", "heartbeat", "answers"])
def test_each_example_is_one_that_the_backend_takes(name: str) -> None:
    now = datetime(2026, 5, 1, 12, 1, tzinfo=UTC)
    read = incoming.read(EXAMPLES["examples"][name]["value"], now)
    assert read.gateway == "house-1"


@pytest.mark.parametrize("name", SCHEMAS["DeviceEvent"]["properties"]["data"]["required"])
def test_what_is_called_needed_is_needed(name: str) -> None:
    body = json.loads(json.dumps(EXAMPLES["examples"]["press"]["value"]))
    del body["data"][name]
    with pytest.raises(incoming.NotAcceptable, match=name):
        incoming.read(body, datetime(2026, 5, 1, 12, 1, tzinfo=UTC))


def test_kinds_and_states_are_those_of_the_code() -> None:
    kinds = SCHEMAS["DeviceEvent"]["properties"]["type"]["enum"]
    assert kinds == [f"device.{kind}" for kind in incoming.DEVICE_KINDS]
    assert SCHEMAS["Light"]["properties"]["state"]["enum"] == [light.value for light in Light]


def test_the_addresses_are_those_of_the_code() -> None:
    from unittest.mock import MagicMock

    from gateway.backend.api import routes

    served = {route.path for route in routes(MagicMock(), MagicMock(), MagicMock())}
    assert served == set(CONTRACT["paths"])

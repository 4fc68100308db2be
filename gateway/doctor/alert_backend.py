"""The alert backend: there, and of one mind with the gateway about the signature."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from gateway.destinations.webhook import EVENTS_PATH
from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.errors import SettingsError
from gateway.secret_file import FILE_NAME, read_secrets

_TIMEOUT_S = 10.0
# A type that the contract does not have: refused after the signature, and kept nowhere.
CHECK_TYPE = "gateway.check"


def backend(patient: Patient) -> Iterator[Finding]:
    """Sends what no backend keeps, signed, and looks at why it is refused."""
    settings = patient.settings
    if settings.backend.embedded and not patient.runs:
        yield look("backend", "runs when the gateway does", "start the gateway, and ask again")
        return
    secrets = settings.data / FILE_NAME
    if not secrets.exists():
        yield look("backend", "there are no keys yet", "start the gateway once: it makes them")
        return
    try:
        status = _ask(patient)
    except SettingsError as error:
        yield wrong("backend", "cannot be asked", str(error))
        return
    except httpx.HTTPError as error:
        yield wrong(
            "backend",
            f"{settings.backend_url} does not answer ({type(error).__name__})",
            "see that it runs and that this computer reaches it",
        )
        return
    if status in (401, 403):
        yield wrong(
            "backend",
            f"{settings.backend_url} does not accept our signature",
            f"carry webhook_secret from {secrets} to it, and compare both clocks",
        )
    elif status == 404 or status >= 500:
        yield wrong(
            "backend",
            f"{settings.backend_url} answers {status}",
            "correct 'url' under [backend], or see to the backend",
        )
    else:
        yield well("backend", f"{settings.backend_url} answers, and knows our signature")


def _ask(patient: Patient) -> int:
    secret = read_secrets(patient.settings).webhook_secret
    now = datetime.fromtimestamp(patient.now_ms / 1000, UTC)
    body = json.dumps({"type": CHECK_TYPE, "timestamp": now.isoformat(), "data": {}})
    id_ = f"{patient.settings.gateway.name}.check.{time.monotonic_ns()}"
    headers = {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, now, body),
    }
    url = patient.settings.backend_url + EVENTS_PATH
    with httpx.Client(trust_env=False, timeout=_TIMEOUT_S) as client:
        return client.post(url, content=body.encode(), headers=headers).status_code

"""A person's own way in: a signed address that is sent to them. It only shows; it does nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from gateway.backend.policy import Clock, Policy, from_settings
from gateway.secret_file import load_secrets
from gateway.settings import Settings

# Distinct salts: what was signed as one thing can never be passed off as another.
_LINK = "doorknock-link"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a valid link says."""

    person: str
    alert: str | None


class Links:
    """Makes links and reads them. key: the session_key of secrets.toml."""

    def __init__(self, key: str, policy: Policy, clock: Clock) -> None:
        self._signer = URLSafeSerializer(key, salt=_LINK)
        self._policy = policy
        self._clock = clock

    def for_person(self, person: str, alert: str | None = None) -> str:
        """The address that lets this person in, to an alert or to what is open now."""
        token = self._signer.dumps([person, int(self._clock().timestamp()), alert or ""])
        return f"{self._policy.base_url}/in/{token}"

    def read(self, token: str) -> Ticket | None:
        """Whose it is; None where it is not ours, is too old, or the person has left."""
        try:
            value: Any = self._signer.loads(token)
            person, made, alert = value
            age = self._clock() - datetime.fromtimestamp(made, UTC)
        except (BadData, TypeError, ValueError, OverflowError, OSError):
            return None
        if person not in self._policy.people or age > self._policy.link_lifetime:
            return None
        return Ticket(person, alert or None)


def links_of(settings: Settings, clock: Clock) -> Links:
    """The links of an installation, without its backend. Raises SettingsError, one sentence."""
    return Links(load_secrets(settings).session_key, from_settings(settings), clock)

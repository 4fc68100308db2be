"""Who is looking: a signed cookie, given for a personal link, and the token of its forms."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from gateway.backend.policy import Clock, Person, Policy

COOKIE = "doorknock"
_SESSION = "doorknock-session"
_FORM = "doorknock-form"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who came by their link. token: what their forms must carry."""

    person: Person
    is_staff: bool
    token: str


class Sessions:
    """Opens and reads sessions. key: the session_key of secrets.toml."""

    def __init__(self, key: str, policy: Policy, clock: Clock) -> None:
        self._cookies = URLSafeSerializer(key, salt=_SESSION)
        self._forms = URLSafeSerializer(key, salt=_FORM)
        self._policy = policy
        self._clock = clock

    def begin(self, response: Response, person: str) -> None:
        """Lets this person's browser in from now on."""
        made = int(self._clock().timestamp())
        value = self._cookies.dumps([person, made, secrets.token_urlsafe(12)])
        response.set_cookie(
            COOKIE,
            value,
            max_age=int(self._policy.link_lifetime.total_seconds()),
            httponly=True,
            # Lax, not strict: whoever taps the link in a message comes from another site.
            samesite="lax",
            secure=self._policy.base_url.startswith("https:"),
            path="/",
        )

    def of(self, request: Request) -> Session | None:
        """Whose browser this is; None: nobody's, or no longer."""
        cookie = request.cookies.get(COOKIE, "")
        try:
            value: Any = self._cookies.loads(cookie)
            name, made, nonce = value
            age = self._clock() - datetime.fromtimestamp(made, UTC)
        except (BadData, TypeError, ValueError, OverflowError, OSError):
            return None
        person = self._policy.people.get(name)
        if person is None or age > self._policy.link_lifetime:
            return None
        token = self._forms.dumps([name, nonce])
        return Session(person, name in self._policy.staff, str(token))

    @staticmethod
    def is_own_form(session: Session, token: str) -> bool:
        """Whether a form that carries this token is one that we gave to this browser."""
        return hmac.compare_digest(session.token.encode(), token.encode())

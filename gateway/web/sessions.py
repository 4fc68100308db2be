"""Who is looking, and the token of their forms.

    a responder     by their link: a signed cookie; the link is the key
    of the staff    by their password: a row in `logins`, which can be ended
    a resident      by their card and its PIN: the same (gateway/web/resident)

Whoever is of the staff and has no password yet is staff by their link as well; with the first
password that ends, and the link lets them in as the responder that they also are.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from gateway.backend.logins import STAFF, STAFF_FOR, Login, Logins
from gateway.backend.passwords import Passwords
from gateway.backend.policy import Clock, Person, Policy
from gateway.store import Store

COOKIE = "doorknock"
STAFF_COOKIE = "doorknock-staff"
# Of a form that is shown to somebody who is not in yet.
FORM_COOKIE = "doorknock-form"
_SESSION = "doorknock-session"
_FORM = "doorknock-form"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is in. token: what their forms must carry. login: None: by their link."""

    person: Person
    is_staff: bool
    token: str
    login: Login | None = None


class Sessions:
    """Opens and reads sessions. key: the session_key of secrets.toml."""

    def __init__(
        self, key: str, policy: Policy, clock: Clock, database: Store, logins: Logins
    ) -> None:
        self._cookies = URLSafeSerializer(key, salt=_SESSION)
        self._forms = URLSafeSerializer(key, salt=_FORM)
        self._policy = policy
        self._clock = clock
        self._database = database
        self._logins = logins

    # --- beginning ---

    def begin(self, response: Response, person: str) -> None:
        """Lets the browser in that has opened this person's link."""
        made = int(self._clock().timestamp())
        value = self._cookies.dumps([person, made, secrets.token_urlsafe(_NONCE_BYTES)])
        self.set_cookie(response, COOKIE, value, self._policy.link_lifetime)

    def begin_staff(self, response: Response, key: str) -> None:
        """Lets the browser in that has given a password. key: of Logins.begin."""
        self.set_cookie(response, STAFF_COOKIE, key, STAFF_FOR)

    def set_cookie(self, response: Response, name: str, value: str, lasts: timedelta) -> None:
        """A cookie that no script reads and no other site sends with a form."""
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()),
            httponly=True,
            # Lax, not strict: whoever taps a link in a message comes from another site.
            samesite="lax",
            secure=self._policy.base_url.startswith("https:"),
            path="/",
        )

    # --- who it is ---

    def of(self, request: Request) -> Session | None:
        """Whose browser this is; None: nobody's, or no longer. Blocks."""
        login = self._logins.find(request.cookies.get(STAFF_COOKIE, ""))
        if login is not None and login.holder.startswith(STAFF):
            name = login.holder.removeprefix(STAFF)
            person = self._policy.people.get(name)
            if person is not None and name in self._policy.staff:
                return Session(person, True, self.token(login.id), login)
        return self._by_link(request)

    def _by_link(self, request: Request) -> Session | None:
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
        is_staff = name in self._policy.staff and not self._has_password(name)
        return Session(person, is_staff, self.token(name, nonce))

    def _has_password(self, person: str) -> bool:
        with self._database.read() as connection:
            return Passwords.made_at(connection, STAFF + person) is not None

    # --- forms ---

    def token(self, *whose: str) -> str:
        """What a form of this browser must carry."""
        return str(self._forms.dumps(list(whose)))

    @staticmethod
    def is_own_form(session: Session, token: str) -> bool:
        """Whether a form that carries this token is one that we gave to this browser."""
        return hmac.compare_digest(session.token.encode(), token.encode())

    @staticmethod
    def stranger(request: Request) -> str:
        """What tells one browser that is not in yet from another; a new one where it has none."""
        return request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(_NONCE_BYTES)

    def form_for(self, response: Response, stranger: str) -> None:
        """The browser is to send *stranger* back with the form that it has been shown."""
        self.set_cookie(response, FORM_COOKIE, stranger, timedelta(hours=1))

    def is_strangers_form(self, request: Request, token: str) -> bool:
        """Whether a form that carries this token is one that we gave to this browser."""
        mine = request.cookies.get(FORM_COOKIE, "")
        return bool(mine) and hmac.compare_digest(self.token(mine).encode(), token.encode())

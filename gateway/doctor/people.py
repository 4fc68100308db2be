"""Who is asked to come, and whether they can be reached at all."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from gateway.backend.channels.apprise import AppriseChannel
from gateway.backend.logins import STAFF
from gateway.backend.passwords import Passwords
from gateway.doctor.finding import Finding, look, well, wrong
from gateway.doctor.patient import Patient
from gateway.errors import SettingsError
from gateway.secret_file import reveal
from gateway.store.read_only import open_read_only


def people(patient: Patient) -> Iterator[Finding]:
    """Each person has a way to be reached that can be read."""
    settings = patient.settings
    if not settings.backend.embedded:
        return
    if not settings.people:
        yield wrong("people", "there is nobody to ask", "add [[people]] to the configuration")
        return
    faulty = False
    channel = AppriseChannel()
    for person in settings.people:
        if not person.channels:
            faulty = True
            yield wrong(
                "people", f"{person.id} has no channel", "add 'channels' under their [[people]]"
            )
        for number, named in enumerate(person.channels, 1):
            try:
                readable = channel.can_read(reveal(settings, named))
            except SettingsError:
                readable = False
            if not readable:
                faulty = True
                # Not the address: it may hold a token.
                yield wrong(
                    "people",
                    f"channel {number} of {person.id} cannot be read",
                    "correct the address; docs/gateway.md has examples",
                )
    if not faulty:
        yield well("people", f"{len(settings.people)}, each with a channel")


def escalation(patient: Patient) -> Iterator[Finding]:
    """Somebody is asked first, and somebody mends things."""
    settings = patient.settings
    if not settings.backend.embedded:
        return
    steps = len(settings.escalation.steps)
    if steps:
        yield well("escalation", f"{steps} steps" if steps > 1 else "one step")
    else:
        yield wrong(
            "escalation", "no steps: a press would reach nobody", "add 'steps' under [escalation]"
        )
    if not settings.escalation.staff:
        yield look(
            "escalation",
            "nobody is told of silent devices and low batteries",
            "add 'staff' under [escalation]",
        )


def passwords(patient: Patient) -> Iterator[Finding]:
    """Each of the staff has a password; without one, whoever has their link has the pages for
    staff."""
    staff = patient.settings.escalation.staff
    if not patient.settings.backend.embedded or patient.backend_store is None or not staff:
        return
    store = open_read_only(patient.backend_store)
    try:
        with store.read() as connection:
            holders = Passwords.holders(connection)
    except (SQLAlchemyError, OSError):
        # A store that is damaged, or older than passwords: its own check says so.
        return
    finally:
        store.close()
    without = [person for person in staff if STAFF + person not in holders]
    if not without:
        yield well("passwords", "each of the staff has one")
        return
    if len(without) == 1:
        what = f"{without[0]} has none: whoever has their link opens the pages for staff"
    else:
        names = ", ".join(without)
        what = f"{names} have none: whoever has a link of theirs opens the pages for staff"
    yield look("passwords", what, f"give them one: doorknock person password {without[0]}")


def address(patient: Patient) -> Iterator[Finding]:
    """A phone can open the links that it is sent."""
    if not patient.settings.backend.embedded:
        return
    web = patient.settings.web
    parts = urlsplit(web.base_url)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        yield look(
            "links",
            f"{web.base_url} opens on this computer alone",
            "write this computer's address as 'base_url' under [web]",
        )
    elif web.host in ("localhost", "::1") or web.host.startswith("127."):
        yield look(
            "links",
            "the page is for this computer alone (a proxy may carry it further)",
            'without a proxy write host = "0.0.0.0" under [web]',
        )
    elif parts.scheme == "http" and (parts.port or 80) != web.port:
        yield look(
            "links",
            f"{web.base_url} goes to port {parts.port or 80}, and the page is on port {web.port}",
            f"without a proxy write :{web.port} at the end of 'base_url' under [web]",
        )
    else:
        yield well("links", web.base_url)

"""`doorknock person link, password, logout, list`: the people who respond, and how they come in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.backend.database import open_database
from gateway.backend.links import links_of
from gateway.backend.logins import STAFF, Logins, give_password
from gateway.backend.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, Passwords
from gateway.backend.vault import Vault
from gateway.errors import PersonError, SettingsError
from gateway.options import Config
from gateway.secret_file import load_secrets
from gateway.settings import Settings, load
from gateway.store import Store
from gateway.typed_in import typed_in

person_app = typer.Typer(help="The people who respond.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(help="Their id, as in the configuration.")]


@person_app.command("link")
def link(person: Person, config: Config) -> None:
    """Print a person's own way to the page. Whoever has it is that person."""
    settings = load(config)
    _known(settings, person)
    typer.echo(links_of(settings, _now).for_person(person))


@person_app.command("password")
def password(
    person: Person,
    config: Config,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Read it from a file's first line.")
    ] = None,
    password_fd: Annotated[
        int | None, typer.Option("--password-fd", help="Read it from this open file descriptor.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take it away: their link is enough again.")
    ] = False,
) -> None:
    """Set the password by which somebody of the staff logs in. Whoever was in is out."""
    settings = load(config)
    _known(settings, person)
    if person not in settings.escalation.staff:
        raise PersonError(
            f"{person!r} is not among 'staff' under [escalation] of {settings.path}; add them "
            "there first. Responders come in by their link and need no password."
        )
    if remove and (password_file is not None or password_fd is not None):
        raise typer.BadParameter("give --remove or a password, not both")
    with _Opened(settings) as database:
        if remove:
            with database.write() as connection:
                there = Passwords.remove(connection, STAFF + person)
            ended = Logins(database, _now).end_all(STAFF + person)
            if not there:
                raise PersonError(f"{person!r} has no password.")
            typer.echo(f"{person}: no password any more; {ended} logged out.")
            return
        given = typed_in(
            f"password of {person}",
            password_file,
            password_fd,
            PersonError,
            new=True,
            shortest=SHORTEST_PASSWORD,
            option="--password-file",
        )
        if len(given) > LONGEST_PASSWORD:
            raise PersonError(f"A password has {LONGEST_PASSWORD} letters at most.")
        passwords = Passwords(database, Vault(load_secrets(settings).vault_key), _now)
        give_password(database, passwords, STAFF + person, given)
    typer.echo(
        f"{person} logs in at {settings.web.base_url}/login from now on. Their link still lets "
        "them in as a responder; the pages for staff ask for the password."
    )


@person_app.command("logout")
def logout(person: Person, config: Config) -> None:
    """End every login of somebody of the staff, at once: a telephone that was lost."""
    settings = load(config)
    _known(settings, person)
    with _Opened(settings) as database:
        ended = Logins(database, _now).end_all(STAFF + person)
    typer.echo(f"{person}: {ended} logged out. Set another password: doorknock person password.")


@person_app.command("list")
def list_people(config: Config) -> None:
    """Show who responds, who is of the staff, and who of them has a password."""
    settings = load(config)
    with _Opened(settings) as database, database.read() as connection:
        for one in settings.people:
            words = ["responder"]
            if one.id in settings.escalation.staff:
                made = Passwords.made_at(connection, STAFF + one.id)
                since = f"password of {made:%Y-%m-%d}" if made else "no password: staff by link"
                words = ["staff", since]
            typer.echo(f"{one.id:<16}  {one.name:<24}  {', '.join(words)}")


class _Opened:
    """The backend's store, for as long as a command takes."""

    def __init__(self, settings: Settings) -> None:
        load_secrets(settings)  # makes the data directory, where there is none
        self._store = open_database(settings.backend_database)

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _known(settings: Settings, person: str) -> None:
    people = [one.id for one in settings.people]
    if person not in people:
        known = ", ".join(people) or "nobody"
        raise SettingsError(
            f"There is no {person!r} in [[people]] of {settings.path}, where there is {known}; "
            "write one of these, or add them."
        )


def _now() -> datetime:
    return datetime.now(UTC)

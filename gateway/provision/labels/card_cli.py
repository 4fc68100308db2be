"""`doorknock label resident`: a card is made, and printed once."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway.address import is_loopback
from gateway.backend.cards import Cards
from gateway.backend.database import open_database
from gateway.backend.passwords import Passwords
from gateway.backend.vault import Vault
from gateway.care.acts import care_of
from gateway.errors import LabelError
from gateway.options import Config
from gateway.provision.labels import resident_card
from gateway.provision.labels.canvas import Fonts
from gateway.provision.labels.door_card import PAPERS
from gateway.provision.labels.resident_card import ResidentCard
from gateway.secret_file import load_secrets
from gateway.settings import LANGUAGES, load
from gateway.web.resident.handing_over import HandingOver


def resident(
    unit: Annotated[str, typer.Argument(help="The room, such as 204.")],
    config: Config,
    to: Annotated[Path, typer.Option("--to", help="The PDF to write, new; - is standard output.")],
    same_person: Annotated[
        bool, typer.Option("--same-person", help="They have lost the card; it stops at once.")
    ] = False,
    new_person: Annotated[
        bool,
        typer.Option("--new-person", help="Somebody has moved in: delete what is kept of before."),
    ] = False,
    language: Annotated[
        str | None, typer.Option(help="en, es or fr; the house's, if not given.")
    ] = None,
    paper: Annotated[str, typer.Option(help="a4 or letter.")] = "a4",
    font: Annotated[Path | None, typer.Option(help="A .ttf font.")] = None,
) -> None:
    """Make the card with which a resident opens a page of their own. Hand it over in person."""
    if same_person and new_person:
        raise typer.BadParameter("it is for the same person, or for a new one, not both")
    if language not in (None, *LANGUAGES):
        raise typer.BadParameter(f"the languages are {', '.join(LANGUAGES)}")
    if paper not in PAPERS:
        raise typer.BadParameter(f"the papers are {', '.join(PAPERS)}")
    settings = load(config)
    fonts = Fonts(font)
    base_url = settings.web.base_url
    words = language or settings.web.language
    secrets = load_secrets(settings)
    database = open_database(settings.backend_database)
    care = care_of(settings, lambda: int(_now().timestamp() * 1000))
    try:
        cards = Cards(database, Passwords(database, Vault(secrets.vault_key), _now), _now)
        handing_over = HandingOver(database, cards, care)
        where = handing_over.find(unit)
        heading = f"{unit}, {_now():%Y-%m-%d}. Cut it out, hand it over, keep no copy."

        def draw(address: str, pin: str) -> bytes:
            return resident_card.pdf(ResidentCard(address, pin, words, heading), paper, fonts)

        # Whatever could keep it from being printed shows now, while the old card still works.
        draw(f"{base_url}/r/{'x' * 22}", "000000")
        whose = True if new_person else False if same_person else None
        with _opened(to) as out:
            made = handing_over.make(where, new_person=whose)
            out.write(draw(f"{base_url}/r/{made.resident.card}", made.pin))
    finally:
        database.close()
        if care is not None:
            care.close()
    typer.echo(
        (
            f"The card of {unit} is in {to}. Print it, hand it over in person, and delete the "
            "file: the PIN is kept nowhere else."
            if str(to) != "-"
            else f"The card of {unit} is made; the PIN is kept nowhere."
        )
        + (" The earlier card has stopped." if where.made_at is not None else ""),
        err=True,
    )
    if is_loopback(base_url):
        typer.echo(
            f"No phone can open {base_url}: write this computer's address as 'base_url' under "
            "[web], and make the card anew.",
            err=True,
        )


@contextmanager
def _opened(to: Path) -> Iterator[BinaryIO]:
    """A new file that its owner alone can read; gone again where it was not written whole."""
    if str(to) == "-":
        yield typer.get_binary_stream("stdout")
        return
    try:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LabelError(f"There is a file {to} already; name another.") from None
    except OSError as error:
        raise LabelError(f"{to} cannot be written: {error.strerror}; name another.") from None
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
    except BaseException:
        with contextlib.suppress(OSError):
            to.unlink()
        raise


def _now() -> datetime:
    return datetime.now(UTC)

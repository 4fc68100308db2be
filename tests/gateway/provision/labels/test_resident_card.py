"""The resident's card: printed once, read by a telephone, and what it opens."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.backend.cards import Cards
from gateway.backend.database import open_database
from gateway.backend.passwords import Passwords
from gateway.backend.service import utc_now
from gateway.backend.vault import Vault
from gateway.errors import GatewayError, LabelError
from gateway.provision.labels import resident_card
from gateway.provision.labels.canvas import Fonts
from gateway.provision.labels.cli import label_app
from gateway.provision.labels.resident_card import ResidentCard
from gateway.secret_file import load_secrets
from gateway.settings import LANGUAGES, load
from gateway.store import Store
from gateway.store import orders as order_table

from .conftest import codes, pages, seen

ADDRESS = "https://doorknock.example/r/" + "x" * 22


def run(home: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(
        label_app, ["resident", *arguments, "--config", str(home / "gateway.toml")]
    )
    if isinstance(done.exception, GatewayError):
        assert code == 1
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.output


def opens(home: Path, pdf: Path) -> bool:
    """Whether what is printed there, code and PIN, opens a page now."""
    settings = load(home / "gateway.toml")
    content = pdf.read_bytes()
    [address] = codes(seen(content, 200))
    pin = next(
        word + following
        for text in pages(content)
        for word, following in zip(text.split(), text.split()[1:], strict=False)
        if word.isdigit() and following.isdigit() and len(word + following) == 6
    )
    database = open_database(settings.backend_database)
    try:
        passwords = Passwords(database, Vault(load_secrets(settings).vault_key), utc_now)
        card = address.rsplit("/", 1)[1]
        return Cards(database, passwords, utc_now).find(card) is not None and passwords.check(
            f"resident:{card}", pin
        )
    finally:
        database.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_code_and_pin_are_legible_in_each_language(language: str, paper: str) -> None:
    pdf = resident_card.pdf(
        ResidentCard(ADDRESS, "012345", language, "204. Cut it out."), paper, Fonts()
    )
    assert codes(seen(pdf, 150)) == [ADDRESS]
    [text] = pages(pdf)
    assert "012 345" in text


def test_an_address_too_long_for_the_card_is_refused() -> None:
    with pytest.raises(LabelError, match="shorten 'base_url'"):
        resident_card.pdf(
            ResidentCard("https://" + "long." * 60 + "example", "012345", "en", ""), "a4", Fonts()
        )
    assert "012345" not in repr(ResidentCard(ADDRESS, "012345", "en", ""))


def test_a_card_is_made_and_printed_for_its_owner_alone(home: Path, store: Store) -> None:
    pdf = home / "card.pdf"
    said = run(home, "204", "--to", str(pdf))
    assert "delete the file" in said
    assert "earlier card" not in said  # there was none
    assert "No phone can open" in said  # this house has no address of its own yet
    assert stat.S_IMODE(pdf.stat().st_mode) == 0o600
    assert opens(home, pdf)


def test_made_anew_the_old_one_stops_and_it_has_to_be_said_for_whom(
    home: Path, store: Store
) -> None:
    first, second, third = (home / f"{n}.pdf" for n in (1, 2, 3))
    run(home, "204", "--to", str(first))
    assert "Say for whom" in run(home, "204", "--to", str(second), code=1)
    assert not second.exists()
    assert opens(home, first)
    assert "earlier card has stopped" in run(home, "204", "--to", str(second), "--same-person")
    assert not opens(home, first)
    run(home, "204", "--to", str(third), "--new-person")
    assert not opens(home, second)
    assert opens(home, third)


def test_a_card_that_cannot_be_printed_is_not_made(home: Path, store: Store) -> None:
    first = home / "first.pdf"
    run(home, "204", "--to", str(first))
    for to in (first, home / "nowhere" / "card.pdf"):
        assert "name another" in run(home, "204", "--to", str(to), "--same-person", code=1)
    (home / "no.ttf").write_text("no font")
    end = ["--to", str(home / "x.pdf"), "--same-person", "--font", str(home / "no.ttf")]
    assert "cannot be used" in run(home, "204", *end, code=1)
    assert opens(home, first)
    assert not (home / "x.pdf").exists()


def test_a_shared_washroom_and_a_room_without_devices_have_none(home: Path, store: Store) -> None:
    with store.write() as connection:
        order_table.save_in_force(connection, "d00200000001", {"mode": "washroom"}, 1)
    for unit in ("Washroom", "209", "300"):
        assert "no unit" in run(home, unit, "--to", str(home / "x.pdf"), code=1)


def test_it_may_go_straight_to_the_printer(home: Path, store: Store) -> None:
    done = CliRunner().invoke(
        label_app, ["resident", "204", "--to", "-", "--config", str(home / "gateway.toml")]
    )
    assert done.exit_code == 0
    assert done.stdout_bytes.startswith(b"%PDF")
    assert sorted(path.name for path in home.iterdir()) == ["data", "gateway.toml"]


@pytest.mark.parametrize(
    "arguments",
    [["--same-person", "--new-person"], ["--language", "de"], ["--paper", "a9"]],
)
def test_wrong_use_ends_with_2(home: Path, store: Store, arguments: list[str]) -> None:
    run(home, "204", "--to", str(home / "x.pdf"), *arguments, code=2)

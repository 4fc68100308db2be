"""`doorknock label`, as staff type it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.errors import GatewayError
from gateway.provision.labels.cli import label_app
from gateway.store import Store
from gateway.store import devices as table

from .conftest import pages


def run(*arguments: str | Path, code: int = 0) -> str:
    """What it says; or the sentence of what went wrong, for code 1."""
    done = CliRunner().invoke(label_app, [str(one) for one in arguments])
    if isinstance(done.exception, GatewayError):
        assert code == 1
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.output


def printed(home: Path, *arguments: str) -> str:
    run("devices", *arguments, "--config", home / "gateway.toml", "--to", home / "out.pdf")
    return " ".join(pages((home / "out.pdf").read_bytes()))


def test_all_devices_in_service_get_a_label_in_the_houses_language(
    home: Path, store: Store
) -> None:
    text = printed(home, "--all")
    for digits in ("d002 0000 0204", "d002 0000 1204", "d002 0000 0001", "Botón"):
        assert digits in text
    assert "0009" not in text  # retired
    assert "Bouton" in printed(home, "--all", "--language", "fr")


def test_one_unit_or_a_list(home: Path, store: Store) -> None:
    text = printed(home, "204")
    assert "d002 0000 0204" in text
    assert "d002 0000 1204" in text
    assert "0001" not in text
    text = printed(home, "d0:02:00:00:00:01", "204", "204")
    assert text.count("d002") == 3


def test_it_says_how_to_print_and_where_to_begin_the_next_time(home: Path, store: Store) -> None:
    said = run(
        *("devices", "--all", "--start", "80", "--to", home / "out.pdf"),
        *("--config", home / "gateway.toml"),
    )
    assert "3 labels on 2 sheets" in said
    assert "100 %" in said
    assert "--start 3" in said


def test_pictures_are_named_by_device(home: Path, store: Store) -> None:
    run("devices", "204", "--png", home / "png", "--config", home / "gateway.toml")
    found = sorted(path.name for path in (home / "png").iterdir())
    assert found == ["d00200000204.png", "d00200001204.png"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "--all"),
        (["204", "--all"], "--all"),
        (["204"], "--to"),
        (["--all", "--to", "a.pdf", "--png", "b"], "--to"),
        (["--all", "--to", "a.pdf", "--start", "0"], "start"),
        (["--all", "--to", "a.pdf", "--language", "de"], "en, es, fr"),
    ],
)
def test_wrong_use_ends_with_2(home: Path, store: Store, arguments: list[str], why: str) -> None:
    assert why in run("devices", *arguments, "--config", home / "gateway.toml", code=2)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["d00200000009"], "retired"),
        (["300"], "neither a device"),
        (["--all", "--sheet", "avery-1"], "there are avery"),
        (["--all", "--start", "81"], "places 1 to 80"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    home: Path, store: Store, arguments: list[str], why: str
) -> None:
    end = ["--to", home / "out.pdf", "--config", home / "gateway.toml"]
    assert why in run("devices", *arguments, *end, code=1)
    assert not (home / "out.pdf").exists()


def test_without_a_store_none_is_made(home: Path) -> None:
    end = ["--to", home / "out.pdf", "--config", home / "gateway.toml"]
    assert "start the gateway once" in run("devices", "--all", *end, code=1)
    assert not (home / "data" / "gateway.db").exists()


def test_a_folder_that_cannot_be_written_is_told(home: Path, store: Store) -> None:
    (home / "file").write_text("")
    end = ["--to", home / "file" / "out.pdf", "--config", home / "gateway.toml"]
    assert "cannot be written" in run("devices", "--all", *end, code=1)


def test_the_card_by_the_door_asks_the_sensor_what_it_sees(home: Path, store: Store) -> None:
    end = ["--to", home / "door.pdf", "--config", home / "gateway.toml"]
    assert "not been heard yet" in run("door", "--unit", "Washroom", *end, code=1)
    for tier, says in (("presence", False), ("breathing", True)):
        with store.write() as connection:
            table.change(connection, "d00200000001", {"tier": tier})
        run("door", "--unit", "Washroom", *end)
        assert ("breathing" in " ".join(pages((home / "door.pdf").read_bytes()))) is says
    assert "no sensor in" in run("door", "--unit", "209", *end, code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sees", "everything"],
        ["--sees", "breathing", "--unit", "Washroom"],
        ["--sees", "breathing", "--paper", "a9"],
        ["--sees", "breathing", "--language", "de"],
    ],
)
def test_a_card_is_never_made_by_guessing(home: Path, arguments: list[str]) -> None:
    run("door", *arguments, "--to", home / "door.pdf", code=2)
    assert not (home / "door.pdf").exists()


def test_a_pdf_may_go_straight_to_the_printer(home: Path) -> None:
    done = CliRunner().invoke(label_app, ["door", "--sees", "movement", "--to", "-"])
    assert done.exit_code == 0
    assert done.stdout_bytes.startswith(b"%PDF")


def test_the_papers_are_listed() -> None:
    assert "avery-5160" in run("papers")

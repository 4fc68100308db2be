"""secrets.toml: made once, added to once by a newer version, and never shown."""

import multiprocessing
from pathlib import Path

import pytest

from gateway.secret_file import FILE_NAME, load_secrets, read_secrets
from gateway.settings import Settings, parse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse(tmp_path / "gateway.toml", "")


def without_vault_key(settings: Settings) -> Path:
    """The file as a version without residents' pages made it."""
    load_secrets(settings)
    path = settings.data / FILE_NAME
    lines = [one for one in path.read_text().splitlines() if not one.startswith("vault_key")]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_older_file_gets_what_it_lacks_once_and_keeps_the_rest(settings: Settings) -> None:
    path = without_vault_key(settings)
    before = read_secrets(settings)
    assert before.vault_key == ""
    first = load_secrets(settings)
    assert first.vault_key
    assert first.session_key == before.session_key
    assert load_secrets(settings) == first
    assert path.stat().st_mode & 0o777 == 0o600


def _vault_key(path: str, keys: "multiprocessing.Queue[str]") -> None:
    keys.put(load_secrets(parse(Path(path), "")).vault_key)


def test_of_several_programs_at_once_only_one_adds_it(settings: Settings) -> None:
    without_vault_key(settings)
    context = multiprocessing.get_context("fork")
    keys: multiprocessing.Queue[str] = context.Queue()
    started = [
        context.Process(target=_vault_key, args=(str(settings.path), keys)) for _ in range(6)
    ]
    for one in started:
        one.start()
    found = {keys.get(timeout=30) for _ in started}
    for one in started:
        one.join()
    assert found == {load_secrets(settings).vault_key}


def test_no_secret_is_in_what_is_printed_of_them(settings: Settings) -> None:
    found = load_secrets(settings)
    assert found.vault_key not in repr(found)
    assert found.session_key not in repr(found)

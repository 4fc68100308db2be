"""The configuration file: what it may hold, and what is said when it cannot be used."""

import stat
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.secret_file import load_secrets, reveal
from gateway.settings import load


def written(folder: Path, text: str) -> Path:
    path = folder / "doorknock.toml"
    path.write_text(text)
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_an_empty_file_is_a_whole_configuration(tmp_path: Path) -> None:
    settings = load(written(tmp_path, ""))

    assert settings.data == tmp_path / "data"
    assert settings.escalation.remind_every_s == 60


def test_the_data_directory_is_relative_to_the_file(tmp_path: Path) -> None:
    assert load(written(tmp_path, '[gateway]\ndata = "x/y"')).data == tmp_path / "x" / "y"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", "http://127.0.0.1:8080"),
        ("[web]\nhost = '0.0.0.0'\nport = 8081", "http://127.0.0.1:8081"),
        ("[web]\nhost = '192.168.1.20'", "http://192.168.1.20:8080"),
        ("[web]\nhost = '::'", "http://[::1]:8080"),
        ("[web]\nport = 8081\n[backend]\nurl = 'http://localhost:8080'", "http://127.0.0.1:8081"),
        ("[backend]\nurl = 'https://house.example'", "https://house.example"),
        ("[backend]\nembedded = false\nurl = 'http://127.0.0.1:9'", "http://127.0.0.1:9"),
    ],
)
def test_a_backend_in_the_gateway_is_where_its_pages_are(
    tmp_path: Path, text: str, address: str
) -> None:
    assert load(written(tmp_path, text)).backend_url == address


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[gateway]\nname = 'a'\n[web]\nport = 99999", 4, "web.port"),
        ("[broker]\nport = 0", 2, "broker.port"),
        ("[broker]\nplain_device_port = 0", 2, "broker.plain_device_port"),
        ("[broker]\nplain_device_port = 1883", 1, "broker"),
        ("[broker]\nmanage = false\nplain_device_port = 1884", 1, "broker"),
        ("[gateway]\nnmae = 'a'", 2, "gateway.nmae"),
        ("[gatway]\nname = 'a'", 1, "gatway"),
        ("[web]\nlanguage = 'xx'", 2, "web.language"),
        ("[backend]\nurl = 'house'", 2, "backend.url"),
        ("[web]\nbase_url = 'http://192.168.1.20:80800'", 2, "web.base_url"),
        ("[escalation]\n\nremind_every_s = 0", 3, "escalation.remind_every_s"),
        ("[escalation]\nremind_every_s = 86400", 2, "escalation.remind_every_s"),
        ("[[people]]\nid='a'\nname='A'\n[[people]]\nid='b b'\nname='B'", 5, "people[2].id"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_key(
    tmp_path: Path, text: str, line: int, key: str
) -> None:
    said = complaint(tmp_path, text)

    assert str(tmp_path / "doorknock.toml") in said
    assert f"line {line}," in said
    assert f"'{key}'" in said
    assert said.count(".\n") == 0
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[gateway]\nname = 'Maple House'", "letters, digits, - _ . alone, without blanks"),
        ("[[people]]\nid = 'ana maria'\nname = 'Ana'", "without blanks"),
        ("[escalation]\nsteps = ['ana']", 'should be { people = ["ana"] }'),
        ("[escalation]\nsteps = 'ana'", "should be a list"),
        ("[[escalation]]\nsteps = []", "a section of its own, [escalation]"),
        ("[people]\nid = 'ana'\nname = 'Ana'", "of its own, [[people]], in two brackets"),
        ("[[people]]\nid = 'a'\nname = 'A'\nchannels = 'ntfy://x'", "should be a list"),
        ("[gateway]\ndata = 5", "a path in quotes"),
    ],
)
def test_what_it_should_be_is_told_as_staff_write_it(tmp_path: Path, text: str, what: str) -> None:
    assert what in complaint(tmp_path, text)


def test_the_mark_that_windows_editors_write_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "doorknock.toml"
    path.write_bytes(b"\xef\xbb\xbf[web]\r\nport = 8081\r\n")
    assert load(path).web.port == 8081


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in complaint(tmp_path, "[gateway]\nname = house")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no configuration file .*--config"):
        load(tmp_path / "none.toml")


def test_a_step_that_names_nobody_known_is_told(tmp_path: Path) -> None:
    said = complaint(tmp_path, "[[escalation.steps]]\npeople = ['ana']")

    assert "step 1" in said
    assert "'ana'" in said


def test_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    settings = load(written(tmp_path, ""))

    first = load_secrets(settings)
    again = load_secrets(settings)

    assert first == again
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.data / "secrets.toml").stat().st_mode) == 0o600
    assert first.webhook_secret not in repr(first)


def test_a_broken_secrets_file_is_told_without_its_secrets(tmp_path: Path) -> None:
    settings = load(written(tmp_path, ""))
    load_secrets(settings)
    (settings.data / "secrets.toml").write_text('webhook_secret = "whsec_hush')

    with pytest.raises(SettingsError) as caught:
        load_secrets(settings)

    assert "secrets.toml" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_channel_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    settings = load(written(tmp_path, ""))
    settings.data.mkdir()
    (settings.data / "ana").write_text("json://phone\n")

    assert reveal(settings, "file:ana") == "json://phone"
    assert reveal(settings, "json://other") == "json://other"
    (settings.data / "ben").write_bytes(b"\xef\xbb\xbfjson://phone\r\n")  # as Windows writes it
    assert reveal(settings, "file:ben") == "json://phone"
    with pytest.raises(SettingsError, match="cannot be read"):
        reveal(settings, "file:nobody")

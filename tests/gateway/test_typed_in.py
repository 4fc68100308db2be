"""What is typed at a terminal: asked twice where it is new, and told where it is no text."""

import getpass
from collections.abc import Iterator

import pytest
import typer

from gateway import typed_in
from gateway.errors import PersonError
from gateway.provision.setup import ask
from gateway.provision.setup.trouble import Unfit


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str | Exception]:
    """A terminal at which these lines are typed, one after the other."""
    lines: list[str | Exception] = []
    following: Iterator[str | Exception] = iter(lines)

    def typed(*_: object, **__: object) -> str:
        line = next(following)
        if isinstance(line, Exception):
            raise line
        return line

    monkeypatch.setattr(typed_in.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", typed)
    monkeypatch.setattr(typer, "prompt", typed)
    return lines


def not_utf_8() -> UnicodeDecodeError:
    """As Python raises it where nothing is shown of what is typed."""
    return UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "invalid continuation byte")


def a_password() -> str:
    return typed_in.typed_in(
        "password of ben", None, None, PersonError, new=True, shortest=15, option="--password-file"
    )


def test_a_password_of_other_bytes_than_text_is_told(terminal: list[str | Exception]) -> None:
    terminal += [not_utf_8()]
    with pytest.raises(PersonError, match="not UTF-8 text"):
        a_password()


def test_a_password_is_asked_twice(terminal: list[str | Exception]) -> None:
    terminal += ["four or five words", "four or five words"]
    assert a_password() == "four or five words"
    terminal += ["four or five words", "four or six words"]
    with pytest.raises(PersonError, match="not the same"):
        a_password()


@pytest.mark.parametrize("line", ["caf\udce9", not_utf_8()])
def test_an_answer_of_other_bytes_than_text_is_told(
    terminal: list[str | Exception], line: str | Exception
) -> None:
    terminal += [line]
    with pytest.raises(Unfit, match="not UTF-8 text"):
        ask._typed("The name of the Wi-Fi that devices join")

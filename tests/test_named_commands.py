"""Every `doorknock …` that the documents name is there, with the options they name."""

import re
import shlex
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from gateway.cli import COMMANDS, app

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        ROOT / "README.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("boards/**/*.md"),
        ROOT / "Makefile",
    ]
)
_BLOCK = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`[^`\n]+`")
# As in `sudo doorknock doctor`, `.venv/bin/doorknock demo`; no folder, nor whom `sudo -u` names.
_COMMAND = re.compile(r"(?:^|[\s`]|bin/)(?<!-u )doorknock +([a-z].*)")


@cache
def commands() -> Any:
    """`doorknock` with the commands of all parts, as pyproject.toml names them."""
    whole: Any = typer.main.get_command(app)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, where in project["entry-points"][COMMANDS].items():
        module, _, attribute = where.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            one = typer.Typer()
            one.command(name)(found)
            found = one
        whole.add_command(typer.main.get_command(found), name)
    return whole


def typed(page: Path) -> list[str]:
    """What stands after `doorknock` wherever code of *page* has it, without comments."""
    text = page.read_text("utf-8")
    code = text if page.suffix == "" else "\n".join(_BLOCK.findall(text))
    lines = [line for line in code.splitlines() if not line.lstrip().startswith(("#", "→", "- "))]
    spans = [span.strip("`") for span in _SPAN.findall(_BLOCK.sub("", text))]
    found = [match[1] for line in lines + spans if (match := _COMMAND.search(line))]
    return [re.split(r"\s#|[;|&…]|\s{2,}", line)[0].strip() for line in found]


def wrong_with(line: str) -> str:
    """What is wrong with *line*; "" where nothing is.

    Only names are tried, of commands and of options: what stands in their places may be made up.
    """
    words = shlex.split(line)
    command = commands()
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"there is no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    options = {"--help"}
    for one in command.params:
        options |= {*one.opts, *one.secondary_opts}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    unknown = [option for option in given if option not in options]
    return f"it has no option {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_named_is_there_with_its_options(page: Path) -> None:
    wrong = {line: wrong_with(line) for line in typed(page)}

    assert {line: why for line, why in wrong.items() if why} == {}


def test_a_command_that_is_not_there_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`doorknock fly`, `sudo doorknock device lend 204`, see `install/doorknock` there\n\n"
        "```sh\nsudo doorknock device test 204 --loud   # not there\n"
        ".venv/bin/doorknock flash --all --board xiao-esp32c3\ncd doorknock\n```\n"
    )
    assert [(line, wrong_with(line)) for line in typed(page)] == [
        ("device test 204 --loud", "it has no option --loud"),
        ("flash --all --board xiao-esp32c3", ""),
        ("fly", "there is no command 'fly'"),
        ("device lend 204", "there is no command 'lend'"),
    ]


def test_the_documents_name_many() -> None:
    assert sum(len(typed(page)) for page in PAGES) > 80

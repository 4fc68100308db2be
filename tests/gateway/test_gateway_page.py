"""docs/gateway.md says what is true: its configuration is one, its commands are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text(encoding="utf-8")


def doorknock(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from gateway.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def config(tmp_path):
    """The page's own example, as a file, with the phone's address it points to."""
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
    path = tmp_path / "gateway.toml"
    path.write_text(example, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ana-phone").write_text("json://127.0.0.1:9/ana\n")
    return path


def test_the_example_is_a_configuration(config):
    settings = load(config)
    assert [step.people for step in settings.escalation.steps] == [["ana"], ["ana", "ben"]]
    assert settings.units[0].ok_closes


def test_the_example_names_every_section(config):
    settings = load(config)
    assert set(type(settings).model_fields) - {"path"} == settings.model_fields_set - {"path"}


def test_the_commands_of_the_page_work(config):
    """Each line of the page that begins with `doorknock`, in order, on the page's own example."""
    commands = re.findall(r"^doorknock ([^#\n]+)", PAGE, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        words = command.replace("gateway.toml", str(config)).replace(
            "204.secret", str(config.with_name("204.secret"))
        )
        done = doorknock(*words.split())
        assert done.returncode == 0, (command, done.stderr)


def test_a_persons_link_is_their_own_way_in(config):
    done = doorknock("person", "link", "ben", "--config", str(config))
    assert re.fullmatch(r"http://192\.168\.1\.20:8080/in/\S+\n", done.stdout)


def test_somebody_who_is_not_there_has_no_link(config):
    done = doorknock("person", "link", "zoe", "--config", str(config))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "zoe" in done.stderr
    assert "ana, ben" in done.stderr

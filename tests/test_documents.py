"""The documents lead where they say, and what can be tried of them works."""

import re
import textwrap
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from doorknock.config import Config

from gateway.settings import parse

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("boards/**/*.md"),
    ]
)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
_WEB = ("http://", "https://", "mailto:")


def links(page: Path) -> list[str]:
    """Where *page* points to in this repository, without what is in code."""
    found = _LINK.findall(_CODE.sub("", page.read_text("utf-8")))
    return [target for pair in found for target in pair if target and not target.startswith(_WEB)]


def anchors(page: Path) -> set[str]:
    """The headings of *page* as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
    return {title.strip().replace(" ", "-") for title in plain}


def block(page: str, language: str) -> str:
    """The first block of code in *language*."""
    text = (ROOT / page).read_text("utf-8")
    found = re.search(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_something_that_is_there(page: Path) -> None:
    lost = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


def test_the_configuration_for_a_home_is_one() -> None:
    text = block("docs/home-without-a-programme.md", "toml")

    settings = parse(Path("gateway.toml"), text)

    assert [step.people for step in settings.escalation.steps] == [["kim"]]
    assert {person.id for person in settings.people} == {"kim", "me"}
    # Where the service may write: install/doorknock.service keeps it out of everywhere else.
    assert settings.data == Path("/var/lib/doorknock/data")
    assert tomllib.loads(text)["escalation"]["staff"] == settings.escalation.staff


def test_each_trial_of_the_first_real_boards_has_its_line_in_the_form() -> None:
    page = (ROOT / "docs/hardware-acceptance.md").read_text("utf-8")
    trials = re.findall(r"^\| (\d\.\d\w?) \|", page, re.MULTILINE)
    lines = re.findall(r"^(\d\.\d\w?) +_", page, re.MULTILINE)

    assert len(trials) > 30
    assert lines == trials


class Nvs:
    """What a board keeps, as esp32.NVS does."""

    def __init__(self) -> None:
        self.kept: dict[str, int | bytes] = {}

    def set_i32(self, name: str, value: int) -> None:
        self.kept[name] = value

    def set_blob(self, name: str, value: bytes) -> None:
        self.kept[name] = value

    def commit(self) -> None: ...

    def get_i32(self, name: str) -> int:
        return int(self._one(name))

    def get_blob(self, name: str, buffer: bytearray) -> int:
        value = self._one(name)
        buffer[: len(value)] = value
        return len(value)

    def _one(self, name: str):
        if name not in self.kept:
            raise OSError(-0x1102, "ESP_ERR_NVS_NOT_FOUND")
        return self.kept[name]


def test_a_board_that_was_set_up_by_hand_lacks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bench.secret").write_text("5a" * 32 + "\n")
    monkeypatch.setattr("os.umask", lambda mask: mask)
    exec(block("docs/hardware-acceptance.md", "python"), {})  # noqa: S102 - our own page
    nvs, resets = Nvs(), []
    esp32 = SimpleNamespace(NVS=lambda name: nvs if name == "doorknock" else None)
    machine = SimpleNamespace(reset=lambda: resets.append(1))

    monkeypatch.setitem(__import__("sys").modules, "esp32", esp32)
    monkeypatch.setitem(__import__("sys").modules, "machine", machine)
    exec((tmp_path / "on_the_board.py").read_text(), {})  # noqa: S102 - the same

    config = Config(nvs)
    assert config.lacking == []
    assert [one for one in config.problems if one[1] != "missing"] == []
    assert (config["wifi_ssid"], config["pin_radar_rx"], config["hold_low"]) == (
        "bench",
        17,
        b"\x03\x0e",
    )
    assert resets == [1]

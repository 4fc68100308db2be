"""The studio's addresses: its page in three languages, and who may steer it."""

import contextlib
import html
import re
import tomllib
from pathlib import Path

import httpx
import pytest
from doorknock import detector, signals, watch, wire

from gateway.settings import LANGUAGES
from sim.studio.page import CATALOGUE, HERE
from sim.studio.page import page as studio_page
from sim.studio.situations import situations

JSON = {"content-type": "application/json"}


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served.address) as client:
        yield client


def texts(language):
    return tomllib.loads((HERE / "languages" / f"{language}.toml").read_text(encoding="utf-8"))


def values(text):
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_its_values(language):
    own, english = texts(language), texts("en")
    assert set(own) == set(english)
    assert [key for key in own if values(own[key]) != values(english[key])] == []
    assert [key for key in own if not own[key].strip()] == []


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_whole_library_is_told_in_every_language(language):
    library = {one.name: one for one in situations() if not one.own}
    page = html.unescape(studio_page(language, list(library.values())).body.decode())
    folder = HERE / "languages" / "library"
    told = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
    assert set(told) == set(library)
    for name, one in library.items():
        assert one.title not in page
        assert one.about not in page
        assert f'<option value="{name}">{told[name]["title"]}</option>' in page
        assert f'data-about="{name}" hidden>{told[name]["about"]}</p>' in page


def test_there_is_a_text_for_all_that_the_firmware_can_show():
    known = set(texts("en"))
    wanted = {f"sees_{name}" for name in detector.NAMES}
    wanted |= {f"does_{name}" for name in watch.NAMES}
    wanted |= {f"light_{name}" for name in signals.PATTERNS | signals.SHORT}
    wanted |= {f"light_{name}_more" for name in wire.LIGHTS}
    wanted |= {f"why_{cause}" for cause in wire.CAUSES}
    assert wanted - known == set()


def test_the_script_says_nothing_that_has_no_text():
    known = set(texts("en"))
    said = set()
    for script in (HERE / "static").glob("*.js"):
        said |= set(re.findall(r'say\("(\w+)"', script.read_text(encoding="utf-8")))
    assert len(said) > 10
    assert said - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_it_is_in_the_visitors_language(client, language):
    page = client.get("/", headers={"accept-language": language})
    assert f'<html lang="{language}">' in page.text
    assert CATALOGUE.say(language, "honest") in html.unescape(page.text)
    client.get(f"/language/{language}")
    again = client.get("/", headers={"accept-language": "xx"})
    assert f'<html lang="{language}">' in again.text


def test_the_page_uses_nothing_of_another_site(client):
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert re.findall(r'(?:src|href)="(?!/|#)', page.text) == []
    assert " style=" not in page.text


def test_a_form_of_another_site_can_steer_nothing(client):
    posted = client.post("/visits", content="{}", headers={"content-type": "text/plain"})
    assert posted.status_code == 415


def test_another_name_for_this_machine_is_not_answered(client):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('{"situation": "nowhere"}', 400),
        ('{"situation": {}}', 400),
        ('{"seed": -1}', 400),
        ('{"seed": true}', 400),
        ('{"seed": 4294967296}', 400),
        ('{"seed": "' + "9" * 5000 + '"}', 413),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(client, body, status):
    assert client.post("/visits", content=body, headers=JSON).status_code == status


def test_a_body_without_an_end_is_not_read_to_its_end(client):
    def endless():
        for _ in range(100_000):
            yield b" " * 1000

    # It may hang up on us before we have sent it all.
    with contextlib.suppress(httpx.WriteError):
        assert client.post("/visits", content=endless(), headers=JSON).status_code == 413


def test_a_visit_that_nobody_has_is_not_found(client):
    assert client.get("/visits/nobody/live").status_code == 404
    assert client.post("/visits/nobody/orders", json={}).status_code == 404
    assert client.post("/visits/nobody/restart", json={}).status_code == 404


def test_a_visitor_chooses_a_situation_and_a_seed(client):
    visit = client.post("/visits", json={"situation": "second", "seed": 12}).json()["visit"]
    with client.stream("GET", f"/visits/{visit}/live") as stream:
        scene = next(line for line in stream.iter_lines() if "width_m" in line)
    assert '"situation": "second"' in scene
    assert '"seed": 12' in scene


def test_the_stylesheet_stands_still_for_whom_movement_makes_ill():
    style = Path(HERE / "static" / "studio.css").read_text(encoding="utf-8")
    calm = style.split("@media (prefers-reduced-motion: no-preference)")[0]
    assert "animation" not in calm
    assert "transition" not in calm

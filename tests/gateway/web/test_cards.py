"""Staff make residents' cards on their page: shown once, handed over, and never looked into."""

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from tests.gateway.backend.conftest import House

from .conftest import Browser
from .test_resident import Phone, house, open_house, there  # noqa: F401


@pytest.fixture
def dora(house: House) -> Browser:  # noqa: F811
    browser = Browser(house)
    browser.come_in("dora")
    return browser


def shown(browser: Browser) -> tuple[str, str]:
    """(path of the page, PIN) of the card on the page, as a telephone and a person read them."""
    text = browser.page.text
    pin = re.search(r'class="pin-shown">(\d{3}) (\d{3})<', text)
    svg = re.search(r"<svg[^>]*class=\"qr\".*?</svg>", text, re.DOTALL)
    assert pin is not None
    assert svg is not None
    [code] = zxingcpp.read_barcodes(_drawn(svg[0]))
    assert code.text in text
    return code.text.removeprefix("http://127.0.0.1:8080"), pin[1] + pin[2]


def _drawn(svg: str) -> Image.Image:
    """segno's picture: one path of horizontal strokes, one unit wide."""
    size = re.search(r'viewBox="0 0 (\d+)', svg) or re.search(r'width="(\d+)', svg)
    assert size is not None
    path = re.search(r' d="([^"]+)"', svg)
    scale = re.search(r"scale\((\d+)\)", svg)
    assert path is not None
    side = int(size[1]) // (int(scale[1]) if scale else 1)
    picture = Image.new("L", (side * 4, side * 4), 255)
    draw, x, y = ImageDraw.Draw(picture), 0.0, 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path[1]):
        if step == "M":
            x, y = float(first), float(second)
        elif step == "m":
            x, y = x + float(first), y + float(second)
        else:
            top = (y - 0.5) * 4
            draw.rectangle((x * 4, top, (x + float(first)) * 4 - 1, top + 3), fill=0)
            x += float(first)
    return picture


def test_staff_make_a_card_and_the_resident_comes_in(house: House, dora: Browser) -> None:  # noqa: F811
    assert 'href="/residents"' in dora.open("/now").text
    dora.open("/residents")
    assert "no card yet" in dora.page.text
    dora.open("/residents/house-1/204")
    dora.press("204")
    path, pin = shown(dora)
    assert "this one stops." not in dora.page.text  # loading it again asks for whom it is
    kim = Phone(house)
    kim.open(path)
    kim.send(path, pin=pin)
    assert "204: your page" in kim.page.text
    assert "no card yet" in dora.open("/residents").text  # 205
    assert pin not in dora.page.text


def test_looking_at_the_question_makes_nothing(house: House, dora: Browser) -> None:  # noqa: F811
    for _ in range(2):
        dora.open("/residents/house-1/204")
        assert "make a card" in dora.page.text
    assert dora.open("/residents").text.count("no card yet") == 2


def test_anew_it_is_for_the_same_person_or_a_new_one(house: House, dora: Browser) -> None:  # noqa: F811
    dora.open("/residents/house-1/204")
    dora.press("204")
    path, pin = shown(dora)
    kim = Phone(house)
    kim.open(path)
    kim.send(path, pin=pin)
    kim.open("/mine/plan")
    kim.press("plan", plan="blue box", contact="")
    asked = dora.open("/residents/house-1/204")
    token = re.search(r'name="token" value="([^"]+)"', asked.text)
    assert token is not None

    def make(whose: str) -> None:
        address = "/residents/house-1/204"
        dora.ask("POST", address, data={"token": token[1], "for": whose})

    make("first")  # a page of before there was a card
    assert dora.page.status_code == 409
    assert "has a card since" in dora.page.text
    make("anybody")
    assert dora.page.status_code == 404
    make("same")
    assert "Loading the page again makes another card" in dora.page.text
    new = Phone(house)
    path, pin = shown(dora)
    new.open(path)
    new.send(path, pin=pin)
    assert "Your page is closed" in kim.open("/mine").text
    # Staff who made it for themselves read nothing of what was written.
    assert "blue box" not in new.open("/mine/plan").text
    make("new")
    path, pin = shown(dora)
    new.open(path)
    new.send(path, pin=pin)
    new.open("/mine/plan")
    assert "There is a plan" not in new.page.text


def test_a_responder_makes_none(house: House) -> None:  # noqa: F811
    ana = Browser(house)
    ana.come_in("ana")
    assert 'href="/residents"' not in ana.open("/now").text
    own = re.search(r'name="form-token" content="([^"]+)"', ana.page.text)
    assert own is not None
    for path in ("/residents", "/residents/house-1/204"):
        assert ana.open(path).status_code == 403
    ana.ask("POST", "/residents/house-1/204", data={"token": own[1], "for": "first"})
    assert ana.page.status_code == 403


@pytest.mark.parametrize("unit", ["999", "../204", "<b>", "204/x"])
def test_a_unit_that_is_none_is_told(dora: Browser, unit: str) -> None:
    assert dora.open(f"/residents/house-1/{unit}").status_code == 404

"""How staff log in, and out, without any script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.backend.logins import STAFF, Logins, give_password
from gateway.backend.passwords import TRIES, Passwords
from gateway.backend.vault import Vault
from tests.gateway.backend.conftest import SECRETS, House

from .conftest import Browser

RIGHT = "correct horse battery"
WRONG = "That did not open it"


def give(house: House, person: str, password: str = RIGHT) -> None:
    database, clock = house.backend.database, house.clock
    passwords = Passwords(database, Vault(SECRETS.vault_key), clock)
    give_password(database, passwords, STAFF + person, password)


@pytest.fixture
def dora(house: House) -> Browser:
    """Of the staff, with a password, before the login."""
    give(house, "dora")
    browser = Browser(house)
    browser.open("/login")
    return browser


def log_in(browser: Browser, person: str = "dora", password: str = RIGHT) -> Browser:
    browser.open("/login")
    browser.press("login", person=person, password=password)
    return browser


def test_the_password_lets_staff_in(dora: Browser) -> None:
    log_in(dora)
    assert dora.page.status_code == 200
    assert "You are here as Dora" in dora.page.text
    assert dora.open("/me").status_code == 200
    assert "this browser" in dora.page.text


def test_the_cookie_is_for_the_browser_alone(dora: Browser) -> None:
    dora.open("/login")
    answer = dora.ask(
        "POST",
        "/login",
        follow=False,
        data={"token": token(dora), "person": "dora", "password": RIGHT},
    )
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if "doorknock-staff" in one]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_the_cookies_are_secure(open_house: Callable[..., House]) -> None:
    house = open_house(base_url="https://doorknock.example")
    answer = Browser(house).ask("GET", "/login")
    assert all("Secure" in one for one in answer.headers.get_list("set-cookie"))
    assert "not encrypted" not in answer.text


def test_over_http_the_page_says_so(dora: Browser) -> None:
    assert "not encrypted" in dora.open("/login").text


def token(browser: Browser) -> str:
    found = re.search(r'name="token" value="([^"]+)"', browser.page.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("person", "password"),
    [("dora", "wrong"), ("dora", ""), ("ana", RIGHT), ("nobody", RIGHT), ("é\x00", "é"), ("", "")],
)
def test_all_that_is_wrong_is_answered_in_the_same_words(
    dora: Browser, person: str, password: str
) -> None:
    log_in(dora, person, password)
    assert dora.page.status_code == 403
    assert WRONG in dora.page.text
    assert dora.open("/now").status_code == 403


def test_a_responder_with_a_password_of_former_days_is_no_staff(
    house: House, dora: Browser
) -> None:
    give(house, "ana")
    log_in(dora, "ana")
    assert dora.page.status_code == 403


def test_after_five_wrong_ones_it_is_shut_with_the_same_words(house: House, dora: Browser) -> None:
    for _ in range(TRIES):
        log_in(dora, password="wrong")
    log_in(dora)
    assert dora.page.status_code == 403
    assert WRONG in dora.page.text
    house.clock.forward(61)
    log_in(dora)
    assert dora.page.status_code == 200


@pytest.mark.parametrize("given", [None, "", "wrong", "é"])
def test_a_form_of_another_site_logs_nobody_in(dora: Browser, given: str | None) -> None:
    data = {"person": "dora", "password": RIGHT} | ({} if given is None else {"token": given})
    assert dora.ask("POST", "/login", data=data).status_code == 403
    assert dora.open("/now").status_code == 403


def test_the_form_of_one_browser_is_not_that_of_another(house: House, dora: Browser) -> None:
    other = Browser(house)
    other.open("/login")
    data = {"person": "dora", "password": RIGHT, "token": token(dora)}
    assert other.ask("POST", "/login", data=data).status_code == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/now", "/\\evil.example"])
def test_the_login_leads_to_no_other_site(dora: Browser, to: str) -> None:
    data = {"person": "dora", "password": RIGHT, "token": token(dora), "to": to}
    answer = dora.ask("POST", "/login", follow=False, data=data)
    assert answer.headers["location"] == "/now"


def test_a_link_is_staff_until_there_is_a_password_and_a_responder_from_then_on(
    house: House,
) -> None:
    browser = Browser(house)
    browser.come_in("dora")
    alert = house.happens("press", taps=1)
    assert browser.open(f"/alerts/{alert}/done").url.path.endswith("/done")
    give(house, "dora")
    assert not browser.open(f"/alerts/{alert}/done").url.path.endswith("/done")
    assert 'href="/login"' in browser.open("/now").text
    browser.press  # noqa: B018 - she still responds, by the same link
    browser.open(f"/alerts/{alert}")
    browser.press("on-my-way")
    assert house.alert(alert).attending == ("dora",)


def test_logging_out_ends_it_here_and_everywhere(house: House, dora: Browser) -> None:
    log_in(dora)
    other = log_in(Browser(house))
    dora.open("/me")
    assert dora.page.text.count("Log out</button>") == 2
    dora.press("end-all")
    for browser in (dora, other):
        assert browser.open("/now").status_code == 403


def test_one_of_two_can_be_ended(house: House, dora: Browser) -> None:
    log_in(dora)
    house.clock.forward(60)
    other = log_in(Browser(house))
    other.open("/me")
    forms = re.findall(r'name="login" value="([^"]+)"', other.page.text)
    other.ask("POST", "/me/end", data={"token": token(other), "login": forms[1]})
    assert dora.open("/now").status_code == 403
    assert other.open("/now").status_code == 200


def test_a_login_ends_by_itself_after_a_day(house: House, dora: Browser) -> None:
    log_in(dora)
    house.clock.forward(12 * 3600)
    assert dora.open("/now").status_code == 403


def test_who_has_left_the_staff_is_out_at_once(
    open_house: Callable[..., House], dora: Browser, house: House
) -> None:
    log_in(dora)
    after = Browser(open_house(staff=()), cookies=dora.cookies)
    after.house.clock.now = house.clock.now
    assert after.open("/now").status_code == 403


def test_it_goes_on_over_a_restart(open_house: Callable[..., House], dora: Browser) -> None:
    log_in(dora)
    after = Browser(open_house(), cookies=dora.cookies)
    assert after.open("/me").status_code == 200


def test_another_password_needs_the_present_one_and_ends_the_other_logins(
    house: House, dora: Browser
) -> None:
    log_in(dora)
    other = log_in(Browser(house))
    new = "four words and one more"
    dora.open("/me")
    for fields, said in (
        ({"now": "wrong", "new": new, "again": new}, "did not open it"),
        ({"now": RIGHT, "new": "short", "again": "short"}, "15 letters"),
        ({"now": RIGHT, "new": new, "again": new + "x"}, "not the same"),
        ({"now": RIGHT, "new": "x" * 201, "again": "x" * 201}, "15 letters"),
    ):
        dora.press("password", **fields)
        assert said in dora.page.text
        assert other.open("/now").status_code == 200
    dora.press("password", now=RIGHT, new=new, again=new)
    assert dora.page.status_code == 200
    assert dora.open("/me").status_code == 200
    assert other.open("/now").status_code == 403
    assert log_in(Browser(house), password=RIGHT).page.status_code == 403
    assert log_in(Browser(house), password=new).page.status_code == 200


def test_a_page_of_ones_own_is_for_who_has_logged_in(ana: Browser) -> None:
    assert ana.open("/me").url.path == "/login"


@pytest.mark.parametrize("language", ["es", "fr"])
def test_the_login_is_there_in_each_language(dora: Browser, language: str) -> None:
    dora.open(f"/language/{language}?to=/login")
    assert "login_" not in dora.page.text.replace("login_person", "")
    log_in(dora)
    dora.open("/me")
    for key in ("login_", "password_", "not_encrypted"):
        assert key not in dora.page.text


def test_logins_of_nobody_are_none(house: House) -> None:
    assert list(Logins(house.backend.database, house.clock).of(STAFF + "ana")) == []


def test_the_command_line_sets_it_from_a_file_and_never_from_its_arguments(
    tmp_path: Path,
) -> None:
    from typer.testing import CliRunner

    from gateway.backend.person_cli import person_app
    from gateway.errors import GatewayError

    config = tmp_path / "gateway.toml"
    config.write_text(
        '[escalation]\nstaff = ["dora"]\n'
        '[[people]]\nid = "dora"\nname = "Dora"\n[[people]]\nid = "ana"\nname = "Ana"\n'
    )
    secret = tmp_path / "password"
    secret.write_text(RIGHT + "\nnot this\n")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(person_app, [*arguments, "--config", str(config)])
        if isinstance(done.exception, GatewayError):
            return str(done.exception)
        return done.output

    assert "no password: staff by link" in run("list")
    assert "logs in at" in run("password", "dora", "--password-file", str(secret))
    assert "staff, password of" in run("list")
    assert "no terminal" in run("password", "dora")
    secret.write_text("short\n")
    assert "15 letters" in run("password", "dora", "--password-file", str(secret))
    secret.write_text("")
    assert "cannot be read" in run("password", "dora", "--password-file", str(secret))
    assert "not among 'staff'" in run("password", "ana", "--password-file", str(secret))
    assert "There is no 'eve'" in run("password", "eve")
    assert "0 logged out" in run("logout", "dora")
    assert "no password any more" in run("password", "dora", "--remove")
    assert "has no password" in run("password", "dora", "--remove")

"""The same page in a real Firefox."""

import shutil

import pytest

from tests.sim.studio.firefox import Firefox

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed; on Debian: sudo apt install firefox-esr")
    with Firefox(program, tmp_path_factory.mktemp("profile")) as firefox:
        yield firefox


def test_a_collapse_ends_with_somebody_on_the_way(firefox, served):
    firefox.open(served.address)
    firefox.until("document.body.dataset.ready")
    firefox.click("#hint-1 button")
    firefox.says("#strip-sensor", "Sees breathing")
    firefox.click("#hint-2 button")
    firefox.evaluate(
        "(() => { const speed = document.getElementById('speed'); speed.value = 20;"
        " speed.dispatchEvent(new Event('input')); })()"
    )
    firefox.says("#strip-sensor", "asks: are you OK?")
    firefox.click('[data-phone="ana"] [data-answer="on_my_way"]')
    firefox.says("#strip-light", "somebody is coming")
    firefox.says("#strip-alert", "Ana on the way")
    assert firefox.evaluate("document.querySelectorAll('#devices .rhythm rect').length") > 2


def test_somebody_is_dragged_from_the_chair_to_the_bed(firefox, served):
    firefox.open(served.address)
    firefox.until("document.body.dataset.ready")
    firefox.click("#room [data-acts=enter]")
    firefox.click("#room [data-acts=sit]")
    firefox.until("document.querySelector('.person').dataset.posture === 'sitting'")
    firefox.drag(".person .head", "#plan .bed")
    firefox.until("document.querySelector('.person').dataset.posture === 'lying'")

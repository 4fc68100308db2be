"""A real Chromium presses what people press, at a desk and at the size of a cheap phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.gateway.web.test_browser import CONTRAST, PHONE

pytestmark = pytest.mark.browser

SOON_MS = 60_000


def button(where, name):
    return where.get_by_role("button", name=name, exact=True)


def fast(page, step=25):
    """Moves the slider of the speed; ten steps to each tenfold."""
    page.locator("#speed").fill(str(step))


def story(page):
    return page.locator("#story")


def test_a_newcomer_sees_the_whole_of_it_by_the_three_steps(visitor):
    page = visitor()
    fast(page)
    hint = page.locator("#hint")
    button(hint, "Come in and sit").click()
    expect(page.locator("#strip-sensor")).to_have_text("Sees breathing · looks after them")
    button(hint, "Stop breathing").click()
    expect(page.locator("#strip-sensor")).to_contain_text("asks: are you OK?", timeout=SOON_MS)
    expect(page.locator("#strip-light")).to_have_text("are you OK?")
    # It has slowed down by itself, so that there is time to see the question.
    expect(page.locator("#speed-said")).to_have_text("4×")
    button(hint, "On my way").click(timeout=SOON_MS)
    expect(page.locator("#strip-light")).to_have_text("somebody is coming")
    expect(page.locator("#strip-alert")).to_have_text("Urgent · Ana on the way")
    expect(hint.get_by_text("That is the whole of it")).to_be_visible()


def test_a_collapse_from_breathing_to_somebody_is_coming_by_the_rooms_own_buttons(visitor):
    page = visitor()
    fast(page)
    button(page.locator("#room"), "Come in").click()
    button(page.locator("#room"), "Sit").click()
    expect(story(page)).to_contain_text("Robin sits down")
    button(page.locator("#room"), "Collapse").click()
    expect(page.locator("#strip-person")).to_contain_text("not breathing")
    expect(story(page)).to_contain_text("The sensor asks: are you OK?", timeout=SOON_MS)
    ana = page.locator('[data-phone="ana"]')
    expect(ana).to_contain_text("URGENT: 207", timeout=SOON_MS)
    button(ana, "On my way").click()
    sensor = page.locator('[data-device="sensor"]')
    expect(sensor).to_contain_text("somebody is coming")
    expect(sensor).to_contain_text("Nearly always on")
    button(ana, "I'm there").click()
    button(ana, "Done: they are fine").click()
    expect(page.locator("#strip-alert")).to_have_text("Urgent · over")


def test_somebody_is_dragged_to_the_chair_to_the_bed_and_out_of_the_door(visitor):
    page = visitor()
    # It changes its height from step to step, and would push the room away under the mouse.
    button(page, "Close").click()
    button(page.locator("#room"), "Come in").click()
    person = page.locator(".person")

    def drag_to(selector, dx=0.0, dy=0.0):
        page.locator("#plan").evaluate("plan => plan.scrollIntoView({ block: 'center' })")
        to = page.locator(selector).bounding_box()
        at = person.locator(".head").bounding_box()
        page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        page.mouse.down()
        page.mouse.move(to["x"] + to["width"] / 2 + dx, to["y"] + to["height"] / 2 + dy, steps=5)
        expect(page.locator(".ghost")).to_be_visible()
        page.mouse.up()

    expect(person).to_have_attribute("data-posture", "standing")
    drag_to("#plan .chair")
    expect(person).to_have_attribute("data-posture", "sitting")
    drag_to("#plan .bed")
    expect(person).to_have_attribute("data-posture", "lying")
    drag_to("#plan .chair", dx=-150)
    expect(person).to_have_attribute("data-posture", "standing")
    drag_to("#plan .corridor")
    expect(person).to_have_attribute("data-posture", "outside")


def test_a_finger_drags_as_a_mouse_does(visitor):
    page = visitor(viewport=PHONE, has_touch=True)
    button(page, "Close").tap()
    button(page.locator("#room"), "Come in").tap()
    person = page.locator(".person")
    expect(person).to_have_attribute("data-posture", "standing")
    person.scroll_into_view_if_needed()
    at, to = (page.locator(one).bounding_box() for one in (".person .head", "#plan .chair"))
    devtools = page.context.new_cdp_session(page)

    def touch(kind, box=None):
        points = [{"x": box["x"] + 5, "y": box["y"] + 5}] if box else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", at)
    touch("touchMove", to)
    touch("touchEnd")
    expect(person).to_have_attribute("data-posture", "sitting")


def test_all_of_it_can_be_done_by_keyboard(visitor):
    page = visitor()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the room")).to_be_focused()
    page.keyboard.press("Enter")

    def tab_to(what):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", what):
                return
        raise AssertionError(f"no Tab leads to {what}")

    tab_to('#room [data-acts="enter"]')
    page.keyboard.press("Enter")
    person = page.locator(".person")
    expect(person).to_have_attribute("data-posture", "standing")
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.person')"):
            break
    before = person.get_attribute("transform")
    page.keyboard.press("ArrowRight")
    expect(person).not_to_have_attribute("transform", before)
    expect(person).to_have_attribute("aria-label", "Robin: standing, breathing")
    tab_to('[data-device="button"] [data-press="2"]')
    page.keyboard.press("Space")
    expect(story(page)).to_contain_text("The button is pressed")
    tab_to("#pause")
    page.keyboard.press("Enter")
    expect(page.locator("#speed-said")).to_have_text("paused")
    tab_to("#speed")
    page.keyboard.press("End")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#speed-said")).to_contain_text("1000×")


def test_time_can_be_paused_stepped_and_begun_again_with_another_seed(visitor):
    page = visitor()
    fast(page)
    button(page.locator("#room"), "Come in").click()
    button(page, "Pause").click()
    expect(page.locator("#speed-said")).to_have_text("paused")
    clock = page.locator("#clock")
    before = clock.text_content()
    button(page, "One second").click()
    expect(clock).not_to_have_text(before)
    page.locator("#choose select").select_option("second")
    expect(page.get_by_text("With something to say of it.")).to_be_visible()
    page.get_by_label("Seed").fill("41")
    button(page, "Begin").click()
    expect(story(page)).to_have_text("Nothing yet.")
    expect(page.locator("#strip-person")).to_have_text("nobody")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.get_by_label("Seed")).to_have_value("41")
    expect(page.locator("#choose select")).to_have_value("second")


def test_plugs_and_parts_break_and_are_mended(visitor):
    page = visitor()
    sensor = page.locator('[data-device="sensor"]')
    button(sensor, "Pull the plug").click()
    expect(page.locator("#strip-sensor")).to_contain_text("Has no power")
    expect(sensor).to_contain_text("The plug is out.")
    button(sensor, "Plug in").click()
    expect(page.locator("#strip-sensor")).to_contain_text("Sees nobody")
    wifi = page.locator('[data-part="wifi"]')
    wifi.click()
    expect(wifi).to_have_attribute("aria-pressed", "true")
    expect(wifi).to_contain_text("broken")
    wifi.click()
    expect(wifi).to_contain_text("works")
    expect(story(page)).to_contain_text("Mended: Wi-Fi")


def test_two_visitors_have_a_room_each(visitor):
    one, other = visitor(), visitor()
    button(one.locator("#room"), "Come in").click()
    expect(one.locator("#strip-person")).to_contain_text("Robin")
    expect(other.locator("#strip-person")).to_have_text("nobody")


@pytest.mark.parametrize("act", ["crash", "die"])
def test_a_world_that_crashes_says_so_and_can_be_begun_again(visitor, act):
    page = visitor()
    last_words = {
        "crash": "MemoryError: memory allocation failed, allocating 1024 bytes",
        "die": "ValueError: out of the world",
    }
    page.locator("#step").evaluate("(node, act) => { node.dataset.acts = act; }", act)
    page.locator("#step").click()
    notice = page.locator("#ended")
    expect(notice).to_contain_text("The simulated world has stopped.")
    expect(notice).to_contain_text(last_words[act])
    page.locator("#step").evaluate("(node) => { delete node.dataset.acts; }")
    button(page.locator("#ended"), "Begin again").click()
    expect(notice).to_be_hidden()
    button(page.locator("#room"), "Come in").click()
    expect(page.locator("#strip-person")).to_contain_text("Robin")


def test_a_lost_connection_is_told_and_comes_back_by_itself(visitor, served):
    page = visitor(fails=True)
    served.stop()
    expect(page.get_by_text("The studio cannot be reached.")).to_be_visible(timeout=SOON_MS)
    served.start()
    expect(page.get_by_text("The studio cannot be reached.")).to_be_hidden(timeout=SOON_MS)
    # Its room is gone with the studio that had it, and that is said.
    expect(page.locator("#toast")).to_contain_text("this is a new room")
    button(page.locator("#room"), "Come in").click()
    expect(page.locator("#strip-person")).to_contain_text("Robin")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_nothing_is_wider_than_a_phone_and_all_of_it_is_legible(visitor, language, scheme):
    page = visitor(viewport=PHONE, locale=language, color_scheme=scheme)
    fast(page)
    page.locator('#hint [data-acts="enter sit"]').click()
    page.locator("#hint-2 button").click()
    expect(page.locator("#hint-answer")).to_be_enabled(timeout=SOON_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate(CONTRAST) >= 4.5
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=number]")]
          .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43)
          .map((one) => one.textContent)"""
    )
    assert small == [], "too small for a thumb"
    spilt = page.evaluate(
        """() => [...document.querySelectorAll("button")]
          .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.textContent)"""
    )
    assert spilt == [], "wider than its button"


def test_a_light_that_must_not_flicker_is_drawn_and_said_instead(visitor):
    page = visitor(reduced_motion="reduce")
    page.locator('[data-device="button"] [data-press="1"]').click()
    lamp = page.locator('[data-device="button"] .lamp')
    expect(lamp).to_have_attribute("data-light", "sending")
    changes = page.evaluate(
        """() => new Promise((done) => {
          const lamp = document.querySelector('[data-device="button"] .lamp');
          let changes = 0;
          new MutationObserver(() => { changes += 1; }).observe(lamp, { attributes: true });
          setTimeout(() => done(changes), 1200);
        })"""
    )
    assert changes == 0
    assert page.locator('[data-device="button"] .rhythm rect').count() > 5


def test_every_control_has_a_name(visitor):
    page = visitor()
    controls = page.locator("button, input, select, [role=button]")
    for place in range(controls.count()):
        one = controls.nth(place)
        if one.is_visible():
            assert re.search(r'[-"\w] "\S', one.aria_snapshot()), one.evaluate("e => e.outerHTML")


def test_without_javascript_the_page_says_what_it_needs(chromium, served):
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(served.address)
    expect(page.locator("noscript p")).to_be_visible()
    context.close()


WAITS = """async ([sensors, breathing]) => {
  const { Waits } = await import("/static/waits.js");
  const waits = new Waits();
  const people = [{ posture: "sitting", breathing: "normal" }];
  const usual = { power: true, faulty: false, tier: "breathing", does: "watching" };
  let needs = "";
  for (const sensor of sensors) {
    const last = sensor === sensors.at(-1);
    if (last) people[0].breathing = breathing;
    needs = waits.after({ people, sensor: { ...usual, ...sensor } });
  }
  return needs;
}"""


# What the sensor said so far, last when the breath has come to this; what it then needs.
NEEDS = [
    ([{"does": "idle", "sees": "empty"}], "stopped", "live_waits_nobody"),
    ([{"sees": "moving"}], "stopped", "live_waits_unseen"),
    ([{"does": "idle", "sees": "off"}], "stopped", "live_waits_off"),
    ([{"tier": "presence", "sees": "still"}], "stopped", "live_waits_presence"),
    ([{"sees": "breathing"}, {"sees": "still"}], "stopped", ""),
    ([{"sees": "moving"}], "normal", ""),
    ([{"sees": "moving", "does": "asking"}], "stopped", ""),
    ([{"sees": "unknown", "faulty": True}], "stopped", ""),
    ([{"sees": "dead", "power": False}], "stopped", ""),
]


def test_who_stops_a_breath_too_soon_is_told_what_the_sensor_needs(visitor):
    page = visitor()
    for sensors, breathing, needs in NEEDS:
        assert page.evaluate(WAITS, [sensors, breathing]) == needs, sensors


DEAF = 'export class Waits { begin() {} after() { return "live_waits_nobody"; } }'


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "has not noticed anybody yet"),
        ("es", "no ha notado a nadie"),
        ("fr", "remarqué personne"),
    ],
)
def test_what_the_sensor_needs_stands_on_the_page_at_the_size_of_a_phone(visitor, language, says):
    # Given a sensor that is deaf to whoever comes in
    page = visitor(viewport=PHONE, locale=language)
    page.route(
        "**/waits.js", lambda route: route.fulfill(body=DEAF, content_type="text/javascript")
    )
    page.reload()
    expect(page.locator("#waits")).to_contain_text(says, timeout=SOON_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

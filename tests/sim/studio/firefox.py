"""A real Firefox, driven by the protocol that it speaks itself: WebDriver BiDi over a WebSocket.

Playwright drives only Firefoxes of its own making; this is enough for what we ask of Debian's.
"""

import itertools
import json
import re
import subprocess
import time

from websockets.sync.client import connect

DEADLINE_S = 60
_SAYS_WHERE = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
# Where an element's middle is on the screen, scrolled to or not; "" where it cannot be pressed.
_MIDDLE = """((selector, scroll) => {
  const one = document.querySelector(selector);
  if (!one || one.disabled || !one.checkVisibility()) return "";
  if (scroll) one.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = one.getBoundingClientRect();
  return JSON.stringify([Math.round(x + width / 2), Math.round(y + height / 2)]);
})(%s, %s)"""


class Firefox:
    """A window without a head. Use as a context; profile: an empty folder of its own."""

    def __init__(self, program, profile):
        self._program, self._profile = program, profile

    def __enter__(self):
        arguments = ["--headless", "--no-remote", "--profile", str(self._profile)]
        self._process = subprocess.Popen(
            [self._program, *arguments, "--remote-debugging-port", "0", "about:blank"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        found = None
        while found is None:
            line = self._process.stderr.readline()
            assert line, "Firefox has ended before it could be reached"
            found = _SAYS_WHERE.search(line)
        self._wire = connect(found[1] + "/session", max_size=None, open_timeout=DEADLINE_S)
        self._numbers = itertools.count(1)
        self._ask("session.new", capabilities={})
        self._window = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *_):
        self._wire.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()

    def open(self, address):
        self._ask("browsingContext.navigate", context=self._window, url=address, wait="complete")

    def evaluate(self, script):
        """The value of a piece of JavaScript: a text, a number or a boolean."""
        answer = self._ask(
            "script.evaluate",
            expression=script,
            target={"context": self._window},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def until(self, script):
        """Waits until that is true."""
        end = time.monotonic() + DEADLINE_S
        while not self.evaluate(f"Boolean({script})"):
            assert time.monotonic() < end, f"never came true: {script}"

    def says(self, selector, text):
        """Waits until the element's text has this in it."""
        self.until(
            f"document.querySelector({json.dumps(selector)}).textContent.includes("
            f"{json.dumps(text)})"
        )

    def click(self, selector):
        """Waits until it can be pressed, then presses it as a mouse does."""
        self.until(_middle(selector))
        x, y = json.loads(self.evaluate(_middle(selector)))
        self._mouse([_to(x, y), {"type": "pointerDown", "button": 0}, _up()])

    def drag(self, selector, onto):
        """From the middle of one element to the middle of another."""
        to = json.loads(self.evaluate(_middle(onto)))
        x, y = json.loads(self.evaluate(_middle(selector, scroll=False)))
        self._mouse([_to(x, y), {"type": "pointerDown", "button": 0}, _to(*to), _up()])

    def _mouse(self, actions):
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        self._ask(
            "input.performActions",
            context=self._window,
            actions=[{**pointer, "actions": actions}],
        )

    def _ask(self, method, **parameters):
        number = next(self._numbers)
        self._wire.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._wire.recv(DEADLINE_S))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


def _middle(selector, *, scroll=True):
    return _MIDDLE % (json.dumps(selector), json.dumps(scroll))


def _to(x, y):
    return {"type": "pointerMove", "x": x, "y": y, "duration": 100}


def _up():
    return {"type": "pointerUp", "button": 0}

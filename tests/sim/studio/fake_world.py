"""A world that plays the studio's part in a collapse: small, quick, and always the same."""

import math
import os
import sys

from sim.studio.world import ImpossibleAct, Sample, WorldEnded
from sim.studio.world_process import serve

QUESTION_AFTER_MS = 20_000
CALL_AFTER_MS = 15_000


class FakeWorld:
    """One room, one person, one sensor, one button, two phones."""

    def __init__(self, scenario, seed, language="en"):
        self.now_ms = 0
        self.language = language
        self._scenario, self._seed = scenario, seed
        self._person = {"id": "robin", "x": 1.6, "y": 1.9, "posture": "outside"}
        self._breathing = "normal"
        self._still_since = None
        self._does, self._light, self._alert = "idle", "none", None
        self._power = {"button": True, "sensor": True}
        self._way = {"wifi": True, "broker": True, "gateway": True, "radar": True}
        self._messages = []
        self._news = []
        self._waved_ms = 0

    def scene(self):
        return {
            "title": f"A room of {self._scenario}",
            "seed": self._seed,
            "room": {
                "width_m": 3.6,
                "depth_m": 3.0,
                "door": {"x": 0.8, "y": 3.0},
                "chair": {"x": 2.9, "y": 2.2},
                "bed": {"x": 1.0, "y": 0.7, "width_m": 1.9, "depth_m": 0.9},
                "sensor": {
                    "x": 3.6,
                    "y": 0.6,
                    "facing_deg": 140,
                    "beam_deg": 90,
                    "range_m": 3.5,
                },
                "button": {"x": 0.0, "y": 2.0},
            },
            "people": [{"id": "robin", "name": "Robin"}],
            "phones": [{"id": "ana", "name": "Ana"}, {"id": "ben", "name": "Ben"}],
            "devices": [
                {"id": "sensor", "kind": "sensor", "unit": "207"},
                {"id": "button", "kind": "button", "unit": "207"},
            ],
        }

    def picture(self):
        outside = self._person["posture"] == "outside"
        sees = "empty" if outside else "still" if self._breathing == "stopped" else "breathing"
        open_alert = self._alert is not None and self._alert["state"] != "resolved"
        can = {"notified": ["on_my_way"], "attending": ["arrived"], "arrived": ["done"]}
        return {
            "people": [{**self._person, "breathing": self._breathing, "facing_deg": 180}],
            "wave_of": "robin",
            "devices": {
                name: {"light": self._light, "power": self._power[name]} for name in self._power
            },
            "sensor": {
                "sees": sees,
                "does": self._does,
                "tier": "breathing",
                "power": self._power["sensor"],
                "faulty": not self._way["radar"],
            },
            "way": self._way,
            "phones": [
                {
                    "id": name,
                    "messages": self._messages,
                    "can": can.get(self._alert["state"], []) if open_alert else [],
                }
                for name in ("ana", "ben")
            ],
            "alert": self._alert,
        }

    def advance(self, until_ms):
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + 100)
            since = self._still_since
            still_ms = 0 if since is None else self.now_ms - since
            if self._does == "watching" and still_ms >= QUESTION_AFTER_MS:
                self._does, self._light = "asking", "prompt"
                self._tell("prompt_asked", cause="no_breathing")
            elif self._does == "asking" and still_ms >= QUESTION_AFTER_MS + CALL_AFTER_MS:
                self._does, self._light = "called", "delivered"
                self._tell("call", cause="no_breathing")
                self._alert = {"kind": "urgent", "state": "notified", "people": []}
                self._messages = [
                    {"t_ms": self.now_ms, "title": "URGENT: 207", "body": "Please go now."}
                ]

    def act(self, act):
        what = act["what"]
        outside = self._person["posture"] == "outside"
        if what == "crash":
            raise WorldEnded("MemoryError: memory allocation failed, allocating 1024 bytes")
        if what == "die":
            sys.stderr.write("Traceback (most recent call last):\nValueError: out of the world\n")
            sys.stderr.flush()
            os._exit(1)
        if what == "enter":
            self._person["posture"], self._does = "standing", "watching"
        elif what in ("on_my_way", "arrived", "done"):
            state = {"on_my_way": "attending", "arrived": "arrived", "done": "resolved"}[what]
            self._alert = {**self._alert, "state": state, "people": ["Ana"]}
            self._light = "none" if what == "done" else "coming"
        elif what in ("plug_out", "plug_in"):
            self._power[act["device"]] = what == "plug_in"
        elif what in ("break", "mend"):
            self._way[act["part"]] = what == "mend"
        elif what == "press":
            self._light = "sending"
        elif outside:
            raise ImpossibleAct("why_nobody_inside")
        elif what == "move":
            self._person |= {"x": act["x"], "y": act["y"], "posture": "standing"}
        elif what == "sit":
            self._person |= {"x": 2.9, "y": 2.2, "posture": "sitting"}
        elif what in ("lie", "sleep"):
            self._person |= {"x": 1.4, "y": 0.7, "posture": "lying"}
        elif what == "leave":
            self._person["posture"] = "outside"
        elif what in ("stop_breathing", "collapse"):
            self._breathing, self._still_since = "stopped", self.now_ms
        elif what == "breathe":
            self._breathing, self._still_since = "normal", None
        elif what not in ("slower", "weaker", "hold_breath"):
            raise ValueError(what)
        who = act.get("person", "")
        values = {"device": act["device"]} if what.startswith("plug") else {"who": who}
        if what in ("break", "mend"):
            what, values = {"break": "broken", "mend": "mended"}[what], {"part": act["part"]}
        self._tell("pressed" if what == "press" else what, **values)

    def news(self):
        news, self._news = self._news, []
        return news

    def wave(self):
        samples = []
        while self._waved_ms < self.now_ms:
            self._waved_ms += 100
            chest = 0.0
            if self._breathing != "stopped" and self._person["posture"] != "outside":
                chest = 1.5 * math.sin(2 * math.pi * self._waved_ms / 4000)
            samples.append(Sample(self._waved_ms, chest, chest * 1.05))
        return samples

    def close(self):
        pass

    def _tell(self, key, **values):
        self._news.append({"t_ms": self.now_ms, "key": key, **values})


if __name__ == "__main__":
    scenario, seed, language, speed = sys.argv[1:]
    serve(lambda: FakeWorld(scenario, int(seed), language), float(speed), sys.stdin, sys.stdout)

"""A house in which anything may break, for a seed: as a scenario, so that it can be played again.

Some buttons and sensors, people, responders; presses; and up to seven things that break, each for
a while and beside the others. Then all is well again, for long enough that all is tried again.
"""

import random
from typing import Any

Data = dict[str, Any]

_TROUBLED_MS = (5 * 60_000, 10 * 60_000, 15 * 60_000)
# The longest pause between two attempts is a minute, that of a button on a battery fifteen.
_CALM_MS = 8 * 60_000
_CALM_ON_BATTERY_MS = 20 * 60_000
_MOST_BREAKS = 7
_LONGEST_BREAK_MS = 240_000
# A gateway that is to die dies at the next call, which may come late; so often it is started anew.
_GATEWAY_BACK_MS = 60_000
_TAPS = (1, 1, 1, 2, 3)
_HOLDS_MS = (1_500, 2_500, 4_000)


def any_house(seed: int) -> Data:
    """The scenario of this seed, as data for TOML."""
    return _House(random.Random(seed), seed).made()


class _House:
    def __init__(self, chance: random.Random, seed: int) -> None:
        self._chance = chance
        self._seed = seed
        # From here on all is well.
        self._calm_ms = chance.choice(_TROUBLED_MS)
        self._boards: list[Data] = []
        self._cues: list[tuple[int, Data]] = []
        # From when to when a board has no power.
        self._dark: dict[str, list[tuple[int, int]]] = {}

    def made(self) -> Data:
        self._boards = [self._button(number) for number in range(self._chance.randint(1, 3))]
        people = self._washroom() + self._bedroom()
        for board in self._boards:
            self._press(board)
        for _ in range(self._chance.randint(1, _MOST_BREAKS)):
            self._break()
        on_battery = any(board.get("battery") for board in self._boards)
        length_ms = self._calm_ms + (_CALM_ON_BATTERY_MS if on_battery else _CALM_MS)
        self._mend(length_ms)
        self._cues.sort(key=lambda cue: cue[0])
        self._cues = [cue for cue in self._cues if not self._dies_while_down(*cue)]
        house: Data = {
            "title": f"Any house, {self._seed}",
            "about": "What breaks is mended, and nothing is lost.",
            "seed": self._seed,
            "length": _span(length_ms),
            "limit": "10 min",
            "boards": self._boards,
            "people": people,
            "responders": self._responders(),
            "cues": [{"at": _span(at_ms), **cue} for at_ms, cue in self._cues],
            "expect": [
                {"that": "nothing_lost"},
                # A call that nobody takes is rightly an error in the gateway's log.
                {"that": "warning", "text": "has reached nobody", "at_most": 1000},
            ],
        }
        if self._chance.random() < 0.3:
            house["building"] = {"delay": _span(self._chance.choice((100, 500, 1_500, 3_000)))}
        return house

    # --- who is there -----------------------------------------------------------------------

    def _button(self, number: int) -> Data:
        unit = str(self._chance.randint(201, 203))
        return self._board(f"button {number}", "button", unit, battery=self._chance.random() < 0.4)

    def _board(self, name: str, board: str, unit: str, **more: Any) -> Data:
        made = {"name": name, "board": board, "unit": unit, **more}
        if self._chance.random() < 0.4:
            made["clock_drift_ppm"] = self._chance.choice((-200, -50, 50, 200))
        if self._chance.random() < 0.4:
            made["settings"] = {"watchdog_s": self._chance.choice((3, 5, 8))}
        return made

    def _washroom(self) -> list[Data]:
        if self._chance.random() < 0.4:
            return []
        radar = self._chance.choice(("mr60bha2", "ld6002", "ld2410"))
        self._boards.append(
            self._board("washroom", "sensor", "washroom", mode="washroom", radar=radar)
        )
        return [self._visitor(number) for number in range(self._chance.randint(0, 2))]

    def _visitor(self, number: int) -> Data:
        steps: list[Data] = [
            {"at": self._between(5_000, 120_000), "do": "enter", "to": "seat"},
            {"wait": self._between(1_000, 10_000), "do": "sit"},
        ]
        emergency: list[Data] = [
            {"do": "stop_breathing"},
            {"do": "collapse"},
            {"do": "use", "stops_after": "4 min"},
        ]
        ends = self._chance.choice([*emergency, {"do": "leave"}, None])
        if ends is not None:
            steps.append({"wait": self._between(60_000, 200_000), **ends})
        if ends in emergency[:2] and self._chance.random() < 0.6:
            steps += [
                {"wait": self._between(60_000, 200_000), "do": "be_found"},
                {"wait": "30 s", "do": "revive"},
                {"wait": "1 min", "do": "leave"},
            ]
        return {"name": f"visitor {number}", "unit": "washroom", "plan": steps}

    def _bedroom(self) -> list[Data]:
        if self._chance.random() < 0.7:
            return []
        radar = self._chance.choice(("mr60bha2", "ld2410"))
        self._boards.append(self._board("bedroom", "sensor", "206", mode="home", radar=radar))
        self._cue(self._chance.randint(20_000, 60_000), "press", board="bedroom", hold="2.5 s")
        plan = [
            {"at": "2 s", "do": "enter", "to": "bed"},
            {"wait": "5 s", "do": "lie"},
        ]
        return [{"name": "resident", "unit": "206", "plan": plan}]

    def _responders(self) -> list[Data]:
        there: list[Data] = [{"name": "dora", "staff": True}]
        for number in range(self._chance.randint(1, 3)):
            one: Data = {"name": f"responder{number}", "step": self._chance.randint(1, 2)}
            if self._chance.random() < 0.8:
                one["answers_after"] = self._between(5_000, 200_000)
            if self._chance.random() < 0.6:
                one["arrives_after"] = self._between(20_000, 200_000)
                one["done_after"] = self._between(20_000, 200_000)
            there.append(one)
        return there

    # --- what happens -----------------------------------------------------------------------

    def _press(self, board: Data) -> None:
        if board["board"] == "sensor" and self._chance.random() < 0.6:
            return
        for _ in range(self._chance.randint(1, 6)):
            at_ms = self._some_time()
            if self._chance.random() < 0.2:
                hold = _span(self._chance.choice(_HOLDS_MS))
                self._cue(at_ms, "press", board=board["name"], hold=hold)
            else:
                taps = self._chance.choice(_TAPS)
                self._cue(at_ms, "press", board=board["name"], taps=taps)
            if self._chance.random() < 0.3:
                at_ms += self._chance.randint(0, 3_000)
                self._power_goes(board["name"], at_ms, at_ms + self._chance.randint(1_000, 60_000))

    def _power_goes(self, board: str, from_ms: int, to_ms: int) -> None:
        to_ms = min(to_ms, self._calm_ms)
        dark = self._dark.setdefault(board, [])
        if to_ms < from_ms + 1_000 or any(
            from_ms <= end + 2_000 and to_ms >= begin - 2_000 for begin, end in dark
        ):
            return
        dark.append((from_ms, to_ms))
        self._cue(from_ms, "power", board=board, to="off")
        self._cue(to_ms, "power", board=board, to="on")

    def _break(self) -> None:
        """Something breaks, and is mended after a while."""
        from_ms = self._some_time()
        to_ms = min(from_ms + self._chance.randint(1_000, _LONGEST_BREAK_MS), self._calm_ms)
        pick = self._chance.choice
        match pick(
            ("network",) * 3
            + ("access_point", "broker") * 2
            + ("gateway", "backend", "phone", "hang", "power", "radar")
        ):
            case "network":
                how = pick(("split", "lossy", "slow", "slow", "half_open", "hang_up"))
                more: Data = {}
                if how == "lossy":
                    more["share"] = round(self._chance.uniform(0.05, 0.8), 2)
                self._spell("network", from_ms, to_ms, how, "well", **more, **self._by(how))
            case "access_point":
                how = pick(("off", "weak", "captive", "captive_silent", "address_changed"))
                self._spell("access_point", from_ms, to_ms, how, "on")
            case "broker":
                how = pick(("down", "wiped", "slow", "full"))
                back = "up" if how == "down" else "well"
                self._spell("broker", from_ms, to_ms, how, back, **self._by(how))
            case "gateway":
                self._spell("gateway", from_ms, to_ms, pick(("down", "dies")), "up")
            case "backend":
                how = pick(("down", "unreachable", "failing", "slow", "restart"))
                self._spell("backend", from_ms, to_ms, how, "up", **self._by(how))
            case "phone":
                how = pick(("off", "silent"))
                self._cue(from_ms, "phone", who="responder0", to=how)
                self._cue(to_ms, "phone", who="responder0", to="on")
            case "hang":
                self._cue(from_ms, "hang", board=pick(self._boards)["name"])
            case "power":
                self._power_goes(pick(self._boards)["name"], from_ms, to_ms)
            case "radar":
                sensors = [one["name"] for one in self._boards if one["board"] == "sensor"]
                if sensors:
                    board = pick(sensors)
                    how = pick(("silent", "stuck", "noisy", "dropping", "split", "late", "restart"))
                    self._spell("radar", from_ms, to_ms, how, "well", board=board)

    def _spell(self, what: str, from_ms: int, to_ms: int, how: str, back: str, **more: Any) -> None:
        board = {"board": more["board"]} if "board" in more else {}
        self._cue(from_ms, what, to=how, **more)
        self._cue(to_ms, what, to=back, **board)

    def _by(self, how: str) -> Data:
        return {"by": self._between(200, 11_000)} if how == "slow" else {}

    def _mend(self, length_ms: int) -> None:
        for what, back in (
            ("network", "well"),
            ("broker", "up"),
            ("broker", "well"),
            ("backend", "up"),
            ("access_point", "on"),
        ):
            self._cue(self._calm_ms, what, to=back)
        for at_ms in range(self._calm_ms, length_ms, _GATEWAY_BACK_MS):
            self._cue(at_ms, "gateway", to="up")

    def _dies_while_down(self, at_ms: int, cue: Data) -> bool:
        """Whether a gateway that does not run is to die: none can."""
        earlier = [one["to"] for ms, one in self._cues if one["do"] == "gateway" and ms < at_ms]
        return cue["do"] == "gateway" and cue["to"] == "dies" and earlier[-1:] == ["down"]

    # --- small things -----------------------------------------------------------------------

    def _cue(self, at_ms: int, do: str, **more: Any) -> None:
        self._cues.append((at_ms, {"do": do, **more}))

    def _some_time(self) -> int:
        return self._chance.randint(5_000, self._calm_ms - 30_000)

    def _between(self, least_ms: int, most_ms: int) -> str:
        return _span(self._chance.randint(least_ms, most_ms))


def _span(ms: int) -> str:
    return f"{ms} ms"

"""The studio's own world: the real firmware, gateway and backend in virtual time, acted upon."""

import pytest

from gateway.backend.catalogue import Catalogue
from sim.studio.page import HERE
from sim.studio.simulated import Simulated
from sim.studio.situations import OWN, situations
from sim.studio.world import ImpossibleAct, WorldEnded

SLICE_MS = 500


class Visited:
    """A world that somebody plays with. news: all there was; samples: of the waveform."""

    def __init__(self, situation, seed=1, language="en"):
        path = HERE / "scenarios" / f"{situation}.toml"
        self.world = Simulated(path, seed=seed, language=language)
        self.news, self.samples = [], []

    def passes(self, seconds):
        end = self.world.now_ms + round(seconds * 1000)
        while self.world.now_ms < end:
            self.world.advance(min(end, self.world.now_ms + SLICE_MS))
            self.news += self.world.news()
            self.samples += self.world.wave()

    def robin(self, *acts):
        for what in acts:
            self.world.act({"what": what, "person": "robin"})

    @property
    def keys(self):
        return [one["key"] for one in self.news]

    @property
    def picture(self):
        return self.world.picture()

    def span(self, from_s, until_s, which):
        """How far the line moves in this time, mm."""
        values = [one[which] for one in self.samples if from_s <= one.t_ms / 1000 < until_s]
        values = [one for one in values if one is not None]
        return max(values) - min(values)


@pytest.fixture
def visit():
    begun = []

    def visit(situation="washroom", seed=1, language="en"):
        begun.append(Visited(situation, seed, language))
        return begun[-1]

    yield visit
    for one in begun:
        one.world.close()


def collapses(room):
    """Somebody comes in, sits, stops breathing; nobody answers the question."""
    room.passes(3)
    room.robin("enter", "sit")
    room.passes(40)
    room.robin("stop_breathing")
    room.passes(60)


def test_a_collapse_ends_with_a_light_that_says_somebody_is_coming(visit):
    room = visit()
    collapses(room)
    assert room.picture["sensor"]["does"] == "called"
    assert room.picture["alert"]["kind"] == "urgent"
    ana = room.picture["phones"][0]
    assert ana["messages"][0]["title"] == "Urgent: 204"
    assert ana["can"] == ["on_my_way"]
    room.world.act({"what": "on_my_way", "person": "ana"})
    room.passes(2)
    assert room.picture["devices"]["sensor"]["light"] == "coming"
    assert room.picture["alert"] == {"kind": "urgent", "state": "attending", "people": ["Ana"]}
    room.world.act({"what": "arrived", "person": "ana"})
    room.passes(2)
    room.world.act({"what": "done", "person": "ana"})
    room.passes(2)
    assert room.picture["alert"]["state"] == "resolved"
    assert room.picture["devices"]["sensor"]["light"] == "none"
    told = [key for key in room.keys if key not in ("device_started", "light")]
    assert told == [
        *("enter", "sit", "watch_started", "stop_breathing", "prompt_asked", "call"),
        *("kept_call", "message", "on_my_way", "arrived", "done"),
    ]


@pytest.mark.parametrize(("language", "title"), [("es", "Urgente: 204"), ("fr", "Urgent : 204")])
def test_phones_speak_the_visitors_language_and_can_be_answered_in_it(visit, language, title):
    room = visit(language=language)
    room.passes(3)
    room.world.act({"what": "press", "device": "button", "press": "2"})
    room.passes(5)
    assert room.picture["phones"][0]["messages"][0]["title"] == title
    room.world.act({"what": "on_my_way", "person": "ana"})
    room.passes(2)
    assert room.picture["devices"]["button"]["light"] == "coming"


def test_the_same_seed_and_the_same_acts_play_the_same_story(visit):
    stories = []
    for _ in range(2):
        room = visit(seed=5)
        collapses(room)
        stories.append((room.news, room.samples))
    assert stories[0] == stories[1]


def test_chest_and_radar_show_the_breath_and_that_it_has_stopped(visit):
    room = visit()
    collapses(room)
    assert room.span(20, 40, 1) > 1.0
    assert room.span(20, 40, 2) > 1.0
    # What is left is the heart.
    assert room.span(55, 65, 1) < 0.9


def test_a_press_of_b_answers_the_question(visit):
    room = visit()
    room.passes(3)
    room.robin("enter", "sit")
    room.passes(30)
    room.robin("stop_breathing")
    while "prompt_asked" not in room.keys:
        assert room.world.now_ms < 90_000
        room.passes(0.5)
    room.world.act({"what": "press", "device": "sensor", "press": "1"})
    room.passes(5)
    assert "prompt_answered" in room.keys
    assert room.picture["alert"] is None


def test_breath_that_is_held_is_shown_as_that_and_comes_back(visit):
    room = visit()
    room.robin("enter", "sit")
    room.passes(20)
    room.robin("hold_breath")
    room.passes(10)
    assert room.picture["people"][0]["breathing"] == "held"
    room.passes(30)
    assert room.picture["people"][0]["breathing"] == "normal"


def test_at_home_nobody_is_looked_after_who_has_not_asked(visit):
    room = visit("home")
    room.passes(3)
    room.robin("enter", "lie")
    room.passes(20)
    assert room.picture["sensor"]["sees"] == "off"
    assert [sample for sample in room.samples if sample.radar_mm is not None] == []
    room.world.act({"what": "press", "device": "sensor", "press": "hold"})
    room.passes(20)
    assert room.picture["sensor"]["does"] == "watching"
    assert "watch_started" in room.keys


def test_a_plug_that_is_pulled_darkens_the_device_and_it_starts_again(visit):
    room = visit()
    room.passes(3)
    room.world.act({"what": "plug_out", "device": "sensor"})
    room.passes(1)
    assert room.picture["devices"]["sensor"]["power"] is False
    with pytest.raises(ImpossibleAct, match="why_no_power"):
        room.world.act({"what": "press", "device": "sensor", "press": "1"})
    room.world.act({"what": "plug_in", "device": "sensor"})
    room.passes(5)
    assert room.picture["sensor"]["sees"] == "empty"
    assert room.keys == ["device_started", "device_started", "plug_out", "device_started"]


@pytest.mark.parametrize("part", ["wifi", "broker", "gateway"])
def test_a_press_survives_a_broken_part_of_the_way(visit, part):
    room = visit()
    room.passes(3)
    room.world.act({"what": "break", "part": part})
    room.world.act({"what": "press", "device": "button", "press": "1"})
    room.passes(40)
    assert room.picture["way"][part] is False
    assert room.picture["devices"]["button"]["light"] == "cannot_send"
    assert room.picture["alert"] is None
    room.world.act({"what": "mend", "part": part})
    room.passes(120)
    assert room.picture["way"][part] is True
    assert room.picture["alert"]["state"] == "notified"


def test_a_radar_that_falls_silent_is_told_of(visit):
    room = visit()
    room.passes(3)
    room.world.act({"what": "break", "part": "radar"})
    room.passes(30)
    assert room.picture["sensor"]["faulty"]
    room.world.act({"what": "mend", "part": "radar"})
    room.passes(30)
    assert not room.picture["sensor"]["faulty"]
    assert {"fault_raised", "fault_cleared"} < set(room.keys)


def test_what_cannot_be_done_is_refused_and_changes_nothing(visit):
    room = visit()
    room.passes(1)
    with pytest.raises(ImpossibleAct, match="why_nobody_inside"):
        room.robin("sit")
    room.robin("enter", "stop_breathing")
    with pytest.raises(ImpossibleAct, match="why_unconscious"):
        room.robin("leave")
    room.robin("breathe")
    with pytest.raises(ImpossibleAct, match="why_not_now"):
        room.robin("sleep")
    assert [one["posture"] for one in room.picture["people"]] == ["standing"]


@pytest.mark.parametrize(
    "act",
    [
        {"what": "fly", "person": "robin"},
        {"what": "sit", "person": "nobody"},
        {"what": "press", "device": "doorbell", "press": "1"},
        {"what": "press", "device": "button", "press": "3"},
        {"what": "break", "part": "heart"},
        {"what": "on_my_way", "person": "robin"},
        {"what": "move", "person": "robin", "x": "left", "y": 1},
        {"what": "move", "person": "robin", "x": float("nan"), "y": 1},
        {"what": "move", "person": "robin"},
    ],
)
def test_what_no_page_asks_is_a_value_error(visit, act):
    room = visit()
    with pytest.raises(ValueError, match=r"\w"):
        room.world.act(act)


def test_a_move_out_of_the_walls_ends_at_the_wall(visit):
    room = visit()
    room.robin("enter")
    room.world.act({"what": "move", "person": "robin", "x": 50.0, "y": -50.0})
    room.passes(10)
    width = room.world.scene()["room"]["width_m"]
    assert room.picture["people"][0]["x"] == width
    assert room.picture["people"][0]["y"] == 0


def test_a_crash_of_the_firmware_ends_the_world_with_the_last_line_of_its_traceback(visit):
    room = visit()
    room.passes(3)
    sensor = room.world._world.cast.devices["sensor"]
    sensor.board.console("import doorknock.sensor as s\ns.Sensor.tick = None")
    with pytest.raises(WorldEnded, match="TypeError: 'NoneType' object isn't callable"):
        room.passes(10)


def test_nothing_is_left_of_a_world_that_has_ended(visit, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    room = visit()
    room.passes(1)
    pids = [one.board._process for one in room.world._world.cast.devices.values()]
    assert all(pids)
    room.world.close()
    assert list(tmp_path.iterdir()) == []
    assert [one.board._process for one in room.world._world.cast.devices.values()] == [None, None]


def test_every_situation_can_be_played(visit):
    assert [one.name for one in situations()][: len(OWN)] == list(OWN)
    texts = Catalogue(HERE / "languages").texts
    for name in OWN:
        assert f"situation_{name}" in texts["en"]
        assert f"situation_{name}_about" in texts["en"]
        room = visit(name)
        room.passes(1)
        assert room.picture["sensor"]["power"]


def test_a_scenario_that_is_wrong_does_not_take_the_others_with_it(tmp_path):
    (tmp_path / "wrong.toml").write_text("nonsense", encoding="utf-8")
    right = HERE / "scenarios" / "washroom.toml"
    (tmp_path / "right.toml").write_text(right.read_text(encoding="utf-8"), encoding="utf-8")
    assert [one.name for one in situations(library=tmp_path) if not one.own] == ["right"]


def test_the_librarys_situations_have_a_sensor_and_somebody():
    of_the_library = [one for one in situations() if not one.own]
    assert "collapse_in_washroom" in [one.name for one in of_the_library]
    assert "button_answered" not in [one.name for one in of_the_library]

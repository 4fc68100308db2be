"""An update in stages: who is ordered when, what stops it, and what never does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.updates import stages
from gateway.updates.stages import Health, Seen, Update

NOW = 1_800_000_000_000
MINUTE = 60_000
NAMES = [f"{number:012x}" for number in range(1, 41)]
WELL = Health(frames=100, cause="power_on")


class House:
    """Devices that do as they are told, unless somebody changes what is seen of them."""

    def __init__(self, names=NAMES, device_type="sensor"):
        self.now = NOW
        self.update = stages.plan("0.2.0", names)
        self.seen = {name: Seen(device_type, "0.1.0", NOW, WELL, order="") for name in names}
        self.ordered = []
        self.called_off = []
        self.stubborn = set()

    def look(self, minutes=1.0):
        """A while passes, and the gateway looks."""
        self.now += int(minutes * MINUTE)
        for name, one in self.seen.items():
            if name not in self.stubborn:
                self.seen[name] = replace(one, heard_ms=self.now)
        after = stages.advance(self.update, self.seen, self.now)
        members = []
        for one in after.members:
            if one.state == stages.ORDERED and one.order is None:
                self.ordered.append(one.device)
                one = replace(one, order=len(self.ordered))
            elif one.state == stages.QUEUED and one.order is not None:
                self.called_off.append(one.device)
                one = replace(one, order=None)
            members.append(one)
        self.update = replace(after, members=tuple(members))

    def say(self, name, **changed):
        self.seen[name] = replace(self.seen[name], **changed)

    def runs_it(self, name):
        self.say(name, order="confirmed", firmware="0.2.0")

    def state(self, name):
        return next(one for one in self.update.members if one.device == name).state

    def bring_through(self, names):
        for name in names:
            self.runs_it(name)
        self.look()
        self.look(16)


def test_one_then_ten_then_all_and_no_more_than_a_few_at_once():
    house = House()
    house.look()
    assert house.ordered == NAMES[:1]
    # Nothing more before it has been watched.
    house.runs_it(NAMES[0])
    house.look()
    house.look(10)
    assert house.ordered == NAMES[:1]
    house.look(6)
    assert house.state(NAMES[0]) == stages.GOOD
    done = 1
    while house.update.state == stages.RUNNING:
        assert len(house.ordered) - done <= stages.AT_ONCE
        stage = {one.stage for one in house.update.members if one.device in house.ordered[done:]}
        assert stage <= {house.update.stage}
        house.bring_through(house.ordered[done:])
        done = len(house.ordered) if done == len(house.ordered) else done + 1
        done = sum(house.state(name) == stages.GOOD for name in house.ordered)
    assert house.update.state == stages.FINISHED
    assert house.ordered == NAMES


WORSE = {
    "rolled back": {"order": "rolled_back", "order_why": "did not start"},
    "refused": {"order": "refused", "order_why": "signature"},
    "failed": {"order": "failed", "order_why": "flash"},
}


@pytest.mark.parametrize("what", WORSE)
def test_one_that_comes_back_or_refuses_stops_all(what):
    house = House()
    house.look()
    house.bring_through(NAMES[:1])
    house.look()
    on_the_way = house.ordered[1:]
    assert len(on_the_way) == stages.AT_ONCE
    house.say(on_the_way[0], **WORSE[what])
    house.look()
    assert house.update.state == stages.STOPPED
    assert on_the_way[0] in house.update.why
    # What had not begun to try it is called off, and nothing more is ordered.
    assert set(house.called_off) == set(on_the_way[1:])
    house.look(60)
    assert house.ordered == NAMES[:6]


AFTER = {
    "watchdog": Health(frames=100, cause="watchdog"),
    "fault": Health(frames=100, cause="software", raised=frozenset({"radar_silent"})),
    "faults": Health(frames=100, cause="software", faults=3),
    "frames": Health(frames=79, cause="software"),
}


@pytest.mark.parametrize("what", AFTER)
def test_one_that_does_worse_while_it_is_watched_stops_all(what):
    house = House()
    house.look()
    house.runs_it(NAMES[0])
    house.look()
    house.look(3)
    assert house.state(NAMES[0]) == stages.WATCHED
    house.say(NAMES[0], health=AFTER[what])
    house.look()
    assert house.state(NAMES[0]) == stages.WORSE
    assert house.update.state == stages.STOPPED


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        # (bad frames, uptime)
        ((0, 48 * HOUR), (40, HOUR // 4), "radar 160 bad frames an hour, before 0"),
        ((480, 24 * HOUR), (31, HOUR // 4), "radar 124 bad frames an hour, before 20"),
        # A bad cable was one before.
        ((480, 24 * HOUR), (29, HOUR // 4), ""),
        ((24_000, 24 * HOUR), (700, HOUR // 4), ""),
        # Some nonsense at a start is none.
        ((0, 48 * HOUR), (19, HOUR // 30), ""),
        # Nobody knows over which time.
        ((0, 0), (500, HOUR // 4), ""),
        ((0, HOUR), (500, 0), ""),
    ],
)
def test_a_radar_whose_bytes_are_broken_more_often_is_worse(before, now, why):
    was = Health(frames=100, errors=before[0], uptime_ms=before[1])
    assert stages.worse(was, Health(frames=100, errors=now[0], uptime_ms=now[1])) == why
    house = House()
    house.say(NAMES[0], health=was)
    house.look()
    house.runs_it(NAMES[0])
    house.look()
    house.say(NAMES[0], health=Health(frames=100, errors=now[0], uptime_ms=now[1]))
    house.look(3)
    assert (house.state(NAMES[0]) == stages.WORSE) == bool(why)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        # One heartbeat just before its memory was cleared up says nothing.
        ([20_000, 15_000, 90_000, 16_000], stages.GOOD),
        ([20_000, 59_000, 58_000, 30_000], stages.WORSE),
        ([60_000] * 4, stages.GOOD),
        ([0] * 4, stages.GOOD),
    ],
)
def test_memory_is_judged_by_the_best_moment_of_the_watch(seen, state):
    house = House()
    house.say(NAMES[0], health=Health(frames=100, memory=100_000))
    house.look()
    house.runs_it(NAMES[0])
    house.say(NAMES[0], health=Health(frames=100))
    house.look()
    for memory in seen:
        house.say(NAMES[0], health=Health(frames=100, memory=memory))
        house.look(4)
    assert house.state(NAMES[0]) == state
    if state == stages.WORSE:
        assert house.update.state == stages.STOPPED
        assert house.update.why.endswith("worse memory 57 KB free, before 97")
    # What was not known before is not judged.
    assert stages.tighter(0, 10) == ""


@given(
    st.builds(
        Health,
        st.integers(0, 1 << 30),
        st.sampled_from(["unknown", "power_on", "software"]),
        st.frozensets(st.text(max_size=4), max_size=3),
        st.integers(0, 99),
        st.integers(0, 1 << 30),
        st.integers(0, 1 << 62),
        st.integers(0, 1 << 30),
    )
)
def test_what_is_kept_of_a_health_is_that_health_and_no_worse_than_itself(health):
    assert Health.of(health.as_json()) == health
    assert stages.worse(health, health) == ""
    assert stages.tighter(health.memory, health.memory) == ""
    # As an earlier gateway has kept it.
    assert Health.of({"frames": 7}) == Health(frames=7)


def test_what_was_so_before_is_no_reason_to_stop():
    before = Health(frames=70, raised=frozenset({"cannot_see"}), faults=5, cause="power_on")
    now = Health(frames=60, raised=frozenset({"cannot_see"}), faults=6, cause="software")
    assert stages.worse(before, now) == ""
    # A radar that has no power just now, before or after, tells nothing.
    assert stages.worse(replace(before, frames=0), now) == ""
    assert stages.worse(before, replace(now, frames=0)) == ""


def test_the_first_heartbeat_after_a_start_is_not_held_against_it():
    house = House()
    house.look()
    house.runs_it(NAMES[0])
    house.say(NAMES[0], health=Health(frames=3, cause="software"))
    house.look()
    house.look(1)
    assert house.state(NAMES[0]) == stages.WATCHED


@pytest.mark.parametrize(("order", "minutes"), [("trying", 11), ("confirmed", 4)])
def test_one_that_is_not_heard_any_more_stops_all(order, minutes):
    house = House()
    house.look()
    house.say(NAMES[0], order=order, firmware="0.2.0")
    house.look()
    house.stubborn.add(NAMES[0])
    house.look(minutes)
    assert house.state(NAMES[0]) == stages.SILENT
    assert house.update.state == stages.STOPPED


def test_one_that_stays_away_for_a_day_holds_up_nobody_and_may_come_later():
    house = House(NAMES[:3])
    house.look()
    house.say(NAMES[0], order="accepted")
    house.look(25 * 60)
    assert house.state(NAMES[0]) == stages.LATE
    # Nobody has shown yet that it works: the next one is alone again.
    house.look()
    assert house.ordered == NAMES[:2]
    house.bring_through(NAMES[1:2])
    house.look()
    house.bring_through(NAMES[2:3])
    assert house.update.state == stages.RUNNING
    house.bring_through(NAMES[:1])
    assert house.update.state == stages.FINISHED
    assert {one.state for one in house.update.members} == {stages.GOOD}


def test_whoever_cannot_be_updated_is_passed_over_and_another_goes_first():
    house = House(NAMES[:4])
    house.say(NAMES[0], fits="not heard lately")
    house.say(NAMES[1], firmware="0.2.0")
    del house.seen[NAMES[2]]
    for _ in range(5):
        house.look()
    assert house.ordered == [NAMES[3]]
    assert [house.state(name) for name in NAMES[:3]] == [
        stages.PASSED,
        stages.ALREADY,
        stages.PASSED,
    ]


def test_it_goes_on_when_told_without_those_it_went_wrong_for():
    house = House()
    house.look()
    house.say(NAMES[0], **WORSE["rolled back"])
    house.look()
    house.update = stages.resume(house.update, again=False)
    house.look()
    # Still nobody has shown that it works: one alone.
    house.look()
    assert house.ordered == NAMES[:2]
    house.say(NAMES[1], **WORSE["rolled back"])
    house.look()
    house.update = stages.resume(house.update, again=True)
    house.say(NAMES[0], order="", order_why="")
    house.say(NAMES[1], order="", order_why="")
    house.look()
    assert set(house.ordered[2:]) == set(NAMES[:2])


def test_one_that_was_ordered_something_else_meanwhile_is_left_alone():
    house = House()
    house.look()
    house.say(NAMES[0], order="superseded")
    house.look()
    assert house.state(NAMES[0]) == stages.PASSED


ORDERS = ["", "waiting", "accepted", "fetching", "verified", "trying", "confirmed", "rolled_back"]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_happens_its_promises_hold(data):
    """No second order to a device, none after a stop, none in a stage before its turn, and what is
    settled stays so."""
    house = House(NAMES[:15])
    for _ in range(data.draw(st.integers(5, 40))):
        for name in data.draw(st.lists(st.sampled_from(NAMES[:15]), max_size=4)):
            if name in house.ordered:
                order = data.draw(st.sampled_from(ORDERS))
                house.say(name, order=order)
                if order == "confirmed":
                    house.say(name, firmware="0.2.0")
        before: Update = house.update
        ordered = len(house.ordered)
        house.look(data.draw(st.sampled_from([0.1, 1, 10, 100])))
        if before.state != stages.RUNNING:
            assert len(house.ordered) == ordered
        assert len(set(house.ordered)) == len(house.ordered)
        for was, now in zip(before.members, house.update.members, strict=True):
            if was.state in stages.SETTLED - {stages.LATE}:
                assert now.state == was.state
            if now.device in house.ordered[ordered:]:
                assert now.stage <= house.update.stage
        in_hand = sum(one.state in (stages.ORDERED, stages.TRYING) for one in house.update.members)
        assert in_hand <= stages.AT_ONCE

"""Updates on a real store: in stages, over any kill, never in an alert, stopped where they must."""

import random
import tempfile
from pathlib import Path

import pytest

from gateway import devices, orders
from gateway.errors import ReleaseError
from gateway.store import lights as light_table
from gateway.store import updates as table
from gateway.store.engine import open_store
from gateway.updates import stages
from tests.gateway.updates.fleet import Fleet, release


@pytest.fixture
def own_store():
    # In memory where there is such a place: hours of heartbeats, each commit a flush of the disk.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        opened = open_store(f"sqlite:///{folder}/gateway.db")
        yield opened
        opened.close()


@pytest.fixture
def fleet(own_store, tmp_path):
    made = Fleet(own_store, tmp_path / "data")
    made.pass_time()
    return made


def test_one_device_then_ten_then_all(fleet):
    fleet.acts.begin("0.2.0", None, "ben", first="00000000000c")
    fleet.pass_time(5)
    assert fleet.running("0.2.0") == ["00000000000c"]
    fleet.pass_time(15)
    assert fleet.states()["00000000000c"] == stages.GOOD
    fleet.pass_time(10)
    assert len(fleet.running("0.2.0")) == 11
    fleet.pass_time(60)
    shown = fleet.acts.newest()
    assert (shown.state, shown.counts) == (stages.FINISHED, {stages.GOOD: 13})
    assert shown.well
    # To the minute it would tell when nobody was in.
    with fleet.store.read() as connection:
        assert {one.since_ms for one in table.members(connection, shown.id)} == {0}
    # And it is in the audit of each device, and of the update.
    with fleet.store.read() as connection:
        [order] = orders.table.of_device(connection, "000000000001", 9)
    assert (order.kind, order.ordered_by, order.state) == ("update", "ben", "confirmed")
    assert [(act.by, act.what) for act in shown.acts] == [("ben", "began")]


def test_a_gateway_killed_at_any_moment_goes_on_where_it_was(fleet):
    chance = random.Random(1)
    fleet.acts.begin("0.2.0", None, "ben")
    for _ in range(120):
        fleet.pass_time()
        if chance.random() < 0.3:
            fleet.begin_gateway()
    assert fleet.acts.newest().counts == {stages.GOOD: 13}
    # Nobody was ordered twice.
    with fleet.store.read() as connection:
        for device in fleet.devices:
            assert len(orders.table.of_device(connection, device, 9)) == 1


@pytest.mark.parametrize("why", ["did not start", "no answer from the gateway"])
def test_a_bad_release_costs_one_device_a_few_minutes_and_no_other_anything(fleet, why):
    for one in fleet.devices.values():
        one.does = why
    fleet.acts.begin("0.2.0", None, "ben")
    fleet.pass_time(60)
    shown = fleet.acts.newest()
    assert shown.state == stages.STOPPED
    assert why in shown.why
    assert not shown.well
    assert shown.counts == {stages.BACK: 1, stages.QUEUED: 12}
    with fleet.store.read() as connection:
        ordered = [d for d in fleet.devices if orders.table.of_device(connection, d, 9)]
    assert len(ordered) == 1


def test_one_of_ten_that_never_comes_back_stops_the_rest(fleet):
    fleet.devices["000000000003"].does = "silent"
    fleet.acts.begin("0.2.0", None, "ben", first="000000000001")
    fleet.pass_time(60)
    shown = fleet.acts.newest()
    assert (shown.state, fleet.states()["000000000003"]) == (stages.STOPPED, stages.SILENT)
    # The two of the last stage were never ordered.
    assert fleet.states()["00000000000c"] == fleet.states()["00000000000d"] == stages.QUEUED


def test_fewer_frames_than_before_stop_it(fleet):
    fleet.acts.begin("0.2.0", None, "ben", first="000000000001")
    fleet.pass_time(3)
    fleet.devices["000000000001"].frames = 70
    fleet.pass_time(5)
    assert fleet.states()["000000000001"] == stages.WORSE
    assert "radar 70 frames" in fleet.acts.newest().why


def test_a_new_fault_stops_it(fleet):
    first = fleet.devices["000000000001"]
    fleet.acts.begin("0.2.0", None, "ben", first=first.id)
    fleet.pass_time(3)
    fleet.say(first, "fault", what="radar_stuck", state="raised")
    fleet.pass_time(5)
    assert fleet.states()[first.id] == stages.WORSE
    assert "radar_stuck" in fleet.acts.newest().why


def alert(fleet, device, state):
    with fleet.store.write() as connection:
        light_table.save(
            *(connection,), device=device, boot=1, seq=1, state=state, alert="a", now_ms=0
        )


def test_nothing_is_handed_out_while_an_alert_is_open_in_the_unit(fleet):
    # Given a button beside the sensor, whose call is open
    button = "0a0b0c0d0e0f"
    devices.register(fleet.store, button, bytes(range(40, 72)), "201", "button", now_ms=1)
    first = fleet.devices["000000000001"]
    alert(fleet, button, "coming")
    fleet.acts.begin("0.2.0", [first.id], "ben")
    fleet.pass_time(30)
    assert first.got == {}
    assert fleet.states()[first.id] == stages.ORDERED
    # It is closed
    alert(fleet, button, "none")
    fleet.pass_time(3)
    assert first.firmware == "0.2.0"


def test_nor_is_leave_given_to_start_into_it(fleet):
    first = fleet.devices["000000000001"]
    fleet.acts.begin("0.2.0", [first.id], "ben")
    fleet.pass_time()
    want = fleet.want
    # The alert is raised when all has been fetched.
    fleet.want = lambda one, file, what="piece": (
        alert(fleet, first.id, "delivered") if what == "leave" else None,
        want(one, file, what),
    )
    fleet.pass_time(5)
    assert (first.firmware, first.done) == ("0.1.0", False)


def test_staff_stop_it_and_go_on(fleet):
    for one in fleet.devices.values():
        one.does = "" if one.id != "000000000001" else "well"
    fleet.acts.begin("0.2.0", None, "ben", first="000000000001")
    fleet.pass_time(20)
    assert list(fleet.states().values()).count(stages.ORDERED) == stages.AT_ONCE
    fleet.acts.stop("ana")
    fleet.pass_time()
    shown = fleet.acts.newest()
    assert (shown.state, shown.why) == (stages.STOPPED, "by staff")
    assert shown.counts == {stages.GOOD: 1, stages.QUEUED: 12}
    # They have been told, and get nothing any more.
    told = [one for one in fleet.devices.values() if one.order and not one.order.details]
    assert len(told) == stages.AT_ONCE
    for one in fleet.devices.values():
        one.does = "well"
    fleet.pass_time(5)
    assert fleet.running("0.2.0") == ["000000000001"]
    with pytest.raises(ReleaseError, match="nothing to stop"):
        fleet.acts.stop("ana")
    fleet.acts.resume("ana")
    fleet.pass_time(90)
    shown = fleet.acts.newest()
    assert shown.counts == {stages.GOOD: 13}
    assert [act.what for act in shown.acts] == ["began", "stopped", "resumed"]


def test_a_device_that_fetches_for_a_stopped_update_gets_nothing(fleet):
    first = fleet.devices["000000000001"]
    first.does = ""
    fleet.acts.begin("0.2.0", [first.id], "ben")
    fleet.pass_time(2)
    fleet.want(first, 0)
    assert len(first.got[0]) > 0
    before = first.order
    fleet.acts.stop("ben")
    first.got.clear()
    first.order = before
    fleet.want(first, 0)
    assert first.got == {}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"arch": "x86"}, "no build for its chip"),
        ({"firmware": "0.3.0"}, "runs a newer one"),
        ({"alive": False}, "not heard lately"),
    ],
)
def test_whoever_cannot_take_it_is_passed_over_with_the_reason(fleet, changed, why):
    first = fleet.devices["000000000001"]
    for name, value in changed.items():
        setattr(first, name, value)
    fleet.pass_time(5)
    fleet.acts.begin("0.2.0", None, "ben", first=first.id)
    fleet.pass_time(3)
    [row] = [row for row in fleet.acts.newest().rows if row.device == first.id]
    assert (row.state, row.why) == (stages.PASSED, why)
    # And another goes first.
    assert len(fleet.running("0.2.0")) == 1


def test_a_step_back_is_ordered_of_those_it_is_signed_over(fleet):
    fleet.library.add(release("0.0.9", over="0.1.0"))
    fleet.devices["000000000002"].firmware = "0.1.1"
    fleet.pass_time()
    fleet.acts.begin("0.0.9", ["000000000001", "000000000002"], "ben")
    fleet.pass_time(40)
    assert fleet.states() == {"000000000001": stages.GOOD, "000000000002": stages.PASSED}


def test_one_update_at_a_time_and_only_of_a_release_that_is_here(fleet):
    with pytest.raises(ReleaseError, match=r"no release 0\.9\.0 here"):
        fleet.acts.begin("0.9.0", None, "ben")
    with pytest.raises(ReleaseError, match="ever begun"):
        fleet.acts.stop("ben")
    fleet.acts.begin("0.2.0", None, "ben")
    fleet.pass_time()
    with pytest.raises(ReleaseError, match=r"0\.2\.0 is under way"):
        fleet.acts.begin("0.2.0", None, "ben")
    with pytest.raises(ReleaseError, match="not stopped"):
        fleet.acts.resume("ben")


def test_a_device_removed_in_the_midst_of_it_holds_up_nobody(fleet):
    fleet.devices["000000000001"].does = ""
    fleet.acts.begin("0.2.0", None, "ben", first="000000000001")
    fleet.pass_time(2)
    devices.retire(fleet.store, "000000000001", now_ms=fleet.now_ms)
    del fleet.devices["000000000001"]
    fleet.pass_time(90)
    shown = fleet.acts.newest()
    assert (shown.state, shown.counts) == (stages.FINISHED, {stages.GOOD: 12, stages.PASSED: 1})


def test_a_want_leaves_no_trace_but_what_is_handed_out(fleet):
    first = fleet.devices["000000000001"]
    first.does = ""
    fleet.acts.begin("0.2.0", [first.id], "ben")
    fleet.pass_time(2)
    sent = fleet.sent
    fleet.want(first, 0)
    assert fleet.sent == sent + 2
    assert len(first.got[0]) == first.order.details["size"]
    # A replay is answered as well, and does nothing.
    first.got.clear()
    fleet.want(first, 0)
    assert fleet.sent == sent + 4
    # Nor is there anything to be had for an order that was never given, or a file that is not.
    first.order.stamp += 1
    fleet.want(first, 0)
    first.order.stamp -= 1
    fleet.want(first, 77)
    assert fleet.sent == sent + 4


def test_buttons_are_watched_for_two_heartbeats(own_store, tmp_path):
    fleet = Fleet(own_store, tmp_path / "data", count=2, kind="button")
    fleet.pass_time(20)
    fleet.acts.begin("0.2.0", None, "ben")
    fleet.pass_time(30)
    assert list(fleet.states().values()).count(stages.GOOD) == 0
    fleet.pass_time(20)
    assert list(fleet.states().values()).count(stages.GOOD) == 1
    fleet.pass_time(70)
    assert fleet.acts.newest().counts == {stages.GOOD: 2}

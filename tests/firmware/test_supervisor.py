"""The supervisor: one task that has not reported in time, and the watchdog is fed no more."""

from doorknock import clock, health
from hypothesis import given
from hypothesis import strategies as st

TASKS = ("button", "link", "radar")


class Watchdog:
    def __init__(self) -> None:
        self.fed = 0

    def feed(self) -> None:
        self.fed += 1


@given(
    begins=st.sampled_from((0, clock.MASK - 4000)),
    steps=st.lists(
        st.tuples(st.integers(0, 3000), st.sets(st.sampled_from(range(len(TASKS))))), max_size=60
    ),
)
def test_it_names_a_task_that_is_late_at_every_look_and_feeds_at_no_other(begins, steps):
    now = [begins]
    said: list[str] = []
    watchdog = Watchdog()
    supervisor = health.Supervisor(watchdog, lambda: now[0], said.append)
    reports = [supervisor.enrol(name) for name in TASKS]
    ages = [0] * len(TASKS)
    for passed, reporting in steps:
        now[0] = (now[0] + passed) & clock.MASK
        ages = [0 if at in reporting else age + passed for at, age in enumerate(ages)]
        for at in reporting:
            reports[at]()
        fed = watchdog.fed
        supervisor.check()
        late = [name for name, age in zip(TASKS, ages, strict=True) if age > health.LATE_MS]
        assert supervisor.late(now[0]) == (late[0] if late else None)
        assert watchdog.fed == fed + (0 if late else 1)


def test_a_task_that_is_late_is_said_once_until_all_are_well_again():
    now = [0]
    said: list[str] = []
    supervisor = health.Supervisor(Watchdog(), lambda: now[0], said.append)
    report = supervisor.enrol("radar")
    for ms in (4000, 6000, 7000, 7500, 8000):
        now[0] = ms
        supervisor.check()
    report()
    supervisor.check()
    now[0] += health.LATE_MS + 1
    supervisor.check()
    assert said == ["task radar is late"] * 2

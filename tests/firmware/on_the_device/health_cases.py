"""The supervisor under MicroPython's own asyncio: one dead task, and the watchdog goes hungry."""

import asyncio

from cases import run
from doorknock import clock, health


class Watchdog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class Clock:
    def __init__(self, start=0):
        self.now = start

    def ticks(self):
        return self.now & clock.MASK


def supervised(start=0):
    watchdog, time, said = Watchdog(), Clock(start), []
    supervisor = health.Supervisor(watchdog, time.ticks, said.append)
    return supervisor, watchdog, time, said


def given_all_tasks_report_the_watchdog_is_fed():
    for start in (0, clock.MASK - 3000):
        supervisor, watchdog, time, _ = supervised(start)
        reports = [supervisor.enrol(name) for name in ("a", "b")]
        for _ in range(100):
            time.now += 500
            for report in reports:
                report()
            supervisor.check()
        assert watchdog.fed == 100


def given_one_dead_task_it_is_not_fed_whatever_the_others_do():
    supervisor, watchdog, time, said = supervised()
    alive = supervisor.enrol("alive")
    supervisor.enrol("dead")
    fed = []
    for _ in range(100):
        time.now += 500
        alive()
        supervisor.check()
        fed.append(watchdog.fed)
    assert fed[-1] == health.LATE_MS // 500
    assert said == ["task dead is late"], said


def given_a_task_that_comes_back_it_is_fed_again():
    supervisor, watchdog, time, _ = supervised()
    report = supervisor.enrol("slow")
    time.now += health.LATE_MS + 1
    supervisor.check()
    assert watchdog.fed == 0
    report()
    supervisor.check()
    assert watchdog.fed == 1


def it_feeds_by_itself_while_it_runs():
    async def story():
        supervisor, watchdog, _, _ = supervised()
        task = asyncio.create_task(supervisor.run())
        while not watchdog.fed:
            await asyncio.sleep_ms(1)
        task.cancel()

    asyncio.run(story())


class Nvs:
    """A chip's settings store, as far as the battery needs it."""

    def __init__(self):
        self.values = {}
        self.refuses = False

    def get_i32(self, key):
        if key not in self.values:
            raise OSError(-0x1102)
        return self.values[key]

    def set_i32(self, key, value):
        if self.refuses:
            raise OSError(-0x1105)
        self.values[key] = value

    def commit(self):
        pass


def it_tells_a_low_battery_once_though_the_button_sleeps_in_between():
    nvs = Nvs()
    told = [health.Battery(nvs).measured(mv) for mv in (3000, 2200, 2190, 2180)]
    assert told == ["", "low", "", ""], told


def it_tells_that_new_batteries_are_good():
    nvs = Nvs()
    health.Battery(nvs).measured(2200)
    assert health.Battery(nvs).measured(3000) == "good"
    assert health.Battery(nvs).measured(3000) == ""


def given_a_store_that_takes_nothing_it_costs_a_repetition_and_no_more():
    nvs = Nvs()
    nvs.refuses = True
    battery = health.Battery(nvs)
    assert [battery.measured(2200), battery.measured(2200)] == ["low", ""]


def it_tells_a_low_battery_once_and_a_good_one_once():
    battery = health.Battery(Nvs())
    told = [battery.measured(mv) for mv in (3000, 2299, 2310, 2290, 2450, 2500, 2450)]
    assert told == ["", "low", "", "", "", "good", ""], told


run(globals())

"""A module that speaks at another of its rates is found; one that is heard is left in peace."""

from doorknock import radar
from doorknock.clock import MASK
from doorknock.radar.rates import Rates


class Listener:
    """Ten looks a second; frames come while the rate is the module's."""

    def __init__(self, name, module_baud, start_ticks=0):
        self.rates = Rates(name)
        self.module_baud = module_baud
        self.powered = True
        self.frames = 0
        self.ticks = start_ticks
        self.changes = []

    def run(self, seconds):
        for _ in range(round(seconds * 10)):
            self.ticks = (self.ticks + 100) & MASK
            if self.powered and self.rates.baud == self.module_baud:
                self.frames = (self.frames + 1) & 0x3FFFFFFF
            if self.rates.changes(self.powered, self.frames, self.ticks):
                self.changes.append(self.rates.baud)
        return self


def test_an_ld6002_at_either_of_its_rates_is_heard_within_seconds():
    assert Listener("ld6002", 1382400).run(60).changes == []
    slow = Listener("ld6002", 115200).run(60)
    assert slow.changes == [115200]
    assert slow.frames > 500


def test_a_silent_module_is_looked_for_at_each_rate_in_turn():
    lost = Listener("ld6002", None).run(14.5)
    assert lost.changes == [115200, 1382400, 115200, 1382400]
    lost.module_baud = 115200
    assert lost.run(30).rates.baud == 115200


def test_a_radar_without_power_is_not_looked_for():
    listener = Listener("ld6002", 1382400)
    listener.powered = False
    assert listener.run(60).changes == []
    # When it gets power it has time to begin.
    listener.powered, listener.module_baud = True, None
    assert listener.run(3.4).changes == []
    assert listener.run(0.3).changes == [115200]


def test_time_that_wraps_changes_nothing():
    assert Listener("ld6002", 1382400, start_ticks=MASK - 2000).run(10).changes == []
    assert Listener("ld6002", 115200, start_ticks=MASK - 2000).run(10).changes == [115200]


def test_a_module_with_one_rate_keeps_it():
    assert Listener("ld2410", None).run(60).changes == []
    assert Listener("mr60bha2", None).run(60).changes == []


def test_every_module_has_a_rate():
    assert set(radar.RATES) == set(radar.NAMES)
    assert all(radar.RATES.values())

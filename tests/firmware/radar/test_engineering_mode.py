"""The LD2410 forgets engineering mode at every restart; the reader asks for it again."""

import itertools

from doorknock import radar

from sim.radars import ld2410

REPORT = ld2410.Report(1, 90, 50, 0, 0, [7] * 9, [0] * 9)


class Bench:
    """A reader and a module on one wire, 10 reports a second."""

    def __init__(self, module, start_ticks=0):
        self.reader = radar.make("ld2410")
        self.module = module
        self.ticks = start_ticks
        self.sent = []
        self.deaf = False
        self.mute = False

    def run(self, seconds):
        for _ in range(round(seconds * 10)):
            command = self.reader.command(self.ticks)
            answer = b""
            if command is not None:
                self.sent.append((self.ticks, command))
                answer = b"" if self.deaf else self.module.hear(command)
            data = answer + (b"" if self.mute else self.module.sample(REPORT))
            at = 0
            while at < len(data):
                at = self.reader.read(data, at, len(data))
            self.ticks = (self.ticks + 100) & 0x3FFFFFFF
        return self

    @property
    def codes(self):
        return [command[6] for _, command in self.sent]


def test_a_module_that_sends_basic_reports_is_asked_for_engineering_ones():
    bench = Bench(ld2410.Ld2410()).run(2)
    assert bench.codes == [0xFF, 0x62, 0xFE]
    assert bench.module.in_engineering
    assert not bench.module.configuring
    assert bench.reader.reading[radar.ENGINEERING] == 1


def test_a_module_in_engineering_mode_is_left_in_peace():
    assert Bench(ld2410.Ld2410(in_engineering=True)).run(120).sent == []


def test_a_module_that_restarts_is_asked_again():
    bench = Bench(ld2410.Ld2410()).run(5)
    bench.module.restart()
    bench.run(5)
    assert bench.codes == [0xFF, 0x62, 0xFE] * 2
    assert bench.module.in_engineering


def test_a_module_that_never_answers_is_not_flooded():
    bench = Bench(ld2410.Ld2410())
    bench.deaf = True
    bench.run(600)
    attempts = [ticks for ticks, command in bench.sent if command[6] == 0xFF]
    assert 5 <= len(attempts) <= 16
    assert bench.codes == [0xFF, 0xFE] * (len(bench.codes) // 2)
    gaps = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert gaps == sorted(gaps)
    assert max(gaps) <= 61_000


def test_a_module_that_starts_to_answer_late_still_comes_into_engineering_mode():
    bench = Bench(ld2410.Ld2410())
    bench.deaf = True
    bench.run(20)
    bench.deaf = False
    bench.run(65)
    assert bench.reader.reading[radar.ENGINEERING] == 1


def test_a_module_left_silent_in_configuration_mode_is_freed():
    # Given the device was reset in the middle of asking.
    module = ld2410.Ld2410()
    module.configuring = True
    bench = Bench(module).run(6)
    assert not module.configuring
    assert bench.reader.reading[radar.ENGINEERING] == 1


def test_asking_goes_on_across_the_wrap_of_the_ticks():
    bench = Bench(ld2410.Ld2410(), start_ticks=0x3FFFFFFF - 150).run(3)
    assert bench.codes == [0xFF, 0x62, 0xFE]


def test_a_refused_command_is_tried_again_later():
    bench = Bench(ld2410.Ld2410())
    obey = bench.module.hear
    bench.module.hear = lambda sent: ld2410.answer(0x62, 1) if sent[6] == 0x62 else obey(sent)
    bench.run(10)
    assert bench.codes[:3] == [0xFF, 0x62, 0xFE]
    assert not bench.module.configuring
    bench.module.hear = obey
    bench.run(30)
    assert bench.reader.reading[radar.ENGINEERING] == 1

"""The pure rooms under MicroPython: the same behaviour as tests/firmware sees on CPython.

With the heap locked where the chip must not allocate.
"""

import micropython
from cases import run
from doorknock import button, call, clock, config, identity, mqtt, retry, signals, sleep
from doorknock.journal import ALARM, HEARTBEAT, Entry


class Pin:
    IRQ_FALLING = 2
    IRQ_RISING = 1

    def __init__(self):
        self.level = 1
        self.handler = None

    def value(self):
        return self.level

    def irq(self, handler, trigger):
        self.handler = handler

    def turn(self, level):
        self.level = level
        micropython.heap_lock()
        try:
            self.handler(self)
        finally:
            micropython.heap_unlock()


class Nvs:
    def __init__(self, **values):
        self.values = values

    def get_i32(self, key):
        if key not in self.values:
            raise OSError(-0x1102)
        return self.values[key]

    def get_blob(self, key, buffer):
        value = self.get_i32(key)
        if isinstance(value, int):
            raise OSError(-0x1103)
        buffer[: len(value)] = value
        return len(value)

    def set_i32(self, key, value):
        self.values[key] = value

    def commit(self):
        pass


def _followed(now, on_down=lambda: None):
    """A button up, at the time now[0], followed from its start; with its pin and what it tells."""
    pin = Pin()
    presses = []
    shell = button.Pressed(pin, lambda: now[0])
    shell.follow(button.Button(on_down, lambda taps, held: presses.append((taps, held))))
    return shell, pin, presses


def it_latches_a_bouncing_double_tap_without_allocating_in_the_interrupt():
    for start in (0, clock.MASK - 200):
        now = [start]
        shell, pin, presses = _followed(now)
        for at, level in ((0, 0), (1, 1), (2, 0), (80, 1), (81, 0), (82, 1), (250, 0), (330, 1)):
            now[0] = (start + at) & clock.MASK
            pin.turn(level)
        now[0] = (start + 400) & clock.MASK
        shell.look()
        assert presses == [(2, False)], presses


def _while_it_writes(edges, later):
    """What is told of a tap at 0 whose first light, at 20, is followed by a write of 150 ms; edges
    (ms, level) meanwhile, seen only after it, as soft interrupts are; later: (ms, level)."""
    now = [0]
    wrote = []

    def write():
        if not wrote:
            wrote.append(True)
            pin.level = edges[-1][1] if edges else pin.level
            now[0] += 150
            for _ in edges:
                pin.turn(pin.level)

    shell, pin, presses = _followed(now, write)
    shell.look()
    for level in (0, 1, 0):  # it bounces
        pin.turn(level)
    later = list(later)
    while now[0] < 1200:
        while later and now[0] >= later[0][0]:
            pin.turn(later.pop(0)[1])
        shell.look()
        now[0] += 10
    return presses


def given_taps_while_the_flash_is_written_they_are_seen_though_nobody_could_look():
    # Released and pressed again in the midst of it
    assert _while_it_writes(((60, 1), (120, 0)), ((240, 1),)) == [(2, False)]
    # With contacts that bounce
    bounces = ((60, 1), (61, 0), (62, 1), (120, 0), (121, 1), (122, 0))
    assert _while_it_writes(bounces, ((240, 1),)) == [(2, False)]
    # One tap is one, whenever it ends and however that bounces
    assert _while_it_writes((), ((240, 1),)) == [(1, False)]
    assert _while_it_writes(((60, 1),), ()) == [(1, False)]
    assert _while_it_writes(((60, 1), (61, 0), (62, 1)), ()) == [(1, False)]
    assert _while_it_writes((), ((240, 1), (240, 0), (240, 1))) == [(1, False)]


def given_a_release_that_still_bounces_while_nobody_can_look_it_is_no_tap():
    now = [0]
    shell, pin, presses = _followed(now)
    pin.turn(0)
    for now[0] in range(0, 110, 10):
        shell.look()
    pin.turn(1)
    shell.look()
    # The chip collects its garbage; the tail of the bounce is seen after it
    now[0] += 150
    for _ in range(4):
        pin.turn(1)
    for _ in range(100):
        shell.look()
        now[0] += 10
    assert presses == [(1, False)], presses


def _started(level, edges):
    """A button found at this level; edges (ms, level) while the rest is loaded; a look at 1000."""
    now = [0]
    pin = Pin()
    pin.level = level
    shell = button.Pressed(pin, lambda: now[0])
    for now[0], level in edges:
        pin.turn(level)
    now[0] = 1000
    presses = []
    machine = button.Button(lambda: None, lambda taps, held: presses.append((taps, held)))
    shell.follow(machine)
    return shell, presses, now


def given_a_button_that_is_down_when_the_device_starts_that_is_a_press():
    for edges, expected in (
        (((90, 1),), [(1, False)]),
        (((90, 1), (250, 0), (340, 1)), [(2, False)]),
        # It was down before anybody could look: a press, however soon it ends.
        (((2, 1),), [(1, False)]),
    ):
        shell, presses, _ = _started(0, edges)
        assert shell.found_down
        shell.look()
        assert presses == expected, (edges, presses)
        assert not shell._button.busy


def given_a_button_held_since_before_the_start_that_is_a_hold():
    shell, presses, now = _started(0, ())
    shell.look()
    assert shell._button.untold
    now[0] = 2001
    shell.look()
    assert presses == [(1, True)], presses


def given_a_tap_while_the_device_starts_it_is_not_lost():
    shell, presses, _ = _started(1, ((30, 0), (110, 1)))
    assert not shell.found_down
    shell.look()
    assert presses == [(1, False)], presses


def given_the_tap_that_woke_the_device_it_counts_once_however_it_is_found():
    for level, edges, expected in (
        (0, ((90, 1),), [(1, False)]),
        (1, (), [(1, False)]),
        (0, (), [(1, False)]),
        (0, ((90, 1), (300, 0), (390, 1)), [(1, False), (2, False)]),
        (1, ((300, 0), (390, 1)), [(1, False), (2, False)]),
    ):
        shell, presses, _ = _started(level, edges)
        shell.woken()
        shell.look()
        assert presses == expected, (level, edges, presses)


def it_survives_more_edges_than_the_ring_holds():
    now = [0]
    shell, pin, presses = _followed(now)
    for at in range(501):
        now[0] = at
        pin.turn(at & 1)
    for at in range(501, 3501, 10):
        now[0] = at
        shell.look()
    # The pin was left low: the level itself is looked at, not the edges alone.
    assert presses == [(1, True)], presses


def it_tells_a_call_as_it_is():
    light = call.Call()
    light.event("press", 3, 7, 0)
    assert light.light(100, False) == "sending"
    assert light.light(call.CANNOT_SEND_AFTER_MS, False) == "cannot_send"
    light.answered(3, 7)
    assert light.light_told(1 << 40, 3, 7, "coming")
    resumed = call.Call()
    resumed.resume(light.saved())
    assert resumed.light(0, False) == "coming"
    assert not resumed.light_told(1 << 40, 3, 7, "none")
    assert resumed.light_told((1 << 40) + 1, 3, 7, "none")


def it_retries_and_holds_back():
    class Kept:
        def __init__(self):
            self.entries = [Entry(1, HEARTBEAT, 1, 1), Entry(2, ALARM, 1, 2)]

    kept = Kept()
    outgoing = retry.Outgoing(kept, retry.EVERY_S, lambda percent: 0)
    outgoing.connected()
    assert outgoing.next(0).id == 2
    assert not outgoing.sent(kept.entries[1], 1, 0)
    outgoing.acknowledged(1)
    assert outgoing.next(100000) is None
    outgoing.gateway(True, 100000)
    assert outgoing.next(100000).id == 1
    assert outgoing.next(102000).id == 2


def it_cuts_packets():
    packets = mqtt.Packets()
    stream = mqtt.publish("a/b", bytes(300), 9, True, True) + mqtt.PINGREQ
    found = []
    for byte in stream:
        found += packets.feed(bytes([byte]))
    assert found[0][0] == 0x3B
    assert found[1] == (0xC0, b"")
    assert mqtt.read_publish(*found[0]) == ("a/b", bytes(300), 9)
    for bad in (b"\x30\xff\xff\xff\xff", b"\x30\xff\x7f"):
        try:
            mqtt.Packets().feed(bad)
            raise AssertionError(bad)
        except mqtt.Broken:
            pass
    try:
        mqtt.read_publish(0x32, b"\x00\x02\xff\xfe\x00\x01")
        raise AssertionError
    except mqtt.Broken:
        pass


def it_reads_settings_and_falls_back():
    settings = config.Config(Nvs(device=bytes(6), port=70000, tls=b"\xff", type=b"sensor"))
    assert settings.lacking == ["secret", "wifi_ssid", "host"], settings.lacking
    assert ("port", "out of bounds") in settings.problems
    assert settings["port"] == 8883
    assert settings["tls"] == "psk"
    assert settings["type"] == "sensor"


def it_counts_starts_and_sleeps():
    nvs = Nvs(boot=4)
    first = identity.Identity(nvs, 7)
    kept = first.asleep(1 << 35, 1 << 41)
    woken = identity.Identity(nvs, 7, kept, (1 << 41) + 500)
    assert (woken.boot, woken.uptime_ms) == (5, (1 << 35) + 500)
    assert identity.Identity(nvs, 7, kept[:-1]).boot == 6


def it_plays_patterns():
    now = [0]
    seen = []
    lights = signals.Signals(seen.append, lambda hz: None, lambda: now[0])
    lights.show("delivered")
    assert seen == [0, 1] or seen == [1], seen
    for now[0] in range(0, 3001, 100):
        lights.advance(now[0])
    assert seen[-3:] == [0, 1, 0], seen


def it_decides_when_to_sleep():
    assert sleep.Sleeper(0).sleep_ms(sleep.AWAKE_MS, "none", [], True) == sleep.HEARTBEAT_MS


run(globals())

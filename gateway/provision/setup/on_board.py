"""What is run on the board over its cable: pieces of MicroPython that answer with a line of JSON.

The firmware on the board judges its own settings (doorknock/config.py there), so that there is one
truth about them. A session begins by lengthening the watchdog, which nobody can stop: pulled out in
the midst of it, the cable leaves a board that starts by itself a minute later.
"""

from collections.abc import Mapping

# Before the line of JSON, so that nothing else that is printed can be taken for it.
MARK = "\x1e"
SESSION_S = 60
RADAR_S = 12

_BEGIN = f"""
import json, machine
try:
    machine.WDT(timeout={SESSION_S * 1000})
except Exception:
    pass
def say(what):
    print({MARK!r} + json.dumps(what))
"""

WHO = (
    _BEGIN
    + """
import os, sys
found = {"device": machine.unique_id().hex(), "machine": os.uname().machine}
found["version"] = ".".join([str(n) for n in sys.implementation[1][:3]])
try:
    # Not the whole application: the radar's check needs the memory.
    from doorknock import config, version
    found["firmware"] = version.FIRMWARE
except ImportError:
    found["firmware"] = ""
say(found)
"""
)


def write(values: Mapping[str, int | bytes], least_boot: int) -> str:
    """Writes these settings and no others, or, where one cannot be, none.

    What is there already is not written again. A board that gets another secret has none until all
    the rest is there: cut off in the midst it knows that it is not set up, and says so. least_boot:
    a count of starts below is of another time; the board asks for its number.
    """
    return (
        _BEGIN
        + f"""
import esp32
from doorknock import config
values = {dict(values)!r}
least_boot = {least_boot}
"""
        + """
nvs = esp32.NVS(config.NAMESPACE)
buffer = bytearray(512)
def there(name, number):
    try:
        if number:
            return nvs.get_i32(name)
        return bytes(buffer[: nvs.get_blob(name, buffer)])
    except OSError:
        return None
def put(name, value):
    if isinstance(value, int):
        nvs.set_i32(name, value)
    else:
        nvs.set_blob(name, value)
def drop(name):
    try:
        nvs.erase_key(name)
    except OSError:
        pass
rows = {row[0]: row for row in config.SETTINGS}
wrong = [name for name in values if name not in rows]
for name in values:
    if name in rows:
        try:
            config.checked(rows[name], values[name])
        except (ValueError, TypeError):
            wrong.append(name)
written = 0
if not wrong:
    differs = []
    for name in values:
        if there(name, isinstance(values[name], int)) != values[name]:
            differs.append(name)
    if "secret" in differs:
        drop("secret")
        nvs.commit()
        differs.remove("secret")
        differs.append("secret")
    for name in rows:
        if name not in values and there(name, rows[name][1] == "number") is not None:
            drop(name)
            written += 1
    for name in differs:
        if name == "secret":
            nvs.commit()
        put(name, values[name])
        written += 1
    boot = there("boot", True)
    if boot is not None and boot < least_boot:
        drop("boot")
    nvs.commit()
    now = config.Config(esp32.NVS(config.NAMESPACE))
    for name in values:
        if config.checked(rows[name], values[name]) != now[name]:
            wrong.append(name)
say({"wrong": wrong, "written": written})
"""
    )


RADAR = (
    _BEGIN
    + f"""
import esp32, time
from doorknock import chip, config, radar, sensor
from doorknock.radar import rates
settings = config.Config(esp32.NVS(config.NAMESPACE))
uart, power = chip.Chip(settings, chip.button(settings)).radar()
power.value(1)
# As in a washroom, where the radar always has power; what it sees is told to nobody.
room = sensor.Sensor(settings["radar"], "washroom", settings.sensing(), lambda kind, details: None)
rate = rates.Rates(settings["radar"])
buffer = bytearray(512)
begun = chip.ticks()
try:
    while time.ticks_diff(chip.ticks(), begun) < {RADAR_S * 1000}:
        count = uart.readinto(buffer) or 0
        room.feed(buffer, count, chip.ticks())
        if rate.changes(True, room.counts[radar.FRAMES], chip.ticks()):
            uart.init(rate.baud)
        wish = room.command(chip.ticks())
        if wish is not None:
            uart.write(wish)
        time.sleep_ms(20)
finally:
    power.value(0)
health = room.health()
health["bytes"] = room.counts[radar.BYTES]
health["baud"] = rate.baud
say(health)
"""
)

RESTART = "import machine\nmachine.reset()\n"

"""A look into the firmware's sensor, for whoever shows a simulated room: the firmware tells nobody.

Takes note of the sensor when the firmware makes it; asked for it, tells what state it is in.
"""

import bench

_sensor = None


def begin() -> None:
    """Before the firmware is loaded."""
    from doorknock import sensor

    made = sensor.Sensor.__init__

    def noted(self, *rest) -> None:
        global _sensor
        made(self, *rest)
        _sensor = self

    sensor.Sensor.__init__ = noted
    bench.on("look", _look)


def _look(order: dict) -> None:
    bench.tell({"look": {} if _sensor is None else _seen(_sensor)})


def _seen(sensor) -> dict:
    return {
        "state": sensor.state(),
        "room": sensor.room(),
        "watching": sensor.watching(),
        "prompting": sensor.prompting(),
        "faulty": sensor.faulty(),
        "power": sensor.radar_power(),
    }

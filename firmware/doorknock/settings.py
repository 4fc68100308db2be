"""Every setting of the sensor, with its unit and both its bounds, in one table.

A setting without an upper bound, or one stored over another, has made such systems deaf: nothing
is in force that this table does not allow.
"""

# (name, default, lowest, highest, unit); above each why, for docs/settings.md
TABLE = (
    #: breathing tier: a chest still for so long is asked about. Apnoea is prolonged from 20 s;
    #: pauses of under 15 s are ordinary
    ("still_prompt_s", 20, 15, 60, "s"),
    #: presence tier: nobody moves for so long. It cannot see breath, so people must be given time
    #: to sit still; injury to the brain begins after about 4 minutes without breath
    ("no_movement_s", 180, 30, 600, "s"),
    #: time to answer 'are you OK?' before the sensor calls
    ("answer_s", 15, 10, 60, "s"),
    #: a room empty for so long has been left; shorter, and each turn at the edge of the radar's
    #: view is a visit of its own
    ("empty_s", 10, 5, 120, "s"),
    #: washroom: somebody in there for so long is asked, and if need be called for
    ("long_stay_s", 7200, 600, 14400, "s"),
    #: home: a watch ends after so long, if the resident answers
    ("watch_limit_s", 28800, 600, 43200, "s"),
    #: a smoothed leg of breath, from turning point to turning point, has at least so much.
    #: Breathing shows 680 and more, the smoothed heart up to 120, an empty room up to 50
    ("breath_floor_um", 250, 100, 500, "µm"),
    #: so many breaths or fewer are asked about, unanswered a check-in. Respiratory depression
    #: begins under 8 to 10; a sleeper at 10 to 12 is well
    ("slow_ask_pm", 8, 6, 10, "a minute"),
    #: so many breaths or fewer are urgent: studies raise the alarm at 5 to 7
    ("slow_urgent_pm", 5, 3, 6, "a minute"),
    #: breaths of less than this share of the person's own depth are urgent; under opioids 30 to
    #: 70 % of it are lost
    ("weak_percent", 30, 15, 40, "%"),
    #: home: asked about stillness so often within an hour, the sensor waits as long as it ever
    #: does (45 s) before it asks again. It never stops asking
    ("asks_per_h", 6, 1, 30, "an hour"),
    #: home: one press of B while nothing is asked means 'let me sleep': for so long the sensor
    #: waits 45 s before it asks. 0: a press means nothing
    ("quiet_min", 30, 0, 120, "min"),
    #: a radar without one whole frame for so long is reported; the slowest sends 5 a second
    ("silent_fault_s", 5, 3, 60, "s"),
    #: a radar that repeats one value for so long is reported: noise alone changes a live one
    ("stuck_fault_s", 10, 5, 120, "s"),
)

_BY_NAME = {row[0]: row for row in TABLE}


def checked(name: str, value: int) -> int:
    """The value, when the table allows it. ValueError, in words for a person, when it does not."""
    row = _BY_NAME.get(name)
    if row is None:
        names = ", ".join([row[0] for row in TABLE])
        raise ValueError("There is no setting %s; the settings are %s." % (name, names))
    if not isinstance(value, int) or not row[2] <= value <= row[3]:
        raise ValueError(
            "%s must be a whole number from %d to %d %s, not %s."
            % (name, row[2], row[3], row[4], value)
        )
    return value


def in_force(given: dict) -> dict:
    """Every setting: those given, checked, and the default of each other. Raises ValueError."""
    values = {row[0]: row[1] for row in TABLE}
    for name, value in given.items():
        values[name] = checked(name, value)
    return values

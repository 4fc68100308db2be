"""Whether a scenario that is well written can also be played: units, names, orders of steps."""

from collections import Counter
from collections.abc import Iterator

from sim.people.doings import Doing
from sim.people.plan import PlanError, checked
from sim.rooms.room import Room
from sim.scenario import actions, sightings
from sim.scenario.format import BoardSpec, Cue, Person, Scenario
from sim.scenario.lines import Place
from sim.scenario.places import placement_of, rooms_of

_OF_A_BOARD = (
    actions.Press,
    actions.Power,
    actions.BatteryIs,
    actions.Forget,
    actions.Hang,
    actions.Fall,
)
_OF_SENSORS = ("radar", "mode", "looks_at", "overhead")
# Names that mean something of themselves.
START = "start"


class Nonsense(Exception):
    """`str()` is one sentence; place: where in the file."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place


def check(scenario: Scenario) -> None:
    """Raises Nonsense for the first thing that cannot be."""
    _boards(scenario)
    rooms = _rooms(scenario)
    for number, person in enumerate(scenario.people):
        _unit(scenario, ("people", number, "unit"), person.unit)
        _plan(scenario, person, ("people", number))
        _places(person, rooms[person.unit], ("people", number))
    _only_once([person.name for person in scenario.people], "people", "name")
    _only_once([room.unit for room in scenario.rooms], "rooms", "unit")
    _only_once([one.name for one in scenario.responders], "responders", "name")
    for number, cue in enumerate(scenario.cues):
        _cue(scenario, cue, ("cues", number))
    _cues_that_wait_for_each_other(scenario)
    for number, wanted in enumerate(scenario.expect):
        _expectation(scenario, wanted, ("expect", number))


def board_for(scenario: Scenario, name: str | None, *, sensor: bool | None = None) -> BoardSpec:
    """The board that is meant; without a name the only one (of its type). ValueError."""
    fitting = [
        board
        for board in scenario.boards
        if (name is None or board.called == name)
        and (sensor is None or (board.board == "sensor") == sensor)
    ]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(repr(board.called) for board in scenario.boards)
    kind = "" if sensor is None else "sensor " if sensor else "button "
    if name is not None:
        raise ValueError(f"there is no {kind}board {name!r}; the boards are {known}")
    raise ValueError(f"which {kind}board is meant? The boards are {known}")


def names_in(scenario: Scenario) -> Counter[str]:
    """How often each name stands for a cue or a step."""
    found: Counter[str] = Counter([START])
    for person in scenario.people:
        found.update(step.name or step.doing.do for step in person.plan)
    found.update(cue.name or cue.action.do for cue in scenario.cues)
    return found


def _only_once(names: list[str], table: str, key: str) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise Nonsense((table, number, key), f"there are two {table} {name!r}")


def _boards(scenario: Scenario) -> None:
    _only_once([board.called for board in scenario.boards], "boards", "name")
    sensors = [board.unit for board in scenario.boards if board.board == "sensor"]
    for number, board in enumerate(scenario.boards):
        written = board.model_fields_set
        if board.board == "button" and written & set(_OF_SENSORS):
            wrong = next(key for key in _OF_SENSORS if key in written)
            raise Nonsense(("boards", number, wrong), f"a button has no {wrong}")
        if board.board == "sensor" and board.battery:
            raise Nonsense(("boards", number, "battery"), "a sensor does not run on a battery")
        if board.board == "sensor" and sensors.count(board.unit) > 1:
            # Two radars in a room disturb each other, and nobody has measured how.
            raise Nonsense(("boards", number, "unit"), f"{board.unit} has two sensors")


def _unit(scenario: Scenario, place: Place, unit: str | None) -> None:
    if unit is not None and unit not in scenario.units:
        known = ", ".join(scenario.units)
        raise Nonsense(place, f"nobody has a unit {unit!r}; the units are {known}")


def _rooms(scenario: Scenario) -> dict[str, Room]:
    """The rooms, and whether everything that is to hang or stand in them can."""
    for number, described in enumerate(scenario.rooms):
        alone = scenario.model_copy(update={"rooms": [described]})
        try:
            rooms_of(alone)
        except ValueError as trouble:
            raise Nonsense(("rooms", number, "things"), str(trouble)) from None
    rooms = rooms_of(scenario)
    for number, board in enumerate(scenario.boards):
        if board.board == "sensor":
            try:
                placement_of(board, rooms[board.unit])
            except ValueError as trouble:
                raise Nonsense(("boards", number, "looks_at"), str(trouble)) from None
    return rooms


def _places(person: Person, room: Room, place: Place) -> None:
    """Whether each place that somebody goes to is in the room."""
    if person.behind_the_wall is not None:
        return
    for number, (_, doing) in enumerate(plan_of(person)):
        for key in ("to", "at"):
            where = getattr(doing, key, None)
            if where is not None:
                try:
                    room.spot(where)
                except ValueError as trouble:
                    raise Nonsense((*place, "plan", number), str(trouble)) from None


def _plan(scenario: Scenario, person: Person, place: Place) -> None:
    for number, at in enumerate(times_of(person)):
        if at > scenario.length:
            raise Nonsense((*place, "plan", number), "this is after the end of the scenario")
    try:
        checked(person.name, plan_of(person))
    except PlanError as trouble:
        raise Nonsense((*place, "plan", trouble.step), str(trouble)) from None
    except ValueError as trouble:
        raise Nonsense((*place, "plan"), str(trouble)) from None


def times_of(person: Person) -> list[int]:
    """When each step of the plan is due, in ms since the beginning."""
    times: list[int] = []
    for step in person.plan:
        before = times[-1] if times else 0
        times.append(step.at if step.at is not None else before + (step.wait or 0))
    return times


def plan_of(person: Person) -> list[tuple[float, Doing]]:
    """The plan as people understand it: (s, doing)."""
    times = times_of(person)
    return [(at / 1000, step.doing.meant()) for at, step in zip(times, person.plan, strict=True)]


def _in_time(scenario: Scenario, place: Place, at: int) -> None:
    if at > scenario.length:
        raise Nonsense(place, "this is after the end of the scenario")


def _cue(scenario: Scenario, cue: Cue, place: Place) -> None:
    if cue.at is not None:
        _in_time(scenario, (*place, "at"), cue.at + cue.wait)
    if isinstance(cue.after, str):
        if cue.after == _called(cue):
            raise Nonsense((*place, "after"), "a cue cannot wait for itself")
        _name(scenario, (*place, "after"), cue.after)
    elif cue.after is not None:
        _seen(scenario, cue.after, (*place, "after"))
    if cue.who is not None and cue.who not in [person.name for person in scenario.people]:
        raise Nonsense((*place, "who"), f"there is nobody called {cue.who!r} among the people")
    _action(scenario, cue.action, place)


def _called(cue: Cue) -> str:
    return cue.name or cue.action.do


def _cues_that_wait_for_each_other(scenario: Scenario) -> None:
    """In a circle of cues nobody begins: none of them would ever come."""
    waits_for = {_called(cue): cue.after for cue in scenario.cues if isinstance(cue.after, str)}
    for number, cue in enumerate(scenario.cues):
        circle = [_called(cue)]
        while (after := waits_for.get(circle[-1])) is not None and after not in circle:
            circle.append(after)
        if after == circle[0]:
            told = ", which waits for ".join(f"{name!r}" for name in [*circle[1:], circle[0]])
            raise Nonsense(
                ("cues", number, "after"),
                f"{circle[0]!r} waits for {told}: none of them ever comes",
            )


def _action(scenario: Scenario, action: object, place: Place) -> None:
    try:
        if isinstance(action, actions.RadarIs):
            board_for(scenario, action.board, sensor=True)
        elif isinstance(action, _OF_A_BOARD) or (
            isinstance(action, actions.Update) and action.board is not None
        ):
            board_for(scenario, action.board)
    except ValueError as trouble:
        raise Nonsense((*place, "board"), str(trouble)) from None
    if isinstance(action, actions.Respond | actions.PhoneIs):
        known = [one.name for one in scenario.responders]
        if action.who not in known:
            raise Nonsense((*place, "who"), f"there is no responder {action.who!r}")
    if isinstance(action, actions.Respond):
        _unit(scenario, (*place, "unit"), action.unit)


def _expectation(scenario: Scenario, wanted: sightings.Sighting, place: Place) -> None:
    _seen(scenario, wanted, place)
    for key, name in (("of", wanted.of), ("before", wanted.before)):
        if name is not None:
            _name(scenario, (*place, key), name)
    if wanted.never and (wanted.times or wanted.at_most):
        raise Nonsense((*place, "never"), "never, and how often: one of the two")
    if isinstance(wanted, sightings.AT_THE_END):
        for key in sightings.TIMING:
            if key in wanted.model_fields_set and key not in ("of", "known_limit"):
                raise Nonsense((*place, key), f"{wanted.that!r} is of the end: no {key!r}")
    if isinstance(wanted, sightings.Told) and wanted.person is not None:
        known = [one.name for one in scenario.responders]
        if wanted.person not in known:
            raise Nonsense((*place, "person"), f"there is no responder {wanted.person!r}")


def _seen(scenario: Scenario, seen: sightings.Sighting, place: Place) -> None:
    _unit(scenario, (*place, "unit"), seen.unit)
    if seen.board is not None:
        try:
            board_for(scenario, seen.board)
        except ValueError as trouble:
            raise Nonsense((*place, "board"), str(trouble)) from None


def _name(scenario: Scenario, place: Place, name: str) -> None:
    found = names_in(scenario)
    if name not in found:
        known = ", ".join(_known(found))
        raise Nonsense(place, f"no cue and no step is called {name!r}; there are {known}")
    if found[name] > 1:
        raise Nonsense(place, f"{found[name]} cues or steps are called {name!r}: give them names")


def _known(found: Counter[str]) -> Iterator[str]:
    yield from (name for name, often in found.items() if often == 1)

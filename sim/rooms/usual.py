"""The rooms of most scenarios: a public washroom, a room in which somebody lives."""

from sim.rooms.room import Place, Room


def washroom(name: str = "washroom", *, clutter: float = 0.25) -> Room:
    """1.6 by 2.2 m, a seat at the back."""
    return Room(
        name,
        width_m=1.6,
        depth_m=2.2,
        door=(0.8, 0.0),
        places={"seat": Place(0.8, 1.8), "sink": Place(1.3, 0.9)},
        clutter=clutter,
    )


def bedroom(name: str = "bedroom", *, clutter: float = 0.25) -> Room:
    """3.2 by 3.6 m, a bed at the back wall, a chair beside it, in view of a radar above the bed."""
    return Room(
        name,
        width_m=3.2,
        depth_m=3.6,
        door=(0.6, 0.0),
        places={"bed": Place(1.6, 3.0, bed=True), "seat": Place(0.9, 2.6)},
        clutter=clutter,
    )


ROOMS = {"washroom": washroom, "bedroom": bedroom}

"""Waits, with a bound, for what becomes of an order, and says so in the meantime."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.care import view
from gateway.care.view import Order
from gateway.orders import AT_GATEWAY, SUPERSEDED
from gateway.store import Store

LOOK_EVERY_S = 0.25
# A running gateway looks for orders every second.
TAKEN_WITHIN_S = 5.0
# Once a test is at the gateway, its way to the backend and back takes less.
TESTED_WITHIN_S = 30.0

# What is over and well; every other answer is a failure.
GOOD = frozenset({"applied", "in_force", "done", "arrived", "accepted", "confirmed"})
# Another answer may follow, or the rest of this one.
_MORE_TO_COME = frozenset({"accepted", "waiting_for_press", AT_GATEWAY})

SENTENCES = {
    "waiting": "The device has not answered yet; the order stands, and goes to it when it is back.",
    SUPERSEDED: "A newer order took its place before the device had answered.",
    "accepted": "The device has it; it is in force as soon as that disturbs nobody.",
    "waiting_for_press": "It widens what is watched: one press in the room, within two minutes, "
    "agrees to it.",
    "applied": "It is in force.",
    "in_force": "These settings are in force.",
    "refused": "The device refuses it and has changed nothing",
    "no_press": "Nobody in the room has agreed by a press; nothing has changed.",
    "replaced": "A newer order took its place before it was in force.",
    "failed": "The device could not do it; look at its log and order it again.",
    "unknown": "The device's firmware does not know this order; update it.",
    "done": "Done.",
    "busy": "The device cannot do that now; order it again later.",
    AT_GATEWAY: "The test has come to the gateway, and not to the backend; see that it runs.",
    "arrived": "The test has gone the whole way, to the backend and back.",
}


@dataclass(frozen=True)
class Patience:
    """How to wait. clock: s, never set back. sleep: passes so many s. say: what has become of
    the order so far (its state, "behind another", "no gateway"), and a line of it for a person."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str, str], None]


def until_settled(store: Store, order_id: int, most_s: float, patience: Patience) -> Order:
    """The order once nothing more is to come of it, or as it is after *most_s*."""
    begun = patience.clock()
    told = ""
    while True:
        order = view.order_of(store, order_id)
        waited_s = patience.clock() - begun
        if is_settled(order) or waited_s >= most_s:
            return order
        state = order.state
        if state == "waiting" and not order.sent and waited_s >= TAKEN_WITHIN_S:
            behind = view.is_behind_another(store, order_id)
            state = "behind another" if behind else "no gateway"
        if state != told:
            told = state
            patience.say(state, _PROGRESS.get(state) or SENTENCES.get(state, state))
        patience.sleep(LOOK_EVERY_S)


_PROGRESS = {
    "waiting": "Waiting for the device; Ctrl-C leaves the order standing.",
    "behind another": "The device has not answered an earlier order yet; this one goes to it after "
    "that.",
    "no gateway": "No gateway has taken the order yet: see that it runs, with this configuration.",
    AT_GATEWAY: "The test has come to the gateway; waiting for the backend.",
}


def is_settled(order: Order) -> bool:
    """Whether nothing more is to come of it."""
    if order.waits:
        return False
    if order.state == "done":
        what = order.details.get("what")
        # The device has begun; what it does comes by another message.
        return not (what in ("test", "test_press") or (what == "log" and order.log is None))
    return order.state not in _MORE_TO_COME


def sentence(order: Order) -> str:
    """What became of it, for a person."""
    if order.state == "refused" and order.wrong:
        return f"{SENTENCES['refused']}: {order.wrong} cannot be so."
    if order.state == "done" and order.details.get("what") in ("test", "test_press"):
        return "The device has begun; the test has not come to the gateway."
    if order.state == "done" and order.details.get("what") == "log" and order.log is None:
        return "The device has begun; its lines have not all come."
    return SENTENCES.get(order.state, order.state)


def is_good(order: Order) -> bool:
    """Whether it is done, as far as it can be known now."""
    if order.details.get("what") in ("test", "test_press"):
        return order.state == "arrived"
    if order.details.get("what") == "log":
        return order.log is not None
    return order.state in GOOD

"""What the checks of a board come to, in words for whoever stands before it. Pure."""

from collections.abc import Mapping

from gateway.provision.boards import Board
from gateway.provision.setup.trouble import NotReached, SetupError, Unfit

# The slowest module sends 5 frames a second; a few may be lost.
FRAMES_LEAST_PER_10S = 40


def chip_of(machine: str) -> str:
    """The chip in MicroPython's name of a board ("… with ESP32C3"), as esptool's --chip."""
    return machine.rpartition(" with ")[2].strip().lower().replace("-", "")


def fits(board: Board, machine: str, port: str) -> None:
    """Raises Unfit where this is another board than was said."""
    chip = chip_of(machine)
    if chip != board.chip.esptool:
        raise Unfit(
            f"The board on {port} has the chip {chip}, but a {board.name} has "
            f"{board.chip.esptool}: plug in the right one, or name the board that it is with "
            "--board."
        )


def radar(told: Mapping[str, object], board: Board) -> None:
    """Raises SetupError where the radar does not look after anybody. told: by on_board.RADAR."""
    frames, some = told.get("radar_frames_per_10s"), told.get("bytes")
    pin = board.pins("sensor")["radar_rx"]
    if not some:
        raise SetupError(
            "Nothing comes from the radar: see that it has power, and that its TX goes to the "
            f"board's {pin.label}; then run this again."
        )
    if not isinstance(frames, int) or frames < FRAMES_LEAST_PER_10S:
        raise SetupError(
            f"The radar sends {frames} whole frames in 10 s, and at least {FRAMES_LEAST_PER_10S} "
            "are wanted: see that it is the module that was named and that its cable is short and "
            "firm; then run this again."
        )


def not_heard(
    why: str, *, device: str, ssid: str, host: str, port: int, gateway_runs: bool
) -> NotReached:
    """Why the gateway does not hear a device. why: what the device's own console said last."""
    if not gateway_runs:
        return NotReached(
            "The gateway does not run, so nobody can hear the device: start it (`sudo systemctl "
            "start doorknock`), then run this again."
        )
    if why == "no access point":
        return NotReached(
            f"The device does not get into the Wi-Fi {ssid!r}: see that it is one of 2.4 GHz and "
            "near enough, or write name and password anew with --wifi; then run this again. Where "
            f"it hangs already, `doorknock device wifi {device} --ssid NAME` does it by Bluetooth, "
            "without a cable."
        )
    if why == "no connection to the broker":
        return NotReached(
            f"The device is in the Wi-Fi {ssid!r} and finds no gateway at {host}, port {port}: see "
            "that this is the gateway's address in that Wi-Fi (--host) and that devices may reach "
            "it there; then run this again."
        )
    if why:
        return NotReached(
            f"The device reaches the gateway and does not get in ({why}): run this again with "
            "--new-key; if it stays so, run `doorknock doctor`."
        )
    return NotReached(
        "The device was not heard by the gateway: see that the cable sits firmly, press the "
        "board's RESET, then run this again; `doorknock doctor` looks at the rest of the way."
    )

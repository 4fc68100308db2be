"""What a person sees of it, or a program: lines and a bar, or one JSON object a line."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from gateway.provision.setup.job import Made
from gateway.provision.setup.steps import Step
from gateway.provision.setup.wanted import Wanted

_WORDS = {
    Step.FLASH: "writing MicroPython and Doorknock",
    Step.BOARD: "who is it?",
    Step.KEY: "its key, here and at the broker",
    Step.WRITE: "its settings, onto the board",
    Step.RADAR: "does its radar see? (12 s)",
    Step.NETWORK: "Wi-Fi, broker, gateway",
    Step.ANSWERS: "who comes, and an ambulance: to the backend",
    Step.MODE: "what widens what is watched",
    Step.TEST: "a test press, to the backend and back",
    Step.REPLACE: "the old device goes out of service",
    Step.READY: "ready",
}
_PRESS = "Its light asks: press its button once. That press calls nobody; two presses would."


@dataclass(frozen=True)
class Failed:
    """A device that is not ready, and why."""

    wanted: Wanted | None
    why: str


class Shown:
    """Shows what happens to one board after the other, from entering it to leaving it."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._begun = time.monotonic()
        self._port = self._device = self._unit = ""
        self._console = Console(highlight=False, stderr=as_json)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            console=self._console,
            transient=True,
            disable=as_json or not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1, visible=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def board(self, port: str, unit: str) -> None:
        """From now on it is about this board."""
        self._port, self._unit, self._device = port, unit, ""

    def tell(self, step: Step, state: str, fields: Mapping[str, Any]) -> None:
        """See job.Tell."""
        self._device = str(fields.get("device", self._device))
        if self._as_json:
            self._line(step.value, {"state": state, **fields})
        elif state == "begun":
            n, of = int(fields["n"]), int(fields["of"])
            self._bar.update(
                self._task, description=_WORDS[step], completed=n - 1, total=of, visible=True
            )
            self.say(f"{self._unit}  {n}/{of}  {_WORDS[step]}")
        elif state == "press":
            self.say(_PRESS)
        elif state == "says":
            self.say(f"      {fields['text']}")
        elif step is Step.RADAR:
            self.say(
                f"      {fields['radar_frames_per_10s']} frames in 10 s, "
                f"{fields['radar_errors']} bad, noise {fields['noise_floor']}, "
                f"{fields['tier']} tier"
            )
        elif step is Step.NETWORK and "rssi_dbm" in fields:
            self.say(f"      Wi-Fi {fields['rssi_dbm']} dBm")

    def flash(self, event: str, fields: Mapping[str, object]) -> None:
        """See flash.job.Tell."""
        if self._as_json:
            if event != "written":
                self._line(Step.FLASH.value, {"state": event, **fields})
        elif event in ("writing", "written"):
            done, of = fields["done"], fields["of"]
            if isinstance(done, int) and isinstance(of, int):
                self._bar.update(self._task, completed=done, total=of)
        elif event == "image" and not fields["vouched"]:
            self.say(
                "Nobody has vouched for this MicroPython; compare its SHA-256 with what others "
                f"have measured: {fields['sha256']}"
            )

    def failed(self, why: str) -> None:
        """This board is not ready."""
        if self._as_json:
            self._line("failed", {"why": why})
        else:
            self._console.print(f"{self._unit}  not ready: {why}", soft_wrap=True, markup=False)

    def say(self, text: str) -> None:
        """A line for a person; to a program it is none."""
        if not self._as_json:
            self._console.print(text, soft_wrap=True, markup=False)

    def _line(self, event: str, fields: Mapping[str, Any]) -> None:
        t_ms = int(1000 * (time.monotonic() - self._begun))
        head = {"t_ms": t_ms, "device": self._device or None, "event": event}
        typer.echo(json.dumps(head | {"port": self._port, "unit": self._unit} | dict(fields)))


def summary(
    made: Sequence[Made], failed: Sequence[Failed], before: Sequence[str], *, as_json: bool
) -> None:
    """The list at the end. before: the units that were ready before this run."""
    if as_json:
        ready = {one.device: {"unit": one.wanted.unit, **one.checks} for one in made}
        not_ready = [{"unit": one.wanted and one.wanted.unit, "why": one.why} for one in failed]
        typer.echo(
            json.dumps({"summary": {"ready": ready, "failed": not_ready, "before": list(before)}})
        )
        return
    typer.echo("")
    for one in made:
        wanted = one.wanted
        typer.echo(f"ready      {wanted.unit:<12}  {wanted.device_type:<6}  {one.device}")
    for unit in before:
        typer.echo(f"ready      {unit:<12}  since an earlier run")
    for lost in failed:
        unit = lost.wanted.unit if lost.wanted else "?"
        typer.echo(f"NOT ready  {unit:<12}  {lost.why}")

"""What a person sees of it, or a program: bars, or one JSON object a line."""

import json
import time
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

# The events that are no news by themselves; in JSON they are too many.
_STEPS = ("written",)
# What the bar says next to the port.
_WORDS = {
    "looking": "who is there?",
    "found": "found",
    "image": "MicroPython at hand",
    "writing": "writing",
    "verifying": "verifying",
    "ready": "[green]ready[/green]",
    "failed": "[red]not done[/red]",
}


class Shown:
    """Shows what happens on each port, from entering it to leaving it."""

    def __init__(self, ports: list[str], *, as_json: bool) -> None:
        self._as_json = as_json
        self._begun = time.monotonic()
        self._devices: dict[str, object] = {}
        self._console = Console(highlight=False, stderr=as_json)
        self._bars = Progress(
            TextColumn("{task.fields[port]}"),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=self._console,
            disable=as_json,
        )
        self._tasks: dict[str, TaskID] = {
            port: self._bars.add_task(_WORDS["looking"], total=None, port=port) for port in ports
        }

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def tell(self, port: str, event: str, fields: dict[str, object]) -> None:
        """An event of the board on `port`."""
        if event == "found":
            self._devices[port] = fields["device"]
        if self._as_json:
            if event not in _STEPS:
                self._line(port, event, fields)
            return
        task = self._tasks[port]
        if event == "found":
            self._bars.update(task, description=f"{fields['board']} {fields['device']}")
        elif event == "image":
            if not fields["vouched"]:
                self._bars.print(
                    f"{port}: nobody has vouched for this MicroPython; compare its SHA-256 with "
                    f"what others have measured: {fields['sha256']}",
                    soft_wrap=True,
                )
        elif event in ("writing", "written"):
            self._bars.update(
                task,
                description=_WORDS["writing"],
                completed=_number(fields["done"]),
                total=_number(fields["of"]),
            )
        else:
            self._bars.update(task, description=_WORDS[event])

    def _line(self, port: str, event: str, fields: dict[str, object]) -> None:
        t_ms = int(1000 * (time.monotonic() - self._begun))
        head = {"t_ms": t_ms, "device": self._devices.get(port), "port": port, "event": event}
        typer.echo(json.dumps(head | fields))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0

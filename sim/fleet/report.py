"""What a fleet has come to, for a person and for a program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.fleet.ledger import Reckoning
from sim.fleet.tally import Tally, spread
from sim.fleet.usage import Used

# More would be a wall of names; the count says how many there are.
NAMES_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """length_s: from when the fleet was up until it was drained. used: by part. phone_messages
    and alerts_closed: None where the phones are real people's."""

    devices: int
    seed: int
    ramp_s: float
    length_s: float
    tally: Tally
    reckoning: Reckoning
    used: Mapping[str, Used]
    phone_messages: int | None
    alerts_closed: int | None

    @property
    def unanswered(self) -> int:
        """Events that the gateway never answered for."""
        return self.tally.waits

    @property
    def ok(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return self.reckoning.ok and self.unanswered == 0

    def as_json(self) -> dict[str, Any]:
        """Times in ms where the name says so, else s; cpu in percent of one core."""
        tally = self.tally
        return {
            "ok": self.ok,
            "devices": self.devices,
            "seed": self.seed,
            "ramp_s": round(self.ramp_s, 1),
            "length_s": round(self.length_s, 1),
            "made": dict(sorted(tally.made.items())),
            "events_a_second": round(tally.made.total() / self.length_s, 1),
            "presses_a_minute": round(tally.made["press"] / self.length_s * 60, 1),
            "answered": tally.answered.total(),
            "unanswered": self.unanswered,
            "lost": sorted(self.reckoning.lost),
            "doubled": sorted(self.reckoning.doubled),
            "not_with_the_backend": self.reckoning.waiting,
            "sent_again": tally.sent_again,
            "answered_again": tally.answered_again,
            "commands_refused": tally.refused,
            "connections": tally.connections,
            "alarm_ms": spread(tally.alarm_ms),
            "telemetry_ms": spread(tally.telemetry_ms),
            "coming_ms": spread(tally.coming_ms),
            "lights": dict(sorted(tally.lights.items())),
            "phone_messages": self.phone_messages,
            "alerts_closed": self.alerts_closed,
            "used": {
                part: {
                    "cpu_percent": round(100 * used.cpu_s / (self.ramp_s + self.length_s), 1),
                    "memory_mb": round(used.memory_mb),
                }
                for part, used in self.used.items()
            },
        }

    def show(self, console: Console) -> None:
        """Prints tables."""
        facts = self.as_json()
        counts = Table(
            title=f"{self.devices:,} devices for {self.length_s:,.0f} s (seed {self.seed})"
        )
        counts.add_column("events")
        counts.add_column("made", justify="right")
        counts.add_column("answered", justify="right")
        for kind, number in facts["made"].items():
            counts.add_row(kind, f"{number:,}", f"{self.tally.answered[kind]:,}")
        counts.add_section()
        counts.add_row("all", f"{self.tally.made.total():,}", f"{facts['answered']:,}")
        console.print(counts)
        self._show_times(console)
        self._show_used(console, facts["used"])
        phones = ""
        if self.phone_messages is not None:
            phones = f"; {self.phone_messages:,} messages on phones, {self.alerts_closed:,} closed"
        console.print(
            f"{facts['events_a_second']:,} events a second. Sent again {self.tally.sent_again:,}, "
            f"answered again {self.tally.answered_again:,}{phones}."
        )
        self._show_verdict(console)

    def _show_times(self, console: Console) -> None:
        table = Table(title="how long it took (ms)")
        for column in ("from → to", "p50", "p95", "p99", "worst"):
            table.add_column(column, justify="left" if column == "from → to" else "right")
        for what, values in (
            ("call or question made → answered", self.tally.alarm_ms),
            ("telemetry made → answered", self.tally.telemetry_ms),
            ("“on my way” → light: somebody is coming", self.tally.coming_ms),
        ):
            if found := spread(values):
                table.add_row(what, *(f"{value:,.0f}" for value in found.values()))
        console.print(table)

    @staticmethod
    def _show_used(console: Console, used: Mapping[str, Mapping[str, float]]) -> None:
        table = Table(title="what it used")
        table.add_column("part")
        table.add_column("of one core", justify="right")
        table.add_column("memory", justify="right")
        for part, facts in used.items():
            table.add_row(part, f"{facts['cpu_percent']:.0f} %", f"{facts['memory_mb']:,.0f} MB")
        console.print(table)

    def _show_verdict(self, console: Console) -> None:
        if self.ok:
            console.print("[bold]Nothing was lost and nothing came twice.[/]")
            return
        for what, names in (("lost", self.reckoning.lost), ("doubled", self.reckoning.doubled)):
            if names:
                shown = ", ".join(sorted(names)[:NAMES_SHOWN])
                more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
                console.print(f"{what}: {shown}{more}", style="red")
        if self.unanswered:
            console.print(f"never answered: {self.unanswered:,} events", style="red")
        if self.reckoning.waiting:
            waiting = f"not with the backend yet: {self.reckoning.waiting:,} events"
            console.print(waiting, style="red")

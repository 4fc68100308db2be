"""What the processes of a fleet use of this machine: processor time and memory, by their part."""

from dataclasses import dataclass

import psutil

SAMPLE_EVERY_S = 1.0


@dataclass
class Used:
    """cpu_s: of all the processes that played this part. memory_mb: the most that one had."""

    cpu_s: float = 0.0
    memory_mb: float = 0.0


class Usage:
    """`sample({part: process id})` about every second; a process that is replaced goes on in its
    part's account."""

    def __init__(self) -> None:
        self.parts: dict[str, Used] = {}
        self._known: dict[tuple[str, int], float] = {}

    def sample(self, pids: dict[str, int | None]) -> None:
        """Looks at each; one that is not there just now is passed over."""
        for part, pid in pids.items():
            if pid is None:
                continue
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    memory = process.memory_info().rss
            except psutil.Error:
                continue
            cpu_s = times.user + times.system
            used = self.parts.setdefault(part, Used())
            # Of a process met for the first time, what it used before is not this fleet's.
            used.cpu_s += cpu_s - self._known.get((part, pid), cpu_s)
            used.memory_mb = max(used.memory_mb, memory / 1e6)
            self._known[part, pid] = cpu_s


def parent_of(pid: int | None) -> int | None:
    """The process that started this one."""
    if pid is None:
        return None
    try:
        return psutil.Process(pid).ppid() or None
    except psutil.Error:
        return None

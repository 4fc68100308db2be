"""The gateway as a process of its own, as on a Raspberry Pi: started, watched, started again."""

import asyncio
import contextlib
import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# As systemd would: at once, but not in a tight loop.
RESTART_AFTER_S = 1.0
STOP_S = 10.0
# What is shown when it cannot run at all.
LAST_WORDS = 12
# A gateway that ends this often before it was ever ready has a reason that starting cannot mend.
STARTS_BEFORE_GIVING_UP = 3


class GatewayWillNotRun(Exception):
    """The gateway ended before it was ready; `str()` is what it said."""


class GatewayProcess:
    """`start()`, then `run()` until cancelled, then `stop()`.

    on_line gets each line that the gateway logs, as a mapping; on_start its process id.
    """

    def __init__(
        self,
        config: Path,
        on_line: Callable[[Mapping[str, Any]], None],
        on_start: Callable[[int], None],
    ) -> None:
        self._config = config
        self._on_line = on_line
        self._on_start = on_start
        self._child: asyncio.subprocess.Process | None = None
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._was_ready = False

    async def run(self) -> None:
        """Keeps a gateway running. Raises GatewayWillNotRun."""
        lives = 0
        while self._was_ready or lives < STARTS_BEFORE_GIVING_UP:
            await self._live()
            lives += 1
            await asyncio.sleep(RESTART_AFTER_S)
        raise GatewayWillNotRun("\n".join(self._words) or "the gateway ended without a word")

    async def _live(self) -> None:
        """One life of it, from its start to its end."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from gateway.cli import main; main()",
            "gateway",
            "--config",
            str(self._config),
            "--json-log",
            "--verbose",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for whoever runs us, who ends it in order.
            start_new_session=True,
        )
        self._on_start(self._child.pid)
        assert self._child.stderr is not None  # noqa: S101  asked for above
        async for raw in self._child.stderr:
            self._take(raw.decode(errors="replace").rstrip())
        await self._child.wait()

    def _take(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            self._words.append(line)
            return
        if not isinstance(said, dict):
            return
        if said.get("level") not in ("info", "debug"):
            self._words.append(str(said.get("event", "")))
        self._was_ready = self._was_ready or said.get("event") == "ready"
        self._on_line(said)

    def kill(self) -> bool:
        """kill -9: no farewell, nothing flushed. `run()` starts it again. False: there is none."""
        if self._child is None or self._child.returncode is not None:
            return False
        self._child.kill()
        return True

    async def stop(self) -> None:
        """Ends it in order; by force when that takes too long."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

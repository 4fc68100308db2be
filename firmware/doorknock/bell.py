"""A bell that one task waits for, at most so long.

asyncio's own way, an Event and wait_for_ms, makes a task, four objects and two exceptions at each
wait; several rooms wait every two seconds, for ever. This makes one object and no task.
"""

import asyncio


class Bell:
    """Rung by any task (never in an interrupt), waited for by one."""

    def __init__(self) -> None:
        self._rung = False
        self._waits = None  # the task that waits for it now

    def ring(self) -> None:
        """Whoever waits goes on at once; if nobody does, the next wait is over at once."""
        self._rung = True
        task, self._waits = self._waits, None
        if task is not None:
            # It sleeps until its time is over. This is how asyncio's own Task.cancel wakes one.
            queue = asyncio.core._task_queue  # pyright: ignore[reportAttributeAccessIssue]
            queue.remove(task)
            queue.push(task)

    async def wait(self, ms: int) -> bool:
        """Until it has been rung since the last wait, or for `ms`; whether it has been."""
        if self._rung:
            # All the same the others have their turn.
            await asyncio.sleep_ms(0)
        else:
            self._waits = asyncio.current_task()
            try:
                await asyncio.sleep_ms(ms)
            finally:
                self._waits = None
        rung, self._rung = self._rung, False
        return rung

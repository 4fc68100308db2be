"""asyncio's `_asyncio` in virtual time: the built-in one reads the real clock.

The interface is what MicroPython's asyncio/core.py asks of it: `ph_key` is when a task is due, in
ticks; `data` what it waits on or what to throw into it; `state` True while it runs, a TaskQueue of
those who wait for its end, None once it has ended, False once somebody has taken its result.
"""

from heapq import heapify, heappop, heappush

import bench

_MASK = 0x3FFFFFFF
_HALF = 0x20000000

# asyncio.core, which imports this module while it is being made.
core = None
_pushed = 0


class TaskQueue:
    """Tasks by when they are due; of those due together, the first to come goes first."""

    def __init__(self) -> None:
        self._heap = []

    def peek(self):
        return self._heap[0][2] if self._heap else None

    def push(self, task, ticks=None) -> None:
        global _pushed
        task.data = None
        _pushed += 1
        now = bench.now
        if ticks is None:
            task.ph_key = (now + bench.ticks_base) & _MASK
            heappush(self._heap, (now, _pushed, task))
        else:
            task.ph_key = ticks
            ahead = ((ticks - now - bench.ticks_base + _HALF) & _MASK) - _HALF
            heappush(self._heap, (now + ahead, _pushed, task))

    def pop(self):
        return heappop(self._heap)[2]

    def remove(self, task) -> None:
        heap = self._heap
        for at in range(len(heap)):
            if heap[at][2] is task:
                heap[at] = heap[-1]
                heap.pop()
                heapify(heap)
                return


class Task:
    """A coroutine on its way."""

    def __init__(self, coro, globals=None) -> None:
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0

    def __iter__(self):
        if not self.state:
            # Its result is about to be taken.
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        waiting = core.cur_task
        self.state.push(waiting)
        # Both know of each other, so that cancelling reaches the one that is waited for.
        waiting.data = self

    def done(self) -> bool:
        return not self.state

    def cancel(self) -> bool:
        if not self.state:
            return False
        if self is core.cur_task:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            core._task_queue.push(task)
        elif ((task.ph_key - bench.now - bench.ticks_base + _HALF) & _MASK) - _HALF > 0:
            core._task_queue.remove(task)
            core._task_queue.push(task)
        task.data = core.CancelledError
        return True

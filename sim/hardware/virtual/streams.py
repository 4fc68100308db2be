"""What asyncio waits with, in virtual time: instead of polling for a while, time passes.

Streams are asked whether they are ready when something has been done to the board and whenever
time is about to pass: whoever waits for a UART's bytes finds them when the next task is due.

asyncio's own tasks and their queue stay: they are the interpreter's. They stamp what is to run at
once with the real clock; so asyncio's ticks, which are asked for here, begin far above any real
ones. What is to run at once then goes first, in the order in which it was put there.
"""

import socket

import bench
import micropython

# Milliseconds: 35,000 years, against ticks that begin with the machine, or in 1970.
_ABOVE = 1 << 50
_POLL = 3
_READ = 1
_WRITE = 4
_ERROR = 8
# A program that turns so often without letting time pass is waiting for it to pass.
_TURNED_OFTEN = 1000


@micropython.native
def ticks() -> int:
    """asyncio's ticks: they do not wrap in any run."""
    return bench.now + _ABOVE


class IOQueue:
    """Tasks that wait for a stream. `map`, as asyncio has it: id: [reads, None, writes, stream]."""

    def __init__(self) -> None:
        self.map = {}
        self._turned = 0

    def queue_read(self, stream) -> None:
        self._enqueue(stream, 0)

    def queue_write(self, stream) -> None:
        self._enqueue(stream, 2)

    def _enqueue(self, stream, which: int) -> None:
        waits = self.map.get(id(stream))
        if waits is None:
            waits = self.map[id(stream)] = [None, None, None, stream]
        waits[which] = core.cur_task
        core.cur_task.data = self
        bench.happened = True

    def remove(self, task) -> None:
        for key in list(self.map):
            waits = self.map[key]
            if waits[0] is task or waits[2] is task:
                del self.map[key]
                socket.left(self.map)

    @micropython.native
    def wait_io_event(self, ms: int) -> None:
        """Lets time pass until a stream is ready, or `ms` are over; -1: for ever."""
        if ms == 0:
            self._turned += 1
            if self._turned <= _TURNED_OFTEN:
                if bench.happened:
                    self._look()
                return
            ms = 1
        self._turned = 0
        if self.map and self._look():
            return
        bench.move(bench.now + ms if ms > 0 else bench.NEVER)
        if bench.happened:
            self._look()

    def _look(self) -> bool:
        """Wakes those whose stream is ready."""
        bench.happened = False
        found = False
        for key in self.map:
            waits = self.map[key]
            wanted = (_READ if waits[0] else 0) | (_WRITE if waits[2] else 0)
            ready = waits[3].ioctl(_POLL, wanted)
            if waits[0] and ready & (_READ | _ERROR):
                core._task_queue.push(waits[0])
                waits[0] = None
                found = True
            if waits[2] and ready & (_WRITE | _ERROR):
                core._task_queue.push(waits[2])
                waits[2] = None
                found = True
        if found:
            for key in list(self.map):
                waits = self.map[key]
                if waits[0] is None and waits[2] is None:
                    del self.map[key]
        return found


# asyncio.core; begin.py puts it here.
core = None

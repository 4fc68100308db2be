"""Who waits for a stream, in virtual time: instead of polling for a while, time passes.

Streams are asked whether they are ready when something has been done to the board. One that may
become ready by itself, as a UART does, is asked whenever time is about to pass as well: whoever
waits for its bytes finds them when the next task is due. Sockets and asyncio's own flags never are.
"""

import asyncio
import socket

import bench
import micropython

_POLL = 3
_READ = 1
_WRITE = 4
_ERROR = 8

core = asyncio.core


class IOQueue:
    """Tasks that wait for a stream. `map`, as asyncio has it: id: [reads, None, writes, stream].

    by_themselves: those of `map` that may become ready though nothing was done to the board.
    """

    def __init__(self) -> None:
        self.map = {}
        self.by_themselves = {}

    def queue_read(self, stream) -> None:
        self._enqueue(stream, 0)

    def queue_write(self, stream) -> None:
        self._enqueue(stream, 2)

    def _enqueue(self, stream, which: int) -> None:
        waits = self.map.get(id(stream))
        if waits is None:
            waits = self.map[id(stream)] = [None, None, None, stream]
            if not isinstance(stream, _TOLD_OF):
                self.by_themselves[id(stream)] = True
                bench.clock[bench.BY_THEMSELVES] = len(self.by_themselves)
        waits[which] = core.cur_task
        core.cur_task.data = self
        bench.clock[bench.HAPPENED] = 1

    def remove(self, task) -> None:
        for key in list(self.map):
            waits = self.map[key]
            if waits[0] is task or waits[2] is task:
                self._forget(key)
                socket.left(self.map)

    def _forget(self, key: int) -> None:
        del self.map[key]
        self.by_themselves.pop(key, None)
        bench.clock[bench.BY_THEMSELVES] = len(self.by_themselves)

    @micropython.native
    def wait(self, ms: int) -> None:
        """Lets time pass until a stream is ready, or `ms` (1 or more) are over."""
        if (bench.clock[bench.HAPPENED] or self.by_themselves) and self.look():
            return
        bench.move(bench.now + ms)
        if bench.clock[bench.HAPPENED]:
            self.look()

    def look(self) -> bool:
        """Wakes those whose stream is ready; whether there was any."""
        bench.clock[bench.HAPPENED] = 0
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
                    self._forget(key)
        return found


def _set(flag) -> None:
    """ThreadSafeFlag.set, which tells that there is something to look at."""
    flag.state = 1
    bench.clock[bench.HAPPENED] = 1


asyncio.ThreadSafeFlag.set = _set
# What becomes ready only when something is done to the board, or when it is told of here.
_TOLD_OF = (socket.socket, asyncio.ThreadSafeFlag)

"""asyncio's turns in virtual time: which task comes next, and how one sleeps.

The tasks and their queue are the interpreter's own; so is everything that asyncio builds on them.
What is here is its innermost loop, which goes round some thirty times in a virtual second, and its
`sleep_ms`: both do what asyncio's do, in a third of the instructions.

Tasks that are to run at once are stamped by the interpreter with the real clock; so asyncio's
ticks, which are counted here, begin far above any real ones. What is to run at once then goes
first, in the order in which it was put there.
"""

import asyncio

import bench
import micropython
import streams

core = asyncio.core

# Milliseconds: 35,000 years, against ticks that begin with the machine, or in 1970.
_ABOVE = 1 << 50
_clock = bench.clock
# Found at once where it is a name of this module.
_next = next
_ENDS = (asyncio.CancelledError, Exception)
# What a sleeper awaits: an end that comes at the next turn.
_ONCE = (None,)


@micropython.native
def ticks() -> int:
    """asyncio's ticks: they do not wrap in any run."""
    return bench.now + _ABOVE


@micropython.viper
def sleep_ms(ms: int):
    """To be awaited at once: the task that runs now is put to sleep by the call itself."""
    words = ptr32(_clock)  # noqa: F821
    # bench.now + _ABOVE
    until = int(words[3]) | ((int(words[4]) | 0x40000) << 32)
    if ms > 0:
        until += ms
    _push(core.cur_task, until)
    return _ONCE


def run_until_complete(main_task=None):
    """Turns until main_task has ended, or nothing is left to do; returns what main_task does."""
    return _turn(core._task_queue, core._io_queue, main_task)


@micropython.viper
def _turn(queue, waiting, main_task):
    # As machine code, which knows numbers of 64 bits here: all else waits for this.
    peek, pop, go_on, at = queue.peek, queue.pop, _go_on, core
    move, look, wait = bench.move, waiting.look, waiting.wait
    clock = ptr32(bench.clock)  # noqa: F821
    above = int(_ABOVE)
    turned = 0
    while True:
        task = peek()
        if not task:
            if not waiting.map and not (main_task and main_task.state):
                at.cur_task = None
                return None
            wait(bench.NEVER)
            continue
        now = int(clock[3]) | (int(clock[4]) << 32)
        due = int(task.ph_key) - above
        if due <= now:
            turned += 1
            if turned > 1000:
                # A program that turns so often without letting time pass waits for it to pass.
                due = now + 1
        if due > now:
            turned = 0
            if clock[2] or clock[7]:
                wait(due - now)
                continue
            move(due)
            if clock[2]:
                look()
                continue
            if (int(clock[3]) | (int(clock[4]) << 32)) < due:
                continue
            turned = 1
        elif clock[2]:
            look()
        task = pop()
        at.cur_task = task
        thrown = task.data
        end = go_on(task, thrown)
        if end and _over(task, end, thrown, main_task):
            return end.value


@micropython.native
def _go_on(task, thrown):
    """The task's turn; None, or what it has ended by."""
    try:
        if thrown:
            # It was cancelled; or it has ended by what nobody has asked for yet.
            task.data = None
            task.coro.throw(thrown)
        else:
            _next(task.coro)
    except _ENDS as end:
        return end
    return None


def _over(task, end, thrown, main_task) -> bool:
    """The task has ended: whoever waits for it is told. True when that was the main task."""
    by_itself = isinstance(end, StopIteration)
    awaited = task is main_task
    if awaited:
        core.cur_task = None
        if not by_itself:
            task.state = False
            raise end
        if task.state is None:
            task.state = False
    # As in the interpreter: True while it runs; None, ended and not asked for; False, and asked
    # for; else those who wait for it, or whom to call.
    if task.state:
        if task.state is True:
            task.state = False if awaited else None
        elif callable(task.state):
            task.state(task, end)
            task.state = False
            awaited = True
        else:
            while task.state.peek():
                _push(task.state.pop())
                awaited = True
            task.state = False
        if not awaited and not (by_itself or isinstance(end, asyncio.CancelledError)):
            # Once more: until then somebody may still ask for it.
            _push(task)
        task.data = end
    elif task.state is None:
        task.data = thrown
        core._exc_context["exception"] = thrown
        core._exc_context["future"] = task
        core.Loop.call_exception_handler(core._exc_context)
    return task is main_task


def begin() -> None:
    """Puts all this in asyncio's place. Before anything is imported that waits."""
    global _push
    import utime

    core.ticks = ticks
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff
    core.IOQueue = streams.IOQueue
    core.run_until_complete = run_until_complete
    core.sleep_ms = asyncio.sleep_ms = sleep_ms
    asyncio.new_event_loop()
    _push = core._task_queue.push


# The queue's own; begin() puts it here.
_push = None

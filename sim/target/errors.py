"""What can go wrong when target code is compiled or executed here.

TargetError
├── CompileError     mpy-cross refuses the file, or its output is not what we can read
├── UnplayableCall   the function asks for something that only a whole MicroPython has
├── MemoryFault      an access outside the buffers that were handed over, or a misaligned one
├── EndlessCall      the function does not come back
└── ToolMissing      a program of this machine is missing
"""


class TargetError(Exception):
    """One plain sentence: what, where, what to do."""


class CompileError(TargetError):
    """The source could not be made into target code."""


class UnplayableCall(TargetError):
    """The function uses the runtime in a way that cannot be played here."""


class MemoryFault(TargetError):
    """The function touched memory that is none of its arguments."""


class EndlessCall(TargetError):
    """The function runs far longer than any may."""


class ToolMissing(TargetError):
    """A program that the measurement needs is not on this machine."""

"""A function's RV32 instructions, and how often each ran: where its cost lies."""

from collections import Counter
from collections.abc import Sequence

from capstone import CS_ARCH_RISCV, CS_MODE_RISCV32, CS_MODE_RISCVC, Cs

from sim.target.errors import TargetError
from sim.target.measure import compile_all
from sim.target.mpy import Arch
from sim.target.recording import Recording, Source
from sim.target.rv32 import Rv32


def listing(name: str, sources: Sequence[Source], recordings: Sequence[Recording]) -> str:
    """The instructions of the function whose dotted name ends with *name*, and their counts.

    Raises TargetError when there is none, or more than one, or it was never called.
    """
    functions = compile_all(sources, Arch.RV32IMC)
    found = [known for known in functions if known.endswith(name)]
    if len(found) != 1:
        raise TargetError(f"{name} fits {len(found)} of: {', '.join(sorted(functions))}")
    function = functions[found[0]]
    core = Rv32()
    ran: Counter[int] = Counter()
    calls = 0
    disassembler = Cs(CS_ARCH_RISCV, CS_MODE_RISCV32 | CS_MODE_RISCVC)
    for recording in recordings:
        for recorded in recording.calls:
            if recorded.name != found[0]:
                continue
            calls += 1
            for _ in core.play([recorded.call(function)]):
                for (start, size), times in core.profile().items():
                    for at in range(start, start + size):
                        ran[at] += times
    if not calls:
        raise TargetError(f"{found[0]} is never called on these inputs")
    lines = [f"{found[0]}: {calls:,} calls; runs a call, instruction"]
    lines += [
        f"{ran[one.address] / calls:9.2f}  {one.address:5x}  {one.mnemonic:10} {one.op_str}"
        for one in disassembler.disasm(function.code, 0)
    ]
    return "\n".join(lines)

"""What lets the pure firmware modules be imported under CPython."""

import sys


def install() -> None:
    """Makes `import micropython` give the twin in sim/host/micropython.py. Call it before the
    first import of a firmware module that uses viper (radar, breathing, presence).

    The package that brings the interpreter also leaves a module named `micropython` on the path,
    with nothing in it that the firmware needs.
    """
    from . import micropython

    micropython.expose_types()
    sys.modules["micropython"] = micropython

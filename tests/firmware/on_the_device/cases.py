"""Cases of a test script: functions collected by name, run one by one, told apart in the output."""

import gc
import sys


def run(names: dict) -> None:
    """Runs every function whose name begins with `given_` or `it_`; exits 1 if one fails."""
    failed = 0
    for name in sorted(names):
        if not name.startswith(("given_", "it_")):
            continue
        gc.collect()
        try:
            names[name]()
        except Exception as problem:
            failed += 1
            print("FAILED", name)
            sys.print_exception(problem)
    sys.exit(1 if failed else 0)

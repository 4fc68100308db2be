"""A process that may open as many connections as the system allows."""

import subprocess
import sys


def test_the_limit_is_raised_as_far_as_the_system_lets_us() -> None:
    script = (
        "import resource\n"
        "from gateway.file_limit import raise_file_limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))\n"
        "print(raise_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert done.stdout.split() == [b"512", b"512", b"512"]

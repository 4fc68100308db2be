"""How many files and connections this process, and the broker it starts, may have open."""

import resource

# Debian's soft limit of 1,024 is 1,024 connections: one visitor who only connects could use them
# up. More than this no house needs; some systems set no hard limit at all.
MOST_FILES = 65_536


def raise_file_limit() -> int:
    """Raises the soft limit as far as the system lets us; what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft

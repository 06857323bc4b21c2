"""How many files and connections this process may hold open."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

HIGHEST = 65_536  # the limit is not raised beyond this: some programs walk through all numbers


def raise_limit() -> int:
    """Raise the soft limit to the hard one, and return how many files may be open; a very large number where none is set."""
    if sys.platform == "win32":
        return sys.maxsize
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HIGHEST if hard == resource.RLIM_INFINITY else min(hard, HIGHEST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def count_open() -> int:
    """Return how many files are open; a guess where the system does not tell."""
    for folder in (Path("/proc/self/fd"), Path("/dev/fd")):
        with suppress(OSError):
            return len(list(folder.iterdir()))
    return 16


if sys.platform != "win32":
    import resource

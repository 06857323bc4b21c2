"""Processes of our own that do not get the terminal's Ctrl-C, such as model servers: ended with this one, whatever happens.

The set is global, for who ends this process at once is a signal handler, to which nothing can be handed.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from contextlib import suppress
from time import monotonic, sleep

GRACE = 2.0  # seconds that all of them have to end by themselves

_groups: set[int] = set()


def adopt(group: int) -> None:
    """Remember a group of processes whose leader is a child of this process and has this id."""
    _groups.add(group)


def release(group: int) -> None:
    """Forget a group that has ended."""
    _groups.discard(group)


def end_all(grace: float = GRACE) -> None:
    """End all groups, with SIGTERM, and after `grace` seconds with SIGKILL; then all that this process has begun besides,
    such as Ray's processes, where the system tells which those are.
    """
    begun = descendants(os.getpid())
    for group in _groups:
        _kill(-group, signal.SIGTERM)
    end = monotonic() + grace
    while monotonic() < end and any(map(_is_alive, _groups)):
        sleep(0.02)
    for process in [*(-group for group in _groups), *begun]:
        _kill(process, signal.SIGKILL)
    _groups.clear()


def descendants(process: int) -> list[int]:
    """Return the ids of the children of a process, of theirs, and so on; empty where there is no /proc."""
    by_parent: dict[int, list[int]] = defaultdict(list)
    from pathlib import Path  # noqa: PLC0415 (this module is loaded before signals are handled)

    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            behind_name = path.read_text(errors="replace").rpartition(")")[2].split()  # the name may hold anything
            by_parent[int(behind_name[1])].append(int(path.parent.name))
    found = [process]
    for parent in found:
        found += by_parent[parent]
    return found[1:]


def _kill(process: int, number: signal.Signals) -> None:
    """Send a signal to a process; negative: to a group of processes."""
    with suppress(OSError):
        os.kill(process, number)


def _is_alive(leader: int) -> bool:
    try:
        return os.waitpid(leader, os.WNOHANG) == (0, 0)
    except OSError:  # it has been waited for
        return False

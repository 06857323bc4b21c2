"""How many connections a run may have: what the system lets a process open, less what the store needs."""

from __future__ import annotations

from collections.abc import Sequence

from clemsim._util.open_files import count_open, raise_limit
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent

KEPT = 40  # files: the store and its journal, the summary, probes of servers
LEAST = 4  # connections


def most_turns(agents: Sequence[Agent]) -> int:
    """Return how many turns of each agent may be in flight at most, after raising the limit as far as it goes.

    Raises UsageError where that is next to none.
    """
    limit = raise_limit()
    room = limit - count_open() - KEPT
    if room < LEAST:
        raise UsageError(f"only {limit} files may be open here, too few for a run: raise the limit (ulimit -n 1024)")
    return max(1, room // max(1, sum(agent.requests for agent in agents)))

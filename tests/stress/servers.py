"""Plans against simulated servers inside the test process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.stress.games.recall import Clerk
from clemsim.stress.load.runner import Findings, StressWatch, stress
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import Plan

FAST = Spec(model="fake", seats=4, first_token=0.02, interval=0.002, prefill=1e9, blocks=100_000)


def short_plan(url: str, **fields: Any) -> Plan:
    """Return a plan that is soon over, with other fields."""
    usual: dict[str, Any] = {"mix": {"talk": 1.0}, "forced_length": True, "max_tokens": 10, "warmup": 0.1, "window": 0.3}
    return Plan([f"fake@{url}"], [f"{url}/v1"], **(usual | fields))


async def load(
    spec: Spec = FAST,
    *,
    faults: Faults | None = None,
    budget: Budget | None = None,
    ready: Callable[..., None] | None = None,
    **plan: Any,
) -> Findings:
    """Load a server of this spec by a short plan with other fields, and return what was measured."""
    server = SimulatedServer(spec, Clerk(), faults=faults or Faults())
    async with server.serving():
        watch = StressWatch(ready) if ready else StressWatch()
        return await stress(short_plan(server.url, **plan), budget or Budget(100_000, 60.0), watch)

"""Is a server that answers otherwise under load caught, and is a sound one left in peace?

Both are simulated: the sound one answers a tenth of all requests differently each time, no worse, as batching makes real
servers do; the other one gives other answers to a third of its requests once more than four are inside. Each is checked
again and again, with other conversations each time. Prints JSON and a table: how often each was accused, and the share of
transcripts that agreed word for word.
usage: python benchmarks/stress_answers.py [--repetitions 20] [--episodes 60]
"""

import argparse
import asyncio
from typing import Any

from report import show

from clemsim.cli.common import run_async
from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.stress.games.recall import Clerk
from clemsim.stress.load.answer_check import check_answers
from clemsim.stress.measure.verdict import AnswerVerdict
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import Plan

SPEC = Spec(model="fake", first_token=0.002, interval=0.0, prefill=1e9)
WIDTH = 32


async def checked(server: SimulatedServer, seed: int, episodes: int) -> AnswerVerdict:
    """One verdict."""
    url = f"{server.url}/v1"
    plan = Plan([f"fake@{url}"], [url], check=WIDTH, episodes=episodes, mix={"recall": 1.0}, seed=seed, max_tokens=20)
    return await check_answers(plan, Budget(1_000_000, 600.0), lambda text: None, asyncio.Event())


async def main(repetitions: int, episodes: int) -> None:
    """Check both, so many times."""
    found: dict[str, dict[str, Any]] = {}
    for name, faults in (("sound", Faults()), ("other_answers_under_load", Faults(other=5))):
        server = SimulatedServer(SPEC, Clerk(skill=0.9, noise=0.1, seed=1), faults=faults)
        async with server.serving():
            verdicts = [await checked(server, seed, episodes) for seed in range(repetitions)]
        found[name] = {
            "accused": sum(bool(verdict.changed) for verdict in verdicts),
            "of": len(verdicts),
            "same_transcripts": round(sum(verdict.same_transcripts or 0.0 for verdict in verdicts) / len(verdicts), 3),
            "least_p": min(m.p for verdict in verdicts for m in verdict.measures.values() if m.p is not None),
        }
        if name != "sound":
            found[name]["verdict"] = verdicts[0].verdict
    show({"benchmark": "stress_answers", "at_once": WIDTH, "episodes": episodes, **found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=60)
    options = parser.parse_args()
    run_async(main(options.repetitions, options.episodes))

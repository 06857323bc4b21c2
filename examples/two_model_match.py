"""A match of two agents with the seats swapped: who describes better, who guesses better?

Run it: python examples/two_model_match.py          (two scripted players)
    or: python examples/two_model_match.py local qwen@http://127.0.0.1:8000/v1
"""

import asyncio
import sys

from clemsim import Result, find_arena, make_agent


def mean_quality(results: list[Result]) -> str:
    """Mean main score of the episodes that were not aborted."""
    scores = [result.outcome.quality for result in results if result.outcome and result.outcome.quality is not None]
    return f"{sum(scores) / len(scores):.2f}" if scores else "none was played to its end"


async def main(one: str, other: str) -> None:
    """Twelve games of taboo each way, all of them at once."""
    taboo = find_arena("taboo")()
    instances = taboo.instances()[:12]
    async with make_agent(one) as first, make_agent(other) as second:
        there, back = await asyncio.gather(
            taboo.run(instances, {"describer": first, "guesser": second}),
            taboo.run(instances, {"describer": second, "guesser": first}),
        )
    print(f"{one} describes, {other} guesses: {mean_quality(there)}")
    print(f"{other} describes, {one} guesses: {mean_quality(back)}")


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:3] if len(sys.argv) > 2 else ("baseline", "random"))))

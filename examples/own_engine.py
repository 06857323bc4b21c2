"""An engine of one's own, in one file. Run it: python examples/own_engine.py

The class is all there is to write. By its file it plays, studies and stress-tests at once:

    clemsim run --arena taboo --constrain --agent examples/own_engine.py:Dice
    clemsim stress --agent examples/own_engine.py:Dice --concurrency 4 --duration 2s

An entry point of a package gives it a name, so that `--agent dice` and `--agent dice:ARGUMENT` do the same:

    [project.entry-points."clemsim.agents"]
    dice = "own_engine:Dice"
"""

import asyncio
import random
import time

from clemsim import Completion, Engine, Request, Usage, find_arena


class Dice(Engine):
    """A model that draws its replies out of the format of each ask."""

    width = 4  # replies at once
    constrains = True  # --constrain may hold it to a format

    def __init__(self, arg: str = "") -> None:
        """`arg`: what stands behind the colon in a SPEC, here a name."""
        self.name = arg or "dice"

    async def complete(self, request: Request) -> Completion:
        """Draw a reply. A request that fails for good raises an EngineError instead."""
        started = time.time()
        await asyncio.sleep(0.01)  # here another engine would ask its server
        text = request.format.sample(random.Random(request.seed)) if request.format else "CLUE: a word"
        words = sum(len(message["content"].split()) for message in request.messages)
        return Completion(text, "", "stop", Usage(self.name, request.seed, started, 0.01, words, len(text.split())))


async def main() -> None:
    """Let it describe words of taboo to the scripted player."""
    taboo = find_arena("taboo")()
    cast = {"describer": f"{__file__}:Dice", "guesser": "baseline"}
    for result in await taboo.run(taboo.instances()[:3], cast):
        assert result.outcome
        print(f"{result.key.label}: {result.outcome.kind}, {len(result.transcript.turns)} turns")


if __name__ == "__main__":
    asyncio.run(main())

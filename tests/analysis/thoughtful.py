"""An engine for tests that thinks before it replies, where it is told to."""

from __future__ import annotations

from random import Random

from clemsim import Completion, Engine, Request, Usage
from clemsim.engines.base import Sampling

THOUGHT = "Ich denke, dass es nicht so leicht ist, und nehme das Wort, das mir als erstes einfällt."


class Thoughtful(Engine):
    """Replies with what the format allows, thinks in German, and then takes two seconds for a turn in place of one."""

    def __init__(self, arg: str) -> None:
        self.name = arg or "thoughtful"

    @property
    def constrains(self) -> bool:
        """True: it knows nothing but formats."""
        return True

    def check_sampling(self, sampling: Sampling) -> None:
        """Take everything."""

    async def complete(self, request: Request) -> Completion:
        """Draw a reply."""
        assert request.format is not None
        thinks = request.sampling.thinking != "off"
        usage = Usage(self.name, request.seed, 0.0, 2.0 if thinks else 1.0, 100, 30 if thinks else 10)
        if thinks:
            usage.details = {"tokens_thought": 20}
        return Completion(request.format.sample(Random(request.seed)), THOUGHT if thinks else "", "stop", usage)

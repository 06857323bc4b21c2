"""A simulated server inside this process, without HTTP: on a virtual clock, hours of load pass in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from time import time

from clemsim.engines.base import FIRST_WIDTH, Completion, Engine, Request
from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import read_load
from clemsim.engines.simulated.answers import SimulatedAnswer, Template, babble, prompt, tokens
from clemsim.engines.simulated.machine import Machine, Served, Spec
from clemsim.engines.simulated.metrics import MetricsPage
from clemsim.engines.simulated.pictures import pictured
from clemsim.errors import EngineUnavailable
from clemsim.game.messages import Usage


class SimulatedEngine(Engine):
    """Answers as a server of this spec would, at its pace."""

    def __init__(
        self,
        spec: Spec,
        answer: SimulatedAnswer = babble,
        template: Template = prompt,
        *,
        width: int | None = None,
    ) -> None:
        """Simulate a server of `spec` that says what `answer` returns. `width` None: found while playing."""
        self.name = spec.model
        self.machine = Machine(spec)
        self._page = MetricsPage(self.machine)
        self.width = width or FIRST_WIDTH
        self.adaptive = width is None
        self.dead = False  # it answers no request, and has dropped those that it was answering
        self._answer = answer
        self._template = template
        self._tasks: set[asyncio.Task[Served]] = set()

    @property
    def takes_images(self) -> bool:
        """True: each takes its share of tokens."""
        return True

    async def open(self) -> None:
        """Raise EngineUnavailable while it is dead."""
        if self.dead:
            raise EngineUnavailable(f"{self.name} is dead")

    async def complete(self, request: Request) -> Completion:
        """Return an answer when it is due. Raises EngineUnavailable while it is dead."""
        await self.open()
        limit = request.sampling.max_tokens
        body = {"messages": request.messages, "seed": request.seed, "max_tokens": limit}
        messages = pictured(request) if request.parts else request.messages
        answer, prompt_tokens = tokens(self._answer(body)), self._template(messages)
        reply = answer[:limit]
        started, begun = time(), asyncio.get_running_loop().time()
        cached = await self._generate(prompt_tokens, reply)
        seconds = asyncio.get_running_loop().time() - begun
        usage = Usage(self.name, request.seed, started, seconds, len(prompt_tokens), len(reply), cached)
        return Completion("".join(reply), "", "length" if len(answer) > limit else "stop", usage)

    async def _generate(self, prompt_tokens: Sequence[Hashable], reply: list[str]) -> int:
        """Let the machine make the reply; return how many prompt tokens were cached."""
        task = asyncio.ensure_future(self.machine.generate(prompt_tokens, reply))
        self._tasks.add(task)
        try:
            return (await task).cached
        except asyncio.CancelledError:
            if not self.dead:
                raise
            raise EngineUnavailable(f"{self.name} died") from None
        finally:
            self._tasks.discard(task)
            task.cancel()

    def kill(self) -> None:
        """Answer no more requests, not even those under way."""
        self.dead = True
        for task in self._tasks:
            task.cancel()

    def restart(self) -> None:
        """Answer again, with an empty cache."""
        self.machine = Machine(self.machine.spec)
        self._page = MetricsPage(self.machine)
        self.dead = False

    async def alive(self) -> bool:
        """Return whether it answers."""
        return not self.dead

    async def load(self) -> ServerLoad | None:
        """Return the load as it is read from any server's `/metrics`; None while it is dead."""
        return None if self.dead else read_load(self._page.read())

"""A simulated server inside this process, without HTTP: on a virtual clock hours of load pass in seconds."""

from __future__ import annotations

import asyncio
from time import time
from typing import Any

from clemsim.engines.base import FIRST_WIDTH, Completion, Engine, Request
from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import read_load
from clemsim.engines.simulated.answers import SimulatedAnswer, Template, babble, prompt, tokens
from clemsim.engines.simulated.machine import Machine, Spec
from clemsim.engines.simulated.metrics import exposition
from clemsim.errors import EngineUnavailable
from clemsim.game.messages import Usage


class SimulatedEngine(Engine):
    """Answers as a server of this spec would, at its pace; `width` as with any engine, None: found while playing."""

    def __init__(
        self,
        spec: Spec,
        answer: SimulatedAnswer = babble,
        template: Template = prompt,
        *,
        width: int | None = None,
        name: str | None = None,
    ) -> None:
        self.name = spec.model
        self.machine = Machine(spec)
        self.width = width or FIRST_WIDTH
        self.adaptive = width is None
        self.dead = False  # it answers nobody, and has forgotten whom it was answering
        self._answer = answer
        self._template = template
        self._asking: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Raises EngineUnavailable while it is dead."""
        if self.dead:
            raise EngineUnavailable(f"{self.name} is dead")

    async def complete(self, request: Request) -> Completion:
        """An answer when it is due. Raises EngineUnavailable while it is dead."""
        await self.open()
        most = request.sampling.max_tokens
        body = {"messages": request.messages, "seed": request.seed, "max_tokens": most}
        said, asked = tokens(self._answer(body)), self._template(request.messages)
        reply = said[:most]
        started, begun = time(), asyncio.get_running_loop().time()
        served = await self._generate(asked, reply)
        seconds = asyncio.get_running_loop().time() - begun
        usage = Usage(self.name, request.seed, started, seconds, len(asked), len(reply), served)
        return Completion("".join(reply), "", "length" if len(said) > most else "stop", usage)

    async def _generate(self, asked: list[str], reply: list[str]) -> int:
        task = asyncio.ensure_future(self.machine.generate(asked, reply))
        self._asking.add(task)
        try:
            return (await task).cached
        except asyncio.CancelledError:
            if not self.dead:
                raise
            raise EngineUnavailable(f"{self.name} died") from None
        finally:
            self._asking.discard(task)
            task.cancel()

    def kill(self) -> None:
        """Answer nobody any more, not even those who wait."""
        self.dead = True
        for task in self._asking:
            task.cancel()

    def restart(self) -> None:
        """Answer again, with an empty cache."""
        self.machine = Machine(self.machine.spec)
        self.dead = False

    async def alive(self) -> bool:
        """Whether it answers."""
        return not self.dead

    async def load(self) -> ServerLoad | None:
        """As it is read from any server's `/metrics`."""
        return None if self.dead else read_load(exposition(self.machine))

"""A vLLM server that is started when it is needed and stopped afterwards: `vllm:MODEL[+ADAPTER][?flag=value&flag]`.

Engines that name the same model and flags share a server (`ServerPool`), which serves the adapters of all of them. The
command is the one in CLEMSIM_VLLM, or `vllm`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from clemsim._util.lifecycle import AsyncResource
from clemsim.engines.backend import Backend
from clemsim.engines.base import MOST_SAMPLES, Completion, Engine, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.load import ServerLoad
from clemsim.engines.vllm_flags import parse_server, portable_name
from clemsim.engines.vllm_process import VllmServer
from clemsim.errors import EngineUnavailable

PATIENCE = 1800.0  # seconds for a server to start: large models take long to load and to compile


class ServerPool(AsyncResource):
    """Owns the vLLM servers that are started for engines. Engines with the same pool, model and flags share a server.

    A server stops with its last user. In a pool that keeps its servers, a server without users keeps running until
    `stop_unused` no longer wants it or the pool is closed; one that can sleep does so once another is used.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self._servers: dict[tuple[str, tuple[str, ...]], VllmServer] = {}

    def server(self, model: str, flags: tuple[str, ...]) -> VllmServer:
        """Return the one server of this model and these flags, whether it runs or not."""
        return self._servers.setdefault((model, flags), VllmServer(model, flags))

    @asynccontextmanager
    async def using(self, server: VllmServer, patience: float) -> AsyncIterator[None]:
        """Use a server of this pool within this context. It is started if it does not run, within `patience` seconds.

        Raises UsageError and EngineUnavailable.
        """
        server.users += 1
        try:
            await asyncio.gather(*(other.rest() for other in self._servers.values() if other is not server))
            await server.start(patience)
            yield
        finally:
            server.users -= 1
            if not server.users and not self._keep:
                await server.stop_if_unused()

    def expect(self, specs: Iterable[str]) -> None:
        """Let servers be started with the adapters of all these specs (`MODEL[+ADAPTER][?flag=value&flag]`), though they are
        used one after the other.

        Raises UsageError.
        """
        for spec in specs:
            wanted = parse_server(spec, "vllm")
            if wanted.adapter:
                self.server(wanted.model, wanted.flags).add(wanted.adapter)

    async def stop_unused(self, still_wanted: Iterable[str] = ()) -> None:
        """Stop the servers without users, except those of the specs (as `expect` takes them) in `still_wanted`."""
        wanted = [parse_server(spec, "vllm") for spec in still_wanted]
        keys = {(each.model, each.flags) for each in wanted}
        idle = [server for key, server in self._servers.items() if not server.users and key not in keys]
        await asyncio.gather(*(server.stop_if_unused() for server in idle))

    async def close(self) -> None:
        """Keep no server any longer: stop those without users now, and each of the others with its last user."""
        self._keep = False
        await self.stop_unused()


class VllmServerEngine(Engine):
    """A model on a vLLM server that is started for it."""

    def __init__(
        self,
        spec: str,
        pool: ServerPool,
        *,
        isolated: bool = False,
        batch: int = 1,
        patience: float = PATIENCE,
        network: NetworkOptions | None = None,
    ) -> None:
        """Find the server of `spec` in `pool`, which starts it when this engine opens. Raises UsageError.

        `spec`: `MODEL[+ADAPTER][?flag=value&flag]`, flags as `vllm serve` takes them, without their dashes. `isolated`,
        `batch`: as for ChatEngine. `patience`: seconds for the server to start. `network`: the time limits of its
        requests; it is on this machine and never reached through a proxy.
        """
        wanted = parse_server(spec, "vllm")
        self.model, self._adapter, self._digest = wanted.model, wanted.adapter, ""
        self._pool = pool
        self._server = pool.server(wanted.model, wanted.flags)
        self._asked = self._server.add(wanted.adapter) if wanted.adapter else self.model  # the name in requests
        self.name = Path(self.model).name + (f"+{wanted.adapter.name}" if wanted.adapter else "")
        self._isolated, self._batch = isolated, batch
        self._patience = patience
        self._network = (network or NetworkOptions()).local()
        self._chat: ChatEngine | None = None
        self._held = AsyncExitStack()  # the use of the server, and the connections to it
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Start the server, or join its other users. Raises UsageError and EngineError."""
        async with self._opening, AsyncExitStack() as stack:
            if self._chat is not None:
                return
            await stack.enter_async_context(self._pool.using(self._server, self._patience))
            if self._adapter:
                self._digest = await asyncio.to_thread(self._adapter.digest)
            url, isolated, batch = self._server.url, self._isolated, self._batch
            chat = ChatEngine(self._asked, url, name=self.name, isolated=isolated, batch=batch, network=self._network)
            await stack.enter_async_context(chat)
            self._chat, self._held = chat, stack.pop_all()
            self.width, self.adaptive = chat.width, chat.adaptive

    async def close(self) -> None:
        """Close the connections and leave the server. Its last user stops it, unless the pool keeps it."""
        self._chat = None
        await self._held.aclose()

    @property
    def constrains(self) -> bool:
        """True: vLLM takes regular expressions."""
        return True

    @property
    def calls_tools(self) -> bool:
        """Whether the server is started with a parser of tool calls (`?enable-auto-tool-choice&tool-call-parser=hermes`)."""
        return "--enable-auto-tool-choice" in self._server.flags

    @property
    def takes_images(self) -> bool:
        """True: vLLM refuses them where its model takes none."""
        return True

    def describe(self) -> dict[str, Any]:
        """Return model, adapter, server and flags, without the address, which changes every time, and without folders."""
        description = self._chat.describe() if self._chat else {}
        description.pop("url", None)
        flags = list(self._server.flags)
        adapter = {"adapter": self._adapter.name, "adapter_digest": self._digest} if self._adapter else {}
        return {**description, "engine": "vllm", "model": portable_name(self.model), **adapter, "flags": flags}

    @property
    def backend(self) -> Backend:
        """The server, by what it was started with: its address is another every time."""
        name = " ".join((f"vllm:{portable_name(self.model)}", *self._server.flags))
        return Backend(self._chat.backend.key if self._chat else self, name)

    @property
    def waiting(self) -> str:
        """What is waited for, where the server is lost or silent."""
        return self._chat.waiting if self._chat else ""

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where the server has no such way of thinking. Valid once the engine is open."""
        if self._chat:
            self._chat.check_sampling(sampling)

    @property
    def most_samples(self) -> int:
        """As many as wanted."""
        return MOST_SAMPLES

    @property
    def notices(self) -> Sequence[str]:
        """Each parameter that the server refused."""
        return self._chat.notices if self._chat else ()

    async def load(self) -> ServerLoad | None:
        """Return the load of the server."""
        return await self._chat.load() if self._chat else None

    async def complete(self, request: Request) -> Completion:
        """Make one chat completion. Raises EngineError."""
        if self._chat is None:
            raise EngineUnavailable(f"{self.name} is not open")
        return await self._chat.complete(request)

"""A vLLM server that is started when it is needed and stopped afterwards: `vllm:MODEL[+ADAPTER][?flag=value&flag]`.

Engines that name the same model and flags share a server (`ServerPool`), which serves the adapters of all of them. The
command is the one in CLEMSIM_VLLM, or `vllm`.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import socket
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from clemsim._util import children
from clemsim._util.lifecycle import AsyncResource
from clemsim.engines.adapters import Adapter, accepted_rank
from clemsim.engines.backend import Backend
from clemsim.engines.base import MOST_SAMPLES, Completion, Engine, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions, NetworkPolicy, control_client
from clemsim.engines.load import ServerLoad
from clemsim.engines.vllm_flags import parse_server, portable_name
from clemsim.errors import EngineUnavailable, UsageError

COMMAND = "CLEMSIM_VLLM"
# Cached tokens are reported, requests are not logged, and no file of the model decides how to sample: requests do.
FLAGS = (
    *("--enable-prompt-tokens-details", "--disable-uvicorn-access-log", "--no-enable-log-requests"),
    *("--generation-config", "vllm"),
)
PATIENCE = 1800.0  # seconds for a server to start: large models take long to load and to compile
HEALTH_PERIOD = 0.5  # seconds between two requests for its health while it starts
HEALTH_TIMEOUT = 5.0  # seconds for one of them
GRACE = 20.0  # seconds to end by itself after a signal
LAST_LINES = 12  # of the log, shown when the server does not start


@dataclass(slots=True)
class VllmServer:
    """One server process. It may be started again after it was stopped or has died."""

    model: str
    flags: tuple[str, ...]
    adapters: dict[str, Adapter] = field(default_factory=dict)  # by the names that requests call them
    loaded: frozenset[str] = frozenset()  # those of them that the process was started with
    users: int = 0  # engines that need it now
    url: str = ""
    log: Path = field(default_factory=Path)
    process: asyncio.subprocess.Process | None = None
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, patience: float) -> None:
        """Start the process unless it runs, and wait until it is healthy, at most `patience` seconds. One that nobody else
        uses is started anew where it lacks an adapter.

        Raises UsageError and EngineUnavailable.
        """
        async with self.changing:
            if self.process is not None and self.process.returncode is None:
                if self.loaded >= self.adapters.keys():
                    return
                if self.users > 1:
                    raise UsageError(f"vLLM for {self.model} runs without this adapter: name all adapters in one run")
                await self._end()
                self.log.unlink(missing_ok=True)
            self.process = await self._launch()
            try:
                await self._wait_until_healthy(self.process, patience)
            except BaseException:
                await self._end()
                raise

    def add(self, adapter: Adapter) -> str:
        """Serve an adapter too, from the next start on. Return the name that requests call it."""
        for name, known in self.adapters.items():
            if known.folder == adapter.folder:
                return name
        name, number = f"{Path(self.model).name}+{adapter.name}", 2
        while name in self.adapters:
            name, number = f"{Path(self.model).name}+{adapter.name}-{number}", number + 1
        self.adapters[name] = adapter
        return name

    def adapter_flags(self) -> list[str]:
        """Return the words of the command line that are due to adapters. Raises UsageError."""
        if not self.adapters:
            return []
        modules = [orjson.dumps({"name": name, "path": str(each.folder)}).decode() for name, each in self.adapters.items()]
        words = [] if "--enable-lora" in self.flags else ["--enable-lora"]
        if "--max-lora-rank" not in self.flags:
            words += ["--max-lora-rank", str(accepted_rank(self.adapters.values()))]
        if "--max-loras" not in self.flags:  # else one batch holds one adapter, and they take turns
            words += ["--max-loras", str(len(modules))]
        return [*words, "--lora-modules", *modules]

    async def _launch(self) -> asyncio.subprocess.Process:
        """Start a process with a port and a log of its own. Raises UsageError."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        handle, name = tempfile.mkstemp(prefix="clemsim-vllm-", suffix=".log")
        self.log = Path(name)
        try:
            words = [*command(), self.model, "--host", "127.0.0.1", "--port", str(port), *FLAGS, *self.flags]
            words += self.adapter_flags()
            self.loaded = frozenset(self.adapters)
            # Its own session, so that Ctrl-C ends the run first and the server after it.
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=handle, stderr=handle, start_new_session=True
            )
            children.adopt(process.pid)
            return process
        except OSError as error:
            raise UsageError(f"{command()[0]} cannot be started: {error.strerror}; set {COMMAND}") from error
        finally:
            os.close(handle)

    async def _wait_until_healthy(self, process: asyncio.subprocess.Process, patience: float) -> None:
        policy = NetworkPolicy(control_timeout=HEALTH_TIMEOUT)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience), control_client(policy) as client:
                while process.returncode is None:
                    with suppress(httpx.HTTPError):
                        if (await client.get(f"{self.url}/health")).status_code == 200:
                            return
                    await asyncio.sleep(HEALTH_PERIOD)
        end = f"ended with {process.returncode}" if process.returncode is not None else f"was not ready in {patience:g} s"
        raise EngineUnavailable(f"vLLM for {self.model} {end}; the end of its log ({self.log}):\n{self._last_lines()}")

    def _last_lines(self) -> str:
        with suppress(OSError), self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, LAST_LINES)).rstrip()
        return ""

    async def stop_if_unused(self) -> None:
        """End the process unless an engine uses it, and delete its log; only the log of a failed start is kept."""
        async with self.changing:
            if not self.users and self.process is not None:
                await self._end()
                self.log.unlink(missing_ok=True)

    async def _end(self) -> None:
        """End the process: with SIGTERM, and with SIGKILL if that has not helped."""
        process, self.process = self.process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await process.wait()
                    break
        children.release(process.pid)


class ServerPool(AsyncResource):
    """Owns the vLLM servers that are started for engines. Engines with the same pool, model and flags share a server.

    A server stops with its last user. In a pool that keeps its servers, a server without users keeps running until
    `stop_unused` no longer wants it or the pool is closed.
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


def command() -> list[str]:
    """Return the words of the command that starts a server, up to the model. Raises UsageError where there is no vLLM."""
    custom = os.environ.get(COMMAND)
    words = shlex.split(custom) if custom else ["vllm"]
    if not shutil.which(words[0]):
        raise UsageError(
            f"there is no {words[0]}: pip install vllm, or set {COMMAND} to its command (of another environment, say)"
        )
    return [*words, "serve"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

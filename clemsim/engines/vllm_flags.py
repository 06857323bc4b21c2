"""`MODEL[+ADAPTER]?flag=value&flag`: the model, adapter and flags of a vLLM server in the spec of an agent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from clemsim.engines.adapters import Adapter, read_adapter, split_adapter
from clemsim.errors import UsageError

RESERVED = ("host", "port", "served-model-name", "api-key", "model")  # flags that clemsim sets itself
ANY_BASE = "--any-base"  # our own: an adapter is put on a base that it does not name


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """What a server is started with: agents with equal `model` and `flags` share it, whatever their adapters."""

    model: str
    flags: tuple[str, ...]  # words of a command line
    adapter: Adapter | None = None


def parse_server(spec: str, kind: str) -> ServerSpec:
    """Return what `MODEL[+ADAPTER][?flag=value&flag]` names. `kind`: what stood before the colon. Raises UsageError."""
    named, flags = parse_flags(spec, kind)
    model, folder = split_adapter(named)
    if not folder:
        return ServerSpec(model, flags)
    if "--lora-modules" in flags:
        raise UsageError(f"{kind}:{named}: clemsim sets --lora-modules itself where adapters are named behind a +")
    own = tuple(flag for flag in flags if flag != ANY_BASE)
    return ServerSpec(model, own, read_adapter(folder, model, any_base=ANY_BASE in flags))


def parse_flags(spec: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return the model of `MODEL[?flag=value&flag]`, and its flags as words of a command line.

    `kind`: what stood before the colon, for messages. Raises UsageError.
    """
    model, _, query = spec.partition("?")
    if not model:
        raise UsageError(f"{kind}: name the model, as in {kind}:Qwen/Qwen2.5-7B-Instruct?max-model-len=4096")
    words: list[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not name.replace("-", "").replace("_", "").isalnum():
            raise UsageError(f"{kind}: {name!r} is not a flag of vllm serve: give flags as in ?max-model-len=4096")
        if name.replace("_", "-") in RESERVED:
            raise UsageError(f"{kind}: clemsim sets --{name} itself: to set it, start the server and give MODEL@URL")
        words += [f"--{name}", value] if value else [f"--{name}"]
    return model, tuple(words)


def portable_name(model: str) -> str:
    """Return how a run records a model: as it was named, or by the folder's name where it is a folder of this machine."""
    return Path(model).name if Path(model).is_dir() else model

"""`MODEL?flag=value&flag`: flags of a vLLM server in the spec of an agent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from clemsim.errors import UsageError

RESERVED = ("host", "port", "served-model-name", "api-key", "model")  # flags that clemsim sets itself


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

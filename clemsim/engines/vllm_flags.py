"""`MODEL?flag=value&flag`: flags of a server in the spec of an agent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from clemsim.errors import UsageError

OURS = ("host", "port", "served-model-name", "api-key", "model")  # chosen by clemsim


def flags_of(spec: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """The model, and the flags as words of a command line. `kind` is what the spec began with. Raises UsageError."""
    model, _, query = spec.partition("?")
    if not model:
        raise UsageError(f"{kind}: name the model, as in {kind}:Qwen/Qwen2.5-7B-Instruct?max-model-len=4096")
    words: list[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not name.replace("-", "").replace("_", "").isalnum():
            raise UsageError(f"{kind}: {name!r} is no flag of vllm serve: give flags as in ?max-model-len=4096")
        if name.replace("_", "-") in OURS:
            raise UsageError(f"{kind}: --{name} is clemsim's to choose: start the server yourself and give MODEL@URL")
        words += [f"--{name}", value] if value else [f"--{name}"]
    return model, tuple(words)


def portable(model: str) -> str:
    """How a run writes a model down: of one in a folder of this machine, the folder's name."""
    return Path(model).name if Path(model).is_dir() else model

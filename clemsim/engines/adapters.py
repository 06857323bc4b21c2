"""Low-rank adapters (LoRA) as PEFT writes them: a folder with `adapter_config.json` and the weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from clemsim._util.files import read_json, reading_file
from clemsim.errors import UsageError

CONFIG = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM takes for --max-lora-rank


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter on this machine, which has been looked at but not loaded."""

    folder: Path
    base: str  # the model that it was made for, as its configuration names it; empty: it does not say
    rank: int  # the largest of all its modules
    weights: Path

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def digest(self) -> str:
        """Return what tells its content from that of others, whatever its folder is called. Raises UsageError."""
        digest = sha256()
        for path in (self.folder / CONFIG, self.weights):
            with reading_file(path), path.open("rb") as file:
                digest.update(file_digest(file, "sha256").digest())
        return digest.hexdigest()[:16]


def split_adapter(model: str) -> tuple[str, str]:
    """Return the base and the folder of the adapter in `BASE+FOLDER`; the folder is empty where none is named.

    A `+` may be part of a path: the first one behind which there is a folder parts the two.
    """
    if "+" not in model or Path(model).is_dir():
        return model, ""
    parts = model.split("+")
    for count in range(1, len(parts)):
        base, folder = "+".join(parts[:count]), "+".join(parts[count:])
        if base and Path(folder).expanduser().is_dir():
            return base, folder
    return parts[0], "+".join(parts[1:])


def read_adapter(folder: str, base: str, *, any_base: bool = False) -> Adapter:
    """Return the adapter in `folder`, which is to be put on `base`; with `any_base`, whatever it was made for.

    Raises UsageError for a folder that is no adapter, and for one that was made for another model.
    """
    path = Path(folder).expanduser().absolute()
    weights = next((path / name for name in WEIGHTS if (path / name).is_file()), None)
    if weights is None or not (path / CONFIG).is_file():
        raise UsageError(f"{folder} is no adapter: it must be a folder with {CONFIG} and {WEIGHTS[0]}, as PEFT writes them")
    config = read_json(path / CONFIG)
    if not isinstance(config, dict):
        raise UsageError(f"{folder} is no adapter: its {CONFIG} is no JSON object")
    if config.get("peft_type", "LORA") != "LORA":
        raise UsageError(f"{folder}: vLLM serves LoRA adapters, and this one is {str(config['peft_type'])[:40]}")
    adapter = Adapter(path, str(config.get("base_model_name_or_path") or ""), _rank(config, folder), weights)
    if not any_base and adapter.base and _last(adapter.base) != _last(base):
        raise UsageError(f"{folder} was made for {adapter.base}, not for {base}: name that base, or add any-base behind a ?")
    return adapter


def accepted_rank(adapters: Iterable[Adapter]) -> int:
    """Return the least rank for --max-lora-rank that all adapters fit. Raises UsageError where vLLM has none."""
    largest = max(adapters, key=lambda adapter: adapter.rank)
    for rank in RANKS:
        if rank >= largest.rank:
            return rank
    raise UsageError(f"{largest.folder} has rank {largest.rank}; vLLM takes at most {RANKS[-1]}")


def _rank(config: dict[str, Any], folder: str) -> int:
    pattern = config.get("rank_pattern")
    named = [config.get("r"), *(pattern.values() if isinstance(pattern, dict) else ())]
    ranks = [rank for rank in named if type(rank) is int and rank > 0]
    if len(ranks) < len(named):
        raise UsageError(f"{folder}: {CONFIG} names no rank (r)")
    return max(ranks)


def _last(model: str) -> str:
    """Return what is the same in all ways of naming a model: the last part of its name or path."""
    return model.rstrip("/").rpartition("/")[2].lower()

"""Makes low-rank adapters (LoRA) in PEFT's layout, of random numbers: nothing was trained, but the texts differ.

python -m tests.engines.adapters BASE FOLDER [rank [seed]]    BASE: the folder of a Llama with its config.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

TARGETS = ("q_proj", "v_proj")


def make_adapter(base: Path, folder: Path, *, rank: int = 8, seed: int = 0, scale: float = 0.05, name: str = "") -> Path:
    """Write an adapter for the Llama in `base`, and return its folder. `scale`: standard deviation of the numbers in B;
    `name`: what the adapter says that it was made for, if not the folder's name.
    """
    config = json.loads((base / "config.json").read_text())
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    size = config.get("head_dim") or hidden // heads
    widths = {"q_proj": heads * size, "v_proj": config["num_key_value_heads"] * size}
    draw = np.random.default_rng(seed)
    tensors: dict[str, Any] = {}
    for layer in range(config["num_hidden_layers"]):
        for target in TARGETS:
            module = f"base_model.model.model.layers.{layer}.self_attn.{target}"
            a = draw.normal(0.0, hidden**-0.5, (rank, hidden))
            tensors[f"{module}.lora_A.weight"] = a.astype(np.float32)
            tensors[f"{module}.lora_B.weight"] = draw.normal(0.0, scale, (widths[target], rank)).astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(safetensors(tensors))
    (folder / "adapter_config.json").write_text(json.dumps(_config(name or base.name, rank), indent=1))
    return folder


def safetensors(tensors: dict[str, Any]) -> bytes:
    """Return arrays of 32-bit floats in the format of safetensors: the length of a JSON header, the header, the numbers."""
    header, data = dict[str, Any](), b""
    for name, values in tensors.items():
        begin, data = len(data), data + values.tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def _config(base: str, rank: int) -> dict[str, Any]:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": 2 * rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": list(TARGETS),
        "inference_mode": True,
    }


if __name__ == "__main__":
    base, folder, rank, seed = (*sys.argv[1:], "8", "0")[:4] if len(sys.argv) < 4 else (*sys.argv[1:], "0")[:4]
    print(make_adapter(Path(base), Path(folder), rank=int(rank), seed=int(seed)))

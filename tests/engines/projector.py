"""A tiny projector of random weights for llama.cpp (GGUF, version 3): it takes pictures, and sees nothing in them."""

from __future__ import annotations

import random
from array import array
from pathlib import Path
from struct import pack

WIDTH, INNER, SIDE, PATCH, HEADS = 16, 32, 56, 14, 2  # numbers of a vector, of a layer inside; pixels; heads
MODEL = 576  # numbers of a vector in SmolLM2-135M
LINE = 32  # bytes, at whose multiples tensors begin


def write_projector(path: Path) -> Path:
    """Write a vision tower of one layer, and LLaVA's two projections into the space of SmolLM2-135M."""
    vision = {"image_size": SIDE, "patch_size": PATCH, "embedding_length": WIDTH, "feed_forward_length": INNER}
    vision |= {"projection_dim": MODEL, "block_count": 1, "attention.head_count": HEADS}
    values: dict[str, object] = {"general.architecture": "clip", "clip.projector_type": "mlp"}
    values |= {"clip.has_vision_encoder": True, "clip.use_gelu": True}
    values |= {f"clip.vision.{name}": value for name, value in vision.items()}
    values |= {"clip.vision.attention.layer_norm_epsilon": 1e-5}
    values |= {"clip.vision.image_mean": [0.5] * 3, "clip.vision.image_std": [0.5] * 3}
    dice, tensors, data, infos = random.Random(0), _tensors(), bytearray(), bytearray()
    for name, shape in tensors.items():
        count = 1
        for size in shape:
            count *= size
        infos += (
            _text(name) + pack("<I", len(shape)) + b"".join(pack("<Q", size) for size in shape) + pack("<IQ", 0, len(data))
        )
        data += array("f", (dice.gauss(0, 0.05) for _ in range(count))).tobytes()
        data += bytes(-len(data) % LINE)
    head = b"GGUF" + pack("<IQQ", 3, len(tensors), len(values)) + b"".join(_text(k) + _value(v) for k, v in values.items())
    whole = head + infos
    path.write_bytes(whole + bytes(-len(whole) % LINE) + data)
    return path


def _tensors() -> dict[str, tuple[int, ...]]:
    """Return the sizes of each tensor, the innermost first."""
    layer: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (WIDTH, WIDTH) for name in ("attn_q", "attn_k", "attn_v", "attn_out")
    }
    layer |= {"ln1.weight": (WIDTH,), "ln2.weight": (WIDTH,)}
    layer |= {"ffn_up.weight": (WIDTH, INNER), "ffn_down.weight": (INNER, WIDTH)}
    layer |= {name.replace("weight", "bias"): shape[-1:] for name, shape in layer.items()}
    patches = (SIDE // PATCH) ** 2 + 1
    return {
        "v.class_embd": (WIDTH,),
        "v.patch_embd.weight": (PATCH, PATCH, 3, WIDTH),
        "v.position_embd.weight": (WIDTH, patches),
        **{f"v.pre_ln.{name}": (WIDTH,) for name in ("weight", "bias")},
        **{f"v.blk.0.{name}": shape for name, shape in layer.items()},
        "mm.0.weight": (WIDTH, MODEL),
        "mm.0.bias": (MODEL,),
        "mm.2.weight": (MODEL, MODEL),
        "mm.2.bias": (MODEL,),
    }


def _text(text: str) -> bytes:
    return pack("<Q", len(text)) + text.encode()


def _value(value: object) -> bytes:
    """Return a value behind the number of its type."""
    match value:
        case bool():
            return pack("<I?", 7, value)
        case int():
            return pack("<II", 4, value)
        case float():
            return pack("<If", 6, value)
        case str():
            return pack("<I", 8) + _text(value)
        case list():
            return pack("<IIQ", 9, 6, len(value)) + array("f", value).tobytes()
    raise TypeError(value)

"""What the name of a published model gives away: its family, its weights, how they were stored and who served them.

A table of characteristics that says so itself is believed before its name is. Names are those of Bhavsar et al. (2024).
"""

from __future__ import annotations

import re
from collections.abc import Collection

RENAMED = {"openchat_3.5": "openchat-3.5"}  # the one name that the published tables spell in two ways
SERVED_BY = {  # by the end of a name
    "groq": "groq",
    "together.ai": "together.ai",
    "anyscale": "anyscale",
    "hf": "huggingface-local",
}
HOSTS = {"groq", "together.ai", "anyscale"}
PUBLISHERS = ("meta-", "c4ai-")
SIZE = re.compile(r"^(\d+x)?\d+(\.\d+)?[bm]$")
VERSION = re.compile(r"^\d+(\.\d+)?o?$")


def clean(name: str) -> str:
    """A name as all tables share it: the first of the players, without the temperature, in lower case."""
    short = re.split(r"-t\d+\.\d+(?:--|$)", name.strip())[0].strip().lower()
    return RENAMED.get(short, short)


def served_by(name: str) -> str | None:
    """Who served the model, where its name ends in that."""
    if "-gguf" in name:
        return "llama.cpp"
    return next((access for end, access in SERVED_BY.items() if name.endswith(f"-{end}")), None)


def bits(name: str) -> float | None:
    """The bits of a weight, where the name says so: `-q4`, `-int8`, `-4bit`."""
    found = re.search(r"-(?:q|int|fp|bf)(\d+)(?:_\w+)?$|-(\d+)bit$", name)
    return float(found[1] or found[2]) if found else None


def weights(name: str, others: Collection[str] = ()) -> str:
    """The name without its publisher, storage and server, so that variants of one model share it.

    `meta-llama-3-70b-instruct-gguf-q4` becomes `llama-3-70b-instruct`, and so does `llama-3-70b-groq` where that is
    among the `others`, as hosts serve chat models and drop the word at will.
    """
    short = re.sub(r"-(?:gguf|awq|gptq)|-(?:q|int|fp|bf)\d+(?:_\w+)?$|-\d+bit$", "", name)
    hosted = False
    for end, access in SERVED_BY.items():
        if short.endswith(f"-{end}"):
            short, hosted = short.removesuffix(f"-{end}"), access in HOSTS
    for start in PUBLISHERS:
        short = short.removeprefix(start)
    return f"{short}-instruct" if hosted and f"{short}-instruct" in others else short


def family(name: str) -> str:
    """The name up to its size or, without one, up to its version: `qwen1.5-72b-chat` is of `qwen1.5`, `gpt-4-0613` of
    `gpt-4`.
    """
    parts = weights(name).split("-")
    for at, part in enumerate(parts):
        if at and SIZE.match(part):
            return "-".join(parts[:at])
    return "-".join(parts[:2]) if len(parts) > 1 and VERSION.match(parts[1]) and len(parts[1]) < 4 else parts[0]

"""Facts that the name of a published model implies: its family, its weights, how they are stored and which host serves them.

A table of characteristics takes precedence over the name. Names are those of Bhavsar et al. (2024).
"""

from __future__ import annotations

import re
from collections.abc import Collection

RENAMED = {"openchat_3.5": "openchat-3.5"}  # the only name that the published tables spell in two ways
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
    """Return a name as all tables share it: the first of the players, without the temperature and the number that a second
    run of it gets here (`#2`), in lower case.
    """
    short = re.sub(r" #\d+$", "", name)
    short = re.split(r"-t\d+\.\d+(?:--|$)", short.strip())[0].strip().lower()
    return RENAMED.get(short, short)


def served_by(name: str) -> str | None:
    """Return the access that the end of a name implies; None where it implies none."""
    if "-gguf" in name:
        return "llama.cpp"
    return next((access for end, access in SERVED_BY.items() if name.endswith(f"-{end}")), None)


def bits(name: str) -> float | None:
    """Return the bits of a weight that a name states, as in `-q4`, `-int8`, `-4bit`; None where it states none."""
    match = re.search(r"-(?:q|int|fp|bf)(\d+)(?:_\w+)?$|-(\d+)bit$", name)
    return float(match[1] or match[2]) if match else None


def weights(name: str, others: Collection[str] = ()) -> str:
    """Return the name without its publisher, storage and server, so that variants of one model share it.

    `meta-llama-3-70b-instruct-gguf-q4` becomes `llama-3-70b-instruct`. So does `llama-3-70b-groq` where that name is among
    the `others`, as hosts serve chat models and often drop the word.
    """
    short = re.sub(r"-(?:gguf|awq|gptq)|-(?:q|int|fp|bf)\d+(?:_\w+)?$|-\d+bit$", "", name)
    hosted = False
    for end, access in SERVED_BY.items():
        if short.endswith(f"-{end}"):
            short, hosted = short.removesuffix(f"-{end}"), access in HOSTS
    for start in PUBLISHERS:
        short = short.removeprefix(start)
    return f"{short}-instruct" if hosted and f"{short}-instruct" in others else short


def lineage(name: str) -> str:
    """Return the first word of a family, without its version: `qwen1.5-72b-chat` is of the lineage `qwen`."""
    word = re.match(r"[a-z]+", family(name))
    return word[0] if word else family(name)


def family(name: str) -> str:
    """Return the name up to its size or, without one, up to its version: `qwen1.5-72b-chat` is of the family `qwen1.5`,
    `gpt-4-0613` of `gpt-4`.
    """
    parts = weights(name).split("-")
    for index, part in enumerate(parts):
        if index and SIZE.match(part):
            return "-".join(parts[:index])
    return "-".join(parts[:2]) if len(parts) > 1 and VERSION.match(parts[1]) and len(parts[1]) < 4 else parts[0]

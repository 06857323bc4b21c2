"""Makes a model that can be told to think out of one that was never trained to, for tests of servers.

python -m tests.engines.thinker BASE FOLDER    BASE: the folder of a small chat model in ChatML, such as SmolLM2
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TAGS = {"<repo_name>": "<think>", "<reponame>": "</think>"}  # tokens that no chat holds, and what they are called instead

# ChatML with the switch of Qwen3's template.
TEMPLATE = """\
{%- for message in messages -%}
{{ "<|im_start|>" + message.role + "\\n" }}
{%- if message.reasoning_content %}{{ "<think>\\n" + message.reasoning_content + "\\n</think>\\n\\n" }}{% endif -%}
{{ message.content + "<|im_end|>\\n" }}
{%- endfor -%}
{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n" }}
{{- "<think>\\n" if enable_thinking is not defined or enable_thinking else "<think>\\n\\n</think>\\n\\n" }}{% endif -%}
"""


def make_thinker(base: Path, folder: Path) -> Path:
    """Write a model with the weights in `base`, whose tags of thinking are tokens; return its template."""
    folder.mkdir(parents=True)
    for file in base.iterdir():
        if file.name not in ("tokenizer.json", "chat_template.jinja"):
            (folder / file.name).symlink_to(file.absolute())
    (folder / "tokenizer.json").write_text(json.dumps(_with_tags(json.loads((base / "tokenizer.json").read_text()))))
    template = folder / "chat_template.jinja"
    template.write_text(TEMPLATE)
    return template


def _with_tags(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """Return a tokenizer with the tags in place of other tokens; as they are not special, replies have them as text."""
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {TAGS.get(text, text): number for text, number in vocabulary.items()}
    for token in tokenizer["added_tokens"]:
        if token["content"] in TAGS:
            token |= {"content": TAGS[token["content"]], "special": False}
    return tokenizer


if __name__ == "__main__":
    print(make_thinker(Path(sys.argv[1]), Path(sys.argv[2])))

"""Stacks for `canary_model.py`: a real model (SmolLM2, 135 million parameters) on llama.cpp, sound and spoiled, and a game.

How badly a stack is spoiled is in the variable CANARY_STRENGTH; coarser weights are the file that CANARY_WEIGHTS names.
"""

import os
import random
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from clemsim import Arena, Instance, Outcome, Table
from clemsim.engines.base import Completion, Request
from clemsim.engines.llamacpp import LlamaCppEngine
from clemsim.game.parsing import matching

WORDS = [
    *("apple", "river", "candle", "horse", "garden", "silver", "window", "bridge", "summer", "doctor"),
    *("letter", "orange", "forest", "kitchen", "winter", "mountain", "island", "market", "village", "engine"),
    *("mirror", "ladder", "basket", "pepper", "cotton", "hammer", "rabbit", "castle", "pencil", "carpet"),
]
ANSWER = matching(r"the secret name is (\w+ \w+)\b(?s:.*)", "The secret name is ...")
TEMPLATES = {  # of other models, for this one
    "plain": "{% for m in messages %}{{ m['content'] }}\n{% endfor %}",
    "mistral": "{{ bos_token }}{% for m in messages %}"
    "{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]{% else %} {{ m['content'] }}{{ eos_token }}{% endif %}"
    "{% endfor %}",
    "gemma": "{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else 'user' }}\n"
    "{{ m['content'] }}<end_of_turn>\n{% endfor %}<start_of_turn>model\n",
}


class Secret(Instance):
    """A name to be kept."""

    word: str


class Recall(Arena[Secret]):
    """Say the name that you were told, and say it again."""

    name, version, seats, max_turns = "recall", 1, ("player",), 2

    def instances(self) -> list[Secret]:
        """As many as a canary may want."""
        names = random.Random(0).sample(list(permutations(WORDS, 2)), 400)
        return [Secret(id=str(number), word=f"{one} {other}") for number, (one, other) in enumerate(names)]

    async def play(self, table: Table, secret: Secret, /) -> Outcome:
        """Two asks."""
        asks = (
            f"The secret name is {secret.word}. Answer with one sentence: The secret name is ...",
            "What is the secret name?",
        )
        right = 0
        for ask in asks:
            said = await table.ask("player", ask, parse=ANSWER)
            right += said[1].lower() == secret.word
        return Outcome.success(50 * right) if right else Outcome.failure("both wrong")


class Sound(LlamaCppEngine):
    """The model as it is."""

    coarse = False

    def __init__(self, arg: str = "") -> None:
        weights = os.environ.get("CANARY_WEIGHTS") if self.coarse else None
        super().__init__(Path(weights) if weights else None, slots=2, context=512, threads=1)
        self.strength = float(os.environ.get("CANARY_STRENGTH", "0"))
        self.name = type(self).__name__.lower()
        self._rng = random.Random(self.name)


class Twin(Sound):
    """The same once more."""


class Template(Sound):
    """The template of another model (CANARY_TEMPLATE)."""

    def _parameters(self, llama: Any, path: Path) -> Any:
        params = super()._parameters(llama, path)
        params.use_jinja, params.chat_template = True, TEMPLATES[os.environ["CANARY_TEMPLATE"]]
        return params


class Quantised(Sound):
    """Fewer levels for each weight."""

    coarse = True


class Dropped(Sound):
    """Some requests lose all messages but the last."""

    async def complete(self, request: Request) -> Completion:
        """Drop, and answer."""
        if self._rng.random() < self.strength:
            request = replace(request, messages=request.messages[-1:])
        return await super().complete(request)

"""Models that an environment itself would call, such as a game master: here they are seats.

An environment calls its model in the middle of a step and waits. A step that wants an answer which is not there yet is left,
the question is put to the seat like any other, and the step is taken again from where the environment was before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

SEAT = "gamemaster"


class AnswerWanted(BaseException):
    """A step that goes no further without an answer; no `except Exception` of an environment may keep it."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


@dataclass(slots=True)
class Mailbox:
    """The answers to what an environment asks within one step, in order. `asked`: whether it has models at all."""

    answers: list[str] = field(default_factory=list)
    read: int = 0
    asked: bool = False

    def again(self) -> None:
        """Read the answers from the first one on."""
        self.read = 0

    def clear(self) -> None:
        """Begin a step."""
        self.answers.clear()
        self.read = 0

    def __deepcopy__(self, memo: Mapping[int, Any]) -> Mailbox:
        return self  # a copy of an environment gets its answers here too


class InnerModel:
    """Stands for a model within an environment. It takes whatever a model is made with."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __call__(self, question: str) -> str:
        """Return the answer of the seat. Raises AnswerWanted where there is none yet."""
        box = self._mailbox
        if box.read == len(box.answers):
            raise AnswerWanted(question)
        box.read += 1
        return box.answers[box.read - 1]


@contextmanager
def seated_models(textarena: Any, mailbox: Mailbox) -> Iterator[None]:
    """Give environments that are made within the block seats in place of their models."""

    def make(*_: object, **__: object) -> InnerModel:
        mailbox.asked = True
        return InnerModel(mailbox)

    with patch.object(textarena.agents, "OpenRouterAgent", make):
        yield

"""The baseline: halves what is left. It knows only what its seat sees, as a model would."""

import re

from clemsim import Agent, Message, View


class Baseline(Agent):
    """A competent scripted player."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Guess the middle of the numbers that are still possible."""
        low, high = 1, int(_number("from 1 to", view[0].content) or 1)
        for message in view:
            low = max(low, int(_number("higher than", message.content) or 0) + 1)
            high = min(
                high, int(_number("lower than", message.content) or high + 1) - 1
            )
        return Message(view.seat, f"GUESS: {(low + high) // 2}")


def _number(words: str, text: str) -> str | None:
    """Return the number that follows these words in a text."""
    found = re.search(rf"{words} (\d+)", text)
    return found and found[1]

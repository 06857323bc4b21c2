"""The metrics that every game has, by their names in clembench."""

from __future__ import annotations

from clemsim.game.instances import Instance
from clemsim.game.transcript import Transcript


def common(transcript: Transcript[Instance]) -> dict[str, float | None]:
    """Return the common metrics of a finished episode. `Main Score` is 0..100, None when aborted.

    A request is violated when its reply broke the format, else parsed; the ratio is parsed / all.
    """
    outcome = transcript.outcome
    if outcome is None:
        raise ValueError("an unfinished episode has no scores")
    turns = transcript.turns
    violated = sum(1 for turn in turns if turn.rejected is not None and turn.rejected.violation)
    return {
        "Aborted": float(outcome.kind == "aborted"),
        "Success": float(outcome.kind == "success"),
        "Lose": float(outcome.kind == "failure"),
        **requests(len(turns), violated),
        "Main Score": outcome.quality,
    }


def requests(count: int, violated: int) -> dict[str, float | None]:
    """Return the four metrics of requests; the ratio is None where there were none."""
    return {
        "Request Count": float(count),
        "Parsed Request Count": float(count - violated),
        "Violated Request Count": float(violated),
        "Request Success Ratio": (count - violated) / count if count else None,
    }

"""The error of scripted players for prompts that they cannot read."""

from __future__ import annotations

from clemsim.errors import UsageError
from clemsim.game.view import View


def unreadable(view: View) -> UsageError:
    """Return the error for a prompt in other words than the arena's own, as a suite may bring them."""
    return UsageError(
        f"the scripted players of {view.key.arena} read only the arena's own prompts, and this suite has others: play it "
        "with another agent"
    )

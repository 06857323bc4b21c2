"""How clembench logs the text adventure."""

from __future__ import annotations

from typing import ClassVar

from clemsim.interop.clembench.gamelog import GameLog


class AdventureLog(GameLog):
    """One round is a command."""

    roles: ClassVar = {"adventurer": "Adventurer"}

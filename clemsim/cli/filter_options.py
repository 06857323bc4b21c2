"""The options that filter lists of episodes. They say what the keys of a page's address say."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.models import OptionInfo

from clemsim.game.outcomes import KINDS
from clemsim.results.episode_index.episode_facts import FLAGS
from clemsim.results.episode_index.episode_filter import STATUSES
from clemsim.results.episode_index.index_schema import SORTS

PANEL = "Filters"
RANGE = "20..50, 20.., ..50 or 20"


def _filter(help_: str, metavar: str = "TEXT", name: str = "") -> OptionInfo:
    names = [name] if name else []
    made: OptionInfo = typer.Option(*names, metavar=metavar, help=help_, rich_help_panel=PANEL, show_default=False)
    return made


FilterAgent = Annotated[str, _filter("Only this agent, in whichever seat, or this cast.", "NAME")]
FilterArena = Annotated[str, _filter("Only this game.", "NAME")]
FilterExperiment = Annotated[str, _filter("Only this experiment.", "NAME")]
FilterOutcome = Annotated[str, _filter(f"{', '.join(KINDS)}.", "OUTCOME")]
FilterStatus = Annotated[str, _filter(f"{', '.join(STATUSES)}.", "STATUS")]
FilterReason = Annotated[str, _filter("Reasons with this text in them; … stands for anything.")]
FilterBlame = Annotated[str, _filter("The seat that is to blame; - for none.", "SEAT")]
FilterFlag = Annotated[list[str] | None, _filter(f"{', '.join(FLAGS)}; repeat: all of them.", "FLAG")]
FilterScore = Annotated[str, _filter(f"The main score: {RANGE}.", "RANGE")]
FilterTurns = Annotated[str, _filter("Turns, as --score.", "RANGE")]
FilterTokens = Annotated[str, _filter("Tokens in and out, as --score.", "RANGE")]
FilterSeconds = Annotated[str, _filter("Seconds from begin to end, as --score.", "RANGE")]
FilterGrep = Annotated[str, _filter('Words and "quoted phrases" that were asked or said; word* for its beginning.')]
FilterIn = Annotated[str, _filter("Where to look: dialogue, said, thoughts.", "PART", "--in")]
FilterSort = Annotated[str, _filter(f"{', '.join(SORTS)}; --sort=-NAME: the other way round.", "COLUMN")]

"""Options and arguments that several commands share."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from clemsim.catalog.kinds import kinds
from clemsim.store.config import Pairings


def finite(value: float | None) -> float | None:
    """Return the value of an option. Raises BadParameter where it is no finite number, which lies between no bounds."""
    if value is not None and not isfinite(value):
        raise typer.BadParameter(f"{value} is no number to reckon with")
    return value


def all_finite(values: list[float] | None) -> list[float] | None:
    """Return the values of an option that is repeated, each of them checked as by `finite`."""
    for value in values or ():
        finite(value)
    return values


def split_games(text: str | None) -> tuple[str, ...]:
    """Return the games that the value of an option names, with commas between them."""
    return tuple(dict.fromkeys(name for part in (text or "").split(",") if (name := part.strip())))


MarginOption = Annotated[
    float,
    typer.Option(min=0.1, max=100.0, callback=finite, help="Models within so many points count as equivalent."),
]
MetricOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of results of other tools: which score, where there are several.")
]
WithoutOption = Annotated[
    str | None,
    typer.Option(metavar="GAME,GAME", help="Leave these games out everywhere, also of all scores over games."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
SuiteOption = Annotated[
    str, typer.Option("--suite", help="What to play: a name (`clemsim list suites`), a file or a folder.")
]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Where to put the run; a new folder under runs/.")]

OthersOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SPEC",
        help="The agent in the other seats, baseline unless given (random where the game has none); seat=SPEC or "
        "role=SPEC for one of them. Repeatable.",
    ),
]
RulesOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The rule set of the games that have several, such as v1.6 or v3.0."),
]
TrustOption = Annotated[
    bool, typer.Option("--trust", help="Load the code that the run, suite or study names, though you never named it.")
]

SeedOption = Annotated[int, typer.Option(help="Decides every draw of the run.")]
TemperatureOption = Annotated[float, typer.Option(min=0.0, callback=finite, help="0: always the likeliest token.")]
MaxTokensOption = Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")]
LogprobsOption = Annotated[
    int, typer.Option(min=0, max=20, help="Record log-probabilities, with those of so many likeliest tokens.")
]
TokensOption = Annotated[bool, typer.Option("--tokens", help="Record the ids of all tokens (vLLM).")]
ConstrainOption = Annotated[bool, typer.Option("--constrain", help="Hold replies to the format of each ask.")]
IsolateCacheOption = Annotated[
    bool, typer.Option("--isolate-cache", help="Use nothing of a vLLM server's prefix cache that others left there.")
]
BatchOption = Annotated[int, typer.Option(min=1, help="Send up to so many turns in one request (vLLM).")]

WorkersOption = Annotated[int | None, typer.Option(min=1, help="Play in so many processes (extra `ray`).")]
RayOption = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Play on this Ray cluster; auto: the one that runs here."),
]

MaxRequestsOption = Annotated[int | None, typer.Option(min=1, help="Make no more requests than this, then stop.")]
MaxTokensTotalOption = Annotated[
    int | None, typer.Option(min=1, help="Spend no more tokens (in and out) than this, then stop.")
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(min=0.0, callback=finite, help="Spend no more than this on tokens, by the agents' prices, then stop."),
]
EpisodeTokensOption = Annotated[int | None, typer.Option(min=1, help="Give an episode up when it has spent so many tokens.")]
EpisodeSecondsOption = Annotated[
    float | None, typer.Option(min=0.001, callback=finite, help="Give an episode up when it has lasted so long.")
]

WidthOption = Annotated[
    str,
    typer.Option(help="Turns in flight of each agent: a number, or auto: what its servers can take, found while playing."),
]

PairingsOption = Annotated[
    Pairings | None,
    typer.Option(
        help="How the agents share the seats of a game: all assignments of the plain --agent SPECs; round-robin, those of "
        "different ones; swap, the given SEAT=SPECs and their seats exchanged.",
    ),
]
AgainstOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Play against the population that `clemsim ratings RUN --freeze FILE` has written."),
]

LikeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN", help="An earlier run that scores (--dry-run), turns, tokens and their cost are expected to be like."
    ),
]

STOP_HELP = (
    "End the run when this is answered: 'A > B' (has A the higher worth, that is the mean main score of all episodes, an "
    "aborted one as 0, over games?), '|A - B| < 5' (points of worth), 'ci(clemscore) < 30' (width in points; also worth, "
    "played, quality, and of one game: ci(quality, taboo)). May be looked at any time: the error stays at 5 %."
)


def spec_help() -> str:
    """Return the help of an option that takes SPECs: how each kind of agent is written."""
    usages = ", ".join(kind.usage for kind in kinds().values())
    return (
        f"Who plays; repeat for several. {usages}, path/to/file.py:Class (an agent or an engine); seat=SPEC for one seat. "
        "SPEC?key=value&key=value: what is this agent's own, such as temperature, max_tokens, thinking, system, name."
    )


AgentsOption = Annotated[
    Path | None,
    typer.Option("--agents", metavar="FILE", help="Who plays, too: every [[model.variant]] of this models.toml."),
]
AgentOption = Annotated[list[str] | None, typer.Option(metavar="SPEC", help=spec_help())]

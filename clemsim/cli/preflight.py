"""What is said of the cost of a run or a study before it begins, by the tokens of earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clemsim._util.text import plain
from clemsim.cli.common import err
from clemsim.cli.view.plans import amount
from clemsim.errors import UsageError
from clemsim.runs.forecast import Forecast, Preflight, earlier_runs, forecast, read_tokens
from clemsim.runs.prepare import PreparedRun
from clemsim.runtime.episode import Episode

MOST_NAMED = 3  # runs


def telling_cost(like: Path | None = None, most: float | None = None) -> Preflight:
    """Return what says, before a run begins, what it will cost; nothing where no agent has a price, or nothing is known.

    `like`: the earlier run to go by; None: the last ones beside the run. `most`: what it may cost.
    """

    def tell(prepared: PreparedRun, episodes: Sequence[Episode], folder: Path) -> None:
        if not any(agent.priced for agent in prepared.agents):
            if like:
                raise UsageError("--like says what a run will cost: give an agent a price, SPEC?price_in=2, or --dry-run")
            return
        if like:
            earlier = read_tokens(like)
            show_forecast(forecast(episodes, [earlier] if earlier else []), most)
            return
        show_forecast(forecast(episodes, earlier_runs(folder)), most)

    return tell


def show_forecast(found: Forecast | None, most: float | None = None) -> None:
    """Print on stderr what is expected, where anything is."""
    if found:
        err.print(plain(forecast_line(found, most)), soft_wrap=True)


def forecast_line(found: Forecast, most: float | None = None) -> str:
    """Return what the episodes are expected to cost, where that is known from, and how it compares with the limit."""
    more = len(found.sources) - MOST_NAMED
    sources = ", ".join(map(str, found.sources[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
    whose = "other models (or ways of thinking)" if found.others else "the same models"
    text = (
        f"expected cost: {found.price:.4g} for {found.episodes} episodes ({amount(found.tokens_in)} tokens in, "
        f"{amount(found.tokens_out)} out), by the tokens of {whose} in {sources}"
    )
    if found.unknown:
        text += f"; nothing is known of {', '.join(found.unknown)}"
    if most is None:
        return text
    if found.price <= most:
        return f"{text}; --max-cost {most:g} allows that"
    return f"{text}; --max-cost {most:g} will end the run after about {most / found.price:.0%} of it"

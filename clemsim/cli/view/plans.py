"""The plan of a run in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.tables import ruled_table
from clemsim.runs.planning import PlannedCost, RunPlan


def plan_view(plan: RunPlan) -> RenderableType:
    """Return the table of a plan, 80 columns wide, and what its numbers rest on."""
    seed = "" if plan.seed is None else f" (seed {plan.seed})"
    title = (
        f"suite {plan.suite}{seed}: {_plural(plan.instances, 'instance')}, {_plural(len(plan.agents), 'agent')}, "
        f"{_plural(plan.repetitions, 'repetition')}"
    )
    table = ruled_table(title, edges=False)
    table.add_column("game", overflow="fold", min_width=12)
    for name in ("n", "episodes", "width", "detect", "turns", "tokens in", "out"):
        table.add_column(name, justify="right", no_wrap=True)
    costs = {cost.game: cost for cost in plan.costs}
    for row in plan.scores:
        overall = row.game == "overall"
        cost = None if overall and row.score != "worth" else costs[row.game]
        table.add_row(
            plain(f"overall {row.score}" if overall else row.game, "bold" if overall else ""),
            str(row.instances),
            *([str(cost.episodes)] if cost else [""]),
            points(row.width),
            points(row.detectable),
            *_costs(cost),
        )
    width = Text("width: of the 95 % interval of worth to expect (of clemscore in its row), in points", "dim")
    price = [] if plan.price is None else [Text(price_text(plan.price), "bold")]
    return Group(table, width, *price, *plan_remarks(plan.variance_from, plan.costs_from, plan.notes))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _costs(cost: PlannedCost | None) -> list[str]:
    if cost is None:
        return ["", "", ""]
    least = "≤" if cost.most else ""
    return [amount(cost.turns, least), amount(cost.tokens_in), amount(cost.tokens_out, least)]


def price_text(price: float) -> str:
    """Say what the tokens cost."""
    return f"its tokens cost about {price:.4g} by the agents' prices"


def points(value: float | None) -> str:
    """Format a number of points."""
    return "–" if value is None else f"{value:.1f}"


def amount(value: int | None, least: str = "") -> str:
    """Format a number of turns or tokens, large ones in thousands (k) or millions (M); `least` stands before it."""
    if value is None:
        return "–"
    text = f"{value / 1e6:.1f}M" if value >= 1e6 else f"{value / 1000:.0f}k" if value >= 10_000 else str(value)
    return f"{least}{text}"


def plan_remarks(variance_from: str, costs_from: str, notes: Sequence[str]) -> list[Text]:
    """Return the lines below the table of a plan: what its columns are, and where its numbers come from."""
    return [
        Text("detect: the true difference between two agents, in points, that is seen 4 times in 5", "dim"),
        plain(f"variance from {variance_from}", "dim"),
        plain(f"turns and tokens from {costs_from}", "dim"),
        *(plain(note, "yellow") for note in notes),
        Text("nothing was played"),
    ]

"""`clemsim suite`: make suites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog.generators import GeneratorOptions
from clemsim.catalog.plugins import load_entry, registered
from clemsim.cli import list as listing
from clemsim.cli.common import fail, one_line, out, print_json
from clemsim.cli.options import JsonOption
from clemsim.interop.clembench.checkout import import_checkout, write_suite

app = typer.Typer(help="Make suites: fresh instances from a seed, or clembench's own.", no_args_is_help=False)

SuiteFolderOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="The new folder of the suite.")]


@app.command()
def generate(
    out: SuiteFolderOption,
    seed: Annotated[int, typer.Option(help="Decides every draw; another seed gives instances that no model has seen.")] = 1,
    arena: Annotated[list[str] | None, typer.Option(help="Only this game; repeat.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Instances of each experiment; as many as clembench unless given.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language of texts and words.")] = "en",
    rules: Annotated[
        str, typer.Option(metavar="NAME", help="The rule set that the suite names, and whose experiments it has.")
    ] = "v1.6",
    json: JsonOption = False,
) -> None:
    """Make fresh instances from a seed.

    Example: clemsim suite generate --seed 20261124 --out fresh && clemsim run --suite fresh --agent local
    """
    with one_line():
        generators = registered("generators")
        for name in arena or ():
            if name not in generators:
                fail(f"there is no generator for {name!r}: choose one of {', '.join(generators)}")
        check_new(out)
        options = GeneratorOptions(seed, count, language, rules)
        games = [_of_rules(name, rules) for name in arena or ()] or [name for name in generators if _plays(name, rules)]
        instances = {name: list(load_entry(generators[name])(options)) for name in games}
        about = {"description": f"generated with seed {seed}", "seed": seed, "language": language, "rules": rules}
        write_suite(out, instances, about)
        _report(out, {name: len(group) for name, group in instances.items()}, as_json=json)


def _plays(name: str, rules: str) -> bool:
    """Return whether a game has this rule set; one without any plays by its only rules."""
    known = find_arena(name).RULES if name in registered("arenas") else ()
    return not known or rules in known


def _of_rules(name: str, rules: str) -> str:
    """Return the name of a game. Raises UsageError where it does not have this rule set."""
    if not _plays(name, rules):
        known = ", ".join(find_arena(name).RULES)
        fail(f"{name} has no rule set {rules!r}: choose one of {known} with --rules")
    return name


@app.command("import-clembench")
def import_clembench(
    checkout: Annotated[Path, typer.Argument(metavar="CHECKOUT", help="The folder of a clembench checkout.")],
    out: SuiteFolderOption,
    version: Annotated[str, typer.Option(help="The version of the instances: a part of their files' names.")] = "v1.6",
    rules: Annotated[
        str | None, typer.Option(metavar="NAME", help="The rule set that the suite names; that of its version unless given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a suite out of a clembench checkout: its instances, its prompts verbatim, its word lists.

    Example: clemsim suite import-clembench ../clembench --version v1.6 --out clembench-v1.6
    """
    with one_line():
        _report(out, import_checkout(checkout, version, out, rules), as_json=json)


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the suites that are installed.

    Example: clemsim suite list
    """
    listing.list_(listing.Listing.suites, json)


def _report(folder: Path, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"suite": str(folder), "arenas": counts})
        return
    for name, count in counts.items():
        out.print(plain(f"{count:5} {name}"))
    out.print(
        plain(f"{sum(counts.values()):5} in {folder}   (play it: clemsim run --suite {folder} --agent SPEC)"), soft_wrap=True
    )

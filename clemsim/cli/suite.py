"""`clemsim suite`: make suites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.catalog.generators import GeneratorOptions
from clemsim.catalog.plugins import registered
from clemsim.cli import list as listing
from clemsim.cli.common import fail, one_line, out, print_json
from clemsim.interop.clembench.checkout import import_checkout, write_suite

app = typer.Typer(help="Make suites: fresh instances from a seed, or clembench's own.", no_args_is_help=False)

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The new folder of the suite.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command()
def generate(
    out: Out,
    seed: Annotated[int, typer.Option(help="Decides every draw; another seed gives instances that no model has seen.")] = 1,
    arena: Annotated[list[str] | None, typer.Option(help="Only this game; repeat.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Instances of each experiment; as many as clembench v1.6 unless given.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of texts and words.")] = "en",
    json: Json = False,
) -> None:
    """Make fresh instances from a seed.

    Example: clemsim suite generate --seed 20261124 --out fresh && clemsim run --suite fresh --agent local
    """
    with one_line():
        there = registered("generators")
        for name in arena or ():
            if name not in there:
                fail(f"there is no generator for {name!r}: choose of {', '.join(there)}")
        check_new(out)
        wanted = GeneratorOptions(seed, count, language)
        found = {name: list(there[name].load()(wanted)) for name in arena or there}
        about = {"description": f"generated with seed {seed}", "seed": seed, "language": language}
        write_suite(out, found, about)
        _say(out, {name: len(some) for name, some in found.items()}, as_json=json)


@app.command("import-clembench")
def import_clembench(
    checkout: Annotated[Path, typer.Argument(metavar="CHECKOUT", help="The folder of a clembench checkout.")],
    out: Out,
    version: Annotated[str, typer.Option(help="Whose instances: the part of their files' names.")] = "v1.6",
    json: Json = False,
) -> None:
    """Make a suite out of a clembench checkout: its instances, its prompts verbatim, its word lists.

    Example: clemsim suite import-clembench ../clembench --version v1.6 --out clembench-v1.6
    """
    with one_line():
        _say(out, import_checkout(checkout, version, out), as_json=json)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the suites that are installed.

    Example: clemsim suite list
    """
    listing.list_(listing.What.suites, json)


def _say(folder: Path, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"suite": str(folder), "arenas": counts})
        return
    for name, count in counts.items():
        out.print(plain(f"{count:5} {name}"))
    out.print(
        plain(f"{sum(counts.values()):5} in {folder}   (play it: clemsim run --suite {folder} --agent SPEC)"), soft_wrap=True
    )

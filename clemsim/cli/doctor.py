"""`clemsim doctor`: what is installed and reachable."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import kind_of, make_agent
from clemsim.catalog.kinds import AgentOptions, Requirement, kinds
from clemsim.catalog.plugins import registered
from clemsim.catalog.shared_secrets import check_secrets
from clemsim.cli.common import UNFINISHED, one_line, out, print_json, run_async
from clemsim.cli.network import takes_headers
from clemsim.cli.options import JsonOption
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import ClemsimError


@takes_headers
def doctor(
    agent: Annotated[list[str] | None, typer.Option(metavar="SPEC", help="Also try to reach this agent; repeat.")] = None,
    json: JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_headers)
) -> None:
    """Check what is installed and whether agents can be reached. Exit code 1 when something is amiss.

    Example: clemsim doctor --agent local --agent qwen@http://127.0.0.1:8000/v1
    """
    with one_line():
        checks = [*_python(), *_packages(), *_plugins(), *run_async(_reach_all(agent or (), network))]
        ok = all(check.ok for check in checks)
        if json:
            print_json({"ok": ok, "checks": [check._asdict() for check in checks]})
        else:
            table = RichTable("", "what", "found")
            for check in checks:
                mark = plain("ok", "green") if check.ok else plain("!!", "red")
                table.add_row(mark, plain(check.what), plain(check.found))
            out.print(table)
        if not ok:
            raise typer.Exit(UNFINISHED)


def _python() -> list[Requirement]:
    here = Path.cwd()
    return [
        Requirement("python", sys.version_info >= (3, 11), platform.python_version()),
        Requirement("folder for runs", here.exists() and _writable(here), str(here)),
    ]


def _writable(folder: Path) -> bool:
    try:
        probe = folder / ".clemsim-probe"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _packages() -> list[Requirement]:
    return [_package(name) for name in ("clemsim", "aiohttp", "httpx", "pydantic", "orjson", "rich", "tenacity")]


def _package(name: str) -> Requirement:
    try:
        return Requirement(name, True, version(name))
    except PackageNotFoundError:
        return Requirement(name, False, "not installed")


def _plugins() -> list[Requirement]:
    """Return what the kinds of agents need, and whether everything that packages register can be loaded."""
    every = kinds()
    broken = [kind.help for kind in every.values() if kind.broken]
    return [
        *(requirement for kind in every.values() for requirement in kind.requirements()),
        _loads("arenas", registered("arenas"), find_arena),
        _loads("suites", suites.available(), suites.load_suite),
        *(Requirement("suites", False, reason) for reason in suites.broken()),
        Requirement("agents", not broken, "; ".join(broken) or ", ".join(every)),
    ]


def _loads(what: str, names: Collection[str], load: Callable[[str], object]) -> Requirement:
    try:
        for name in names:
            load(name)
    except (ClemsimError, ImportError) as error:
        return Requirement(what, False, str(error))
    return Requirement(what, bool(names), ", ".join(names))


async def _reach_all(specs: Sequence[str], network: NetworkOptions) -> list[Requirement]:
    check_secrets([kind_of(spec) for spec in specs], network)
    return [await _reach(spec, AgentOptions(network=network)) for spec in specs]


async def _reach(spec: str, options: AgentOptions) -> Requirement:
    try:
        async with make_agent(spec, options) as agent:
            about = {key: value for key, value in agent.describe().items() if not isinstance(value, dict)}
            return Requirement(f"agent {agent.name}", True, ", ".join(f"{key} {value}" for key, value in about.items()))
    except ClemsimError as error:
        return Requirement(f"agent {spec}", False, str(error))

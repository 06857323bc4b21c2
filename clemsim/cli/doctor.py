"""`clemsim doctor`: what is installed and reachable, and whether runs are whole."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import kind_of, make_agent
from clemsim.catalog.kinds import AgentOptions, Requirement, kinds
from clemsim.catalog.plugins import registered
from clemsim.catalog.shared_secrets import check_secrets
from clemsim.cli.common import fail, one_line, out, print_json, run_async
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.network import takes_headers
from clemsim.cli.options import JsonOption
from clemsim.cli.run import make_config
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import ClemsimError
from clemsim.runs.checkup import check_run
from clemsim.runs.workers.preflight import NodeFacts, inspect_cluster
from clemsim.runtime.agent import opened
from clemsim.runtime.agent_contract import described
from clemsim.store.folder import CONFIG
from clemsim.study.plan import MEMBERS
from clemsim.study.study_runner import is_study


@takes_headers
def doctor(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN]...", help="Check these runs, or the runs of a study, instead.")
    ] = None,
    agent: Annotated[list[str] | None, typer.Option(metavar="SPEC", help="Also try to reach this agent; repeat.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Ask every node of this Ray cluster instead; auto: the one that runs here."),
    ] = None,
    arena: Annotated[
        list[str] | None, typer.Option(help="With --ray: also this game, or path/to/game.py:Class, must arrive; repeat.")
    ] = None,
    json: JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_headers)
) -> None:
    """Check what is installed and whether agents can be reached; or, of runs, whether their record is whole: SQLite's check,
    the checksum of each episode, permissions, drafts of killed processes; or, of a cluster, whether every node has what a
    run of these agents and games needs, and reaches their servers. Exit code 1 when something is amiss.

    Examples:

      clemsim doctor --agent local --agent qwen@http://127.0.0.1:8000/v1

      clemsim doctor runs/20261123-120000-quick

      clemsim doctor --ray 10.0.0.1:6379 --agent qwen@http://10.0.0.9:8000/v1 --arena my/game.py:Game
    """
    if ray and runs:
        fail("--ray asks a cluster, not the record of a run: leave the runs out")
    if arena and not ray:
        fail("--arena says what must arrive on a cluster: give --ray too")
    with one_line():
        if ray:
            checks = run_async(_nodes(ray, agent or (), arena or (), network))
            ok = all(check.ok for check in checks)
            _print({"": checks}, {"nodes": _as_json(checks)}, ok=ok, as_json=json)
        elif runs:
            by_run = {str(folder): check_run(folder) for named in runs for folder in _runs_of(named)}
            ok = all(check.ok for checks in by_run.values() for check in checks)
            _print(by_run, {"runs": {run: _as_json(checks) for run, checks in by_run.items()}}, ok=ok, as_json=json)
        else:
            checks = [*_python(), *_packages(), *_plugins(), *run_async(_reach_all(agent or (), network))]
            ok = all(check.ok for check in checks)
            _print({"": checks}, {"checks": _as_json(checks)}, ok=ok, as_json=json)
        if not ok:
            raise typer.Exit(UNFINISHED)


async def _nodes(address: str, specs: Sequence[str], games: Sequence[str], network: NetworkOptions) -> list[Requirement]:
    """Return what each node of a cluster says. Raises UsageError where there is none."""
    fields: dict[str, Any] = {"agents": tuple(specs)} if specs else {}
    config = make_config(**fields, arenas=tuple(games))
    checks = await inspect_cluster(address, config, network)
    return [
        Requirement(f"node {each.address}", not each.problems, "; ".join(each.problems) or _said(each.facts))
        for each in checks
    ] or [Requirement("nodes", False, "no node has a core for a worker: ray start --num-cpus 8")]


def _said(facts: NodeFacts | str) -> str:
    """Return what a node that is ready has."""
    if isinstance(facts, str):
        return facts
    return f"clemsim {facts.clemsim}, Python {facts.python}, with all files and keys, and reaches the servers"


def _runs_of(folder: Path) -> list[Path]:
    """Return the folder of a run, or those of the runs of a study."""
    return sorted(path.parent for path in folder.glob(f"{MEMBERS}/*/*/{CONFIG}")) if is_study(folder) else [folder]


def _print(checks: Mapping[str, Sequence[Requirement]], data: dict[str, Any], *, ok: bool, as_json: bool) -> None:
    """Print a table for each title, or one JSON object."""
    if as_json:
        print_json({"ok": ok, **data})
        return
    for title, group in checks.items():
        table = RichTable("", "what", "found", title=plain(title) if title else None, title_justify="left")
        for check in group:
            mark = plain("ok", "green") if check.ok else plain("!!", "red")
            table.add_row(mark, plain(check.what), plain(check.found))
        out.print(table)


def _as_json(checks: Sequence[Requirement]) -> list[dict[str, Any]]:
    return [check._asdict() for check in checks]


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
        agent = make_agent(spec, options)
        async with opened([agent]):
            about = {key: value for key, value in described(agent).items() if not isinstance(value, dict)}
            return Requirement(f"agent {agent.name}", True, ", ".join(f"{key} {value}" for key, value in about.items()))
    except ClemsimError as error:
        return Requirement(f"agent {spec}", False, str(error))

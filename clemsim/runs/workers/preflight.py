"""The pre-flight: before a run begins every node is asked for versions, files, keys and reach of the servers."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from clemsim.engines.address import is_loopback, origin
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.proxies import find_proxy
from clemsim.errors import UsageError
from clemsim.runs.workers import cluster
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runs.workers.luggage import FILES, Luggage, pack, stage
from clemsim.store.config import RunConfig

REACH = 5.0  # seconds to connect to a server
PATIENCE = 90.0  # seconds for a node to unpack its files and to answer


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node says of itself."""

    clemsim: str
    python: str
    missing_files: Sequence[str]
    missing_variables: Sequence[str]
    unreachable: Sequence[str]


def look(paths: Sequence[str], variables: Sequence[str], urls: Sequence[str], *, proxies: bool) -> NodeFacts:
    """Return what is there, on the node where this is called."""
    root = Path(FILES).resolve()
    return NodeFacts(
        clemsim=version("clemsim"),
        python=platform.python_version(),
        missing_files=[path for path in paths if not (root / path.lstrip("/")).exists()],
        missing_variables=[name for name in variables if not os.environ.get(name)],
        unreachable=[url for url in urls if not _reaches(url, proxies=proxies)],
    )


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """What a node says of itself, or why it does not, and what is amiss there."""

    address: str
    facts: NodeFacts | str
    problems: Sequence[str]


def board(workers: WorkerOptions, luggage: Luggage | None) -> None:
    """Reach Ray, which sends the luggage to the nodes. Raises UsageError."""
    if luggage is None:
        cluster.connect(workers)
        return
    with TemporaryDirectory(prefix="clemsim-") as folder:
        stage(luggage, Path(folder))
        cluster.connect(workers, {"working_dir": folder, "env_vars": luggage.variables})


async def check_nodes(luggage: Luggage) -> int:
    """Ask every node that can have workers, and return their number. Raises UsageError that names what is amiss where."""
    checks = await ask_nodes(luggage)
    problems = [problem for check in checks for problem in check.problems]
    if problems:
        raise UsageError(f"the cluster is not ready: {'; '.join(problems)}")
    return len(checks)


async def ask_nodes(luggage: Luggage) -> list[NodeCheck]:
    """Ask every node that can have workers. What is amiss is in what they say."""
    nodes = await asyncio.to_thread(cluster.nodes)
    found = await asyncio.gather(*(asyncio.to_thread(_ask, node, luggage) for node in nodes))
    addresses = [node["NodeManagerAddress"] for node in nodes]
    return [NodeCheck(at, facts, _problems(at, facts)) for at, facts in zip(addresses, found, strict=True)]


async def inspect_cluster(address: str, config: RunConfig, network: NetworkOptions) -> list[NodeCheck]:
    """Ask the nodes of a cluster what a run of this configuration would ask them, and play nothing. Raises UsageError
    where Ray is not installed, or cannot be reached.
    """
    cluster.check_ray()
    luggage = pack(config, network)
    await asyncio.to_thread(board, WorkerOptions(1, address), luggage)
    cluster.keep_signals()
    try:
        return await ask_nodes(luggage)
    finally:
        await asyncio.to_thread(cluster.disconnect)


def _ask(node: dict[str, Any], luggage: Luggage) -> NodeFacts | str:
    """Return what a node says, or why it does not."""
    import ray  # noqa: PLC0415 (an extra)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    there: Any = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    asking: Any = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)
    asked = asking(look)
    paths = [str(path) for path in luggage.paths]
    try:
        facts: NodeFacts = ray.get(
            asked.remote(paths, list(luggage.variables), list(luggage.urls), proxies=luggage.network.proxies),
            timeout=PATIENCE,
        )
    except Exception as error:
        return _reason(error)
    return facts


def _reason(error: Exception) -> str:
    text = str(error)
    if "No module named" in text:
        return f"clemsim cannot be imported there: install clemsim {version('clemsim')} for the Python that Ray runs on"
    return f"it does not answer ({type(error).__name__}: {' '.join(text.split())[:200]})"


def _problems(address: str, facts: NodeFacts | str) -> list[str]:
    """Return what is amiss on a node."""
    if isinstance(facts, str):
        return [f"node {address}: {facts}"]
    problems = []
    if facts.clemsim != version("clemsim"):
        problems.append(f"has clemsim {facts.clemsim}, here it is {version('clemsim')}: install the same")
    if facts.python.split(".")[:2] != platform.python_version().split(".")[:2]:
        problems.append(f"has Python {facts.python}, here it is {platform.python_version()}: use the same")
    if facts.missing_files:
        problems.append(f"did not get {facts.missing_files[0]}")
    if facts.missing_variables:
        problems.append(f"did not get {facts.missing_variables[0]}")
    for url in facts.unreachable:
        hint = ": that address is each node itself, give the server's own" if is_loopback(url) else ""
        problems.append(f"does not reach {origin(url)}{hint}")
    return [f"node {address} {problem}" for problem in problems]


def _reaches(url: str, *, proxies: bool) -> bool:
    """Return whether a connection to a server, or to the proxy before it, can be opened."""
    proxy = find_proxy(url) if proxies else None
    parts = urlsplit(proxy.url if proxy else url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with suppress(OSError):
        socket.create_connection((parts.hostname or "", port), REACH).close()
        return True
    return False

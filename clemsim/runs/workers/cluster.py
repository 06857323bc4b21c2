"""Reaches Ray, on this machine or a cluster (extra `ray`)."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from random import choice
from typing import Any
from urllib.parse import urlsplit

from clemsim._util.extras import library
from clemsim.errors import UsageError

REACH = 5.0  # seconds
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # nothing of Ray's own is printed: a lost node is told in a sentence of ours
}
TOKEN = Path(".ray") / "auth_token"  # where Ray keeps the token of a cluster, in the home folder
WATCH = "watch"  # the concurrency group of an actor that has an event loop of its own, besides the one for all else


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How many workers, and where: the address of a Ray cluster, or None for this machine."""

    count: int
    address: str | None = None


def check_ray() -> None:
    """Load Ray, quietly. Raises UsageError where it is not installed."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    library("ray", "ray", "playing with --workers or --ray")


def connect(workers: WorkerOptions, brought: dict[str, Any] | None = None) -> None:
    """Start Ray here, on the loopback address, or join a cluster, whose workers get the runtime environment `brought`.

    Raises UsageError.
    """
    if workers.address and has_token():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray  # noqa: PLC0415 (an extra)

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if workers.address:
            _reach(workers.address)
            ray.init(address=workers.address, runtime_env=brought, **quiet)
        else:
            ray.init(num_cpus=workers.count, include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = workers.address or "this machine"
        hint = "start one with `ray start --head`, correct --ray, or set RAY_AUTH_MODE=token where it asks for its token"
        raise UsageError(f"no Ray at {where}: {hint} ({error})") from error


def keep_signals() -> None:
    """Handle SIGTERM as before: Ray has put a handler of its own before it, which writes what looks like a crash."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def has_token() -> bool:
    """Return whether Ray has a token for a cluster."""
    named = os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH")
    return bool(named) or (Path.home() / TOKEN).is_file()


def _reach(address: str) -> None:
    """Raise OSError where nothing listens: Ray itself would wait for ever."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), REACH).close()


def disconnect() -> None:
    """Leave Ray."""
    import ray  # noqa: PLC0415 (an extra)

    ray.shutdown()


def actor_factory(kind: type[Any], replacing: Collection[str] | None = None) -> Callable[..., Any]:
    """Return what makes actors of a class, each in a process of its own.

    `replacing`: addresses of nodes that were lost; the actor goes to another one, also where no core is free, for Ray
    takes a while to notice. None: it is the first of its shard, and gets a core of its own.
    """
    import ray  # noqa: PLC0415 (an extra)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    options: dict[str, Any] = {"num_cpus": 1 if replacing is None else 0, "concurrency_groups": {WATCH: 1}}
    if replacing and (left := [node for node in nodes() if node["NodeManagerAddress"] not in replacing]):
        there: Any = NodeAffinitySchedulingStrategy(choice(left)["NodeID"], soft=False)
        options["scheduling_strategy"] = there
    factory: Callable[..., Any] = ray.remote(**options)(kind).remote
    return factory


def nodes() -> list[dict[str, Any]]:
    """Return the nodes of the cluster that can have workers, as Ray describes them."""
    import ray  # noqa: PLC0415 (an extra)

    every: Any = ray.nodes  # has no types
    return [node for node in every() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]

"""Reaches Ray, on this machine or a cluster (extra `ray`)."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from clemsim._util.extras import library
from clemsim.errors import UsageError

REACH = 5.0  # seconds
WATCH = "watch"  # the concurrency group of an actor that has an event loop of its own, besides the one for all else


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How many workers, and where: the address of a Ray cluster, or None for this machine."""

    count: int
    address: str | None = None


def check_ray() -> None:
    """Raise UsageError where Ray is not installed."""
    library("ray", "ray", "playing with --workers or --ray")


def connect(workers: WorkerOptions) -> None:
    """Start Ray here, on the loopback address, or join a cluster. Raises UsageError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray  # noqa: PLC0415 (an extra)

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if workers.address:
            _reach(workers.address)
            ray.init(address=workers.address, **quiet)
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


def _reach(address: str) -> None:
    """Raise OSError where nothing listens: Ray itself would wait for ever."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), REACH).close()


def disconnect() -> None:
    """Leave Ray."""
    import ray  # noqa: PLC0415 (an extra)

    ray.shutdown()


def actor_factory(kind: type[Any]) -> Callable[..., Any]:
    """Return what makes actors of a class, each in a process of its own."""
    import ray  # noqa: PLC0415 (an extra)

    options: dict[str, Any] = {"num_cpus": 1, "concurrency_groups": {WATCH: 1}}
    factory: Callable[..., Any] = ray.remote(**options)(kind).remote
    return factory

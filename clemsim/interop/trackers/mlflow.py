"""A finished run in MLflow: a run for each agent, with settings, scores and their intervals, and the summary."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from clemsim._util.extras import library
from clemsim.errors import UsageError
from clemsim.interop.otel_sending import without_user
from clemsim.interop.trackers.tracked import Tracked, tracked_agents

EXPERIMENT = "clemsim"
IDENTITY = "clemsim.identity"  # the tag that an export is found again by
LONGEST_VALUE = 6000  # characters of a setting, of a tag 8000 at most
DATABASES = ("sqlite:", "postgresql:", "mysql:", "mssql:")  # as tracking URIs begin that mlflow-skinny knows nothing of
USUAL = {  # of MLflow's own settings, where the user has set none
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
MOST_SETTINGS, MOST_METRICS = 100, 1000  # of one request

T = TypeVar("T")


def send_mlflow(folder: Path, to: str | None, *, trust: bool = False) -> str:
    """Log each agent of a run as a run of the experiment `clemsim/SUITE` and return a line that says where.

    `to`: the tracking URI; None: MLflow's own (MLFLOW_TRACKING_URI, or what it takes without one). Runs that are there
    already, from an earlier export, are brought up to date. Raises UsageError without MLflow, and where it refuses, and
    StoreError.
    """
    mlflow = library("mlflow", "mlflow", "an export to MLflow")
    agents = tracked_agents(folder)
    uri = to or mlflow.get_tracking_uri()
    if uri.startswith(DATABASES) and find_spec("sqlalchemy") is None:
        raise UsageError(
            f"{without_user(uri)} needs all of MLflow: pip install mlflow, or name a server with --to http://..."
        )
    with _refusing(uri):
        client = mlflow.MlflowClient(tracking_uri=uri)
        name = f"{EXPERIMENT}/{agents[0].tags.get('clemsim.suite', 'run')}"
        found = client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else client.create_experiment(name)
        new = sum(_log(mlflow, client, experiment, agent) for agent in agents)
    changed = f", {len(agents) - new} of them there before" if new < len(agents) else ""
    return f"{len(agents)} runs in the experiment {name} of {without_user(uri)}{changed}"


@contextmanager
def _refusing(uri: str) -> Iterator[None]:
    """Make what MLflow and its libraries raise one line without the user of the address, and keep them quiet."""
    logger, set_ = logging.getLogger("mlflow"), {name: os.environ.get(name) for name in USUAL}
    level = logger.level
    logger.setLevel(logging.ERROR)
    os.environ.update({name: value for name, value in USUAL.items() if set_[name] is None})
    try:
        yield
    except Exception as error:
        user = urlsplit(uri).netloc.rpartition("@")[0]
        reason = " ".join(str(error).split())
        for secret in filter(None, (user, user.partition(":")[2])):
            reason = reason.replace(secret, "***")
        raise UsageError(f"MLflow at {without_user(uri)} took no results: {reason[:300]}") from None
    finally:
        logger.setLevel(level)
        for name in (name for name, value in set_.items() if value is None):
            del os.environ[name]


def _log(mlflow: Any, client: Any, experiment: str, agent: Tracked) -> bool:
    """Log an agent and return whether it is new."""
    entities = mlflow.entities
    found = client.search_runs([experiment], f"tags.`{IDENTITY}` = '{agent.identity}'", max_results=1)
    tags = {**agent.tags, IDENTITY: agent.identity}
    run = found[0] if found else client.create_run(experiment, tags=tags, run_name=agent.name)
    identity, now = run.info.run_id, int(1000 * time.time())
    known = set(run.data.params) if found else set[str]()
    params = [entities.Param(name, value[:LONGEST_VALUE]) for name, value in agent.settings.items() if name not in known]
    for part in _parts(params, MOST_SETTINGS):
        client.log_batch(identity, params=part)
    for metrics in _parts([entities.Metric(name, value, now, 0) for name, value in agent.metrics.items()], MOST_METRICS):
        client.log_batch(identity, metrics=metrics)
    if found:
        client.log_batch(identity, tags=[entities.RunTag(name, value) for name, value in tags.items()])
    for name, content in agent.files.items():
        client.log_text(identity, content.decode(), name)
    client.set_terminated(identity)
    return not found


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[begin : begin + size] for begin in range(0, len(values), size))

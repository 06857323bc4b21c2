"""Reads results of tau2-bench: one file with all simulations, or `results.json` beside a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, NoSuchMetricError, digest_of, repetition_of, score_of
from clemsim.interop.items.lines import json_file

SIMULATIONS = "simulations"
LOST = "infrastructure_error"  # tau2's own metrics leave these out, too
ARGUMENTS = ("temperature", "max_tokens", "reasoning_effort")


def read_tau2(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read the simulations of a run: the reward of each trial of each task. A simulation without a reward, or that the
    infrastructure ended, is not scored. Raises UsageError.
    """
    if metric and metric != "reward":
        raise NoSuchMetricError(f"{path} has no metric {metric}: results of tau2 have reward")
    data = json_file(path)
    about = data.get("info") or {}
    agent, user = about.get("agent_info") or {}, about.get("user_info") or {}
    model = str(agent.get("llm") or agent.get("implementation") or path.stem)
    domain = str((about.get("environment_info") or {}).get("domain_name") or "tau2")
    tasks = {str(task.get("id")): digest_of(task) for task in data.get("tasks") or ()}
    settings = {
        "agent": agent.get("implementation"),
        "user": " ".join(str(own) for own in (user.get("implementation"), user.get("llm")) if own) or None,
        "max_steps": about.get("max_steps"),
        **{name: (agent.get("llm_args") or {}).get(name) for name in ARGUMENTS},
    }
    known = {name: value for name, value in settings.items() if value is not None}
    for simulation in _simulations(path, data):
        item, trial = str(simulation.get("task_id")), simulation.get("trial")
        where = f"{path}, task {item}, trial {trial or 0}"
        reward, ended = _reward(simulation), str(simulation.get("termination_reason") or "it has no reward")
        score = None if reward is None or ended == LOST else score_of(reward, where)
        digest, problem = tasks.get(item, ""), ended if score is None else ""
        yield ItemResult(model, domain, item, score, digest, problem, repetition_of(trial), settings=known)


def _simulations(path: Path, data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the simulations of a file, of the folder beside it, or their summaries where that was not kept."""
    if isinstance(data.get(SIMULATIONS), list):
        yield from data[SIMULATIONS]
        return
    index = data.get("simulation_index")
    if isinstance(index, list) and index:
        yield from index
        return
    files = sorted((path.parent / SIMULATIONS).glob("*.json"))
    if not files:
        raise UsageError(f"{path} has no simulations, nor is there a folder {SIMULATIONS} beside it")
    yield from (json_file(file) for file in files)


def _reward(simulation: Mapping[str, Any]) -> Any:
    info = simulation.get("reward_info")
    return info.get("reward") if isinstance(info, dict) else simulation.get("reward")

"""Mixed models: what is the model's doing once games and instances, which are a sample too, have had their share?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class Effect:
    """A fixed effect with its standard error, 95 % interval and p."""

    name: str
    value: float
    error: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """Fixed effects, and the standard deviation of each random one and of what is left. `converged`: whether to believe
    it.
    """

    effects: tuple[Effect, ...]
    deviations: Mapping[str, float]
    n: int
    converged: bool


def mixed(
    y: Numbers, fixed: Mapping[str, Numbers], random: Mapping[str, Sequence[str]], within: Sequence[str] | None = None
) -> Mixed:
    """A linear mixed model by restricted maximum likelihood (Laird and Ware 1982; crossed effects: Baayen, Davidson and
    Bates 2008) with an intercept, fixed effects, and a random intercept for every level of each name in `random`.

    `within`: the groups in which all random levels are nested, such as the game of instances; it gets an intercept too,
    under the name `game`. Raises ValueError where the model can't be fitted.
    """
    design = np.column_stack([np.ones(len(y)), *fixed.values()])
    groups = np.asarray(within if within is not None else ["all"] * len(y))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they say is in `converged`
            nested = {"exog_re": np.ones((len(y), 1))} if within is not None else {"exog_re": None}
            model = MixedLM(y, design, groups, exog_vc=_components(random, groups), **nested)
            if within is None:
                model.k_re = 0
            result = model.fit(reml=True, method="lbfgs")
            errors = np.asarray(result.bse_fe)
    except (np.linalg.LinAlgError, ValueError) as error:
        raise ValueError(f"the mixed model can't be fitted: {error}") from error
    values, ps, bounds = result.fe_params, result.pvalues, result.conf_int()
    effects = tuple(
        Effect(name, float(values[at]), float(errors[at]), (float(bounds[at][0]), float(bounds[at][1])), float(ps[at]))
        for at, name in enumerate(("intercept", *fixed))
    )
    deviations = {name: float(np.sqrt(max(0.0, value))) for name, value in zip(random, result.vcomp, strict=True)}
    if within is not None:
        deviations = {"game": float(np.sqrt(max(0.0, result.cov_re[0, 0]))), **deviations}
    return Mixed(effects, {**deviations, "residual": float(np.sqrt(result.scale))}, len(y), bool(result.converged))


def _components(random: Mapping[str, Sequence[str]], groups: np.ndarray) -> VCSpec:
    """The design of each random effect in each group: a column for every level that occurs in it."""
    members = {group: np.flatnonzero(groups == group).tolist() for group in sorted(set(groups.tolist()))}
    names, columns, designs = list(random), [], []
    for levels in random.values():
        some = [_indicators([levels[index] for index in rows]) for rows in members.values()]
        columns.append([names_ for names_, _ in some])
        designs.append([design for _, design in some])
    return VCSpec(names, columns, designs)


def _indicators(levels: Sequence[str]) -> tuple[list[str], Numbers]:
    names = sorted(set(levels))
    return names, np.array([[float(level == name) for name in names] for level in levels])

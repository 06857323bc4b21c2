"""The likelihood of games with three outcomes (won, drawn, lost), its maximum, and its profile along a contrast.

Davidson (1970): with d, the difference in strength and seat, the outcomes have the weights exp(d / 2), exp(t) and
exp(-d / 2). That is a multinomial model in canonical form: its logarithm is concave, and Newton's method finds its maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax

from clemsim.analysis.statistics.averages import Numbers

STEPS, HALVINGS = 200, 30
CLOSE = 1e-12  # twice what a Newton step may still gain
FAR = 30.0  # logits; an end of an interval that is not closer is open
KNOWN = 1e-4  # information below which nothing is known of a direction


@dataclass(frozen=True)
class Likelihood:
    """`features` (cells x 3 outcomes x parameters), `base` (cells x 3): what fixed parameters add, -inf for an outcome that
    cannot be; `shares` (cells x 3): how often each outcome was seen, perhaps in parts.
    """

    features: Numbers
    base: Numbers
    shares: Numbers

    @property
    def size(self) -> int:
        """The number of parameters."""
        return int(self.features.shape[2])

    def value(self, beta: Numbers) -> float:
        """Return the logarithm of the likelihood."""
        weights = self._weights(beta)
        seen = self.shares > 0
        return float((self.shares[seen] * (weights - logsumexp(weights, axis=1, keepdims=True))[seen]).sum())

    def chances(self, beta: Numbers) -> Numbers:
        """Return the probability of each outcome (cells x 3)."""
        found: Numbers = softmax(self._weights(beta), axis=1)
        return found

    def scores(self, beta: Numbers) -> Numbers:
        """Return the derivative of the logarithm for each outcome of each cell, once (cells x 3 x parameters)."""
        found: Numbers = self.features - np.einsum("nk,nkp->np", self.chances(beta), self.features)[:, None, :]
        return found

    def gradient(self, beta: Numbers) -> Numbers:
        """Return the derivative of the logarithm."""
        left = self.shares - self.shares.sum(axis=1, keepdims=True) * self.chances(beta)
        found: Numbers = np.einsum("nk,nkp->p", left, self.features)
        return found

    def information(self, beta: Numbers) -> Numbers:
        """Return the expected information, which is the observed one (parameters x parameters)."""
        chances, count = self.chances(beta), self.shares.sum(axis=1)
        mean = np.einsum("nk,nkp->np", chances, self.features)
        total = -(mean * count[:, None]).T @ mean
        for outcome in range(3):
            own = self.features[:, outcome, :]
            total = total + (own * (count * chances[:, outcome])[:, None]).T @ own
        found: Numbers = total
        return found

    def _weights(self, beta: Numbers) -> Numbers:
        found: Numbers = self.base + self.features @ beta
        return found


def maximum(likelihood: Likelihood, ridge: float, start: Numbers, basis: Numbers | None = None) -> Numbers:
    """Return the parameters with the largest likelihood under a normal prior of variance 1 / ridge, among those that differ
    from `start` by columns of `basis` (None: all), by Newton's method with halved steps.
    """
    beta = start.copy()
    basis = np.eye(len(beta)) if basis is None else basis
    if basis.shape[1] == 0:
        return beta
    value = likelihood.value(beta) - ridge / 2 * float(beta @ beta)
    for _ in range(STEPS):
        slope = basis.T @ (likelihood.gradient(beta) - ridge * beta)
        curve = basis.T @ (likelihood.information(beta) + ridge * np.eye(len(beta))) @ basis
        move = np.linalg.solve(curve, slope)
        if float(slope @ move) < CLOSE:
            break
        step = basis @ move
        step = step * min(1.0, 4 / float(np.abs(step).max()))
        for _ in range(HALVINGS):
            trial = beta + step
            after = likelihood.value(trial) - ridge / 2 * float(trial @ trial)
            if after > value:
                break
            step = step / 2
        else:
            break  # no further than the rounding of numbers allows
        beta, value = trial, after
    return beta


def profile_interval(
    likelihood: Likelihood, best: Numbers, contrast: Numbers, allowed: float, ridge: float
) -> tuple[float, float]:
    """Return the values of a contrast whose profile likelihood lies within `allowed` of the largest, in twice the logarithm
    (Venzon and Moolgavkar 1988); an end that is further than `FAR` is infinite.
    """
    top, length = likelihood.value(best), float(contrast @ contrast)
    basis = _orthogonal(contrast)
    centre = float(np.clip(contrast @ best, -FAR + 1, FAR - 1))
    memory = [(float(contrast @ best), best)]

    def short(value: float) -> float:
        near = min(memory, key=lambda known: abs(known[0] - value))
        start = near[1] + contrast * (value - near[0]) / length
        found = maximum(likelihood, ridge, start, basis)
        memory.append((value, found))
        return 2 * (top - likelihood.value(found)) - allowed

    return _end(short, centre, -FAR), _end(short, centre, FAR)


def _end(short: Callable[[float], float], centre: float, far: float) -> float:
    """Return where `short` crosses 0 between the centre and a far value; infinite where it does not."""
    inner, step = centre, 0.5 if far > centre else -0.5
    while abs(inner - centre) < abs(far - centre):
        outer = inner + step
        if (outer - far) * step > 0:
            outer = far
        if short(outer) > 0:
            return float(brentq(short, inner, outer, xtol=1e-5)) if short(inner) < 0 else inner
        if outer == far:
            break
        inner, step = outer, step * 2
    return inf if far > 0 else -inf


def _orthogonal(contrast: Numbers) -> Numbers:
    """Return columns that span all directions in which a contrast stays as it is."""
    _, _, rows = np.linalg.svd(contrast[None, :])
    found: Numbers = rows[1:].T
    return found


def pseudo_inverse(information: Numbers) -> Numbers:
    """Return the inverse in all directions of which something is known."""
    values, vectors = np.linalg.eigh(information)
    kept = np.array([1 / value if value > KNOWN else 0.0 for value in values])
    found: Numbers = (vectors * kept) @ vectors.T
    return found


def is_estimable(information: Numbers, contrast: Numbers) -> bool:
    """Return whether anything is known of a contrast."""
    values, vectors = np.linalg.eigh(information)
    blind = vectors[:, values <= KNOWN]
    return bool(np.abs(blind.T @ contrast).max(initial=0.0) < 1e-3 * float(np.sqrt(contrast @ contrast)))

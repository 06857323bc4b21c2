"""Sharing something out fairly: in proportion to weights, and to nobody more than is wanted."""

from __future__ import annotations

from collections.abc import Sequence

TINY = 1e-9


def fair_shares(total: float, wants: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the weighted max-min fair shares of `total` (Bertsekas and Gallager 1992, 6.5.2): what one does not want goes
    to the others. Whoever has no weight gets nothing.
    """
    shares = [0.0] * len(wants)
    hungry = [index for index, want in enumerate(wants) if want > 0 and weights[index] > 0]
    left = min(total, sum(wants[index] for index in hungry))
    while hungry and left > TINY:
        unit = left / sum(weights[index] for index in hungry)
        full = [index for index in hungry if wants[index] <= unit * weights[index]]
        for index in full or hungry:
            shares[index] = min(wants[index], unit * weights[index])
            left -= shares[index]
        if not full:
            break
        hungry = [index for index in hungry if index not in full]
    return shares


def whole_shares(total: int, wants: Sequence[int], weights: Sequence[float]) -> list[int]:
    """Return fair shares in whole numbers, by largest remainders; all of `total` is given away, if so much is wanted, and
    nobody who wants something goes away empty where there is one for each.
    """
    exact = fair_shares(total, wants, weights)
    shares = [int(share + TINY) for share in exact]
    missing = round(sum(exact)) - sum(shares)
    by_remainder = sorted(range(len(exact)), key=lambda index: shares[index] - exact[index])
    for index in by_remainder[:missing]:
        shares[index] += 1
    empty = [index for index, share in enumerate(exact) if share > 0 and not shares[index]]
    for index in empty:
        richest = max(range(len(shares)), key=shares.__getitem__)
        if shares[richest] > 1:
            shares[richest] -= 1
            shares[index] = 1
    return shares

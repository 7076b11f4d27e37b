"""The measures by which levels are judged: chance, reserve, scale, spillover, variation of need.

In: people, budgets and parameters as plain numbers and arrays. Out: numbers. Each function is one
formula of the methods, section 4, and knows nothing of streams or places.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.sparse import csr_array

from budgets.money import Float64

_NORMAL = NormalDist()
MOST_PEOPLE = 1e10


def tail(chance: float) -> float:
    """Return z, so that a normal figure lies more than z deviations above its mean by `chance`."""
    return _NORMAL.inv_cdf(1.0 - chance)


def variation(people: Float64 | float, *, k: float, common_shock: float = 0.0) -> Float64:
    """Return the coefficient of variation of a year's bill, `CV = root(k^2/N + s^2)`.

    k is that of one person (unit: none), N the people in the pool, s what strikes all areas in the
    same year. Source: k/root N by Crump and others, BMJ 1991;302:1582, whose figures give k of
    7.1 to 7.7; the common shock is derived. [quoted; derived]
    """
    count = np.maximum(np.asarray(people, dtype=np.float64), 1e-9)
    return np.sqrt(k * k / count + common_shock * common_shock)


def chance_over(overspend: float, cv: float) -> float:
    """Return the chance that a year's bill exceeds the budget by more than a share of it.

    `1 - Phi(d/CV)`. [derived]
    """
    if cv <= 0:
        return 0.0
    return 1.0 - _NORMAL.cdf(overspend / cv)


def smallest_pool(k: float, *, overspend: float, chance: float, common_shock: float = 0.0) -> float:
    """Return the smallest population whose overspend stays below the limit by all but `chance`.

    `N* = k^2 / ((d/z)^2 - s^2)`, which is `(k z/d)^2` without a common shock; infinite where the
    common shock alone breaks the limit. [derived]
    """
    room = (overspend / tail(chance)) ** 2 - common_shock**2
    return k * k / room if room > 0 else math.inf


def reserve(budget: Float64, cv: Float64, *, chance: float) -> float:
    """Return the reserve that areas need together when each holds its own, `sum z CV budget`.

    Pooling A equal areas with independent risks divides it by root A. [derived]
    """
    return float(tail(chance) * (np.asarray(budget) * np.asarray(cv)).sum())


def average_cost(people: float, *, fixed: float, variable: float) -> float:
    """Return the cost per person of an area, `AC = v + F/N`. [common]"""
    return variable + fixed / people


def efficient_size(*, fixed: float, variable: float, excess: float) -> float:
    """Return the population from which fixed costs are at most a share of the others.

    `N_mes = F/(t v)`; infinite where nothing else is spent. [common]
    """
    return fixed / (excess * variable) if variable > 0 else math.inf


def idle_share(demand: Float64, *, capacity: float) -> float:
    """Return the share of indivisible units that stands idle, `units x capacity/demand - 1`.

    Every area needs whole units (vehicles, crews) of the given capacity. [common]
    """
    wanted = np.asarray(demand, dtype=np.float64)
    total = wanted.sum()
    # A hair above a whole number of units is that number: demand is a sum of shares.
    units = np.ceil(wanted / capacity - 1e-9).sum()
    return float(units * capacity / total - 1.0) if total > 0 else 0.0


def self_containment(flows: csr_array, shares: csr_array) -> float:
    """Return which share of uses is made in the user's own area, `sum_a U_aa / sum_ab U_ab`.

    Parameters
    ----------
    flows
        Uses (n_base, n_base) by the base area of the user and that of the use.
    shares
        Share of each base area in each area of a level (n_base, n_areas). A use outside every
        area of the level is one outside the user's own.

    Where both ends of a flow lie in base areas that a border cuts, users and uses are spread
    independently; within one base area that overstates what crosses. [common; the cut: own]
    """
    total = float(flows.sum())
    if total == 0:
        return math.nan
    within = shares.multiply(flows @ shares).sum()
    return float(within) / total


def between_share(scores: Float64, people: Float64, shares: csr_array) -> float:
    """Return the share of the variance of need that lies between the areas of a level.

    `sum_a P_a (m_a - m)^2 / sum_i p_i (s_i - m)^2`, weighted by people, over the pieces of base
    areas that lie in the level. 0 where need does not vary. [common]
    """
    weight = shares.multiply(people[:, None]).tocsr()
    of_area = np.asarray(weight.sum(axis=0)).ravel()
    of_base = np.asarray(weight.sum(axis=1)).ravel()
    whole = of_base.sum()
    if whole <= 0:
        return math.nan
    mean = float(of_base @ scores) / whole
    total = float(of_base @ (scores - mean) ** 2)
    sums = np.asarray(weight.T @ (scores - mean)).ravel()
    lived_in = of_area > 0
    between = float((sums[lived_in] ** 2 / of_area[lived_in]).sum())
    return between / total if total > 0 else 0.0


def break_even(cost_per_head: Callable[[float], float], gain_per_head: float) -> float:
    """Return the population from which an area costs no more than its closeness is worth.

    `cost_per_head(N)` must fall with N (fixed costs and reserve do); the root is found by Brent's
    method. 1 where the smallest area pays, infinite where none does. [own]
    """

    def gap(log_people: float) -> float:
        return cost_per_head(math.exp(log_people)) - gain_per_head

    low, high = 0.0, math.log(MOST_PEOPLE)
    if gap(low) <= 0:
        return 1.0
    if gap(high) > 0:
        return math.inf
    return math.exp(float(brentq(gap, low, high, xtol=1e-10)))


def flow_matrix(flows: pd.DataFrame, areas: pd.Index, inside: np.ndarray) -> csr_array:
    """Return uses by base area of user and of use, of users who live inside the place.

    Parameters
    ----------
    flows
        `from_code, to_code, uses`, codes among `areas`.
    """
    origin = areas.get_indexer(pd.Index(flows["from_code"]))
    end = areas.get_indexer(pd.Index(flows["to_code"]))
    uses = flows["uses"].to_numpy(dtype=np.float64)
    kept = inside[origin]
    size = len(areas)
    return csr_array((uses[kept], (origin[kept], end[kept])), shape=(size, size))

"""Need shares: how many people count for how much when money follows need.

In: people and a need score for each base area, and two figures the user sets and sees: what part
of the money follows need, and how many times as much a head the neediest area gets. Out: shares.
Ranks and scores are not quantities: only these two figures turn them into money.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from boundaries.checks import align
from budgets.errors import (
    NeedMissing,
    NothingToShareBy,
    ParameterOutOfRange,
    PeopleNotUsable,
)
from budgets.money import Float64

NEEDIEST_PER_HEAD_MOST = 1000.0


def need_weighted(
    people: pd.Series,
    scores: pd.Series,
    *,
    need_weight: float,
    neediest_per_head: float,
) -> pd.Series:
    """Return each area's share of money that follows people and need.

    `share_i = (1 - a) p_i / sum(p) + a p_i m_i / sum(p m)` with people p, need weight a and the
    amount a head m of `per_head`.

    Parameters
    ----------
    people
        Float or int (n_areas), not negative, index of area codes.
    scores
        Float, higher means needier, joined by code. May be missing where nobody lives.
    need_weight
        a, from 0 (people only) to 1 (need only).
    neediest_per_head
        Times as much a head the neediest area gets as the least needy one, from 1 to 1000.

    Returns
    -------
    float64 Series (n_areas) named `share` that sums to 1, in the order of `people`.

    Raises
    ------
    ParameterOutOfRange, PeopleNotUsable, NeedMissing, and of `boundaries.checks.align`
    NothingToShareBy
        Nobody lives in any of the areas.

    Examples
    --------
    >>> index = pd.Index(["a", "b"], name="lsoa21")
    >>> people, scores = pd.Series([100, 100], index), pd.Series([10.0, 40.0], index)
    >>> need_weighted(people, scores, need_weight=0.5, neediest_per_head=3.0).tolist()
    [0.375, 0.625]
    """
    check_range("need_weight", need_weight, 0.0, 1.0)
    count = check_people(people)
    if count.sum() == 0:
        raise NothingToShareBy("people", detail="nobody lives in any of the areas")
    head = per_head(people, scores, neediest_per_head=neediest_per_head).to_numpy()
    weighted = weighted_people(count, head, need_weight)
    return pd.Series(weighted / weighted.sum(), index=people.index, name="share")


def per_head(people: pd.Series, scores: pd.Series, *, neediest_per_head: float) -> pd.Series:
    """Return the amount a head of each area, relative to the least needy area.

    `m_i = 1 + (N - 1) (s_i - min s) / (max s - min s)`: linear in the score from 1 to N, over the
    areas where somebody lives; 1 for all where every score is the same. An area without people
    and without score has m = 1, which changes nothing.

    Raises
    ------
    ParameterOutOfRange, PeopleNotUsable, NeedMissing, and of `boundaries.checks.align`
    """
    check_range("neediest_per_head", neediest_per_head, 1.0, NEEDIEST_PER_HEAD_MOST)
    count = check_people(people)
    score = in_order(scores, people.index, where="scores")
    lived_in = count > 0
    unknown = lived_in & ~np.isfinite(score)
    if unknown.any():
        raise NeedMissing("scores", found=people.index[unknown])
    m = np.ones(len(score))
    if lived_in.any():
        low, high = score[lived_in].min(), score[lived_in].max()
        if high > low:
            m[lived_in] += (neediest_per_head - 1) * (score[lived_in] - low) / (high - low)
    return pd.Series(m, index=people.index, name="per_head")


def weighted_people(people: Float64, head: Float64, need_weight: float) -> Float64:
    """Return people counted by need, which add up to the people there are.

    `WP_i = p_i (1 - a + a m_i sum(p) / sum(p m))`. With a = 0 they are the people themselves, to
    the last bit, so that money by people can be checked on paper to the penny.
    """
    # fsum rounds once: sums by numpy or BLAS end in different last bits on different machines.
    total = math.fsum(people)
    if total == 0 or need_weight == 0:
        return people.astype(np.float64)
    level = total / math.fsum(people * head)
    return people * (1 - need_weight + need_weight * head * level)


def in_order(values: pd.Series, areas: pd.Index, *, where: str) -> Float64:
    """Return values as float64 in the order of the areas, by code; NaN where there is none.

    Errors are those of `boundaries.checks.align`, which looks at every code; values that already
    stand in the order of the areas need not be looked at.
    """
    same = values.index.name == areas.name and values.index.equals(areas)
    if same and pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return align(values, areas, where=where)


def check_people(people: pd.Series) -> Float64:
    """Return people as float64, or raise `PeopleNotUsable` with the areas at fault."""
    try:
        count = people.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise PeopleNotUsable("people", detail=str(error)) from error
    wrong = ~(np.isfinite(count) & (count >= 0))
    if wrong.any():
        raise PeopleNotUsable("people", found=people.index[wrong])
    return count


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `ParameterOutOfRange` unless `low <= value <= high`."""
    if isinstance(value, bool) or not low <= value <= high:
        raise ParameterOutOfRange(name, found=[value], detail=f"from {low:g} to {high:g}")

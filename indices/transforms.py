"""Turns scores into ranks, deciles and the transformed values that indices add up.

In: scores or ranks as a Series, a DataFrame (one column a domain) or an array, and the number of
areas of the edition. Out: the same shape and index, float64, missing where the input was missing.
Rank 1 is the most deprived area everywhere.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from indices.errors import EmptyIndexData, NotARanking, RankOutOfRange

Values = TypeVar("Values", pd.Series, pd.DataFrame, npt.NDArray[Any])
Ties = Literal["min", "average"]

EXPONENT = 23.0


def ranks(scores: Values, *, high_is_worse: bool = True, ties: Ties = "min") -> Values:
    """Rank areas from 1, the most deprived.

    Parameters
    ----------
    scores
        One value an area; in a DataFrame each column is ranked by itself.
    high_is_worse
        Whether the highest score is the most deprived.
    ties
        The rank that equal scores share; the official indices use the best one, "min".

    Returns
    -------
    Ranks as float64 with the index given; missing scores get no rank.

    Examples
    --------
    >>> ranks(np.array([5.0, 9.0, 5.0, np.nan])).tolist()
    [2.0, 1.0, 2.0, nan]
    """
    table = pd.DataFrame(np.asarray(scores, dtype="float64"))
    ranked = table.rank(method=ties, ascending=not high_is_worse)
    return _like(scores, ranked.to_numpy())


def deciles(ranks: Values, n: int) -> Values:
    """Return the decile of each rank, `ceil(10 rank / n)`: 1 is the most deprived tenth.

    Raises
    ------
    RankOutOfRange
        A rank lies outside 1..n.

    Examples
    --------
    >>> deciles(np.array([1.0, 3284.0, 3285.0, 32844.0]), 32844).tolist()
    [1.0, 1.0, 2.0, 10.0]
    """
    _check_range(ranks, n)
    # Dividing last keeps the borders exact: 10 rank is a whole number, and so is the quotient.
    return _like(ranks, np.ceil(10.0 * np.asarray(ranks, dtype=float) / n))


def exponential(ranks: Values, n: int) -> Values:
    """Turn ranks into the official exponentially transformed scores, 0 to 100.

    `R = (n + 1 - rank) / n` and `X = -23 ln(1 - R (1 - exp(-100/23)))`: the most deprived tenth
    spreads over half of the scale, so that little deprivation in one domain cannot cancel much in
    another. Source: English Indices of Deprivation 2019, technical report, chapter on domain
    weights and standardisation.

    Raises
    ------
    RankOutOfRange
        A rank lies outside 1..n.

    Examples
    --------
    >>> exponential(np.array([1.0, 51.0, 91.0]), 100).round(4).tolist()
    [100.0, 15.6468, 2.3903]
    """
    _check_range(ranks, n)
    standing = (n + 1.0 - np.asarray(ranks, dtype=float)) / n
    # expm1 and log1p keep the digits that 1 - exp(...) loses near the least deprived end.
    return _like(ranks, -EXPONENT * np.log1p(standing * np.expm1(-100.0 / EXPONENT)))


def normal_scores(scores: Values) -> Values:
    """Return the normal score of each value, `probit(rank / (n + 1))`, high scores high.

    Ties take the average rank and n counts the values that are not missing, column by column.
    Source: Scottish Index of Multiple Deprivation 2016, technical notes.

    Examples
    --------
    >>> normal_scores(np.array([10.0, 20.0, 30.0])).round(4).tolist()
    [-0.6745, 0.0, 0.6745]
    """
    ascending = np.asarray(ranks(scores, high_is_worse=False, ties="average"))
    counts = np.sum(~np.isnan(ascending), axis=0)
    return _like(scores, ndtri(ascending / (counts + 1.0)))


def check_ranking(values: pd.Series, n: int, *, where: str = "ranks") -> None:
    """Refuse values that cannot be ranks of these areas in an edition of n areas.

    Sorted, k areas share rank v, and k' areas the next rank v'. Where ties share their best rank
    `v' >= v + k`, from 1 to `n + 1 - k` at the last; where they share the average of their
    positions `v' >= v + (k + k') / 2`. A column must follow one of the two throughout. For a
    complete edition that says exactly: every gap is explained by a tie. For a part of one it is
    all that can be known.

    Raises
    ------
    RankOutOfRange
        A rank lies outside 1..n.
    NotARanking
        More areas share or follow a rank than either rule allows.
    """
    given = values.to_numpy(dtype=float)
    outside = ~((given >= 1) & (given <= n))
    if outside.any():
        raise RankOutOfRange(
            where, found=_labelled(values[outside]), detail=f"the edition has {n:,} areas"
        )
    level, sharing = np.unique(given, return_counts=True)
    best = _wrong_levels(level, np.zeros(len(level)), sharing - 1.0, n) | (level % 1 != 0)
    half = (sharing - 1.0) / 2.0
    average = _wrong_levels(level, half, half, n) | ((2 * level) % 1 != 0)
    if best.any() and average.any():
        wrong = best if best.sum() <= average.sum() else average
        raise NotARanking(
            where,
            found=_labelled(values[np.isin(given, level[wrong])]),
            detail=f"{len(given):,} areas at hand of {n:,}",
        )


def is_ranking_of_itself(values: pd.Series) -> bool:
    """Say whether the values are a complete ranking of exactly the areas at hand."""
    try:
        check_ranking(values, len(values))
    except (NotARanking, RankOutOfRange):
        return False
    return True


def _check_range(ranks: pd.Series | pd.DataFrame | npt.NDArray[Any], n: int) -> None:
    if n < 1:
        raise EmptyIndexData("n", detail=f"n is {n}")
    given = np.asarray(ranks, dtype=float)
    outside = (given < 1) | (given > n)
    if outside.any():
        raise RankOutOfRange("ranks", found=given[outside], detail=f"the edition has {n:,} areas")


def _wrong_levels(
    level: npt.NDArray[Any], before: npt.NDArray[Any], after: npt.NDArray[Any], n: int
) -> npt.NDArray[np.bool_]:
    """Say which ranks leave their group too few places before, after, or towards the next one."""
    wrong = (level - before < 1) | (level + after > n)
    wrong[1:] |= level[1:] - before[1:] < level[:-1] + after[:-1] + 1
    return wrong


def _like(values: Values, array: Any) -> Values:
    """Give an array the index and the columns of the values it was made from."""
    dressed: Any = np.asarray(array).reshape(np.shape(values))
    if isinstance(values, pd.DataFrame):
        dressed = pd.DataFrame(dressed, index=values.index, columns=values.columns)
    elif isinstance(values, pd.Series):
        dressed = pd.Series(dressed, index=values.index, name=values.name)
    return cast(Values, dressed)


def _labelled(values: pd.Series) -> list[str]:
    return [f"{code} = {value:g}" for code, value in values.items()]

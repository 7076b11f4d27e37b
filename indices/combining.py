"""Brings indicators to one scale and combines them into one score.

In: figures of indicators, one column each, and which end of each is the worse one. Out: columns on
one scale, high where deprivation is, and their weighted mean: arithmetic, geometric or with the
penalty of Mazziotta and Pareto. Missing stays missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from indices import inputs, transforms
from indices.errors import (
    ConstantIndicator,
    DefinitionFault,
    EmptyIndexData,
    NotPositive,
    NumeratorAboveDenominator,
    OptionUnknown,
    TooFewAreas,
)

Floats = npt.NDArray[np.float64]
Scale = Literal["none", "normal", "z", "min-max", "rank", "goalposts"]
Mean = Literal["arithmetic", "geometric", "mazziotta-pareto"]

SCALES: tuple[Scale, ...] = ("none", "normal", "z", "min-max", "rank", "goalposts")
MEANS: tuple[Mean, ...] = ("arithmetic", "geometric", "mazziotta-pareto")
# A correlation below this many standard errors is taken for a direction, not for chance.
DOUBT_SE = 1.96


def normalise(
    values: pd.DataFrame,
    scale: Scale,
    *,
    low_is_worse: Collection[str] = (),
    goalposts: Mapping[str, tuple[float, float]] | None = None,
    where: str = "indicators",
) -> pd.DataFrame:
    """Bring columns to one scale on which high is worse.

    `normal` scores probit(rank/(n+1)); `z = (x - mean)/sd` with the population's sd; `min-max`
    from 0, the best area, to 100, the worst; `rank` 100 for the worst down to 100/n, ties
    averaged; `goalposts` `100 (x - best)/(worst - best)` with stated ends, values beyond them cut,
    so that years can be compared; `none` only turns round what is low where it is worse. Sources:
    OECD/JRC, Handbook on constructing composite indicators (2008), chapter 5; Scottish Index of
    Multiple Deprivation 2016, technical notes, for normal scores.

    Parameters
    ----------
    values
        Shape (n_areas, n_indicators).
    low_is_worse
        Columns whose low end is the deprived one. Goalposts say so themselves and are not turned.
    goalposts
        For each column its best and its worst end.

    Raises
    ------
    TooFewAreas, ConstantIndicator, DefinitionFault, OptionUnknown
        A column cannot be brought to the scale; several faults come together.
    """
    if scale not in SCALES:
        raise OptionUnknown("scale", found=[scale], detail=f"it is one of {', '.join(SCALES)}")
    faults = Faults(where)
    ends = goalposts or {}
    if scale in ("normal", "z", "min-max", "rank"):
        check_spread(values, faults, where=where)
    elif scale == "goalposts":
        lost = [c for c in map(str, values) if c not in ends or ends[c][0] == ends[c][1]]
        if lost:
            faults.add(DefinitionFault(where, found=lost, detail="two different goalposts needed"))
    faults.raise_any()
    signs = np.array([-1.0 if column in low_is_worse else 1.0 for column in values])
    if scale == "goalposts":
        best = np.array([ends[str(column)][0] for column in values])
        worst = np.array([ends[str(column)][1] for column in values])
        return (100.0 * (values - best) / (worst - best)).clip(0.0, 100.0)
    turned = values * signs
    if scale == "normal":
        return transforms.normal_scores(turned)
    if scale == "z":
        return (turned - turned.mean()) / turned.std(ddof=0)
    if scale == "min-max":
        return 100.0 * (turned - turned.min()) / (turned.max() - turned.min())
    if scale == "rank":
        return 100.0 * turned.rank(method="average") / turned.count()
    return turned


def positive(values: pd.DataFrame, scale: Scale, mean: Mean) -> pd.DataFrame:
    """Move a scale to the positive figures that geometric and Mazziotta-Pareto means need.

    z and normal scores become `100 + 10 z`. 0..100 becomes 70..130 for Mazziotta-Pareto, whose
    penalty S2/M would outgrow the mean itself on a scale that begins near zero, and 1..100 for the
    geometric mean, as in COINr. Order and proportions of distances within a column are kept.
    Sources: De Muro, Mazziotta and Pareto (2011); Mazziotta and Pareto (2016), On a generalized
    non-compensatory composite index, Social Indicators Research 127, for 70..130.

    Raises
    ------
    NotPositive
        Figures as they are (`none`) that are not all above zero.
    """
    if mean == "arithmetic":
        return values
    if scale in ("z", "normal"):
        return 100.0 + 10.0 * values
    if scale != "none":
        return 70.0 + 0.6 * values if mean == "mazziotta-pareto" else 1.0 + 0.99 * values
    wrong = values.columns[(values <= 0).any()]
    if len(wrong):
        raise NotPositive("indicators", found=wrong)
    return values


def aggregate(
    values: pd.DataFrame, *, weights: pd.Series | None = None, mean: Mean = "arithmetic"
) -> pd.Series:
    """Return the weighted mean of the columns for each area; missing where any column is.

    With weights w that are divided by their sum: arithmetic `sum w x`; geometric
    `exp(sum w ln x)`; Mazziotta-Pareto `M + S2/M`, M the mean and S2 the population variance of an
    area's own figures, so that an area bad in one thing is not excused by the others (the sign for
    measures of which high is bad). Sources: OECD/JRC handbook, chapter 6; De Muro, Mazziotta and
    Pareto (2011), Composite indices of development and poverty, Social Indicators Research 104.

    Parameters
    ----------
    values
        Shape (n_areas, n_indicators), on one scale; positive for all but the arithmetic mean.
    weights
        By column; equal where absent.

    Raises
    ------
    NotPositive, OptionUnknown, EmptyIndexData, DefinitionFault
        A figure, a mean or a weight that cannot be used.
    """
    if mean not in MEANS:
        raise OptionUnknown("mean", found=[mean], detail=f"it is one of {', '.join(MEANS)}")
    if not values.shape[1]:
        raise EmptyIndexData("indicators", detail="there is no column")
    if weights is None:
        weights = pd.Series(1.0, index=values.columns)
    share = weights.reindex(values.columns).to_numpy(dtype=float)
    if not np.isfinite(share).all() or not share.sum() > 0:
        raise DefinitionFault("weights", detail="one finite weight a column, and a sum above zero")
    if mean != "arithmetic" and (values <= 0).any(axis=None):
        raise NotPositive("indicators", found=values.columns[(values <= 0).any()])
    rows = np.ascontiguousarray(values.to_numpy(dtype=float).T)
    return pd.Series(weighted_mean(rows, share / share.sum(), mean), index=values.index)


def weighted_mean(rows: Floats, weights: Floats, mean: Mean) -> Floats:
    """Return the mean of rows (n_indicators, n_areas) with weights that add up to one.

    Row after row, so that the same figures give the same sum, and the same ties, on every machine.
    """
    if mean == "geometric":
        return np.asarray(np.exp(_summed(np.log(rows), weights)), dtype=float)
    middle = _summed(rows, weights)
    if mean == "arithmetic":
        return middle
    return middle + _summed((rows - middle) ** 2, weights) / middle


def sum_counts(events: pd.DataFrame, people: pd.Series, *, where: str = "counts") -> pd.Series:
    """Return the share of people counted by any of several counts that do not overlap.

    `sum of events / people`, as the Income domain adds up those on different benefits; missing
    where any count is. Source: English Indices of Deprivation 2019, technical report.

    Raises
    ------
    NumeratorAboveDenominator
        Together the counts exceed the people: they overlap, or belong to other people.
    """
    total = events.sum(axis=1, skipna=False)
    above = total > people
    if above.any():
        raise NumeratorAboveDenominator(
            where,
            found=[f"{code}: {total[code]:g} of {people[code]:g}" for code in total.index[above]],
            detail="added up, so that someone is counted twice or the people are others",
        )
    return total / people.where(people > 0)


def opposed(values: pd.DataFrame) -> list[tuple[str, float]]:
    """Return columns that run against the others, with their rank correlation.

    Each column is compared with the mean normal score of the other columns, all of them turned so
    that high is worse. Below `-1.96/sqrt(n - 1)` chance is no likely reason: the direction of the
    indicator may be wrong, or it measures something else.
    """
    found: list[tuple[str, float]] = []
    if values.shape[1] < 2 or len(values) < 3:
        return found
    scores = transforms.normal_scores(values)
    for column in scores:
        others = scores.drop(columns=column).mean(axis=1)
        pair = pd.DataFrame({"own": scores[column], "others": others}).dropna().rank()
        if len(pair) < 3 or (pair.nunique() < 2).any():
            continue
        correlation = float(np.corrcoef(pair["own"], pair["others"])[0, 1])
        if correlation < -DOUBT_SE / np.sqrt(len(pair) - 1):
            found.append((str(column), correlation))
    return found


def check_spread(values: pd.DataFrame, faults: Faults, *, where: str) -> None:
    """Collect columns without any difference between areas, which no scale can show."""
    inputs.check_codes(values.index, faults, where=where)
    if len(values) < 2:
        if len(values):
            faults.add(TooFewAreas(where, found=values.index))
        return
    constant = [str(column) for column in values if values[column].nunique() < 2]
    if constant:
        faults.add(ConstantIndicator(where, found=constant))


def _summed(rows: Floats, weights: Floats) -> Floats:
    total = np.zeros(rows.shape[1])
    for row, weight in zip(rows, weights, strict=True):
        total += weight * row
    return total

"""Finds the areas most like a given one, and says what makes them alike.

In: figures of areas, one column a figure. Out: `Similar`, the nearest areas by standardised
distance, each with the figures in which both stand out alike and the one in which they differ most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.codes import row_of
from geo.errors import Faults
from indices import inputs
from indices.profiles_errors import TooFewToCompare, UnknownArea

NEAREST = 15
STANDS_OUT = 0.5
"""Standard deviations from the mean at which a figure stands out (own rule)."""
FEWEST = 3
SHOWN = 3
# Two figures this near in standard deviations are the same figure, rounded differently.
SAME = 1e-9

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Standard:
    """Figures in standard deviations from their mean.

    Attributes
    ----------
    scores
        Areas that have every figure x figures that differ between areas.
    mean, sd
        Of each figure over those areas, sd of the population.
    incomplete
        Areas left out because a figure is missing.
    constant
        Figures left out because all areas have the same.
    """

    scores: pd.DataFrame
    mean: pd.Series
    sd: pd.Series
    incomplete: pd.Index
    constant: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Similar:
    """The areas most like one area.

    Attributes
    ----------
    table
        By code, nearest first: `distance` in standard deviations per figure, `alike` and `apart`
        in words.
    used, left_out
        Figures compared, and those not, because they are missing here or the same everywhere.
    incomplete
        Areas that could not be compared because a figure of theirs is missing.
    among
        How many areas were compared.
    """

    table: pd.DataFrame
    used: tuple[str, ...]
    left_out: tuple[str, ...]
    incomplete: pd.Index
    among: int


def standardise(values: pd.DataFrame) -> Standard:
    """Bring figures to standard deviations from their mean: `z = (x - mean) / sd`.

    Raises
    ------
    TooFewToCompare
        Fewer than three areas have every figure, or no figure differs between them.
    CodesNotText, DuplicateCodes, NotANumber
        What is wrong with the table; several faults come together.
    """
    faults = Faults("figures")
    inputs.check_codes(values.index, faults, where="figures")
    columns = {}
    for name in values.columns:
        with faults.catch():
            columns[str(name)] = inputs.numbers(values[name], where=f"figures, column {name}")
    faults.raise_any()
    table = pd.DataFrame(columns, index=values.index)
    # A figure that nobody has would leave no area to compare.
    table = table.dropna(axis="columns", how="all")
    whole = np.asarray(table.notna().all(axis=1), dtype=bool)
    kept = table[whole]
    mean, sd = kept.mean(), kept.std(ddof=0)
    size = kept.abs().max().clip(lower=1e-300)
    differs = np.asarray(sd > 1e-12 * size, dtype=bool)
    if len(kept) < FEWEST or not differs.any():
        detail = f"{len(kept)} areas have every figure; {int(differs.sum())} figures differ"
        raise TooFewToCompare("figures", detail=detail)
    names = list(table.columns[differs])
    scores = (kept[names] - mean[names]) / sd[names]
    lost = [str(name) for name in values.columns if name not in names]
    return Standard(scores, mean[names], sd[names], table.index[~whole], tuple(lost))


def similar(
    standard: Standard,
    of: str | pd.Series,
    *,
    n: int = NEAREST,
    titles: Mapping[str, str] | None = None,
) -> Similar:
    """Return the areas nearest to one area by Euclidean distance of standardised figures.

    `d = sqrt(mean_v (z_av - z_bv)^2)`: the mean, so that a distance does not grow with the number
    of figures; the order is that of the plain distance. Equal distances go by code. The manner of
    the "nearest neighbours" that English councils compare themselves with (CIPFA).

    Parameters
    ----------
    standard
        The areas to choose from.
    of
        One of their codes, which is then left out, or the figures of another area.
    n
        How many to return; all where there are fewer.
    titles
        What to call figures in words.

    Raises
    ------
    UnknownArea
        The code is none of the areas, or of those left out.
    TooFewToCompare
        The area has none of the figures.
    """
    scores = standard.scores
    if isinstance(of, str):
        if of not in scores.index:
            gap = "a figure of it is missing" if of in standard.incomplete else "no such code"
            raise UnknownArea("similar areas", found=[of], detail=gap)
        own: pd.Series = scores.iloc[row_of(scores.index, of)]
        others = scores.drop(index=of)
    else:
        own = (of.reindex(standard.mean.index) - standard.mean) / standard.sd
        others = scores
    names = [str(name) for name in own.index[own.notna()]]
    if not names or others.empty:
        raise TooFewToCompare("similar areas", detail="the area has none of the figures")
    here = own[names].to_numpy(dtype=np.float64)
    there = others[names].to_numpy(dtype=np.float64)
    order, distance = _nearest(there, here, others.index, min(n, len(others)))
    words = titles or {}
    said = [_likeness(here, there[row], [words.get(name, name) for name in names]) for row in order]
    table = pd.DataFrame(
        {
            "distance": distance / np.sqrt(len(names)),
            "alike": [alike for alike, _ in said],
            "apart": [apart for _, apart in said],
        },
        index=others.index[order],
    )
    missing_here = [str(name) for name in own.index[own.isna()]]
    return Similar(
        table=table,
        used=tuple(names),
        left_out=(*standard.constant, *missing_here),
        incomplete=standard.incomplete,
        among=len(others),
    )


def _nearest(there: Floats, here: Floats, codes: pd.Index, n: int) -> tuple[list[int], Floats]:
    """Return positions and distances of the n nearest, equal distances by code."""
    # Each row is summed by itself, so that the order of the rows changes no distance.
    every = np.sqrt(np.square(np.ascontiguousarray(there - here)).sum(axis=1))
    far = np.partition(every, n - 1)[n - 1]
    row = np.flatnonzero(every <= far * (1 + SAME) + SAME)
    distance = every[row]
    ties = np.round(distance / max(far * SAME, SAME))
    order = sorted(range(len(row)), key=lambda at: (ties[at], str(codes[row[at]])))[:n]
    return [int(row[at]) for at in order], distance[order]


def _likeness(here: Floats, there: Floats, names: list[str]) -> tuple[str, str]:
    """Say in which figures two areas stand out alike, and in which they differ most."""
    shared = np.where((here * there > 0), np.minimum(np.abs(here), np.abs(there)), 0.0)
    first = sorted(np.flatnonzero(shared >= STANDS_OUT), key=lambda at: (-shared[at], names[at]))
    said = [
        f"both {word} in {_listed(found)}"
        for word, sign in (("high", 1), ("low", -1))
        if (found := [names[at] for at in first[:SHOWN] if sign * here[at] > 0])
    ]
    gap = np.abs(here - there)
    most = min(range(len(names)), key=lambda at: (-gap[at], names[at]))
    more = "higher" if there[most] > here[most] else "lower"
    apart = f"{more} in {names[most]}" if gap[most] >= STANDS_OUT else ""
    return "; ".join(said) if said else "near the average in most figures", apart


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

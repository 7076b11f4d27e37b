"""Summarises an index for higher areas: averages, extent and concentration of deprivation.

In: an index over small areas, a lookup or a crosswalk from them to higher areas, and the
population of the small areas. Out: one row a higher area with five measures and their ranks.
Published for districts as File 10 of the English Indices of Deprivation 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from geo.errors import Faults
from indices import inputs, transforms
from indices.errors import (
    DuplicateCodes,
    EmptyIndexData,
    IncompleteEdition,
    OptionUnknown,
    PartlyIndexedArea,
    PopulationFault,
    UnplacedAreas,
)
from indices.index import Index

Report = Literal["raise", "report"]
Floats = npt.NDArray[np.float64]

MEASURES = ("average_rank", "average_score", "proportion", "extent", "local_concentration")
NEEDS_SCORES = "average_score"
# Layers of one place do not meet exactly: a sliver of a neighbour does not make an area partial.
SLIVER = 0.02


def summarise(
    index: Index,
    lookup: Any,
    population: pd.Series,
    *,
    domain: str | None = None,
    measures: Sequence[str] | None = None,
    unplaced: Report = "raise",
    partial: Report = "raise",
) -> pd.DataFrame:
    """Summarise an index, or one domain of it, for higher areas.

    With `pop` the population, `inv = N + 1 - rank` and the sums over the small areas of a higher
    area (each weighted with its share in it):

    - `average_rank = sum(pop inv) / sum(pop)`, `average_score = sum(pop score) / sum(pop)`;
    - `proportion`: share of the small areas (a count of areas) in decile 1;
    - `extent = sum(pop e) / sum(pop)`, e = 1 in the most deprived tenth, falling to 0.05 at the
      thirtieth percentile, 0 beyond;
    - `local_concentration`: population-weighted mean of `inv` over the most deprived areas that
      hold exactly a tenth of the population, the last one taken in part.

    High is worse in all of them. Source: English Indices of Deprivation 2019, research report,
    chapter on summary measures for higher areas.

    Parameters
    ----------
    lookup
        A Series from small-area code to higher-area code, or a `boundaries.crosswalk.Crosswalk`.
    population
        By small-area code, in the domain's own denominator.
    domain
        Id of a domain; by default the overall index. A domain has an average score only where its
        scores are known (`Index.domain_scores`).
    measures
        Which measures to give; by default all, missing where the index does not determine them.
    unplaced
        Whether small areas outside every higher area are refused or left out.
    partial
        Whether higher areas that hold small areas without index are refused, or summarised over
        the part at hand; `indexed` says how much that is.

    Returns
    -------
    One row a higher area: the measures, `rank_of_<measure>` (1 the highest), `areas` (number of
    small areas, parts counted as parts), `population`, `indexed` (share of the higher area that
    has an index). A higher area without any small area is missing, never 0.

    Raises
    ------
    IncompleteEdition
        A measure was asked for by name that needs overall ranks, and they are not known.
    UnplacedAreas, PartlyIndexedArea, PopulationFault, VintageMismatch, DuplicateCodes
        What is wrong with lookup and population.
    """
    if domain is None:
        ranks: pd.Series | None = index.ranks
        scores: pd.Series | None = index.scores
        if measures is not None and set(measures) - {NEEDS_SCORES}:
            index.require_complete()
    else:
        index.definition.domain(domain)
        ranks = index.domain_ranks[domain]
        known = index.domain_scores
        scores = known[domain] if known is not None and domain in known else None
    return summarise_values(
        lookup,
        population,
        n=index.n,
        ranks=ranks,
        scores=scores,
        measures=measures,
        unplaced=unplaced,
        partial=partial,
    )


def summarise_values(
    lookup: Any,
    population: pd.Series,
    *,
    n: int,
    ranks: pd.Series | None = None,
    scores: pd.Series | None = None,
    measures: Sequence[str] | None = None,
    unplaced: Report = "raise",
    partial: Report = "raise",
) -> pd.DataFrame:
    """Summarise any ranks and scores for higher areas; see `summarise` for the measures.

    For figures that are not domains of an index, such as income deprivation among children.

    Raises
    ------
    IncompleteEdition
        A measure was asked for by name whose ranks, or scores, are not given.
    """
    wanted = _wanted(measures, ranks, scores)
    given = ranks if ranks is not None else scores
    if given is None:
        raise EmptyIndexData("summarise_values", detail="neither ranks nor scores are given")
    placed = _place(lookup, given.index, unplaced=unplaced, partial=partial)
    people = _population(population, given.index)
    shares = placed.shares
    weights = shares.multiply(people[:, None]).tocsr()
    table = pd.DataFrame(index=placed.targets)
    standing = None if ranks is None else ranks.to_numpy(dtype=float)
    for measure in wanted:
        if measure == NEEDS_SCORES:
            column = None if scores is None else _mean(weights, scores.to_numpy(dtype=float))
        elif standing is None:
            column = None
        elif measure == "average_rank":
            column = _mean(weights, n + 1.0 - standing)
        elif measure == "proportion":
            column = _mean(shares, (transforms.deciles(standing, n) == 1).astype(float))
        elif measure == "extent":
            column = _mean(weights, extent_weight(standing, n))
        else:
            column = _concentration(weights, n + 1.0 - standing)
        table[measure] = np.nan if column is None else column
    for measure in wanted:
        table[f"rank_of_{measure}"] = transforms.ranks(table[measure]).astype("Int64")
    table["areas"] = np.asarray(shares.sum(axis=0), dtype=float)
    table["population"] = np.asarray(weights.sum(axis=0), dtype=float)
    table["indexed"] = placed.indexed
    return table


def extent_weight(ranks: Floats, n: int) -> Floats:
    """Return the weight of each small area in the extent measure, by its percentile.

    `p = ceil(100 rank / n)`; 1 for p <= 10, `0.95 - (0.9 / 19) (p - 11)` for 11 to 30, else 0.

    Examples
    --------
    >>> extent_weight(np.array([10.0, 11.0, 30.0, 31.0]), 100).round(4).tolist()
    [1.0, 0.95, 0.05, 0.0]
    """
    percentile = np.ceil(100.0 * ranks / n)
    falling = 0.95 - (0.9 / 19.0) * (percentile - 11.0)
    return np.where(percentile <= 10, 1.0, np.where(percentile <= 30, falling, 0.0))


@dataclass(frozen=True)
class _Placed:
    """Where the small areas of an index lie: shares (n_areas, n_targets) and the higher areas."""

    shares: csr_array
    targets: pd.Index
    indexed: Floats


def _wanted(
    measures: Sequence[str] | None, ranks: pd.Series | None, scores: pd.Series | None
) -> tuple[str, ...]:
    if measures is None:
        return MEASURES
    unknown = [measure for measure in measures if measure not in MEASURES]
    if unknown:
        raise OptionUnknown("measures", found=unknown, detail=f"known are {', '.join(MEASURES)}")
    lacking = [m for m in measures if (scores if m == NEEDS_SCORES else ranks) is None]
    if lacking:
        raise IncompleteEdition(
            "measures", found=lacking, detail="their ranks or scores are unknown"
        )
    return tuple(measures)


def _place(lookup: Any, codes: pd.Index, *, unplaced: Report, partial: Report) -> _Placed:
    """Bring a lookup or a crosswalk to the rows of the index, with every fault at once."""
    if isinstance(lookup, pd.Series):
        weights, mass, sources, targets = _from_series(lookup)
        sliver = 0.0
    else:
        weights, sources, targets = lookup.weights, lookup.sources, lookup.targets
        mass, sliver = lookup.mass, SLIVER
    faults = Faults("lookup")
    with faults.catch():
        inputs.check_vintage(sources, codes.name, where="lookup")
    position = sources.get_indexer(codes)
    row_sums = np.asarray(weights.sum(axis=1), dtype=float)
    lost = (position < 0) | (row_sums[position] <= 0)
    if lost.any() and unplaced == "raise":
        faults.add(UnplacedAreas("lookup", found=codes[lost]))
    at_hand = np.zeros(len(sources))
    at_hand[position[~lost]] = 1.0
    whole = np.asarray(mass.sum(axis=0), dtype=float)
    part = np.asarray(mass.T @ at_hand, dtype=float)
    indexed = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    short = (part > 0) & (indexed < 1.0 - sliver - 1e-12)
    if short.any() and partial == "raise":
        faults.add(PartlyIndexedArea("lookup", found=targets[short]))
    faults.raise_any()
    rows = np.flatnonzero(~lost)
    pick = csr_array((np.ones(len(rows)), (rows, position[rows])), shape=(len(codes), len(sources)))
    return _Placed(csr_array(pick @ weights), targets, indexed)


def _from_series(lookup: pd.Series) -> tuple[csr_array, csr_array, pd.Index, pd.Index]:
    """Read a child -> parent Series as a table of whole shares."""
    faults = Faults("lookup")
    inputs.check_codes(lookup.index, faults, where="lookup")
    faults.raise_any()
    parents, targets = pd.factorize(lookup, sort=True)
    children = np.flatnonzero(parents >= 0)
    weights = csr_array(
        (np.ones(len(children)), (children, parents[children])),
        shape=(len(lookup), len(targets)),
    )
    return weights, weights, lookup.index, pd.Index(targets, name=lookup.name)


def _population(population: pd.Series, codes: pd.Index) -> Floats:
    where = "population"
    if not population.index.is_unique:
        raise DuplicateCodes(where, found=population.index[population.index.duplicated()].unique())
    inputs.check_vintage(population.index, codes.name, where=where)
    people = inputs.numbers(population, where=where).reindex(codes)
    faults = Faults(where)
    if people.isna().any():
        faults.add(PopulationFault(where, found=codes[people.isna()], detail="missing"))
    if (people < 0).any():
        faults.add(PopulationFault(where, found=codes[people < 0], detail="negative"))
    faults.raise_any()
    return people.to_numpy()


def _mean(weights: csr_array, values: Floats) -> Floats:
    """Weighted mean of values by column; missing where a column has no weight."""
    total = np.asarray(weights.sum(axis=0), dtype=float)
    summed = np.asarray(weights.T @ values, dtype=float)
    return np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)


def _concentration(weights: csr_array, inverse: Floats) -> Floats:
    """Mean of the inverse ranks over the worst areas that hold a tenth of each target's people."""
    cells = weights.tocoo()
    area, target = cells.coords
    order = np.lexsort((-inverse[area], target))
    target, people, value = target[order], cells.data[order], inverse[area[order]]
    total = np.asarray(weights.sum(axis=0), dtype=float)
    running = np.cumsum(people)
    before_target = np.r_[0.0, np.cumsum(total)][target]
    # What is left of the tenth when an area's turn comes; the last area is taken in part.
    left = 0.1 * total[target] - (running - people - before_target)
    taken = np.clip(left, 0.0, people)
    summed = np.bincount(target, weights=taken * value, minlength=len(total))
    return np.divide(summed, 0.1 * total, out=np.full_like(total, np.nan), where=total > 0)

"""Counts, rates and categories carried from one layer to another.

In: a crosswalk and values by source code. Out: `Converted`, the values by target code with a
`Reconciliation` that says what went in, what came out and what was left over.

What is missing stays missing: a target without a source is NaN and never 0, and so is a target of
which more than the tolerance comes from sources without a value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundaries.checks import EXACT, FloatArray, align, as_numbers, fraction, one_of, same_layer
from boundaries.errors import (
    AmountUncovered,
    AmountUnplaceable,
    ShareOutOfRange,
    ValuesNegative,
)
from boundaries.reconciliation import Converted, Reconciliation, say_number
from boundaries.shares import Shares, settle
from geo.errors import Faults

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

__all__ = ["Converted", "Reconciliation", "categories", "extensive", "intensive"]

UNCOVERED = ("raise", "report")
MISSING = ("keep", "skip")


def extensive(
    crosswalk: Crosswalk,
    values: pd.Series,
    *,
    uncovered: str = "raise",
    tolerance: float = 0.0,
    overlap: str = "refuse",
    missing: str = "keep",
) -> Converted:
    """Move counts or amounts: `y_t = sum_s w_st y_s`.

    Parameters
    ----------
    values
        Counts by source code, index named by the layer id of the sources. Sources that are not
        in it, or are NaN, are missing.
    uncovered
        "raise" if an amount finds no target, or "report" it as `outside`.
    tolerance
        Shortfall up to which a source is rescaled and listed, and missing part up to which a
        target still has a value.
    overlap
        Where targets overlap: "refuse", "share-out" (the total holds) or "count-in-each".
    missing
        "keep": a target is missing if more than `tolerance` of its mass is. "skip": it holds what
        is known.

    Returns
    -------
    Converted
        `values`: float64 Series over the targets.

    Raises
    ------
    VintageMismatch, CodesUnknown, CodesNotUnique, CodesNotText, ValuesNotNumbers, ValuesNotFinite
        If the values do not belong to the sources.
    AmountUncovered, AmountUnplaceable, OverlapRefused
        If an amount would be lost or counted twice and the caller has not chosen.
    """
    one_of(uncovered, UNCOVERED, option="uncovered")
    one_of(missing, MISSING, option="missing")
    aligned = align(values, crosswalk.sources, where=_label(values, "values"))
    gone = np.isnan(aligned)
    known = np.where(gone, 0.0, aligned)
    shares = settle(crosswalk, tolerance=tolerance, overlap=overlap)
    if uncovered == "raise":
        _raise_lost(crosswalk, known, shares)
    out = shares.weights.T @ known
    blank = _blank(crosswalk, shares, gone, crosswalk.source_mass, tolerance, missing)
    books = _books(crosswalk, known, gone, shares, out, blank)
    books = replace(books, tolerance=tolerance)
    books.check(size=float(np.abs(known).sum() + books.overlap_counted_twice))
    result = pd.Series(np.where(blank, np.nan, out), index=crosswalk.targets, name=values.name)
    return Converted(result, books)


def intensive(
    crosswalk: Crosswalk,
    values: pd.Series,
    denominator: pd.Series,
    *,
    uncovered: str = "raise",
    tolerance: float = 0.0,
    missing: str = "keep",
) -> Converted:
    """Move rates with their denominator: `r_t = sum_s w_st d_s r_s / sum_s w_st d_s`.

    A rate does not add up, so that overlapping targets each hold the rate of all their sources.
    A source whose denominator is 0 carries no weight, whatever its rate. Parameters and errors
    are those of `extensive`; `denominator` must be in the units of the rate and not negative.

    Returns
    -------
    Converted
        `values`: float64 Series over the targets; the reconciliation is that of the denominator.
    """
    one_of(uncovered, UNCOVERED, option="uncovered")
    one_of(missing, MISSING, option="missing")
    tolerance = fraction(tolerance, option="tolerance")
    faults = Faults("rates")
    rate = people = np.zeros(0)
    with faults.catch():
        rate = align(values, crosswalk.sources, where=_label(values, "values"))
    with faults.catch():
        people = align(denominator, crosswalk.sources, where=_label(denominator, "denominator"))
    negative = people < 0
    if negative.any():
        faults.add(ValuesNegative("denominator", found=crosswalk.sources[negative]))
    faults.raise_any()
    gone = (np.isnan(rate) & (people != 0)) | np.isnan(people)
    weight = np.where(gone, 0.0, people)
    shares = settle(crosswalk, tolerance=tolerance, overlap="count-in-each")
    if uncovered == "raise":
        _raise_lost(crosswalk, weight, shares)
    numerator = shares.weights.T @ np.where(weight > 0, weight * np.nan_to_num(rate), 0.0)
    total = shares.weights.T @ weight
    # Where every missing rate has a denominator, that says best how much of a target is missing.
    basis = crosswalk.source_mass if np.isnan(people).any() else people
    blank = _blank(crosswalk, shares, gone, basis, tolerance, missing) | (total <= 0)
    books = replace(
        _books(crosswalk, weight, gone, shares, total, blank),
        what="denominator",
        tolerance=tolerance,
    )
    books.check(size=float(weight.sum() + books.overlap_counted_twice))
    result = np.full(len(crosswalk.targets), np.nan)
    np.divide(numerator, total, out=result, where=~blank)
    return Converted(pd.Series(result, index=crosswalk.targets, name=values.name), books)


def categories(
    crosswalk: Crosswalk,
    values: pd.Series | pd.DataFrame,
    denominator: pd.Series | None = None,
    *,
    uncovered: str = "raise",
    tolerance: float = 0.0,
    missing: str = "keep",
) -> Converted:
    """Move labels, or shares of categories that add up to 1, as shares of each target.

    Parameters
    ----------
    values
        A Series of labels (each source wholly of one category), or a DataFrame with one column of
        shares a category; a row must add up to 1 or be missing.
    denominator
        What the shares are shares of; by default the crosswalk's own masses.

    Returns
    -------
    Converted
        `values`: DataFrame (targets x categories) whose rows add up to 1 or are missing.

    Raises
    ------
    ShareOutOfRange
        If shares lie outside 0..1 or a row does not add up to 1.
    """
    table = _as_shares(values)
    same_layer(table.index, crosswalk.sources, where="categories")
    if denominator is None:
        denominator = pd.Series(crosswalk.source_mass, index=crosswalk.sources, name=crosswalk.unit)
    columns, books = {}, None
    for name in table.columns:
        converted = intensive(
            crosswalk,
            table[name],
            denominator,
            uncovered=uncovered,
            tolerance=tolerance,
            missing=missing,
        )
        columns[name] = converted.values
        books = converted.reconciliation
    if books is None:
        raise ShareOutOfRange("categories", detail="there is no category")
    return Converted(pd.DataFrame(columns, index=crosswalk.targets), books)


def _as_shares(values: pd.Series | pd.DataFrame) -> pd.DataFrame:
    if isinstance(values, pd.Series):
        labels = values.astype(object)
        table = pd.get_dummies(labels, dtype=np.float64)
        table[labels.isna()] = np.nan
        return table
    table = pd.DataFrame(
        {name: as_numbers(values[name], where=str(name)) for name in values.columns},
        index=values.index,
    )
    gone = table.isna().any(axis=1)
    wrong = ((table < 0) | (table > 1)).any(axis=1) | ((table.sum(axis=1) - 1.0).abs() > 1e-6)
    if (wrong & ~gone).any():
        raise ShareOutOfRange(
            "categories",
            found=table.index[wrong & ~gone],
            detail="the shares of a row must add up to 1",
        )
    table[gone] = np.nan
    return table


def _raise_lost(crosswalk: Crosswalk, known: FloatArray, shares: Shares) -> None:
    """Raise what finds no target: amounts outside, and amounts without a weight."""
    where = f"{crosswalk.sources.name} to {crosswalk.targets.name}"
    faults = Faults(where)
    for kind, part in (
        (AmountUncovered, shares.outside - shares.unplaceable),
        (AmountUnplaceable, shares.unplaceable),
    ):
        lost = known * part
        rows = np.flatnonzero(lost)
        if len(rows):
            rows = rows[np.argsort(-np.abs(lost[rows]), kind="stable")]
            found = [f"{crosswalk.sources[row]} ({say_number(lost[row])})" for row in rows[:5]]
            amount = float(lost[rows].sum())
            detail = f"{say_number(amount)} of {say_number(float(known.sum()))}"
            codes = tuple(crosswalk.sources[rows])
            faults.add(
                kind(where, found=found, count=len(rows), detail=detail, amount=amount, codes=codes)
            )
    faults.raise_any()


def _blank(
    crosswalk: Crosswalk,
    shares: Shares,
    gone: np.ndarray,
    basis: FloatArray,
    tolerance: float,
    missing: str,
) -> np.ndarray:
    """Find the targets that have no value: no source with one, or too much of them missing."""
    has = (shares.weights > 0).astype(np.float64).T
    fed = has @ (~gone).astype(np.float64) > 0
    if missing == "skip" or not gone.any():
        return ~fed
    mass = np.nan_to_num(basis)
    whole = shares.weights.T @ mass
    lost = shares.weights.T @ np.where(gone, mass, 0.0)
    if tolerance == 0:
        return ~fed | (has @ gone.astype(np.float64) > 0)
    return ~fed | (lost > (tolerance + EXACT) * whole)


def _books(
    crosswalk: Crosswalk,
    known: FloatArray,
    gone: np.ndarray,
    shares: Shares,
    out: FloatArray,
    blank: np.ndarray,
) -> Reconciliation:
    """Close the books over what was moved."""

    def codes(rows: np.ndarray, of: pd.Index = crosswalk.sources) -> tuple[str, ...]:
        return tuple(of[rows])

    moved = shares.moved
    position = crosswalk.sources.get_indexer(pd.Index(moved["code"]))
    return Reconciliation(
        what="values",
        total_in=float(known.sum()),
        total_out=float(out[~blank].sum()),
        outside=float(known @ shares.outside),
        unplaceable=float(known @ shares.unplaceable),
        overlap_counted_twice=float(known @ shares.extra),
        withheld=float(out[blank].sum()),
        moved=float(known[position] @ moved["share_moved"].to_numpy(dtype=np.float64)),
        missing=int(gone.sum()),
        tolerance=0.0,
        outside_codes=codes((shares.outside > 0) & (known != 0)),
        overlap_codes=codes((shares.extra > 0) & (known != 0)),
        moved_codes=codes(position),
        missing_codes=codes(gone),
        zero_mass_codes=tuple(crosswalk.zero_mass),
        missing_targets=codes(blank, crosswalk.targets),
    )


def _label(values: Any, otherwise: str) -> str:
    return str(getattr(values, "name", None) or otherwise)

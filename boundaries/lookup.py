"""Published lookups: tables that say which source belongs to which target.

In: a table with a column of source codes, one of target codes and, if it has them, shares or
masses. Out: a `Crosswalk`; rows that do not belong to the layers are left out and named.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.checks import EXACT, FloatArray, as_numbers, code_index, text_faults
from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    CodesUnknown,
    ColumnMissing,
    OptionUnknown,
    RowsRepeated,
    ShareOutOfRange,
    ValuesNegative,
    ValuesNotFinite,
)
from geo.errors import Faults


def from_lookup(
    frame: pd.DataFrame,
    *,
    source: str,
    target: str,
    share: str | None = None,
    mass: str | None = None,
    sources: pd.Index | str | None = None,
    targets: pd.Index | str | None = None,
    unit: str | None = None,
) -> Crosswalk:
    """Take a published lookup.

    Without `share` and `mass` each row places its source whole; a source in several rows is then
    in several overlapping targets. With `share` a row holds the share `w_st`; with `mass` it holds
    the mass `m_st`, and `w_st = m_st / sum_t m_st`.

    Parameters
    ----------
    frame
        One row a pair.
    source, target
        Columns that hold the codes, as text.
    share, mass
        Column of shares or of masses; at most one of them.
    sources, targets
        The codes of each layer, named by the layer id, or only that id. By default the codes in
        the table, with the column's name as layer id. Rows with codes the layers do not hold are
        left out and named in `notes`; a source none of whose rows is left is uncovered.
    unit
        What `mass` measures; by default the name of its column.

    Returns
    -------
    Crosswalk
        `notes` holds `unknown_sources`, `unknown_targets`, `repeated_rows`, and
        `shares_not_one` with the sum of each source whose shares do not add up to 1.

    Raises
    ------
    ColumnMissing, CodesNotText, CodesEmpty, ShareOutOfRange, ValuesNegative, ValuesNotFinite,
    RowsRepeated
        All faults of the table at once.
    CodesUnknown
        If no row of the table belongs to the layers.
    """
    where = f"lookup {source} to {target}"
    values = _checked_values(frame, source, target, share, mass, where)
    source_codes = _layer(sources, frame[source], source, where)
    target_codes = _layer(targets, frame[target], target, where)
    row = source_codes.get_indexer(pd.Index(frame[source]))
    column = target_codes.get_indexer(pd.Index(frame[target]))
    notes: dict[str, Any] = _strangers(frame, source, target, row, column)
    known_row, known = row >= 0, (row >= 0) & (column >= 0)
    if not known.any():
        found = frame[source] if not known_row.any() else frame[target]
        raise CodesUnknown(where, found=found.unique(), detail="no row belongs to the layers")

    shape = (len(source_codes), len(target_codes))
    if share is None and mass is None:
        pairs = pd.DataFrame({"row": row[known], "column": column[known]})
        again = pairs.duplicated()
        if again.any():
            notes["repeated_rows"] = int(again.sum())
        pairs = pairs[~again]
        table = csr_array((np.ones(len(pairs)), (pairs["row"], pairs["column"])), shape=shape)
    else:
        table = csr_array((values[known], (row[known], column[known])), shape=shape)
    whole = np.ones(len(source_codes))
    if mass is not None:
        whole[:] = np.bincount(row[known_row], values[known_row], minlength=len(source_codes))
    elif share is not None:
        notes |= _uneven(source_codes, row[known_row], values[known_row])
    return Crosswalk(
        mass=table,
        source_mass=whole,
        sources=source_codes,
        targets=target_codes,
        unit=unit or mass or "shares",
        method="lookup" if share or mass else "lookup, whole",
        provenance=(_say(source_codes, target_codes, frame, int((~known).sum())),),
        notes=notes,
    )


def _checked_values(
    frame: pd.DataFrame, source: str, target: str, share: str | None, mass: str | None, where: str
) -> FloatArray:
    """Return the shares or masses, or raise every fault of the table at once."""
    if share and mass:
        raise OptionUnknown(where, detail="give share or mass, not both")
    value = share or mass
    columns = [name for name in (source, target, value) if name]
    gone = [name for name in columns if name not in frame.columns]
    if gone:
        has = ", ".join(map(str, frame.columns))
        raise ColumnMissing(where, found=gone, detail=f"the table has {has}")
    faults = Faults(where)
    for name in (source, target):
        text_faults(frame[name], faults, where=f"{where}: {name}")
    if value is None:
        faults.raise_any()
        return np.ones(len(frame))
    numbers = np.zeros(len(frame))
    with faults.catch():
        numbers = as_numbers(frame[value], where=f"{where}: {value}")
    _value_faults(frame, numbers, faults, is_share=share is not None, where=f"{where}: {value}")
    repeated = frame.duplicated([source, target])
    if repeated.any():
        pairs = frame.loc[repeated, source].astype(str) + " > " + frame.loc[repeated, target]
        faults.add(RowsRepeated(where, found=pairs))
    faults.raise_any()
    return numbers


def _value_faults(
    frame: pd.DataFrame, numbers: FloatArray, faults: Faults, *, is_share: bool, where: str
) -> None:
    rows = np.array([f"row {row + 1}" for row in range(len(frame))], dtype=object)
    missing, negative = np.isnan(numbers), numbers < 0
    if missing.any():
        faults.add(ValuesNotFinite(where, found=rows[missing], detail="missing"))
    if is_share:
        wrong = negative | (numbers > 1 + EXACT)
        if wrong.any():
            faults.add(ShareOutOfRange(where, found=numbers[wrong]))
    elif negative.any():
        faults.add(ValuesNegative(where, found=rows[negative]))


def _layer(given: pd.Index | str | None, column: pd.Series, name: str, where: str) -> pd.Index:
    if isinstance(given, pd.Index):
        return code_index(given, None, where=where)
    return code_index(pd.Index(sorted(column.unique())), given or name, where=where)


def _strangers(
    frame: pd.DataFrame, source: str, target: str, row: np.ndarray, column: np.ndarray
) -> dict[str, Any]:
    """Name the codes of rows that do not belong to the layers."""
    notes = {}
    if (row < 0).any():
        notes["unknown_sources"] = tuple(frame.loc[row < 0, source].unique())
    if (column < 0).any():
        notes["unknown_targets"] = tuple(frame.loc[column < 0, target].unique())
    return notes


def _uneven(codes: pd.Index, row: np.ndarray, shares: FloatArray) -> dict[str, Any]:
    sums = np.bincount(row, shares, minlength=len(codes))
    wrong = np.flatnonzero(
        (np.abs(sums - 1.0) > EXACT) & (np.bincount(row, minlength=len(codes)) > 0)
    )
    return (
        {"shares_not_one": dict(zip(codes[wrong], sums[wrong].tolist(), strict=True))}
        if len(wrong)
        else {}
    )


def _say(sources: pd.Index, targets: pd.Index, frame: pd.DataFrame, left_out: int) -> str:
    text = f"lookup {sources.name} to {targets.name}, {len(frame):,} rows"
    return f"{text}, {left_out:,} left out" if left_out else text

"""Raking: a table of streams and areas brought to the totals of both.

In: a seed table and the totals its rows and columns must have. Out: the table nearest to the seed
with these totals. Empty cells stay empty (structural zeros); where they stand in the way of the
totals, that is proved and said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from budgets.errors import (
    FiguresNotUsable,
    MarginsDiffer,
    PenceLost,
    RakingInfeasible,
    RakingNotConverged,
)
from budgets.money import Float64, Int64
from budgets.sharing import figures

MOST_ROUNDS = 10_000
_CHECK_AFTER = 50
_UNITS = 1_000_000_000


def rake(
    seed: pd.DataFrame,
    *,
    rows: pd.Series,
    columns: pd.Series,
    tolerance: float = 1e-10,
    most_rounds: int = MOST_ROUNDS,
) -> pd.DataFrame:
    """Scale rows and columns in turn until both have their totals (Deming and Stephan 1940).

    Parameters
    ----------
    seed
        float (n_rows, n_columns), 0 or more; a cell of 0 stays 0.
    rows, columns
        Totals by row and by column label, 0 or more, with the same sum.
    tolerance
        Largest difference of a total that is left, as a part of the whole sum.

    Returns
    -------
    float64 table with the labels of the seed.

    Raises
    ------
    FiguresNotUsable, MarginsDiffer
    RakingInfeasible
        The cells above 0 cannot hold the totals; names the rows and columns that break, `nearest`
        is the most that can be placed.
    RakingNotConverged
        The totals can only be reached in the limit, by emptying cells that the seed fills.
    """
    table = seed.to_numpy(dtype=np.float64, na_value=np.nan)
    if not bool((np.isfinite(table) & (table >= 0)).all()):
        bad = ~(np.isfinite(table) & (table >= 0)).all(axis=1)
        raise FiguresNotUsable("seed", found=seed.index[bad])
    row, column = figures(rows, "rows", seed.index), figures(columns, "columns", seed.columns)
    whole = row.sum()
    if abs(whole - column.sum()) > 1e-9 * max(whole, 1.0):
        raise MarginsDiffer("totals", detail=f"rows {whole:,.2f}, columns {column.sum():,.2f}")
    # A difference in the last bits is nobody's mistake and must not keep the rounds from ending.
    column = column * (whole / column.sum()) if column.sum() else column
    for number in range(most_rounds):
        table = table * _factor(row, table.sum(axis=1))[:, None]
        table = table * _factor(column, table.sum(axis=0))
        off = np.abs(table.sum(axis=1) - row).sum() + np.abs(table.sum(axis=0) - column).sum()
        if off <= tolerance * whole:
            return pd.DataFrame(table, index=seed.index, columns=seed.columns)
        if number == _CHECK_AFTER:
            _refuse_infeasible(seed, row, column)
    raise RakingNotConverged("raking", detail=f"{off:,.6g} off after {most_rounds:,} rounds")


def whole_table(raked: pd.DataFrame, *, rows: pd.Series, columns: pd.Series) -> pd.DataFrame:
    """Round a raked table to whole pence that keep both totals, each cell up or down.

    Every cell is rounded down; the pence that rows and columns then lack go to cells that were cut,
    one each, as a flow from rows to columns (controlled rounding: with whole totals it always
    exists). Where floating point moved the totals of a large table by whole pence, cells may move
    by as many more. Cells of 0 stay 0, and the result does not depend on the order of the labels.

    Parameters
    ----------
    raked
        As `rake` returns it.
    rows, columns
        int64 totals by label, with the same sum.

    Returns
    -------
    int64 table with the labels of `raked`.

    Raises
    ------
    MarginsDiffer
        The totals are not the same money, or the table is not raked to them.
    """
    by_row, by_column = (_by_label(labels) for labels in (raked.index, raked.columns))
    exact = raked.to_numpy(dtype=np.float64)[np.ix_(by_row, by_column)]
    row = rows.reindex(raked.index).to_numpy(dtype=np.int64)[by_row]
    column = columns.reindex(raked.columns).to_numpy(dtype=np.int64)[by_column]
    if row.sum() != column.sum():
        raise MarginsDiffer("totals", detail=f"rows {row.sum():,}, columns {column.sum():,}")
    off = max(np.abs(exact.sum(axis=1) - row).max(), np.abs(exact.sum(axis=0) - column).max())
    if off > max(0.5, 1e-9 * row.sum()):
        raise MarginsDiffer("table", detail=f"a row or column is {off:,.2f} off its total")
    pence = _rounded(exact, row, column, most=int(np.ceil(off)) + 1)
    if pence is None:
        raise PenceLost("raking", detail="no whole table keeps both totals")
    found = np.empty_like(pence)
    found[np.ix_(by_row, by_column)] = pence
    return pd.DataFrame(found, index=raked.index, columns=raked.columns)


def _by_label(labels: pd.Index) -> npt.NDArray[np.intp]:
    return np.argsort(labels.to_numpy(dtype=object), kind="stable")


def _rounded(exact: Float64, row: Int64, column: Int64, *, most: int) -> Int64 | None:
    """Return whole pence next to the table with these totals, moving cells as little as works."""
    # A whole number that floating point left a hair below itself is that number.
    near = np.rint(exact)
    settled = np.abs(exact - near) <= 1e-6
    down = np.where(settled, near, np.floor(exact)).astype(np.int64)
    up = np.where(settled, near, np.ceil(exact)).astype(np.int64)
    for more in (0, *(2**k for k in range(most.bit_length() + 1))):
        low = np.maximum(down - more, 0)
        room = np.where(exact > 0, up + more - low, 0)
        lacks_row, lacks_column = row - low.sum(axis=1), column - low.sum(axis=0)
        if min(lacks_row.min(), lacks_column.min()) < 0:
            continue
        graph = _network(room, lacks_row, lacks_column)
        n_rows, n_columns = exact.shape
        flow = maximum_flow(graph, n_rows + n_columns, n_rows + n_columns + 1)
        if flow.flow_value == lacks_row.sum():
            return low + flow.flow[:n_rows, n_rows : n_rows + n_columns].toarray()
    return None


def _factor(total: Float64, now: Float64) -> Float64:
    return np.divide(total, now, out=np.zeros_like(total), where=now > 0)


def _refuse_infeasible(seed: pd.DataFrame, row: Float64, column: Float64) -> None:
    """Refuse totals that no table with these empty cells can have.

    Money flows from rows through the cells that may hold some to columns. If the greatest flow is
    less than the whole, the rows still within reach of the source can send no more: all the columns
    that these rows may use are full (the least cut), and together they name what breaks.
    """
    n_rows, n_columns = seed.shape
    unit = max(row.sum(), 1.0) / _UNITS
    cells = np.where(seed.to_numpy(dtype=np.float64) > 0, 2.0 * _UNITS, 0.0)
    graph = _network(cells, row / unit, column / unit)
    source, sink = n_rows + n_columns, n_rows + n_columns + 1
    flow = maximum_flow(graph, source, sink)
    missing = int(graph[[source]].sum()) - flow.flow_value
    # Each rounded capacity may be one unit off.
    if missing <= n_rows + n_columns:
        return
    left = csr_array(graph - flow.flow)
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    stuck = np.sort(reached[reached < n_rows])
    full = np.sort(reached[(reached >= n_rows) & (reached < source)]) - n_rows
    into = ", ".join(str(label) for label in seed.columns[full[:5]]) or "no column"
    raise RakingInfeasible(
        "rows",
        found=seed.index[stuck],
        detail=f"together they have {row[stuck].sum():,.2f} and may only use {into}, which take "
        f"{column[full].sum():,.2f}",
        limit="structural zeros",
        nearest=flow.flow_value * unit,
    )


def _network(cells: npt.NDArray[Any], row: npt.NDArray[Any], column: npt.NDArray[Any]) -> csr_array:
    """Return capacities: source to rows, rows to columns through the cells, columns to sink."""
    n_rows, n_columns = cells.shape
    source, sink = n_rows + n_columns, n_rows + n_columns + 1
    i, j = np.nonzero(cells)
    start = np.concatenate([np.full(n_rows, source), i, n_rows + np.arange(n_columns)])
    end = np.concatenate([np.arange(n_rows), n_rows + j, np.full(n_columns, sink)])
    capacity = np.concatenate([np.rint(row), cells[i, j], np.rint(column)])
    size = n_rows + n_columns + 2
    return csr_array(coo_array((capacity.astype(np.int32), (start, end)), shape=(size, size)))

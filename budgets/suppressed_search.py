"""Finds which money must stay hidden, so that no hidden count follows from what is shown.

In: the money of one stream by base area, which of it follows from counts that may not be shown,
and the levels that are shown beside it. Out: which cells of the base and of each level to hide.
An attacker is assumed to know the rule, the money of one case, every share of every area, the
amount of the stream and every cell that is shown; linear programming finds what that leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from budgets.suppressed_errors import CannotBeHidden

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WHOLE = 1e-9
# Half a penny of every sum: figures are whole pence, so that nobody knows them better.
PENNY = 0.5


@dataclass
class Cells:
    """The money of one stream, all of it as if it were positive.

    Attributes
    ----------
    areas
        Codes of the base areas.
    money
        Pence by base area (n_areas,).
    first, hidden
        What the rule hides, and what is hidden by now.
    least, most
        Between which pence a hidden cell is known to lie beforehand.
    step, candidates
        Pence of one case, and how many numbers of cases must stay possible.
    """

    name: str
    areas: pd.Index
    money: Floats
    first: Bools
    least: Floats
    most: Floats
    step: Floats
    candidates: int
    hidden: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.hidden = self.first.copy()

    def enough(self, low: float, high: float, step: float) -> bool:
        """Say whether an interval of pence leaves enough numbers of cases open."""
        if step <= 0:
            return True
        slack = 1e-6 + PENNY / step
        return np.floor(high / step + slack) - np.ceil(low / step - slack) + 1 >= self.candidates


@dataclass
class Above:
    """One level that is shown beside the base; its last column is what lies outside of it.

    `shares` is (n_areas, n_level + 1) and its rows add up to 1; `small` says which cells of the
    level follow from counts that the rule hides; `step` is the pence of one case in each cell.
    """

    shares: csr_array
    small: Bools
    step: Floats
    shown: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.shown = ~self.small


def protect(cells: Cells, levels: Sequence[Above]) -> None:
    """Hide more cells until no hidden one can be worked out from what is shown.

    In every round the range of each cell that the rule hides is found; where it leaves too few
    numbers of cases, the smallest cell shown beside it in its smallest area of a level is hidden
    too, or that area's own figure when none is left.

    Where all that has money is hidden and the amount of the stream still gives a cell away to
    somebody who knows which areas have any, every area is hidden, those with nothing too.

    Raises
    ------
    CannotBeHidden
        There is one area only, so that the amount of the stream is its own.
    """
    while True:
        exposed = _exposed_cells(cells, levels)
        above = [] if exposed else _exposed_above(cells, levels)
        if not exposed and not above:
            return
        done: set[tuple[int, int]] = set()
        for target in exposed:
            _hide_beside(cells, levels, target, done)
        for level, column in above:
            _hide_in_level(cells, levels[level], level, column, done)
        if not done:
            _hide_everything(cells, levels)
            return


def _hide_everything(cells: Cells, levels: Sequence[Above]) -> None:
    if len(cells.money) < 2:
        raise CannotBeHidden(cells.name, count=1)
    cells.hidden[:] = True
    for level in levels:
        level.shown[:] = False


def _exposed_cells(cells: Cells, levels: Sequence[Above]) -> list[int]:
    """Return the base cells that the rule hides and that what is shown gives away."""
    at = np.flatnonzero(cells.hidden)
    table, value = _equations(cells, levels, at)
    fall, rise = _trades(cells, table, at)
    # Every solution found is a table that fits what is shown: it widens what all cells may be,
    # so that few of them need a search of their own.
    low, high = cells.money[at] - fall, cells.money[at] + rise
    found = []
    for position, cell in enumerate(at):
        step = cells.step[cell]
        if not cells.first[cell] or cells.enough(low[position], high[position], step):
            continue
        goal = np.zeros(len(at))
        goal[position] = 1.0
        least, most, tables = reach(goal, table, value, cells.least[at], cells.most[at])
        for fitting in tables:
            low, high = np.minimum(low, fitting), np.maximum(high, fitting)
        if not cells.enough(least, most, step):
            found.append(int(cell))
    return found


def _exposed_above(cells: Cells, levels: Sequence[Above]) -> list[tuple[int, int]]:
    """Return the cells of levels that follow from small counts and can be worked out."""
    at = np.flatnonzero(cells.hidden)
    table, value = _equations(cells, levels, at)
    found = []
    for number, level in enumerate(levels):
        inside = csr_array(level.shares[at])
        for column in np.flatnonzero(level.small):
            goal = inside[:, [column]].toarray().ravel()
            open_money = np.where(cells.hidden, 0.0, cells.money)
            known = float((level.shares[:, [column]].toarray().ravel() * open_money).sum())
            low, high, _ = reach(goal, table, value, cells.least[at], cells.most[at])
            if not cells.enough(low + known, high + known, float(level.step[column])):
                found.append((number, int(column)))
    return found


def reach(
    goal: Floats, table: csr_array, value: Floats, least: Floats, most: Floats
) -> tuple[float, float, list[Floats]]:
    """Return the least and greatest `goal @ x` with `table @ x = value` and x within its bounds.

    Also returned are the x that reach them.

    Sums hold to half a penny. Amounts are divided by the largest of them, so that billions and
    pence are solved alike.
    """
    if not goal.any():
        return 0.0, 0.0, []
    unit = max(float(np.abs(value).max(initial=0.0)), 1.0)
    sides = csr_array(vstack([table, -table])) if table.shape[0] else None
    limits = None if sides is None else np.r_[value + PENNY, PENNY - value] / unit
    box = np.c_[least, most] / unit
    ends, tables = [], []
    for sign in (1.0, -1.0):
        solved = linprog(sign * goal, A_ub=sides, b_ub=limits, bounds=box, method="highs")
        ends.append(sign * float(solved.fun) * unit if solved.success else -sign * np.inf)
        if solved.success:
            tables.append(np.asarray(solved.x, dtype=float) * unit)
    return ends[0], ends[1], tables


def _equations(
    cells: Cells, levels: Sequence[Above], at: npt.NDArray[np.intp]
) -> tuple[csr_array, Floats]:
    """Say what is known of the hidden cells together: their stream's amount and what levels show.

    Cells of a level that are hidden still add up to what its shown cells leave of the amount.
    That follows from the others, and needs no equation of its own.
    """
    rows = [csr_array(np.ones((1, len(at))))]
    for level in levels:
        inside = csr_array(level.shares[at][:, np.flatnonzero(level.shown)].T)
        rows.append(csr_array(inside[np.flatnonzero(np.diff(inside.indptr))]))
    table = csr_array(vstack(rows))
    return table, np.asarray(table @ cells.money[at], dtype=float)


def _trades(cells: Cells, table: csr_array, at: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return how far each hidden cell can fall and rise by trading with others of its equations.

    One goes up by what others go down and nothing shown changes: a sure part of the range, found
    without linear programming. What stays short of enough is looked at exactly.
    """
    across = csr_array(table.T)
    across.sort_indices()
    ends = zip(across.indptr[:-1], across.indptr[1:], strict=True)
    marks = [(across.indices[a:b].tobytes(), across.data[a:b].round(9).tobytes()) for a, b in ends]
    sign = pd.factorize(pd.Series(marks, dtype=object))[0]
    down = cells.money[at] - cells.least[at]
    up = cells.most[at] - cells.money[at]
    all_down = np.bincount(sign, down)[sign]
    ends_up = np.where(np.isinf(up), 0.0, up)
    endless = np.bincount(sign, np.isinf(up))[sign] - np.isinf(up)
    others_up = np.where(endless > 0, np.inf, np.bincount(sign, ends_up)[sign] - ends_up)
    return np.minimum(down, others_up), np.minimum(up, np.maximum(all_down - down, 0.0))


def _hide_beside(
    cells: Cells, levels: Sequence[Above], target: int, done: set[tuple[int, int]]
) -> None:
    """Hide the smallest cell beside a target in its smallest area, else that area's figure."""
    around = []
    for number, level in enumerate(levels):
        for column in level.shares[[target]].indices:
            if level.shown[column]:
                members = level.shares[:, [int(column)]].toarray().ravel() > WHOLE
                around.append((int(members.sum()), number, int(column), members))
    everywhere = np.ones(len(cells.money), dtype=bool)
    around.append((len(everywhere) + 1, -1, -1, everywhere))
    if any((number, column) in done for _, number, column, _ in around[:-1] or around):
        return  # something beside it has been hidden in this round
    _, number, column, members = min(around, key=lambda item: item[:3])
    beside = np.flatnonzero(members & ~cells.hidden & (cells.money > 0))
    if beside.size:
        cells.hidden[beside[np.argmin(cells.money[beside])]] = True
    elif number >= 0:
        levels[number].shown[column] = False
    else:
        return
    done.add((number, column))


def _hide_in_level(
    cells: Cells, level: Above, number: int, column: int, done: set[tuple[int, int]]
) -> None:
    """Hide the smallest shown figure of the level beside a target, and a base cell inside it.

    Either alone would not help: the figure would follow from its areas, or they from the figure.
    """
    if any(item[0] == number for item in done):
        return
    value = np.asarray(level.shares.T @ cells.money, dtype=float)
    beside = np.flatnonzero(level.shown & (value > 0))
    if beside.size:
        other = int(beside[np.argmin(value[beside])])
        level.shown[other] = False
        members = level.shares[:, [other]].toarray().ravel() > WHOLE
    else:
        members = level.shares[:, [column]].toarray().ravel() <= WHOLE
    free = np.flatnonzero(members & ~cells.hidden & (cells.money > 0))
    if free.size and not (beside.size and (members & cells.hidden).any()):
        cells.hidden[free[np.argmin(cells.money[free])]] = True
    elif not beside.size:
        return
    done.add((number, column))

"""Works out hidden counts from everything that is published, as somebody else could.

In: true counts, which of them are hidden, the totals shown beside them and the rule. Out: the
hidden counts and totals that are not hidden well enough. Every shown total is an equation over its
areas; the range of each hidden count follows by linear programming.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from indices.disclosure_rules import Rule

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Limits = tuple[Floats, Floats]

# A feasible range is found by linear programming to about this.
SLACK = 1e-6


@dataclass
class Totals:
    """One set of totals: the group of each area (or -1), true sums, what is shown and what not."""

    names: pd.Index
    group: Ints
    true: Floats
    shown: Bools
    first: Bools

    @classmethod
    def over(cls, placed: pd.Series, counts: Floats, rule: Rule) -> Totals:
        group, names = pd.factorize(placed, sort=True)
        inside = (group >= 0) & ~np.isnan(counts)
        weights = counts[inside]
        true = np.asarray(np.bincount(group[inside], weights, len(names)), dtype=np.float64)
        group = np.where(inside, group, -1)
        first = rule.must_hide(true)
        return cls(pd.Index(names, name=placed.name), group, true, ~first, first)

    def table(self, rule: Rule, touched: str) -> pd.DataFrame:
        value = np.where(self.shown, rule.rounded(self.true), np.nan)
        flag = np.where(self.shown, touched, "hidden")
        return pd.DataFrame({"value": value, "flag": flag}, index=self.names)


def exposed(
    true: Floats, first: Bools, hidden: Bools, sums: list[Totals], rule: Rule
) -> list[Ints]:
    """Return what the rule hides and what is shown leaves fewer than `candidates` values.

    Each is a set of areas: one area for a count, all hidden areas of a group for its total.
    """
    cells = np.flatnonzero(hidden)
    table, low, high = _equations(true, cells, hidden, sums, rule)
    if rule.hide is None or not table.shape[0]:
        return []
    least = np.where(first[cells], rule.hide[0], rule.hide[1] + 1.0)
    most = np.where(first[cells], rule.hide[1], np.inf)
    targets = [np.array([position]) for position in np.flatnonzero(first[cells])]
    for item in sums:
        member = item.group[cells]
        secret = np.unique(member[member >= 0])
        targets += [np.flatnonzero(member == group) for group in secret[item.first[secret]]]
    label, equations = _components(table)
    room = _Room.around(true[cells], (least, most), table, (low, high))
    found = []
    for target in targets:
        if room.candidates(target) >= rule.candidates:
            continue
        inside = np.isin(label, label[target])
        rows = np.flatnonzero(np.isin(equations, label[target]))
        if not rows.size:
            continue
        reach = _reach(
            np.isin(np.flatnonzero(inside), target),
            table[rows][:, np.flatnonzero(inside)],
            (low[rows], high[rows]),
            (least[inside], most[inside]),
        )
        if np.floor(reach[1] + SLACK) - np.ceil(reach[0] - SLACK) + 1 < rule.candidates:
            found.append(cells[target])
    return found


def _equations(
    true: Floats, cells: Ints, hidden: Bools, sums: list[Totals], rule: Rule
) -> tuple[csr_array, Floats, Floats]:
    """Say what each shown total leaves for the hidden counts in it, between which bounds."""
    rows: list[Ints] = []
    columns: list[Ints] = []
    low: list[Floats] = []
    high: list[Floats] = []
    least, greatest = rule.behind(rule.rounded(np.where(hidden, 0.0, np.nan_to_num(true))))
    for totals in sums:
        under, over = rule.behind(rule.rounded(totals.true))
        beside = (totals.group >= 0) & ~hidden
        size = len(totals.names)
        most = np.bincount(totals.group[beside], greatest[beside], size)
        fewest = np.bincount(totals.group[beside], least[beside], size)
        member = totals.group[cells]
        usable = (member >= 0) & totals.shown[member]
        of_group, row = np.unique(member[usable], return_inverse=True)
        rows.append(row + sum(len(part) for part in low))
        columns.append(np.flatnonzero(usable))
        low.append((under - most)[of_group])
        high.append((over - fewest)[of_group])
    if not sums:
        return csr_array((0, len(cells))), np.empty(0), np.empty(0)
    where = (np.concatenate(rows), np.concatenate(columns))
    bounds = np.concatenate(low), np.concatenate(high)
    shape = (len(bounds[0]), len(cells))
    return csr_array((np.ones(len(where[0])), where), shape=shape), *bounds


@dataclass(frozen=True)
class _Room:
    """How far hidden counts could differ from the truth, at least.

    Two counts in the same equations can trade: one up, the other down, and nothing shown changes.
    A count alone can move as far as the rounding of every total over it hides. Only where both
    leave too few values is the exact range needed.
    """

    up: Floats
    down: Floats
    signature: Ints
    slack_up: Floats
    slack_down: Floats

    @classmethod
    def around(cls, true: Floats, bounds: Limits, table: csr_array, limits: Limits) -> _Room:
        """Measure the room around the true values of hidden counts, within bounds and limits."""
        now = table @ true
        slack = (limits[1] - now, now - limits[0])
        across = table.tocoo()
        equation, cell = across.coords
        ends = []
        for side in slack:
            end = np.full(len(true), np.inf)
            np.minimum.at(end, cell, side[equation])
            ends.append(end)
        return cls(bounds[1] - true, true - bounds[0], _signatures(table), *ends)

    @cached_property
    def beside(self) -> tuple[Floats, Floats]:
        """All that the counts of each signature can rise, and fall."""
        up = np.asarray(np.bincount(self.signature, self.up), dtype=np.float64)
        return up, np.asarray(np.bincount(self.signature, self.down), dtype=np.float64)

    def candidates(self, target: Ints) -> float:
        """Return a number of values that the sum of some hidden counts can have at least."""
        own = self.signature[target[0]]
        if (self.signature[target] != own).any():
            return 1.0
        up, down = self.up[target].sum(), self.down[target].sum()
        all_up, all_down = self.beside[0][own], self.beside[1][own]
        # Only counts hidden for protection can rise without end; where the target has one, what
        # the others can do is not known from the sum, and the exact range is asked for.
        others_up = 0.0 if np.isinf(up) else all_up - up
        rise = min(up, max(all_down - down, self.slack_up[target[0]]))
        fall = min(down, max(others_up, self.slack_down[target[0]]))
        return float(rise + fall + 1.0)


def _signatures(table: csr_array) -> Ints:
    """Number the sets of equations that hidden counts are in."""
    across = csr_array(table.T)
    ends = zip(across.indptr[:-1], across.indptr[1:], strict=True)
    return pd.factorize(pd.Series([across.indices[a:b].tobytes() for a, b in ends]))[0]


def _components(table: csr_array) -> tuple[Ints, Ints]:
    """Label hidden counts, and equations, that hang together: one label a set."""
    _, label = connected_components(csr_array(table.T @ table), directed=False)
    return label, label[table.indices[table.indptr[:-1]]]


def _reach(
    target: Bools,
    table: csr_array,
    limits: Limits,
    bounds: Limits,
) -> tuple[float, float]:
    """Return the least and the greatest value that the sum of some hidden counts can have."""
    (low, high), (least, most) = limits, bounds
    if table.shape[0] == 1 and table.nnz == len(target):
        return (
            max(least[target].sum(), low[0] - most[~target].sum()),
            min(most[target].sum(), high[0] - least[~target].sum()),
        )
    goal = target.astype(float)
    sides = csr_array(vstack([table, -table]))
    ends = []
    for sign in (1.0, -1.0):
        solved = linprog(
            sign * goal,
            A_ub=sides,
            b_ub=np.r_[high, -low],
            bounds=np.c_[least, most],
            method="highs",
        )
        ends.append(sign * solved.fun if solved.success else -sign * np.inf)
    return ends[0], ends[1]

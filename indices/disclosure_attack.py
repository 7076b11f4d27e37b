"""Works out hidden counts from everything that is published, as somebody else could.

In: true counts, which of them are hidden, the totals shown beside them and the rule. Out: the
hidden counts and totals that are not hidden well enough. Every shown total is an equation over its
areas; the range of each hidden count follows by linear programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from indices.disclosure_rules import Rule

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

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
    room = _Room(true[cells], least, most, _signatures(table))
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
    rows: list[int] = []
    columns: list[int] = []
    low: list[float] = []
    high: list[float] = []
    least, greatest = rule.behind(rule.rounded(np.where(hidden, 0.0, np.nan_to_num(true))))
    for totals in sums:
        under, over = rule.behind(rule.rounded(totals.true))
        member = totals.group[cells]
        for group in np.unique(member[member >= 0]):
            if not totals.shown[group]:
                continue
            beside = (totals.group == group) & ~hidden
            touched = np.flatnonzero(member == group)
            rows.extend([len(low)] * len(touched))
            columns.extend(touched)
            low.append(under[group] - greatest[beside].sum())
            high.append(over[group] - least[beside].sum())
    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(low), len(cells)))
    return table, np.array(low), np.array(high)


@dataclass(frozen=True)
class _Room:
    """How far hidden counts could differ from the truth by trading with counts beside them.

    Two counts in the same equations can trade: one up, the other down, and nothing shown changes.
    That many values are possible at least; only where they are too few is the exact range needed.
    """

    true: Floats
    least: Floats
    most: Floats
    signature: Ints

    def candidates(self, target: Ints) -> float:
        """Return a number of values that the sum of some hidden counts can have at least."""
        own = self.signature[target[0]]
        if (self.signature[target] != own).any():
            return 1.0
        beside = self.signature == own
        beside[target] = False
        up, down = self.most - self.true, self.true - self.least
        rise = min(up[target].sum(), down[beside].sum())
        fall = min(down[target].sum(), up[beside].sum())
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
    limits: tuple[Floats, Floats],
    bounds: tuple[Floats, Floats],
) -> tuple[float, float]:
    """Return the least and the greatest value that the sum of some hidden counts can have."""
    (low, high), (least, most) = limits, bounds
    if table.shape[0] == 1 and table.nnz == len(target):
        return (
            max(least[target].sum(), low[0] - most[~target].sum()),
            min(most[target].sum(), high[0] - least[~target].sum()),
        )
    goal = target.astype(float)
    sides = csr_array(np.vstack([table.toarray(), -table.toarray()]))
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

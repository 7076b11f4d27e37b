"""The books of a scenario while it is being applied: what is fixed, what can move, and where.

In: a baseline ledger and the day of the decision. Out: arrays of pence that are changed step by
step, each step checked, and at the end a ledger again. Only `budgets.scenario` uses it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import LedgerImbalance
from budgets.ledger import Ledger, Level
from budgets.money import Float64, Int64, largest_remainder
from budgets.movable import movable
from budgets.need_measures import Measure
from budgets.scenario_errors import MovableUnknown

EVERYTHING = "*"


@dataclass(frozen=True, eq=False)
class Context:
    """What a scenario needs to know of a place besides its ledger.

    Attributes
    ----------
    people
        People of every base area, in the order of the ledger's areas.
    measures
        Measures of need by name; the first one is taken where none is named, and the measure of the
        streams' own theme where `theme` is (see `need_measures.choose`).
    covered
        Share of each base area that a stream covers, by stream; streams that are not here cannot
        be shared out over areas.
    need_weight, neediest_per_head
        Settings of need where a scenario leaves them out; see `need.need_weighted`.
    levels
        How the ledger is taken to each level, by level id.
    inputs
        Hash of the inputs, for the hash of the result.
    """

    people: pd.Series
    measures: Mapping[str, Measure]
    covered: Mapping[str, Float64]
    need_weight: float
    neediest_per_head: float
    levels: Mapping[str, Callable[[Ledger], Level]]
    inputs: str


@dataclass(frozen=True)
class Step:
    """What one entry of a scenario did.

    Attributes
    ----------
    kind
        `baseline`, `change`, `join`, `share` or `devolve`.
    of
        What it acted on.
    before_pence, after_pence
        The pot before and after.
    moved_pence
        Pence that are in another area than before; for `devolve`, pence in other hands.
    sentence
        The same in words.
    """

    kind: str
    of: str
    before_pence: int
    after_pence: int
    moved_pence: int
    sentence: str


class Books:
    """Pence of every stream by area and place-wide, and what of them cannot move.

    Attributes
    ----------
    amount
        int64 (n_streams).
    cells, fixed
        int64 (n_streams, n_areas): all money, and the part of it that cannot move. Fixed money lies
        where the stream's money lies.
    wide, wide_fixed
        int64 (n_streams): the same for place-wide money.
    by_code
        Positions of the areas in the order of their codes, in which ties are broken.
    """

    def __init__(self, baseline: Ledger, on: dt.date) -> None:
        self.baseline, self.on = baseline, on
        self.streams = baseline.streams
        self.areas = baseline.areas
        self.amount = self.streams["amount_pence"].to_numpy(dtype=np.int64, copy=True)
        self.cells = baseline.pence.copy()
        self.wide = baseline.place_wide.copy()
        self.by_code = np.argsort(self.areas.to_numpy(dtype=object), kind="stable")
        table = movable(self.streams, on=on)
        self.movable_table = table
        free = table["movable_pence"].to_numpy(dtype=np.int64)
        wrong = (self.amount > 0) & ((free < 0) | (free > self.amount))
        if wrong.any():
            raise MovableUnknown("streams", found=self.streams.index[wrong])
        # A negative line cannot be moved by itself: it goes where its service goes.
        held = np.where(self.amount > 0, self.amount - free, self.amount)
        self.fixed, self.wide_fixed = self._where_it_lies(held)

    @property
    def free(self) -> Int64:
        """Movable pence of each stream, wherever it lies."""
        return (self.cells - self.fixed).sum(axis=1) + self.wide - self.wide_fixed

    @property
    def total(self) -> int:
        """The pot in pence."""
        return int(self.amount.sum())

    def themes(self, at: Int64) -> list[str]:
        """Return the themes of the streams at these positions, each once."""
        themes = self.streams["theme"].to_numpy(dtype=object)
        return list(dict.fromkeys(str(theme) for theme in themes[at]))

    def grow(self, at: Int64, pence: Int64) -> None:
        """Add pence to the streams at these positions, or take them off, where movable money lies.

        A line all of which is fixed grows where its money lies. The caller has checked that no cut
        is larger than what can move.
        """
        cells, wide = self.cells[at] - self.fixed[at], self.wide[at] - self.wide_fixed[at]
        nothing = (cells.sum(axis=1) + wide) == 0
        cells[nothing], wide[nothing] = self.cells[at[nothing]], self.wide[at[nothing]]
        weights = np.hstack([cells[:, self.by_code], wide[:, None]])
        if (pence <= 0).all():
            split = -split_within(-pence, weights)
        else:
            split = split_rows(pence, weights.astype(np.float64))
        self.cells[np.ix_(at, self.by_code)] += split[:, :-1]
        self.wide[at] += split[:, -1]
        self.amount[at] += pence
        self.check("change")

    def put(self, at: Int64, movable_cells: Int64) -> None:
        """Put other movable pence by area in the place of what these streams had."""
        self.cells[at] = self.fixed[at] + movable_cells
        self.check("share")

    def follow(self) -> list[str]:
        """Let every negative line take the shares of the service it follows; return which did."""
        if "follows" not in self.streams.columns:
            return []
        leader = self.streams.index.get_indexer(pd.Index(self.streams["follows"]))
        moved = []
        for line in np.flatnonzero((leader >= 0) & (self.amount < 0)).tolist():
            whole = self.cells[leader[line]]
            mine = int(self.cells[line].sum())
            if np.array_equal(whole, self.baseline.pence[leader[line]]):
                # Split anew by whole pence a line could lose pennies that nobody has moved.
                continue
            if mine == 0 or whole.sum() <= 0 or (whole < 0).any():
                continue
            new = split_rows(np.array([mine]), whole[None, self.by_code].astype(np.float64))[0]
            if not np.array_equal(self.cells[line, self.by_code], new):
                self.cells[line, self.by_code] = new
                self.fixed[line] = self.cells[line]
                moved.append(str(self.streams.index[line]))
        self.check("follows")
        return moved

    def check(self, where: str) -> None:
        """Raise `LedgerImbalance` unless every stream adds up, and no fixed money was touched."""
        off = self.cells.sum(axis=1) + self.wide != self.amount
        spending = self.amount > 0
        off |= spending & ((self.cells < self.fixed).any(axis=1) | (self.wide < self.wide_fixed))
        if off.any():
            raise LedgerImbalance(where, found=self.streams.index[off])

    def ledger(self, columns: pd.DataFrame) -> Ledger:
        """Return the ledger as it stands; `columns` are added to the table of streams."""
        streams = self.streams.copy()
        delta = self.amount - streams["amount_pence"].to_numpy(dtype=np.int64)
        streams["amount_pence"] = self.amount
        if "gross_pence" in streams.columns:
            # Net of the same income: what changes is what is spent.
            streams["gross_pence"] = streams["gross_pence"].to_numpy(dtype=np.int64) + delta
        for name, column in columns.items():
            streams[name] = column
        book = self.baseline
        return Ledger(streams, self.areas, self.cells, self.wide, book.inside, book.moved)

    def _where_it_lies(self, held: Int64) -> tuple[Int64, Int64]:
        """Split held pence of each stream over its areas in proportion to its money there."""
        fixed, wide = self.cells.copy(), self.wide.copy()
        part = (held != self.amount) & (self.amount > 0)
        fixed[part & (held == 0)], wide[part & (held == 0)] = 0, 0
        at = np.flatnonzero(part & (held != 0))
        if len(at):
            weights = np.hstack([self.cells[np.ix_(at, self.by_code)], self.wide[at, None]])
            split = split_within(held[at], weights)
            fixed[np.ix_(at, self.by_code)] = split[:, :-1]
            wide[at] = split[:, -1]
        return fixed, wide


def split_rows(totals: Int64, weights: Float64) -> Int64:
    """Share each total by its row of weights (k, n) by largest remainder; shape (k, n)."""
    rows, columns = weights.shape
    if not rows:
        return np.zeros(weights.shape, np.int64)
    groups = np.repeat(np.arange(rows), columns)
    return largest_remainder(totals, weights.ravel(), groups).reshape(rows, columns)


def split_within(totals: Int64, limits: Int64) -> Int64:
    """Share each total over its row of limits (k, n), in proportion to them and never beyond.

    The totals are not negative and no larger than what the limits of their row add up to.
    """
    split = split_rows(totals, limits.astype(np.float64))
    # Weights beyond 2^40 are counted in steps of several pence, so that a part may end above its
    # limit by as much; what is too much goes to the first cells that have room.
    for row in np.flatnonzero((split > limits).any(axis=1)):
        excess = int(np.maximum(split[row] - limits[row], 0).sum())
        split[row] = np.minimum(split[row], limits[row])
        room = limits[row] - split[row]
        before = np.concatenate([[0], np.cumsum(room)[:-1]])
        split[row] += np.clip(excess - before, 0, room)
    return split


def moved_pence(before: Int64, after: Int64) -> int:
    """Return the pence that lie in another cell than before; what was added or cut is not moved."""
    change = after - before
    return min(int(np.maximum(change, 0).sum()), int(np.maximum(-change, 0).sum()))

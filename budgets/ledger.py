"""The ledger: streams x base areas in whole pence, and any level of it.

In: streams, the pence of each in each base area, and what is held place-wide. Out: `Ledger`, and
by a crosswalk `Level`: pence by area, outside and place-wide, which add up to the pot to the penny.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.checks import EXACT, same_layer
from budgets.errors import AreasDoNotMatch, LedgerImbalance, ParentMissing, ParentTwice
from budgets.flows import Split, count_in_each
from budgets.money import Int64

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

PLACE_WIDE = "place-wide"
OUTSIDE = "outside"


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """Money of each stream in each base area.

    Attributes
    ----------
    streams
        One row a stream, with `amount_pence`; index `stream`.
    areas
        Codes of the base areas, the index named by the base layer.
    pence
        int64 (n_streams, n_areas), read-only.
    place_wide
        int64 (n_streams): money that has no smaller area, read-only.
    inside
        bool (n_areas): which base areas lie inside the place.
    moved
        Shares of cover that the tolerance changed: `covers, area_code, covered, used`.

    Raises
    ------
    LedgerImbalance
        The areas and the place-wide money of a stream do not add up to its amount.
    """

    streams: pd.DataFrame
    areas: pd.Index
    pence: Int64
    place_wide: Int64
    inside: np.ndarray
    moved: pd.DataFrame

    def __post_init__(self) -> None:
        _freeze(self, "pence", "place_wide", "inside")
        self.check()

    def __repr__(self) -> str:
        return (
            f"Ledger({len(self.streams):,} streams x {len(self.areas):,} areas of "
            f"{self.areas.name}: {self.total:,} pence, {int(self.place_wide.sum()):,} place-wide)"
        )

    @property
    def total(self) -> int:
        """The pot in pence."""
        return int(self.pence.sum()) + int(self.place_wide.sum())

    def check(self) -> None:
        """Raise `LedgerImbalance` unless every stream adds up to its amount."""
        held = self.pence.sum(axis=1) + self.place_wide
        _balance("ledger", self.streams, held)

    def by_area(self) -> pd.Series:
        """Return the pence of each base area over all streams."""
        return pd.Series(self.pence.sum(axis=0), index=self.areas, name="amount_pence")

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each stream and area with money: `stream, area_code, amount_pence`.

        Place-wide money has the area code `place-wide`. Cells of nought are left out.
        """
        return _long(self.streams, self.areas, self.pence, {PLACE_WIDE: self.place_wide})

    def at(self, crosswalk: Crosswalk, *, tolerance: float = 0.02) -> Level:
        """Split every cell by the crosswalk into whole-pence flows and add them up by area.

        A base area that falls short of the level by no more than `tolerance` is rescaled to it and
        listed in `moved`; what falls short by more goes to `outside`. Where areas of the level
        overlap, each cell is shared out between them (held once), and `counted_in_each` holds the
        separate figure in which every area counts its whole share.

        Raises
        ------
        VintageMismatch
            The crosswalk starts from another layer.
        AreasDoNotMatch
            The crosswalk lacks base areas of the ledger.
        """
        plan = _plan(crosswalk, self.areas, tolerance)
        pence, outside = plan.split.apply(self.pence)
        counted = None if plan.each is None else count_in_each(self.pence, plan.each)
        cells = self.pence[:, plan.moved_at].sum(axis=0)
        moved = plan.moved.assign(
            pence_moved=np.rint(cells * plan.moved["share_moved"].to_numpy()).astype(np.int64)
        )
        return Level(
            streams=self.streams,
            areas=crosswalk.targets,
            pence=pence,
            outside=outside,
            place_wide=self.place_wide,
            counted_in_each=counted,
            moved=moved,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Level:
    """Money of each stream in each area of one level.

    Attributes
    ----------
    streams, areas
        As in `Ledger`; the index of areas is named by the level's layer.
    pence
        int64 (n_streams, n_areas): held once, so that it adds up; read-only.
    outside
        int64 (n_streams): money of base areas, or parts of them, that no area of the level holds.
    place_wide
        int64 (n_streams).
    counted_in_each
        int64 (n_streams, n_areas) for levels that overlap themselves, else None. Its sum is larger
        than the pot.
    moved
        Base areas rescaled by the tolerance: `code, coverage, share_moved, pence_moved`.

    Raises
    ------
    LedgerImbalance
        Areas + outside + place-wide of a stream is not its amount.
    """

    streams: pd.DataFrame
    areas: pd.Index
    pence: Int64
    outside: Int64
    place_wide: Int64
    counted_in_each: Int64 | None
    moved: pd.DataFrame

    def __post_init__(self) -> None:
        _freeze(self, "pence", "outside", "place_wide", "counted_in_each")
        self.check()

    def __repr__(self) -> str:
        return (
            f"Level({len(self.streams):,} streams x {len(self.areas):,} areas of "
            f"{self.areas.name}: {self.total:,} pence, {int(self.outside.sum()):,} outside, "
            f"{int(self.place_wide.sum()):,} place-wide)"
        )

    @property
    def total(self) -> int:
        """Areas + outside + place-wide in pence: the pot."""
        return int(self.pence.sum()) + int(self.outside.sum()) + int(self.place_wide.sum())

    def check(self) -> None:
        """Raise `LedgerImbalance` unless areas + outside + place-wide = amount for every stream."""
        held = self.pence.sum(axis=1) + self.outside + self.place_wide
        _balance(f"level {self.areas.name}", self.streams, held)

    def by_area(self) -> pd.Series:
        """Return the pence of each area over all streams, held once."""
        return pd.Series(self.pence.sum(axis=0), index=self.areas, name="amount_pence")

    def to_frame(self) -> pd.DataFrame:
        """Return `stream, area_code, amount_pence` for all money above or below nought.

        Money outside the level and place-wide money have the area codes `outside` and `place-wide`,
        so that the column adds up to the pot.
        """
        rest = {OUTSIDE: self.outside, PLACE_WIDE: self.place_wide}
        return _long(self.streams, self.areas, self.pence, rest)

    def roll_up(self, parents: pd.Series, *, layer: str) -> Level:
        """Add the areas up to the areas they nest in, penny for penny.

        A level reached this way always agrees with its children; splitting the cells anew by the
        parents' own shapes would round again.

        Parameters
        ----------
        parents
            Code of the parent by code of the area.
        layer
            Layer id of the parents.

        Raises
        ------
        ParentMissing, ParentTwice
            An area has no parent, or more than one row.
        VintageMismatch
            The index of `parents` is named by another layer.
        """
        if parents.index.name is not None:
            same_layer(parents.index, self.areas, where="parents")
        twice = parents.index[parents.index.duplicated()].unique()
        if len(twice):
            raise ParentTwice(f"level {self.areas.name}", found=twice)
        mine = parents.reindex(self.areas)
        if mine.isna().any():
            raise ParentMissing(f"level {self.areas.name}", found=self.areas[mine.isna()])
        position, codes = pd.factorize(mine.to_numpy(dtype=object), sort=True)
        order = np.argsort(position, kind="stable")
        pence = np.zeros((len(self.streams), len(codes)), np.int64)
        if len(codes):
            starts = np.searchsorted(position[order], np.arange(len(codes)))
            pence = np.add.reduceat(self.pence[:, order], starts, axis=1)
        return Level(
            streams=self.streams,
            areas=pd.Index(codes, dtype="str", name=layer),
            pence=pence,
            outside=self.outside,
            place_wide=self.place_wide,
            counted_in_each=None,
            moved=self.moved,
        )


@dataclass(frozen=True, eq=False)
class _Plan:
    """What a crosswalk does to the cells of a ledger, prepared once for every scenario."""

    areas: pd.Index
    tolerance: float
    split: Split
    each: csr_array | None
    moved: pd.DataFrame
    moved_at: Int64


# A scenario changes the pence and not the shapes: while a crosswalk lives, its plan is kept, so
# that moving a slider only splits cells. The key dies with the crosswalk.
_plans: WeakKeyDictionary[Crosswalk, _Plan] = WeakKeyDictionary()


def _plan(crosswalk: Crosswalk, areas: pd.Index, tolerance: float) -> _Plan:
    kept = _plans.get(crosswalk)
    if kept is not None and kept.tolerance == tolerance and kept.areas.equals(areas):
        return kept
    same_layer(areas, crosswalk.sources, where="crosswalk")
    at = crosswalk.sources.get_indexer(areas)
    if (at < 0).any():
        raise AreasDoNotMatch(
            f"crosswalk to {crosswalk.targets.name}",
            found=areas[at < 0],
            detail="not among its sources",
        )
    overlapping = bool((crosswalk.extra > max(tolerance, EXACT)).any())
    shares = crosswalk.shares(tolerance=tolerance, overlap="share-out" if overlapping else "refuse")
    each = None
    if overlapping:
        each = crosswalk.shares(tolerance=tolerance, overlap="count-in-each").weights[at]
    moved_at = areas.get_indexer(pd.Index(shares.moved["code"]))
    plan = _Plan(
        areas=areas,
        tolerance=tolerance,
        split=Split.of(
            shares.weights[at],
            # A row within rounding noise of 1 has nothing outside.
            np.where(shares.outside[at] > EXACT, shares.outside[at], 0.0),
            sources=areas,
            targets=crosswalk.targets,
        ),
        each=each,
        moved=shares.moved[moved_at >= 0].reset_index(drop=True),
        moved_at=moved_at[moved_at >= 0],
    )
    _plans[crosswalk] = plan
    return plan


def _balance(where: str, streams: pd.DataFrame, held: Int64) -> None:
    difference = held - streams["amount_pence"].to_numpy()
    if difference.any():
        pairs = zip(streams.index, difference, strict=True)
        found = [f"{stream}: {pence:+,} pence" for stream, pence in pairs if pence]
        raise LedgerImbalance(where, found=found)


def _freeze(carrier: Ledger | Level, *names: str) -> None:
    """Keep read-only copies, so that neither a page nor a caller can change a figure later."""
    for name in names:
        array = getattr(carrier, name)
        if array is not None and array.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            object.__setattr__(carrier, name, array)


def _long(
    streams: pd.DataFrame, areas: pd.Index, pence: Int64, rest: dict[str, Int64]
) -> pd.DataFrame:
    row, column = np.nonzero(pence)
    rows, codes, amounts = [row], [areas.to_numpy(dtype=object)[column]], [pence[row, column]]
    for code, amount in rest.items():
        (at,) = np.nonzero(amount)
        rows.append(at)
        codes.append(np.full(len(at), code, dtype=object))
        amounts.append(amount[at])
    order = np.argsort(np.concatenate(rows), kind="stable")
    return pd.DataFrame(
        {
            "stream": streams.index.to_numpy(dtype=object)[np.concatenate(rows)[order]],
            "area_code": np.concatenate(codes)[order],
            "amount_pence": np.concatenate(amounts)[order],
        }
    ).astype({"stream": "str", "area_code": "str"})

"""The carrier of this floor: which share of each source area falls in each target area.

In: a sparse table of masses (square metres, residents, households ...) between two layers of text
codes. Out: `Crosswalk`, which moves counts and rates from one layer to the other and says what
went in, what came out and what was left over.

Three things are kept apart all the way: *overlap* (targets that lie on one another count a source
more than once), *uncovered* (part of a source lies in no target) and *zero mass* (a source without
any weight, 0/0, which a named fallback may still place).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries import algebra, applying
from boundaries.applying import Converted, Reconciliation
from boundaries.checks import EXACT, FloatArray
from boundaries.parts import settle_parts
from boundaries.shares import Shares, settle

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Converted", "Crosswalk", "Reconciliation", "Shares"]


def _derive() -> FloatArray:
    return np.full(0, np.nan)


@dataclass(frozen=True, eq=False, repr=False)
class Crosswalk:
    """Shares of sources in targets, with the masses they come from.

    Share of source s in target t: `w_st = mass_st / source_mass_s`, or the fallback's share where
    `source_mass_s` is 0.

    Parameters
    ----------
    mass
        Mass of each source in each target in absolute units, shape (n_source, n_target).
    source_mass
        Whole mass of each source, in a target or not, shape (n_source,).
    sources, targets
        Text codes, each index named by its layer id.
    unit
        What is measured: "m2", "residents", "households", "count", "shares" ...
    method
        How it was made: "area", "points", "raster", "lookup", "membership", "best fit" ...
    provenance
        Sentences that say where the table came from and what was done to it.
    fallback
        Shares for sources whose mass is 0, shape (n_source, n_target); other rows are ignored.
    fallback_unit
        What the fallback measures.
    target_mass
        Whole mass of each target, in a source or not, where known; else what the sources reach.
    outside
        Share of each source that lies in no target; by default what its row lacks to 1. It must be
        given where targets overlap, because a gap and an overlap in one row hide each other.
    undefined
        Share of each source that cannot be placed because of 0/0; by default 1 for a source of
        zero mass without fallback.
    notes
        What the constructor found: rows left out, points outside every area ...
    """

    mass: csr_array
    source_mass: FloatArray
    sources: pd.Index
    targets: pd.Index
    unit: str
    method: str
    provenance: tuple[str, ...] = ()
    fallback: csr_array | None = None
    fallback_unit: str = ""
    target_mass: FloatArray = field(default_factory=_derive)
    outside: FloatArray = field(default_factory=_derive)
    undefined: FloatArray = field(default_factory=_derive)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settle_parts(self)

    def __repr__(self) -> str:
        return (
            f"Crosswalk({self.sources.name} to {self.targets.name}: "
            f"{len(self.sources):,} to {len(self.targets):,} areas, {self.mass.nnz:,} pairs, "
            f"by {self.method} in {self.unit}; {len(self.uncovered):,} uncovered, "
            f"{len(self.overlapping):,} overlapping, {len(self.zero_mass):,} of zero mass)"
        )

    # ------------------------------------------------------------------ what it holds

    @cached_property
    def weights(self) -> csr_array:
        """Shares of sources in targets, float64, shape (n_source, n_target)."""
        whole = np.repeat(self.source_mass, np.diff(self.mass.indptr))
        # Dividing, and not multiplying by an inverse, keeps a whole source exactly 1.
        shares = csr_array(
            (self.mass.data / whole, self.mass.indices, self.mass.indptr), shape=self.mass.shape
        )
        return shares if self.fallback is None else csr_array(shares + self.fallback)

    @property
    def coverage(self) -> pd.Series:
        """Row sum of the weights: 1 where targets cover a source once."""
        return self._by_source(np.asarray(self.weights.sum(axis=1)).ravel(), "coverage")

    @cached_property
    def extra(self) -> FloatArray:
        """Share of each source that overlapping targets count more than once."""
        rows = np.asarray(self.weights.sum(axis=1)).ravel()
        return np.maximum(rows + self.outside + self.undefined - 1.0, 0.0)

    @property
    def uncovered(self) -> pd.Series:
        """Sources that no target covers wholly, with the share that lies in none."""
        shares = self._by_source(self.outside, "uncovered")
        return shares[shares > EXACT]

    @property
    def overlapping(self) -> pd.Series:
        """Sources that targets count more than once, with the share counted again."""
        shares = self._by_source(self.extra, "overlap")
        return shares[shares > EXACT]

    @property
    def zero_mass(self) -> pd.Index:
        """Sources without any mass, which only a fallback can place."""
        return self.sources[self.source_mass == 0]

    def _by_source(self, values: FloatArray, name: str) -> pd.Series:
        return pd.Series(values.copy(), index=self.sources, name=name)

    # ------------------------------------------------------------------ moving figures

    def shares(self, *, tolerance: float = 0.0, overlap: str = "refuse") -> Shares:
        """Settle every source's shares by the stated rule; see `boundaries.shares.settle`."""
        return settle(self, tolerance=tolerance, overlap=overlap)

    def apply_extensive(
        self,
        values: pd.Series,
        *,
        uncovered: str = "raise",
        tolerance: float = 0.0,
        overlap: str = "refuse",
        missing: str = "keep",
    ) -> Converted:
        """Move counts or amounts: `y_t = sum_s w_st y_s`; see `boundaries.applying.extensive`."""
        return applying.extensive(
            self,
            values,
            uncovered=uncovered,
            tolerance=tolerance,
            overlap=overlap,
            missing=missing,
        )

    def apply_intensive(
        self,
        values: pd.Series,
        denominator: pd.Series,
        *,
        uncovered: str = "raise",
        tolerance: float = 0.0,
        missing: str = "keep",
    ) -> Converted:
        """Move rates: `r_t = sum_s w_st d_s r_s / sum_s w_st d_s`.

        See `boundaries.applying.intensive`.
        """
        return applying.intensive(
            self,
            values,
            denominator,
            uncovered=uncovered,
            tolerance=tolerance,
            missing=missing,
        )

    def apply_categories(
        self,
        values: pd.Series | pd.DataFrame,
        denominator: pd.Series | None = None,
        *,
        uncovered: str = "raise",
        tolerance: float = 0.0,
        missing: str = "keep",
    ) -> Converted:
        """Move labels or shares of categories; see `boundaries.applying.categories`."""
        return applying.categories(
            self,
            values,
            denominator,
            uncovered=uncovered,
            tolerance=tolerance,
            missing=missing,
        )

    # ------------------------------------------------------------------ algebra

    def compose(self, other: Crosswalk, *, unmatched: str = "raise") -> Crosswalk:
        """Go on from this crosswalk's targets to another's; see `boundaries.algebra.compose`."""
        return algebra.compose(self, other, unmatched=unmatched)

    def reverse(self) -> Crosswalk:
        """Turn round, targets to sources, in the same masses; see `boundaries.algebra.reverse`."""
        return algebra.reverse(self)

    def merge(self, groups: pd.Series, *, layer: str, side: str = "targets") -> Crosswalk:
        """Merge areas of one side into larger ones; see `boundaries.algebra.merge`."""
        return algebra.merge(self, groups, layer=layer, side=side)

    def restrict(
        self, *, sources: pd.Index | None = None, targets: pd.Index | None = None
    ) -> Crosswalk:
        """Keep some sources or targets; see `boundaries.algebra.restrict`."""
        return algebra.restrict(self, sources=sources, targets=targets)

    def rescale(self, *, tolerance: float | None = None, share_out: bool = False) -> Crosswalk:
        """Bring short rows to 1, only because it was asked; see `boundaries.algebra.rescale`."""
        return algebra.rescale(self, tolerance=tolerance, share_out=share_out)

    def with_fallback(self, other: Crosswalk) -> Crosswalk:
        """Place sources of zero mass by another crosswalk; see `boundaries.algebra`."""
        return algebra.with_fallback(self, other)

    # ------------------------------------------------------------------ in and out

    def to_frame(self) -> pd.DataFrame:
        """Return one row a pair: `source_code`, `target_code`, `weight`, `mass`, in code order.

        Pairs that only the fallback places have a weight and a mass of 0.
        """
        table = self.weights.tocoo()
        rows, columns = table.coords
        frame = pd.DataFrame(
            {
                "source_code": self.sources.to_numpy()[rows],
                "target_code": self.targets.to_numpy()[columns],
                "weight": table.data,
                "mass": _at(self.mass, rows, columns),
            }
        )
        frame = frame.sort_values(["source_code", "target_code"], kind="stable")
        return frame.reset_index(drop=True)

    def write(self, path: str | Path) -> Path:
        """Write CSV with a `.json` beside it, or Parquet, by suffix; see `boundaries.files`."""
        from boundaries.files import write

        return write(self, Path(path))

    @classmethod
    def read(cls, path: str | Path) -> Crosswalk:
        """Read what `write` wrote, exactly; see `boundaries.files`."""
        from boundaries.files import read

        return read(Path(path))

    @classmethod
    def from_areas(
        cls, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, **options: Any
    ) -> Crosswalk:
        """Weigh by shared area; see `boundaries.build.from_areas`."""
        from boundaries.build import from_areas

        return from_areas(source, target, **options)

    @classmethod
    def from_points(cls, *args: Any, **options: Any) -> Crosswalk:
        """Weigh by points; see `boundaries.build.from_points`."""
        from boundaries.build import from_points

        return from_points(*args, **options)

    @classmethod
    def from_raster(cls, *args: Any, **options: Any) -> Crosswalk:
        """Weigh by people pixels; see `boundaries.build.from_raster`."""
        from boundaries.build import from_raster

        return from_raster(*args, **options)

    @classmethod
    def from_smoothed(cls, *args: Any, **options: Any) -> Crosswalk:
        """Weigh by the sources' own counts, smoothed; see `boundaries.build.from_smoothed`."""
        from boundaries.build import from_smoothed

        return from_smoothed(*args, **options)

    @classmethod
    def from_lookup(cls, *args: Any, **options: Any) -> Crosswalk:
        """Take a published lookup; see `boundaries.build.from_lookup`."""
        from boundaries.build import from_lookup

        return from_lookup(*args, **options)

    @classmethod
    def from_membership(cls, *args: Any, **options: Any) -> Crosswalk:
        """Weigh by registered people; see `boundaries.membership.from_membership`."""
        from boundaries.membership import from_membership

        return from_membership(*args, **options)

    @classmethod
    def best_fit(cls, *args: Any, **options: Any) -> Crosswalk:
        """Give each source whole to one target; see `boundaries.build.best_fit`."""
        from boundaries.build import best_fit

        return best_fit(*args, **options)

    @classmethod
    def identity(cls, *args: Any, **options: Any) -> Crosswalk:
        """Map a layer to itself; see `boundaries.build.identity`."""
        from boundaries.build import identity

        return identity(*args, **options)


def _at(matrix: csr_array, rows: np.ndarray, columns: np.ndarray) -> FloatArray:
    """Read single cells of a sparse table; an empty cell is 0."""
    if not len(rows):
        return np.zeros(0)
    return np.asarray(matrix[rows, columns], dtype=np.float64).ravel()

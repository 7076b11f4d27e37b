"""Layers diagnosed and mended, with an account of every change.

In: a frame of shapes indexed by code. Out: `Repaired`, the mended frame, the table of changes, and
the diagnoses before and after: a repair ends by examining its own result.

By default only what is certainly a mistake is mended: invalid rings, axes the wrong way round, a
row that is there twice. Overlaps and gaps may be real and stay, unless the caller asks; and even
then no area gains or loses more than the stated tolerance by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo import codes, diagnosis, polygons, reference
from geo.codes import Flags, Texts
from geo.diagnosis import Diagnosis, diagnose
from geo.errors import Faults
from geo.polygons import Shapes
from geo.reference import BRITISH_GRID

__all__ = ["Diagnosis", "Repaired", "diagnose", "repair"]

COLUMNS = (
    "kind",
    "code",
    "other_code",
    "detail",
    "area_before_m2",
    "area_after_m2",
    "change_m2",
    "beyond_tolerance",
)
TOLERANCE_M2, TOLERANCE_SHARE = 100.0, 0.001


@dataclass(frozen=True)
class Repaired:
    """A mended layer and what was done to it.

    Attributes
    ----------
    frame
        The layer, in a projected system, with the index and the columns it came with.
    changes
        One row a change: `kind`, `code`, `other_code`, `detail`, `area_before_m2`,
        `area_after_m2`, `change_m2`, and `beyond_tolerance`, whether the area differs by more
        than the tolerance after all changes. Kinds that begin with `left` are findings that were
        to be mended and were not, with the reason.
    before, after
        Diagnoses of the layer as it came and of `frame`.
    """

    frame: gpd.GeoDataFrame
    changes: pd.DataFrame
    before: Diagnosis
    after: Diagnosis

    def sentence(self) -> str:
        """Say what was changed, what was left and what still is found."""
        left = self.changes["kind"].str.startswith("left")
        done = self.changes[~left]
        kinds = [f"{kind}: {number:,}" for kind, number in done.groupby("kind").size().items()]
        beyond = done.loc[done["beyond_tolerance"].astype(bool), "code"].nunique()
        parts = [f"Changed: {'; '.join(kinds) or 'nothing'}"]
        if beyond:
            parts.append(f"{beyond:,} areas changed by more than the tolerance")
        if left.any():
            parts.append(f"{int(left.sum()):,} findings were left as they are")
        return ". ".join(parts) + f". Afterwards: {self.after.sentence()}"


def repair(
    frame: gpd.GeoDataFrame,
    *,
    tolerance_m2: float = TOLERANCE_M2,
    tolerance_share: float = TOLERANCE_SHARE,
    fill_gaps: bool = False,
    cut_overlaps: bool = False,
    expected: Iterable[object] | None = None,
    to_crs: object = BRITISH_GRID,
) -> Repaired:
    """Mend a layer, say what was changed, and examine the result.

    Always: exchanged axes are put right, a row that repeats another in code and shape is
    dropped, shapes are flattened, projected, and invalid rings mended as
    `geo.polygons.repair` does. Land is then moved only where asked:

    - `cut_overlaps`: land that two areas share stays with the smaller one (the first by code if
      they are equal), which would lose the greater part of itself.
    - `fill_gaps`: land that areas surround goes to the one with the longest border on it.

    No area gains or loses more than `max(tolerance_m2, tolerance_share x area)` by moving land,
    all moves together: what would exceed it is left and listed. Mending rings may exceed it,
    because an invalid shape cannot stay; the change is then marked `beyond_tolerance`.

    What nobody can guess is left and diagnosed again: duplicate or empty codes, missing shapes,
    a missing or wrong coordinate system (then nothing is mended at all).

    Parameters
    ----------
    frame
        Shapes indexed by code; it is left as it is.
    tolerance_m2, tolerance_share
        Square metres, and share of an area, that moving land may change.
    expected, to_crs
        As `diagnose` takes them.
    """
    wanted = None if expected is None else [str(code) for code in expected]
    before = diagnose(frame, expected=wanted, to_crs=to_crs)
    work = _Work(_upright(frame, before))
    if set(before.table["kind"]) & {"missing CRS", "wrong CRS"}:
        return Repaired(frame.copy(), work.table(), before, before)
    if "swapped axes" in set(before.table["kind"]):
        detail = "x and y were exchanged"
        work.rows += [
            work.row("axes exchanged", c, detail) for c in before.of("swapped axes")["code"]
        ]
    work.drop_repeated_rows()
    work.project(to_crs)
    work.mend_rings()
    allowed = np.maximum(tolerance_m2, tolerance_share * shapely.area(work.shapes))
    moves = _Moves(work, allowed, shapely.area(work.shapes))
    if cut_overlaps:
        moves.cut_overlaps()
    if fill_gaps:
        moves.fill_gaps()
    work.judge(allowed)
    mended = work.frame.set_geometry(gpd.GeoSeries(work.shapes, work.frame.index, work.frame.crs))
    after = diagnose(mended, expected=wanted, to_crs=to_crs)
    return Repaired(mended, work.table(), before, after)


def _upright(frame: gpd.GeoDataFrame, found: Diagnosis) -> gpd.GeoDataFrame:
    """Exchange x and y of the areas that were found to have them the wrong way round."""
    swapped = found.of("swapped axes")["code"]
    if swapped.empty:
        return frame.copy()
    labels = codes.labels(pd.Series(frame.index), len(frame))
    shapes = np.asarray(frame.geometry.array).copy()
    wrong = np.isin(labels, swapped.to_numpy(dtype=object))
    shapes[wrong] = shapely.transform(shapes[wrong], lambda xy: xy[:, ::-1])
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


@dataclass
class _Work:
    """The layer while it is being mended: its shapes, and the account of changes."""

    frame: gpd.GeoDataFrame
    rows: list[dict[str, Any]] = field(default_factory=list)
    start_m2: Any = None

    def __post_init__(self) -> None:
        self.shapes: Shapes = np.asarray(self.frame.geometry.array).copy()
        self.labels: Texts = codes.labels(pd.Series(self.frame.index), len(self.frame))

    def row(
        self, kind: str, code: object, detail: object, *, other: object = "", areas: Any = None
    ) -> dict[str, Any]:
        """Make one row of the account; `areas` are square metres before and after."""
        before, after = (np.nan, np.nan) if areas is None else areas
        values = (kind, str(code), str(other), str(detail), before, after, after - before, False)
        return dict(zip(COLUMNS, values, strict=True))

    def drop_repeated_rows(self) -> None:
        """Keep one of the rows that agree in code and shape."""
        shapes = pd.Series(shapely.to_wkb(shapely.normalize(self.shapes)), dtype=object)
        repeated = pd.DataFrame({"code": self.labels, "shape": shapes}).duplicated().to_numpy()
        detail = "a second row with the same code and shape"
        self.rows += [self.row("row dropped", code, detail) for code in self.labels[repeated]]
        self.frame = self.frame[~repeated]
        self.shapes, self.labels = self.shapes[~repeated], self.labels[~repeated]

    def project(self, to_crs: object) -> None:
        """Flatten the shapes and bring them to the system in which areas are measured."""
        fit = self.usable()
        flat, notes = polygons.flatten(self.shapes[fit], labels=self.labels[fit])
        self.shapes[fit] = flat
        for note in notes:
            self.rows.append(self.row(note["kind"], note["code"], note["detail"]))
        system = reference.projected(to_crs, where="to_crs")
        series = gpd.GeoSeries(self.shapes, index=self.frame.index, crs=self.frame.crs)
        if not series.crs.equals(system):
            detail = f"from {series.crs.name} to {system.name}"
            self.rows.append(self.row("projected", "", detail))
            series = series.to_crs(system)
        self.frame = self.frame.set_geometry(series)
        self.shapes = np.asarray(series.array).copy()
        self.start_m2 = shapely.area(self.shapes)

    def usable(self) -> Flags:
        """Say which shapes are there, polygonal and finite."""
        return polygons.check(self.shapes, Faults(), labels=self.labels, where="")

    def mend_rings(self) -> None:
        """Make invalid shapes valid, each with its account."""
        fit = self.usable()
        done = polygons.repair(self.shapes[fit], labels=self.labels[fit])
        self.shapes[fit] = done.shapes
        for note in done.notes:
            areas = note["area_before_m2"], note["area_after_m2"]
            self.rows.append(self.row("rings mended", note["code"], note["detail"], areas=areas))
        lost = self.labels[fit][done.lost]
        self.rows += [self.row("left: invalid rings", code, "beyond repair") for code in lost]

    def judge(self, allowed: Any) -> None:
        """Mark every change of an area that in the end differs by more than its tolerance."""
        change = np.abs(shapely.area(self.shapes) - self.start_m2)
        beyond = set(self.labels[change > allowed])
        for row in self.rows:
            row["beyond_tolerance"] = row["code"] in beyond and not row["kind"].startswith("left")

    def table(self) -> pd.DataFrame:
        """Return the account as a table."""
        return pd.DataFrame(self.rows, columns=list(COLUMNS))


@dataclass
class _Moves:
    """Moves of land from one area to another, none beyond what is allowed to each."""

    work: _Work
    allowed: Any
    valid_m2: Any

    def cut_overlaps(self) -> None:
        """Let the smaller of two areas keep the land they share."""
        held = self._held()
        pairs = diagnosis.overlapping(self.work.shapes[held])
        for i, j, shared_m2 in sorted(pairs, key=lambda pair: pair[2]):
            first, second = sorted((int(held[i]), int(held[j])), key=self._size)
            rest = shapely.difference(self.work.shapes[second], self.work.shapes[first])
            said = f"{shared_m2:,.2f} m2 shared"
            self._move("overlap", second, first, rest, f"{said} stay with the smaller area")

    def fill_gaps(self) -> None:
        """Give land that is surrounded to the neighbour with the longest border on it."""
        shapes = self.work.shapes
        held = self._held()
        tree = shapely.STRtree(shapes[held])
        for gap in reversed(diagnosis.gaps(shapely.union_all(shapes[held]))):
            around = [int(held[k]) for k in diagnosis.neighbours(gap, shapes[held], tree)]
            if around:
                whole = shapely.union(self.work.shapes[around[0]], gap)
                said = f"{gap.area:,.2f} m2 that no area held"
                self._move("gap", around[0], None, whole, said)

    def _move(self, kind: str, position: int, other: int | None, shape: Any, said: str) -> None:
        """Change one area if all its changes together stay within what is allowed to it."""
        work = self.work
        code, name = work.labels[position], "" if other is None else work.labels[other]
        before = float(shapely.area(work.shapes[position]))
        try:
            mended = polygons.mended(shape, **polygons.STRUCTURE)
        except shapely.errors.GEOSException:
            work.rows.append(work.row(f"left: {kind}", code, "cannot be cut", other=name))
            return
        after = float(shapely.area(mended))
        whole = abs(after - self.valid_m2[position])
        if whole > self.allowed[position] or after < polygons.LEAST_AREA_M2:
            limit = f"the tolerance is {self.allowed[position]:,.2f} m2"
            detail = f"{abs(after - before):,.2f} m2; {limit}"
            work.rows.append(work.row(f"left: {kind}", code, detail, other=name))
            return
        work.shapes[position] = mended
        done = "overlap cut" if kind == "overlap" else "gap filled"
        work.rows.append(work.row(done, code, said, other=name, areas=(before, after)))

    def _held(self) -> Any:
        fit = self.work.usable() & shapely.is_valid(self.work.shapes)
        return np.flatnonzero(fit & (self.valid_m2 > polygons.LEAST_AREA_M2))

    def _size(self, position: int) -> tuple[float, str]:
        return float(self.valid_m2[position]), str(self.work.labels[position])

"""Areas that people draw or assemble themselves: neighbourhood forums.

In: the finest areas a place has (output areas, with households and people) and a polygon, a list of
codes, a list of postcodes or a radius. Out: a `CustomArea` made of whole output areas, or a refusal
with its reason.

The stated rule for parts: an output area belongs to a custom area when at least half of its
households do. Recorded figures are only ever given for those whole output areas. Two drawings that
differ by a street therefore either have the same figures or differ by a whole output area, and
nobody can subtract one from the other to learn about a household.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy import sparse

from boundaries.crosswalk import Crosswalk
from boundaries.errors import BoundaryError
from geo import polygons
from geo.errors import Faults

FEWEST_HOUSEHOLDS = 100
FEWEST_RANKED = 400
HALF = 0.5
HOUSEHOLDS, POSTCODES, LAND, CENTROIDS = "households", "postcodes", "land", "centroids"
HALVES = {
    HOUSEHOLDS: "at least half of its households do",
    POSTCODES: "at least half of its postcodes do",
    LAND: "at least half of its land does",
    CENTROIDS: "its middle does",
}
ALIKE = "Each postcode of a small area counts alike: how many homes it has is not known here."


class TooFewHouseholds(BoundaryError):
    """A custom area is so small that its figures could describe a family."""

    rule = f"an area of one's own holds at least {FEWEST_HOUSEHOLDS} households"
    remedy = "Draw it larger or add neighbouring areas; smaller areas would give people away."


class UnusableDrawing(BoundaryError):
    """A drawn shape is no area."""

    rule = "a drawing is a closed shape with an area, in the place's coordinates"
    remedy = "Draw at least three corners that do not lie on one line."


class UnknownPieces(BoundaryError):
    """Codes or postcodes that the place does not have."""

    rule = "every code or postcode of an assembled area is one of the place's"
    remedy = "Correct the spelling or leave them out; see the place's list."


class OutsidePlace(BoundaryError):
    """A drawing touches nothing of the place."""

    rule = "an area of one's own lies inside the place"
    remedy = "Draw it on the map of the place."


@dataclass(frozen=True)
class Blocks:
    """The finest areas of a place, from which custom areas are made.

    `frame` is indexed by their codes (named by their layer id) and has `households`, `people` (both
    float64), `base` (text code of the small area it belongs to) and a geometry: a polygon, or a
    point where only centroids are known.
    """

    frame: gpd.GeoDataFrame

    @property
    def layer(self) -> str:
        """Layer id of the blocks."""
        return str(self.frame.index.name)


@dataclass(frozen=True)
class CustomArea:
    """An area made of whole output areas.

    `members` are their codes, `shares` the share of each touched output area that the drawing
    itself covers (1 for areas assembled from codes), for modelled figures that need no
    protection. `counted` is what those shares count, a key of `HALVES`.
    """

    name: str
    how: str
    members: pd.Index
    shares: pd.Series
    households: float
    people: float
    notes: tuple[str, ...] = ()
    counted: str = HOUSEHOLDS

    @property
    def half(self) -> str:
        """When an output area belongs to this area, as the end of a sentence."""
        return HALVES[self.counted]

    @property
    def ranked(self) -> bool:
        """Whether an inherited index value may be compared by rank."""
        return self.households >= FEWEST_RANKED

    def crosswalk(self, blocks: Blocks) -> Crosswalk:
        """Build the crosswalk from the blocks to this one area; mass in households."""
        frame = blocks.frame
        inside = frame.index.isin(self.members)
        mass = frame["households"].to_numpy(dtype="float64")
        column = sparse.csr_array(np.where(inside, mass, 0.0)[:, None])
        return Crosswalk(
            mass=column,
            source_mass=mass,
            sources=frame.index,
            targets=pd.Index([self.name], name="custom", dtype="str"),
            unit="households",
            method=self.how,
            provenance=(
                f"{self.how} area made of {len(self.members)} {blocks.layer}",
                f"An output area belongs to the area when {self.half}.",
            ),
        )

    def base_shares(self, blocks: Blocks) -> pd.Series:
        """Return the share of each small area's households that this area holds (all above 0)."""
        frame = blocks.frame
        total = frame.groupby("base")["households"].sum()
        held = frame.loc[self.members].groupby("base")["households"].sum()
        return (held / total.reindex(held.index)).rename("share")


@dataclass(frozen=True)
class Inherited:
    """An index value of a custom area, which is not measured but inherited from its small areas."""

    value: float
    ranked: bool
    sentence: str


def inherit(area: CustomArea, blocks: Blocks, scores: pd.Series, *, title: str) -> Inherited:
    """Average the small areas' index over a custom area, weighted by the people it has from each.

    Missing scores are left out and counted in the sentence. Below 400 households the value gets no
    rank: a handful of streets inherits the score of a small area many times its size.
    """
    part = blocks.frame.loc[area.members]
    people = part.groupby("base")["people"].sum()
    known = scores.reindex(people.index)
    use = known.notna() & (people > 0)
    value = (
        float(np.average(known[use].to_numpy(dtype="float64"), weights=people[use]))
        if use.any()
        else np.nan
    )
    missing = int((~use).sum())
    used = int(use.sum())
    held = "one small area" if used == 1 else f"{used} small areas"
    sentence = f"{title} is inherited from the {held} this area lies in"
    sentence += f"; {missing} of them have no value" if missing else ""
    sentence += (
        "." if area.ranked else f"; with fewer than {FEWEST_RANKED} households it gets no rank."
    )
    return Inherited(value, area.ranked, sentence)


def drawn(
    blocks: Blocks,
    polygon: shapely.Polygon | shapely.MultiPolygon,
    *,
    name: str,
    points: gpd.GeoDataFrame | None = None,
    counting: str = HOUSEHOLDS,
) -> CustomArea:
    """Make an area from a drawn polygon in the place's coordinates.

    The share of an output area that the drawing holds is measured by the finest weights there are:
    `points` (postcodes or addresses with columns `block` and `households`) where given, else area,
    else the centroid. `counting` says what the numbers of `points` count: `HOUSEHOLDS`, or
    `POSTCODES` that count alike. A drawing whose line crosses itself is mended; a note says so.

    Raises
    ------
    UnusableDrawing, OutsidePlace, TooFewHouseholds
    """
    shape, notes = _usable(polygon, name)
    shares, counted = _shares(blocks, shape, points, counting)
    shares = shares[shares > 0]
    if shares.empty and not shapely.intersects(shape, blocks.frame.geometry.to_numpy()).any():
        raise OutsidePlace(name)
    # A drawing in open country touches no home: that is refused as too few households.
    return _finish(blocks, name, f"drawn, measured by {counted}", shares, notes, counted)


def from_lonlat(
    blocks: Blocks,
    corners: Iterable[tuple[float, float]],
    *,
    name: str,
    points: gpd.GeoDataFrame | None = None,
    counting: str = HOUSEHOLDS,
) -> CustomArea:
    """Make an area from corners in longitude and latitude, as a map on a screen gives them."""
    shape = polygon(blocks, corners, name=name)
    return drawn(blocks, shape, name=name, points=points, counting=counting)


def polygon(
    blocks: Blocks, corners: Iterable[tuple[float, float]], *, name: str
) -> shapely.Polygon:
    """Return corners in longitude and latitude as a polygon in the place's coordinates.

    Raises
    ------
    UnusableDrawing
        They are fewer than three, or lie off the map.
    """
    lonlat = np.asarray(list(corners), dtype="float64").reshape(-1, 2)
    if len(lonlat) < 3 or not np.isfinite(lonlat).all():
        raise UnusableDrawing(name, detail=f"{len(lonlat)} corners")
    x, y = _to_place(str(blocks.frame.crs)).transform(lonlat[:, 0], lonlat[:, 1])
    corners_m = np.column_stack([x, y])
    if not np.isfinite(corners_m).all():
        raise UnusableDrawing(name, detail="the corners lie off the map")
    return shapely.Polygon(corners_m)


def within_radius(
    blocks: Blocks,
    x: float,
    y: float,
    radius_m: float,
    *,
    name: str,
    points: gpd.GeoDataFrame | None = None,
    counting: str = HOUSEHOLDS,
) -> CustomArea:
    """Make an area from everything within `radius_m` metres of a point."""
    if not (np.isfinite([x, y, radius_m]).all() and radius_m > 0):
        raise UnusableDrawing(name, detail=f"radius {radius_m} m around {x}, {y}")
    circle = shapely.Point(x, y).buffer(radius_m)
    area = drawn(blocks, circle, name=name, points=points, counting=counting)
    note = f"Within {radius_m:,.0f} m of {x:.0f}, {y:.0f}."
    notes = (note, *area.notes)
    how = area.how.replace("drawn", "radius")
    return replace(area, how=how, notes=notes)


def assembled(blocks: Blocks, codes: Iterable[str], *, name: str) -> CustomArea:
    """Make an area from codes of output areas or of small areas, mixed as one likes."""
    wanted = list(dict.fromkeys(str(code).strip() for code in codes))
    frame = blocks.frame
    known_base = set(frame["base"])
    unknown = [code for code in wanted if code not in frame.index and code not in known_base]
    if unknown or not wanted:
        raise UnknownPieces(name, found=unknown, detail="" if wanted else "no code was given")
    picked = frame.index.isin(wanted) | frame["base"].isin(wanted).to_numpy()
    shares = pd.Series(1.0, index=frame.index[picked])
    return _finish(blocks, name, "assembled from codes", shares, ())


def from_postcodes(
    blocks: Blocks,
    postcodes: Iterable[str],
    points: pd.DataFrame,
    *,
    name: str,
    counting: str = HOUSEHOLDS,
) -> CustomArea:
    """Make an area from postcodes; `points`: index postcode, columns `block`, `households`."""
    wanted = {_plain(code): str(code) for code in postcodes}
    plain = pd.Index([_plain(code) for code in points.index])
    unknown = [written for code, written in wanted.items() if code not in plain]
    if unknown or not wanted:
        raise UnknownPieces(name, found=unknown, detail="" if wanted else "no postcode was given")
    chosen = plain.isin(list(wanted))
    shares = _point_shares(points, chosen)
    return _finish(blocks, name, "assembled from postcodes", shares[shares > 0], (), counting)


@lru_cache(maxsize=8)
def _to_place(crs: str) -> Transformer:
    # Making one takes 30 ms, a tenth of what a drawn area may take as a whole.
    return Transformer.from_crs(4326, crs, always_xy=True)


def _usable(
    polygon: shapely.Polygon | shapely.MultiPolygon, name: str
) -> tuple[shapely.Geometry, tuple[str, ...]]:
    faults = Faults(name)
    polygonal = isinstance(polygon, shapely.Polygon | shapely.MultiPolygon)
    if not polygonal or polygon.is_empty:
        faults.add(UnusableDrawing(name, detail="no polygon"))
        faults.raise_any()
    if not np.isfinite(shapely.get_coordinates(polygon)).all():
        raise UnusableDrawing(name, detail="a corner is not a number")
    notes: tuple[str, ...] = ()
    shape: shapely.Geometry = polygon
    if not polygon.is_valid:
        shape = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
        notes = ("The line crossed itself; the loops it encloses were taken as the area.",)
    if shape.is_empty or shape.area <= 0:
        raise UnusableDrawing(name, detail="it has no area")
    return shape, notes


def _shares(
    blocks: Blocks, shape: shapely.Geometry, points: gpd.GeoDataFrame | None, counting: str
) -> tuple[pd.Series, str]:
    shape = polygons.own(shape)
    shapely.prepare(shape)
    if points is not None:
        xy = shapely.get_coordinates(points.geometry.to_numpy())
        return _point_shares(points, shapely.contains_xy(shape, xy[:, 0], xy[:, 1])), counting
    geometry = blocks.frame.geometry.to_numpy()
    if (shapely.get_dimensions(geometry) == 2).all():
        touched = np.flatnonzero(shapely.intersects(shape, geometry))
        held = shapely.area(shapely.intersection(geometry[touched], shape))
        share = held / shapely.area(geometry[touched])
        return pd.Series(share, index=blocks.frame.index[touched]), LAND
    inside = shapely.contains(shape, geometry)
    return pd.Series(inside.astype("float64"), index=blocks.frame.index), CENTROIDS


def _point_shares(points: pd.DataFrame, chosen: np.ndarray) -> pd.Series:
    weight = points["households"].to_numpy(dtype="float64")
    block = points["block"].to_numpy()
    total = pd.Series(weight).groupby(block).sum()
    held = pd.Series(np.where(chosen, weight, 0.0)).groupby(block).sum()
    return (held / total).fillna(0.0)


def _finish(
    blocks: Blocks,
    name: str,
    how: str,
    shares: pd.Series,
    notes: tuple[str, ...],
    counted: str = HOUSEHOLDS,
) -> CustomArea:
    members = shares.index[shares.to_numpy() >= HALF]
    part = blocks.frame.loc[members]
    households = float(part["households"].sum())
    if households < FEWEST_HOUSEHOLDS:
        raise TooFewHouseholds(
            name,
            detail=f"it would hold {households:,.0f} households in {len(members)} {blocks.layer}",
            households=households,
        )
    ordered = pd.Index(members, name=blocks.layer).sort_values()
    people = float(part["people"].sum())
    notes = (*notes, ALIKE) if counted == POSTCODES else notes
    return CustomArea(name, how, ordered, shares.sort_index(), households, people, notes, counted)


def _plain(postcode: str) -> str:
    return "".join(str(postcode).upper().split())

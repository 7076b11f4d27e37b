"""What the profiles of a place have in common, prepared once.

In: a place, or a run of it. Out: `Prepared`: the figures of its small areas, those of every level
with how far they can be trusted, its blocks and postcodes, its area types; each made when it is
first asked for. A drawn area then takes a moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array

from boundaries import build
from boundaries import trust as boundary_trust
from boundaries.crosswalk import Crosswalk
from boundaries.custom import Blocks
from data import blocks as place_blocks
from data import trends
from data.crosswalks import base_to
from data.place import Place
from data.profiles_errors import UnknownLevel
from data.run import INSIDE_SHARE, Result
from indices import basis as small_areas
from indices import carrying
from indices import index as indices_index
from indices import types as area_types
from indices.basis import Basis
from indices.carrying import Carried
from indices.index import Index
from indices.indicators import Indicator
from indices.profiles_errors import TooFewToCompare
from indices.similar import Standard, standardise
from indices.trends import Series
from indices.types import Types

HALF = 0.5
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AtLevel:
    """The figures of all areas of one level.

    `weights` are the settled shares of base areas in them; `people` and `inside` who lives there
    and how many of them in the place; `grades` how well people are carried there; `need` the
    average score of the index, missing without one.
    """

    title: str
    names: pd.Series
    weights: csr_array
    figures: Carried
    people: pd.Series
    inside: pd.Series
    households: pd.Series | None
    grades: pd.Series
    need: pd.Series

    @cached_property
    def ranked(self) -> pd.Index:
        """Codes of the areas that are ranked: at least half of their people are in the place."""
        share = self.inside / self.people.where(self.people > 0)
        return self.people.index[np.asarray(share >= HALF, dtype=bool)]

    @cached_property
    def ranked_values(self) -> pd.DataFrame:
        """The figures of the areas that are ranked."""
        return self.figures.values.loc[self.ranked]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the profiles of a place have in common.

    Attributes
    ----------
    place, basis, index
        The place, the figures of its base areas, its index of need or None.
    crosswalks
        From base areas to levels, as far as they are made; others are made when asked for.
    """

    place: Place
    basis: Basis
    index: Index | None
    crosswalks: dict[str, Crosswalk]
    _levels: dict[str, AtLevel] = field(default_factory=dict)

    @cached_property
    def blocks(self) -> Blocks:
        """The finest areas; see `data.blocks.of_place`."""
        return place_blocks.of_place(self.place)

    @cached_property
    def postcodes(self) -> gpd.GeoDataFrame | None:
        """Postcodes with their block and households, or None."""
        return place_blocks.located(self.place, self.blocks)

    @property
    def counting(self) -> str:
        """What the numbers at postcodes count; see `data.blocks.counting`."""
        return place_blocks.counting(self.place)

    @cached_property
    def pieces(self) -> Pieces:
        """The counts of the blocks, ready to be added up."""
        return Pieces.of(self.blocks, self.basis)

    @cached_property
    def whole_place(self) -> Carried:
        """Figures of the whole place by indicator, one row."""
        return carrying.place_wide(self.basis)

    @cached_property
    def years(self) -> Mapping[str, Series]:
        """Figures by area and year of the measures that the place follows, by id."""
        named = self.place.settings.series
        if named is None:
            return {}
        return trends.gather(trends.of_settings(self.place.folder, named))[0].series

    @cached_property
    def standard(self) -> Standard | None:
        """The base areas in standard deviations; None where there are too few of them."""
        return standard_of(self.level(self.place.base_layer), self.basis)

    @cached_property
    def types(self) -> Types | None:
        """Types of the base areas; None where there are too few of them."""
        try:
            return area_types.types(
                self.level(self.place.base_layer).figures.values[compared(self.basis)],
                titles=titles_of(self.basis),
            )
        except TooFewToCompare:
            return None

    def complete(self) -> Prepared:
        """Make everything that a drawn area needs now, so that no one waits for it later."""
        # Places without households have no blocks: what can be made of them is made before.
        for part in ("whole_place", "standard", "types", "years", "blocks", "postcodes", "pieces"):
            getattr(self, part)
        if self.ward is not None:
            self.level(self.ward)
        return self

    def level(self, level: str) -> AtLevel:
        """Return the figures of all areas of a level.

        Raises
        ------
        UnknownLevel
        """
        levels = self.place.settings.levels
        if level not in levels:
            raise UnknownLevel(self.place.id, found=[level], detail=f"it has {', '.join(levels)}")
        if level not in self._levels:
            if level not in self.crosswalks:
                self.crosswalks[level] = base_to(self.place, level)
            self._levels[level] = _at_level(self, level)
        return self._levels[level]

    @property
    def ward(self) -> str | None:
        """Id of the level that areas are put beside: the first after the base areas."""
        others = [x for x in self.place.settings.levels if x != self.place.base_layer]
        return others[0] if others else None


@dataclass(frozen=True, eq=False)
class Pieces:
    """Counts of the blocks as arrays, with the base area each belongs to."""

    codes: pd.Index
    base: npt.NDArray[np.int64]
    n_base: int
    counts: Mapping[str, Floats]
    totals: Mapping[str, Floats]

    @classmethod
    def of(cls, blocks: Blocks, basis: Basis) -> Pieces:
        """Take every count of the blocks that is known everywhere."""
        base = basis.index.get_indexer(pd.Index(blocks.frame["base"])).astype(np.int64)
        numeric = pd.DataFrame(blocks.frame.drop(columns="geometry")).select_dtypes("number")
        counts = {
            str(name): numeric[name].to_numpy(dtype=np.float64)
            for name in numeric.columns
            if numeric[name].notna().all()
        }
        n = len(basis.index)
        totals = {k: np.bincount(base, v, minlength=n).astype(float) for k, v in counts.items()}
        return cls(blocks.frame.index, base, len(basis.index), counts, totals)

    def shares(self, chosen: npt.NDArray[np.bool_], column: str) -> Floats:
        """Return the share of each base area that the chosen blocks hold, by one count.

        Where a base area has none of it, its households say.
        """
        share = self._share(chosen, "households")
        if column in self.counts and column != "households":
            finer = self._share(chosen, column)
            share = np.where(self.totals[column] > 0, finer, share)
        return share

    def _share(self, chosen: npt.NDArray[np.bool_], column: str) -> Floats:
        held = np.bincount(self.base[chosen], self.counts[column][chosen], minlength=self.n_base)
        whole = self.totals[column]
        return np.divide(held, whole, out=np.zeros(self.n_base), where=whole > 0)


def prepare(place: Place, *, result: Result | None = None) -> Prepared:
    """Prepare the profiles of a place; a run of it, where there is one, is not done again.

    Raises
    ------
    NothingToShow
        The place has no indicators.
    CommonGroundError
        What is wrong with the figures of an indicator.
    """
    settings = place.settings
    crosswalks = dict(result.crosswalks) if result is not None else {}
    if result is not None:
        inside, index = result.inside, result.index
    else:
        crosswalks[settings.base.inside] = base_to(place, settings.base.inside)
        coverage = crosswalks[settings.base.inside].coverage
        inside, index = coverage.reindex(place.base.index) >= INSIDE_SHARE, _index(place)
    found = [
        Indicator.model_validate(item.as_indicator(place.base_layer))
        for item in settings.indicators
    ]
    tables = {item.id: _columns(item, place.indicators[item.id]) for item in found}
    england = {item.id: item.england for item in settings.indicators if item.england is not None}
    basis = small_areas.prepare(
        found,
        tables,
        place.people,
        inside=inside,
        neighbours=_neighbours(place.layers[place.base_layer]),
        england=england,
    )
    return Prepared(place, basis, index, crosswalks)


def standard_of(at: AtLevel, basis: Basis) -> Standard | None:
    """Return the areas of a level in standard deviations; None where there are too few."""
    try:
        return standardise(at.figures.values[compared(basis)])
    except TooFewToCompare:
        return None


def compared(basis: Basis) -> list[str]:
    """Return the indicators by which areas are compared: counts of things grow with an area."""
    return [id for id, item in basis.indicators.items() if item.kind != "count"]


def titles_of(basis: Basis) -> dict[str, str]:
    """Return what to call each indicator within a sentence."""
    return {id: lower(item.title) for id, item in basis.indicators.items()}


def lower(title: str) -> str:
    """Return a title as it stands within a sentence, without what is in brackets."""
    bare = re.sub(r"\s*\([^)]*\)", "", title).strip()
    return bare if bare[1:2].isupper() else bare[:1].lower() + bare[1:]


def singular(title: str) -> str:
    """Return the singular of a layer's title: its first plural in s loses it."""
    return re.sub(r"(?<=[a-rt-z])s\b", "", lower(title), count=1)


def _at_level(prepared: Prepared, level: str) -> AtLevel:
    """Carry figures, people and need to all areas of a level."""
    place, basis = prepared.place, prepared.basis
    crosswalk = prepared.crosswalks[level]
    overlapping = bool((crosswalk.overlapping > place.tolerance).any())
    overlap = "count-in-each" if overlapping else "refuse"
    carried = boundary_trust.trust(
        crosswalk,
        place.people,
        finer=_second_weight(prepared, level),
        tolerance=place.tolerance,
        overlap=overlap,
        nested=level == place.base_layer or place.settings.layer(level).crosswalk.whole,
    )
    weights = crosswalk.shares(tolerance=place.tolerance, overlap=overlap).weights
    targets = crosswalk.targets
    figures = carrying.carry(
        basis, weights, targets, spread=carried.spread or 0.0, tolerance=place.tolerance
    )

    def added(values: pd.Series) -> pd.Series:
        known = values.reindex(basis.index).fillna(0.0).to_numpy(dtype=np.float64)
        return pd.Series(weights.T @ known, index=targets)

    homes = place.base.get(place_blocks.HOUSEHOLDS)
    return AtLevel(
        title=place.settings.layer(level).title,
        names=place.layers[level]["name"].reindex(targets),
        weights=weights,
        figures=figures,
        people=added(place.people),
        inside=added(place.people.where(basis.inside, 0.0)),
        households=None if homes is None else added(homes),
        grades=carried.table["grade"].astype("str"),
        need=_need(prepared, weights, targets),
    )


def _second_weight(prepared: Prepared, level: str) -> Crosswalk | None:
    """Weigh the small areas a second time: by households of their output areas, or by postcodes.

    Only for layers of land: where people are registered says nothing of where they live. What is
    weighed by points already is not weighed by the same postcodes again.
    """
    place = prepared.place
    by = place.settings.layer(level).crosswalk.by
    weight: Floats | None = None
    if level == place.base_layer or by == "lookup":
        return None
    if place.blocks is not None:
        frame, unit = place.blocks.frame, "households"
        middle = frame.geometry.representative_point()
        xy = np.column_stack([middle.x, middle.y])
        weight = frame["households"].to_numpy(dtype=np.float64)
    elif place.postcodes is not None and by == "area":
        frame, unit = place.postcodes, place_blocks.counting(place)
        xy = frame[["x", "y"]].to_numpy(dtype=np.float64)
        if place_blocks.WEIGHT in frame.columns:
            weight = frame[place_blocks.WEIGHT].to_numpy(dtype=np.float64)
    else:
        return None
    base, target = place.layers[place.base_layer], place.layers[level]
    return build.from_points(xy, weight, base, target, unit=unit)


def _need(prepared: Prepared, weights: csr_array, targets: pd.Index) -> pd.Series:
    if prepared.index is None:
        return pd.Series(np.nan, index=targets)
    people = prepared.place.people.to_numpy(dtype=np.float64)
    scores = prepared.index.scores.reindex(prepared.basis.index).to_numpy(dtype=np.float64)
    known = np.where(np.isnan(scores), 0.0, people)
    total = weights.T @ known
    need = np.full(len(targets), np.nan)
    np.divide(weights.T @ (known * np.nan_to_num(scores)), total, out=need, where=total > 0)
    return pd.Series(need, index=targets)


def _index(place: Place) -> Index | None:
    if place.definition is None or place.domains is None or place.settings.index is None:
        return None
    return indices_index.build(place.definition, place.domains, from_=place.settings.index.from_)


def _columns(item: Indicator, table: pd.DataFrame) -> pd.DataFrame:
    """Name the columns of an indicator's table as its definition does."""
    parts = {"numerator": item.numerator, "denominator": item.denominator, "value": item.value}
    return pd.DataFrame({name: table[key] for key, name in parts.items() if name is not None})


def _neighbours(base: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the positions of base areas that touch, each pair once."""
    shapes = base.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    return first[once], second[once]

"""Base areas, layers and lookups of an English district, chosen from national files.

In: the folder of national layers and lookups described by `english_layers.toml`, and the LSOAs of
one district. Out: the base areas that all streams of the place reach, the areas of every level, and
the tables that say how base areas fall into them where that is not by area.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.errors import RecipeFault
from geo import layers as geo_layers
from geo import overlap
from geo.faults import EmptyLayer

PARAMETERS = Path(__file__).with_name("english_layers.toml")
CRS = "EPSG:27700"


@dataclass(frozen=True)
class Chosen:
    """One layer of the place: its areas, and the lookup from base areas where there is one."""

    areas: gpd.GeoDataFrame
    lookup: pd.DataFrame | None = None


@dataclass(frozen=True)
class National:
    """The national files, each read when it is first asked for."""

    data: Path
    settings: dict[str, Any] = field(
        default_factory=lambda: tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))
    )

    def table(self, name: str) -> pd.DataFrame | None:
        """Read one of the national tables as text; None where it is absent."""
        path = self.data / self.settings["tables"][name]
        return pd.read_csv(path, dtype=str) if path.is_file() else None

    def has(self, layer: str) -> bool:
        """Say whether the file of a layer is there."""
        return (self.data / self.settings[layer]["file"]).is_file()

    @cached_property
    def lsoas(self) -> gpd.GeoDataFrame:
        """All LSOAs as published, indexed by code, not yet validated."""
        base = self.settings["base"]
        path = self.data / base["file"]
        if not path.is_file():
            raise RecipeFault(str(path), detail="the file of the base layer is not there")
        return gpd.read_parquet(path).set_index(base["code"], drop=False)

    @cached_property
    def district(self) -> pd.Series:
        """District code of every LSOA."""
        return self.lsoas[self.settings["base"]["district"]]

    @cached_property
    def consortium(self) -> pd.DataFrame | None:
        """Shares of LSOAs 2021 in consortia 2021: source_code, target_code, share.

        The official lookup is by LSOA 2011. It is carried over the official change lookup; an
        LSOA 2021 made of several LSOAs 2011 is shared by their mid-2020 populations.
        """
        lookup, change = self.table("consortia"), self.table("change")
        if lookup is None or change is None:
            return None
        pairs = change.merge(lookup[["lsoa11_code", "ccg21_code"]], on="lsoa11_code")
        population = self.table("population")
        if population is None:
            pairs["people"] = 1.0
        else:
            counts = population.set_index("lsoa11_code")["total_population"].astype("float64")
            pairs["people"] = counts.reindex(pairs["lsoa11_code"]).fillna(0.0).to_numpy()
        sums = pairs.groupby(["lsoa21_code", "ccg21_code"])["people"].sum()
        share = sums / sums.groupby("lsoa21_code").transform("sum")
        frame = share[share > 0].rename("share").reset_index()
        return frame.rename(columns={"lsoa21_code": "source_code", "ccg21_code": "target_code"})

    def upper_tier(self, district: str, stated: str) -> tuple[str, list[str]] | None:
        """Return the county above a district and all its districts; None in single-tier areas."""
        if not stated or stated == district:
            return None
        lookup = self.table("upper")
        if lookup is None:
            return None
        below = lookup.loc[lookup["utla21_code"] == stated, "ltla21_code"].tolist()
        return (stated, below) if district in below else None

    def upper_name(self, code: str) -> str:
        """Return the name of an upper-tier authority."""
        lookup = self.table("upper")
        found = None if lookup is None else lookup.loc[lookup["utla21_code"] == code, "utla21_name"]
        return code if found is None or found.empty else str(found.iloc[0])

    def layer(self, name: str, around: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Read what one national layer has around some areas, validated; all of it if nothing."""
        item = self.settings[name]
        read = partial(
            geo_layers.read, self.data / item["file"], code=item["code"], name=item["name"],
            id=name, to_crs=CRS,
        )  # fmt: skip
        try:
            return read(bbox=tuple(around.total_bounds))
        except EmptyLayer:
            return read()


def base_areas(national: National, codes: pd.Index) -> gpd.GeoDataFrame:
    """Return the validated base layer: the given LSOAs in the order of their codes."""
    base = national.settings["base"]
    missing = codes.difference(national.lsoas.index)
    if len(missing):
        raise RecipeFault(base["file"], found=list(missing), detail="LSOAs that it does not hold")
    frame = national.lsoas.loc[codes.sort_values()].reset_index(drop=True)
    kept = frame[[base["code"], base["name"], "geometry"]]
    return geo_layers.validate(
        kept, code=base["code"], name=base["name"], id=base["id"], where=base["file"], to_crs=CRS
    )


def by_land(national: National, name: str, place: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the areas of a layer with at least half of their own land in the place."""
    areas = _near(national.layer(name, place), place)
    inside = _land_inside(areas, place)
    return areas[inside >= national.settings["half"] * areas.area.to_numpy()]


def by_people(
    national: National, name: str, place: gpd.GeoDataFrame, people: pd.Series
) -> gpd.GeoDataFrame:
    """Return the areas in which enough of the place's people live, or that lie mostly in it."""
    areas = _near(national.layer(name, place), place)
    found = overlap.areas(place, areas)
    spread = people.to_numpy()[found.source] / place.area.to_numpy()[found.source]
    living = np.bincount(found.target, spread * found.area_m2, minlength=len(areas))
    land = np.bincount(found.target, found.area_m2, minlength=len(areas))
    enough = living >= national.settings["least_share"] * people.sum()
    mostly = land >= national.settings["half"] * areas.area.to_numpy()
    return areas[enough | mostly]


def consortia(national: National, base: gpd.GeoDataFrame, place: pd.Index) -> Chosen | None:
    """Return the consortia that the place's base areas belong to, with the lookup."""
    lookup = national.consortium
    if lookup is None or not national.has("ccg21"):
        return None
    codes = consortium_codes(national, place)
    areas = national.layer("ccg21", base)
    kept = lookup[lookup["source_code"].isin(base.index) & lookup["target_code"].isin(codes)]
    return Chosen(areas[areas.index.isin(codes)], kept.reset_index(drop=True))


def consortium_codes(national: National, place: pd.Index) -> list[str]:
    """Return the codes of the consortia that any of the given LSOAs belongs to."""
    lookup = national.consortium
    if lookup is None:
        return []
    return sorted(lookup.loc[lookup["source_code"].isin(place), "target_code"].unique())


def police(national: National, base: gpd.GeoDataFrame, place: pd.Index) -> Chosen | None:
    """Return the police force areas of the place; a district lies whole in one of them.

    The polygons at hand are simplified and cut districts that the law does not cut.
    """
    if not national.has("pfa20"):
        return None
    areas = national.layer("pfa20", base)
    found = overlap.areas(base, areas)
    district = national.district.reindex(base.index).to_numpy()
    land = pd.Series(found.area_m2).groupby(
        [district[found.source], areas.index.to_numpy()[found.target]]
    )
    largest = land.sum().sort_index().groupby(level=0).idxmax().map(lambda pair: pair[1])
    target = pd.Series(district, index=base.index).map(largest)
    codes = set(target.loc[place].dropna())
    kept = target[target.isin(codes)]
    lookup = pd.DataFrame({"source_code": kept.index, "target_code": kept.to_numpy()})
    return Chosen(areas[areas.index.isin(codes)], lookup)


def joined(
    base: gpd.GeoDataFrame, members: pd.Index, *, layer: str, code: str, name: str
) -> Chosen:
    """Join base areas into one area of a level, with the lookup that says so."""
    shape = shapely.union_all(base.geometry.loc[members].to_numpy())
    frame = gpd.GeoDataFrame({"code": [code], "name": [name]}, geometry=[shape], crs=base.crs)
    area = geo_layers.validate(
        frame, code="code", name="name", id=layer, where=layer, to_crs=str(base.crs)
    )
    return Chosen(area, pd.DataFrame({"source_code": members, "target_code": code}))


def _near(areas: gpd.GeoDataFrame, place: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    left, bottom, right, top = place.total_bounds
    return areas.cx[left:right, bottom:top]


def _land_inside(areas: gpd.GeoDataFrame, place: gpd.GeoDataFrame) -> np.ndarray:
    found = overlap.areas(place, areas)
    return np.bincount(found.target, found.area_m2, minlength=len(areas))

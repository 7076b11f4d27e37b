"""Profiles of real areas: Census 2021 counts beside their ward, their district and England."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries import custom
from boundaries.custom import TooFewHouseholds
from data import place
from data.profiles import Prepared, of_area, of_custom, prepare

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

PARTS = {
    "overcrowded": ("overcrowded_households", "households"),
    "social_rented": ("social_rented_households", "households"),
    "disabled": ("disabled_residents", "residents"),
}


@pytest.fixture(scope="module")
def census(realdata: Path) -> pd.DataFrame:
    path = realdata / "england" / "census2021_counts_lsoa21.csv.gz"
    return pd.read_csv(path, dtype={"lsoa21_code": "str"}).set_index("lsoa21_code")


@pytest.fixture(scope="module", params=["bristol", "lichfield"])
def known(request: pytest.FixtureRequest, build_city: Callable[[str], Any]) -> Prepared:
    return prepare(place.load(build_city(request.param).folder))


def rate(census: pd.DataFrame, id: str, weights: pd.Series) -> float:
    top, bottom = (census.loc[weights.index, column] for column in PARTS[id])
    return float(100 * (weights * top).sum() / (weights * bottom).sum())


def test_a_ward_is_its_share_of_the_census(known: Prepared, census: pd.DataFrame) -> None:
    """The same by geopandas' own overlay, which knows nothing of crosswalks."""
    base, wards = known.place.layers["lsoa21"], known.place.layers["wd25"]
    pieces = gpd.overlay(
        base.reset_index()[["lsoa21", "geometry"]],
        wards.reset_index()[["wd25", "geometry"]],
        keep_geom_type=True,
    )
    pieces["share"] = pieces.area / base.area.reindex(pieces["lsoa21"]).to_numpy()
    whole = pieces.groupby("lsoa21")["share"].transform("sum")
    # Up to 2 % of a small area may lie beyond the wards and is given to those it touches.
    pieces["share"] /= whole.where(whole >= 0.98, 1.0)
    for code in known.level("wd25").ranked[:5]:
        weights = pieces[pieces["wd25"] == code].set_index("lsoa21")["share"]
        table = of_area(known, code, "wd25").table
        for id in PARTS:
            assert table.loc[id, "value"] == pytest.approx(rate(census, id, weights), abs=1e-6)
            assert table.loc[id, "low"] <= table.loc[id, "value"] <= table.loc[id, "high"]


def test_england_stands_beside_every_area_as_the_census_counted_it(
    known: Prepared, census: pd.DataFrame
) -> None:
    code = str(known.level("lsoa21").ranked[0])
    table = of_area(known, code, "lsoa21").table
    everybody = pd.Series(1.0, index=census.index)
    for id in PARTS:
        assert table.loc[id, "england"] == pytest.approx(rate(census, id, everybody), abs=5e-4)
    # ONS, Census 2021: 17.1 % of England's households rent from social landlords, 4.4 % crowded.
    assert round(table.loc["social_rented", "england"], 1) == 17.1
    assert round(table.loc["overcrowded", "england"], 1) == 4.4
    assert "England (" in table.loc["overcrowded", "sentence"]


def test_a_drawn_area_is_the_small_areas_it_mostly_covers(
    known: Prepared, census: pd.DataFrame
) -> None:
    base = known.place.layers["lsoa21"]
    inside = base.loc[known.level("lsoa21").ranked]
    middle = shapely.union_all(inside.geometry.to_numpy()).centroid
    circle = middle.buffer(2500)
    covered = base.geometry.intersection(circle).area / base.area
    expected = base.index[covered >= 0.5]
    area = custom.drawn(known.blocks, circle, name="Our area")
    assert area.members.tolist() == sorted(expected)
    profile = of_custom(known, area)
    ones = pd.Series(1.0, index=expected)
    for id in PARTS:
        assert profile.table.loc[id, "value"] == pytest.approx(rate(census, id, ones))
    assert set(profile.table["grade"]) == {"A"}
    assert profile.standing is not None
    assert "inherited" in profile.standing.sentence
    assert profile.similar is not None
    assert len(profile.similar.table) == 15
    with pytest.raises(TooFewHouseholds):
        custom.drawn(known.blocks, middle.buffer(20), name="A house")


def test_every_ward_and_small_area_of_the_city_has_a_profile(known: Prepared) -> None:
    for level in ("wd25", "lsoa21"):
        at = known.level(level)
        ranks = []
        for code in at.ranked[:: max(1, len(at.ranked) // 12)]:
            profile = of_area(known, str(code), level)
            assert profile.table["value"].notna().all()
            assert np.isfinite(profile.table["rank"]).all()
            ranks.append(profile.table.loc["disabled", "rank"])
        assert len(set(ranks)) > 1

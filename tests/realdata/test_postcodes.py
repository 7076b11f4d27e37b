"""The postcodes of places built from published files, against their own published ward codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from boundaries import custom
from boundaries.area import from_areas
from boundaries.points import from_points
from boundaries.trust import trust
from data import place, run
from data.errors import RecipeFault
from data.profiles import prepare
from data.recipes import english_postcodes
from data.recipes.english_areas import National
from geo.points import locate
from pages.shared import finding

pytestmark = pytest.mark.realdata
MENU = Path(__file__).resolve().parents[2] / "pages" / "menu.py"


@pytest.fixture(scope="module")
def published(realdata: Path) -> pd.DataFrame:
    """All postcodes of England by their code, with place and ward as published."""
    frame = pd.read_parquet(realdata / "england" / "postcodes_england.parquet")
    codes = frame["Postcode"].str.replace(" ", "")
    frame.index = pd.Index(codes.str[:-3] + " " + codes.str[-3:])
    return frame


@pytest.fixture(scope="module", params=["bristol", "lichfield"])
def result(request: pytest.FixtureRequest, build_city: Callable[[str], Any]) -> run.Result:
    return run.run(place.load(build_city(request.param).folder))


def test_the_postcodes_of_a_place_are_those_in_its_small_areas(
    result: run.Result, published: pd.DataFrame
) -> None:
    base = result.layers[result.place.base_layer]
    xy = published[["Eastings", "Northings"]].astype(float)
    points = gpd.GeoDataFrame(
        published[[]], geometry=gpd.points_from_xy(xy["Eastings"], xy["Northings"]), crs=base.crs
    )
    inside = gpd.sjoin(points, base[["geometry"]], predicate="intersects").index.unique()
    known = result.place.postcodes
    assert known is not None
    assert set(known.index) == set(inside)
    assert len(known) > 20_000
    assert (known["x"] == xy["Eastings"].reindex(known.index)).all()


def test_a_resident_is_led_to_her_own_ward(result: run.Result, published: pd.DataFrame) -> None:
    """Measured: 99.8 % in Bristol and 99.6 % in Lichfield; by the larger part 95.0 and 90.8 %."""
    known = result.place.postcodes
    assert known is not None
    own = published["Admin_ward_code"].reindex(known.index)
    # Of the ward codes that the place still has: the list and the borders differ in age.
    own = own[own.isin(result.layers["wd25"].index)].iloc[::10]
    assert len(own) > 300
    led = {
        code: [area.code for area in finding.search(result, code).areas if area.level == "wd25"]
        for code in own.index
    }
    right = sum(led[code] == [ward] for code, ward in own.items()) / len(own)
    assert right > 0.99
    assert all(len(wards) == 1 for wards in led.values())


def test_a_postcode_is_typed_on_the_first_page(
    build_city: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(build_city("bristol").folder))
    test = AppTest.from_file(str(MENU), default_timeout=120).run()
    field = test.text_input(key="start.words")
    assert field.label == "Your postcode, or a part of your area's name"
    field.set_value("bs11ad").run()
    assert not test.exception
    # Code-Point Open gives E05010907 as its ward.
    assert "start.wd25.E05010907" in [button.key for button in test.button]


def test_a_drawing_is_measured_by_postcodes_that_count_alike(
    build_city: Callable[[str], Any],
) -> None:
    known = prepare(place.load(build_city("bristol").folder))
    points = known.postcodes
    assert points is not None
    small = known.blocks.frame.index[known.blocks.frame.index.isin(points["block"])][0]
    shape = known.blocks.frame.geometry[small].buffer(5)
    ours = custom.drawn(known.blocks, shape, name="Ours", points=points, counting=known.counting)
    assert ours.members.tolist() == [small]
    assert ours.how == "drawn, measured by postcodes"


def test_where_the_national_file_is_absent_that_of_the_city_serves(
    realdata: Path, tmp_path: Path
) -> None:
    base = gpd.read_file(realdata / "cities" / "bristol.gpkg", layer="lsoa21_imd2025_ward24")
    base = base.set_index("LSOA21CD").to_crs(27700)
    said: list[str] = []
    none = english_postcodes.inside(National(tmp_path), base, city="bristol", say=said.append)
    assert none is None
    assert said == ["Left out: postcodes, because no file of them is there."]
    (tmp_path / "cities").mkdir()
    link = tmp_path / "cities" / "bristol_postcodes.csv.gz"
    link.symlink_to(realdata / "cities" / "bristol_postcodes.csv.gz")
    of_city = english_postcodes.inside(National(tmp_path), base, city="bristol", say=said.append)
    national = english_postcodes.inside(National(realdata), base, city="bristol", say=said.append)
    assert of_city is not None
    assert national is not None
    # Beside those of the district lie a few that are counted to a neighbour: 8 of 11,733.
    assert of_city["postcode"].isin(national["postcode"]).all()
    assert (len(of_city), len(national)) == (11_725, 11_733)
    assert "786 of 1,489,907" in said[-1]


def test_a_postcode_that_stands_twice_is_refused(realdata: Path, tmp_path: Path) -> None:
    base = gpd.read_file(realdata / "cities" / "bristol.gpkg", layer="lsoa21_imd2025_ward24")
    base = base.set_index("LSOA21CD").to_crs(27700)
    (tmp_path / "cities").mkdir()
    frame = pd.read_csv(realdata / "cities" / "bristol_postcodes.csv.gz", dtype=str)
    again = pd.concat([frame, frame.iloc[[5]]])
    again.to_csv(tmp_path / "cities" / "bristol_postcodes.csv.gz", index=False)
    with pytest.raises(RecipeFault, match="stand twice"):
        english_postcodes.inside(National(tmp_path), base, city="bristol", say=lambda _: None)


def test_the_interval_between_land_and_postcodes_holds_the_households_of_output_areas(
    realdata: Path, published: pd.DataFrame
) -> None:
    """Wards of four cities by land, with postcodes that count alike as the second weight.

    What is held against it is finer: households of output areas of the Census, which lie whole in
    a small area. Measured: 94 % of 119 wards within 1.96 errors, where 95 % are promised.
    """
    england = realdata / "england"
    homes = pd.read_csv(england / "oa21_total_households.csv.gz", index_col=0).iloc[:, 0]
    counts = pd.read_csv(england / "census2021_counts_lsoa21.csv.gz", index_col=0)["households"]
    every = gpd.read_parquet(england / "wd25_bgc.parquet").to_crs(27700).set_index("WD25CD")
    every.geometry = every.geometry.make_valid()
    xy = published[["Eastings", "Northings"]].astype(float).to_numpy()
    held = []
    for city in ("bristol", "newcastle_upon_tyne", "sunderland", "stoke_on_trent"):
        small, fine = (
            gpd.read_file(realdata / "cities" / f"{city}.gpkg", layer=layer).to_crs(27700)
            for layer in ("lsoa21_imd2025_ward24", "oa11_martinjc")
        )
        small = small.set_index("LSOA21CD")[["geometry"]].sort_index().rename_axis("lsoa21")
        fine = fine.set_index(next(c for c in fine.columns if c.upper().startswith("OA11")))
        fine = fine[["geometry"]].rename_axis("oa11").sort_index()
        west, south, east, north = small.total_bounds
        wards = every.cx[west:east, south:north][["geometry"]].sort_index().rename_axis("wd25")
        inside = wards.intersection(small.union_all()).area / wards.area
        wards = wards[inside > 0.5]
        known = homes.reindex(fine.index)
        middle = fine.representative_point()
        lies = locate(np.column_stack([middle.x, middle.y]), small)
        usable = known.notna().to_numpy() & (lies >= 0)
        summed = np.bincount(lies[usable], known[usable], minlength=len(small))
        # Small areas of which every output area is known; some of those that changed are not.
        whole = np.abs(summed - counts.reindex(small.index).to_numpy()) <= 3
        usable &= whole[np.maximum(lies, 0)]
        by_land = from_areas(fine, wards).weights
        truth = pd.Series(known[usable].to_numpy() @ by_land[usable], index=wards.index)
        figures = trust(
            from_areas(small, wards),
            counts.reindex(small.index).where(whole, 0.0),
            finer=from_points(xy, None, small, wards, unit="postcodes"),
            tolerance=0.02,
        ).table
        both = figures["low"].notna()
        good = (truth >= figures["low"] - 1) & (truth <= figures["high"] + 1)
        held += good[both].tolist()
    assert len(held) > 100
    assert 0.9 <= np.mean(held) <= 0.99

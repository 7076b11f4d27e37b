"""The households of the demo place are the truth: everything else adds up to them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.build import best_fit, from_areas, from_points
from boundaries.membership import read_registrations
from data import demo
from data.demo.land import Land
from geo import layers, rasters

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package(demo_place: Path) -> Path:
    return demo_place


@pytest.fixture(scope="module")
def households(package: Path) -> pd.DataFrame:
    return pd.read_parquet(package / "tables" / "households.parquet")


def layer(package: Path, name: str) -> gpd.GeoDataFrame:
    return layers.read(package / "layers" / f"{name}.gpkg", code=name, name="name").sort_index()


def table(package: Path, name: str, **options: object) -> pd.DataFrame:
    return pd.read_csv(package / "tables" / f"{name}.csv", dtype="str", **options)  # type: ignore[call-overload]


def held_by(package: Path, name: str, xy: np.ndarray) -> dict[int, set[str]]:
    """Return which areas hold each point, by GEOS and one area at a time."""
    found: dict[int, set[str]] = {point: set() for point in range(len(xy))}
    for code, shape in layer(package, name).geometry.items():
        shapely.prepare(shape)
        for point in np.flatnonzero(shapely.contains_xy(shape, xy[:, 0], xy[:, 1])):
            found[int(point)].add(str(code))
    return found


@pytest.mark.parametrize(
    "name", ["sa21", "oa21", "wd25", "lad25", "con24", "pol24", "forum25", "place25"]
)
def test_every_household_stands_in_the_area_whose_code_it_bears(
    name: str, package: Path, households: pd.DataFrame
) -> None:
    step = 7 if name == "oa21" else 3  # one in so many: a thousand areas take their time
    some = households.iloc[::step]
    held = held_by(package, name, some[["x", "y"]].to_numpy())
    expected = [{code} - {""} for code in some[name]]
    assert [held[point] for point in range(len(some))] == expected


def test_households_in_the_overlap_of_partnerships_bear_both_codes(
    package: Path, households: pd.DataFrame
) -> None:
    some = households.iloc[::3]
    held = held_by(package, "lep20", some[["x", "y"]].to_numpy())
    expected = [{a, b} - {""} for a, b in zip(some["lep20_0"], some["lep20_1"], strict=True)]
    assert [held[point] for point in range(len(some))] == expected
    assert Counter(map(len, expected)).keys() == {0, 1, 2}


@pytest.mark.parametrize(
    ("name", "source", "targets"),
    [
        ("truth_sa21_wd25", "sa21", ["wd25"]),
        ("truth_sa21_pol24", "sa21", ["pol24"]),
        ("truth_sa21_con24", "sa21", ["registered_with"]),
        ("truth_sa21_con24_land", "sa21", ["con24"]),
        ("truth_sa21_lep20", "sa21", ["lep20_0", "lep20_1"]),
        ("truth_oa21_wd25", "oa21", ["wd25"]),
    ],
)
def test_a_truth_table_counts_the_households_of_every_cell(
    name: str, source: str, targets: list[str], package: Path, households: pd.DataFrame
) -> None:
    people: Counter[tuple[str, str]] = Counter()
    homes: Counter[tuple[str, str]] = Counter()
    for target in targets:
        for area, other, size in zip(
            households[source], households[target], households["people"], strict=True
        ):
            if other:
                people[area, other] += size
                homes[area, other] += 1
    truth = table(package, name).set_index(["source_code", "target_code"])
    assert truth.index.is_unique
    assert truth["people"].astype(int).to_dict() == dict(people)
    assert truth["households"].astype(int).to_dict() == dict(homes)


def test_counts_by_small_area_are_sums_over_its_households(
    package: Path, households: pd.DataFrame
) -> None:
    base = table(package, "base").set_index("code")
    rates = table(package, "indicators").set_index("code")
    ages = [name for name in households if name.startswith("aged_")]
    assert (households[ages].sum(axis=1) == households["people"]).all()
    expected = {
        "residents": households["people"],
        "households": households["people"] * 0 + 1,
        "children": households["aged_0_4"] + households["aged_5_15"],
        "working_age": households["aged_16_24"] + households["aged_25_64"],
        "older": households["aged_65_84"] + households["aged_85_plus"],
        "registered": households["registered"],
        **{name: households[name] for name in ages},
    }
    for frame, names in ((base, expected), (rates, set(rates) & set(households))):
        for name in names:
            values = expected.get(name, households.get(name))
            total = np.zeros(240, dtype=int)
            np.add.at(total, households["sa21"].str[3:].astype(int).to_numpy() - 1, values)
            codes = [f"F01{number:06d}" for number in range(1, 241)]
            assert frame[name].astype(int).reindex(codes).tolist() == total.tolist(), name


def test_no_numerator_exceeds_its_denominator_where_it_counts_part_of_it(
    households: pd.DataFrame,
) -> None:
    parts = {
        "income_deprived": "people",
        "out_of_work": "working_age",
        "no_qualifications": "aged_25_64",
        "absent_pupils": "aged_5_15",
        "limiting_illness": "people",
    }
    for part, whole in parts.items():
        assert (households[part] <= households[whole]).all(), part
    for yes_or_no in ("overcrowded", "homeless", "poor_repair", "no_central_heating"):
        assert set(households[yes_or_no]) == {0, 1}


def test_the_river_is_a_border_without_a_gap_and_nobody_lives_in_it(
    package: Path, households: pd.DataFrame
) -> None:
    river = Land(demo.SEED).river
    for name in ("oa21", "sa21", "wd25"):
        inside = households[households[name] != ""]
        left = river.left_bank(inside[["x", "y"]].to_numpy())
        homes = pd.Series(left).groupby(inside[name].to_numpy()).mean()
        assert homes.isin([0.0, 1.0]).mean() > 0.99, name
    course = shapely.intersection(
        shapely.linestrings(river.line), layer(package, "cty25").geometry.iloc[0]
    )
    spots = shapely.points(shapely.get_coordinates(course))
    borders = shapely.STRtree(shapely.boundary(layer(package, "sa21").geometry.to_numpy()))
    off = borders.query_nearest(spots, return_distance=True, all_matches=False)[1]
    assert np.quantile(off, 0.95) < 30
    assert off.max() < 120
    assert (river.distance_m(households[["x", "y"]].to_numpy()) < 20).mean() < 0.001


# ------------------------------------------------------------------ membership


def test_everybody_is_registered_once_and_borders_do_not_matter(
    package: Path, households: pd.DataFrame
) -> None:
    practices = table(package, "gp-reg-pat-prac-map").set_index("PRACTICE_CODE")["CCG_CODE"]
    assert len(practices) == 16
    assert households["practice"].isin(practices.index).all()
    assert (households["practice"].map(practices) == households["registered_with"]).all()
    crossing = households["con24"] != households["registered_with"]
    assert 0.05 < crossing.mean() < 0.4
    inside = households["lad25"] == "F07000001"
    for consortium in ("0E1", "0E2"):
        members = households["registered_with"] == consortium
        assert (members & inside).sum() > 10_000
        assert (members & ~inside).sum() > 5_000


def test_the_nhs_file_counts_registered_people_not_residents(
    package: Path, households: pd.DataFrame
) -> None:
    patients = table(package, "gp-reg-pat-prac-lsoa")
    assert list(patients) == [
        *("PUBLICATION", "EXTRACT_DATE", "PRACTICE_CODE", "PRACTICE_NAME"),
        *("LSOA_CODE", "SEX", "NUMBER_OF_PATIENTS"),
    ]
    read = read_registrations(package / "tables" / "gp-reg-pat-prac-lsoa.csv")
    expected: Counter[tuple[str, str]] = Counter()
    for practice, area, size in zip(
        households["practice"], households["sa21"], households["registered"], strict=True
    ):
        expected[practice, area] += size
    assert read.set_index(["practice", "area"])["patients"].astype(int).to_dict() == dict(expected)
    residents = households["people"].sum()
    assert 1.005 * residents < read["patients"].sum() < 1.06 * residents


def test_the_crosswalk_of_consortia_shares_out_the_registered(
    package: Path, households: pd.DataFrame
) -> None:
    lookup = table(package, "sa21_con24")
    mass = lookup["mass"].astype(float)
    assert mass.sum() == households["registered"].sum()
    shares = lookup["share"].astype(float).groupby(lookup["source_code"]).sum()
    np.testing.assert_allclose(shares, 1.0, atol=1e-12)


# ------------------------------------------------------------------ points


def test_postcodes_hold_every_household_once_and_look_like_postcodes(
    package: Path, households: pd.DataFrame
) -> None:
    units = table(package, "postcodes")
    assert units["postcode"].is_unique
    assert units["postcode"].str.fullmatch(r"WX[0-9]{1,2} [0-9][A-Z]{2}").all()
    assert not units["postcode"].str[-2:].str.contains("[CIKMOV]").any()
    assert units["weight"].astype(int).sum() == len(households)
    assert units["people"].astype(int).sum() == households["people"].sum()
    assert 13 < units["weight"].astype(int).mean() < 16
    at_home = set(zip(households["x"], households["y"], strict=True))
    spots = zip(units["x"].astype(float), units["y"].astype(float), strict=True)
    assert set(spots) <= at_home


def test_centroids_lie_inside_their_areas(package: Path) -> None:
    points = table(package, "sa21_centroids").set_index("code").astype(float)
    shapes = layer(package, "sa21").geometry
    assert list(points.index) == list(shapes.index)
    assert shapely.contains_xy(shapes.to_numpy(), points["x"], points["y"]).all()


def test_finer_knowledge_of_where_people_live_gives_smaller_errors(package: Path) -> None:
    source, target = layer(package, "sa21"), layer(package, "wd25")
    people = table(package, "base").set_index("code")["residents"].astype(float)
    people = people.reindex(source.index).to_numpy()
    cells = table(package, "truth_sa21_wd25")
    truth = (
        cells.assign(people=cells["people"].astype(float))
        .pivot(index="source_code", columns="target_code", values="people")
        .reindex(index=source.index, columns=target.index)
        .fillna(0.0)
        .to_numpy()
    )
    units = table(package, "postcodes")[["x", "y", "weight"]].astype(float).to_numpy()
    pixels = rasters.overlap_people(package / "people_2015_100m.tif", source, target)
    raster = np.zeros(truth.shape)
    raster[pixels.source, pixels.target] = pixels.people
    raster /= np.maximum(raster.sum(axis=1, keepdims=True), 1e-9)
    by_area = from_areas(source, target)
    by_post = from_points(units[:, :2], units[:, 2], source, target, unit="households")
    weights = {
        "postcodes": by_post.weights.toarray(),
        "raster": raster,
        "area": by_area.weights.toarray(),
        "best fit": best_fit(by_area).weights.toarray(),
    }
    inside = truth.sum(axis=1) > 0
    error = {
        way: np.abs(weight[inside] * people[inside, None] - truth[inside]).sum() / truth.sum()
        for way, weight in weights.items()
    }
    assert error["postcodes"] < error["raster"] < error["area"] < error["best fit"]
    assert error["postcodes"] < 0.03
    assert 0.03 < error["area"] < 0.15

"""The demo place as a package: whole, repeatable, drawn without gaps, and plausible."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from budgets import eliminations
from budgets import streams as budget_streams
from data import demo, place
from data.demo import builder, manifest
from data.demo.use import LIBRARIES
from data.errors import OutputExists, UnusableFolder
from geo import layers
from indices import definitions, index

ROOT = Path(__file__).resolve().parents[2]
COVERAGES = ("sa21", "oa21", "wd25", "lad25", "cty25", "con24", "pol24", "forum25", "place25")
LAYERS = (*COVERAGES, "lep20")


@pytest.fixture(scope="module")
def package(demo_place: Path) -> Path:
    return demo_place


@pytest.fixture(scope="module")
def frames(package: Path) -> dict[str, gpd.GeoDataFrame]:
    return {
        layer: layers.read(package / "layers" / f"{layer}.gpkg", code=layer, name="name")
        for layer in LAYERS
    }


@pytest.fixture(scope="module")
def households(package: Path) -> pd.DataFrame:
    return pd.read_parquet(package / "tables" / "households.parquet")


def table(package: Path, name: str, **dtypes: type) -> pd.DataFrame:
    return pd.read_csv(package / "tables" / f"{name}.csv", dtype=dtypes or None)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ------------------------------------------------------------------ building and keeping


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_another_process(
    package: Path, tmp_path: Path
) -> None:
    code = "import sys; from data import demo; demo.build(sys.argv[1])"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    again = tmp_path / "again"
    subprocess.run([sys.executable, "-c", code, str(again)], check=True, cwd=ROOT, env=environment)
    assert digests(again) == digests(package)


def test_another_place_toml_has_another_number() -> None:
    """A place that was kept by an earlier state must not be opened with settings it does not have.

    Whoever changes what the generator writes raises `GENERATOR` and types the new sum here.
    """
    text = manifest.place_toml(seed=demo.SEED)
    sums = {8: "b6857e68c1403cb2f10741db4c17400b028d514fd3eea14aac5d48993af461a9"}
    assert sums == {demo.GENERATOR: hashlib.sha256(text.encode()).hexdigest()}


def test_the_cache_is_not_built_twice(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "invent", lambda seed: pytest.fail("built again"))
    assert demo.cached() == package
    assert package.name == f"{demo.GENERATOR}-{demo.SEED}"


def test_when_two_build_the_cache_at_once_the_first_stays_and_both_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path))
    theirs = tmp_path / "demo" / f"{demo.GENERATOR}-{demo.SEED}"

    def write(world: object, folder: Path, *, seed: int) -> None:
        (folder / "place.toml").write_text("mine")
        theirs.mkdir()  # the other process finishes while this one still writes
        (theirs / "place.toml").write_text("theirs")

    monkeypatch.setattr(builder, "invent", lambda seed: None)
    monkeypatch.setattr(builder, "write", write)
    assert demo.cached() == theirs
    assert (theirs / "place.toml").read_text() == "theirs"
    assert [path.name for path in theirs.parent.iterdir()] == [theirs.name]


def test_a_fault_while_writing_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))

    def write(world: object, folder: Path, *, seed: int) -> None:
        (folder / "place.toml").write_text("half")
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(builder, "invent", lambda seed: None)
    monkeypatch.setattr(builder, "write", write)
    with pytest.raises(RuntimeError, match="disk is full"):
        demo.cached()
    with pytest.raises(RuntimeError, match="disk is full"):
        demo.build(tmp_path / "place")
    assert list((tmp_path / "home" / "demo").iterdir()) == []
    assert not (tmp_path / "place").exists()


def test_a_home_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path))
    (tmp_path / "demo").write_text("a file where a folder should be")
    with pytest.raises(UnusableFolder, match=r"demo"):
        demo.cached()


def test_a_folder_with_something_else_in_it_is_refused_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    monkeypatch.setattr(builder, "invent", lambda seed: pytest.fail("built in vain"))
    with pytest.raises(OutputExists, match=r"thesis\.txt"):
        demo.build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "the only copy"


def test_an_earlier_demo_place_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "place.toml").write_text("# Written by the demo generator of Common Ground.")
    (tmp_path / "old.csv").write_text("old")

    def write(world: object, folder: Path, *, seed: int) -> None:
        (folder / "place.toml").write_text(f"seed {seed}")

    monkeypatch.setattr(builder, "invent", lambda seed: None)
    monkeypatch.setattr(builder, "write", write)
    assert demo.build(tmp_path, seed=5) == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["place.toml"]
    assert (tmp_path / "place.toml").read_text() == "seed 5"


# ------------------------------------------------------------------ the package


def test_the_package_is_a_valid_place_and_says_that_it_is_fictional(package: Path) -> None:
    loaded = place.load(package)
    assert loaded.fictional
    assert "does not exist" in loaded.settings.place.note
    assert loaded.base_layer == "sa21"
    assert len(loaded.base) == 240
    assert len(loaded.indicators) == 13
    assert set(loaded.settings.levels) == {
        *("sa21", "wd25", "lad25", "cty25", "con24", "pol24", "lep20", "forum25")
    }


def test_codes_that_look_like_numbers_arrive_as_text(package: Path) -> None:
    loaded = place.load(package)
    assert list(loaded.layers["pol24"].index) == ["01", "02"]
    assert list(loaded.layers["con24"].index) == ["0E1", "0E2"]
    assert list(loaded.layers["forum25"].index) == ["0001", "0002", "0003", "0004"]
    assert set(loaded.crosswalk_tables["con24"]["target_code"]) == {"0E1", "0E2"}
    # A reader that guesses gets them wrong: that is why they are so.
    guessed = pd.read_csv(package / "tables" / "sa21_con24.csv")["target_code"]
    assert set(guessed) == {0.0}


def test_the_layers_have_the_sizes_of_the_design(frames: dict[str, gpd.GeoDataFrame]) -> None:
    sizes = {layer: len(frame) for layer, frame in frames.items()}
    assert sizes == {
        "sa21": 240,
        "oa21": 1200,
        "wd25": 24,
        "lad25": 4,
        "cty25": 1,
        "con24": 2,
        "pol24": 2,
        "lep20": 2,
        "forum25": 4,
        "place25": 1,
    }


def test_the_index_is_a_complete_edition_of_its_own(package: Path) -> None:
    definition = definitions.load(package / "index.toml")
    ranks = table(package, "domain_ranks").set_index("code").rename_axis("sa21")
    assert list(ranks.columns) == definition.domain_ids
    built = index.build(definition, ranks, from_="ranks")
    assert built.complete
    assert built.ranks is not None
    assert built.ranks.min() == 1
    assert sum(definition.weights) == pytest.approx(0.999, abs=1e-12)


def test_domain_ranks_order_the_domain_scores(package: Path) -> None:
    scores = table(package, "domain_scores").set_index("code")
    ranks = table(package, "domain_ranks").set_index("code")
    for domain in scores.columns:
        for code in ranks.index[:20]:
            worse = (scores[domain] > scores.loc[code, domain]).sum()
            assert ranks.loc[code, domain] == worse + 1


def test_the_streams_are_what_the_design_asks_for(package: Path) -> None:
    streams = budget_streams.read(package / "tables" / "streams.csv")
    assert len(streams) == 43
    assert streams["agency"].nunique() == 13
    assert set(streams["method"]) == set(budget_streams.METHODS)
    assert set(streams["grade"]) == set("ABCDEFG")
    assert set(streams["kind"]) == set(budget_streams.KINDS)
    assert {"county", "district", "parish"} <= set(streams["tier"])
    negative = streams[streams["amount_pence"] < 0]
    assert len(negative) == 3
    assert negative["reason"].str.contains("income").all()
    assert (negative["follows"] != "").sum() == 2
    assert (streams["ring_fence"] != "").sum() == 12
    # Why a method was chosen is its basis; assumed is the amount of one line only.
    assert (streams.loc[streams["follows"] == "", "basis"] != "").all()
    assert streams.index[streams["assumption"] != ""].tolist() == ["HA03"]
    # Added up from the file with awk: 1,222,754.875 thousand pounds.
    assert streams["amount_pence"].sum() == 122_275_487_500
    assert (streams["rounding_pence"] == 0).all()


def test_a_pound_of_the_demo_place_is_counted_once(package: Path) -> None:
    """Schools and public health grants, pooled funds, housing benefit, a precept and a levy."""
    streams = budget_streams.read(package / "tables" / "streams.csv")
    books = eliminations.reconcile(streams)
    table = books.table.set_index("stream")
    passed = {
        "CC01": 198_210,
        "CC04": 6_200,
        "UT04": 9_400,
        "LT04": 8_600,
        "PC01": 1_250,
        "DC10": 6_420,
        "DC11": 412,
        "CC10": 640,
    }
    found = table["eliminated_pence"]
    assert found[found > 0].to_dict() == {key: k * 100_000 for key, k in passed.items()}
    assert books.total_pence == 122_275_487_500 - 100_000 * sum(passed.values())
    gone = set(streams.index) - set(eliminations.final(streams).index)
    assert gone == {"UT04", "LT04", "DC11", "CC10"}


def test_use_is_what_the_households_use(package: Path, households: pd.DataFrame) -> None:
    use = table(package, "use").set_index("code")
    assert use.index.tolist() == sorted(households["sa21"].unique())
    own = {"homeless_applications": "homeless", "crimes_recorded": "crimes"}
    for column in use.columns.drop("library_m2"):
        lived = households.groupby("sa21")[own.get(column, column)].sum()
        assert (use[column] == lived).all(), column
    assert use["library_m2"].sum() == sum(LIBRARIES.values())
    assert 3 <= (use["library_m2"] > 0).sum() <= len(LIBRARIES)
    # A year of hospital use of a quarter of a million people, and homes of an association.
    assert 35_000 < use["stays"].sum() < 50_000
    assert (households.loc[households["tenancies"] == 1, "tenure"] == "social rent").all()


def test_place_toml_names_every_table_that_it_needs_and_its_seed(package: Path) -> None:
    text = (package / "place.toml").read_text(encoding="utf-8")
    assert f"seed = {demo.SEED}" in text
    parsed = tomllib.loads(text)
    for layer in parsed["layers"]:
        assert layer["licence"] == "none needed: invented"


# ------------------------------------------------------------------ the drawing


@pytest.mark.parametrize("layer", LAYERS)
def test_every_area_is_a_valid_polygon(layer: str, frames: dict[str, gpd.GeoDataFrame]) -> None:
    shapes = frames[layer].geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert layers.notes(frames[layer]) == []
    assert (shapely.area(shapes) > 1_000).all()
    assert frames[layer]["name"].is_unique


@pytest.mark.parametrize("layer", COVERAGES)
def test_areas_of_one_layer_neither_overlap_nor_mismatch(
    layer: str, frames: dict[str, gpd.GeoDataFrame]
) -> None:
    assert shapely.coverage_is_valid(frames[layer].geometry.to_numpy())


@pytest.mark.parametrize("layer", ["oa21", "lad25", "con24", "cty25"])
def test_layers_of_the_region_leave_no_gap(layer: str, frames: dict[str, gpd.GeoDataFrame]) -> None:
    whole = shapely.union_all(frames["sa21"].geometry.to_numpy())
    other = shapely.union_all(frames[layer].geometry.to_numpy())
    assert shapely.symmetric_difference(whole, other).area == pytest.approx(0, abs=1e-3)


def test_areas_are_in_one_piece(frames: dict[str, gpd.GeoDataFrame]) -> None:
    for layer in ("sa21", "oa21", "wd25", "lad25"):
        assert (shapely.get_num_geometries(frames[layer].geometry.to_numpy()) == 1).all(), layer


@pytest.mark.parametrize(
    ("child", "parent"), [("oa21", "sa21"), ("sa21", "lad25"), ("wd25", "lad25")]
)
def test_layers_that_should_nest_do(
    child: str, parent: str, frames: dict[str, gpd.GeoDataFrame]
) -> None:
    pairs = gpd.overlay(
        frames[child].reset_index()[[child, "geometry"]],
        frames[parent].reset_index()[[parent, "geometry"]],
        keep_geom_type=True,
    )
    pairs = pairs[pairs.area > 1]
    assert pairs[child].is_unique
    assert len(pairs) == len(frames[child])


def test_wards_fill_the_district_exactly_and_cut_small_areas(
    frames: dict[str, gpd.GeoDataFrame], households: pd.DataFrame
) -> None:
    wards = shapely.union_all(frames["wd25"].geometry.to_numpy())
    district = frames["lad25"].geometry.loc["F07000001"]
    assert shapely.symmetric_difference(wards, district).area == pytest.approx(0, abs=1e-3)
    inside = households[households["lad25"] == "F07000001"]
    cut = inside.groupby("sa21")["wd25"].nunique() > 1
    assert len(cut) == 180
    assert cut.sum() > 50


def test_nesting_tables_agree_with_the_households(package: Path, households: pd.DataFrame) -> None:
    for child, parent in (("oa21", "sa21"), ("wd25", "lad25"), ("lad25", "cty25")):
        listed = table(package, f"{child}_{parent}").set_index("child")["parent"]
        lived = households[households[child] != ""].groupby(child)[parent].agg(set)
        assert {code: {listed[code]} for code in listed.index} == lived.to_dict()


def test_partnerships_overlap_and_leave_a_gap(frames: dict[str, gpd.GeoDataFrame]) -> None:
    vale, coast = frames["lep20"].geometry
    county = frames["cty25"].geometry.iloc[0]
    assert shapely.intersection(vale, coast).area > 10e6
    assert shapely.difference(county, shapely.union(vale, coast)).area > 10e6
    place_area = frames["place25"].geometry.iloc[0]
    left_out = shapely.difference(place_area, shapely.union(vale, coast)).area
    assert left_out == pytest.approx(0, abs=1e-3)


def test_consortia_and_one_police_unit_cross_the_edge_of_the_district(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    district = frames["place25"].geometry.iloc[0]
    for shape in (*frames["con24"].geometry, frames["pol24"].geometry.loc["02"]):
        assert shapely.intersection(shape, district).area > 20e6
        assert shapely.difference(shape, district).area > 20e6


def test_the_place_lies_in_the_sea_where_no_real_place_is(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    west, south, east, north = frames["cty25"].to_crs("EPSG:4326").total_bounds
    assert 0.6 < west < east < 1.6  # the nearest coast, Holderness and Lincolnshire, ends at 0.4
    assert 53.6 < south < north < 54.1


# ------------------------------------------------------------------ whether one believes it


def test_needs_lie_where_one_expects_them(package: Path, households: pd.DataFrame) -> None:
    poor = households["income_deprived"].groupby(households["sa21"]).sum()
    share = poor / households["people"].groupby(households["sa21"]).sum()
    names = table(package, "base").set_index("code")["name"]
    estate, suburb = share[names.str.startswith("Ravensmead")], share[names.str.startswith("Lark")]
    assert estate.median() > 4 * suburb.median()
    scores = table(package, "domain_scores").set_index("code").corr()
    assert 0.7 < scores.loc["income", "health"] < 0.95
    assert scores.loc["income", "barriers"] < 0.6
    assert scores.loc["income", "living"] < 0.6


def test_households_and_areas_have_the_sizes_of_a_census(households: pd.DataFrame) -> None:
    assert 80_000 < (households["lad25"] == "F07000001").sum() < 92_000
    assert 2.2 < households["people"].mean() < 2.45
    by_oa, by_sa = households.groupby("oa21").size(), households.groupby("sa21").size()
    assert by_oa.between(40, 250).all()
    assert by_sa.between(200, 1_200).all()
    wards = households[households["wd25"] != ""].groupby("wd25")["people"].sum()
    assert wards.max() < 2 * wards.min()


def test_terraces_are_dense_and_the_rural_edge_is_not(
    frames: dict[str, gpd.GeoDataFrame], households: pd.DataFrame
) -> None:
    homes = households.groupby("sa21").size()
    per_ha = homes / (frames["sa21"].area / 1e4)
    assert per_ha.max() > 25
    assert per_ha.min() < 0.3


def test_the_raster_is_older_and_coarser_than_the_homes(
    package: Path, households: pd.DataFrame
) -> None:
    with rasterio.open(package / "people_2015_100m.tif") as file:
        cells = file.read(1)
        assert file.crs.to_epsg() == 27700
        assert file.res == (100, 100)
        column = ((households["x"] - file.bounds.left) // 100).astype(int)
        row = ((file.bounds.top - households["y"]) // 100).astype(int)
    true = np.zeros(cells.shape)
    np.add.at(true, (row, column), households["people"])
    older = households.loc[households["year_built"] < 2016, "people"].sum()
    assert cells.sum() == pytest.approx(0.985 * older, rel=1e-4)
    assert 0.85 < np.corrcoef(cells.ravel(), true.ravel())[0, 1] < 0.99


@pytest.mark.realdata
def test_no_district_bears_a_real_name(realdata: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    real = set(gpd.read_parquet(realdata / "england" / "wd25_bgc.parquet")["LAD25NM"])
    assert len(real) > 250
    for layer in ("lad25", "cty25", "lep20", "con24", "pol24", "forum25"):
        assert not real & set(frames[layer]["name"]), layer

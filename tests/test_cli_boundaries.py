"""The commands about boundaries: crosswalk, convert, fit, check and repair."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import Polygon, box
from typer.testing import CliRunner, Result

import cli

ROOT = Path(__file__).resolve().parent.parent
DRAWN = runpy.run_path(str(ROOT / "tests" / "data" / "conftest.py"))
CODES, PEOPLE = DRAWN["CODES"], DRAWN["PEOPLE"]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return DRAWN["write_package"](tmp_path_factory.mktemp("drawn") / "grid")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def crosswalk(grid: Path, out: Path, *options: object, target: str = "wd") -> pd.DataFrame:
    done = call(
        "crosswalk", grid / "sq.gpkg", grid / f"{target}.gpkg",
        "--source-code", "sq", "--target-code", target, "--out", out, *options,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert f"Wrote {out}" in done.stdout
    return pd.read_csv(out, dtype={"source_code": str})


def weight(table: pd.DataFrame, source: str, target: str) -> float:
    found = table[(table["source_code"] == source) & (table["target_code"] == target)]
    return float(found["weight"].sum())


# -------------------------------------------------------------------------------- crosswalk


def test_crosswalk_writes_shares_and_masses_with_a_header_beside(
    grid: Path, tmp_path: Path
) -> None:
    table = crosswalk(grid, tmp_path / "new" / "sq_wd.csv")
    assert list(table.columns) == ["source_code", "target_code", "weight", "mass"]
    assert weight(table, "0101", "W1") == 1.0
    assert weight(table, "0201", "W1") == weight(table, "0201", "W2") == 0.5
    assert table["mass"].sum() == pytest.approx(16 * 100 * 100)
    header = json.loads((tmp_path / "new" / "sq_wd.json").read_text())
    assert header["unit"] == "m2"


def test_crosswalk_by_points_counts_their_weights(grid: Path, tmp_path: Path) -> None:
    rows = ["Eastings,Northings,homes"]
    for code in CODES:
        west, south, _, _ = DRAWN["square"](code).bounds
        rows += [f"{west + 25},{south + 50},1", f"{west + 75},{south + 50},3"]
    rows += ["0,0,2.5", "1,1,2"]
    (tmp_path / "points.csv").write_text("\n".join(rows) + "\n")
    done = call(
        "crosswalk", grid / "sq.gpkg", grid / "wd.gpkg", "--source-code", "sq",
        "--target-code", "wd", "--out", tmp_path / "out.csv",
        "--by", "points", "--points", tmp_path / "points.csv", "--points-weight", "homes",
    )  # fmt: skip
    assert "2 points, 4.5 homes in all, lie in no area of sq: 32, 33." in done.stdout
    table = pd.read_csv(tmp_path / "out.csv", dtype={"source_code": "str", "target_code": "str"})
    assert weight(table, "0201", "W1") == 0.25
    assert json.loads((tmp_path / "out.json").read_text())["unit"] == "homes"


def test_crosswalk_by_raster_counts_its_pixels(grid: Path, tmp_path: Path) -> None:
    # Pixels of 50 m; in every square the eastern half holds four times the western.
    pixels = np.tile([1.0, 4.0], (8, 4)).astype("float32")
    with rasterio.open(
        tmp_path / "people.tif", "w", driver="GTiff", width=8, height=8, count=1,
        dtype="float32", crs="EPSG:27700", transform=rasterio.Affine(50, 0, 4e5, 0, -50, 200_400),
    ) as file:  # fmt: skip
        file.write(pixels, 1)
    table = crosswalk(
        grid, tmp_path / "out.csv", "--by", "raster", "--raster", tmp_path / "people.tif"
    )
    assert weight(table, "0201", "W1") == pytest.approx(0.2)


def test_best_fit_gives_each_source_whole_to_one_target(grid: Path, tmp_path: Path) -> None:
    table = crosswalk(grid, tmp_path / "out.csv", "--by", "best-fit")
    assert len(table) == 16
    assert (table["weight"] == 1).all()
    # Column 2 lies half in each ward: the tie goes to the smaller code.
    assert weight(table, "0203", "W1") == 1


def test_best_fit_may_follow_one_given_point_a_source(grid: Path, tmp_path: Path) -> None:
    rows = ["lsoa,x,y"]
    for code in CODES:
        west, south, _, _ = DRAWN["square"](code).bounds
        rows.append(f"{code},{west + 75},{south + 50}")
    (tmp_path / "centroids.csv").write_text("\n".join(rows) + "\n")
    table = crosswalk(
        grid, tmp_path / "out.csv",
        "--by", "best-fit", "--points", tmp_path / "centroids.csv", "--points-code", "lsoa",
    )  # fmt: skip
    assert weight(table, "0203", "W2") == 1


@pytest.mark.slow
def test_a_local_cluster_gives_the_same_table(grid: Path, tmp_path: Path) -> None:
    here = crosswalk(grid, tmp_path / "here.csv")
    there = crosswalk(grid, tmp_path / "there.csv", "--dask", "local")
    pd.testing.assert_frame_equal(here, there)


def test_what_a_crosswalk_leaves_over_is_printed(grid: Path, tmp_path: Path) -> None:
    done = call(
        "crosswalk", grid / "sq.gpkg", grid / "dist.gpkg",
        "--source-code", "sq", "--target-code", "dist", "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert "4 sources are in part uncovered, most of all 0104 100.00%" in done.stdout


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--by", "magic"], "magic"),
        (["--by", "points"], "--points"),
        (["--by", "raster"], "--raster"),
        (["--by", "area", "--raster", "x.tif"], "--raster"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    grid: Path, tmp_path: Path, options: list[str], shown: str
) -> None:
    done = call(
        "crosswalk", grid / "sq.gpkg", grid / "wd.gpkg",
        "--source-code", "sq", "--target-code", "wd", "--out", tmp_path / "out.csv", *options,
    )  # fmt: skip
    assert done.exit_code == 1
    assert shown in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_faults_of_both_layers_come_together(grid: Path, tmp_path: Path) -> None:
    done = call(
        "crosswalk", grid / "nowhere.gpkg", grid / "wd.gpkg",
        "--source-code", "sq", "--target-code", "WD25CD", "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.exit_code == 1
    assert "nowhere.gpkg" in done.stderr
    assert "WD25CD" in done.stderr
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------- convert


@pytest.fixture
def values(tmp_path: Path) -> Path:
    rows = ["code,people,rate"]
    rows += [f"{code},{PEOPLE[code]},{int(code[:2])}" for code in CODES]
    (tmp_path / "values.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "values.csv"


def test_convert_carries_counts_and_rates(grid: Path, values: Path, tmp_path: Path) -> None:
    crosswalk(grid, tmp_path / "walk.csv")
    done = call(
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--rate", "rate:people", "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(tmp_path / "out.csv").set_index("wd")
    one = sum(PEOPLE[code] for code in CODES[:4])
    half = sum(PEOPLE[code] for code in CODES[4:8]) / 2
    assert table.loc["W1", "people"] == pytest.approx(one + half)
    assert table.loc["W1", "rate"] == pytest.approx((one * 1 + half * 2) / (one + half))
    assert table["people"].sum() == pytest.approx(sum(PEOPLE.values()))
    books = json.loads((tmp_path / "out.json").read_text())
    assert books["people"]["total_in"] == books["people"]["total_out"] == sum(PEOPLE.values())
    assert "people: 1,408 went in, 1,408 came out" in done.stdout


def test_an_amount_without_a_target_is_reported_or_refused(
    grid: Path, values: Path, tmp_path: Path
) -> None:
    crosswalk(grid, tmp_path / "walk.csv", target="dist")
    ask = [
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--out", tmp_path / "out.csv",
    ]  # fmt: skip
    refused = call(*ask, "--uncovered", "raise")
    assert refused.exit_code == 1
    assert "uncovered='report'" in refused.stderr
    assert not (tmp_path / "out.csv").exists()
    reported = call(*ask)
    assert reported.exit_code == 0, reported.stderr
    assert "412 lie outside (4 sources)" in reported.stdout


def test_overlapping_targets_need_a_choice(grid: Path, values: Path, tmp_path: Path) -> None:
    crosswalk(grid, tmp_path / "walk.csv", target="lep")
    ask = [
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--out", tmp_path / "out.csv",
    ]  # fmt: skip
    assert call(*ask).exit_code == 1
    assert call(*ask, "--overlap", "share-out").exit_code == 0
    assert pd.read_csv(tmp_path / "out.csv")["people"].sum() == pytest.approx(1408)
    assert call(*ask, "--overlap", "count-in-each").exit_code == 0
    assert pd.read_csv(tmp_path / "out.csv")["people"].sum() == pytest.approx(1760)


def test_a_missing_value_stays_missing(grid: Path, values: Path, tmp_path: Path) -> None:
    crosswalk(grid, tmp_path / "walk.csv")
    values.write_text(values.read_text().replace("0401,133,", "0401,,"))
    done = call(
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    people = pd.read_csv(tmp_path / "out.csv").set_index("wd")["people"]
    assert people.isna().to_dict() == {"W1": False, "W2": True}
    assert "1 source without a value" in done.stdout


def test_rows_of_other_areas_are_refused_or_counted(
    grid: Path, values: Path, tmp_path: Path
) -> None:
    crosswalk(grid, tmp_path / "walk.csv")
    with values.open("a") as file:
        file.write("9901,5,1\n")
    ask = [
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--out", tmp_path / "out.csv",
    ]  # fmt: skip
    refused = call(*ask, "--unknown", "raise")
    assert refused.exit_code == 1
    assert "9901" in refused.stderr
    counted = call(*ask)
    assert counted.exit_code == 0, counted.stderr
    assert "1 rows of" in counted.stdout


def test_rows_of_other_areas_are_refused_where_sources_lack_a_row_too(
    grid: Path, values: Path, tmp_path: Path
) -> None:
    """Then the codes are likely of another vintage, and leaving rows out would lose people."""
    crosswalk(grid, tmp_path / "walk.csv")
    lines = values.read_text().splitlines()
    values.write_text("\n".join([*lines[:-1], "9901,5,1"]) + "\n")
    refused = call(
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--count", "people", "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert refused.exit_code == 1
    assert "9901" in refused.stderr


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], "--count or --rate"),
        (["--rate", "rate"], "RATE:DENOMINATOR"),
        (["--count", "persons"], "persons"),
        (["--count", "people", "--overlap", "perhaps"], "perhaps"),
        (["--count", "people", "--unknown", "perhaps"], "perhaps"),
    ],
)
def test_a_conversion_that_cannot_be_understood_is_refused(
    grid: Path, values: Path, tmp_path: Path, options: list[str], shown: str
) -> None:
    crosswalk(grid, tmp_path / "walk.csv")
    done = call(
        "convert", tmp_path / "walk.csv", values, "--code", "code",
        "--out", tmp_path / "out.csv", *options,
    )  # fmt: skip
    assert done.exit_code == 1
    assert shown in done.stderr
    assert not (tmp_path / "out.csv").exists()


# -------------------------------------------------------------------------------------- fit


def test_fit_says_both_ways_and_lists_what_a_border_cuts(grid: Path, tmp_path: Path) -> None:
    done = call(
        "fit", grid / "sq.gpkg", grid / "wd.gpkg",
        "--source-code", "sq", "--target-code", "wd", "--out", tmp_path / "fit.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    # Column 2 of four is cut in half: 7 of 8 parts are in the best ward.
    said = "sq does not fit into wd: 87.5% of its land is in the best-matching area; 0.0 km2 of 0.2"
    assert said in done.stdout
    assert "4 of 16 areas of sq are cut by a border of wd" in done.stdout
    assert len(pd.read_csv(tmp_path / "fit.csv")) == 18
    assert len(pd.read_csv(tmp_path / "fit-crossing.csv")) == 8


def test_fit_of_a_place_compares_every_two_levels(grid: Path, tmp_path: Path) -> None:
    done = call("fit", grid, "--out", tmp_path / "fit.csv")
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(tmp_path / "fit.csv")
    assert len(table) == 6
    # A sentence for each of the three pairs, and one for the file.
    assert len(done.stdout.strip().splitlines()) == 4


# ------------------------------------------------------------------------- check and repair


def bow_tie(path: Path) -> Path:
    """Two squares that overlap by a strip, one of them twisted."""
    shapes = [
        Polygon([(0, 0), (100, 100), (100, 0), (0, 100)]),
        box(200, 0, 300, 100),
        box(299.5, 0, 400, 100),
    ]
    moved = [Polygon([(x + 4e5, y + 2e5) for x, y in s.exterior.coords]) for s in shapes]
    frame = gpd.GeoDataFrame({"code": ["01", "02", "03"]}, geometry=moved, crs="EPSG:27700")
    frame.to_file(path)
    return path


def test_check_finds_nothing_in_a_sound_layer(grid: Path) -> None:
    done = call("check", grid / "wd.gpkg", "--code", "wd")
    assert done.exit_code == 0, done.stderr
    assert "nothing found" in done.stdout


def test_check_names_kinds_codes_and_square_metres(tmp_path: Path) -> None:
    done = call(
        "check", bow_tie(tmp_path / "bad.gpkg"), "--code", "code", "--out", tmp_path / "found.csv"
    )
    assert done.exit_code == 2
    table = pd.read_csv(tmp_path / "found.csv", dtype={"code": str, "other_code": str})
    assert set(table["kind"]) == {"invalid rings", "sliver"}
    sliver = table[table["kind"] == "sliver"].iloc[0]
    assert (sliver["code"], sliver["other_code"]) == ("02", "03")
    assert sliver["area_m2"] == pytest.approx(50)
    assert "01" in done.stdout


def test_check_compares_codes_with_a_list(grid: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code\nW1\nW9\n")
    done = call("check", grid / "wd.gpkg", "--code", "wd", "--expected", tmp_path / "codes.csv")
    assert done.exit_code == 2
    assert "W9" in done.stdout
    assert "W2" in done.stdout


def test_repair_mends_says_so_and_looks_again(tmp_path: Path) -> None:
    done = call(
        "repair", bow_tie(tmp_path / "bad.gpkg"), "--code", "code",
        "--out", tmp_path / "good.gpkg", "--cut-overlaps", "--changes", tmp_path / "changes.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "Changed:" in done.stdout
    assert "Afterwards: 3 areas, nothing found." in done.stdout
    mended = gpd.read_file(tmp_path / "good.gpkg")
    assert mended.is_valid.all()
    again = call("check", tmp_path / "good.gpkg", "--code", mended.columns[0])
    assert again.exit_code == 0, again.stdout
    assert len(pd.read_csv(tmp_path / "changes.csv")) >= 2


def test_repair_moves_no_land_unless_asked(tmp_path: Path) -> None:
    done = call(
        "repair", bow_tie(tmp_path / "bad.gpkg"), "--code", "code", "--out", tmp_path / "good.gpkg"
    )
    assert done.exit_code == 0, done.stderr
    assert "sliver: 1" in done.stdout


def test_a_layer_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = call("check", tmp_path / "nowhere.gpkg", "--code", "code")
    assert done.exit_code == 1
    assert "nowhere.gpkg" in done.stderr
    assert "Traceback" not in done.stderr

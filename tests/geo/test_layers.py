"""Layers: what every format gives back, what is mended with a note, what is refused, together."""

from __future__ import annotations

import os
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo import layers
from geo.errors import NotPolygons, NotProjected, SeveralFaults
from geo.faults import (
    ConflictingCRS,
    DuplicateCodes,
    EmptyCodes,
    EmptyLayer,
    MissingColumn,
    MissingCRS,
    MissingGeometry,
    NoGeometry,
    RepeatedColumn,
    SwappedAxes,
    UnknownCRS,
    UnknownFormat,
    UnwritableFile,
    WrongCRS,
)

FORMATS = ("gpkg", "geojson", "parquet", "fgb")
X, Y = 358000.0, 172000.0


def kinds(frame: gpd.GeoDataFrame) -> list[str]:
    return [note["kind"] for note in layers.notes(frame)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_written_is_read_back_the_same(tmp_path, squares, suffix):
    frame = squares("01001", "E02", "Ünï")
    frame["name"], frame["people"] = ["Nord", "O'Süd \u202e", "<b>"], [1, 2, 3]
    layer = layers.validate(frame, code="code", id="sa")
    path = layers.write(layer, tmp_path / f"sa.{suffix}")
    again = layers.read(path, code="sa")
    assert again.index.tolist() == ["01001", "E02", "Ünï"]
    assert again.index.name == "sa"
    assert again["name"].tolist() == ["Nord", "O'Süd \u202e", "<b>"]
    assert again["people"].tolist() == [1, 2, 3]
    assert again.crs == "EPSG:27700"
    np.testing.assert_allclose(again.area, 10_000, rtol=1e-4)


@pytest.mark.parametrize("suffix", FORMATS)
def test_equal_layers_are_equal_files(tmp_path, squares, suffix):
    layer = layers.validate(squares("a", "b"), code="code", id="sa")
    one = layers.write(layer, tmp_path / f"one.{suffix}").read_bytes()
    (tmp_path / "later").mkdir()
    two = layers.write(layer, tmp_path / "later" / f"one.{suffix}").read_bytes()
    assert one == two
    assert sorted(p.name for p in tmp_path.iterdir()) == ["later", f"one.{suffix}"]


def test_shapefiles_are_read_plain_and_zipped(tmp_path, squares, zipped):
    squares("01001", "01002").to_file(tmp_path / "wards.shp")
    plain = layers.read(tmp_path / "wards.shp", code="code")
    packed = layers.read(zipped(tmp_path / "wards.shp"), code="code")
    assert plain.index.tolist() == packed.index.tolist() == ["01001", "01002"]
    assert plain.index.name == packed.index.name == "wards"


def test_longitudes_and_latitudes_are_brought_to_the_national_grid(squares):
    layer = layers.validate(squares("a", crs="EPSG:4326"), code="code")
    np.testing.assert_allclose(layer.total_bounds, [X, Y, X + 100, Y + 100], atol=0.01)


def test_projecting_never_fetches_grids_even_where_the_machine_allows_it():
    ask = "import geo.layers, pyproj.network; print(pyproj.network.is_network_enabled())"
    told = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, "PROJ_NETWORK": "ON"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"


def test_another_projected_system_may_be_asked_for(squares):
    layer = layers.validate(squares("a"), code="code", to_crs="EPSG:32630")
    assert layer.crs == "EPSG:32630"


def test_a_layer_passes_its_own_validation_unchanged(squares):
    first = layers.validate(squares("a", "b"), code="code", id="sa")
    again = layers.validate(first, code="sa")
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again))


def test_the_frame_given_is_left_as_it_was(squares):
    frame = squares(" a ", "b")
    before = frame.copy()
    layers.validate(frame, code="code")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))


def test_attributes_are_kept_and_clashing_names_are_moved_aside(squares):
    frame = squares("a").assign(label="Ash", name="other", sa="kept", score=1.5)
    layer = layers.validate(frame, code="code", name="label", id="sa")
    assert layer["name"].tolist() == ["Ash"]
    assert layer["name_in_file"].tolist() == ["other"]
    assert layer["sa_in_file"].tolist() == ["kept"]
    assert layer["score"].tolist() == [1.5]
    assert kinds(layer) == ["column renamed", "column renamed"]


def test_areas_without_a_name_are_called_by_their_code(squares):
    frame = squares("a", "b").assign(label=["Ash", None])
    layer = layers.validate(frame, code="code", name="label")
    assert layer["name"].tolist() == ["Ash", "b"]
    assert kinds(layer) == ["names missing"]
    assert layers.validate(squares("c"), code="code")["name"].tolist() == ["c"]


def test_further_columns_of_shapes_are_dropped_with_a_note(squares):
    frame = squares("a")
    frame["centre"] = frame.centroid
    layer = layers.validate(frame, code="code")
    assert "centre" not in layer
    assert kinds(layer) == ["column dropped"]


def test_all_faults_of_a_layer_come_together(squares):
    frame = squares("a", "a", None, crs="EPSG:4326")
    frame.loc[0, "geometry"] = shapely.Point(-2.6, 51.4)
    frame = frame.set_crs(None, allow_override=True)
    with pytest.raises(SeveralFaults) as caught:
        layers.validate(frame, code="code", name="nom", where="wards.gpkg")
    found = {type(fault) for fault in caught.value.faults}
    assert found == {MissingCRS, EmptyCodes, DuplicateCodes, MissingColumn, NotPolygons}
    assert all(fault.where == "wards.gpkg" for fault in caught.value.faults)


def test_a_wrong_column_is_answered_with_the_nearest_one(squares):
    with pytest.raises(MissingColumn, match="nearest: WD25CD") as caught:
        layers.validate(squares("a", column="WD25CD"), code="wd25cd")
    assert caught.value.nearest == ("WD25CD",)


def test_a_missing_system_can_be_declared_but_not_contradicted(tmp_path, squares):
    frame = squares("a")
    frame.set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    with pytest.raises(MissingCRS):
        layers.read(tmp_path / "bare.parquet", code="code")
    declared = layers.read(tmp_path / "bare.parquet", code="code", crs=27700)
    assert declared.area.iloc[0] == pytest.approx(10_000)
    frame.to_parquet(tmp_path / "stated.parquet")
    assert len(layers.read(tmp_path / "stated.parquet", code="code", crs="EPSG:27700")) == 1
    with pytest.raises(ConflictingCRS, match=r"27700.*4326"):
        layers.read(tmp_path / "stated.parquet", code="code", crs="EPSG:4326")


def test_geojson_on_the_national_grid_without_saying_so_needs_a_declaration(tmp_path, squares):
    bare = squares("a").set_crs(None, allow_override=True)
    (tmp_path / "a.geojson").write_text(bare.to_json())
    with pytest.raises(WrongCRS, match="they would fit EPSG:27700"):
        layers.read(tmp_path / "a.geojson", code="code")
    declared = layers.read(tmp_path / "a.geojson", code="code", crs="EPSG:27700")
    assert declared.area.iloc[0] == pytest.approx(10_000)


def test_exchanged_latitude_and_longitude_are_recognised(squares):
    frame = squares("a", "b", crs="EPSG:4326")
    frame["geometry"] = shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1])
    with pytest.raises(SwappedAxes) as caught:
        layers.validate(frame, code="code")
    assert caught.value.found == ("a", "b")


def test_degrees_that_claim_to_be_metres_are_recognised(squares):
    frame = squares("a", crs="EPSG:4326").set_crs("EPSG:27700", allow_override=True)
    with pytest.raises(WrongCRS, match="look like degrees"):
        layers.validate(frame, code="code")


def test_a_layer_on_the_wrong_side_of_the_world_is_refused(squares):
    frame = squares("a", crs="EPSG:4326")
    frame["geometry"] = frame.translate(xoff=100)
    with pytest.raises(WrongCRS, match="EPSG:4326, for example x 97"):
        layers.validate(frame, code="code")


@pytest.mark.parametrize(
    ("to_crs", "error"), [("EPSG:4326", NotProjected), (2263, NotProjected), ("x", UnknownCRS)]
)
def test_areas_are_measured_in_a_projected_system_in_metres_only(squares, to_crs, error):
    with pytest.raises(error):
        layers.validate(squares("a"), code="code", to_crs=to_crs)


def test_a_table_without_shapes_an_empty_layer_and_a_repeated_column_are_refused(squares):
    with pytest.raises(NoGeometry):
        layers.validate(pd.DataFrame({"code": ["a"]}), code="code")
    with pytest.raises(EmptyLayer):
        layers.validate(squares("a").iloc[:0], code="code")
    twice = squares("a").assign(other=1).rename(columns={"other": "code"})
    with pytest.raises(RepeatedColumn):
        layers.validate(twice, code="code")


def test_writing_needs_a_known_ending_a_folder_and_the_layers_id(tmp_path, squares):
    layer = layers.validate(squares("a"), code="code", id="sa")
    with pytest.raises(UnknownFormat):
        layers.write(layer, tmp_path / "a.shp")
    with pytest.raises(UnwritableFile):
        layers.write(layer, tmp_path / "absent" / "a.gpkg")
    with pytest.raises(UnwritableFile, match="id"):
        layers.write(layer.rename_axis(None), tmp_path / "a.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_earlier_file_alone(tmp_path, squares):
    layer = layers.validate(squares("a"), code="code", id="sa")
    path = layers.write(layer, tmp_path / "a.parquet")
    before = path.read_bytes()
    layer["odd"] = [object()]
    with pytest.raises(UnwritableFile):
        layers.write(layer, path)
    assert path.read_bytes() == before


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "code", "areas", "repaired"),
    [
        ("england/lsoa21_bgc.parquet", "LSOA21CD", 33_755, 7),
        ("england/wd25_bgc.parquet", "WD25CD", 6_826, 0),
        ("england/lep20_as_published.geojson", "lep20cd", 38, 21),
        ("england/pcn20.shp", "PCN_Code", 1_278, 11),
        ("england/sicbl22_bsc.geojson", "SICBL22CD", 106, 0),
        ("england/ccg21_simplified.gpkg", "ccg21_code", 106, 0),
    ],
)
def test_published_layers_are_read_whole_and_repairs_are_named(
    realdata, file, code, areas, repaired
):
    layer = layers.read(realdata / file, code=code)
    assert len(layer) == areas
    assert layer.is_valid.all()
    assert kinds(layer).count("repaired") == repaired


@pytest.mark.realdata
def test_shells_within_shells_become_the_holes_that_neighbours_fill(realdata):
    """As published, five LSOAs hold a hole as a second shell; read rightly, nothing overlaps."""
    layer = layers.read(realdata / "england" / "lsoa21_bgc.parquet", code="LSOA21CD")
    repaired = [n["code"] for n in layers.notes(layer) if n["kind"] == "repaired"]
    shapes = np.asarray(layer.geometry.array)
    tree = shapely.STRtree(shapes)
    for position in layer.index.get_indexer(repaired):
        near = tree.query(shapes[position], predicate="intersects")
        others = shapes[near[near != position]]
        assert shapely.area(shapely.intersection(shapes[position], others)).sum() < 1e-3


def bow_tie(x: float, y: float) -> shapely.Polygon:
    return shapely.Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])


@pytest.mark.parametrize("system", ["EPSG:27700", "EPSG:4326"])
def test_only_what_lies_around_a_box_is_read(tmp_path, system):
    """Areas that meet it, their neighbours for the repair, and whatever has no shape at all."""
    shapes = [shapely.box(X + 100 * k, Y, X + 100 * k + 100, Y + 100) for k in range(12)]
    shapes[0], shapes[11] = bow_tie(X, Y), bow_tie(X + 1100, Y)
    frame = gpd.GeoDataFrame({"code": list("abcdefghijkl")}, geometry=shapes, crs=27700)
    path = tmp_path / "sa.parquet"
    frame.to_crs(system).to_parquet(path)
    near = layers.read(path, code="code", bbox=(X + 110, Y + 10, X + 190, Y + 90))
    assert near.index.tolist() == ["a", "b", "c"]
    assert kinds(near) == ["repaired"]
    assert [note["code"] for note in layers.notes(near)] == ["a"]
    whole = layers.read(path, code="code")
    assert near.equals(whole.loc[["a", "b", "c"]])
    assert sorted(kinds(whole)) == ["repaired", "repaired"]
    with pytest.raises(EmptyLayer):
        layers.read(path, code="code", bbox=(X, Y + 5000, X + 10, Y + 5010))
    pd.DataFrame({"code": ["a"]}).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(NoGeometry):
        layers.read(tmp_path / "table.parquet", code="code", crs=system, bbox=(X, Y, X, Y))


def test_an_area_without_a_shape_is_a_fault_wherever_one_looks(tmp_path):
    frame = gpd.GeoDataFrame(
        {"code": ["a", "b"]}, geometry=[shapely.box(X, Y, X + 100, Y + 100), None], crs=27700
    )
    frame.to_parquet(tmp_path / "sa.parquet")
    with pytest.raises(MissingGeometry):
        layers.read(tmp_path / "sa.parquet", code="code", bbox=(X, Y, X + 100, Y + 100))

"""Malformed and hostile layers: each a clear error or a named repair, never a crash or a loss."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geo import errors, faults, files, layers, wkb

X, Y = 358000.0, 172000.0
SQUARE = shapely.box(X, Y, X + 100, Y + 100)
FAR = shapely.box(X + 900, Y, X + 1000, Y + 100)


def layer_of(*shapes: object, codes: list[object] | None = None) -> gpd.GeoDataFrame:
    named = codes or [f"c{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"code": named}, geometry=list(shapes), crs="EPSG:27700")


def saved(folder: Path, frame: gpd.GeoDataFrame, suffix: str = "parquet") -> Path:
    path = folder / f"layer.{suffix}"
    frame.to_parquet(path) if suffix == "parquet" else frame.to_file(path, engine="pyogrio")
    return path


def cut(path: Path, share: float) -> Path:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def geojson(folder: Path, *geometries: object, **members: object) -> Path:
    features = [
        {"type": "Feature", "properties": {"code": f"c{i}"}, "geometry": geometry}
        for i, geometry in enumerate(geometries)
    ]
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


def archive(folder: Path, **members: bytes) -> Path:
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def shapefile(folder: Path, *without: str) -> Path:
    path = saved(folder, layer_of(SQUARE, FAR), "shp")
    for suffix in without:
        path.with_suffix(suffix).unlink()
    return path


def truncated_zip(folder: Path) -> Path:
    shapefile(folder)
    parts = {p.name: p.read_bytes() for p in folder.glob("layer.*")}
    return cut(archive(folder, **parts), 0.6)


def zip_with_a_spoilt_byte(folder: Path) -> Path:
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("layer.geojson", "{" + " " * 1000)
    spoilt = bytearray(path.read_bytes())
    spoilt[500] ^= 0xFF
    path.write_bytes(spoilt)
    return path


def two_layers(folder: Path) -> Path:
    path = folder / "layer.gpkg"
    layer_of(SQUARE).to_file(path, layer="wards", engine="pyogrio")
    layer_of(SQUARE).to_file(path, layer="units", engine="pyogrio")
    return path


def gpkg_that_is_only_a_database(folder: Path) -> Path:
    path = folder / "layer.gpkg"
    with sqlite3.connect(path) as database:
        database.execute("create table t (code text)")
    database.close()
    return path


def nested_bomb(folder: Path) -> Path:
    """Collections within collections, so deep that opening them would end the process."""
    head = struct.pack("<BII", 1, 7, 1)
    shape = head * 200_000 + shapely.to_wkb(SQUARE)
    path = saved(folder, layer_of(SQUARE))
    schema = pq.read_schema(path)
    table = pa.table({"code": ["a"], "geometry": pa.array([shape], pa.binary())})
    pq.write_table(table.replace_schema_metadata(schema.metadata), path)
    return path


def wkb_that_ends_early(folder: Path) -> Path:
    path = saved(folder, layer_of(SQUARE))
    schema = pq.read_schema(path)
    table = pa.table({"code": ["a"], "geometry": pa.array([shapely.to_wkb(SQUARE)[:40]])})
    pq.write_table(table.replace_schema_metadata(schema.metadata), path)
    return path


def table_of_another_file(folder: Path) -> Path:
    path = shapefile(folder)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[4:8] = (5).to_bytes(4, "little")
    path.with_suffix(".dbf").write_bytes(bytes(table) + b" " * 4096)
    return path


def written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def with_a(bad: float) -> shapely.Polygon:
    def spoil(xy: np.ndarray) -> np.ndarray:
        xy[1, 0] = bad
        return xy

    return shapely.transform(SQUARE, spoil)


def polygon_json(*points: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [list(points)]}


SPIKE = [(-2.6, 51.4), (-2.6, 51.5), (-2.5, 51.5), (-2.5, 51.4)]

REFUSED = {
    "no such file": (lambda f: f / "absent.gpkg", faults.MissingFile),
    "an address": (lambda f: "https://example.invalid/layer.gpkg", faults.MissingFile),
    "a driver's own prefix": (lambda f: "/vsicurl/layer.gpkg", faults.MissingFile),
    "a folder": (lambda f: f, faults.UnknownFormat),
    "an unknown ending": (lambda f: written(f, "layer.txt", b"{}"), faults.UnknownFormat),
    "an empty file": (lambda f: written(f, "layer.gpkg", b""), faults.UnreadableFile),
    "another kind of file under this name": (
        lambda f: written(f, "layer.geojson", b"<OGRVRTDataSource></OGRVRTDataSource>"),
        faults.UnreadableFile,
    ),
    "truncated zip": (truncated_zip, faults.UnreadableFile),
    "zip with a spoilt byte": (zip_with_a_spoilt_byte, faults.UnreadableFile),
    "zip with names that climb out": (
        lambda f: archive(f, **{"../layer.shp": b"x"}),
        faults.UnsafeArchive,
    ),
    "zip with an absolute name": (
        lambda f: archive(f, **{"/etc/layer.shp": b"x"}),
        faults.UnsafeArchive,
    ),
    "zip with a drive's name": (
        lambda f: archive(f, **{"C:\\layer.shp": b"x"}),
        faults.UnsafeArchive,
    ),
    "zip with one name twice": (
        lambda f: archive(f, **{"a/layer.shp": b"x", "b/layer.shp": b"y"}),
        faults.UnsafeArchive,
    ),
    "zip without a layer": (lambda f: archive(f, readme=b"x"), faults.UnknownFormat),
    "zip with two layers": (
        lambda f: archive(f, **{"a.gpkg": b"x", "b.gpkg": b"y"}),
        faults.SeveralLayers,
    ),
    "Shapefile without .prj": (lambda f: shapefile(f, ".prj"), faults.MissingCRS),
    "Shapefile without .shx": (lambda f: shapefile(f, ".shx"), faults.UnreadableFile),
    "Shapefile without .dbf": (lambda f: shapefile(f, ".dbf"), faults.UnreadableFile),
    "Shapefile cut short": (lambda f: cut(shapefile(f), 0.7), faults.UnreadableFile),
    "Shapefile with another table": (table_of_another_file, faults.UnreadableFile),
    "GeoPackage cut short": (
        lambda f: cut(saved(f, layer_of(SQUARE), "gpkg"), 0.9),
        faults.UnreadableFile,
    ),
    "GeoPackage that is only a database": (gpkg_that_is_only_a_database, errors.CommonGroundError),
    "GeoPackage with two layers": (two_layers, faults.SeveralLayers),
    "FlatGeobuf cut short": (
        lambda f: cut(saved(f, layer_of(SQUARE), "fgb"), 0.9),
        faults.UnreadableFile,
    ),
    "GeoParquet cut short": (lambda f: cut(saved(f, layer_of(SQUARE)), 0.9), faults.UnreadableFile),
    "Parquet without shapes": (
        lambda f: pd.DataFrame({"code": ["a"]}).to_parquet(f / "l.parquet") or f / "l.parquet",
        faults.NoGeometry,
    ),
    "binary shape that ends early": (wkb_that_ends_early, faults.UnreadableFile),
    "collections nested 200,000 deep": (nested_bomb, faults.UnreadableFile),
    "GeoJSON cut short": (
        lambda f: cut(geojson(f, polygon_json(*SPIKE, SPIKE[0])), 0.8),
        faults.UnreadableFile,
    ),
    "GeoJSON nested 5,000 deep": (
        lambda f: written(
            f,
            "layer.geojson",
            b'{"type":"GeometryCollection","geometries":[' * 5000 + b"]}" * 5000,
        ),
        faults.UnreadableFile,
    ),
    "no areas at all": (geojson, errors.CommonGroundError),
    "an area without a shape": (
        lambda f: saved(f, layer_of(SQUARE, None)),
        faults.MissingGeometry,
    ),
    "an empty shape": (
        lambda f: saved(f, layer_of(SQUARE, shapely.Polygon())),
        faults.MissingGeometry,
    ),
    "an empty collection": (
        lambda f: saved(f, layer_of(SQUARE, shapely.GeometryCollection())),
        faults.MissingGeometry,
    ),
    "points among polygons": (
        lambda f: saved(f, layer_of(SQUARE, shapely.Point(X, Y))),
        errors.NotPolygons,
    ),
    "a collection of lines": (
        lambda f: saved(
            f, layer_of(shapely.GeometryCollection([shapely.LineString([(X, Y), (X + 1, Y)])]))
        ),
        errors.NotPolygons,
    ),
    "a coordinate that is not a number": (
        lambda f: saved(f, layer_of(SQUARE, with_a(np.nan))),
        faults.NonFiniteCoordinates,
    ),
    "an infinite coordinate": (
        lambda f: saved(f, layer_of(with_a(-np.inf))),
        faults.NonFiniteCoordinates,
    ),
    "coordinates beyond all reason": (
        lambda f: saved(f, layer_of(shapely.box(1e300, 1e300, 1.1e300, 1.1e300))),
        faults.WrongCRS,
    ),
    "an area without surface": (
        lambda f: saved(f, layer_of(SQUARE, shapely.Polygon([(X, Y), (X + 9, Y), (X, Y)]))),
        faults.NoSurface,
    ),
    "a sliver that repairs to nothing": (
        lambda f: saved(
            f, layer_of(shapely.Polygon([(X, Y), (X + 50, Y), (X + 100, Y), (X + 50, Y)]))
        ),
        faults.NoSurface,
    ),
    "ids that occur twice": (
        lambda f: saved(f, layer_of(SQUARE, FAR, codes=["a", "a"])),
        faults.DuplicateCodes,
    ),
    "half the layer in another system": (
        lambda f: saved(f, layer_of(SQUARE, shapely.box(-2.6, 51.4, -2.5, 51.5))),
        faults.WrongCRS,
    ),
    "codes of fractions": (
        lambda f: saved(f, layer_of(SQUARE, codes=[1.5])),
        faults.NotCodes,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_layer_that_cannot_be_used_is_refused_by_name(tmp_path, case):
    make, error = REFUSED[case]
    path = make(tmp_path)
    with pytest.raises(error) as caught:
        layers.read(path, code="code")
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1_000


def bow_tie(folder: Path) -> Path:
    tie = shapely.Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])
    return saved(folder, layer_of(tie))


def folded(folder: Path) -> Path:
    """A star drawn in one stroke: its middle is covered twice, and is land."""
    turn = np.pi / 2 + np.arange(5) * 4 * np.pi / 5
    points = np.column_stack([X + 100 * np.cos(turn), Y + 100 * np.sin(turn)])
    return saved(folder, layer_of(shapely.Polygon(points)))


STAR_M2 = 1e4 * 10 * np.tan(np.pi / 10) / (3 - np.tan(np.pi / 10) ** 2)


def shell_in_a_shell(folder: Path) -> Path:
    inner = shapely.box(X + 20, Y + 20, X + 40, Y + 40)
    return saved(folder, layer_of(shapely.MultiPolygon([SQUARE, inner])))


def shell_for_a_hole(folder: Path) -> Path:
    inner = shapely.box(X + 20, Y + 20, X + 40, Y + 40)
    return saved(folder, layer_of(shapely.MultiPolygon([SQUARE, inner]), inner))


def nested_collection(folder: Path) -> Path:
    shape = shapely.GeometryCollection([SQUARE, shapely.Point(X, Y)])
    for _ in range(20):
        shape = shapely.GeometryCollection([shape, shapely.LineString([(X, Y), (X + 5, Y)])])
    return saved(folder, layer_of(shape))


def open_ring(folder: Path) -> Path:
    return geojson(folder, polygon_json(*SPIKE))


def raised(folder: Path) -> Path:
    return saved(folder, layer_of(shapely.force_3d(SQUARE, np.inf)), "gpkg")


def sliver_beside(folder: Path) -> Path:
    flat = shapely.Polygon([(X + 200, Y), (X + 300, Y), (X + 200, Y)])
    return saved(folder, layer_of(shapely.MultiPolygon([SQUARE, flat])))


def other_system(folder: Path) -> Path:
    return saved(folder, layer_of(SQUARE).to_crs("EPSG:3857"))


def date_like_codes(folder: Path) -> Path:
    path = geojson(folder, polygon_json(*SPIKE, SPIKE[0]))
    path.write_text(path.read_text().replace('"c0"', '"2025/01/01"'))
    return path


MENDED = {
    "bow tie": (bow_tie, "repaired", 5_000),
    "a shape that folds over itself": (folded, "repaired", STAR_M2),
    "shell within a shell": (shell_in_a_shell, "repaired", 10_000),
    "shell where a neighbour says hole": (shell_for_a_hole, "repaired", 9_600),
    "collection nested in collections": (nested_collection, "collection", 10_000),
    "ring that is not closed": (open_ring, "ring closed", None),
    "heights without end": (raised, "height dropped", 10_000),
    "part without surface": (sliver_beside, "repaired", 10_000),
    "another projected system": (other_system, None, 10_000),
    "codes that look like dates": (date_like_codes, None, None),
}


@pytest.mark.parametrize("case", MENDED)
def test_a_layer_that_can_be_used_is_mended_and_the_mending_is_named(tmp_path, case):
    make, kind, area_m2 = MENDED[case]
    layer = layers.read(make(tmp_path), code="code")
    assert layer.is_valid.all()
    assert set(layer.geom_type) <= {"Polygon", "MultiPolygon"}
    assert not layer.has_z.any()
    if area_m2 is not None:
        assert layer.area.iloc[0] == pytest.approx(area_m2, rel=1e-3)
    told = [note for note in layers.notes(layer) if note["kind"] != "reader"]
    assert [note["kind"] for note in told] == ([] if kind is None else [kind])
    if kind in {"repaired", "collection", "ring closed"}:
        assert told[0]["code"] == "c0"
    if kind == "repaired":
        assert told[0]["area_after_m2"] == pytest.approx(layer.area.iloc[0])


def test_codes_that_look_like_dates_stay_text(tmp_path):
    assert layers.read(date_like_codes(tmp_path), code="code").index.tolist() == ["2025/01/01"]


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 10_000)
    with pytest.raises(faults.UnsafeArchive):
        layers.read(archive(tmp_path, **{"layer.geojson": b"{" + b" " * 20_000}), code="code")


def test_rows_marked_as_deleted_in_a_shapefile_are_left_out_and_told(tmp_path):
    table = shapefile(tmp_path).with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[int.from_bytes(content[8:10], "little")] = ord("*")
    table.write_bytes(content)
    layer = layers.read(tmp_path / "layer.shp", code="code")
    assert layer.index.tolist() == ["c1"]
    told = layers.notes(layer)
    assert [note["kind"] for note in told] == ["rows deleted"]
    assert told[0]["detail"].startswith("1 rows")


def test_a_chosen_layer_must_exist(tmp_path):
    path = two_layers(tmp_path)
    assert layers.read(path, code="code", layer="units").index.name == "units"
    with pytest.raises(faults.MissingLayer, match="units"):
        layers.read(path, code="code", layer="unit")
    parquet = saved(tmp_path, layer_of(SQUARE))
    with pytest.raises(faults.MissingLayer):
        layers.read(parquet, code="code", layer="other")


def test_one_of_several_layers_in_an_archive_can_be_chosen(tmp_path):
    for name in ("a", "b"):
        layer_of(SQUARE, codes=[name]).to_file(tmp_path / f"{name}.fgb", engine="pyogrio")
    members = {p.name: p.read_bytes() for p in tmp_path.glob("*.fgb")}
    members["__MACOSX/._a.fgb"] = b"x"
    path = archive(tmp_path, **members)
    assert layers.read(path, code="code", layer="b").index.tolist() == ["b"]


def test_endings_in_capitals_are_read(tmp_path):
    for part in shapefile(tmp_path).parent.glob("layer.*"):
        shutil.move(part, tmp_path / part.name.upper())
    assert len(layers.read(tmp_path / "LAYER.SHP", code="code")) == 2


@pytest.mark.parametrize(
    ("shape", "depth"),
    [
        (shapely.Point(1, 2), 1),
        (shapely.LineString([(0, 0), (1, 1), (2, 0)]), 1),
        (SQUARE, 1),
        (SQUARE.difference(SQUARE.buffer(-10)), 1),
        (shapely.MultiPolygon([SQUARE, FAR]), 2),
        (shapely.GeometryCollection([shapely.Point(0, 0), shapely.MultiPolygon([FAR])]), 3),
        (shapely.force_3d(shapely.MultiPolygon([SQUARE, FAR])), 2),
    ],
)
@pytest.mark.parametrize("flavour", ["extended", "iso"])
@pytest.mark.parametrize("byte_order", [0, 1])
def test_depth_of_binary_shapes_is_counted_without_opening_them(shape, depth, flavour, byte_order):
    binary = shapely.to_wkb(shape, flavor=flavour, byte_order=byte_order)
    assert wkb.depth(binary) == depth
    with_srid = shapely.to_wkb(shapely.set_srid(shape, 27700), include_srid=True)
    assert wkb.depth(with_srid) == depth


@pytest.mark.slow
def test_a_polygon_of_ten_million_vertices_is_read_whole(tmp_path):
    turn = np.linspace(0, 2 * np.pi, 10_000_000, endpoint=False)
    radius = 5_000 * (1 + 0.1 * np.sin(37 * turn))
    giant = shapely.polygons(
        np.column_stack([X + radius * np.cos(turn), Y + radius * np.sin(turn)])
    )
    layer = layers.read(saved(tmp_path, layer_of(giant)), code="code")
    assert shapely.get_num_coordinates(layer.geometry.iloc[0]) == 10_000_001
    # Area of r(1 + a sin) around a circle: pi r² (1 + a²/2).
    assert layer.area.iloc[0] == pytest.approx(np.pi * 5_000**2 * 1.005, rel=1e-9)

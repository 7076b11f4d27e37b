"""Shapes for the screen: borders stay shared, nothing vanishes, files are named by content."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import display, layers

X, Y = 358000.0, 172000.0


def layer(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    index = pd.Index([f"c{i}" for i in range(len(shapes))], name="sa")
    names = [f"Area {i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"name": names}, geometry=list(shapes), index=index, crs="EPSG:27700")


def wavy(steps: int = 200) -> gpd.GeoDataFrame:
    """Two areas side by side with a border that winds 3 m to either side."""
    y = np.linspace(0, 1_000, steps)
    border = np.column_stack([X + 500 + 3 * np.sin(y), Y + y])
    west = shapely.Polygon([(X, Y), *border, (X, Y + 1_000)])
    east = shapely.Polygon([*border, (X + 1_000, Y + 1_000), (X + 1_000, Y)])
    return layer(west, east)


def shapes_of(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(frame.geometry.array)


def drawn(collection: dict) -> list[shapely.Geometry]:
    return [shapely.geometry.shape(feature["geometry"]) for feature in collection["features"]]


def test_a_shared_border_is_simplified_once_and_stays_shared():
    frame = wavy()
    simpler = display.simplify(frame, tolerance_m=20)
    assert shapely.get_num_coordinates(shapes_of(simpler)).sum() < 40
    assert shapely.coverage_is_valid(shapes_of(simpler))
    assert simpler.index.equals(frame.index)
    assert simpler.crs == frame.crs
    assert simpler.union_all().area == pytest.approx(1_000 * 1_000)


def test_a_layer_that_overlaps_itself_is_simplified_area_by_area():
    frame = layer(shapely.Point(X, Y).buffer(500, 64), shapely.Point(X + 400, Y).buffer(500, 64))
    simpler = display.simplify(frame, tolerance_m=20)
    assert shapely.get_num_coordinates(shapes_of(simpler)).sum() < 60
    assert simpler.is_valid.all()
    assert max(shapely.hausdorff_distance(shapes_of(frame), shapes_of(simpler))) <= 20


def test_a_tolerance_of_nothing_changes_nothing_and_the_frame_given_is_left_alone():
    frame = wavy()
    before = shapely.to_wkb(shapes_of(frame))
    same = display.simplify(frame, tolerance_m=0)
    assert shapely.equals_exact(shapes_of(frame), shapes_of(same)).all()
    display.simplify(frame, tolerance_m=500)
    assert (shapely.to_wkb(shapes_of(frame)) == before).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 30.0, 1_000.0, 1e6]))
def test_no_area_is_ever_dropped_and_all_stay_valid(seed, tolerance_m):
    points = np.random.default_rng(seed).uniform((X, Y), (X + 2_000, Y + 2_000), (25, 2))
    cells = shapely.voronoi_polygons(shapely.multipoints(points))
    frame = layer(*shapely.get_parts(cells))
    simpler = display.simplify(frame, tolerance_m=tolerance_m)
    assert len(simpler) == len(frame)
    assert simpler.is_valid.all()
    assert not simpler.is_empty.any()
    rounded = drawn(display.geojson(simpler))
    assert shapely.is_valid(rounded).all()
    assert not shapely.is_empty(rounded).any()


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_tolerance_must_be_a_length(bad):
    with pytest.raises(display.NotATolerance):
        display.simplify(wavy(), tolerance_m=bad)


def test_geojson_is_in_degrees_with_five_decimals_in_the_order_of_the_index():
    frame = wavy().iloc[::-1]
    frame["name"] = ["</script>", '"quoted" \U0001f333 \u202eabc']
    collection = display.geojson(frame)
    told = [feature["properties"] for feature in collection["features"]]
    assert told == [
        {"i": 0, "code": "c1", "name": "</script>"},
        {"i": 1, "code": "c0", "name": '"quoted" \U0001f333 \u202eabc'},
    ]
    text = json.dumps(collection)
    assert max(len(part) for part in re.findall(r"\d\.(\d+)", text)) == 5
    back = gpd.GeoSeries(drawn(collection), crs="EPSG:4326").to_crs("EPSG:27700")
    assert shapely.hausdorff_distance(shapes_of(frame), np.asarray(back.array)).max() < 1.0
    west, south, east, north = collection["bbox"]
    assert -2.7 < west < east < -2.5
    assert 51.4 < south < north < 51.5


def test_an_area_smaller_than_a_step_of_rounding_keeps_more_decimals():
    speck = shapely.box(X, Y, X + 0.2, Y + 0.2)
    (shape,) = drawn(display.geojson(layer(speck)))
    assert shape.is_valid
    assert shape.area > 0
    tiny = shapely.box(X, Y, X + 1e-4, Y + 1e-4)
    assert drawn(display.geojson(layer(tiny)))[0].area > 0


def test_a_bow_tie_made_by_rounding_is_mended():
    waist = shapely.Polygon([(X, Y), (X + 50, Y + 49.9), (X + 100, Y), (X + 100, Y + 100),
                             (X + 50, Y + 50.1), (X, Y + 100)])  # fmt: skip
    (shape,) = drawn(display.geojson(layer(waist), decimals=4))
    assert shape.is_valid
    assert shape.area > 0


def test_a_layer_without_names_is_called_by_its_codes():
    frame = wavy().drop(columns="name")
    assert display.geojson(frame)["features"][1]["properties"]["name"] == "c1"


def test_a_layer_without_areas_is_an_empty_collection():
    assert display.geojson(wavy().iloc[:0]) == {"type": "FeatureCollection", "features": []}


def test_the_file_is_named_by_what_it_holds(tmp_path):
    frame = wavy()
    first = display.write(frame, tmp_path, "sa")
    again = display.write(frame, tmp_path, "sa")
    assert first == again
    assert re.fullmatch(r"sa-[0-9a-f]{12}\.json", first.name)
    other = display.write(frame.assign(name="other"), tmp_path, "sa")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([first.name, other.name])
    assert json.loads(first.read_text("utf-8")) == display.geojson(frame)


@pytest.mark.parametrize("name", ["", "../sa", "a/b", "a.b", "sa\n"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(display.UnsafeName):
        display.write(wavy(), tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "code", "coverage"),
    [
        ("england/ccg21_simplified.gpkg", "ccg21_code", True),
        ("england/lep20_as_published.geojson", "lep20cd", False),
    ],
)
def test_published_layers_keep_every_area(realdata, file, code, coverage):
    frame = layers.read(realdata / file, code=code)
    simpler = display.simplify(frame, tolerance_m=100)
    assert bool(shapely.coverage_is_valid(shapes_of(simpler))) == coverage
    assert simpler.is_valid.all()
    rounded = drawn(display.geojson(simpler))
    assert len(rounded) == len(frame)
    assert shapely.is_valid(rounded).all()
    assert (shapely.area(rounded) > 0).all()

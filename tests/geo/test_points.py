"""Points into areas: borders, gaps, overlaps, and the same answer as testing every pair."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo import layers, points


def areas(*shapes: shapely.Geometry, codes: str = "abcdefghij") -> gpd.GeoDataFrame:
    index = pd.Index(list(codes[: len(shapes)]), name="sa")
    return gpd.GeoDataFrame(geometry=list(shapes), index=index, crs="EPSG:27700")


SQUARES = (shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1))


def test_a_point_is_found_in_its_area_and_minus_one_is_nowhere():
    found = points.locate([(0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (0.5, -9)], areas(*SQUARES))
    assert found.tolist() == [0, 1, -1, -1]
    assert found.dtype == np.int64


def test_a_point_on_a_shared_border_goes_to_the_smallest_code():
    on_border = [(1.0, 0.5)]
    assert points.locate(on_border, areas(*SQUARES, codes="ab")).tolist() == [0]
    assert points.locate(on_border, areas(*SQUARES, codes="ba")).tolist() == [1]


def test_codes_are_compared_as_text_not_as_numbers():
    layer = areas(*SQUARES)
    layer.index = pd.Index(["9", "10"], name="sa")
    assert points.locate([(1.0, 0.5)], layer).tolist() == [1]


def test_points_on_outer_borders_and_corners_are_inside():
    assert points.locate([(0, 0), (2, 1), (0.3, 1)], areas(*SQUARES)).tolist() == [0, 1, 0]


def test_a_hole_is_outside_and_what_fills_it_is_not():
    ring = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
    assert points.locate([(4, 4), (1, 1)], areas(ring)).tolist() == [-1, 0]
    assert points.locate([(4, 4), (1, 1)], areas(ring, shapely.box(3, 3, 6, 6))).tolist() == [1, 0]


def test_areas_that_overlap_all_hold_the_point():
    layer = areas(shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1))
    point, area = points.locate_all([(1.5, 0.5), (0.5, 0.5), (9, 9)], layer)
    assert list(zip(point.tolist(), area.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]


def test_points_without_coordinates_are_nowhere():
    found = points.locate([(np.nan, 0.5), (0.5, np.inf), (0.5, 0.5)], areas(*SQUARES))
    assert found.tolist() == [-1, -1, 0]
    assert points.locate([(np.nan, np.nan)], areas(*SQUARES)).tolist() == [-1]


def test_no_points_and_no_areas_are_no_mistake():
    assert points.locate(np.empty((0, 2)), areas(*SQUARES)).tolist() == []
    assert points.locate([(1, 1)], areas()).tolist() == [-1]


@pytest.mark.parametrize("bad", [[1.0, 2.0], [(1, 2, 3)], [("a", "b")], [[1], [1, 2]]])
def test_what_is_not_two_columns_of_numbers_is_refused(bad):
    with pytest.raises(points.NotPoints):
        points.locate(bad, areas(*SQUARES))


def test_the_areas_given_are_left_unprepared():
    layer = areas(*SQUARES)
    points.locate([(0.5, 0.5)], layer)
    assert not shapely.is_prepared(np.asarray(layer.geometry.array)).any()


# Multiples of a quarter put many points exactly on borders and corners.
grid = st.integers(-8, 40).map(lambda n: n / 4)
boxes = st.tuples(grid, grid, st.integers(1, 20), st.integers(1, 20)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2] / 4, b[1] + b[3] / 4)
)


@given(
    hnp.arrays(float, st.tuples(st.integers(1, 30), st.just(2)), elements=grid),
    st.lists(boxes, min_size=1, max_size=10),
    st.sampled_from([1, 7, 5_000_000]),
)
def test_the_answer_is_that_of_testing_every_point_in_every_area(xy, shapes, block):
    layer = areas(*shapes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "BLOCK", block)
        point, area = points.locate_all(xy, layer)
    expected = [
        (p, a)
        for p, (x, y) in enumerate(xy)
        for a, shape in enumerate(shapes)
        if shape.intersects(shapely.Point(x, y))
    ]
    assert list(zip(point.tolist(), area.tolist(), strict=True)) == expected
    smallest = [min((a for q, a in expected if q == p), default=-1) for p in range(len(xy))]
    assert points.locate(xy, layer).tolist() == smallest


@given(st.integers(0, 2**32 - 1))
def test_far_from_the_origin_the_answer_is_that_of_the_spatial_join(seed):
    draw, far = np.random.default_rng(seed), np.array([400_000.0, 5_000_000.0])
    centres = draw.uniform(0, 1_000, (12, 2)) + far
    shapes = shapely.buffer(shapely.points(centres), draw.uniform(1, 300, 12))
    layer = areas(*shapes, codes="abcdefghijkl")
    xy = draw.uniform(-200, 1_200, (200, 2)) + far
    point, area = points.locate_all(xy, layer)
    joined = layer.sindex.query(shapely.points(xy), predicate="intersects", sort=True)
    np.testing.assert_array_equal(np.vstack([point, area]), joined)


@pytest.mark.realdata
def test_postcodes_agree_with_the_spatial_join_and_with_their_own_ward_codes(realdata):
    wards = layers.read(realdata / "england" / "wd25_bgc.parquet", code="WD25CD")
    codes = pd.read_parquet(realdata / "england" / "postcodes_england.parquet").iloc[::10]
    xy = codes[["Eastings", "Northings"]].to_numpy(float)
    found = points.locate(xy, wards)
    joined = wards.sindex.query(shapely.points(xy), predicate="intersects")
    assert (found >= 0).sum() == len(np.unique(joined[0]))
    assert set(zip(*joined, strict=True)) >= {(p, a) for p, a in enumerate(found) if a >= 0}
    named = wards.index.to_numpy()[found[found >= 0]]
    agreed = (named == codes["Admin_ward_code"].to_numpy()[found >= 0]).mean()
    assert agreed == pytest.approx(0.94, abs=0.005)

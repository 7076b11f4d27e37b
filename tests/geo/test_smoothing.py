"""Totals of areas spread over a smooth grid."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import geometry_mask

from geo.errors import (
    CellsTooLarge,
    NotProjected,
    OverlappingAreas,
    SeveralFaults,
    TotalsUnfit,
)
from geo.rasters import pycnophylactic


def layer(*shapes: shapely.Geometry, crs: str = "EPSG:27700") -> gpd.GeoDataFrame:
    codes = [f"{k:02d}" for k in range(len(shapes))]
    frame = gpd.GeoDataFrame(geometry=list(shapes), index=codes, crs=crs)
    return frame.rename_axis("sa")


def row(*widths: float) -> gpd.GeoDataFrame:
    """Areas side by side, 30 m high, of the widths given in metres."""
    edges = np.concatenate([[0], np.cumsum(widths)])
    return layer(*(shapely.box(a, 0, b, 30) for a, b in pairwise(edges)))


def totals_of(areas: gpd.GeoDataFrame, *values: object) -> pd.Series:
    return pd.Series(values, index=areas.index, name="residents")


def test_without_iterations_density_is_even_in_each_area() -> None:
    areas = row(20, 40)
    grid, transform = pycnophylactic(areas, totals_of(areas, 12, 48), cell_m=10, iterations=0)
    assert grid.tolist() == [[2.0, 2.0, 4.0, 4.0, 4.0, 4.0]] * 3
    assert transform == rasterio.Affine(10, 0, 0, 0, -10, 30)


def test_one_iteration_by_hand() -> None:
    # One row of four cells, two areas of two: 1 1 | 3 3. Means with neighbours and oneself:
    # 1, 5/3, 7/3, 3, which sum to 8/3 and 16/3; the totals are 2 and 6.
    areas = layer(shapely.box(0, 0, 20, 10), shapely.box(20, 0, 40, 10))
    grid, _ = pycnophylactic(areas, totals_of(areas, 2, 6), cell_m=10, iterations=1)
    expected = [1 * 2 / (8 / 3), 5 / 3 * 2 / (8 / 3), 7 / 3 * 6 / (16 / 3), 3 * 6 / (16 / 3)]
    assert grid.ravel().tolist() == pytest.approx(expected, rel=1e-12)


def test_density_rises_towards_a_denser_neighbour_and_is_smoother_than_before() -> None:
    areas = row(100, 100)
    flat, _ = pycnophylactic(areas, totals_of(areas, 100, 1000), cell_m=10, iterations=0)
    grid, _ = pycnophylactic(areas, totals_of(areas, 100, 1000), cell_m=10, iterations=50)
    assert (np.diff(grid[1]) >= 0).all()
    assert np.abs(np.diff(grid[1])).max() < np.abs(np.diff(flat[1])).max() / 2


def test_even_density_stays_even() -> None:
    areas = row(20, 40, 60)
    grid, _ = pycnophylactic(areas, totals_of(areas, 20, 40, 60), cell_m=10, iterations=30)
    assert grid == pytest.approx(np.full((3, 12), 10 / 3))


def test_outside_the_areas_there_is_no_figure_and_nobody_flows_there() -> None:
    areas = layer(shapely.box(0, 0, 20, 20), shapely.box(40, 0, 60, 20))
    grid, _ = pycnophylactic(areas, totals_of(areas, 4, 8), cell_m=10, iterations=10)
    assert np.isnan(grid[:, 2:4]).all()
    assert grid[:, :2] == pytest.approx(np.ones((2, 2)))
    assert grid[:, 4:] == pytest.approx(np.full((2, 2), 2.0))


@given(
    st.integers(0, 10**6),
    st.lists(st.one_of(st.just(0.0), st.floats(0.5, 1e6)), min_size=8, max_size=8),
)
def test_every_total_is_kept_and_nobody_is_negative(seed: int, values: list[float]) -> None:
    random = np.random.default_rng(seed)
    frame = shapely.box(0, 0, 900, 700)
    made = shapely.voronoi_polygons(
        shapely.MultiPoint(random.uniform([0, 0], [900, 700], (8, 2))), extend_to=frame
    )
    areas = layer(*shapely.intersection(shapely.get_parts(made), frame))
    areas = areas[areas.area > 2500]
    totals = pd.Series(values[: len(areas)], index=areas.index)
    grid, transform = pycnophylactic(areas, totals, cell_m=10, iterations=20)
    assert np.nanmin(grid) >= 0
    for code, shape in areas.geometry.items():
        outside = geometry_mask([shape], grid.shape, transform)
        kept = grid[~outside].sum()
        assert kept == pytest.approx(totals[code], rel=1e-9, abs=1e-9)


def test_totals_are_matched_by_code_and_not_by_position() -> None:
    areas = row(20, 20)
    turned = totals_of(areas, 12, 24)[::-1]
    grid, _ = pycnophylactic(areas, turned, cell_m=10, iterations=0)
    assert grid[0].tolist() == [2.0, 2.0, 4.0, 4.0]


def test_every_fault_of_the_totals_is_named_at_once() -> None:
    areas = row(20, 20, 20)
    wrong = pd.Series([1.0, -1.0, np.nan], index=["00", "01", "99"], name="residents")
    with pytest.raises(SeveralFaults) as caught:
        pycnophylactic(areas, wrong, cell_m=10)
    assert [type(fault) for fault in caught.value.faults] == [TotalsUnfit] * 3
    assert [fault.found for fault in caught.value.faults] == [("02",), ("99",), ("01", "99")]
    twice = pd.Series([1.0, 2.0, 3.0, 4.0], index=["00", "01", "02", "02"])
    with pytest.raises(TotalsUnfit, match="several totals"):
        pycnophylactic(areas, twice, cell_m=10)
    with pytest.raises(TotalsUnfit, match="no number"):
        pycnophylactic(areas, totals_of(areas, "1", "many", "3"), cell_m=10)


def test_areas_without_a_cell_are_named() -> None:
    # One cell of 30 m for both of them: its centre is in the first, which has no other.
    areas = row(16, 4)
    with pytest.raises(CellsTooLarge) as caught:
        pycnophylactic(areas, totals_of(areas, 1, 2), cell_m=30)
    assert caught.value.found == ("01",)
    for size in (0.0, -1.0, float("nan")):
        with pytest.raises(CellsTooLarge):
            pycnophylactic(areas, totals_of(areas, 1, 2), cell_m=size)


def test_an_area_too_narrow_for_a_centre_takes_the_cell_it_lies_in() -> None:
    # The second strip is 4 m wide, from 300 m on: in the last of eleven cells, whose centre is at
    # 315 m and in no area.
    areas = row(300, 4)
    grid, transform = pycnophylactic(areas, totals_of(areas, 20, 2), cell_m=30, iterations=0)
    people = grid[0]
    assert transform.c == 0
    assert people.tolist() == [2.0] * 10 + [2.0]
    # In the middle of a wide area it takes a cell from it; both keep their totals.
    areas = layer(shapely.box(0, 0, 31, 30), shapely.box(31, 0, 35, 30), shapely.box(35, 0, 90, 30))
    grid, _ = pycnophylactic(areas, totals_of(areas, 10, 3, 20), cell_m=30, iterations=0)
    assert grid[0].tolist() == [10.0, 3.0, 20.0]


def test_overlapping_areas_are_refused_but_slivers_are_not() -> None:
    def pair(shift: float) -> gpd.GeoDataFrame:
        return layer(shapely.box(0, 0, 100, 100), shapely.box(100 - shift, 0, 200, 100))

    with pytest.raises(OverlappingAreas) as caught:
        pycnophylactic(pair(30), totals_of(pair(30), 1, 2), cell_m=10)
    assert caught.value.found == ("00", "01")
    grid, _ = pycnophylactic(pair(0.5), totals_of(pair(0.5), 1, 2), cell_m=10)
    assert np.nansum(grid) == pytest.approx(3.0, rel=1e-12)


def test_degrees_are_refused() -> None:
    areas = layer(shapely.box(-2, 51, -1, 52), crs="EPSG:4326")
    with pytest.raises(NotProjected):
        pycnophylactic(areas, totals_of(areas, 1), cell_m=0.1)

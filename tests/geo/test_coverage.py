"""How much of each pixel lies in each of many shapes, against GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import Grid, Windows, covered

WIDTH, HEIGHT = 9, 7
GRID = Grid(west=300_000.0, north=200_000.0, across=50.0, down=-20.0)
column, row = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
WEST, NORTH = GRID.west + GRID.across * column, GRID.north + GRID.down * row
SQUARES = shapely.box(WEST, NORTH + GRID.down, WEST + GRID.across, NORTH)


def polygon(*corners: tuple[float, float]) -> shapely.Polygon:
    """Return a polygon from columns and rows of the grid."""
    return shapely.Polygon(
        [(GRID.west + GRID.across * u, GRID.north + GRID.down * v) for u, v in corners]
    )


def shares(shapes: list[shapely.Geometry], windows: Windows | None = None) -> np.ndarray:
    """Return the share of every pixel in every shape: shapes x rows x columns."""
    array = np.array(shapes, dtype=object)
    windows = windows or GRID.windows(shapely.bounds(array), WIDTH, HEIGHT)
    found = covered(array, GRID, windows)
    table = np.zeros((len(shapes), HEIGHT, WIDTH))
    table[found.shape, found.row, found.column] = found.share
    assert (found.share > 0).all()
    return table


def by_geos(shapes: list[shapely.Geometry]) -> np.ndarray:
    """Return the same, each pixel cut by itself."""
    cut = [shapely.area(shapely.intersection(shape, SQUARES)) for shape in shapes]
    return np.array(cut) / (GRID.across * -GRID.down)


# In eighths of a pixel: on the lines between pixels, between them, and beyond the grid.
place = st.integers(-16, 88).map(lambda n: n / 8)
corners = st.lists(st.tuples(place, place), min_size=3, max_size=8)


@st.composite
def a_shape(draw: st.DrawFn) -> shapely.Geometry:
    """Return a valid polygon or several, with or without holes."""
    drawn, hole = (shapely.make_valid(polygon(*draw(corners))) for _ in "12")
    shape = shapely.difference(drawn, hole) if draw(st.booleans()) else drawn
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


@pytest.mark.hypothesis
@given(shapes=st.lists(a_shape(), min_size=1, max_size=4))
def test_shares_are_those_of_cutting_each_pixel(shapes: list[shapely.Geometry]) -> None:
    assert shares(shapes) == pytest.approx(by_geos(shapes), abs=1e-9)


@pytest.mark.hypothesis
@given(shapes=st.lists(a_shape(), min_size=2, max_size=4))
def test_a_shape_has_the_same_shares_in_any_company(shapes: list[shapely.Geometry]) -> None:
    together = shares(shapes)
    for shape, table in zip(shapes, together, strict=True):
        assert (shares([shape])[0] == table).all()


@pytest.mark.hypothesis
@given(shape=a_shape())
def test_rings_may_turn_either_way(shape: shapely.Geometry) -> None:
    assert shares([shapely.reverse(shape)]) == pytest.approx(shares([shape]), abs=1e-12)


def test_a_triangle_worked_by_hand() -> None:
    # Below the line from (0, 0) to (3, 2): of the first pixel 1 - 1/2 * 2/3, and so on.
    table = shares([polygon((0, 0), (3, 2), (0, 2))])[0]
    assert table[0, :3] == pytest.approx([2 / 3, 1 / 12, 0])
    assert table[1, :4] == pytest.approx([1, 11 / 12, 1 / 3, 0])
    assert table[2:].sum() == 0


def test_a_hole_and_what_lies_beyond_the_grid_hold_nothing() -> None:
    around = polygon((-5, -5), (20, -5), (20, 20), (-5, 20))
    ring = shapely.difference(around, polygon((1, 1), (8, 1), (8, 6), (1.5, 6)))
    assert shares([around])[0].tolist() == np.ones((HEIGHT, WIDTH)).tolist()
    table = shares([ring])[0]
    assert table[2:5, 2:8].sum() == 0
    assert table[[0, 6]].tolist() == np.ones((2, WIDTH)).tolist()
    assert table[1:6, 1].sum() == pytest.approx(1.25)


def test_what_lies_outside_a_window_is_left_out() -> None:
    shape = polygon((0.5, 0.5), (8, 0.5), (8, 6), (0.5, 6))
    whole = shares([shape])[0]
    windows = Windows(*(np.array([n]) for n in (3, 2, 4, 3)))
    seen = shares([shape], windows)[0]
    assert seen[2:5, 3:7].tolist() == whole[2:5, 3:7].tolist()
    assert seen.sum() == pytest.approx(12)


def test_a_point_without_land_and_no_shape_at_all_meet_no_pixel() -> None:
    assert shares([shapely.Polygon()]).sum() == 0
    assert len(covered(np.array([], dtype=object), GRID, windows_of_none()).share) == 0


def windows_of_none() -> Windows:
    """Return windows of no shape."""
    return Windows(*(np.array([], dtype=np.int64) for _ in range(4)))


def test_bands_hold_every_row_of_a_window_once() -> None:
    windows = Windows(*(np.array(n) for n in ([0, 2], [1, 0], [3, 5], [6, 2])))
    bands = list(windows.bands(10))
    assert [band.top.tolist() for band in bands] == [[1, 0], [3, 2], [5, 4]]
    assert [band.deep.tolist() for band in bands] == [[2, 2], [2, 0], [2, 0]]
    assert windows.cells().tolist() == [18, 10]
    assert [side.tolist() for side in windows.around()] == [[0], [0], [7], [7]]

"""People pixels into areas, and the people that two layers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.errors import (
    DifferentCRS,
    NegativePixels,
    RasterTooSmall,
    RasterWithoutCRS,
    RotatedRaster,
    SeveralFaults,
    UnreadableRaster,
)
from geo.overlap import areas as shared_areas
from geo.pixels import Pixels
from geo.rasters import overlap_of_totals, overlap_people, zonal_sum

WEST, NORTH, CELL = 300_000.0, 200_000.0, 100.0

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes an array as a raster of 100 m pixels."""

    def to_file(
        values: object,
        *,
        crs: str | None = "EPSG:27700",
        nodata: float | None = None,
        transform: rasterio.Affine | None = None,
        dtype: str = "float64",
    ) -> Path:
        array = np.asarray(values, dtype=dtype)
        upright = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
        path = tmp_path / "people.tif"
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=array.shape[0],
            width=array.shape[1],
            count=1,
            dtype=dtype,
            crs=crs,
            nodata=nodata,
            transform=transform or upright,
        ) as raster:
            raster.write(array, 1)
        return path

    return to_file


def layer(*shapes: shapely.Geometry, codes: list[str] | None = None) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:27700")
    frame.index = codes or [f"{k:03d}" for k in range(len(shapes))]
    return frame.rename_axis("sa")


def cells(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    """A rectangle in pixels from the upper left corner of the raster."""
    west, north = WEST + x * CELL, NORTH - y * CELL
    return shapely.box(west, north - height * CELL, west + width * CELL, north)


def test_whole_and_cut_pixels_count_by_their_share(write: Write) -> None:
    path = write([[1, 2, 4], [8, 16, 32]])
    areas = layer(cells(0, 0, 2, 1), cells(0.5, 0, 1, 2), cells(2.25, 1.5, 0.5, 0.5))
    sums = zonal_sum(path, areas)
    assert sums.tolist() == [3.0, 13.5, 8.0]
    assert sums.attrs["notes"] == []


def test_the_index_comes_back_with_codes_as_text(write: Write) -> None:
    areas = layer(cells(1, 0, 1, 1), cells(0, 0, 1, 1), codes=["010", "001"])
    sums = zonal_sum(write([[1, 2]]), areas)
    assert sums.index.equals(areas.index)
    assert sums.index.name == "sa"
    assert sums.loc["001"] == 1.0


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_pixels_without_data_count_as_nobody_and_are_noted(write: Write, dtype: str) -> None:
    path = write([[1, 2, 99], [99, 4, 5]], nodata=99, dtype=dtype)
    areas = layer(cells(0, 0, 2, 1), cells(0, 0, 3, 2), cells(2, 0, 1, 1))
    sums = zonal_sum(path, areas)
    assert sums.tolist() == [3.0, 12.0, 0.0]
    (note,) = sums.attrs["notes"]
    assert (note["kind"], note["codes"]) == ("no data", ["001", "002"])


def test_not_a_number_is_no_data_too(write: Write) -> None:
    sums = zonal_sum(write([[1, float("nan")]]), layer(cells(0, 0, 2, 1)))
    assert sums.tolist() == [1.0]
    assert sums.attrs["notes"][0]["codes"] == ["000"]


def test_negative_pixels_are_refused_and_their_areas_named(write: Write) -> None:
    areas = layer(cells(0, 0, 1, 1), cells(1, 0, 2, 1))
    with pytest.raises(NegativePixels, match="-9999") as caught:
        zonal_sum(write([[1, -9999, 3]]), areas)
    assert caught.value.found == ("001",)


def test_areas_beyond_the_raster_are_refused_or_reported(write: Write) -> None:
    path = write([[1, 2]])
    areas = layer(cells(0, 0, 1, 1), cells(1, 0, 2, 1), cells(5, 5, 1, 1))
    with pytest.raises(RasterTooSmall) as caught:
        zonal_sum(path, areas)
    assert caught.value.found == ("001", "002")
    sums = zonal_sum(path, areas, uncovered="report")
    assert sums.tolist() == [1.0, 2.0, 0.0]
    (note,) = sums.attrs["notes"]
    assert (note["kind"], note["codes"]) == ("beyond the raster", ["001", "002"])


def test_another_coordinate_system_is_refused_or_the_areas_are_brought_to_it(write: Write) -> None:
    path = write([[1, 2], [4, 8]])
    areas = layer(cells(0, 0, 1, 2))
    degrees = areas.to_crs("EPSG:4326")
    with pytest.raises(DifferentCRS, match=r"EPSG:4326.*EPSG:27700"):
        zonal_sum(path, degrees)
    with pytest.raises(DifferentCRS):
        zonal_sum(path, areas.set_crs(None, allow_override=True))
    brought = zonal_sum(path, degrees, reproject=True, uncovered="report")
    assert brought.tolist() == pytest.approx([5.0], rel=1e-4)
    assert brought.index.equals(areas.index)


def test_a_raster_in_degrees_takes_areas_in_metres(write: Write) -> None:
    transform = rasterio.Affine(0.001, 0, -2.6, 0, -0.001, 51.5)
    path = write(np.ones((40, 40)), crs="EPSG:4326", transform=transform)
    whole = gpd.GeoDataFrame(geometry=[shapely.box(-2.59, 51.47, -2.57, 51.49)], crs="EPSG:4326")
    sums = zonal_sum(path, whole.to_crs("EPSG:27700"), reproject=True)
    assert sums.tolist() == pytest.approx([400.0], rel=1e-4)


def test_rasters_without_a_place_on_earth_or_askew_are_refused_together(write: Write) -> None:
    askew = rasterio.Affine(100, 20, WEST, 20, -100, NORTH)
    areas = layer(cells(0, 0, 1, 1))
    with pytest.raises(RotatedRaster):
        zonal_sum(write([[1]], transform=askew), areas)
    with pytest.raises(SeveralFaults) as caught:
        zonal_sum(write([[1]], transform=askew, crs=None), areas)
    assert [type(f) for f in caught.value.faults] == [RasterWithoutCRS, RotatedRaster]


def test_what_is_no_raster_or_lacks_the_band_is_refused(write: Write, tmp_path: Path) -> None:
    areas = layer(cells(0, 0, 1, 1))
    text = tmp_path / "notes.tif"
    text.write_text("not a raster")
    for path in (tmp_path / "absent.tif", text):
        with pytest.raises(UnreadableRaster, match=path.name):
            zonal_sum(path, areas)
    for band in (0, 2):
        with pytest.raises(UnreadableRaster, match="band"):
            zonal_sum(write([[1]]), areas, band=band)


def test_people_split_where_they_live_and_not_by_area(write: Write) -> None:
    # All people of the source live in its left quarter.
    path = write([[90, 0, 0, 10]])
    source = layer(cells(0, 0, 4, 1))
    target = layer(cells(0, 0, 1, 1), cells(1, 0, 3, 1))
    shared = overlap_people(path, source, target)
    assert shared.source.tolist() == [0, 0]
    assert shared.target.tolist() == [0, 1]
    assert shared.people.tolist() == [90.0, 10.0]
    assert shared.source_people.tolist() == [100.0]
    assert shared.target_people.tolist() == [90.0, 10.0]
    assert shared.outside.tolist() == [0.0]


def test_people_in_no_target_are_outside_and_empty_pairs_are_left_out(write: Write) -> None:
    path = write([[5, 0, 7, 1]])
    source = layer(cells(0, 0, 2, 1), cells(2, 0, 2, 1))
    target = layer(cells(1, 0, 2, 1))
    shared = overlap_people(path, source, target)
    assert shared.source.tolist() == [1]
    assert shared.people.tolist() == [7.0]
    assert shared.outside.tolist() == [5.0, 1.0]


def test_overlapping_targets_each_hold_the_people_they_share(write: Write) -> None:
    path = write([[1, 2, 4]])
    source = layer(cells(0, 0, 3, 1))
    target = layer(cells(0, 0, 2, 1), cells(1, 0, 1, 1))
    shared = overlap_people(path, source, target)
    assert shared.people.tolist() == [3.0, 2.0]
    assert shared.source_people.tolist() == [7.0]
    assert shared.outside.tolist() == [4.0]


def test_a_gap_and_an_overlap_of_equal_size_do_not_cancel_out(write: Write) -> None:
    path = write([[1, 2, 4, 8]])
    source = layer(cells(0, 0, 4, 1))
    target = layer(cells(0, 0, 2, 1), cells(1, 0, 2, 1))
    shared = overlap_people(path, source, target)
    assert shared.people.tolist() == [3.0, 6.0]
    assert shared.outside.tolist() == [8.0]


def test_slivers_left_over_by_cutting_hold_nobody(write: Write) -> None:
    # 6e-11 m2, for which exactextract alone counts the whole pixel.
    corners = [(787.46692109504, 777.0136281466), (745.0499176209, 829.74148772395)]
    corners += [(726.8046494972, 852.42187192797)]
    sliver = shapely.Polygon([(WEST + x, NORTH - 1000 + y) for x, y in corners])
    path = write(np.full((12, 12), 46.0))
    both = shapely.MultiPolygon([sliver, cells(0, 0, 1, 1)])
    sums = zonal_sum(path, layer(sliver, both, shapely.Polygon()))
    assert sums.tolist() == [0.0, 46.0, 0.0]
    assert zonal_sum(path, layer(sliver)).tolist() == [0.0]


def along_the_pixels() -> shapely.Polygon:
    """A valid shape with sides on the edges of pixels, of which exactextract 0.3 miscounts 14."""
    corners = [(251.21201961447, -200), (200, -200), (200, -700), (506.3567732007, -700)]
    corners += [(564.926934559, -615.23442625812), (160.9146635082, -1200), (0, -1200), (0, 0)]
    corners += [(38.94095146103, 0), (164.2517373758, -98.92687322091)]
    return shapely.Polygon([(WEST + x, NORTH + y) for x, y in corners])


def by_exactextract_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no shape be told beforehand as one that exactextract gets wrong."""
    monkeypatch.setattr("geo.pixels.FEW_PIXELS", -1)
    monkeypatch.setattr(Pixels, "_along", lambda _, shapes: np.zeros(len(shapes), dtype=bool))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("at_once", [1_000_000, 12])
def test_a_shape_that_runs_along_pixels_holds_as_much_as_its_land(
    write: Write, monkeypatch: pytest.MonkeyPatch, at_once: int, first: bool
) -> None:
    monkeypatch.setattr("geo.pixels.PIXELS_AT_ONCE", at_once)
    if first:
        by_exactextract_first(monkeypatch)
    shape = along_the_pixels()
    even = zonal_sum(write(np.full((12, 12), 3.0)), layer(shape)).item()
    assert even == pytest.approx(3 * shape.area / CELL**2, rel=1e-6)
    # The row of pixels at the top has no data: what lies in it holds nobody.
    pixels = np.full((12, 12), 3.0)
    pixels[0] = np.nan
    top = shape.intersection(cells(0, 0, 12, 1)).area
    summed = zonal_sum(write(pixels), layer(shape))
    assert summed.item() == pytest.approx(3 * (shape.area - top) / CELL**2, rel=1e-6)
    assert [note["kind"] for note in summed.attrs["notes"]] == ["no data"]


def test_a_shape_along_the_pixels_is_summed_as_far_as_the_raster_reaches(write: Write) -> None:
    shape, seen = along_the_pixels(), along_the_pixels().intersection(cells(0, 0, 12, 11))
    path = write(np.full((11, 12), 3.0))
    summed = zonal_sum(path, layer(shape), uncovered="report").item()
    assert summed == pytest.approx(3 * seen.area / CELL**2, rel=1e-6)


@pytest.mark.parametrize("limit", ["PIXELS_AT_ONCE", "MOST_CELLS"])
def test_in_how_many_pieces_pixels_are_held_changes_nothing(
    write: Write, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    path = write(np.random.default_rng(3).random((12, 12)))
    areas = layer(*(cells(x + 0.3, y + 0.2, 2.2, 2.6) for x in range(0, 9, 3) for y in (0, 4, 8)))
    at_once = zonal_sum(path, areas)
    monkeypatch.setattr(f"geo.pixels.{limit}", 20)
    assert zonal_sum(path, areas).tolist() == at_once.tolist()


def test_shapes_of_few_pixels_and_of_many_are_summed_alike(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.random.default_rng(3).random((12, 12)) + 1
    numbers[4, 4:6] = np.nan
    areas = layer(cells(0.3, 0.2, 5.2, 6.6), cells(4.1, 4.1, 1.2, 0.7), cells(3, 3, 9, 9))
    few = zonal_sum(write(numbers), areas)
    by_exactextract_first(monkeypatch)
    many = zonal_sum(write(numbers), areas)
    assert many.to_numpy() == pytest.approx(few.to_numpy(), rel=1e-6)
    assert few.iloc[1] == 0
    assert many.attrs["notes"] == few.attrs["notes"]


def test_notes_of_both_layers_are_kept(write: Write) -> None:
    path = write([[1, 255]], nodata=255, dtype="uint8")
    shared = overlap_people(path, layer(cells(0, 0, 2, 1)), layer(cells(0, 0, 2, 1), codes=["t"]))
    assert [note["codes"] for note in shared.notes] == [["000"], ["t"]]


def test_layers_that_never_meet_share_nobody(write: Write) -> None:
    path = write([[1, 2, 4]])
    shared = overlap_people(path, layer(cells(0, 0, 1, 1)), layer(cells(2, 0, 1, 1)))
    assert len(shared) == 0
    assert shared.outside.tolist() == [1.0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.integers(0, 10**6))
def test_pieces_and_the_rest_add_up_to_each_source(write: Write, seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 50, (12, 12)).astype(float)
    path = write(pixels)
    centres = random.uniform([WEST, NORTH - 1200], [WEST + 1200, NORTH], (2, 9, 2))
    frame = cells(0, 0, 12, 12)
    halves = []
    for points in centres:
        made = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame)
        parts = shapely.intersection(shapely.get_parts(made), frame)
        halves.append(layer(*parts))
    source, target = halves[0], halves[1].iloc[random.random(len(halves[1])) < 0.7]
    if target.empty:
        return
    shared = overlap_people(path, source, target)
    assert shared.source_people.sum() == pytest.approx(pixels.sum(), rel=1e-6)
    inside = np.bincount(shared.source, shared.people, minlength=len(source))
    assert inside + shared.outside == pytest.approx(shared.source_people, rel=1e-12, abs=1e-9)
    # By hand, pixel by pixel, with the areas of exact pieces instead of exactextract's shares.
    squares = [cells(c, r, 1, 1) for r in range(12) for c in range(12)]
    for s, t, people in zip(shared.source, shared.target, shared.people, strict=True):
        piece = source.geometry.iloc[s].intersection(target.geometry.iloc[t])
        share = shared_areas(squares, [piece], engine="kernel")
        by_hand = (pixels.ravel()[share.source] * share.area_m2).sum() / CELL**2
        assert people == pytest.approx(by_hand, rel=1e-5, abs=1e-4)


@given(seed=st.integers(0, 10_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_known_totals_split_as_the_surface_does_in_each_source(write: Write, seed: int) -> None:
    """By hand on an even surface, where the share of a piece is the share of its land."""
    random = np.random.default_rng(seed)
    path = write(np.full((12, 12), 3.0))
    frame = cells(0, 0, 12, 12)
    points = random.uniform([WEST, NORTH - 1200], [WEST + 1200, NORTH], (9, 2))
    made = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame)
    source = layer(*shapely.intersection(shapely.get_parts(made), frame))
    # One target in the middle, one that overlaps it in every second example, and gaps.
    target = layer(cells(2, 2, 5, 5), cells(7 - seed % 2, 3, 4, 8))
    totals = random.integers(0, 1000, len(source)).astype(np.float64)
    shared = overlap_of_totals(path, source, target, totals)
    assert (shared.source_people == totals).all()
    table = np.zeros((len(source), len(target)))
    table[shared.source, shared.target] = shared.people
    for s, shape in enumerate(source.geometry):
        land = shapely.area(shapely.intersection(shape, target.geometry.values)) / shape.area
        assert table[s] == pytest.approx(totals[s] * land, rel=1e-5, abs=1e-3)
        gap = 1 - shapely.intersection(shape, target.union_all()).area / shape.area
        assert shared.outside[s] == pytest.approx(totals[s] * gap, rel=1e-5, abs=1e-3)
    if not seed % 2:
        assert table.sum(axis=1) + shared.outside == pytest.approx(totals, rel=1e-12, abs=1e-9)


def test_a_slight_piece_of_a_surface_is_as_dense_as_the_pixel_it_lies_in() -> None:
    """By hand: 10 people in the first pixel, 30 in the second, over which the last target lies."""
    held = np.array([[10.0, 30.0]])
    upright = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    surface = Pixels(held, upright, CRS.from_epsg(27700))
    source = layer(cells(0, 0, 2, 1))
    target = layer(cells(0, 0, 1.5, 1), cells(1.5, 0, 0.5, 0.99), cells(1.5, 0.99, 0.5, 0.01))
    shared = overlap_of_totals(surface, source, target, np.array([80.0]))
    # The surface holds 40: each piece counts twice what lies under it.
    assert shared.people == pytest.approx([2 * 25, 2 * 14.85, 2 * 0.15], rel=1e-6)
    assert shared.people.sum() == pytest.approx(80, rel=1e-12)


def test_points_beyond_a_surface_or_on_no_data_count_nobody() -> None:
    upright = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    surface = Pixels(np.array([[10.0, np.nan], [7.0, 8.0]]), upright, CRS.from_epsg(27700))
    east = WEST + np.array([50.0, 150, 150, -1, 50])
    south = NORTH - np.array([50.0, 50, 150, 50, 201])
    assert surface.at(shapely.points(east, south)).tolist() == [10, 0, 8, 0, 0]
    assert surface.at(np.array([], dtype=object)).tolist() == []


def test_a_grid_in_memory_sums_as_the_same_grid_in_a_file(write: Write) -> None:
    numbers = np.random.default_rng(7).integers(0, 50, (12, 12)).astype(np.float64)
    source = layer(cells(0.5, 0.5, 6, 11), cells(6.5, 0.5, 5, 11))
    target = layer(cells(1, 1, 7.3, 6), cells(1, 7.2, 10, 4))
    totals = np.array([100.0, 900.0])
    of_file = overlap_of_totals(write(numbers), source, target, totals)
    upright = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    in_memory = Pixels(numbers, upright, CRS.from_epsg(27700))
    shared = overlap_of_totals(in_memory, source, target, totals)
    assert shared.people.tolist() == of_file.people.tolist()
    assert shared.outside.tolist() == of_file.outside.tolist()

"""Weights by people pixels and by smoothed counts, against pixels counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

from boundaries.build import from_areas, from_raster, from_smoothed
from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    NotALayer,
    OptionUnknown,
    ValuesNegative,
    ValuesNotFinite,
    VintageMismatch,
)
from geo.errors import (
    CellsTooLarge,
    CommonGroundError,
    DifferentCRS,
    NegativePixels,
    RasterTooSmall,
    TotalsUnfit,
    UnreadableRaster,
)

Draw = Callable[..., gpd.GeoDataFrame]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an array as a raster of 5 m pixels whose lower left corner is the origin."""

    def to_file(values: object, *, nodata: float | None = None, crs: str = "EPSG:27700") -> Path:
        pixels = np.asarray(values, dtype=np.float64)
        rows, columns = pixels.shape
        profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "nodata": nodata, "crs": crs}
        transform = rasterio.Affine(5, 0, 0, 0, -5, 5 * rows)
        path = tmp_path / "people.tif"
        with rasterio.open(
            path, "w", height=rows, width=columns, transform=transform, **profile
        ) as raster:
            raster.write(pixels, 1)
        return path

    return to_file


# Pixels of 5 m over the four squares of 10 m; the top row is the northernmost.
PEOPLE = [
    [0, 0, 8, 0],
    [0, 0, 0, 2],
    [1, 1, 5, 5],
    [1, 1, 5, 1],
]


def test_the_pixels_decide_how_a_source_divides(
    write: Write, squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    crosswalk = from_raster(write(PEOPLE), squares, wards)
    # W1 ends at 15 m: it has the left pixels of 02 (5 + 5 of 16) and of 04 (8 of 10).
    assert crosswalk.source_mass.tolist() == [4.0, 16.0, 0.0, 10.0]
    assert crosswalk.mass.toarray() == pytest.approx(
        np.array([[4, 0], [10, 6], [0, 0], [8, 2]]), rel=1e-6
    )
    assert (crosswalk.unit, crosswalk.method) == ("residents", "raster")
    assert crosswalk.target_mass.tolist() == pytest.approx([22.0, 8.0], rel=1e-6)


def test_a_source_without_people_divides_by_area_and_says_so(
    write: Write, squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    crosswalk = from_raster(write(PEOPLE), squares, wards)
    assert list(crosswalk.zero_mass) == ["03"]
    assert crosswalk.weights.toarray()[2].tolist() == [1.0, 0.0]
    assert crosswalk.fallback_unit == "m2"
    assert crosswalk.provenance == (
        "residents in the pixels of people.tif on sa and wd",
        "1 source of zero mass divided by area",
    )
    without = from_raster(write(PEOPLE), squares, wards, fallback="none")
    assert without.undefined.tolist() == [0, 0, 1, 0]


def test_a_pixel_that_a_border_cuts_counts_by_the_part_inside(
    write: Write, squares: gpd.GeoDataFrame, layer: Draw
) -> None:
    target = layer("wd", {"W1": (0, 0, 12, 20), "W2": (12, 0, 20, 20)})
    crosswalk = from_raster(write(PEOPLE), squares, target)
    # 12 m cuts the third column of pixels at 2/5.
    assert crosswalk.mass.toarray()[1] == pytest.approx([4.0, 12.0], rel=1e-6)
    assert crosswalk.weights.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-12)


def test_people_outside_every_target_are_uncovered(
    write: Write, squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    crosswalk = from_raster(write(PEOPLE), squares, partnerships)
    # 18..20 m is in neither: 2/5 of the last column. 5..15 m is in both.
    assert crosswalk.uncovered.to_dict() == pytest.approx({"02": 2.4 / 16, "04": 0.8 / 10})
    assert crosswalk.overlapping.to_dict() == pytest.approx(
        {"01": 0.5, "02": 10 / 16, "03": 0.5, "04": 0.8}
    )


def test_totals_hold(
    write: Write, squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, people: pd.Series
) -> None:
    converted = from_raster(write(PEOPLE), squares, wards).apply_extensive(people)
    assert converted.values.sum() == pytest.approx(100.0, rel=1e-12)
    assert converted.values["W2"] == pytest.approx(20 * 6 / 16 + 40 * 2 / 10, rel=1e-6)


def test_even_people_divide_as_the_land_does(
    write: Write, squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    by_people = from_raster(write(np.ones((4, 4))), squares, partnerships)
    by_area = from_areas(squares, partnerships)
    assert by_people.weights.toarray() == pytest.approx(by_area.weights.toarray(), rel=1e-6)


def test_turned_round_a_covered_target_is_whole_apart_from_rounding(
    write: Write, squares: gpd.GeoDataFrame, layer: Draw
) -> None:
    target = layer("wd", {"W1": (0, 0, 12, 20), "W2": (12, 0, 20, 20)})
    back = from_raster(write(PEOPLE), squares, target).reverse()
    assert back.uncovered.empty
    assert back.overlapping.empty


def test_what_the_raster_lacks_is_refused_or_noted(
    write: Write, squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    west = write([row[:3] for row in PEOPLE])
    with pytest.raises(RasterTooSmall):
        from_raster(west, squares, wards)
    crosswalk = from_raster(west, squares, wards, uncovered="report")
    assert crosswalk.notes["beyond the raster"]["codes"] == ("02", "04", "W2")
    assert crosswalk.mass.toarray()[1] == pytest.approx([10, 0], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda write, s, t: (write(np.full((4, 4), -1.0)), s, t), NegativePixels),
        (lambda write, s, t: (write(PEOPLE, crs="EPSG:3857"), s, t), DifferentCRS),
        (lambda write, s, t: ("nowhere.tif", s, t), UnreadableRaster),
        (lambda write, s, t: (write(PEOPLE), s.rename_axis(None), t), NotALayer),
    ],
)
def test_rasters_and_layers_that_do_not_fit_are_refused(
    change: Callable[..., tuple[Path, gpd.GeoDataFrame, gpd.GeoDataFrame]],
    error: type[CommonGroundError],
    write: Write,
    squares: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame,
) -> None:
    with pytest.raises(error):
        from_raster(*change(write, squares, wards))


@pytest.mark.parametrize("options", [{"uncovered": "drop"}, {"fallback": "guess"}])
def test_unknown_options_are_refused(
    options: dict[str, str], write: Write, squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    with pytest.raises(OptionUnknown):
        from_raster(write(PEOPLE), squares, wards, **options)


# ------------------------------------------------------------------------- smoothed counts


@pytest.fixture
def row_of_three(layer: Draw) -> gpd.GeoDataFrame:
    """Three squares in a row, west to east."""
    return layer("sa", {"a": (0, 0, 10, 10), "b": (10, 0, 20, 10), "c": (20, 0, 30, 10)})


@pytest.fixture
def halves(layer: Draw) -> gpd.GeoDataFrame:
    """The row cut through the middle of b."""
    return layer("wd", {"W": (0, 0, 15, 10), "E": (15, 0, 30, 10)})


def test_neighbours_say_on_which_side_people_live(
    row_of_three: gpd.GeoDataFrame, halves: gpd.GeoDataFrame
) -> None:
    counts = pd.Series([1000.0, 100.0, 0.0], index=row_of_three.index)
    crosswalk = from_smoothed(counts, row_of_three, halves, cell_m=1)
    west = crosswalk.weights.toarray()[1, 0]
    assert 0.6 < west < 1.0
    assert crosswalk.source_mass.tolist() == [1000.0, 100.0, 0.0]
    assert (crosswalk.unit, crosswalk.method) == ("residents", "smoothed")
    # The square that counts nobody divides by area.
    assert crosswalk.weights.toarray()[2].tolist() == [0.0, 1.0]


def test_without_smoothing_people_are_spread_evenly(
    row_of_three: gpd.GeoDataFrame, halves: gpd.GeoDataFrame
) -> None:
    counts = pd.Series([1000.0, 100.0, 10.0], index=row_of_three.index)
    crosswalk = from_smoothed(counts, row_of_three, halves, cell_m=1, iterations=0)
    assert crosswalk.weights.toarray() == pytest.approx(np.array([[1, 0], [0.5, 0.5], [0, 1]]))


def test_a_source_keeps_its_own_count_even_where_cells_lie_across_its_border(
    layer: Draw,
) -> None:
    source = layer("sa", {"a": (0, 0, 10.4, 10), "b": (10.4, 0, 20, 10)})
    target = layer("wd", {"N": (0, 5, 20, 10), "S": (0, 0, 20, 5)})
    counts = pd.Series([70.0, 30.0], index=source.index)
    crosswalk = from_smoothed(counts, source, target, cell_m=1)
    assert crosswalk.mass.sum(axis=1) == pytest.approx([70.0, 30.0], rel=1e-9)
    converted = crosswalk.apply_extensive(counts)
    assert converted.values.tolist() == pytest.approx([50.0, 50.0], rel=1e-6)


def test_smoothed_people_outside_the_targets_are_uncovered(
    row_of_three: gpd.GeoDataFrame, layer: Draw
) -> None:
    west = layer("wd", {"W": (-50, 0, 15, 10)})
    counts = pd.Series([10.0, 10.0, 10.0], index=row_of_three.index)
    crosswalk = from_smoothed(counts, row_of_three, west, cell_m=1)
    assert crosswalk.uncovered.to_dict() == pytest.approx({"b": 0.5, "c": 1.0}, rel=1e-6)


def test_counts_that_cannot_be_spread_are_refused(
    row_of_three: gpd.GeoDataFrame, halves: gpd.GeoDataFrame
) -> None:
    good = pd.Series([1.0, 2.0, 3.0], index=row_of_three.index)
    for counts, error in (
        (good * -1, ValuesNegative),
        (good.rename_axis("sa11"), VintageMismatch),
        (good.replace(2.0, np.inf), ValuesNotFinite),
        (good[:2], TotalsUnfit),
    ):
        with pytest.raises(error):
            from_smoothed(counts, row_of_three, halves, cell_m=1)
    with pytest.raises(CellsTooLarge):
        Crosswalk.from_smoothed(good, row_of_three, halves, cell_m=40)

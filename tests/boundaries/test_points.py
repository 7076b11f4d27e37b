"""Weights by points, centroids and best fit: on drawn squares, with the answer counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.build import best_fit, centroids, from_points
from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    ColumnMissing,
    CrosswalkBroken,
    OptionUnknown,
    OverlapRefused,
    ValuesNegative,
    ValuesNotFinite,
    ValuesNotNumbers,
)
from geo.errors import DifferentCRS, SeveralFaults

Draw = Callable[..., gpd.GeoDataFrame]
Written = Callable[..., Crosswalk]


def dots(*rows: tuple[str, float, float, float]) -> gpd.GeoDataFrame:
    """Points by name, x, y and weight."""
    frame = pd.DataFrame(rows, columns=["name", "x", "y", "homes"]).set_index("name")
    shapes = gpd.points_from_xy(frame["x"], frame["y"])
    return gpd.GeoDataFrame(frame[["homes"]], geometry=shapes, crs="EPSG:27700")


@pytest.fixture
def homes() -> gpd.GeoDataFrame:
    """Homes in the squares 01 and 02, one beyond all squares; none in 03 and 04."""
    return dots(("a", 5, 5, 3), ("b", 12, 5, 6), ("c", 14, 2, 1), ("d", 18, 8, 1), ("e", 50, 50, 4))


def test_the_points_in_both_decide_how_a_source_divides(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    crosswalk = from_points(homes, "homes", squares, wards, unit="homes")
    assert crosswalk.mass.toarray().tolist() == [[3, 0], [7, 1], [0, 0], [0, 0]]
    assert crosswalk.weights.toarray()[1].tolist() == [0.875, 0.125]
    assert (crosswalk.unit, crosswalk.method) == ("homes", "points")
    assert crosswalk.target_mass.tolist() == [10.0, 1.0]
    assert crosswalk.provenance[0] == "5 points weighed by homes in sa and wd"


def test_points_outside_every_area_are_counted_and_named(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    crosswalk = from_points(homes, "homes", squares, wards, unit="homes")
    expected = {"count": 1, "mass": 4.0, "names": ("e",)}
    assert crosswalk.notes == {"outside_sources": expected, "outside_targets": expected}


def test_a_source_without_points_divides_by_area_and_says_so(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    crosswalk = from_points(homes, "homes", squares, wards, unit="homes")
    assert list(crosswalk.zero_mass) == ["03", "04"]
    assert crosswalk.weights.toarray()[2:].tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert crosswalk.fallback_unit == "m2"
    assert crosswalk.provenance[-1] == "2 sources of zero mass divided by area"
    without = from_points(homes, "homes", squares, wards, unit="homes", fallback="none")
    assert without.weights.toarray()[2:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert without.undefined.tolist() == [0, 0, 1, 1]


def test_points_in_a_source_but_in_no_target_leave_it_uncovered(
    squares: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, layer: Draw
) -> None:
    west = layer("wd", {"W": (0, 0, 13, 20)})
    crosswalk = from_points(homes, "homes", squares, west, fallback="none")
    assert crosswalk.uncovered.to_dict() == {"02": 0.25}
    assert crosswalk.notes["outside_targets"]["names"] == ("c", "d", "e")


def test_a_point_where_targets_overlap_counts_in_each(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    points = dots(("both", 12, 5, 1), ("one", 17, 5, 1), ("none", 19, 5, 2))
    crosswalk = from_points(points, "homes", squares, partnerships, fallback="none")
    assert crosswalk.mass.toarray()[1].tolist() == [1.0, 2.0]
    # Row sum 3/4, although a quarter lies in both: the gap of one half is not hidden.
    assert crosswalk.uncovered.to_dict() == {"02": 0.5}
    assert crosswalk.overlapping.to_dict() == {"02": 0.25}


def test_a_point_on_a_shared_border_counts_once_for_the_smallest_code(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    points = dots(("edge", 10, 5, 1), ("corner", 10, 10, 1), ("ward", 15, 5, 1), ("rim", 0, 5, 1))
    for order in (1, -1):
        crosswalk = from_points(points, "homes", squares[::order], wards[::order], fallback="none")
        assert crosswalk.source_mass[::order].tolist() == [3.0, 1.0, 0.0, 0.0]
        assert crosswalk.target_mass[::order].tolist() == [4.0, 0.0]


def test_plain_coordinates_count_one_each(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    xy = np.array([[12.0, 5.0], [18.0, 5.0], [99.0, 0.0]])
    crosswalk = from_points(xy, None, squares, wards)
    assert crosswalk.mass.toarray()[1].tolist() == [1.0, 1.0]
    assert crosswalk.notes["outside_sources"]["names"] == (2,)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_any_points_agree_with_looking_at_each_by_itself(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    xy = rng.integers(0, 25, (count, 2)).astype(float)
    weight = rng.integers(0, 5, count).astype(float)
    boxes = {
        f"s{i}{j}": shapely.box(8 * i, 8 * j, 8 * i + 8, 8 * j + 8) for i, j in np.ndindex(3, 3)
    }
    source = gpd.GeoDataFrame(
        geometry=list(boxes.values()), index=pd.Index(list(boxes), name="sa"), crs="EPSG:27700"
    )
    halves = [shapely.box(0, 0, 11.5, 25), shapely.box(11.5, 0, 25, 25)]
    target = gpd.GeoDataFrame(
        geometry=halves, index=pd.Index(["t0", "t1"], name="wd"), crs="EPSG:27700"
    )
    mass = from_points(xy, weight, source, target, fallback="none").mass.toarray()
    expected = np.zeros((9, 2))
    for (x, y), w in zip(xy, weight, strict=True):
        homes = [
            i for i, shape in enumerate(boxes.values()) if shape.intersects(shapely.Point(x, y))
        ]
        if homes:
            expected[homes[0], int(x > 11.5)] += w
    assert mass == pytest.approx(expected)


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ("people", ColumnMissing),
        (np.array([1.0, 2.0]), CrosswalkBroken),
        (np.array([1.0, 2.0, -3.0, 1.0, 1.0]), ValuesNegative),
        (np.array([1.0, 2.0, np.nan, 1.0, 1.0]), ValuesNotFinite),
        (np.array([np.nan, 2.0, -3.0, 1.0, 1.0]), SeveralFaults),
        (np.array(["a", "b", "c", "d", "e"]), ValuesNotNumbers),
    ],
)
def test_weights_that_are_none_are_refused(
    weights: Any,
    error: type[Exception],
    squares: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
) -> None:
    with pytest.raises(error):
        from_points(homes, weights, squares, wards)


def test_points_that_are_none_are_refused(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    with pytest.raises(DifferentCRS):
        from_points(homes.to_crs("EPSG:4326"), None, squares, wards)
    with pytest.raises(ValuesNotFinite, match="no points"):
        from_points(squares, None, squares, wards)
    with pytest.raises(ValuesNotFinite, match="coordinates"):
        from_points(np.array([[1.0, np.nan]]), None, squares, wards)
    with pytest.raises(CrosswalkBroken, match=r"\(2,\)"):
        from_points(np.array([1.0, 2.0]), None, squares, wards)
    with pytest.raises(OptionUnknown):
        from_points(homes, None, squares, wards, fallback="guess")


def test_totals_hold_and_the_fallback_is_used_for_counts(
    squares: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
    people: pd.Series,
) -> None:
    crosswalk = from_points(homes, "homes", squares, wards)
    converted = crosswalk.apply_extensive(people)
    assert converted.values.to_dict() == {"W1": 10 + 17.5 + 30 + 20, "W2": 2.5 + 20}


# ------------------------------------------------------------------------- centroids, best fit


def test_a_weighted_centroid_is_the_mean_of_its_points(
    squares: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    centre = centroids(homes, "homes", squares)
    assert centre.loc["02"].geometry.coords[0] == ((12 * 6 + 14 + 18) / 8, (30 + 2 + 8) / 8)
    assert centre["from_points"].tolist() == [True, True, False, False]
    assert squares.geometry["03"].contains(centre.geometry["03"])
    assert centre.index.name == "sa"


def test_best_fit_puts_a_source_whole_where_its_centroid_is(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    centre = centroids(homes, "homes", squares)
    crosswalk = best_fit(centre, wards, mass=centre["mass"], unit="homes")
    assert crosswalk.weights.toarray()[:2].tolist() == [[1, 0], [1, 0]]
    assert crosswalk.mass.toarray()[:2].tolist() == [[3, 0], [8, 0]]
    assert (crosswalk.unit, crosswalk.method) == ("homes", "best fit by centroid")
    assert crosswalk.weights.sum(axis=1).tolist() == [1, 1, 1, 1]


def test_a_centroid_in_no_target_is_uncovered_and_named(
    squares: gpd.GeoDataFrame, layer: Draw
) -> None:
    centre = centroids(np.zeros((0, 2)), None, squares)
    crosswalk = best_fit(centre, layer("wd", {"W": (0, 0, 20, 10)}))
    assert crosswalk.uncovered.to_dict() == {"03": 1.0, "04": 1.0}
    assert crosswalk.notes["outside_targets"]["names"] == ("03", "04")


def test_a_mass_that_is_missing_for_a_source_is_refused(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    centre = centroids(np.zeros((0, 2)), None, squares)
    with pytest.raises(ValuesNotFinite, match="04"):
        best_fit(centre, wards, mass=pd.Series([1.0] * 3, index=squares.index[:3]))


def test_best_fit_by_largest_share_keeps_the_masses(written: Written) -> None:
    crosswalk = best_fit(written([[3, 1], [2, 5], [0, 0]], source_mass=[5, 7, 0]))
    assert crosswalk.weights.toarray().tolist() == [[1, 0], [0, 1], [0, 0]]
    assert crosswalk.mass.toarray().tolist() == [[5, 0], [0, 7], [0, 0]]
    assert crosswalk.unit == "residents"
    assert crosswalk.method == "best fit by lookup"
    assert crosswalk.undefined.tolist() == [0, 0, 1]


def test_a_tie_goes_to_the_smallest_code_whatever_the_order(written: Written) -> None:
    tie = written([[1, 1]])
    assert best_fit(tie).weights.toarray().tolist() == [[1, 0]]
    turned = tie.restrict(targets=tie.targets[::-1])
    assert best_fit(turned).weights.toarray().tolist() == [[0, 1]]


def test_a_source_that_two_targets_hold_whole_has_no_best_fit(written: Written) -> None:
    with pytest.raises(OverlapRefused, match="s1"):
        best_fit(written([[1, 0], [1, 1]], source_mass=[1, 1]))


def test_a_source_that_only_a_fallback_places_goes_where_the_fallback_says(
    written: Written,
) -> None:
    people = written([[0, 0], [1, 0]]).with_fallback(written([[1, 3], [1, 1]], unit="m2"))
    fitted = best_fit(people)
    assert fitted.weights.toarray().tolist() == [[0, 1], [1, 0]]
    assert fitted.fallback_unit == "m2"


def test_best_fit_needs_either_a_crosswalk_or_points_with_a_target(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, written: Written
) -> None:
    with pytest.raises(OptionUnknown):
        best_fit(written([[1.0]]), wards)
    with pytest.raises(OptionUnknown):
        best_fit(centroids(np.zeros((0, 2)), None, squares))


def test_best_fit_by_centroid_survives_a_file(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    crosswalk = best_fit(centroids(np.zeros((0, 2)), None, squares), wards)
    back = Crosswalk.read(crosswalk.write(tmp_path / "fit.csv"))
    assert back.weights.toarray().tolist() == crosswalk.weights.toarray().tolist()

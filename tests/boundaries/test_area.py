"""Weights by shared area: against brute force, geopandas.overlay and tobler."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.build import from_areas
from boundaries.errors import CodesNotUnique, NotALayer
from geo.errors import DifferentCRS, NotProjected, SeveralFaults

Draw = Callable[..., gpd.GeoDataFrame]


def test_a_square_cut_in_half_gives_half_to_each_side(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    crosswalk = from_areas(squares, wards)
    assert crosswalk.weights.toarray().tolist() == [[1, 0], [0.5, 0.5], [1, 0], [0.5, 0.5]]
    assert (crosswalk.unit, crosswalk.method) == ("m2", "area")
    assert (crosswalk.sources.name, crosswalk.targets.name) == ("sa", "wd")
    assert crosswalk.source_mass.tolist() == [100.0] * 4
    assert crosswalk.provenance == ("shared area of sa and wd",)


def test_areas_that_only_touch_share_nothing(squares: gpd.GeoDataFrame, layer: Draw) -> None:
    beside = layer("wd", {"W": (20, 0, 30, 20)})
    crosswalk = from_areas(squares, beside)
    assert crosswalk.mass.nnz == 0
    assert crosswalk.uncovered.to_dict() == dict.fromkeys(["01", "02", "03", "04"], 1.0)


def test_a_gap_is_measured_where_targets_overlap(
    squares: gpd.GeoDataFrame, partnerships: gpd.GeoDataFrame
) -> None:
    crosswalk = from_areas(squares, partnerships)
    # L1 covers x 0..15 and L2 covers 5..18: 18..20 lie in neither, 5..15 in both.
    assert crosswalk.uncovered.to_dict() == pytest.approx({"02": 0.2, "04": 0.2})
    assert crosswalk.overlapping.to_dict() == pytest.approx(dict.fromkeys(squares.index, 0.5))


@pytest.mark.parametrize("shift", [0.0, 0.001])
def test_half_in_a_gap_and_half_in_two_targets_is_seen_though_the_row_adds_up_to_one(
    shift: float, squares: gpd.GeoDataFrame, layer: Draw
) -> None:
    twice = layer("lep", {"A": (0, 0, 5, 10), "B": (0, -shift, 5, 10)})
    crosswalk = from_areas(squares.loc[["01"]], twice)
    assert crosswalk.coverage.tolist() == pytest.approx([1.0])
    assert crosswalk.uncovered.to_dict() == pytest.approx({"01": 0.5})
    assert crosswalk.overlapping.to_dict() == pytest.approx({"01": 0.5})


def test_land_in_three_targets_is_taken_off_twice(squares: gpd.GeoDataFrame, layer: Draw) -> None:
    three = layer("lep", {"A": (0, 0, 10, 5), "B": (0, 0, 10, 4), "C": (0, 0, 10, 3)})
    crosswalk = from_areas(squares, three)
    assert crosswalk.uncovered["01"] == pytest.approx(0.5)
    assert crosswalk.overlapping["01"] == pytest.approx(0.7)


edges = st.lists(st.integers(0, 12), min_size=2, max_size=2, unique=True).map(sorted)
rectangles = st.tuples(edges, edges).map(lambda e: (e[0][0], e[1][0], e[0][1], e[1][1]))


@given(st.lists(rectangles, min_size=1, max_size=4), st.lists(rectangles, min_size=1, max_size=4))
def test_any_rectangles_agree_with_counting_unit_cells(
    source_boxes: list[tuple[int, int, int, int]], target_boxes: list[tuple[int, int, int, int]]
) -> None:
    def frame(layer_id: str, boxes: list[tuple[int, int, int, int]]) -> gpd.GeoDataFrame:
        index = pd.Index([f"{layer_id}{i}" for i in range(len(boxes))], name=layer_id)
        return gpd.GeoDataFrame(
            geometry=[shapely.box(*b) for b in boxes], index=index, crs="EPSG:27700"
        )

    crosswalk = from_areas(frame("sa", source_boxes), frame("wd", target_boxes))
    x, y = np.meshgrid(np.arange(12), np.arange(12))

    def cells(box: tuple[int, int, int, int]) -> np.ndarray:
        return (x >= box[0]) & (x < box[2]) & (y >= box[1]) & (y < box[3])

    covers = np.array([cells(t) for t in target_boxes])
    for s, box in enumerate(source_boxes):
        inside = cells(box)
        mass = [int((inside & cover).sum()) for cover in covers]
        assert crosswalk.mass.toarray()[s] == pytest.approx(mass, abs=1e-9)
        outside = int((inside & ~covers.any(axis=0)).sum())
        assert crosswalk.outside[s] * inside.sum() == pytest.approx(outside, abs=1e-6)
        twice = (inside * np.maximum(covers.sum(axis=0) - 1, 0)).sum()
        assert crosswalk.extra[s] * inside.sum() == pytest.approx(twice, abs=1e-6)


def organic(seed: int, layer_id: str, count: int) -> gpd.GeoDataFrame:
    """Tile a square kilometre with the cells around random points: a coverage, never a grid."""
    points = shapely.multipoints(np.random.default_rng(seed).uniform(0, 1000, (count, 2)))
    frame = shapely.box(0, 0, 1000, 1000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    shapes = shapely.intersection(cells, frame)
    index = pd.Index([f"{i:03d}" for i in range(len(shapes))], name=layer_id)
    return gpd.GeoDataFrame(geometry=shapes, index=index, crs="EPSG:27700")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_geopandas_overlay_finds_the_same_areas(seed: int) -> None:
    source, target = organic(seed, "sa", 40), organic(seed + 100, "wd", 9)
    crosswalk = from_areas(source, target)
    pieces = gpd.overlay(
        source.reset_index(), target.reset_index(), how="intersection", keep_geom_type=True
    )
    expected = pieces.assign(area=pieces.area).groupby(["sa", "wd"])["area"].sum()
    found = crosswalk.to_frame().set_index(["source_code", "target_code"])["mass"]
    found, expected = found[found > 1e-6], expected[expected > 1e-6]
    assert found.index.tolist() == expected.index.tolist()
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", [4, 5])
def test_tobler_converts_to_the_same_figures_as_far_as_its_float32_reaches(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tobler = pytest.importorskip("tobler.area_weighted")
    source, target = organic(seed, "sa", 50), organic(seed + 100, "wd", 12)
    rng = np.random.default_rng(seed)
    source["people"] = rng.integers(0, 3000, len(source)).astype(float)
    source["rate"] = rng.uniform(0, 1, len(source))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = tobler.area_interpolate(
            source,
            target,
            extensive_variables=["people"],
            intensive_variables=["rate"],
            allocate_total=False,
        )
    crosswalk = from_areas(source, target)
    ours = crosswalk.apply_extensive(source["people"]).values
    # Its weights are float32: seven digits.
    assert ours.to_numpy() == pytest.approx(theirs["people"].to_numpy(), rel=1e-5)
    square_metres = pd.Series(source.area, index=source.index)
    rate = crosswalk.apply_intensive(source["rate"], square_metres).values
    assert rate.to_numpy() == pytest.approx(theirs["rate"].to_numpy(), rel=1e-5)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 8))
def test_totals_are_conserved_to_a_billionth(seed: int, n: int, m: int) -> None:
    source, target = organic(seed, "sa", n), organic(seed + 1, "wd", m)
    values = pd.Series(np.random.default_rng(seed).uniform(0, 1e6, n), index=source.index)
    converted = from_areas(source, target).apply_extensive(values)
    assert converted.values.sum() == pytest.approx(values.sum(), rel=1e-9)
    assert converted.reconciliation.moved_codes == ()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_splitting_a_source_changes_nothing(seed: int, at: float) -> None:
    source, target = organic(seed, "sa", 8), organic(seed + 1, "wd", 5)
    values = pd.Series(np.random.default_rng(seed).uniform(1, 100, 8), index=source.index)
    whole = source.geometry.iloc[0]
    left, bottom, right, top = whole.bounds
    cut = left + at * (right - left)
    halves = [
        whole.intersection(shapely.box(left, bottom, cut, top)),
        whole.intersection(shapely.box(cut, bottom, right, top)),
    ]
    index = pd.Index(["000a", "000b"], name="sa")
    parts = gpd.GeoDataFrame(geometry=halves, index=index, crs=source.crs)
    split = pd.concat([source.iloc[1:], parts]).rename_axis("sa")
    amounts = pd.Series([values.iloc[0] * h.area / whole.area for h in halves], index=index)
    split_values = pd.concat([values.iloc[1:], amounts]).rename_axis("sa")
    before = from_areas(source, target).apply_extensive(values).values
    after = from_areas(split, target).apply_extensive(split_values).values
    assert after.to_numpy() == pytest.approx(before.to_numpy(), rel=1e-9, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_permuting_the_areas_changes_nothing(seed: int, random: st.DataObject) -> None:
    source, target = organic(seed, "sa", 10), organic(seed + 1, "wd", 4)
    values = pd.Series(np.random.default_rng(seed).uniform(1, 100, 10), index=source.index)
    rows, columns = list(range(10)), list(range(4))
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(columns)  # type: ignore[attr-defined]
    before = from_areas(source, target).apply_extensive(values).values
    shuffled = from_areas(source.iloc[rows], target.iloc[columns])
    after = shuffled.apply_extensive(values).values
    assert list(after.index) == list(target.index[columns])
    assert after[before.index].to_numpy() == pytest.approx(before.to_numpy(), rel=1e-9)


def test_an_area_without_land_has_no_mass(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    empty = squares.copy()
    empty.loc["04", "geometry"] = shapely.Polygon()
    crosswalk = from_areas(empty, wards)
    assert list(crosswalk.zero_mass) == ["04"]
    assert crosswalk.uncovered.empty


def test_what_is_no_layer_is_refused(squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame) -> None:
    with pytest.raises(NotALayer, match="DataFrame"):
        from_areas(pd.DataFrame(squares), wards)  # type: ignore[arg-type]
    with pytest.raises(NotALayer, match="no name"):
        from_areas(squares.rename_axis(None), wards)
    with pytest.raises(NotALayer, match="no CRS"):
        from_areas(squares.set_crs(None, allow_override=True), wards)
    with pytest.raises(CodesNotUnique):
        from_areas(pd.concat([squares, squares]), wards)
    with pytest.raises(SeveralFaults):
        from_areas(squares.rename_axis(None), wards.rename_axis(None))


def test_layers_in_different_systems_are_refused(
    squares: gpd.GeoDataFrame, wards: gpd.GeoDataFrame
) -> None:
    with pytest.raises(DifferentCRS):
        from_areas(squares, wards.to_crs("EPSG:3857"))
    degrees = (frame.to_crs("EPSG:4326") for frame in (squares, wards))
    with pytest.raises(NotProjected):
        from_areas(*degrees)

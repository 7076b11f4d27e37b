"""Areas of intersection: one function, two engines, the same tests for both."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import (
    DifferentCRS,
    InvalidPolygons,
    NotPolygons,
    NotProjected,
    SeveralFaults,
    UnknownPairs,
)
from geo.overlap import areas, candidate_pairs, pieces

ENGINES = ("shapely", "kernel")
each_engine = pytest.mark.parametrize("engine", ENGINES)
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])

Point = tuple[Fraction, Fraction]


def grid(columns: int, rows: int, size: float = 1.0) -> np.ndarray:
    """Squares row by row from the lower left."""
    return np.array(
        [
            shapely.box(x * size, y * size, (x + 1) * size, (y + 1) * size)
            for y in range(rows)
            for x in range(columns)
        ]
    )


def table(source: object, target: object, **options: object) -> dict[tuple[int, int], float]:
    found = areas(source, target, **options)
    return {
        (s, t): a
        for s, t, a in zip(
            found.source.tolist(), found.target.tolist(), found.area_m2.tolist(), strict=True
        )
    }


def shape_of(cells: frozenset[tuple[int, int]], dx: float = 0.0, dy: float = 0.0) -> object:
    """The union of unit cells: parts, holes, corners that touch and edges that coincide."""
    boxes = [shapely.box(x + dx, y + dy, x + 1 + dx, y + 1 + dy) for x, y in sorted(cells)]
    return shapely.union_all(boxes)


def odd(x: float) -> shapely.Polygon:
    with np.errstate(invalid="ignore"):
        return shapely.Polygon([(0, 0), (1, 0), (x, 1), (0, 1)])


@each_engine
def test_a_square_in_the_middle_of_four_takes_a_quarter_from_each(engine: str) -> None:
    shared = table(grid(2, 2), [shapely.box(0.5, 0.5, 1.5, 1.5)], engine=engine)
    assert shared == {(0, 0): 0.25, (1, 0): 0.25, (2, 0): 0.25, (3, 0): 0.25}


@each_engine
def test_areas_that_only_touch_share_nothing(engine: str) -> None:
    left = [shapely.box(0, 0, 1, 1)]
    beside, at_corner = shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)
    assert table(left, [beside, at_corner], engine=engine) == {}


@each_engine
def test_pairs_come_sorted_by_source_and_then_target(engine: str) -> None:
    found = areas(grid(3, 3)[::-1], grid(2, 2, 1.5), engine=engine)
    pairs = list(zip(found.source.tolist(), found.target.tolist(), strict=True))
    assert pairs == sorted(pairs)
    assert len(found) == len(pairs) == 16


@each_engine
def test_targets_that_overlap_themselves_each_get_their_whole_area(engine: str) -> None:
    twice = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]
    shared = table([shapely.box(0, 0, 3, 1)], twice, engine=engine)
    assert shared == {(0, 0): 2.0, (0, 1): 2.0}


@each_engine
def test_a_hole_is_no_land_and_an_island_in_it_is(engine: str) -> None:
    ring = shapely.box(0, 0, 5, 5).difference(shapely.box(1, 1, 4, 4))
    with_island = ring.union(shapely.box(2, 2, 3, 3))
    inner = [shapely.box(1, 1, 4, 4)]
    assert table([ring], inner, engine=engine) == {}
    assert table([with_island], inner, engine=engine) == {(0, 0): 1.0}
    assert table([with_island], [shapely.box(-1, -1, 6, 6)], engine=engine) == {(0, 0): 17.0}


# Left over by cutting polygons apart: a sliver thinner than an atom, for whose intersection with
# the square GEOS 3.14 returns the square itself, 10,000 m2.
SLIVER = shapely.Polygon(
    [
        (300787.46692109504, 199777.0136281466),
        (300745.0499176209, 199829.74148772395),
        (300726.8046494972, 199852.42187192797),
        (300787.46692109504, 199777.0136281466),
    ]
)
LEFT_OVER = [shapely.MultiPolygon([SLIVER, shapely.box(300000, 199000, 300090, 199100)])]
SQUARE = shapely.box(300700, 199800, 300800, 199900)


@each_engine
def test_a_sliver_thinner_than_an_atom_does_not_hand_over_a_whole_square(engine: str) -> None:
    assert table(LEFT_OVER, [SQUARE], engine=engine).get((0, 0), 0.0) < 1e-9
    assert table([SQUARE], LEFT_OVER, engine=engine).get((0, 0), 0.0) < 1e-9


@each_engine
@pytest.mark.parametrize("clockwise", [False, True])
def test_the_direction_in_which_rings_are_drawn_does_not_matter(
    engine: str, clockwise: bool
) -> None:
    shell = [(0, 0), (6, 0), (6, 6), (0, 6)]
    hole = [(1, 1), (5, 1), (5, 5), (1, 5)]
    for outer, inner in itertools.product((shell, shell[::-1]), (hole, hole[::-1])):
        drawn = shapely.Polygon(outer, [inner])
        other = shapely.box(0, 0, 3, 6)
        other = other if clockwise else shapely.reverse(other)
        assert table([drawn], [other], engine=engine) == {(0, 0): 10.0}


@each_engine
def test_coordinates_far_from_the_origin_lose_nothing(engine: str) -> None:
    far = 2.0**40
    pair = [
        shapely.box(far, -far, far + 2, -far + 2),
        shapely.box(far + 1, -far + 1, far + 3, -far + 3),
    ]
    assert table(pair[:1], pair[1:], engine=engine) == {(0, 0): 1.0}


@each_engine
def test_empty_layers_and_empty_areas_share_nothing(engine: str) -> None:
    none = np.array([], dtype=object)
    squares = grid(2, 1)
    empty = [shapely.Polygon(), shapely.MultiPolygon(), squares[1]]
    assert table(none, squares, engine=engine) == {}
    assert table(squares, none, engine=engine) == {}
    assert table(empty, squares, engine=engine) == {(2, 1): 1.0}
    assert table(empty[:2], empty[:2], engine=engine) == {}


@each_engine
def test_combs_with_thousands_of_teeth_are_measured_without_labour(engine: str) -> None:
    teeth = 6000

    def comb(shift: float) -> shapely.Polygon:
        """A spine with teeth to the right, 1 high and 1 apart, so that nearly all share an x."""
        x = np.tile([1.0, 9.0, 9.0, 1.0], teeth)
        y = np.repeat(np.arange(2 * teeth), 2) + shift
        spine = [(0.0, y[-1]), (0.0, shift)]
        return shapely.Polygon([*zip(x, y, strict=True), *spine])

    # Teeth share half of each; the spines share all but half a unit of their height.
    found = table([comb(0.0)], [comb(0.5)], engine=engine)
    assert found[0, 0] == pytest.approx(8 * teeth * 0.5 + (2 * teeth - 1.5), rel=1e-12)


@each_engine
def test_third_coordinates_are_ignored(engine: str) -> None:
    high = shapely.force_3d(shapely.box(0, 0, 1, 1).difference(shapely.box(0.2, 0.2, 0.4, 0.4)), 99)
    shared = table([high], grid(1, 1), engine=engine)
    assert shared[0, 0] == pytest.approx(0.96, abs=1e-15)


@each_engine
def test_only_the_pairs_asked_for_are_measured(engine: str) -> None:
    squares, whole = grid(2, 2), [shapely.box(0, 0, 2, 2)]
    asked = (np.array([3, 0]), np.array([0, 0]))
    assert table(squares, whole, pairs=asked, engine=engine) == {(0, 0): 1.0, (3, 0): 1.0}


@pytest.mark.parametrize(
    "pairs", [([0, 1], [0]), ([4], [0]), ([0], [1]), ([-1], [0]), ([0], [-1])], ids=str
)
def test_pairs_outside_the_layers_are_refused(pairs: tuple[list[int], list[int]]) -> None:
    asked = (np.array(pairs[0]), np.array(pairs[1]))
    with pytest.raises(UnknownPairs):
        areas(grid(2, 2), [shapely.box(0, 0, 2, 2)], pairs=asked)


@each_engine
def test_invalid_polygons_are_named_by_code_in_both_layers_at_once(engine: str) -> None:
    source = gpd.GeoSeries([*grid(2, 1), BOW_TIE], index=["a", "b", "c"], crs="EPSG:27700")
    target = gpd.GeoDataFrame(
        {"name": ["x", "y"]}, geometry=[BOW_TIE, grid(1, 1)[0]], index=["001", "02"]
    )
    with pytest.raises(SeveralFaults) as caught:
        areas(source, target, engine=engine)
    assert [type(fault) for fault in caught.value.faults] == [InvalidPolygons] * 2
    assert [fault.found for fault in caught.value.faults] == [("c",), ("001",)]
    assert "Self-intersection" in str(caught.value)


@each_engine
@pytest.mark.parametrize(
    "broken",
    [
        BOW_TIE,
        shapely.Polygon([(0, 0), (4, 0), (2, 0), (2, 3), (2, 0)]),
        odd(float("nan")),
        odd(float("inf")),
        shapely.Polygon([(0, 0), (2, 0), (1, 0), (0, 0)]),
        shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(5, 5), (6, 5), (6, 6)]]),
        shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]),
    ],
    ids=["bow tie", "spike", "NaN", "infinite", "flat", "hole outside", "parts overlap"],
)
def test_every_kind_of_invalid_polygon_is_caught(engine: str, broken: shapely.Geometry) -> None:
    with pytest.raises(InvalidPolygons) as caught:
        areas([grid(1, 1)[0], broken], grid(2, 2), engine=engine)
    assert caught.value.found == (1,)


@each_engine
def test_missing_shapes_points_lines_and_collections_are_named(engine: str) -> None:
    mixed = [
        None,
        shapely.Point(0, 0),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.GeometryCollection([shapely.box(0, 0, 1, 1)]),
        shapely.box(0, 0, 1, 1),
    ]
    with pytest.raises(NotPolygons) as caught:
        areas(grid(1, 1), mixed, engine=engine)
    assert caught.value.found == (0, 1, 2, 3)
    assert caught.value.where == "target"


def test_two_coordinate_systems_are_refused_and_named() -> None:
    british = gpd.GeoSeries(grid(1, 1), crs="EPSG:27700")
    with pytest.raises(DifferentCRS, match=r"EPSG:27700.*EPSG:3857"):
        areas(british, gpd.GeoSeries(grid(1, 1), crs="EPSG:3857"))


def test_longitudes_and_latitudes_have_no_square_metres() -> None:
    degrees = gpd.GeoSeries(grid(1, 1), crs="EPSG:4326")
    with pytest.raises(NotProjected, match="EPSG:4326"):
        areas(degrees, degrees)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="engine must be"):
        areas(grid(1, 1), grid(1, 1), engine="quick")  # type: ignore[arg-type]


def test_the_inputs_stay_as_they_were() -> None:
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=grid(2, 1), index=["a", "b"], crs=27700)
    before = frame.copy(), shapely.to_wkb(frame.geometry.values)
    for engine in ENGINES:
        areas(frame, frame, engine=engine)  # type: ignore[arg-type]
    assert frame.equals(before[0])
    assert (shapely.to_wkb(frame.geometry.values) == before[1]).all()
    assert not shapely.is_prepared(frame.geometry.values).any()


def test_auto_takes_the_kernel_for_large_jobs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def note(name: str) -> Callable[..., np.ndarray]:
        def measure(source: object, target: object, first: np.ndarray, *_: object) -> np.ndarray:
            taken.append(name)
            return np.zeros(len(first))

        return measure

    monkeypatch.setattr("geo.overlap._areas_by_shapely", note("shapely"))
    monkeypatch.setattr("geo.overlap._areas_by_kernel", note("kernel"))
    areas(grid(3, 3), grid(2, 2))
    monkeypatch.setattr("geo.overlap.KERNEL_FROM", 10)
    areas(grid(3, 3), grid(2, 2))
    assert taken == ["shapely", "kernel"]


# Cells of a small grid: the shared area is the number of shared cells, counted without geometry.
CELLS = st.frozensets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1)


@each_engine
@given(st.lists(CELLS, min_size=1, max_size=3), st.lists(CELLS, min_size=1, max_size=3))
def test_unions_of_cells_share_as_many_square_metres_as_cells(
    engine: str,
    source: list[frozenset[tuple[int, int]]],
    target: list[frozenset[tuple[int, int]]],
) -> None:
    expected = {
        (i, j): float(len(s & t))
        for i, s in enumerate(source)
        for j, t in enumerate(target)
        if s & t
    }
    found = table([shape_of(s) for s in source], [shape_of(t) for t in target], engine=engine)
    assert found == pytest.approx(expected, abs=1e-12)


SHIFT = st.sampled_from([-1e-3, -1e-7, 1e-9, 1e-5, 0.01, 0.25, 1 / 3, 0.5])


@each_engine
@given(CELLS, CELLS, SHIFT, SHIFT)
def test_cells_moved_by_a_sliver_share_what_their_rectangles_share(
    engine: str,
    source: frozenset[tuple[int, int]],
    target: frozenset[tuple[int, int]],
    dx: float,
    dy: float,
) -> None:
    def along(a: int, b: int, shift: float) -> float:
        return max(0.0, min(a + 1, b + 1 + shift) - max(a, b + shift))

    expected = sum(along(s[0], t[0], dx) * along(s[1], t[1], dy) for s in source for t in target)
    found = table([shape_of(source)], [shape_of(target, dx, dy)], engine=engine)
    assert found.get((0, 0), 0.0) == pytest.approx(expected, abs=1e-11)


def exact_shared_area(a: list[Point], b: list[Point]) -> Fraction:
    """Clip one convex ring by another (Sutherland-Hodgman) in exact arithmetic."""

    def side(p: Point, q: Point, r: Point) -> Fraction:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def twice(ring: list[Point]) -> Fraction:
        turned = zip(ring, ring[1:] + ring[:1], strict=True)
        return sum((p[0] * q[1] - q[0] * p[1] for p, q in turned), start=Fraction(0))

    a = a if twice(a) > 0 else a[::-1]
    b = b if twice(b) > 0 else b[::-1]
    for p, q in zip(b, b[1:] + b[:1], strict=True):
        kept: list[Point] = []
        for r, s in zip(a, a[1:] + a[:1], strict=True):
            at_r, at_s = side(p, q, r), side(p, q, s)
            if at_r >= 0:
                kept.append(r)
            if (at_r > 0 > at_s) or (at_r < 0 < at_s):
                t = at_r / (at_r - at_s)
                kept.append((r[0] + t * (s[0] - r[0]), r[1] + t * (s[1] - r[1])))
        a = kept
        if not a:
            return Fraction(0)
    return twice(a) / 2


CORNER = st.floats(-100, 100, allow_subnormal=False).map(lambda v: round(v, 3))
TRIANGLE = st.lists(st.tuples(CORNER, CORNER), min_size=3, max_size=3)


@each_engine
@given(TRIANGLE, TRIANGLE)
def test_triangles_of_any_shape_agree_with_exact_arithmetic(
    engine: str, first: list[tuple[float, float]], second: list[tuple[float, float]]
) -> None:
    drawn = [shapely.Polygon(ring) for ring in (first, second)]
    if not all(shapely.is_valid(drawn)):
        return
    exact = [[(Fraction(x), Fraction(y)) for x, y in ring] for ring in (first, second)]
    found = table(drawn[:1], drawn[1:], engine=engine)
    assert found.get((0, 0), 0.0) == pytest.approx(float(exact_shared_area(*exact)), abs=1e-9)


def star(seed: int, points: int, x: float, y: float) -> shapely.Polygon:
    """A valid ring of any shape: spikes, slivers and bays around a centre."""
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, points))
    radius = 100 * random.uniform(0.02, 1, points) ** random.choice([0.3, 1, 4])
    return shapely.Polygon(np.c_[x + radius * np.cos(angle), y + radius * np.sin(angle)])


def ragged(seed: int, x: float, y: float) -> shapely.Geometry:
    """Several stars joined and cut by others: multipolygons with holes and shared edges."""
    random = np.random.default_rng(seed)
    stars = [
        star(seed * 31 + k, int(random.integers(3, 60)), x + random.uniform(-80, 80), y)
        for k in range(4)
    ]
    stars = [shapely.make_valid(s) for s in stars]
    joined = shapely.difference(shapely.union_all(stars[:2]), shapely.intersection(*stars[2:]))
    parts = [p for p in shapely.get_parts(joined) if p.geom_type == "Polygon"]
    return shapely.make_valid(shapely.MultiPolygon(parts), method="structure")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([0.0, 3.0e5, 6.0e6]))
def test_both_engines_agree_on_ragged_shapes_anywhere(a: int, b: int, offset: float) -> None:
    first, second = ragged(a, offset, offset), ragged(b, offset + 40, offset - 10)
    if first.is_empty or second.is_empty or not (first.is_valid and second.is_valid):
        return
    # A third that shares edges and corners with both, as layers of one place do.
    third = shapely.make_valid(first.difference(second), method="structure")
    layer = [first, second, third]
    layer = [shape for shape in layer if shape.geom_type in ("Polygon", "MultiPolygon")]
    by_geos, by_kernel = table(layer, layer, engine="shapely"), table(layer, layer, engine="kernel")
    # Corners that GEOS computes are rounded to the spacing of floats so far from the origin.
    spacing = max(np.spacing(offset), 1e-13) * 4000
    for pair in by_geos.keys() | by_kernel.keys():
        assert by_kernel.get(pair, 0.0) == pytest.approx(by_geos.get(pair, 0.0), abs=spacing)


@each_engine
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=4))
def test_calling_the_source_target_changes_no_bit(engine: str, seeds: list[int]) -> None:
    layer = [star(seed, 3 + seed % 40, 3e5 + seed % 50, 1e5 - seed % 70) for seed in seeds]
    layer = [shape for shape in layer if shape.is_valid]
    layer.extend(shapely.normalize(shape) for shape in layer[:1])
    found, swapped = table(layer, layer[::-1], engine=engine), {}
    for (t, s), area in table(layer[::-1], layer, engine=engine).items():
        swapped[s, t] = area
    assert found == swapped


def test_threads_and_company_change_no_bit() -> None:
    source = np.array([star(k, 12, 20.0 * (k % 40), 20.0 * (k // 40)) for k in range(900)])
    target = np.array([star(k, 30, 50.0 * (k % 16), 50.0 * (k // 16)) for k in range(160)])
    one = table(source, target, engine="kernel", threads=1)
    assert len(one) > 2 * 4096  # several tasks, or threads have nothing to share
    assert table(source, target, engine="kernel", threads=5) == one
    part = table(source[:200], target, engine="kernel", threads=2)
    assert part == {pair: area for pair, area in one.items() if pair[0] < 200}


def test_pieces_are_the_shared_land_of_each_pair() -> None:
    squares = grid(2, 2)
    middle = [shapely.box(0.5, 0.5, 1.5, 1.5), shapely.box(1, 0, 2, 1)]
    pairs, shapes = pieces(squares, middle)
    assert list(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True)) == [
        (0, 0),
        (1, 0),
        (1, 1),
        (2, 0),
        (3, 0),
    ]
    assert pairs.area_m2.tolist() == [0.25, 0.25, 1.0, 0.25, 0.25]
    assert shapely.equals(shapes[0], shapely.box(0.5, 0.5, 1, 1))
    assert shapely.equals(shapes[2], squares[1])


def test_pieces_of_slivers_are_not_whole_squares() -> None:
    pairs, shapes = pieces(LEFT_OVER, [SQUARE])
    assert shapely.area(shapes).sum() < 1e-6
    assert (pairs.area_m2 < 1e-6).all()


def test_pieces_are_refused_for_invalid_polygons_too() -> None:
    with pytest.raises(InvalidPolygons):
        pieces([BOW_TIE], grid(1, 1))


def test_candidate_pairs_are_those_whose_boxes_meet() -> None:
    first, second = candidate_pairs(grid(3, 1), np.array([shapely.box(0.5, 0.5, 1.5, 3)]))
    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 0), (1, 0)]

"""Polygons as flat arrays, and the quick proof that a polygon is valid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.packed import compiled, in_threads, pack, plainly_valid


def proved(*shapes: shapely.Geometry) -> list[bool]:
    return plainly_valid(pack(np.array(shapes)), threads=1).tolist()


def circle(points: int) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return shapely.Polygon(np.c_[np.cos(angle), np.sin(angle)] * 1000 + 4e5)


def odd(x: float) -> shapely.Polygon:
    with np.errstate(invalid="ignore"):
        return shapely.Polygon([(0, 0), (4, 0), (x, 4), (0, 4)])


def test_rings_are_turned_and_stay_in_their_polygon() -> None:
    ring = shapely.Polygon([(0, 0), (0, 4), (4, 4), (4, 0)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    packed = pack(
        np.array([shapely.Polygon(), shapely.MultiPolygon([ring]), shapely.box(5, 5, 6, 6)])
    )
    x, y = packed.coords.T
    twice = [
        float(np.sum(x[s:e] * y[s + 1 : e + 1] - x[s + 1 : e + 1] * y[s:e]))
        for s, e in zip(packed.block_first, packed.block_last, strict=True)
    ]
    assert twice == [32.0, -2.0, 2.0]
    assert packed.polygon_block.tolist() == [0, 0, 2, 3]
    assert packed.polygon_ring.tolist() == [0, 0, 2, 3]
    assert packed.ring_shell.tolist() == [0, 0, 2]


@pytest.mark.parametrize("points", [3, 8, 9, 64, 65, 1000, 5000])
def test_blocks_hold_every_edge_once_and_lie_in_their_boxes(points: int) -> None:
    packed = pack(np.array([circle(points), circle(points)]))
    edges = np.concatenate(
        [np.arange(s, e) for s, e in zip(packed.block_first, packed.block_last, strict=True)]
    )
    assert edges.tolist() == [*range(points), *range(points + 1, 2 * points + 1)]
    for s, e, box in zip(packed.block_first, packed.block_last, packed.block_box, strict=True):
        inside = packed.coords[s : e + 1]
        assert box.tolist() == [*inside.min(axis=0), *inside.max(axis=0)]


def test_ordinary_polygons_are_proved_simple() -> None:
    comb = [(float(k), float(k % 2) * 50) for k in range(60)] + [(60.0, -1.0), (-1.0, -1.0)]
    assert (
        proved(shapely.box(0, 0, 1, 1), circle(3), circle(777), shapely.Polygon(comb)) == [True] * 4
    )


def test_holes_and_islands_are_proved_where_they_lie_as_they_should() -> None:
    square, hole = shapely.box(0, 0, 9, 9), shapely.box(1, 1, 2, 2)
    bay = shapely.Polygon([(0, 0), (20, 0), (20, 9), (19, 9), (19, 1), (0, 1)])
    assert (
        proved(
            square.difference(hole),
            square.difference(hole).difference(shapely.box(5, 5, 6, 7)),
            shapely.MultiPolygon([square, shapely.box(10, 10, 11, 11)]),
            shapely.MultiPolygon([bay, shapely.box(12, 4, 14, 6)]),
            shapely.MultiPolygon([bay, shapely.box(12, 4, 14, 6).difference(hole)]),
        )
        == [True] * 5
    )


def test_holes_and_islands_elsewhere_are_not_proved() -> None:
    square, hole = shapely.box(0, 0, 9, 9), shapely.box(2, 2, 4, 4)

    def pierced(*holes: shapely.Polygon) -> shapely.Polygon:
        return shapely.Polygon(square.exterior, [h.exterior for h in holes])

    wrong = [
        pierced(shapely.box(10, 10, 11, 11)),
        pierced(shapely.box(8, 8, 10, 10)),
        pierced(hole, shapely.box(2.5, 2.5, 3, 3)),
        pierced(hole, hole),
        shapely.MultiPolygon([square, hole]),
        shapely.MultiPolygon([square, square]),
        shapely.MultiPolygon([pierced(hole), shapely.box(1, 1, 1.5, 1.5)]),
    ]
    assert not shapely.is_valid(wrong).any()
    assert not any(proved(*wrong))
    island = shapely.MultiPolygon([pierced(hole), shapely.box(2.5, 2.5, 3, 3)])
    assert island.is_valid  # but rare, and left to GEOS
    assert proved(island) == [False]


def test_what_touches_or_folds_is_left_to_geos() -> None:
    assert not any(
        proved(
            shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),
            shapely.Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)]),
            shapely.Polygon([(0, 0), (4, 0), (6, 0), (4, 0), (4, 4)]),
            shapely.Polygon([(0, 0), (4, 0), (4, 0), (4, 4)]),
            shapely.Polygon([(0, 0), (4, 0), (2, 0), (0, 0)]),
            odd(float("nan")),
            odd(float("inf")),
            shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]),
            shapely.Polygon(),
        )
    )


def test_a_spiral_is_given_up_and_not_laboured_on() -> None:
    turn = np.linspace(0, 300 * 2 * np.pi, 30_000)
    out = np.c_[turn * np.cos(turn), turn * np.sin(turn)]
    back = np.c_[(turn + 2) * np.cos(turn), (turn + 2) * np.sin(turn)][::-1]
    spiral = shapely.Polygon(np.r_[out[200:], back[:-200]])
    assert spiral.is_valid
    assert proved(spiral, shapely.box(0, 0, 1, 1)) == [False, True]


def test_nearly_touching_is_proved_only_as_far_as_rounding_allows() -> None:
    def notch(depth: float) -> shapely.Polygon:
        return shapely.Polygon([(0, 0), (4e5, 1e5), (4e5, 4e5), (2e5, 0.5e5 + depth), (0, 4e5)])

    assert proved(notch(1e-3), notch(0.0)) == [True, False]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=14),
    st.sampled_from([1.0, 0.1, 1 / 3]),
    st.sampled_from([0.0, 412345.678]),
)
def test_whatever_is_proved_simple_is_valid_for_geos(
    corners: list[tuple[int, int]], scale: float, offset: float
) -> None:
    drawn = shapely.Polygon(np.array(corners) * scale + offset)
    assert drawn.is_valid or not proved(drawn)[0]


BOX = st.tuples(*[st.integers(0, 12)] * 4).map(lambda c: shapely.box(*c))


@given(st.lists(BOX, min_size=1, max_size=4), st.lists(BOX, max_size=3), st.booleans())
def test_whatever_is_proved_with_holes_and_parts_is_valid_for_geos(
    boxes: list[shapely.Polygon], holes: list[shapely.Polygon], parts: bool
) -> None:
    rings = [hole.exterior for hole in holes]
    shells = [shapely.Polygon(boxes[0].exterior, rings), *boxes[1:]]
    drawn = shapely.MultiPolygon(shells) if parts else shells[0]
    assert drawn.is_valid or not proved(drawn)[0]


@given(st.integers(0, 10**6))
def test_polygons_in_general_position_are_proved_exactly_when_geos_finds_them_valid(
    seed: int,
) -> None:
    random = np.random.default_rng(seed)

    def ring(count: int) -> np.ndarray:
        angle = np.sort(random.uniform(0, 2 * np.pi, count))
        size = random.uniform(1, 6, count)
        return np.c_[size * np.cos(angle), size * np.sin(angle)] + random.uniform(0, 9, 2)

    shell, hole, other = (ring(int(k)) for k in random.integers(3, 40, 3))
    drawn = shapely.MultiPolygon(
        [shapely.Polygon(shell, [0.1 * hole + 0.2]), shapely.Polygon(other)]
    )
    assert proved(drawn, shapely.Polygon(shell)) == [
        drawn.is_valid,
        shapely.Polygon(shell).is_valid,
    ]


def test_work_in_threads_covers_everything_once_and_passes_errors_on() -> None:
    done = np.zeros(1003, dtype=int)

    def work(part: slice) -> None:
        done[part] += 1

    in_threads(work, len(done), 100, threads=3)
    assert (done == 1).all()

    def fail(part: slice) -> None:
        raise ZeroDivisionError(part.start)

    with pytest.raises(ZeroDivisionError):
        in_threads(fail, 10, 2, threads=2)


def test_a_place_where_nothing_can_be_written_still_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import numba

    real, asked = numba.njit, []

    def refusing(**options: object) -> object:
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(numba, "njit", refusing)

    def double(x: float) -> float:
        return 2 * x

    assert compiled(double)(21.0) == 42.0
    assert asked == [True, False]

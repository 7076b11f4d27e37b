"""Polygons as flat arrays, and the quick proof that a polygon is valid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.packed import compiled, in_threads, pack, plainly_simple


def proved(*shapes: shapely.Geometry) -> list[bool]:
    return plainly_simple(pack(np.array(shapes)), threads=1).tolist()


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
    assert packed.one_ring.tolist() == [False, False, True]


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


def test_what_touches_folds_or_is_not_one_ring_is_left_to_geos() -> None:
    square = shapely.box(0, 0, 4, 4)
    assert not any(
        proved(
            shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),
            shapely.Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)]),
            shapely.Polygon([(0, 0), (4, 0), (6, 0), (4, 0), (4, 4)]),
            shapely.Polygon([(0, 0), (4, 0), (4, 0), (4, 4)]),
            odd(float("nan")),
            odd(float("inf")),
            square.difference(shapely.box(1, 1, 2, 2)),
            shapely.MultiPolygon([square, shapely.box(5, 5, 6, 6)]),
            shapely.Polygon(),
        )
    )


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

"""The compiled kernel behind `geo.overlap`: areas of intersection without building geometry.

In: two sets of `Packed` polygons and pairs of positions. Out: one float64 area a pair.

The method. Write the land under an edge, down to the bottom of a box, as a trapezoid. A polygon is
the signed sum of the trapezoids of its edges: those travelled leftwards (its upper side, as rings
run anticlockwise) count plus, those travelled rightwards count minus. Therefore

    |A ∩ B| = sum over edges a, b of  sign_a sign_b  ∫ min(y_a(x), y_b(x)) dx

over the x that both edges span. Nothing is noded, so edges that coincide, touch or cross anywhere
need no special care: every term is continuous in every coordinate.

What makes it fast: only the box that both polygons share matters. Edges left, right and below it
are dropped, edges above it lie flat on its top and join, and blocks of edges are judged by their
own boxes. What is left is kept as *runs* of edges that join from left to right; of two runs one is
usually the lower throughout, and otherwise they are merged in one pass.
"""

from __future__ import annotations

import numpy as np

from geo.packed import Arrays, Floats, Ints, Packed, compiled, in_threads

Window = tuple[float, float, float, float, float]

PAIRS_A_TASK = 4096
# Two coasts of 20,000 corners have some ten million pairs of runs, of which few share an x. Where
# all do, as in two combs with teeth above one another, GEOS is quicker from about here.
MOST_RUN_PAIRS = 100_000_000
# Up to here it costs less to look at every run than to sort them and look at some.
FEW_RUNS = 40
TINY = 1e-300


def pair_areas(packed: Packed, first: Ints, second: Ints, *, threads: int) -> Floats:
    """Measure the area that polygons `first[k]` and `second[k]` share, for every k.

    NaN where two polygons are so intricate that the method would labour on them.
    Each pair is computed by itself and in an order of its own two polygons that does not depend
    on which of them is called first, so neither threads nor the order of arguments show.
    """
    area = np.zeros(len(first))
    arrays = packed.arrays()

    def work(part: slice) -> None:
        _areas_of_pairs(first[part], second[part], arrays, area[part])

    in_threads(work, len(first), PAIRS_A_TASK, threads=threads)
    return area


# In compiled loops no array is assigned, sliced or returned but where it must grow: each time,
# numba counts references with an atomic operation, which threads then wait for one another to do.


@compiled
def _areas_of_pairs(first: Ints, second: Ints, shapes: Arrays, area: Floats) -> None:
    """Fill `area` for the pairs `(first[k], second[k])`."""
    box = shapes[5]
    edges_a, runs_a = np.empty((1024, 4)), np.empty((1024, 8))
    edges_b, runs_b = np.empty((1024, 4)), np.empty((1024, 8))
    for k in range(len(first)):
        p, q = first[k], second[k]
        x0, y0 = max(box[p, 0], box[q, 0]), max(box[p, 1], box[q, 1])
        width, height = min(box[p, 2], box[q, 2]) - x0, min(box[p, 3], box[q, 3]) - y0
        # Boxes of empty polygons are NaN and fail this test.
        if not (width > 0.0 and height > 0.0):
            continue
        # The larger one comes first: more often than the other it settles the matter alone.
        if _comes_first(shapes, p, q):
            p, q = q, p
        window = (x0, y0, 0.0, width, height)
        n = _clip(shapes, p, window, edges_a)
        if n > len(edges_a):
            edges_a, runs_a = np.empty((2 * n, 4)), np.empty((2 * n, 8))
            n = _clip(shapes, p, window, edges_a)
        m_a = _sort_into_runs(edges_a, n, runs_a)
        if m_a == 0:
            continue
        # What the first polygon does not reach, the second need not be looked at.
        low, high, top = width, 0.0, 0.0
        for r in range(m_a):
            low, high = min(low, runs_a[r, 3]), max(high, runs_a[r, 4])
            top = max(top, runs_a[r, 6])
        window = (x0, y0, low, high, top)
        n = _clip(shapes, q, window, edges_b)
        if n > len(edges_b):
            edges_b, runs_b = np.empty((2 * n, 4)), np.empty((2 * n, 8))
            n = _clip(shapes, q, window, edges_b)
        m_b = _sort_into_runs(edges_b, n, runs_b)
        if m_a * m_b > MOST_RUN_PAIRS:
            area[k] = np.nan
        else:
            area[k] = _double_sum(edges_a, runs_a, m_a, edges_b, runs_b, m_b)


@compiled
def _comes_first(shapes: Arrays, p: int, q: int) -> bool:
    """Say whether polygon p comes before polygon q: by size, then by coordinates."""
    coords, first, last, _, polygon_block, _ = shapes
    start_p, start_q = first[polygon_block[p]], first[polygon_block[q]]
    n_p = last[polygon_block[p + 1] - 1] - start_p
    n_q = last[polygon_block[q + 1] - 1] - start_q
    if n_p != n_q:
        return n_p < n_q
    for i in range(n_p + 1):
        for axis in range(2):
            if coords[start_p + i, axis] != coords[start_q + i, axis]:
                return coords[start_p + i, axis] < coords[start_q + i, axis]
    return True


@compiled
def _clip(shapes: Arrays, p: int, window: Window, out: Floats) -> int:
    """Clip the edges of polygon p to a window (x0, y0, low, high, top); low, high, top from x0, y0.

    Rows of `out` become (x, y, x, y) in the order of travel, relative to (x0, y0), and their
    number is returned; a number above the rows there are says how many would be enough. Edges
    below the window are dropped, edges above it lie flat on its top.
    """
    coords, first, last, box, polygon_block, _ = shapes
    x0, y0, low, high, top = window
    n = 0
    for b in range(polygon_block[p], polygon_block[p + 1]):
        if box[b, 2] - x0 <= low or box[b, 0] - x0 >= high or box[b, 3] - y0 <= 0.0:
            continue
        if n + 2 * (last[b] - first[b]) > len(out):
            return n + 2 * (last[polygon_block[p + 1] - 1] - first[b])
        if box[b, 1] - y0 >= top:
            start = min(max(coords[first[b], 0] - x0, low), high)
            end = min(max(coords[last[b], 0] - x0, low), high)
            n = _put(out, n, start, top, end, top, top)
            continue
        for i in range(first[b], last[b]):
            xa, ya = coords[i, 0] - x0, coords[i, 1] - y0
            xb, yb = coords[i + 1, 0] - x0, coords[i + 1, 1] - y0
            xl, xr = min(xa, xb), max(xa, xb)
            if xl >= high or xr <= low or xl == xr or (ya <= 0.0 and yb <= 0.0):
                continue
            if xl >= low and xr <= high and min(ya, yb) >= 0.0 and max(ya, yb) < top:
                out[n, 0], out[n, 1], out[n, 2], out[n, 3] = xa, ya, xb, yb
                n += 1
            elif xa < xb:
                n = _clip_edge(xa, ya, xb, yb, False, window, out, n)
            else:
                n = _clip_edge(xb, yb, xa, ya, True, window, out, n)
    return n


@compiled
def _clip_edge(
    xl: float,
    yl: float,
    xr: float,
    yr: float,
    leftwards: bool,
    window: Window,
    out: Floats,
    n: int,
) -> int:
    """Clip one edge, given from left to right, and put what remains in the order of travel."""
    _, _, low, high, top = window
    slope = (yr - yl) / (xr - xl)
    if xr > high:
        xr, yr = high, yl + slope * (high - xl)
    if xl < low:
        xl, yl = low, yl + slope * (low - xl)
    if yl <= 0.0 and yr <= 0.0:
        return n
    if yl < 0.0:
        xl, yl = min(xl - yl / slope, xr), 0.0
    elif yr < 0.0:
        xr, yr = max(xr - yr / slope, xl), 0.0
    xm, ym = xr, min(yr, top)
    if yl > top:
        xm = min(max(xl + (top - yl) / slope, xl), xr) if yr < top else xr
    elif yr > top:
        xm = min(max(xl + (top - yl) / slope, xl), xr) if yl < top else xr
    if yl > top or yr > top:
        ym = top
    yl, yr = min(yl, top), min(yr, top)
    if leftwards:
        n = _put(out, n, xr, yr, xm, ym, top)
        return _put(out, n, xm, ym, xl, yl, top)
    n = _put(out, n, xl, yl, xm, ym, top)
    return _put(out, n, xm, ym, xr, yr, top)


@compiled
def _put(out: Floats, n: int, xa: float, ya: float, xb: float, yb: float, top: float) -> int:
    """Append an edge and return the new number; one that goes on flat along the top extends it."""
    if xa == xb:
        return n
    goes_on = n > 0 and ya == top and yb == top and out[n - 1, 1] == top and out[n - 1, 3] == top
    if goes_on and out[n - 1, 2] == xa:
        out[n - 1, 2] = xb
        return n - 1 if out[n - 1, 0] == xb else n
    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = xa, ya, xb, yb
    return n + 1


@compiled
def _sort_into_runs(edges: Floats, n: int, runs: Floats) -> int:
    """Turn n travelled edges into runs that go from left to right, and return their number.

    Rows of `edges` become (x left, x right, y left, slope). Rows of `runs`, of which there must be
    n, become (first edge, end, sign, x left, x right, y lowest, y highest, integral).
    """
    m = k = 0
    while k < n:
        leftwards = edges[k, 2] < edges[k, 0]
        lowest, highest = min(edges[k, 1], edges[k, 3]), max(edges[k, 1], edges[k, 3])
        end = k + 1
        while end < n and (edges[end, 2] < edges[end, 0]) == leftwards:
            if edges[end, 0] != edges[end - 1, 2]:
                break
            lowest = min(lowest, edges[end, 1], edges[end, 3])
            highest = max(highest, edges[end, 1], edges[end, 3])
            end += 1
        if leftwards:
            i, j = k, end - 1
            while i <= j:
                xa, ya, xb, yb = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
                edges[i, 0], edges[i, 1] = edges[j, 2], edges[j, 3]
                edges[i, 2], edges[i, 3] = edges[j, 0], edges[j, 1]
                edges[j, 0], edges[j, 1], edges[j, 2], edges[j, 3] = xb, yb, xa, ya
                i += 1
                j -= 1
        under = 0.0
        for i in range(k, end):
            xa, ya, xb, yb = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
            under += 0.5 * (ya + yb) * (xb - xa)
            edges[i, 1], edges[i, 2], edges[i, 3] = xb, ya, (yb - ya) / (xb - xa)
        runs[m, 0], runs[m, 1], runs[m, 2] = k, end, 1.0 if leftwards else -1.0
        runs[m, 3], runs[m, 4] = edges[k, 0], edges[end - 1, 1]
        runs[m, 5], runs[m, 6], runs[m, 7] = lowest, highest, under
        m += 1
        k = end
    return m


@compiled
def _double_sum(
    edges_a: Floats, runs_a: Floats, m_a: int, edges_b: Floats, runs_b: Floats, m_b: int
) -> float:
    """Add up `sign_a sign_b ∫ min(y_a, y_b) dx` over all runs, with compensation for rounding."""
    many = m_b > FEW_RUNS
    widest = _sort_by_left_end(runs_b, m_b) if many else 0.0
    total = lost = 0.0
    for a in range(m_a):
        left, right = runs_a[a, 3], runs_a[a, 4]
        for b in range(_first_from(runs_b, m_b, left - widest) if many else 0, m_b):
            if runs_b[b, 3] >= right or runs_b[b, 4] <= left:
                if many and runs_b[b, 3] >= right:
                    break
                continue
            low, high = max(left, runs_b[b, 3]), min(right, runs_b[b, 4])
            i, i_end = int(runs_a[a, 0]), int(runs_a[a, 1])
            j, j_end = int(runs_b[b, 0]), int(runs_b[b, 1])
            if runs_a[a, 6] <= runs_b[b, 5]:
                spans = low == left and high == right
                term = runs_a[a, 7] if spans else _under(edges_a, i, i_end, low, high)
            elif runs_b[b, 6] <= runs_a[a, 5]:
                spans = low == runs_b[b, 3] and high == runs_b[b, 4]
                term = runs_b[b, 7] if spans else _under(edges_b, j, j_end, low, high)
            else:
                term = _under_both(edges_a, i, i_end, edges_b, j, j_end)
            term *= runs_a[a, 2] * runs_b[b, 2]
            grown = total + term
            added = grown - total
            lost += (total - (grown - added)) + (term - added)
            total = grown
    return total + lost


@compiled
def _sort_by_left_end(runs: Floats, m: int) -> float:
    """Sort m runs in place (Shell sort) by their left end; return the width of the widest."""
    widest = 0.0
    for r in range(m):
        widest = max(widest, runs[r, 4] - runs[r, 3])
    gap = 1
    while 3 * gap + 1 < m:
        gap = 3 * gap + 1
    while gap > 0:
        for r in range(gap, m):
            k = r
            while k >= gap and runs[k - gap, 3] > runs[k, 3]:
                for field in range(8):
                    kept = runs[k, field]
                    runs[k, field] = runs[k - gap, field]
                    runs[k - gap, field] = kept
                k -= gap
        gap //= 3
    return widest


@compiled
def _first_from(runs: Floats, m: int, x: float) -> int:
    """Find by bisection the first of m runs, sorted by left end, that does not begin left of x."""
    low, high = 0, m
    while low < high:
        middle = (low + high) // 2
        if runs[middle, 3] < x:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _under(edges: Floats, i: int, end: int, low: float, high: float) -> float:
    """Integrate a run between two x."""
    total = 0.0
    for k in range(i, end):
        left, right = max(edges[k, 0], low), min(edges[k, 1], high)
        y = edges[k, 2] + edges[k, 3] * (0.5 * (left + right) - edges[k, 0])
        total += y * max(right - left, 0.0)
    return total


@compiled
def _under_both(a: Floats, i: int, i_end: int, b: Floats, j: int, j_end: int) -> float:
    """Integrate the lower of two runs over the x that both span.

    Written without branches, which nothing could predict: with d = a - b at the two ends of a
    step, the mean of min(a, b) is that of b plus half of min(d, 0) at both ends, and where the
    two cross, the share of the step in which a is lower times that.
    """
    twice = 0.0
    while i < i_end and j < j_end:
        left, right = max(a[i, 0], b[j, 0]), min(a[i, 1], b[j, 1])
        b_left = b[j, 2] + b[j, 3] * (left - b[j, 0])
        b_right = b[j, 2] + b[j, 3] * (right - b[j, 0])
        d_left = a[i, 2] + a[i, 3] * (left - a[i, 0]) - b_left
        d_right = a[i, 2] + a[i, 3] * (right - a[i, 0]) - b_right
        below = min(d_left, 0.0) + min(d_right, 0.0)
        share = abs(below) / (abs(d_left) + abs(d_right) + TINY)
        twice += (b_left + b_right + below * share) * max(right - left, 0.0)
        a_ends = a[i, 1] <= b[j, 1]
        i += a_ends
        j += not a_ends
    return 0.5 * twice

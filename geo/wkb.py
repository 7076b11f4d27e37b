"""How deeply a shape in well-known binary is nested, found without opening it.

In: the bytes of one shape, as a GeoParquet file holds them. Out: its depth.

GEOS opens collections inside collections by recursion and ends the whole process when a hostile
file nests tens of thousands of them, so the depth is counted first, by a loop.
"""

from __future__ import annotations

import struct

DEEPEST = 32

_COLLECTIONS = frozenset({4, 5, 6, 7})
_POINT, _LINE, _POLYGON = 1, 2, 3
_HAS_SRID = 0x20000000


def depth(shape: bytes, *, limit: int = DEEPEST) -> int:
    """Count how many shapes stand inside one another, at most `limit` + 1.

    A polygon counts 1, a multipolygon 2, a collection of multipolygons 3. Bytes that end too
    early end the count; opening them fails with a message of its own.
    """
    at, deepest, open_counts = 0, 0, [1]
    try:
        while open_counts and deepest <= limit:
            if open_counts[-1] == 0:
                open_counts.pop()
                continue
            open_counts[-1] -= 1
            deepest = max(deepest, len(open_counts))
            kind, size, order, at = _header(shape, at)
            if kind in _COLLECTIONS:
                open_counts.append(_count(shape, at, order))
                at += 4
            else:
                at = _past(shape, at, kind, size, order)
    except (struct.error, IndexError):
        return deepest
    return deepest


def _header(shape: bytes, at: int) -> tuple[int, int, str, int]:
    """Read one header: kind of shape, bytes of one coordinate, byte order, where it goes on."""
    order = "<" if shape[at] else ">"
    (code,) = struct.unpack_from(order + "I", shape, at + 1)
    plain = code & 0x0FFFFFFF
    extra = (plain // 1000 in (1, 2)) + 2 * (plain // 1000 == 3)
    extra = max(extra, bool(code & 0x80000000) + bool(code & 0x40000000))
    return plain % 1000, 8 * (2 + extra), order, at + 5 + 4 * bool(code & _HAS_SRID)


def _past(shape: bytes, at: int, kind: int, size: int, order: str) -> int:
    """Return where a point, line or polygon that begins at `at` ends."""
    if kind == _POINT:
        return at + size
    if kind == _LINE:
        return at + 4 + size * _count(shape, at, order)
    if kind != _POLYGON:
        raise struct.error
    rings, at = _count(shape, at, order), at + 4
    for _ in range(rings):
        at += 4 + size * _count(shape, at, order)
    return at


def _count(shape: bytes, at: int, order: str) -> int:
    (number,) = struct.unpack_from(order + "I", shape, at)
    return int(number)

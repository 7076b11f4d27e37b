"""The pieces of two layers, cut beside other work.

In: two layers of polygons. Out: what each source shares with each target, as shapes, while the
caller does something else: GEOS works without the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import shapely

from geo.overlap import Overlaps, checked, cut_pieces
from geo.overlap import areas as areas_of_overlap
from geo.pixels import Polygons

PARTS = 4  # in which sources are cut, two at a time


@dataclass(frozen=True)
class Cut:
    """The pieces of two layers that are being cut: each call waits for its answer."""

    waiting: tuple[tuple[int, Future[tuple[Overlaps, Polygons]]], ...]
    apart: Callable[[], bool]

    def parts(self) -> Iterator[tuple[Overlaps, Polygons]]:
        """Yield the pieces of some sources after those of others, in the order of the layer."""
        for first, made in self.waiting:
            pairs, shapes = made.result()
            yield Overlaps(pairs.source + first, pairs.target, pairs.area_m2), shapes

    def pieces(self) -> tuple[Overlaps, Polygons]:
        """Return all of them: what `geo.overlap.pieces` returns."""
        found, shapes = zip(*self.parts(), strict=True)
        return _joined(found), np.concatenate(shapes)


@contextmanager
def cutting(source: Polygons, target: Polygons, *, apart: bool | None = None) -> Iterator[Cut]:
    """Cut each source by each target in the background; see `geo.overlap.pieces`.

    GEOS works without the interpreter's lock: sums beside it take little longer than one of the
    two. The sources are cut in parts, so that the pixels of the first can be summed while the
    others are being cut.

    Parameters
    ----------
    apart
        Whether no two targets share land, where that is known already.
    """
    # Validity is asked here: shapely silences warnings for it, which only one thread at a time may.
    # The rest works on copies: shapely locks the arrays that it works on while it does.
    shapes, others = (side.copy() for side in checked(source, target))
    step = max(1, -(-len(shapes) // PARTS))
    with ThreadPoolExecutor(2) as cutter, ThreadPoolExecutor(1) as aside:
        waiting = tuple(
            (first, cutter.submit(cut_pieces, shapes[first : first + step], others.copy()))
            for first in range(0, max(1, len(shapes)), step)
        )
        known = None if apart is not None else aside.submit(shapely.coverage_is_valid, others)
        yield Cut(
            waiting,
            lambda: bool(apart) if known is None else bool(known.result()) or targets_apart(target),
        )


def _joined(found: Sequence[Overlaps]) -> Overlaps:
    columns = ("source", "target", "area_m2")
    return Overlaps(*(np.concatenate([getattr(one, name) for one in found]) for name in columns))


def targets_apart(targets: Polygons) -> bool:
    """Say whether no two targets share any land."""
    if shapely.coverage_is_valid(targets):
        return True
    both = areas_of_overlap(targets, targets)
    return bool((both.source == both.target).all())

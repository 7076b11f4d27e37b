"""The same crosswalks over several processes or machines, with Dask.

In: two layers, with points or a raster, and the address of a Dask scheduler (or none, for a cluster
on this machine). Out: exactly what `geo.overlap.areas`, `geo.points.locate_all` and
`geo.rasters.overlap_people` give on one machine: only the measuring is spread out, in spatial
blocks; adding up happens in one place and in the original order, so that not even the last bit
depends on the number of workers.

Dask is an optional part of the installation and is imported only here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from boundaries.errors import BoundaryError
from geo import overlap, points, rasters
from geo.errors import CommonGroundError
from geo.overlap import Overlaps
from geo.rasters import PeopleOverlaps

if TYPE_CHECKING:
    from distributed import Client

PAIRS_A_BLOCK = 4_000
POINTS_A_BLOCK = 250_000
AREAS_A_BLOCK = 2_000
RETRIES = 5
CONNECT_TIMEOUT_S = 30

Shapes = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]


class DaskMissing(BoundaryError):
    """Dask was asked for and is not installed."""

    rule = "working over several machines needs Dask"
    remedy = "Install the project with its extra: pip install 'common-ground[dask]'."


class SchedulerUnreachable(BoundaryError):
    """No Dask scheduler answers at the address given."""

    rule = "no Dask scheduler answers at the address"
    remedy = "Start one with `dask scheduler` and workers with `dask worker`, or leave it out."


class DaskEngine:
    """Measures overlaps and locates points on the workers of a Dask cluster.

    A task holds one block of neighbouring sources with the targets they may touch. Tasks are
    pure: a worker that dies loses nothing, because the scheduler gives its tasks to another one.
    """

    def __init__(self, client: Client, *, pairs_a_block: int = PAIRS_A_BLOCK) -> None:
        self.client = client
        self.pairs_a_block = pairs_a_block

    def areas(self, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> Overlaps:
        """Measure areas of intersection; answer and errors as in `geo.overlap.areas`."""
        sources, targets = _plain(source), _plain(target)
        first, second = overlap.candidate_pairs(sources, targets)
        # One choice for the whole job: a block alone might be small enough for the other engine.
        engine = overlap.engine_for(sources, targets, first, second)
        found = self._gather(
            _measure,
            [
                (*_packed(source, target, first[block], second[block]), engine)
                for block in self._blocks(sources, first)
            ],
        )
        if not found:
            nothing = np.empty(0, np.int64)
            return Overlaps(nothing, nothing, np.empty(0))
        s, t, area_m2 = (np.concatenate([part[i] for part in found]) for i in range(3))
        order = np.lexsort((t, s))
        return Overlaps(s[order], t[order], area_m2[order])

    def locate_all(
        self, xy: npt.NDArray[np.float64], areas: gpd.GeoDataFrame
    ) -> tuple[Positions, Positions]:
        """Find every area that holds each point; as in `geo.points.locate_all`."""
        starts = range(0, len(xy), POINTS_A_BLOCK)
        shared = self.client.scatter(areas, broadcast=True, hash=False)
        found = self._gather(
            _locate, [(xy[start : start + POINTS_A_BLOCK], shared) for start in starts]
        )
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        point = [part[0] + start for part, start in zip(found, starts, strict=True)]
        return np.concatenate(point), np.concatenate([part[1] for part in found])

    def overlap_people(
        self, raster: str, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, **options: Any
    ) -> PeopleOverlaps:
        """Add up pixels by pair; answer and errors as in `geo.rasters.overlap_people`.

        Every worker reads the raster by itself: `raster` is a path that all of them can open.
        """
        place = {key: options[key] for key in ("band", "reproject") if key in options}
        sources, targets = (rasters.on_raster(raster, layer, **place) for layer in (source, target))
        held, others = _plain(sources), _plain(targets)
        try:
            source_people, notes = self._sums(raster, sources, options)
            target_people, more = self._sums(raster, targets, options)
        except CommonGroundError:
            # A block knows its own faults only; measured here, all of them are named at once.
            for layer in (source, target):
                rasters.zonal_sum(raster, layer, **options)
            raise
        first, second = overlap.candidate_pairs(held, others)
        parts = [
            (np.unique(first[block]), np.unique(second[block]))
            for block in self._blocks(held, first)
        ]
        said = {"band": options.get("band", 1), "apart": rasters.targets_apart(others)}
        found = self._gather(
            _people, [(raster, sources.iloc[s], targets.iloc[t], said) for s, t in parts]
        )
        outside = source_people.copy()
        for (s, _), part in zip(parts, found, strict=True):
            outside[s] = part.outside
        pairs = [
            (s[part.source], t[part.target], part.people)
            for (s, t), part in zip(parts, found, strict=True)
        ] or [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        one, other, people = (np.concatenate([pair[i] for pair in pairs]) for i in range(3))
        order = np.lexsort((other, one))
        return PeopleOverlaps(
            source=one[order],
            target=other[order],
            people=people[order],
            source_people=source_people,
            target_people=target_people,
            outside=outside,
            notes=(*notes, *more),
        )

    def _sums(
        self, raster: str, layer: gpd.GeoDataFrame, options: dict[str, Any]
    ) -> tuple[npt.NDArray[np.float64], list[dict[str, Any]]]:
        """Add up the pixels of each area; notes of the blocks become notes of the layer."""
        rest = {"band": options.get("band", 1), "uncovered": options.get("uncovered", "raise")}
        starts = range(0, len(layer), AREAS_A_BLOCK)
        blocks = [(raster, layer.iloc[start : start + AREAS_A_BLOCK], rest) for start in starts]
        found = self._gather(_zonal, blocks)
        kinds: dict[str, dict[str, Any]] = {}
        for note in (note for part in found for note in part.attrs["notes"]):
            kept = kinds.setdefault(note["kind"], {**note, "codes": []})
            kept["codes"] += note["codes"]
        order = ("beyond the raster", "no data")
        notes = sorted(kinds.values(), key=lambda note: order.index(note["kind"]))
        return np.concatenate([part.to_numpy() for part in found] or [np.empty(0)]), notes

    def _gather(self, function: Any, calls: list[tuple[Any, ...]]) -> list[Any]:
        """Run a function over many arguments on the workers; answers in the order of the calls."""
        futures = [
            self.client.submit(function, *call, pure=False, retries=RETRIES) for call in calls
        ]
        return list(self.client.gather(futures))

    def _blocks(self, sources: Shapes, first: Positions) -> list[Positions]:
        """Cut the pairs into blocks of neighbouring sources, along a Hilbert curve."""
        if not len(first):
            return []
        place = gpd.GeoSeries(sources).hilbert_distance().to_numpy()
        order = np.lexsort((first, place[first]))
        changes = np.flatnonzero(np.diff(first[order])) + 1
        wanted = np.arange(self.pairs_a_block, len(first), self.pairs_a_block)
        # A source's pairs stay together, so that its shape travels once.
        cuts = np.unique(changes[np.searchsorted(changes, wanted).clip(max=len(changes) - 1)])
        return np.split(order, cuts) if len(changes) else [order]


@contextmanager
def connect(address: str | None = None, *, workers: int = 2) -> Iterator[DaskEngine]:
    """Open a Dask cluster and close it again: `tcp://...`, or `workers` processes on this machine.

    Raises
    ------
    DaskMissing
        If Dask is not installed.
    SchedulerUnreachable
        If nothing answers at `address` within 30 seconds.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise DaskMissing("dask") from error
    if address is None:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        )
        with cluster, Client(cluster) as client:
            yield DaskEngine(client)
        return
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise SchedulerUnreachable(address, detail=str(error)) from error
    with client:
        yield DaskEngine(client)


def _packed(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, first: Positions, second: Positions
) -> tuple[gpd.GeoSeries, gpd.GeoSeries, Positions, Positions]:
    """Return only the shapes that a block needs, with their codes, and its pairs."""
    return (
        source.geometry.iloc[np.unique(first)],
        target.geometry.iloc[np.unique(second)],
        first,
        second,
    )


def _measure(
    source: gpd.GeoSeries,
    target: gpd.GeoSeries,
    first: Positions,
    second: Positions,
    engine: Any,
) -> tuple[Positions, Positions, npt.NDArray[np.float64]]:
    """Measure one block on a worker and answer in the positions of the whole layers."""
    rows, local_first = np.unique(first, return_inverse=True)
    columns, local_second = np.unique(second, return_inverse=True)
    found = overlap.areas(
        source, target, pairs=(local_first, local_second), engine=engine, threads=1
    )
    return rows[found.source], columns[found.target], found.area_m2


def _locate(xy: npt.NDArray[np.float64], areas: gpd.GeoDataFrame) -> Any:
    return points.locate_all(xy, areas)


def _plain(layer: gpd.GeoDataFrame) -> Shapes:
    return np.asarray(layer.geometry.values, dtype=object)


def _zonal(raster: str, areas: gpd.GeoDataFrame, options: dict[str, Any]) -> pd.Series:
    return rasters.zonal_sum(raster, areas, **options)


def _people(
    raster: str, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, options: dict[str, Any]
) -> PeopleOverlaps:
    return rasters.overlap_people(raster, source, target, uncovered="report", **options)

"""Over several processes the answer is the same to the last bit, even when one of them dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from boundaries import distributed
from boundaries.build import from_areas, from_points, from_raster
from boundaries.distributed import DaskEngine, SchedulerUnreachable, connect
from geo import overlap, points, rasters
from geo.errors import RasterTooSmall

pytestmark = [
    pytest.mark.slow,
    # Dask's own threads may still hold a socket for a moment after a worker was killed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def cells(layer: str, n: int, *, seed: int) -> gpd.GeoDataFrame:
    """Voronoi cells over a square of 10 km: a layer without gaps."""
    rng = np.random.default_rng(seed)
    seeds = shapely.multipoints(rng.uniform(0, 10_000, (n, 2)))
    square = shapely.box(0, 0, 10_000, 10_000)
    shapes = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square))
    shapes = shapely.intersection(shapes, square)
    index = pd.Index([f"{layer}{i:05d}" for i in range(len(shapes))], name=layer, dtype="str")
    return gpd.GeoDataFrame({"name": index}, geometry=shapes, index=index, crs=27700)


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with connect(workers=2) as running:
        running.pairs_a_block = 150
        yield running


@pytest.fixture(scope="module")
def layers() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    return cells("sa", 1500, seed=1), cells("wd", 200, seed=2)


def test_overlaps_are_the_same_to_the_last_bit(
    engine: DaskEngine, layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]
) -> None:
    here = overlap.areas(*layers)
    there = engine.areas(*layers)
    assert len(here) > 2000
    for name in ("source", "target", "area_m2"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_points_are_located_the_same(
    engine: DaskEngine,
    layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distributed, "POINTS_A_BLOCK", 700)
    xy = np.random.default_rng(3).uniform(-500, 10_500, (5_000, 2))
    here, there = points.locate_all(xy, layers[1]), engine.locate_all(xy, layers[1])
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_crosswalk_from_workers_is_the_local_one(
    engine: DaskEngine, layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]
) -> None:
    here, there = from_areas(*layers), from_areas(*layers, engine=engine)
    assert (here.mass != there.mass).nnz == 0
    np.testing.assert_array_equal(here.outside, there.outside)
    rng = np.random.default_rng(4)
    xy, weight = rng.uniform(0, 10_000, (4_000, 2)), rng.uniform(0.1, 9.9, 4_000)
    people = gpd.GeoDataFrame({"weight": weight}, geometry=shapely.points(xy), crs=27700)
    one = from_points(people, "weight", *layers, unit="residents")
    other = from_points(people, "weight", *layers, unit="residents", engine=engine)
    assert (one.mass != other.mass).nnz == 0


@pytest.mark.parametrize("overlapping", [False, True])
def test_people_of_a_raster_are_the_same_to_the_last_bit(
    engine: DaskEngine,
    layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    overlapping: bool,
) -> None:
    monkeypatch.setattr(distributed, "AREAS_A_BLOCK", 70)
    # A grid that neither begins nor steps on whole metres, some pixels without data.
    pixels = np.random.default_rng(5).gamma(0.5, 20.0, (130, 130))
    pixels[40:44, 50:60] = np.nan
    path = tmp_path / "people.tif"
    grid = rasterio.Affine(77.77, 0, -33.3, 0, -77.77, 10_044.4)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "nodata": np.nan}
    with rasterio.open(
        path, "w", height=130, width=130, transform=grid, crs=27700, **profile
    ) as file:
        file.write(pixels, 1)
    source, target = layers[0], layers[1].iloc[:150]
    if overlapping:
        target = target.set_geometry(target.buffer(60))
    here = rasters.overlap_people(str(path), source, target, uncovered="report")
    there = engine.overlap_people(str(path), source, target, uncovered="report")
    assert len(here) > 1500
    assert here.notes == there.notes
    assert here.notes
    for name in ("source", "target", "people", "source_people", "target_people", "outside"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name), err_msg=name)
    one = from_raster(path, source, target, uncovered="report")
    other = from_raster(path, source, target, uncovered="report", engine=engine)
    assert (one.mass != other.mass).nnz == 0


def test_all_areas_beyond_a_raster_are_named_whichever_block_they_are_in(
    engine: DaskEngine,
    layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distributed, "AREAS_A_BLOCK", 70)
    path = tmp_path / "west.tif"
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "crs": 27700}
    grid = rasterio.Affine(100, 0, 0, 0, -100, 10_000)
    with rasterio.open(path, "w", height=100, width=50, transform=grid, **profile) as file:
        file.write(np.ones((100, 50)), 1)
    east = layers[0].index[layers[0].bounds["maxx"] > 5000]
    with pytest.raises(RasterTooSmall) as caught:
        engine.overlap_people(str(path), *layers)
    assert list(caught.value.found) == list(east)


def test_a_worker_that_is_killed_half_way_changes_nothing(
    layers: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    here = overlap.areas(*layers)
    with connect(workers=2) as engine:
        engine.pairs_a_block = 20
        processes = list(engine.client.run(os.getpid).values())
        assert len(processes) == 2
        killed = threading.Event()

        def kill_one() -> None:
            time.sleep(0.3)
            os.kill(processes[0], signal.SIGKILL)
            killed.set()

        threading.Thread(target=kill_one, daemon=True).start()
        answers = [engine.areas(*layers)]
        while not killed.is_set():
            answers.append(engine.areas(*layers))
        answers.append(engine.areas(*layers))
        alive = set(engine.client.run(os.getpid).values())
    assert processes[0] not in alive
    for answer in answers:
        np.testing.assert_array_equal(answer.area_m2, here.area_m2)


def test_an_address_where_nobody_listens_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "CONNECT_TIMEOUT_S", 1)
    with (
        pytest.raises(SchedulerUnreachable, match=r"127\.0\.0\.1:9"),
        connect("tcp://127.0.0.1:9"),
    ):
        pass

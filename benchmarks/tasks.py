"""What is timed, each task in a process of its own: `python -m benchmarks.tasks NAME ARGUMENTS`.

In: the name of a task and its arguments as JSON. Out: one line of JSON on standard output with
`call_s` and `cpu_s` (the work itself: no interpreter, no imports, no reading of files), `peak_mb`
of the whole process, and whatever else the task reports.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.measure import peak_mb
from geo.overlap import KERNEL_FROM, Engine, areas, candidate_pairs

Task = Callable[..., dict[str, Any]]
TASKS: dict[str, Task] = {}
ENGINES: tuple[Engine, ...] = ("kernel", "shapely")


def task(function: Task) -> Task:
    """Register a function under its name."""
    TASKS[function.__name__] = function
    return function


class Clock:
    """Times what happens inside `with`, by the clock on the wall and by the processor's."""

    def __enter__(self) -> Clock:
        self.start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self.start[0]
        self.said = {"call_s": seconds, "cpu_s": time.process_time() - self.start[1]}


def read(folder: str, layer: str) -> gpd.GeoDataFrame:
    """Read a prepared layer: valid polygons in metres, index of text codes named by the layer."""
    return gpd.read_parquet(Path(folder) / f"{layer}.parquet")


def keep(out: str, source: Any, target: Any, area_m2: Any) -> dict[str, Any]:
    """Keep the areas found, for the comparison with the others."""
    np.savez(out, source=source, target=target, area_m2=area_m2)
    return {"pairs": len(area_m2)}


@task
def ours(folder: str, out: str, engine: Engine, warm: bool) -> dict[str, Any]:
    """Measure areas of intersection with `geo.overlap.areas`, validity gate and all.

    Warm: the kernel was loaded before, as in any second call of a process.
    """
    from geo import kernel  # noqa: F401  numba's import is no part of the call

    source, target = read(folder, "lsoa21"), read(folder, "wd25")
    if warm:
        areas(source.iloc[:10], target.iloc[:10], engine=engine)
    with Clock() as clock:
        found = areas(source, target, engine=engine)
    said = keep(out, found.source, found.target, found.area_m2)
    return {**clock.said, **said}


@task
def overlay(folder: str, out: str) -> dict[str, Any]:
    """Measure areas of intersection with `geopandas.overlay`."""
    source, target = read(folder, "lsoa21"), read(folder, "wd25")
    source["s"], target["t"] = np.arange(len(source)), np.arange(len(target))
    source, target = source[["s", "geometry"]], target[["t", "geometry"]]
    with Clock() as clock:
        pieces = gpd.overlay(source, target, how="intersection")
        area_m2 = pieces.area.to_numpy()
    said = keep(out, pieces["s"].to_numpy(), pieces["t"].to_numpy(), area_m2)
    return {**clock.said, **said}


@task
def tobler(folder: str, out: str) -> dict[str, Any]:
    """Measure areas of intersection with tobler's table, the heart of its area_interpolate."""
    from tobler.area_weighted import _area_tables_binning

    source, target = read(folder, "lsoa21"), read(folder, "wd25")
    with Clock() as clock:
        found = _area_tables_binning(source, target, "auto").tocoo()
    return {**clock.said, **keep(out, found.row, found.col, found.data)}


@task
def points_ours(folder: str) -> dict[str, Any]:
    """Locate postcodes in wards with `geo.points.locate`, from coordinates."""
    from geo.points import locate

    wards, xy = read(folder, "wd25"), np.load(Path(folder) / "postcodes.npy")
    with Clock() as clock:
        found = locate(xy, wards)
    return {**clock.said, "located": int((found >= 0).sum())}


@task
def points_sjoin(folder: str) -> dict[str, Any]:
    """Locate postcodes in wards with `geopandas.sjoin`, points made from coordinates."""
    wards, xy = read(folder, "wd25"), np.load(Path(folder) / "postcodes.npy")
    with Clock() as clock:
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=wards.crs)
        found = gpd.sjoin(points, wards[["geometry"]], predicate="intersects")
    return {**clock.said, "located": int(found.index.nunique())}


@task
def points_tree(folder: str, side: str) -> dict[str, Any]:
    """Locate postcodes in wards with one query of shapely's STRtree.

    A tree of the wards asked for points, or a tree of the points asked for wards, whose prepared
    shapes are then used again and again.
    """
    wards, xy = read(folder, "wd25"), np.load(Path(folder) / "postcodes.npy")
    shapes = np.asarray(wards.geometry.values, dtype=object)
    with Clock() as clock:
        points = shapely.points(xy)
        if side == "wards":
            point = shapely.STRtree(shapes).query(points, predicate="intersects")[0]
        else:
            point = shapely.STRtree(points).query(shapes, predicate="intersects")[1]
    return {**clock.said, "located": len(np.unique(point))}


@task
def points_crosswalk(folder: str) -> dict[str, Any]:
    """Build the crosswalk from LSOAs to wards weighed by postcodes."""
    from boundaries.points import from_points

    source, target = read(folder, "lsoa21"), read(folder, "wd25")
    xy = np.load(Path(folder) / "postcodes.npy")
    with Clock() as clock:
        walk = from_points(xy, None, source, target, unit="postcodes")
    return {**clock.said, "pairs": int(walk.mass.nnz)}


def corners_of_pairs(source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> int:
    """Count what the choice of engine goes by: the coordinates of all candidate pairs together."""
    first, second = (np.asarray(layer.geometry.values, dtype=object) for layer in (source, target))
    s, t = candidate_pairs(first, second)
    held = shapely.get_num_coordinates(first)[s].sum(), shapely.get_num_coordinates(second)[t].sum()
    return int(sum(held))


@task
def growing(folder: str, sizes: list[int], repeats: int) -> dict[str, Any]:
    """Measure areas of intersection of ever more LSOAs around one middle with the wards there."""
    source, target = read(folder, "lsoa21"), read(folder, "wd25")
    middle = shapely.get_coordinates(shapely.centroid(source.geometry.values))
    nearest = np.argsort(np.hypot(*(middle - middle.mean(axis=0)).T), kind="stable")
    boxes = shapely.box(*shapely.bounds(target.geometry.values).T)
    areas(source.iloc[:10], target, engine="kernel")
    steps = []
    for size in sizes:
        part = source.iloc[np.sort(nearest[:size])]
        near = shapely.STRtree(boxes).query(shapely.box(*part.total_bounds))
        wards = target.iloc[np.sort(near)]
        step: dict[str, Any] = {"areas": size, "wards": len(wards)}
        step["corners"] = corners_of_pairs(part, wards)
        for engine in ENGINES if step["corners"] < 5 * KERNEL_FROM else ENGINES[:1]:
            times = []
            for _ in range(repeats):
                with Clock() as clock:
                    found = areas(part, wards, engine=engine)
                times.append(clock.said["cpu_s"])
            step[engine] = statistics.median(times)
        steps.append({**step, "pairs": len(found)})
    total = sum(step["kernel"] for step in steps)
    return {"call_s": total, "cpu_s": total, "steps": steps}


@task
def city(folder: str, source: str, target: str, method: str) -> dict[str, Any]:
    """Build one crosswalk between two layers of a city, for the first time in this process."""
    from boundaries import build

    first, second = read(folder, source), read(folder, target)
    postcodes = gpd.read_parquet(Path(folder) / "city_postcodes.parquet")
    people, counts = Path(folder) / "people.tif", pd.Series(1000.0, index=first.index)
    ways: dict[str, Callable[[], object]] = {
        "area": lambda: build.from_areas(first, second),
        "points": lambda: build.from_points(postcodes, None, first, second),
        "best fit": lambda: build.best_fit(build.centroids(postcodes, None, first), second),
        "raster": lambda: build.from_raster(people, first, second),
        "smoothed": lambda: build.from_smoothed(counts, first, second),
    }
    with Clock() as clock:
        ways[method]()
    return clock.said


@task
def drawn(folder: str, weights: str) -> dict[str, Any]:
    """Turn a drawn shape of some 40 corners into a custom area, by output areas or postcodes."""
    from boundaries import custom

    frame = read(folder, "oa11").assign(households=125.0, people=300.0, base="E01000000")
    postcodes = gpd.read_parquet(Path(folder) / "city_postcodes.parquet")
    held = shapely.STRtree(frame.geometry.values).query(postcodes.geometry.values, "within")
    postcodes = postcodes.iloc[held[0]].assign(block=frame.index[held[1]], households=15.0)
    blocks = custom.Blocks(frame)
    centre = shapely.centroid(shapely.union_all(frame.geometry.values))
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = 1500 * (1 + 0.3 * np.sin(5 * angle))
    shape = shapely.Polygon(
        np.c_[centre.x + reach * np.cos(angle), centre.y + reach * np.sin(angle)]
    )
    points = postcodes if weights == "postcodes" else None
    with Clock() as clock:
        area = custom.drawn(blocks, shape, name="drawn", points=points)
    return {
        **clock.said,
        "pieces": len(frame) if points is None else len(postcodes),
        "members": len(area.members),
    }


def main() -> None:
    """Run one task and print what it says about itself."""
    warnings.simplefilter("ignore")
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    said = TASKS[name](**arguments)
    print(json.dumps({**said, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()

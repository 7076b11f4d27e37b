"""Areas of intersection of two national layers: ours, geopandas.overlay and tobler, side by side.

In: the folder of real data. Out: a Markdown section. Every tool reads the same prepared layers in
a process of its own; differences are from GEOS, pair by pair.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.sparse import csr_array

from benchmarks import prepare
from benchmarks.measure import Case, Timing, compare, run_once, table

SHAPE = (33_755, 6_826)
OURS = "ours"
HEAD = (
    "tool",
    "call s",
    "call, cpu s",
    "process s",
    "peak MB",
    "pairs",
    "largest difference m2",
    "call: ours is faster by",
    "in cpu s by",
)
NOTE = """Call: the areas themselves, validity checks included; neither imports nor reading.
Process: everything from starting Python to its end. Largest difference: from GEOS, pair by pair.
First call: the compiled kernel is loaded from disk. First call ever: it is compiled, with an empty
cache; later processes find it. GEOS engine: `areas(..., engine="shapely")`, the one for small jobs.
tobler computes in single precision."""


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time the tools in turns and say how far each is from GEOS."""
    prepare.england(data, folder)
    cases = [
        _ours(OURS, folder, engine="auto", warm=True),
        Case("geopandas.overlay", "overlay", _files("geopandas.overlay", folder)),
        Case("tobler", "tobler", _files("tobler", folder)),
        _ours("ours, first call", folder, engine="auto", warm=False),
    ]
    run_once(cases[0])  # compiles, so that all runs find the kernel on disk
    timings = compare(cases, repeats)
    with TemporaryDirectory() as empty:
        ever = _ours("ours, first call ever", folder, engine="auto", warm=False)
        ever = replace(ever, environment={"NUMBA_CACHE_DIR": empty})
        geos = _ours("ours, GEOS engine", folder, engine="shapely", warm=False)
        timings |= compare([ever, geos], 1)
    truth = _areas(folder, geos.title)
    rows = [
        _row(title, timing, timings[OURS], abs(_areas(folder, title) - truth).max())
        for title, timing in timings.items()
    ]
    title = "## England: LSOA 2021 into wards 2025 (33,755 x 6,826 polygons)"
    return f"{title}\n\n{table(HEAD, rows)}\n\n{NOTE}"


def _files(title: str, folder: Path) -> dict[str, str]:
    return {"folder": str(folder), "out": str(folder / f"{title}.npz")}


def _ours(title: str, folder: Path, *, engine: str, warm: bool) -> Case:
    return Case(title, "ours", {**_files(title, folder), "engine": engine, "warm": warm})


def _row(title: str, timing: Timing, ours: Timing, difference: float) -> list[object]:
    return [
        title,
        timing.call_s,
        timing.cpu_s,
        timing.process_s,
        float(round(timing.peak_mb)),
        int(timing.said["pairs"]),
        f"{difference:.1e}",
        f"{timing.call_s / ours.call_s:.1f}",
        f"{timing.cpu_s / ours.cpu_s:.1f}",
    ]


def _areas(folder: Path, title: str) -> csr_array:
    found = np.load(folder / f"{title}.npz")
    at = (found["source"], found["target"])
    return csr_array((found["area_m2"].astype(np.float64), at), shape=SHAPE)

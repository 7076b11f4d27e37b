"""Areas of intersection of two national layers: ours, geopandas.overlay and tobler, side by side.

In: the folder of real data. Out: a Markdown section. Every tool reads the same prepared layers in
a process of its own; differences are from GEOS, pair by pair.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.sparse import coo_array

from benchmarks import prepare
from benchmarks.measure import Case, Timing, compare, run_once, table

SHAPE = (33_755, 6_826)
OURS, OVERLAY, TOBLER = "ours", "geopandas.overlay", "tobler"
HEAD = ("tool", "call s", "cpu s", "process s", "peak MB", "pairs", "largest difference m2", "ours")


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time the three tools in turns and say how far each is from GEOS."""
    prepare.england(data, folder)
    place = str(folder)
    out = {name: str(folder / f"{name}.npz") for name in ("ours", "overlay", "tobler", "geos")}
    run_once(Case("compile", "ours", {"folder": place, "out": out["ours"], "engine": "kernel"}))
    cases = [
        Case(OURS, "ours", {"folder": place, "out": out["ours"], "engine": "auto"}),
        Case(OVERLAY, "overlay", {"folder": place, "out": out["overlay"]}),
        Case(TOBLER, "tobler", {"folder": place, "out": out["tobler"]}),
    ]
    timings = compare(cases, repeats)
    others = [Case("ours, GEOS engine", "ours", {**cases[0].arguments, "engine": "shapely"})]
    others[0] = Case(others[0].title, "ours", {**others[0].arguments, "out": out["geos"]})
    with TemporaryDirectory() as empty:
        arguments = {**cases[0].arguments}
        others.append(Case("ours, first use", "ours", arguments, {"NUMBA_CACHE_DIR": empty}))
        timings |= compare(others, 1)
    truth = _areas(out["geos"])
    files = {OURS: "ours", OVERLAY: "overlay", TOBLER: "tobler"}
    files |= {"ours, GEOS engine": "geos", "ours, first use": "ours"}
    rows = [
        _row(title, timing, timings[OURS], abs(_areas(out[files[title]]) - truth).max())
        for title, timing in timings.items()
    ]
    note = (
        "Call: the areas themselves, validity checks included, without imports and reading. "
        "Process: everything. First use: with an empty cache, so that the kernel is compiled. "
        "Ours: how many times faster our call is. tobler computes in single precision."
    )
    title = "## England: LSOA 2021 into wards 2025 (33,755 x 6,826 polygons)"
    return f"{title}\n\n{table(HEAD, rows)}\n\n{note}"


def _row(title: str, timing: Timing, ours: Timing, difference: float) -> list[object]:
    return [
        title,
        timing.call_s,
        timing.cpu_s,
        timing.process_s,
        float(round(timing.peak_mb)),
        int(timing.said["pairs"]),
        f"{difference:.1e}",
        f"{timing.call_s / ours.call_s:.1f}x",
    ]


def _areas(path: str) -> coo_array:
    found = np.load(path)
    at = (found["source"], found["target"])
    return coo_array((found["area_m2"].astype(np.float64), at), shape=SHAPE).tocsr()

"""A city's crosswalks, cold: the first call in a fresh process, compilation included.

In: the folder of real data. Out: a Markdown section for Bristol: any two of its layers by any
method, and a drawn area through output areas and postcodes.
"""

from __future__ import annotations

import statistics
from itertools import permutations
from pathlib import Path

from benchmarks import prepare
from benchmarks.measure import Case, compare, table

METHODS = ("area", "points", "best fit", "raster", "smoothed")


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time every ordered pair of layers by every method, once each in a process of its own."""
    prepare.bristol(data, folder)
    place = str(folder)
    rows = []
    for method in METHODS:
        cases = [
            Case(f"{s} -> {t}", "city", _arguments(place, s, t, method))
            for s, t in permutations(prepare.CITY_LAYERS, 2)
        ]
        rows.append([method, len(cases), *_middle_and_worst(cases, 1)])
    drawings = [
        Case(f"drawn area through {name}", "drawn", {"folder": place, "weights": name})
        for name in ("output areas", "postcodes")
    ]
    drawn = [
        [f"{title} ({timing.said['pieces']:,})", 1000 * timing.call_s]
        for title, timing in compare(drawings, repeats).items()
    ]
    head = ("method", "pairs of layers", "median s", "worst s", "worst, cpu s", "worst pair")
    title = "## Bristol, cold: the first call of a fresh process"
    layers = (
        f"Layers: {', '.join(prepare.CITY_LAYERS)}, in both directions. Imports and reading are "
        "not counted. Raster: 100 m pixels; smoothed: cells and iterations as by "
        "default (43 m, 50 times; output areas 23 m)."
    )
    return "\n\n".join([title, table(head, rows), layers, table(("case", "ms"), drawn)])


def _arguments(folder: str, source: str, target: str, method: str) -> dict[str, str]:
    return {"folder": folder, "source": source, "target": target, "method": method}


def _middle_and_worst(cases: list[Case], repeats: int) -> list[object]:
    timings = compare(cases, repeats)
    worst = max(timings, key=lambda title: timings[title].call_s)
    middle = statistics.median(timing.call_s for timing in timings.values())
    return [middle, timings[worst].call_s, timings[worst].cpu_s, worst]

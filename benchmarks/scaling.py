"""How the cost of overlap areas grows with the number of areas.

In: the folder of real data. Out: a Markdown section with the exponent of growth, fitted through
processor time, which other work on the machine disturbs least.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import prepare
from benchmarks.measure import Case, run_once, table
from geo.overlap import KERNEL_FROM

SIZES = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 33_755)
FITTED_FROM = 1_000
HEAD = (
    "LSOAs",
    "pairs",
    "corners of candidates",
    "kernel, cpu s",
    "microseconds an LSOA",
    "GEOS engine, cpu s",
    "auto takes",
)


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time growing parts of England in one process."""
    prepare.england(data, folder)
    arguments = {"folder": str(folder), "sizes": list(SIZES), "repeats": max(3, repeats)}
    steps = run_once(Case("scaling", "growing", arguments))["steps"]
    fitted = [step for step in steps if step["areas"] >= FITTED_FROM]
    areas = np.log([step["areas"] for step in fitted])
    exponent = np.polyfit(areas, np.log([step["kernel"] for step in fitted]), 1)[0]
    rows = [
        [
            step["areas"],
            step["pairs"],
            step["corners"],
            step["kernel"],
            1e6 * step["kernel"] / step["areas"],
            step.get("shapely", ""),
            "kernel" if step["corners"] > KERNEL_FROM else "shapely",
        ]
        for step in steps
    ]
    note = (
        f"From {FITTED_FROM:,} areas on, the kernel's cost grows as n^{exponent:.2f} (slope of the "
        f"logarithms). `auto` takes the kernel above {KERNEL_FROM:,} corners of all candidate "
        "pairs together: below, GEOS takes less time than compiling the kernel for the first time."
    )
    title = "## Growth: LSOAs around the middle of England into their wards"
    return f"{title}\n\n{table(HEAD, rows)}\n\n{note}"

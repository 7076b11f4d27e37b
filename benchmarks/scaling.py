"""How the cost of overlap areas grows with the number of areas.

In: the folder of real data. Out: a Markdown section with the exponent of growth, fitted through
processor time, which other work on the machine disturbs least.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import prepare
from benchmarks.measure import Case, run_once, table

SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 33_755)


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time growing parts of England in one process."""
    prepare.england(data, folder)
    arguments = {"folder": str(folder), "sizes": list(SIZES), "repeats": max(3, repeats)}
    steps = run_once(Case("scaling", "growing", arguments))["steps"]
    areas = np.array([step["areas"] for step in steps])
    seconds = np.array([step["cpu_s"] for step in steps])
    exponent = np.polyfit(np.log(areas), np.log(seconds), 1)[0]
    rows = [
        [step["areas"], step["pairs"], step["cpu_s"], 1e6 * step["cpu_s"] / step["areas"]]
        for step in steps
    ]
    head = ("LSOAs", "pairs", "cpu s", "microseconds an LSOA")
    note = f"Cost grows as n^{exponent:.2f} (slope of the logarithms)."
    title = "## Growth: LSOAs around the middle of England into their wards"
    return f"{title}\n\n{table(head, rows)}\n\n{note}"

"""All postcodes of England into wards: ours and the fastest single calls of the libraries.

In: the folder of real data. Out: a Markdown section. Every tool begins with bare coordinates.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import prepare
from benchmarks.measure import Case, compare, table

HEAD = (
    "tool",
    "call s",
    "call, cpu s",
    "process s",
    "peak MB",
    "points located",
    "ours is faster by",
)


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time the tools in turns."""
    prepare.england(data, folder)
    place = {"folder": str(folder)}
    cases = [
        Case("ours", "points_ours", place),
        Case("geopandas.sjoin", "points_sjoin", place),
        Case("shapely, tree of wards", "points_tree", {**place, "side": "wards"}),
        Case("shapely, tree of points", "points_tree", {**place, "side": "points"}),
    ]
    timings = compare(cases, repeats)
    ours = timings["ours"].call_s
    rows = [
        [
            title,
            timing.call_s,
            timing.cpu_s,
            timing.process_s,
            float(round(timing.peak_mb)),
            int(timing.said["located"]),
            f"{timing.call_s / ours:.1f}",
        ]
        for title, timing in timings.items()
    ]
    walk = compare([Case("walk", "points_crosswalk", place)], 1)["walk"]
    note = (
        f"The crosswalk of LSOAs and wards weighed by postcodes (both layers located, "
        f"{walk.said['pairs']:,} pairs): {walk.call_s:.3g} s."
    )
    title = "## England: 1,489,907 postcodes into wards 2025"
    return f"{title}\n\n{table(HEAD, rows)}\n\n{note}"

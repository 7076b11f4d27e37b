"""Timings of the money floor, on drawn data of real size: `python -m benchmarks.budgets`.

In: nothing. Out: a Markdown table on standard output: cold (first use of the crosswalks) and warm
(a slider moved), best of the repeats, and the peak memory of the process so far.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from budgets import streams
from budgets.apportion import prepare
from budgets.convergence import convergence

LEVELS = {"city": (34, 24, 5, 3, 2), "england": (6826, 300, 150, 106, 38)}
AREAS = {"city": 300, "england": 33_755}
PAIRS_AN_AREA = 3.1  # what generalised borders give: 106,000 pairs of LSOA and ward in England


def draw_crosswalk(n_areas: int, n_targets: int, layer: str, rng: np.random.Generator) -> Crosswalk:
    """Draw a crosswalk in which most areas touch several targets, mostly by slivers."""
    main = np.sort(rng.integers(0, n_targets, n_areas))
    row = np.repeat(np.arange(n_areas), rng.poisson(PAIRS_AN_AREA - 1, n_areas))
    column = (main[row] + rng.integers(1, 8, len(row))) % n_targets
    rows, columns = np.concatenate([np.arange(n_areas), row]), np.concatenate([main, column])
    data = np.concatenate([np.ones(n_areas), rng.random(len(row)) * 0.05])
    mass = csr_array((data, (rows, columns)), shape=(n_areas, n_targets))
    mass.sum_duplicates()
    return Crosswalk(
        mass=mass,
        source_mass=np.asarray(mass.sum(axis=1)).ravel(),
        sources=pd.Index([f"E{i:08d}" for i in range(n_areas)], name="lsoa", dtype="str"),
        targets=pd.Index([f"T{i:06d}" for i in range(n_targets)], name=layer, dtype="str"),
        unit="m2",
        method="drawn",
    )


def draw_streams(n: int, layer: str, rng: np.random.Generator) -> pd.DataFrame:
    """Draw streams that cover everything; every tenth is place-wide."""
    methods = ["people", "need", "need", "need", "people", "need", "people", "need", "need"]
    rows = [
        {
            "id": f"s{i:03d}",
            "title": "stream",
            "agency": "agency",
            "amount": int(rng.integers(10**6, 10**11)),
            "covers": f"{layer}:*",
            "method": [*methods, "place-wide"][i % 10],
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
        }
        for i in range(n)
    ]
    return streams.read(pd.DataFrame(rows), unit="pence")


def best(repeats: int, run: Callable[[], object]) -> tuple[float, float]:
    """Return the first and the best time of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times[0], min(times)


def measure(case: str, n_streams: int, repeats: int) -> list[tuple[str, float, float]]:
    rng = np.random.default_rng(20250501)
    n = AREAS[case]
    walks = {f"l{i}": draw_crosswalk(n, m, f"l{i}", rng) for i, m in enumerate(LEVELS[case])}
    areas = walks["l0"].sources
    people = pd.Series(rng.integers(1000, 3000, n), index=areas)
    scores = pd.Series(rng.random(n) * 80, index=areas)
    table = draw_streams(n_streams, "l4", rng)
    inside = pd.Series(True, index=areas)

    def start() -> object:
        return prepare(table, covers=walks, people=people, inside=inside, tolerance=0.02)

    prepared = prepare(table, covers=walks, people=people, inside=inside, tolerance=0.02)

    def share() -> None:
        book = prepared.ledger(scores=scores, need_weight=0.5, neediest_per_head=3.0)
        for walk in walks.values():
            book.at(walk)

    size = f"{n_streams} streams x {n:,} areas"
    return [
        (f"{case}: {size}, covers and checks", *best(repeats, start)),
        (f"{case}: {size}, ledger and 5 levels", *best(repeats, share)),
    ]


def measure_rules(repeats: int) -> list[tuple[str, float, float]]:
    rng = np.random.default_rng(20250501)
    index = pd.Index([f"E{i:08d}" for i in range(300)], name="lsoa", dtype="str")
    base, target = (pd.Series(rng.random(300) * 10**8, index) for _ in range(2))

    def converge() -> object:
        return convergence(base, target, growth=0.03, years=10, cap=2.0)

    return [("city: 10 years of convergence with a cap, 300 areas", *best(repeats, converge))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}\n")
    print("| case | first (s) | best (s) | peak memory so far (MB) |\n|---|---|---|---|")
    runs: list[Callable[[], list[tuple[str, float, float]]]] = [
        lambda: measure("city", options.streams, options.repeats),
        lambda: measure_rules(options.repeats),
        lambda: measure("england", options.streams, options.repeats),
    ]
    for run in runs:
        for name, first, least in run():
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"| {name} | {first:.3f} | {least:.3f} | {peak:,} |")


if __name__ == "__main__":
    main()

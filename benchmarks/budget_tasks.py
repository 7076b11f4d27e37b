"""Money as it is timed, each task in a process of its own: `python -m benchmarks.budget_tasks`.

In: the name of a task and its arguments as JSON, as in `benchmarks.tasks`. Out: one line of JSON
with times and peak memory. The data are drawn, of the size and shape of real ones: most areas
touch several wards, mostly by slivers. Every ledger and level that is timed is checked to add up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks.tasks import main, task
from boundaries.crosswalk import Crosswalk
from budgets import scenario, streams
from budgets.apportion import Prepared, prepare
from budgets.convergence import convergence
from budgets.need_measures import Measure

ENGLAND = 33_755
CITY = 300
STREAMS = 60
LEVELS = {"city": (34, 24, 5, 3, 2), "england": (6826, 300, 150, 106, 38)}
PAIRS_AN_AREA = 3.1  # what generalised borders give: 106,000 pairs of LSOA and ward in England
SEED = 20_250_501
NEED = {"need_weight": 0.5, "neediest_per_head": 3.0}

SLIDER = """
[scenario]
id = "slider"
title = "The slider of need"
[[share]]
of = "*"
by = "need"
need_weight = 0.6
"""
# Every part of a scenario at once, and limits line by line, which cost most.
EVERYTHING = """
[scenario]
id = "everything"
title = "Every part of a scenario"
[[change]]
of = "theme1"
per_cent = -2.5
reason = "a cut"
[[join]]
stream = ["s000", "s001", "s005"]
as = "pooled"
pot = "pool"
host = "agency0"
agreement = "an agreement"
[[join]]
stream = ["s002", "s007"]
as = "aligned"
pot = "beside"
[[share]]
of = "pool"
by = "need"
rule = "damping"
floor = -3
unit = "per cent"
[[share]]
of = "beside"
by = "need"
floor = -5
ceiling = 5
unit = "per cent"
[[share]]
of = "theme4"
by = "need"
need_weight = 1
[[devolve]]
of = "s010"
to = "l0"
share = 0.2
"""


class Drawn:
    """A drawn place: streams that cover everything, crosswalks to five levels, people and need."""

    def __init__(self, case: str, *, areas: int, lines: int) -> None:
        rng = np.random.default_rng(SEED)
        self.walks = {
            f"l{at}": draw_crosswalk(areas, count, f"l{at}", rng)
            for at, count in enumerate(LEVELS[case])
        }
        self.areas = self.walks["l0"].sources
        self.people = pd.Series(rng.integers(1000, 3000, areas), index=self.areas)
        self.scores = pd.Series(rng.random(areas) * 80, index=self.areas)
        self.streams = draw_streams(lines, "l4", rng)

    def prepare(self) -> Prepared:
        """Check the streams and work out what they cover."""
        return prepare(
            self.streams,
            covers=self.walks,
            people=self.people,
            inside=pd.Series(True, index=self.areas),
            tolerance=0.02,
        )


def draw_crosswalk(n_areas: int, n_targets: int, layer: str, rng: np.random.Generator) -> Crosswalk:
    """Draw a crosswalk in which most areas touch several targets, mostly by slivers."""
    main_target = np.sort(rng.integers(0, n_targets, n_areas))
    row = np.repeat(np.arange(n_areas), rng.poisson(PAIRS_AN_AREA - 1, n_areas))
    column = (main_target[row] + rng.integers(1, 8, len(row))) % n_targets
    rows = np.concatenate([np.arange(n_areas), row])
    columns = np.concatenate([main_target, column])
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
    """Draw streams that cover everything; every tenth is place-wide, every third ring-fenced."""
    methods = ["people", "need", "need", "need", "people", "need", "people", "need", "need"]
    rows = [
        {
            "id": f"s{i:03d}",
            "title": "stream",
            "agency": f"agency{i % 4}",
            "theme": f"theme{i % 6}",
            "amount": int(rng.integers(10**6, 10**11)),
            "covers": f"{layer}:*",
            "method": [*methods, "place-wide"][i % 10],
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
            "ring_fenced": "20%" if i % 3 == 0 else "",
            "ring_fence": "a grant" if i % 3 == 0 else "",
        }
        for i in range(n)
    ]
    return streams.read(pd.DataFrame(rows), unit="pence")


def best(repeats: int, run: Callable[[], object]) -> dict[str, float]:
    """Return the first and the best time of several runs, and the best processor time."""
    wall, cpu = [], []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    return {"first_s": wall[0], "call_s": min(wall), "cpu_s": min(cpu)}


@task
def shared_and_added_up(case: str, areas: int, lines: int, repeats: int) -> dict[str, Any]:
    """Share all streams to exact pence and take them to five levels, each of which must add up."""
    drawn = Drawn(case, areas=areas, lines=lines)
    prepared = drawn.prepare()

    def share() -> None:
        book = prepared.ledger(scores=drawn.scores, **NEED)
        for walk in drawn.walks.values():
            assert book.at(walk).total == book.total

    return best(repeats, share)


@task
def covers_and_checks(case: str, areas: int, lines: int, repeats: int) -> dict[str, Any]:
    """Read who is covered by what, once for a place."""
    drawn = Drawn(case, areas=areas, lines=lines)
    return best(repeats, drawn.prepare)


@task
def scenario_recomputed(text: str, repeats: int) -> dict[str, Any]:
    """Apply a scenario to a city and take it to five levels, as one move of a slider does."""
    drawn = Drawn("city", areas=CITY, lines=STREAMS)
    prepared = drawn.prepare()
    book = prepared.ledger(scores=drawn.scores, **NEED)
    ids = drawn.streams.index
    pairs = zip(prepared.shared, prepared.cases, strict=True)
    context = scenario.Context(
        people=prepared.people,
        measures={"index": Measure("index", "index", drawn.scores)},
        covered={str(ids[row]): prepared.covered[case[0]] for row, case in pairs},
        levels={name: lambda b, w=walk: b.at(w) for name, walk in drawn.walks.items()},
        inputs="drawn",
        **NEED,
    )
    chosen = scenario.parse(text)

    def recompute() -> None:
        outcome = scenario.apply(chosen, book, context)
        for level in context.levels.values():
            assert level(outcome.ledger).total == outcome.ledger.total

    return best(repeats, recompute)


@task
def converging(years: int, repeats: int) -> dict[str, Any]:
    """Ten years of convergence with a cap that binds, over the areas of a city."""
    rng = np.random.default_rng(SEED)
    index = pd.Index([f"E{i:08d}" for i in range(CITY)], name="lsoa", dtype="str")
    base, target = (pd.Series(rng.random(CITY) * 10**8, index) for _ in range(2))
    return best(repeats, lambda: convergence(base, target, growth=0.03, years=years, cap=2.0))


@task
def growing(areas: list[int], lines: list[int], repeats: int) -> dict[str, Any]:
    """Time growing parts of England at 60 streams, and growing numbers of streams over it."""

    def time_one(n_areas: int, n_lines: int) -> dict[str, Any]:
        drawn = Drawn("england", areas=n_areas, lines=n_lines)
        prepared = drawn.prepare()

        def share() -> None:
            book = prepared.ledger(scores=drawn.scores, **NEED)
            for walk in drawn.walks.values():
                book.at(walk)

        share()
        return {"areas": n_areas, "lines": n_lines, **best(repeats, share)}

    by_areas = [time_one(n, STREAMS) for n in areas]
    by_lines = [time_one(areas[-1], n) for n in lines]
    return {"by_areas": by_areas, "by_lines": by_lines}


if __name__ == "__main__":
    main()

"""Money: exact pence over England and over a city, scenarios, convergence, and how cost grows.

In: nothing from outside; the data are drawn, of real size and shape. Out: a Markdown section.
Each case runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.budget_tasks import CITY, ENGLAND, EVERYTHING, SLIDER, STREAMS
from benchmarks.measure import Case, run_once, table

MODULE = "benchmarks.budget_tasks"
AREAS = (4_000, 8_000, 16_000, ENGLAND)
LINES = (15, 30, 60, 120)
HEAD = ("what", "first s", "best s", "best, cpu s", "peak MB", "no more than")
GROWN = ("areas", "streams", "best, cpu s", "nanoseconds a cell and level")
FIVE = 5


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time everything that the budgets floor promises about speed."""
    rows = [_row(title, case, limit, repeats) for title, case, limit in _cases(repeats)]
    grown = run_once(
        Case(
            "growing",
            "growing",
            {"areas": AREAS, "lines": LINES, "repeats": max(3, repeats)},
            module=MODULE,
        )
    )
    slopes = [
        _slope(grown["by_areas"], "areas"),
        _slope(grown["by_lines"], "lines"),
    ]
    steps = [*grown["by_areas"], *grown["by_lines"]]
    note = (
        "First: the first call of a process, for which compiled parts are loaded and plans of the "
        "crosswalks made. Best: the best of the calls after it, as when a slider is moved. Every "
        "ledger and every level is checked to add up to its pot inside the call. The data are "
        "drawn: real ones of this size are split by fewer pairs.\n\n"
        f"Cost grows as areas^{slopes[0]:.2f} and as streams^{slopes[1]:.2f} (slopes of the "
        "logarithms): no faster than linear is 1."
    )
    cells = [[s["areas"], s["lines"], s["cpu_s"], _nanoseconds(s)] for s in steps]
    return (
        "## Budgets: exact pence, scenarios and convergence\n\n"
        f"{table(HEAD, rows)}\n\n{table(GROWN, cells)}\n\n{note}"
    )


def _cases(repeats: int) -> list[tuple[str, Case, str]]:
    """Return what is timed, and the limit it must keep where there is one."""
    england = f"{STREAMS} streams x {ENGLAND:,} areas"
    city = f"{STREAMS} streams x {CITY} areas"
    large = {"case": "england", "areas": ENGLAND, "lines": STREAMS, "repeats": repeats}
    small = {"case": "city", "areas": CITY, "lines": STREAMS, "repeats": 10 * repeats}
    share, check = "shared_and_added_up", "covers_and_checks"
    many = 10 * repeats
    listed: list[tuple[str, str, dict[str, Any], str]] = [
        (f"England: {england}, exact pence and 5 levels", share, large, "2 s, 1,000 MB"),
        (f"England: {england}, covers and checks, once", check, large, ""),
        (f"city: {city}, exact pence and 5 levels", share, small, "0.05 s"),
        (
            f"city: {city} x 5 levels, the slider of need as a scenario",
            "scenario_recomputed",
            {"text": SLIDER, "repeats": many},
            "0.05 s",
        ),
        (
            f"city: {city} x 5 levels, every part of a scenario at once",
            "scenario_recomputed",
            {"text": EVERYTHING, "repeats": many},
            "0.05 s",
        ),
        (
            f"city: 10 years of convergence with a cap, {CITY} areas",
            "converging",
            {"years": 10, "repeats": many},
            "0.02 s",
        ),
    ]
    return [
        (title, Case(title, task, arguments, module=MODULE), limit)
        for title, task, arguments, limit in listed
    ]


def _row(title: str, case: Case, limit: str, repeats: int) -> list[object]:
    runs = [run_once(case) for _ in range(min(repeats, 3))]
    middle = {key: median(found[key] for found in runs) for key in ("first_s", "call_s", "cpu_s")}
    peak = float(round(max(found["peak_mb"] for found in runs)))
    return [title, *middle.values(), peak, limit]


def _slope(steps: list[dict[str, Any]], size: str) -> float:
    sizes, times = (np.log([step[key] for step in steps]) for key in (size, "cpu_s"))
    return float(np.polyfit(sizes, times, 1)[0])


def _nanoseconds(step: dict[str, Any]) -> float:
    return 1e9 * step["cpu_s"] / (step["areas"] * step["lines"] * FIVE)

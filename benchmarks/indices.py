"""An index of England, its doubt and its district summaries, beside plain pandas.

In: the folder of real data. Out: a Markdown section. Ours and pandas take turns in processes of
their own on the same prepared tables; what they found is compared cell by cell.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.measure import Case, Timing, compare, table

DRAWS = 1000
HEAD = ("what", "tool", "call s", "cpu s", "peak MB", "largest difference", "ours is faster by")
DRAWN = ("place", "blocks", "indicators", "call s", "cpu s")
DOMAINS = {
    "Income": "income",
    "Employment": "employment",
    "Education": "education",
    "Health": "health",
    "Crime": "crime",
    "Housing_and_Access": "barriers",
    "Housing_and_Services": "barriers",
    "Environment": "living",
}
WORK = {
    "index": "index from domain ranks, 33,755 areas x 7 domains",
    "doubt": f"doubt, {DRAWS:,} draws of the same",
    "districts": "five measures and their ranks, 317 districts",
}


def run(data: Path, folder: Path, repeats: int) -> str:
    """Time the three works in turns, ours and pandas'."""
    prepare(data / "england", folder)
    timings: dict[str, Timing] = {}
    for name in WORK:
        more = {"draws": DRAWS} if name == "doubt" else {}
        cases = [
            Case(
                f"{name} {tool}",
                f"{name}_{tool}",
                {"folder": str(folder), "out": str(folder / f"{name}_{tool}.out"), **more},
                module="benchmarks.index_tasks",
            )
            for tool in ("ours", "pandas")
        ]
        # Drawing a thousand times is long, and its length hardly varies.
        timings |= compare(cases, min(repeats, 3) if name == "doubt" else repeats)
    rows = [row for name in WORK for row in _rows(name, timings, folder)]
    note = (
        "Draws in pandas scale, average and rank the whole table anew each time, as COINr does. "
        "Call: the work itself, ours with all its checks of the input, pandas with none; without "
        "imports and reading. The draws are the same in both, so that intervals must agree."
    )
    profiles = (
        "A drawn area described in full (figures, intervals, ward, place, similar areas, type), "
        "first call after preparation:"
    )
    parts = [table(HEAD, rows), note, profiles, table(DRAWN, _drawn(data, folder, repeats))]
    return "\n\n".join(["## Indices: England, beside plain pandas", *parts])


def prepare(england: Path, folder: Path) -> None:
    """Write domain ranks of 2025 and 2019 and the people and districts of 2019."""
    for edition, file, layer in (
        ("imd2025", "imd2025_lsoa21.csv.gz", "lsoa21"),
        ("imd2019", "imd2019_ranks_lsoa11.csv.gz", "lsoa11"),
    ):
        code = f"{layer}_code"
        ranks = pd.read_csv(england / file, dtype={code: str}, index_col=code)
        names = {f"{title}_rank": id for title, id in DOMAINS.items()}
        ranks = ranks[[name for name in names if name in ranks]].rename(columns=names)
        ranks.to_parquet(folder / f"{edition}.parquet")
    people = pd.read_excel(
        england / "imd2019_file6_denominators.xlsx",
        sheet_name="Population Denominators",
        usecols=[0, 2, 4],
    )
    people.columns = ["lsoa11_code", "district", "people"]
    people.set_index("lsoa11_code").to_parquet(folder / "people.parquet")


def _drawn(data: Path, folder: Path, repeats: int) -> list[list[object]]:
    """Time the profile of a drawn area in the demo place and in Bristol."""
    from data import demo
    from data.recipes import english_city

    places = {"the demo place": demo.build(folder / "demo")}
    places["Bristol"] = english_city.build("bristol", data=data, out=folder / "bristol")
    cases = [
        Case(title, "profile_drawn", {"place": str(path)}, module="benchmarks.index_tasks")
        for title, path in places.items()
    ]
    return [
        [title, said["blocks"], said["indicators"], timing.call_s, timing.cpu_s]
        for title, timing in compare(cases, repeats).items()
        if (said := timing.said)
    ]


def _rows(name: str, timings: dict[str, Timing], folder: Path) -> list[list[object]]:
    ours, pandas = (timings[f"{name} {tool}"] for tool in ("ours", "pandas"))
    first, second = (pd.read_parquet(folder / f"{name}_{tool}.out") for tool in ("ours", "pandas"))
    difference = (first - second.reindex(first.index)[first.columns]).abs().to_numpy().max()
    return [
        [
            WORK[name],
            tool,
            timing.call_s,
            timing.cpu_s,
            float(round(timing.peak_mb)),
            f"{difference:.1e}" if tool == "pandas" else "",
            f"{timing.call_s / ours.call_s:.1f}",
        ]
        for tool, timing in (("ours", ours), ("pandas", pandas))
    ]

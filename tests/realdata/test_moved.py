"""How areas of real places moved from 2019 to 2025, against the ranks published for both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data import place, run
from pages.shared import loaded

pytestmark = pytest.mark.realdata
AREA = Path(__file__).resolve().parents[2] / "pages" / "area.py"
LESS = "less deprived relative to others"


@pytest.fixture(scope="module")
def result(build_city: Callable[[str], Any]) -> run.Result:
    return run.run(place.load(build_city("bristol").folder))


def test_ranks_are_the_published_ones(result: run.Result, realdata: Path) -> None:
    """Of 2025 to a few places (ties hide decimals); of 2019 by carrying the published ranks."""
    england = realdata / "england"
    table = result.place.moved
    assert table is not None
    assert table.index.equals(result.base.index)
    now = pd.read_csv(england / "imd2025_lsoa21.csv.gz", dtype={0: str}, index_col=0)["IMD_rank"]
    assert (table["later_rank"] - now.reindex(table.index)).abs().max() <= 3
    then = pd.read_csv(england / "imd2019_ranks_lsoa11.csv.gz", dtype={0: str}, index_col=0)
    pairs = pd.read_csv(england / "lookup_lsoa11_lsoa21_change.csv.gz", dtype=str)
    pairs = pairs[pairs["lsoa11_code"].isin(then.index)]
    carried = then["IMD_rank"].reindex(pairs["lsoa11_code"]).groupby(
        pairs["lsoa21_code"].to_numpy()
    ).mean()  # fmt: skip
    ranked = carried.rank(method="min")
    assert len(ranked) == 33_755
    # Merged areas are carried by people and not evenly, and move those between them by a few.
    alone = table.index[table["kind"] == "U"]
    assert len(alone) > 500
    assert (table.loc[alone, "earlier_rank"] - ranked.reindex(alone)).abs().max() <= 60


def test_what_moved_by_more_than_the_doubt_is_what_was_found_for_england(
    result: run.Result,
) -> None:
    """98 of Bristol's 268 less deprived relative to others, none more (docs/methods/indices.md)."""
    table = result.place.moved
    assert table is not None
    inside = table.loc[result.inside, "change"]
    assert inside.value_counts().to_dict() == {"none": 170, LESS: 98}
    # Flagged is only what has no rank in common.
    apart = (table["later_low"] > table["earlier_high"]) & (table["change"] == LESS)
    assert apart.sum() == (table["change"] == LESS).sum()


def test_it_is_among_what_is_loaded(result: run.Result) -> None:
    rows = loaded.table(result, today=dt.date(2026, 11, 1)).set_index("what")
    row = rows.loc["Change"]
    assert (row["name"], row["holds"]) == (
        "Index of Multiple Deprivation, 2019 to 2025",
        "33,755 small areas of England",
    )
    assert (row["date"], row["age"]) == ("2025", "less than a year")
    assert row["source"].startswith("MHCLG")
    assert "change of 2025" in loaded.in_short(rows.reset_index())


def test_a_resident_reads_it_on_my_area_with_its_source(
    build_city: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(build_city("bristol").folder))
    test = AppTest.from_file(str(AREA), default_timeout=120)
    for key, value in {"v": "1", "level": "lsoa21", "area": "E01014486"}.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    shown = "\n".join(element.proto.body for element in test.get("html"))
    part = shown.split("How it has changed")[1]
    assert "Index of Multiple Deprivation: of the 33,755 small areas of England it was the " in part
    assert f"It became {LESS}, by more than the doubt." in part
    assert "Bristol holds no figures by year, so these pages cannot say what else changed." in part
    assert "Change: MHCLG, English Indices of Deprivation 2019 and 2025" in shown


def test_without_the_earlier_edition_the_place_is_built_all_the_same(
    realdata: Path, tmp_path: Path
) -> None:
    from data.recipes import english_change
    from data.recipes.english_areas import National

    said: list[str] = []
    assert english_change.since(National(tmp_path), pd.Index([]), said.append) is None
    assert said[0].startswith("Left out: how areas moved between two indices")

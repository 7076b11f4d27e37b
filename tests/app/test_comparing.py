"""Two scenarios side by side: the sums, what may not be shown, and the page with every control."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from budgets import scenario
from data import place, run, scenarios, side_by_side, versions
from data.access import OPERATOR
from data.scenarios import Allocation
from data.side_by_side import BEYOND, OUTSIDE, REST, Beside
from data.store import Store
from data.store.records import Basis

# The whole page is run for every test: left to CI.
pytestmark = pytest.mark.slow

CHANGE = """[scenario]
id = "x"
title = "X"
[[change]]
of = "parks"
amount = "1000.01"
reason = "more"
[[change]]
of = "care"
amount = "500.00"
reason = "more"
"""


@pytest.fixture(scope="module")
def result(grid: Path) -> Any:
    return run.run(place.load(grid))


@pytest.fixture(scope="module")
def both(result: Any) -> tuple[Allocation, Allocation]:
    changed = scenario.parse(CHANGE)
    return scenarios.allocate(result, draws=0), scenarios.allocate(result, changed, draws=0)


POT = 284_000_007
MORE = 100_001 + 50_000


@pytest.mark.parametrize(
    ("by", "layer"),
    [
        ("area", "sq"),
        ("area", "wd"),
        ("area", "county"),
        ("stream", ""),
        ("level", ""),
        ("agency", ""),
    ],
)
def test_both_columns_add_up_to_their_pots(
    both: tuple[Allocation, Allocation], by: str, layer: str
) -> None:
    found = side_by_side.compare(*both, by=by, layer=layer)
    assert (found.a_pot, found.b_pot) == (POT, POT + MORE)
    assert int(found.table["a_pence"].sum()) == POT
    assert int(found.table["b_pence"].sum()) == POT + MORE
    assert int(found.table["change_pence"].sum()) == MORE


def test_areas_beyond_the_place_are_one_row_and_people_are_counted(
    both: tuple[Allocation, Allocation],
) -> None:
    found = side_by_side.compare(*both, by="area", layer="sq")
    inside = [f"a{n:02d}" for n in range(16) if n % 4 < 3]
    assert list(found.own().index) == inside
    assert list(found.table.index[len(inside) :]) == [BEYOND, REST]
    # Income from car parks, 50,000 pounds, is for the whole place and the same in both.
    assert list(found.table.loc[REST, ["a_pence", "b_pence"]]) == [-5_000_000, -5_000_000]
    people = sum(100 + n for n in range(16) if n % 4 < 3)
    assert found.sentence(rows="squares") == (
        f"12 of 12 squares with {people:,} people have £1,500.01 more."
    )
    assert OUTSIDE not in found.table.index


def test_the_largest_differences_come_first(both: tuple[Allocation, Allocation]) -> None:
    found = side_by_side.compare(*both, by="stream")
    assert list(found.largest(5).index) == ["parks", "care"]
    assert list(found.largest(1)["change_pence"]) == [100_001]
    assert found.sentence(rows="lines") == "2 of 4 lines have £1,500.01 more; 2 the same."


def test_the_same_on_both_sides_is_said(both: tuple[Allocation, Allocation]) -> None:
    found = side_by_side.compare(both[0], both[0], by="agency")
    assert found.sentence(rows="agencies") == "No difference in any of the 2 agencies."
    assert found.largest(3).empty


@dataclass
class Hidden:
    """What may be shown of a level, with one area hidden."""

    values: pd.Series
    outside: pd.Series

    def by_area(self) -> pd.DataFrame:
        return pd.DataFrame({"amount_pence": self.values})


def masked(made: Allocation, code: str) -> Allocation:
    level = made.levels["sq"]
    values = pd.Series(level.pence.sum(axis=0), level.areas, dtype="Int64")
    values.loc[code] = pd.NA
    hidden = Hidden(values, pd.Series(level.outside, level.streams.index, dtype="Int64"))
    return replace(made, masked=(hidden, {"sq": hidden}))  # type: ignore[arg-type]


def test_what_is_hidden_on_one_side_is_hidden_on_both(both: tuple[Allocation, Allocation]) -> None:
    first, second = both
    for pair in ((masked(first, "a05"), second), (first, masked(second, "a05"))):
        found = side_by_side.compare(*pair, by="area", layer="sq")
        assert found.table.loc["a05", ["a_pence", "b_pence", "change_pence"]].isna().all()
        assert found.hidden == 1
        assert int(found.table["a_pence"].sum()) == POT
        assert "1 are not shown" in found.sentence(rows="squares")
        assert "a05" not in found.largest(20).index


def test_rows_of_one_name_are_told_apart(both: tuple[Allocation, Allocation]) -> None:
    first, second = both
    streams = second.outcome.ledger.streams.assign(title="Same")
    ledger = replace(second.outcome.ledger, streams=streams)
    other = replace(second, outcome=replace(second.outcome, ledger=ledger))
    names = side_by_side.compare(first, other, by="stream").table["name"]
    assert names.is_unique
    assert names.iloc[0] == "Same, 2025-26 (care)"


def test_what_was_nothing_before_has_no_per_cent() -> None:
    table = pd.DataFrame(
        {"name": ["A"], "a_pence": [0], "b_pence": [5], "change_pence": [5],
         "change_per_cent": [np.nan]}, index=["a"])  # fmt: skip
    assert Beside(table, 0, 5).sentence(rows="rows") == "1 of 1 rows have £0.05 more."


def graded(made: Allocation, grade: str) -> Allocation:
    """Return an allocation whose lines are split by a method of another grade."""
    ledger = made.outcome.ledger
    ledger = replace(ledger, streams=ledger.streams.assign(grade=grade))
    levels = {
        layer: replace(level, streams=level.streams.assign(grade=grade))
        for layer, level in made.levels.items()
    }
    return replace(made, outcome=replace(made.outcome, ledger=ledger), levels=levels)


@pytest.mark.parametrize(
    ("grade", "assumed"), [("A", False), ("C", False), ("D", True), ("E", True)]
)
def test_what_is_split_by_assumption_is_marked_and_not_put_in_an_order(
    both: tuple[Allocation, Allocation], grade: str, assumed: bool
) -> None:
    first, second = (graded(made, grade) for made in both)
    found = side_by_side.compare(first, second, by="area", layer="wd")
    assert list(found.own()["assumed"].unique()) == [assumed]
    assert bool(found.unrankable) is assumed


# ------------------------------------------------------------------------------ the page


PAGE = Path(__file__).resolve().parent.parent.parent / "pages" / "budget.py"


@pytest.fixture
def store(grid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(grid))
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    with Store() as opened:
        opened.add_place("grid", "Gridville", user=OPERATOR)
        opened.appoint("Ann", "commissioner", place="grid", user=OPERATOR)
        opened.save("grid", "x", CHANGE, base_version=0, user="Ann")
        yield opened


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in {"part": "compare", **address}.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def words(test: Any) -> str:
    shown = [element.proto.body for element in test.get("html")]
    return "\n".join([*shown, *(block.value for block in test.markdown)]).replace("\\", "")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("area", "12 of 12 squares with"),
        ("stream", "2 of 4 lines of money have £1,500.01 more; 2 the same."),
        ("level", "have £1,500.01 more"),
        ("agency", "1 of 2 agencies have £1,500.01 more; 1 the same."),
    ],
)
def test_every_way_of_comparing_says_who_has_more(by: str, said: str) -> None:
    test = opened()
    test.selectbox(key="budget.by").set_value(by)
    test.run()
    assert not test.exception
    assert said in words(test)
    assert "£2,840,000.07" in words(test)
    assert "£2,841,500.08" in words(test)
    assert test.selectbox(key="budget.level").disabled is (by != "area")


@pytest.mark.usefixtures("store")
def test_what_each_does_is_said_with_titles_and_not_with_short_names() -> None:
    said = words(opened())
    start = said.index("What each of them does")
    assert "can move" in said[start:]
    assert not re.search(r"\b(care|parks|clinic) (grows|is cut|stays)", said[start:])
    assert re.search(r"\b(Care|Parks|Clinics) (grows|is cut) by", said[start:])


@pytest.mark.usefixtures("store")
def test_the_link_reopens_the_comparison() -> None:
    test = opened(a="x~1", b="now", by="area", level="wd")
    assert "£1,500.01 less" in words(test)
    assert "West ward 0" in str([element.proto.json for element in test.get("bidi_component")])
    assert test.query_params["a"] == "x~1"


@pytest.mark.usefixtures("store")
def test_a_link_to_what_cannot_be_seen_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", "")
    test = opened(b="x~1")
    assert "There is only the money as it is" in words(test)
    assert "More" not in words(test)


@pytest.mark.usefixtures("store")
def test_the_same_on_both_sides_is_a_hint() -> None:
    test = opened(a="x~1", b="x~1")
    assert "Both are the same" in words(test)


def test_a_version_that_cannot_be_worked_out_names_its_faults(store: Store) -> None:
    wrong = CHANGE.replace('of = "parks"', 'of = "no-such-line"')
    store.save("grid", "x", wrong, base_version=1, user="Ann")
    test = opened(b="x~2")
    assert "cannot be worked out" in test.error[0].value
    assert "no-such-line" in test.code[0].value


@pytest.mark.usefixtures("store")
def test_unsaved_changes_can_be_compared_with_the_version_they_started_from() -> None:
    test = opened(scenario="x~1")
    test.session_state["working"]["grid"].document = CHANGE.replace("500.00", "700.00")
    test.run()
    test.run()
    assert test.selectbox(key="budget.b").options[1].startswith("What you work on, not saved")
    test.selectbox(key="budget.a").set_value("x~1")
    test.selectbox(key="budget.b").set_value("mine")
    test.selectbox(key="budget.by").set_value("stream")
    test.run()
    assert not test.exception
    assert "1 of 4 lines of money have £200.00 more; 3 the same." in words(test)


def test_edited_lines_of_a_version_are_part_of_the_comparison(store: Store, grid: Path) -> None:
    lines = pd.read_csv(grid / "streams.csv", dtype=str, keep_default_na=False)
    lines.loc[lines["id"] == "parks", "amount"] = "90100.00"
    basis = Basis("", versions.lines_as_text(lines))
    empty = versions.renamed("", identifier="lines", title="Other lines")
    store.save("grid", "lines", empty, base_version=0, user="Ann", basis=basis)
    test = opened(b="lines~1", by="stream")
    assert "1 of 4 lines of money have £100.00 more; 3 the same." in words(test)
    assert "The lines of money were edited." in words(test)

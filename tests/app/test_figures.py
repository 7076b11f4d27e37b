"""Figures in words: values, legends, summaries and texts that are safe on a page."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.streams_columns import STATUSES
from data import place, run
from pages.shared import figures, ledgers


@pytest.fixture(scope="module")
def result(grid: Path) -> run.Result:
    return run.run(place.load(grid))


def test_a_level_offers_need_people_money_and_money_per_person(result: run.Result) -> None:
    assert list(figures.of(result, "sq")) == ["need", "people", "money", "per_person"]


def test_every_figure_says_what_it_is_its_unit_source_vintage_and_how_sure(
    result: run.Result,
) -> None:
    for level in result.levels:
        for figure in figures.of(result, level).values():
            for fact in ("title", "unit", "definition", "source", "vintage", "sure", "darker"):
                assert len(getattr(figure, fact)) > 2, (level, figure.id, fact)


def test_need_is_never_shown_without_saying_which_decile_is_the_most_deprived(
    result: run.Result,
) -> None:
    for level in result.levels:
        assert "decile 1 = most deprived" in figures.of(result, level)["need"].darker
    assert "decile 1 = most deprived" in figures.deprivation(result, "sq", "a03")
    assert "rank 1 of 16 (1 = most deprived)" in figures.deprivation(result, "sq", "a03")


def test_values_are_written_with_their_unit(result: run.Result) -> None:
    offered = figures.of(result, "sq")
    assert offered["people"].show(1234.4) == "1,234"
    assert offered["money"].show(123456789) == "£1,234,568"
    assert offered["per_person"].show(123456.0) == "£1,235 a person"
    assert offered["need"].show(12.345) == "12.3"
    assert offered["need"].show(0.0) == "0.0"
    for missing in (np.nan, None, pd.NA):
        assert offered["need"].show(missing) == "no data"


def test_areas_beyond_the_place_are_shown_but_not_compared(result: run.Result) -> None:
    ours = figures.here(result, "sq")
    assert list(ours[~ours].index) == ["a03", "a07", "a11", "a15"]
    assert figures.here(result, "county").all()
    # 1,284 of the county's 1,720 people live in the town: 74.65 %.
    assert figures.straddling(result, "county", "C").startswith("75% of its people")
    assert figures.straddling(result, "sq", "a00") == ""


def test_what_falls_beyond_the_place_is_said_in_pounds_and_pence(result: run.Result) -> None:
    # 436 of 1,720 people live beyond the town, and only the clinics reach them.
    exact = 160_000_000 * 436 / 1720
    said = figures.beyond(result).split(" ")[0].removeprefix("£").replace(",", "")
    assert abs(int(said.replace(".", "")) - exact) <= 4  # a penny at most for each of four squares


def test_how_sure_says_that_a_rule_shares_the_money(result: run.Result) -> None:
    assert "None of it is recorded" in figures.of(result, "sq")["money"].sure


def test_how_sure_says_how_many_live_in_small_areas_that_a_border_cuts(
    result: run.Result,
) -> None:
    # The second column of squares is cut: 101 + 105 + 109 + 113 of 1,284 people, 33.3 %.
    assert figures.of(result, "wd")["people"].sure.startswith("33% of the people")
    assert figures.of(result, "county")["people"].sure == "Added up from whole small areas."


def test_standing_counts_from_the_highest_and_shares_the_better_rank(result: run.Result) -> None:
    figure = figures.of(result, "sq")["people"]
    values = pd.Series({"a": 5.0, "b": 9.0, "c": 5.0, "d": np.nan})
    assert figures.standing(figure, values, "b") == "highest of 3"
    assert figures.standing(figure, values, "a") == figures.standing(figure, values, "c")
    assert figures.standing(figure, values, "c") == "2nd highest of 3"
    assert figures.standing(figure, values, "d") == ""


def test_a_summary_names_the_ends_and_counts_what_is_missing(result: run.Result) -> None:
    figure = figures.of(result, "sq")["people"]
    frame = pd.DataFrame(
        {"name": list("ABCDE"), "people": [10.0, 50.0, np.nan, 30.0, 20.0]}, index=list("abcde")
    )
    said = figures.summary(figure, frame)
    assert said == (
        "People, people, for 4 areas. Highest: B, 50; D, 30; E, 20. "
        "Lowest: A, 10; E, 20; D, 30. 1 without data."
    )
    frame["people"] = np.nan
    assert figures.summary(figure, frame) == "No area has a value for people."


def test_class_labels_meet_at_the_breaks(result: run.Result) -> None:
    figure = figures.of(result, "sq")["money"]
    assert figures.class_labels(figure, [0, 100_00, 250_00]) == ["£0 to £100", "£100 to £250"]


def test_the_table_begins_with_the_chosen_figure_and_writes_what_the_card_says(
    result: run.Result,
) -> None:
    offered = figures.of(result, "sq")
    columns = figures.columns(offered, first=offered["people"])
    assert list(columns) == ["name", "people", "need", "amount_pence", "pence_per_person"]
    table = result.level_tables["sq"]
    for figure in offered.values():
        column = columns[figure.column]
        assert column.write is not None
        for value in table[figure.column]:
            assert figure.show(value) == column.write(value) + figure.after
        assert column.write(np.nan) == "no data"


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (102, "102nd"), (111, "111th"), (1001, "1,001st")],
)  # fmt: skip
def test_ordinals(number: int, written: str) -> None:
    assert figures.ordinal(number) == written


@given(st.text())
def test_no_text_opens_a_tag_or_leaves_an_attribute(name: str) -> None:
    shown = figures.text(name)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == name


def test_marks_of_markdown_are_escaped(hostile: dict[int, str]) -> None:
    for name in hostile.values():
        shown = figures.plain(name)
        for at, letter in enumerate(shown):
            if letter in "<>*_[]$:`":
                assert shown[at - 1] == "\\", shown


def test_money_by_area_adds_up_and_other_settings_show_their_change(result: run.Result) -> None:
    other = run.rebudget(result, need_weight=1.0, neediest_per_head=5.0)
    for level in result.levels:
        usual = ledgers.by_area(result, result, level)
        assert "change" not in usual
        changed = ledgers.by_area(other, result, level)
        placed = int(result.levels[level].pence.sum())
        assert round(usual["pounds"].sum() * 100) == placed
        gap = int(other.levels[level].pence.sum()) - placed
        assert round(changed["change"].sum() * 100) == gap
    assert ledgers.by_area(other, result, "sq")["change"].abs().max() > 0


def test_one_line_of_money_can_be_looked_at_alone(result: run.Result) -> None:
    parks = ledgers.by_area(result, result, "sq", "parks")
    # £90,000 by head over the town's 1,284 people: square a00 has 100 of them.
    assert parks.loc["a00", "pounds"] == pytest.approx(90_000 * 100 / 1284, abs=0.011)
    assert parks.loc["a03", "pounds"] == 0
    assert round(parks["pounds"].sum() * 100) == 9_000_000


def test_where_an_area_lies_is_said_only_where_some_lie_beyond(result: run.Result) -> None:
    assert "where" not in ledgers.by_area(result, result, "wd")
    where: Any = ledgers.by_area(result, result, "sq")["where"]
    assert where["a00"] == "in the place"
    assert where["a15"] == "beyond it"
    # The four squares beyond the town come after the twelve in it, whatever money falls there.
    assert where.tolist() == ["in the place"] * 12 + ["beyond it"] * 4
    pounds = ledgers.by_area(result, result, "sq")["pounds"].to_numpy()
    assert (np.diff(pounds[:12]) <= 0).all()
    assert (np.diff(pounds[12:]) <= 0).all()
    assert ledgers.where(result, "county")["C"] == "partly"


def test_lines_below_zero_and_assumed_amounts_are_told_with_their_reason(
    result: run.Result,
) -> None:
    assert ledgers.below_zero(result) == [("Parking fees, -£50,000.00", "Income from car parks")]
    assert ledgers.assumed(result) == [("A round figure", "Clinics, £1,600,000.00")]
    assert set(ledgers.lines(result)["status"]) == {"planned"}
    assert set(ledgers.STATUSES) == set(STATUSES)
    marks = ledgers.lines(result)["mark"]
    assert marks.to_dict() == {"care": "", "parks": "", "clinic": "assumed", "fees": "income"}


def test_money_is_in_thousands_where_every_line_is(
    grid: Path, tmp_path: Path, result: run.Result
) -> None:
    assert figures.of(result, "sq")["money"].unit == "pounds"  # one line has seven pence
    folder = shutil.copytree(grid, tmp_path / "round")
    text = (folder / "streams.csv").read_text().replace("1200000.07", "1200000.00")
    (folder / "streams.csv").write_text(text)
    money = figures.of(run.run(place.load(folder)), "sq")["money"]
    assert money.unit == "pounds, to the nearest thousand"
    assert money.show(123_456_789) == "£1,235,000"


def test_areas_stand_from_the_most_money_to_the_least_and_equal_ones_in_their_order(
    result: run.Result,
) -> None:
    found = ledgers.by_area(result, result, "sq")
    level = result.levels["sq"]
    pence = dict(zip(level.areas, level.pence.sum(axis=0).tolist(), strict=True))
    codes = list(result.level_tables["sq"].index)
    assert list(found.index) == sorted(codes, key=lambda code: (-pence[code], codes.index(code)))
    assert (found["pounds"] * 100).round().tolist() == [pence[code] for code in found.index]

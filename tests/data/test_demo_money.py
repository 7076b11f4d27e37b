"""What docs/demo-place.md says of the demo place's money, measured on the place itself."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from budgets.baseline import activity_explains, by_grade, by_stream
from budgets.honesty import recorded
from budgets.movable import movable
from data import place, run

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "demo-place.md"


@pytest.fixture(scope="module")
def result(demo_place: Path) -> run.Result:
    return run.run(place.load(demo_place))


@pytest.fixture(scope="module")
def households(result: run.Result) -> pd.DataFrame:
    return pd.read_parquet(result.place.folder / "tables" / "households.parquet")


def said(pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, PAGE.read_text(encoding="utf-8"))
    assert found, pattern
    return found.groups()


def test_the_totals_on_the_page_are_those_of_the_place(result: run.Result) -> None:
    before, after = said(r"£([0-9,.]+) million in the agencies' own totals, £([0-9.]+) million in")
    books = result.eliminations
    assert round(books.gross_pence / 1e8, 1) == float(before.replace(",", ""))
    assert round(books.total_pence / 1e8, 1) == float(after)
    assert result.pot_pence == books.total_pence


def test_most_of_the_money_is_recorded_but_not_in_every_theme(result: run.Result) -> None:
    (share,) = said(r"([0-9]+) % of the money is split by what is recorded")
    assert round(100 * recorded(result.ledger).share) == int(share)
    themes = result.ledger.streams["theme"]
    rankable = {t: recorded(result.ledger, only=themes == t).rankable for t in sorted(set(themes))}
    assert rankable == {
        "children and learning": True,
        "culture and leisure": False,
        "health and care": True,
        "homes": True,
        "neighbourhoods": False,
        "running the agencies": False,
        "safety": False,
        "streets and transport": False,
        "work and income": True,
    }
    assert (by_grade(result.ledger)["gross_pence"] > 0).all()


def test_recorded_money_lies_where_the_households_that_use_it_live(
    result: run.Result, households: pd.DataFrame
) -> None:
    """The true split of housing benefit is known claim by claim; people get it wrong by 41 %."""
    claims = households.groupby("sa21")["benefit_claims"].sum()
    inside = households.groupby("sa21")["lad25"].first() == "F07000001"
    amount = int(result.ledger.streams.loc["DC10", "amount_pence"])
    truth = amount * claims.where(inside, 0) / claims[inside].sum()
    at = result.ledger.streams.index.get_loc("DC10")
    ledger = pd.Series(result.ledger.pence[at], result.ledger.areas)
    assert (ledger - truth.reindex(ledger.index)).abs().max() <= 1
    people = households.groupby("sa21")["people"].sum()
    plain = amount * people.where(inside, 0) / people[inside].sum()
    wrong = float((plain - truth).abs().sum() / 2 / amount)
    (share,) = said(r"people instead of by recorded claims, ([0-9]+) % of housing benefit")
    assert round(100 * wrong) == int(share)
    second = run.second_method(result)
    assert second.streams.loc["DC10", "moved_share"] == pytest.approx(wrong, abs=1e-6)


def test_next_to_nothing_can_move_before_the_budget_meetings(result: run.Result) -> None:
    streams = result.ledger.streams
    november = movable(streams, on=dt.date(2025, 11, 1))["movable_pence"].sum()
    march = movable(streams, on=dt.date(2026, 3, 1))["movable_pence"].sum()
    april = movable(streams, on=dt.date(2026, 4, 1))["movable_pence"].sum()
    assert november < 0.001 * result.pot_pence
    assert november < march < april < result.pot_pence


def test_county_money_reaches_beyond_the_place_and_is_shown(result: run.Result) -> None:
    table = by_stream(result.ledger)
    county = table[(table["tier"] == "county") & (table["place_wide_pence"] == 0)]
    assert (county["outside_pence"].abs() > 0).all()
    district = table[table["tier"] == "district"]
    assert (district["outside_pence"] == 0).all()
    (step,) = [step for step in result.steps if step.kind == "tiers"]
    assert step.left_over == {"incomplete": 0, "beyond_ring_fence": 0}


def test_activity_at_average_cost_comes_near_to_what_hospitals_cost(result: run.Result) -> None:
    share = activity_explains(result.prepared)["share"]
    assert share.index.tolist() == ["UT01", "LT01"]
    assert ((share > 0.8) & (share < 1.05)).all()


def test_charges_for_care_fall_where_care_falls(result: run.Result) -> None:
    book = result.ledger
    care, charges = (book.streams.index.get_loc(stream) for stream in ("CC03", "CC09"))
    ratio = book.streams["amount_pence"].iloc[charges] / book.streams["amount_pence"].iloc[care]
    assert np.abs(book.pence[charges] - ratio * book.pence[care]).max() <= 1.5

"""Advice on a real district of two tiers: what each level holds, and what may not be ranked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from data import advice, advice_mismatch, place, run
from data.run import Result

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture(scope="module")
def lichfield(build_city: Callable[[str], Any]) -> Result:
    return run.run(place.load(build_city("lichfield").folder))


def test_each_tier_of_lichfield_holds_its_own_streams_and_together_the_pot(
    lichfield: Result,
) -> None:
    held = advice.levels(lichfield).tables["-held"].set_index("level")["held_pence"]
    by_level = held.groupby(level=0).sum()
    # Published outturn of 2017-18, thousand pounds, service lines: district and county.
    assert by_level["ltla23"] == 9_845_000_00
    assert by_level["utla23"] == 883_567_000_00
    assert by_level.sum() == lichfield.pot_pence


def test_care_stays_with_the_county_and_the_reason_is_the_risk_of_a_bad_year(
    lichfield: Result,
) -> None:
    table = advice.levels(lichfield, suppose=["wd25"]).tables[""]
    care = table[table["service"] == "Adult Social Care"].set_index("level")
    assert care["advice"].to_dict()["utla23"] == "lead"
    for level in ("wd25", "ltla23"):
        assert "reserve" in care.loc[level, "step_up"]
    # k = 11.5: in a district of 106,000 people CV = root(11.5^2/106,000 + 0.01^2) = 3.67 %.
    assert care.loc["ltla23", "chance_over"] == pytest.approx(0.0865, abs=0.002)
    police = care.loc["pfa20"]
    assert police["not_possible"] == "not theirs"
    health = table[table["service"] == "Commissioned health care"].set_index("level")
    assert "borders" in health.loc["ltla23", "step_up"], "three consortia across the district"


def test_money_that_is_assumed_is_shown_but_never_ranked(lichfield: Result) -> None:
    report = advice_mismatch.mismatches(lichfield, on=dt.date(2026, 4, 1))
    table = report.tables[""]
    housing = table[table["theme"] == "housing"]
    assert housing["assumed_pence"].sum() > 0
    assert housing["target_pence"].isna().all()
    assert any(line.startswith("Not ranked: ") for line in report.sentences)
    adults = table[table["theme"] == "adults"]
    assert adults["target_pence"].sum() == adults["recorded_pence"].sum()

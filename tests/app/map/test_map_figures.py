"""Every figure that a map can show: its values, intervals, marks and words, without a page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data import mappable, mapped, profiles, run
from data.mappable_errors import UnknownFigure
from pages.shared import downloads, drawing
from pages.shared.figures_more import Shelf

OURS = [
    n for n in range(16) if n % 4 < 3
]  # squares of the place; those of the fourth column are not


def values_of(result: run.Result, level: str, id: str, **more: Any) -> mapped.Mapped:
    prepared = profiles.prepare(result.place, result=result)
    return mapped.values(result, level, id, prepared=prepared, on=dt.date(2026, 1, 1), **more)


def test_a_place_offers_every_figure_it_has_and_none_of_money_that_falls_nowhere(
    result: run.Result,
) -> None:
    assert list(mappable.offers(result)) == [
        "domain.income", "domain.health", "measure.damp", "measure.trees", "distance.all themes",
        "distance.baths", "recorded", "theme.care", "theme.streets", "theme.baths", "programmes",
        "programmes.homes", "programmes.children", "programme-money",
    ]  # fmt: skip
    for offer in mappable.offers(result).values():
        for fact in ("title", "unit", "definition", "source", "vintage", "group"):
            assert getattr(offer, fact), (offer.id, fact)


def test_a_figure_that_is_not_offered_is_refused(result: run.Result) -> None:
    with pytest.raises(UnknownFigure, match="mood"):
        values_of(result, "sq", "domain.mood")
    with pytest.raises(UnknownFigure, match="without profiles"):
        mapped.values(result, "sq", "measure.damp", on=dt.date(2026, 1, 1))


def test_a_measure_comes_with_its_interval_and_says_where_few_cases_stand_behind_it(
    result: run.Result,
) -> None:
    damp = values_of(result, "sq", "measure.damp")
    assert damp.values["a00"] == pytest.approx(20.0)  # 20 of 100 homes
    assert damp.low is not None
    assert damp.high is not None
    # Wilson's interval of 20 of 100, from any textbook: 13.3 to 28.9 per cent.
    assert (round(damp.low["a00"], 1), round(damp.high["a00"], 1)) == (13.3, 28.9)
    assert set(damp.marks) == {""}
    assert set(values_of(result, "wd", "measure.damp").marks) <= {"", mapped.ROUGH}


def test_programmes_are_counted_and_their_money_is_spread_over_whom_they_cover(
    result: run.Result,
) -> None:
    counts = values_of(result, "sq", "programmes")
    assert [counts.values[f"a{n:02d}"] for n in (0, 1, 2)] == [2, 3, 1]
    assert "1 has ended" in counts.said[0]
    homes = values_of(result, "sq", "programmes.homes").values
    assert [homes[f"a{n:02d}"] for n in (0, 1, 2)] == [1, 2, 0]
    money = values_of(result, "sq", "programme-money")
    # 1,000 pounds over 100 and 101 people; 12.84 pounds over 1,284 people are a penny each.
    assert [money.values[f"a{n:02d}"] for n in (0, 1, 2)] == [49_751 + 100, 50_249 + 101, 102]
    assert money.values.sum() == 100_000 + 1_284
    assert not money.ranked
    assert "For 1 of them no money is stated." in money.said


def test_targets_of_recorded_money_add_up_to_it_and_assumed_money_has_none(
    result: run.Result,
) -> None:
    baths = values_of(result, "sq", "distance.baths").values.dropna()
    paid = {f"a{n:02d}": 8_125 * (n + 1) for n in OURS}  # 7,800 pounds for 96 visits
    assert list(baths.index) == list(paid)
    targets = sum(paid[code] / (1 + baths[code] / 100) for code in paid)
    assert targets == pytest.approx(780_000, abs=12)
    every = values_of(result, "sq", "distance.all themes")
    assert every.values.isna().all()
    assert "nothing is ranked" in every.said[0]


def test_money_of_a_theme_is_divided_by_the_people(result: run.Result) -> None:
    streets = values_of(result, "sq", "theme.streets")
    # Parks are shared by people: 90,000 pounds for 1,284 people, to the penny in each square.
    for n in OURS:
        assert streets.values[f"a{n:02d}"] == pytest.approx(9_000_000 / 1_284, abs=0.01)
    assert not streets.ranked
    recorded = values_of(result, "sq", "recorded")
    assert recorded.values["a00"] == pytest.approx(81.25)
    assert values_of(result, "sq", "theme.baths").values.equals(recorded.values)


def test_a_kind_of_deprivation_is_averaged_by_people_above_the_small_areas(
    result: run.Result,
) -> None:
    small = values_of(result, "sq", "domain.income")
    assert small.deciles is not None
    assert small.deciles["a03"] == result.index.domain_deciles.loc["a03", "income"]
    county = values_of(result, "county", "domain.income").values["C"]
    people = [100 + n for n in range(16)]
    assert county == pytest.approx(np.average(small.values.to_numpy(), weights=people))


def test_money_that_follows_hidden_counts_is_withheld_hatched_and_told_from_no_data(
    secret: run.Result,
) -> None:
    found = values_of(secret, "sq", "theme.baths")
    withheld = found.marks == mapped.WITHHELD
    assert withheld["a00"]  # one visit
    assert found.values[withheld].isna().all()
    shelf = Shelf(secret, "sq")
    money = drawing.on_map(shelf, shelf.figure("theme.baths"))
    assert money.legend.hatched == "Withheld: small counts"
    assert money.classes[0] == -1
    assert 0 in money.hatched
    assert money.labels[0] == "withheld"
    frame = downloads.areas(shelf, [shelf.figure("theme.baths")])
    assert frame.at["a00", "theme_baths_note"] == "withheld"
    assert pd.isna(frame.at["a00", "theme_baths"])
    # The sum of an area with a hidden part is hidden as well, on the usual figures too.
    usual = drawing.on_map(shelf, shelf.figure("money"))
    assert usual.labels[0] == "withheld"
    assert usual.legend.hatched.startswith("On grey: withheld. In colour: ")

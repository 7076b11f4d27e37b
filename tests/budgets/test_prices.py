"""Real terms by a dated and referenced index, and warnings of what is mixed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from budgets.prices import comparable, deflators, in_prices_of, real_terms
from budgets.streams_errors import UnknownDeflator

Make = Callable[..., pd.DataFrame]


def test_the_published_ratio_of_two_financial_years_is_used_and_named() -> None:
    found = real_terms(pd.Series([1_300_000, -100]), from_year="2019-20", to_year="2024/25")
    # 13,000 pounds of 2019-20 are 16,074.4 of 2024-25 by the index of the same release.
    assert found.pence.tolist() == [1_607_443, -124]
    assert not found.estimated
    assert "March 2026" in found.sentence
    assert "quoted" in found.sentence


def test_the_same_year_changes_nothing_and_there_and_back_is_the_same() -> None:
    pence = np.array([10**13, 1, -(10**9)])
    assert real_terms(pence, from_year="2018", to_year="2018").pence.tolist() == pence.tolist()
    there = real_terms(10**9, from_year="2017-18", to_year="2022-23")
    back = real_terms(there.pence, from_year="2022-23", to_year="2017-18")
    assert there.factor * back.factor == pytest.approx(1.0)
    assert abs(int(back.pence[0]) - 10**9) <= 1
    assert "estimated" in there.sentence


def test_estimated_financial_years_differ_by_no_more_than_is_said() -> None:
    """Every pair of published financial years against the estimate from calendar years."""
    financial = deflators()["financial"]["index"]
    calendar = {int(y): v for y, v in deflators()["calendar"]["index"].items()}

    def estimate(year: str) -> float:
        start = int(year[:4])
        return 0.75 * calendar[start] + 0.25 * calendar[start + 1]

    known = [year for year in financial if int(year[:4]) + 1 in calendar]
    worst = max(
        abs(estimate(b) / estimate(a) / (financial[b] / financial[a]) - 1)
        for a, b in itertools.combinations(known, 2)
    )
    assert 0.009 < worst <= 0.010


def test_years_that_are_not_in_the_table_are_refused_by_name() -> None:
    for year in ("1999-00", "2024-25x", "2031", "next"):
        with pytest.raises(UnknownDeflator, match=year):
            real_terms(1, from_year="2018", to_year=year)
    with pytest.raises(UnknownDeflator, match="it has 2000 to 2024"):
        real_terms(1, from_year="2017-18", to_year="2025-26")


def test_a_year_beyond_the_calendar_years_goes_on_by_the_published_change() -> None:
    # By hand: 2022-23 is 3/4 of 90.5005 and 1/4 of 96.2507, 91.93805; 2024-25 is 100 / 91.2996 of
    # it, 100.69928; 2017-18 is 3/4 of 77.6367 and 1/4 of 79.1606, 78.017675.
    found = real_terms(100_000_000, from_year="2017-18", to_year="2024-25")
    assert found.factor == pytest.approx(100.69928 / 78.017675, rel=1e-6)
    assert found.estimated
    assert "later ones by the published change since" in found.sentence


def test_every_index_has_unit_date_reference_and_status() -> None:
    for table in deflators().values():
        assert table["series"]
        assert "HM Treasury" in table["release"]
        assert table["unit"].endswith("= 100")
        assert table["date"] < date(2026, 12, 31)
        assert table["status"] == "quoted"
        assert all(40 < value <= 100 for value in table["index"].values())


def test_every_stream_is_brought_to_one_year_from_its_own_price_base(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "10000", "year": "2019-20"},
        {"amount": "10000", "year": "2022-23", "price_base": "2015-16"},
        {"amount": "-10000", "year": "2024-25", "price_base": "cash"},
    )
    real, said = in_prices_of(streams, "2024/25")
    # 10,000 x 100 / 80.8738 and x 100 / 74.5804, by the index of March 2026.
    assert real.tolist() == [12365, 13408, -10000]
    assert [sentence.split(" x ")[0] for sentence in said] == [
        "Prices of 2024/25: 2019-20",
        "Prices of 2024/25: 2015-16",
    ]
    assert streams["amount_pence"].tolist() == [10000, 10000, -10000], "the argument was changed"
    with pytest.raises(UnknownDeflator, match="2025-26"):
        in_prices_of(streams, "2025-26")


def test_one_year_one_status_one_kind_needs_no_warning(make_streams: Make) -> None:
    assert comparable(make_streams({"amount": "1"}, {"amount": "2", "price_base": "cash"})) == []


def test_mixed_years_statuses_kinds_and_price_bases_are_each_warned_of(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "1", "year": "2017-18"},
        {"amount": "1", "year": "2018-19", "status": "outturn", "kind": "capital"},
        {"amount": "1", "year": "2018-19", "price_base": "2015-16"},
    )
    years, statuses, kinds, prices = comparable(streams)
    assert years.startswith("2 lines are for 2018-19 and 1 is for 2017-18: ")
    assert statuses.startswith("2 lines are planned (budget) and 1 is what was spent: ")
    assert kinds.startswith(
        "2 lines are for running services (revenue) and 1 is for building and buying (capital): "
    )
    assert prices.startswith(
        "1 line is in prices of 2015-16, 1 is in prices of 2017-18 and 1 is in prices of 2018-19: "
    )


def test_ten_lines_that_were_spent_and_one_budget_are_said_in_everyday_words(
    make_streams: Make,
) -> None:
    rows: list[dict[str, str]] = [{"amount": "1", "status": "outturn"} for _ in range(10)]
    (said,) = comparable(make_streams(*rows, {"amount": "1"}))
    assert said == (
        "10 lines are what was spent and 1 is planned (budget): what was planned is not always "
        "what was spent."
    )

"""An index made from small counts gives none away, and says of each figure what was done."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo.errors import CommonGroundError
from indices.definitions import Definition, parse
from indices.disclosure import carried
from indices.errors import NotACount
from indices.index import build
from indices.robustness import doubt
from indices.shown import heaviest
from indices.summaries import summarise

CODES = pd.Index([f"A{number:02d}" for number in range(12)], name="sa")
COUNTS = [0, 1, 3, 7, 8, 12, 13, 20, 22, 31, 44, 90]


def definition(disclosure: str = "hospital-records", **more: object) -> Definition:
    indicators = [
        {
            "id": id,
            "title": id,
            "unit": "per 100",
            "kind": "rate",
            "numerator": id,
            "denominator": "people",
            "per": 100,
            "direction": "high is worse",
            "source": "drawn",
            "vintage": "sa",
            "date": 2024,
            "theme": "health",
            "disclosure": rule,
            **more,
        }
        for id, rule in (("stays", disclosure), ("jobless", "published"))
    ]
    domains = [
        {"id": "health", "title": "Health", "weight": 0.5, "indicators": ["stays"]},
        {"id": "work", "title": "Work", "weight": 0.5, "indicators": ["jobless"]},
    ]
    return parse(
        {
            "id": "own",
            "title": "Own",
            "edition": "1",
            "layer": "sa",
            "reference": "drawn",
            "indicators": indicators,
            "domains": domains,
        }
    )


def table(counts: list[int]) -> pd.DataFrame:
    jobless = np.arange(12) ** 2
    return pd.DataFrame({"stays": counts, "jobless": jobless, "people": 200}, index=CODES)


def test_figures_are_made_from_rounded_counts_and_the_middle_of_what_is_hidden() -> None:
    index = build(definition(), table(COUNTS), from_="indicators")
    assert index.made is not None
    # 1 to 7 are hidden and stand as 4; the rest is rounded to 5; per 100 of 200 people.
    seen = [0, 4, 4, 4, 10, 10, 15, 20, 20, 30, 45, 90]
    assert index.made.measured.values["stays"].tolist() == [count / 2 for count in seen]
    assert index.made.measured.values["jobless"].tolist() == [n * n / 2 for n in range(12)]
    assert index.flag.tolist() == ["rounded", *["hidden"] * 3, *["rounded"] * 8]
    assert any("stays" in note and "3 counts hidden" in note for note in index.made.notes)


def test_published_counts_are_taken_as_they_are_and_carry_no_flag() -> None:
    index = build(definition("published"), table(COUNTS), from_="indicators")
    assert index.made is not None
    assert index.made.measured.values["stays"].tolist() == [count / 2 for count in COUNTS]
    assert set(index.flag) == {""}


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.integers(1, 7), min_size=3, max_size=3))
def test_no_figure_made_from_a_hidden_count_depends_on_it(small: list[int]) -> None:
    first = build(definition(), table(COUNTS), from_="indicators")
    again = build(definition(), table([0, *small, *COUNTS[4:]]), from_="indicators")
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())
    lookup = pd.Series(["v", "w"] * 6, index=CODES)
    people = pd.Series(200, index=CODES)
    pd.testing.assert_frame_equal(
        summarise(first, lookup, people), summarise(again, lookup, people)
    )
    told = [doubt(index, draws=20, pool=5).table for index in (first, again)]
    pd.testing.assert_frame_equal(*told)


def test_a_count_rounded_up_is_never_more_than_the_people() -> None:
    data = table([*COUNTS[:11], 88]).assign(people=[200] * 11 + [88], jobless=range(12))
    index = build(definition(), data, from_="indicators")
    assert index.made is not None
    assert index.made.measured.events["stays"].iloc[-1] == 88


def test_a_share_of_a_person_is_no_count_to_be_hidden() -> None:
    with pytest.raises(NotACount):
        build(definition(), table(COUNTS).assign(stays=[1.5, *COUNTS[1:]]), from_="indicators")


def test_an_unknown_rule_is_refused_where_the_definition_is_read() -> None:
    with pytest.raises(CommonGroundError, match=r"(?s)disclosure.*hospital-records"):
        definition("secret")


def test_the_heaviest_flag_wins() -> None:
    flags = pd.DataFrame({"a": ["", "rounded", "hidden", ""], "b": ["", "", "rounded", "rounded"]})
    assert heaviest(flags).tolist() == ["", "rounded", "hidden", "rounded"]
    assert heaviest(pd.DataFrame(index=CODES)).tolist() == [""] * 12


def test_flags_travel_over_a_crosswalk_to_every_area_with_a_share() -> None:
    flag = pd.Series(["hidden", "rounded", ""], index=["a", "b", "c"])
    weights = csr_array(np.array([[0.5, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0], [0, 0, 1.0]]))
    found = carried(flag, weights, pd.Index(["a", "b", "c", "d"]), pd.Index(["v", "w", "x"]))
    assert found.to_dict() == {"v": "hidden", "w": "rounded", "x": ""}

"""Money by grade, a second method beside the first, and the rule of honesty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.errors import VintageMismatch
from budgets import errors
from budgets import streams_errors as wide
from budgets.apportion import Prepared, prepare
from budgets.baseline import activity_explains, by_grade, by_stream, second_method
from budgets.honesty import recorded, share
from budgets.ledger import Ledger

Make = Callable[..., pd.DataFrame]
AREAS = pd.Index(["a", "b", "c"], name="sa", dtype="str")
PEOPLE = pd.Series([10.0, 20.0, 20.0], AREAS)
SCORES = pd.Series([10.0, 20.0, 30.0], AREAS)
USE = pd.DataFrame({"visits": [1.0, 2, 1], "none": [0.0, 0, 0], "gap": [1.0, np.nan, 1]}, AREAS)
NEED: dict[str, Any] = {"scores": SCORES, "need_weight": 1.0, "neediest_per_head": 3.0}


def prepared(streams: pd.DataFrame, **options: Any) -> Prepared:
    defaults: dict[str, Any] = {
        "covers": {},
        "people": PEOPLE,
        "inside": pd.Series([True, True, False], AREAS),
        "tolerance": 0.0,
        "households": pd.Series([5.0, 5.0, 10.0], AREAS),
        "use": USE,
    }
    return prepare(streams, **(defaults | options))


def every_method(make_streams: Make) -> pd.DataFrame:
    return make_streams(
        {"amount": "100", "method": "recorded", "use": "visits"},
        {"amount": "100", "method": "activity", "use": "visits@0.20"},
        {"amount": "100", "method": "client-group", "use": "visits"},
        {"amount": "100", "method": "need"},
        {"amount": "100", "method": "people"},
        {"amount": "-100", "method": "households"},
        {"amount": "100", "method": "asset", "covers": "sa:c", "overhead": "25%", "gross": "140"},
        {"amount": "100", "method": "place-wide", "covers": ""},
    )


def test_every_grade_has_its_row_with_money_inside_outside_and_place_wide(
    make_streams: Make,
) -> None:
    table = by_grade(prepared(every_method(make_streams)).ledger(**NEED))
    assert table.index.tolist() == list("ABCDEFG")
    assert table["gross_pence"].tolist() == [100, 100, 100, 100, 200, 100, 100]
    assert table["share"].tolist() == [0.125] * 4 + [0.25] + [0.125] * 2
    assert table["streams"].tolist() == [1, 1, 1, 1, 2, 1, 1]
    # People 20, 40, 40; households -25, -25, -50; need: 10 x 1, 20 x 2, 20 x 3 of 110.
    assert table["inside_pence"].tolist() == [75, 75, 75, 45, 10, 0, 0]
    assert table["outside_pence"].tolist() == [25, 25, 25, 55, -10, 100, 0]
    assert table["place_wide_pence"].tolist() == [0] * 6 + [100]


def test_overheads_are_stated_and_every_stream_adds_up(make_streams: Make) -> None:
    ledger = prepared(every_method(make_streams)).ledger(**NEED)
    table = by_stream(ledger)
    parts = table[["inside_pence", "outside_pence", "place_wide_pence"]].sum(axis=1)
    assert (parts == table["amount_pence"]).all()
    assert table.loc["s6", "overhead_pence"] == 35


def test_recorded_assumed_and_spent_money_are_kept_apart(make_streams: Make) -> None:
    ledger = prepared(every_method(make_streams)).ledger(**NEED)
    found = recorded(ledger)
    assert found.pence.tolist() == [75, 150, 75]
    assert found.assumed_pence.tolist() == [9 + 20 - 25, 36 + 40 - 25, 55 + 40 - 50]
    assert found.spent_pence.tolist() == [0, 0, 100]
    assert found.share == 300 / 800
    assert not found.rankable
    assert "Only 37% of this money" in found.reason


@pytest.mark.parametrize(
    ("known", "assumed", "words"),
    [(0, 500, "None of this money"), (1, 500, "Less than 1% of this money"), (5, 495, "Only 1%")],
)
def test_how_little_is_recorded_is_said_without_a_nought_per_cent(
    make_streams: Make, known: int, assumed: int, words: str
) -> None:
    streams = make_streams(
        {"amount": str(known), "method": "recorded", "use": "visits"},
        {"amount": str(assumed), "method": "people"},
    )
    ledger = prepared(streams).ledger(**NEED)
    assert recorded(ledger).reason.startswith(words)


@pytest.mark.parametrize(
    ("known", "assumed", "rankable"), [(100, 100, True), (99, 101, False), (-100, 100, True)]
)
def test_exactly_half_is_enough_to_rank_and_income_counts_by_its_size(
    make_streams: Make, known: int, assumed: int, rankable: bool
) -> None:
    streams = make_streams(
        {"amount": str(known), "method": "recorded", "use": "visits"},
        {"amount": str(assumed), "method": "people"},
    )
    found = recorded(prepared(streams).ledger(**NEED))
    assert found.rankable is rankable
    assert (found.reason == "") is rankable


def test_the_rule_holds_for_a_theme_by_itself_and_for_no_money_at_all(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "10", "method": "recorded", "use": "visits", "theme": "care"},
        {"amount": "90", "theme": "homes"},
        {"amount": "0", "theme": "parks"},
    )
    ledger = prepared(streams).ledger(**NEED)
    theme = streams["theme"]
    assert recorded(ledger, only=theme == "care").rankable
    assert recorded(ledger, only=theme == "care").pence.sum() == 10
    assert not recorded(ledger, only=theme == "homes").rankable
    nothing = recorded(ledger, only=theme == "parks")
    assert (nothing.rankable, nothing.share) == (False, 0.0)
    assert "no money" in nothing.reason


def test_a_second_method_says_how_much_depends_on_the_first(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "100", "method": "recorded", "use": "visits"},
        {"amount": "110", "method": "people"},
        {"amount": "100", "method": "place-wide", "covers": ""},
        {"amount": "-50", "follows": "s1", "method": "", "covers": ""},
        {"amount": "-50", "method": "people"},
    )
    found = second_method(prepared(streams), **NEED)
    # 25, 50, 25 against 20, 40, 40; 22, 44, 44 against 10, 40, 60.
    assert found.streams["second_method"].tolist() == [
        *("people", "need", "place-wide", "need", "people"),
    ]
    assert found.streams["moved_pence"].tolist()[:3] == [15, 16, 0]
    assert found.streams["moved_share"].tolist()[0] == 0.15
    assert found.areas["difference_pence"].sum() == 0
    assert found.first.total == found.second.total
    assert found.second.streams["grade"].tolist() == ["E", "D", "G", "D", "E"]
    assert found.share == found.moved_pence / 310


def test_without_scores_people_are_held_against_themselves(make_streams: Make) -> None:
    streams = make_streams({"amount": "10"}, {"amount": "10", "method": "households"})
    found = second_method(prepared(streams), scores=None, need_weight=0.5, neediest_per_head=3.0)
    assert found.streams["second_method"].tolist() == ["people", "people"]
    assert found.streams["moved_pence"].tolist()[0] == 0


def test_what_activity_at_unit_cost_comes_to_is_held_against_the_amount(
    make_streams: Make,
) -> None:
    streams = make_streams(
        {"amount": "100", "method": "activity", "use": "visits@0.20"},
        {"amount": "100", "method": "people"},
        {"amount": "0", "method": "activity", "use": "visits@1"},
    )
    table = activity_explains(prepared(streams))
    assert table.index.tolist() == ["s0", "s2"]
    assert table["activity_pence"].tolist() == [80, 400]
    assert table["share"].iloc[0] == pytest.approx(0.8)
    assert np.isnan(table["share"].iloc[1])


@pytest.mark.parametrize(
    ("row", "options", "kind", "shown"),
    [
        ({"method": "recorded", "use": "calls"}, {}, wide.UnknownUse, "there are visits, none"),
        ({"method": "recorded", "use": "visits"}, {"use": None}, wide.UnknownUse, "s0: visits"),
        ({"method": "recorded", "use": "gap"}, {}, wide.UseNotUsable, "1 found: b"),
        ({"method": "client-group", "use": "none"}, {}, wide.CoverWithoutUse, "1 found: s0"),
        ({"method": "households"}, {"households": None}, wide.HouseholdsMissing, "s0"),
        (
            {"method": "households"},
            {"households": pd.Series([1.0, 1.0, -1.0], AREAS)},
            wide.UseNotUsable,
            "c",
        ),
        (
            {"method": "households"},
            {"households": PEOPLE.rename_axis("lsoa11")},
            VintageMismatch,
            "lsoa11",
        ),
        (
            {"method": "households"},
            {"households": pd.Series([0.0, 0.0, 0.0], AREAS)},
            errors.CoverWithoutPeople,
            "s0",
        ),
    ],
)
def test_what_streams_are_split_by_must_be_counted(
    make_streams: Make,
    row: dict[str, str],
    options: dict[str, Any],
    kind: type[Exception],
    shown: str,
) -> None:
    with pytest.raises(kind, match=shown):
        prepared(make_streams({"amount": "5"} | row), **options)


def test_an_asset_without_a_count_stands_in_named_base_areas(
    make_streams: Make, crosswalk: Callable[..., Any]
) -> None:
    walk = crosswalk({code: {"w": 1} for code in AREAS})
    with pytest.raises(wide.AssetWithoutPlace, match="s0: wd:w"):
        prepared(
            make_streams({"amount": "5", "method": "asset", "covers": "wd:w"}), covers={"wd": walk}
        )


def test_a_hundred_thousand_areas_and_ten_to_the_thirteen_pence_keep_every_penny(
    make_streams: Make,
) -> None:
    n = 100_000
    areas = pd.Index([f"{number:06d}" for number in range(n)], name="sa", dtype="str")
    rng = np.random.default_rng(7)
    people = pd.Series(rng.integers(0, 3000, n).astype(float), areas)
    use = pd.DataFrame({"visits": rng.integers(0, 50, n).astype(float)}, areas)
    streams = make_streams(
        {"amount": str(10**13), "method": "recorded", "use": "visits"},
        {"amount": str(-(10**13)), "method": "", "covers": "", "follows": "s0"},
        {"amount": str(10**13 - 1), "method": "activity", "use": "visits@410"},
        {"amount": "1", "method": "people"},
        {"amount": str(10**13), "method": "need"},
    )
    ready = prepare(
        streams,
        covers={},
        people=people,
        inside=pd.Series(True, areas),
        tolerance=0.02,
        use=use,
    )
    # Nobody is needier than anybody else.
    nowhere = pd.Series(0.0, areas)
    book = ready.ledger(scores=nowhere, need_weight=1.0, neediest_per_head=9.0)
    assert book.total == 2 * 10**13
    assert not (book.pence[0] + book.pence[1]).any()
    exact = 10**13 * (people / people.sum())
    assert (np.abs(book.pence[4] - exact) <= 1).all()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=6).filter(
        lambda rows: any(visits for _, visits in rows)
    ),
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=3),
)
def test_followers_take_the_shares_of_their_service_and_both_ledgers_keep_every_penny(
    make_streams: Make, rows: list[tuple[int, int]], amounts: list[int]
) -> None:
    areas = pd.Index(list("abcdef"[: len(rows)]), name="sa", dtype="str")
    people = pd.Series([float(p) for p, _ in rows], areas)
    use = pd.DataFrame({"visits": [float(v) for _, v in rows]}, areas)
    lines = []
    for number, amount in enumerate(amounts):
        lines.append(
            {"id": f"s{number}", "amount": str(abs(amount)), "method": "recorded", "use": "visits"}
        )
        follower = {"id": f"f{number}", "amount": str(-abs(amount)), "follows": f"s{number}"}
        lines.append(follower | {"method": "", "covers": ""})
    ready = (
        prepare(
            make_streams(*(line for line in lines if line["amount"] != "0")),
            covers={},
            people=people,
            inside=pd.Series(True, areas),
            tolerance=0.0,
            use=use,
        )
        if any(amounts)
        else None
    )
    if ready is None:
        return
    found = second_method(ready, **(NEED | {"scores": pd.Series(1.0, areas)}))
    for book in (found.first, found.second):
        assert isinstance(book, Ledger)
        assert book.total == 0
        assert not book.by_area().any()


def test_a_part_of_some_money_is_recorded_by_its_size_and_not_its_sign() -> None:
    grades = np.array(["A", "D", "C", "F"], dtype=object)
    assert share(np.array([100, -100, -200, 400]), grades) == 0.375
    assert share(np.array([0, 0, 0, 0]), grades) == 0.0

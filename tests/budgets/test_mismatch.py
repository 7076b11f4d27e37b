"""Resources against needs: recorded money only, whole pence, overlaps and gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import mismatch, mismatch_words
from budgets.ledger import Level

WARDS = ["w1", "w2", "w3", "w4"]
NAMES = pd.Series(["Ash", "Birch", "Cedar", "Dale"], pd.Index(WARDS, name="wd"))


def by_ward(*values: float) -> pd.Series:
    return pd.Series(values, NAMES.index, dtype=float)


PEOPLE, NEED = by_ward(100, 100, 100, 100), by_ward(4, 3, 2, 1)


def level(*rows: tuple[str, str, list[int]], counted: bool = False) -> Level:
    """Streams as theme, grade and pence by ward."""
    pence = np.array([cells for _, _, cells in rows], dtype=np.int64)
    streams = pd.DataFrame(
        {
            "theme": [theme for theme, _, _ in rows],
            "grade": [grade for _, grade, _ in rows],
            "amount_pence": pence.sum(axis=1),
        },
        pd.Index([f"s{i}" for i in range(len(rows))], name="stream"),
    )
    nothing = np.zeros(len(rows), np.int64)
    return Level(
        streams=streams,
        areas=NAMES.index,
        pence=pence,
        outside=nothing,
        place_wide=nothing,
        counted_in_each=pence * 2 if counted else None,
        moved=pd.DataFrame(),
    )


def of(found: mismatch.Resources, theme: str) -> pd.DataFrame:
    table = found.table[found.table["theme"] == theme]
    return table.set_index("area_code")


def resources(book: Level, **more: Any) -> mismatch.Resources:
    return mismatch.resources(book, people=PEOPLE, need=NEED, **more)


def test_money_that_follows_from_our_assumption_is_shown_but_neither_classed_nor_compared() -> None:
    found = resources(level(("homes", "D", [400, 300, 200, 100]), ("homes", "A", [9, 9, 9, 9])))
    table = of(found, "homes")
    assert table["assumed_pence"].tolist() == [400, 300, 200, 100]
    assert table["assumed_per_person"].tolist() == [4, 3, 2, 1]
    assert table["money_class"].isna().all()
    assert table["target_pence"].isna().all()
    assert table["pair"].tolist() == [""] * 4
    assert set(table["note"]) == {"follows from our assumption"}
    assert "Only 3% of this money" in found.reasons["homes"]
    assert found.worst("homes").empty


def test_recorded_money_is_compared_with_its_share_by_need() -> None:
    found = resources(
        level(("homes", "A", [100, 100, 100, 100])), need_weight=1.0, neediest_per_head=4.0
    )
    table = of(found, "homes")
    # m = 4, 3, 2, 1 of 400 pence: 160, 120, 80, 40.
    assert table["target_pence"].tolist() == [160, 120, 80, 40]
    assert table["to_target_pence"].tolist() == [60, 20, 0, 0]
    assert table["distance"].tolist() == pytest.approx([-0.375, -1 / 6, 0.25, 1.5])
    assert found.worst("homes")["area_code"].tolist() == ["w1", "w2"]
    assert found.reasons == {}


def test_assumed_money_beside_recorded_money_is_not_in_the_comparison() -> None:
    book = level(("homes", "A", [100, 100, 100, 100]), ("homes", "E", [0, 0, 0, 300]))
    table = of(resources(book), "homes")
    assert table["target_pence"].sum() == 400
    assert table["note"].tolist() == ["", "", "", "follows from our assumption"]


def test_each_theme_is_judged_by_itself_and_all_themes_together() -> None:
    book = level(("homes", "A", [10, 20, 30, 40]), ("work", "D", [100, 100, 100, 100]),
                 ("", "G", [0, 0, 0, 0]))  # fmt: skip
    found = resources(book)
    assert set(found.reasons) == {"all themes", "work"}
    assert list(dict.fromkeys(found.table["theme"])) == ["all themes", "homes", "work"]
    assert found.shares["homes"] == 1


def test_classes_are_thirds_of_the_people_and_areas_alike_share_one() -> None:
    people = by_ward(10, 10, 10, 300)
    book = level(("homes", "A", [1, 5, 9, 9]))
    found = mismatch.resources(book, people=people, need=by_ward(1, 1, 2, 3))
    table = of(found, "homes")
    # Middles: 10/330, 10/330, 25/330, 180/330.
    assert table["need_class"].tolist() == [1, 1, 1, 2]
    same = mismatch.resources(book, people=people, need=by_ward(5, 5, 5, 5))
    assert of(same, "homes")["need_class"].tolist() == [2] * 4


def test_high_need_with_little_money_is_the_pair_three_one() -> None:
    found = resources(level(("homes", "B", [10, 20, 30, 40])))
    assert of(found, "homes")["pair"].tolist() == ["3-1", "2-2", "2-2", "1-3"]


def test_areas_without_people_or_outside_the_place_are_left_out() -> None:
    book = level(("homes", "A", [10, 20, 30, 40]))
    keep = pd.Series([True, True, True, False], NAMES.index)
    found = mismatch.resources(book, people=by_ward(0, 5, 5, 5), need=NEED, keep=keep)
    assert of(found, "homes").index.tolist() == ["w2", "w3"]
    assert of(found, "homes")["target_pence"].sum() == 50


def test_areas_that_overlap_count_their_whole_money_as_they_count_their_people() -> None:
    found = resources(level(("homes", "A", [10, 20, 30, 40]), counted=True))
    assert of(found, "homes")["recorded_pence"].tolist() == [20, 40, 60, 80]


def test_recorded_income_below_nought_and_unknown_need_set_no_target() -> None:
    below = resources(level(("homes", "A", [-10, 20, 30, 40])))
    assert of(below, "homes")["target_pence"].isna().all()
    unknown = mismatch.resources(
        level(("homes", "A", [10, 20, 30, 40])), people=PEOPLE, need=by_ward(np.nan, 1, 2, 3)
    )
    assert of(unknown, "homes")["target_pence"].isna().all()
    assert of(unknown, "homes")["need_class"].isna().tolist() == [True, False, False, False]
    assert "need is not known" in mismatch_words.money_sentences(unknown, NAMES)[0]


@given(
    st.lists(st.integers(0, 10**12), min_size=4, max_size=4).filter(any),
    st.lists(st.integers(1, 10**6), min_size=4, max_size=4),
    st.floats(0, 1),
    st.floats(1, 20),
)
def test_targets_add_up_to_the_money_and_what_lacks_is_what_others_have_more(
    pence: list[int], people: list[int], weight: float, head: float
) -> None:
    found = mismatch.resources(
        level(("homes", "C", pence)),
        people=by_ward(*people),
        need=NEED,
        need_weight=weight,
        neediest_per_head=head,
    )
    table = of(found, "homes")
    target = table["target_pence"].to_numpy(dtype=np.int64)
    assert target.sum() == sum(pence)
    more = np.maximum(np.array(pence) - target, 0).sum()
    assert table["to_target_pence"].sum() == more


AT_WORK = pd.DataFrame(
    {
        "area_code": ["w1", "w1", "w2", "w2", "w3", "w3", "w4", "w4"],
        "theme": ["homes", "work"] * 4,
        "programmes": [2, 0, 2, 1, 0, 0, 0, 0],
        "critical": [1, 0, 0, 0, 0, 0, 0, 0],
        "ids": ["p0;p1", "", "p0;p1", "p2", "", "", "", ""],
        "covered": [1.0, 0.0, 0.5, 1.0, 0.0, 0.05, 0.0, 0.0],
        "twice": [0.6, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0],
    }
)
REGISTER = pd.DataFrame(
    {"title": ["Warm homes", "Repairs", "Skills"], "lead": ["Council", "Trust", "College"]},
    pd.Index(["p0", "p1", "p2"], name="programme"),
)


def test_overlaps_are_several_programmes_for_the_same_people_most_of_them_first() -> None:
    found = mismatch.overlaps(AT_WORK)
    assert found["area_code"].tolist() == ["w2", "w1"]


def test_gaps_are_needy_areas_without_a_programme() -> None:
    found = mismatch.gaps(AT_WORK, people=PEOPLE, need=NEED)
    # w1 and no other is in the neediest third by its middle (350 of 400 people).
    assert found[["area_code", "theme"]].to_numpy().tolist() == [["w1", "work"]]
    assert mismatch.gaps(AT_WORK, people=PEOPLE, need=by_ward(1, 2, 3, 4))["theme"].tolist() == [
        "homes",
        "work",
    ]


def test_a_board_can_read_what_lacks_where_and_why_nothing_is_ranked() -> None:
    book = level(("homes", "A", [100_00, 100_00, 100_00, 100_00]), ("work", "D", [900_00] * 4))
    said = mismatch_words.money_sentences(
        resources(book, need_weight=1.0, neediest_per_head=4.0), NAMES
    )
    text = " ".join(said)
    assert (
        "Homes: 100% of the money is split by what is recorded. Of that, £80 a year would" in text
    )
    assert "Ash gets £1.00 a person where its need calls for £1.60: £60 a year is missing." in text
    assert "Not ranked: Work. None of this money" in text


def test_a_board_can_read_where_programmes_overlap_and_where_none_is() -> None:
    said = mismatch_words.programme_sentences(AT_WORK, REGISTER, NAMES, people=PEOPLE, need=NEED)
    assert said[0] == (
        "Homes: in Birch 2 programmes are at work (Warm homes, led by Council and Repairs, led by "
        "Trust), and up to 90% of the people are in the reach of more than one."
    )
    assert said[-1] == (
        "Work: need is high in Ash, but no programme of this theme is at work there (100 people)."
    )

"""Every stream reaches the small areas it covers, to the penny."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.crosswalk import Crosswalk
from boundaries.errors import VintageMismatch
from budgets import errors
from budgets.apportion import apportion, beyond_base, cover_shares, prepare
from budgets.ledger import Ledger

Draw = Callable[..., Crosswalk]
Make = Callable[..., pd.DataFrame]
Paper = Callable[..., list[int]]


def areas(*values: Any, codes: str = "abcdefgh", layer: str = "sa") -> pd.Series:
    return pd.Series(values, index=pd.Index(list(codes[: len(values)]), name=layer, dtype="str"))


def share_out(streams: pd.DataFrame, people: pd.Series, **options: Any) -> Ledger:
    defaults: dict[str, Any] = {
        "covers": {},
        "scores": None,
        "need_weight": 0.5,
        "neediest_per_head": 3.0,
        "inside": pd.Series(True, index=people.index),
        "tolerance": 0.02,
    }
    return apportion(streams, people=people, **(defaults | options))


def test_people_decide_within_the_area_covered(crosswalk: Draw, make_streams: Make) -> None:
    walk = crosswalk({"a": {"w1": 4}, "b": {"w1": 2, "w2": 2}, "c": {"w2": 4}})
    streams = make_streams(
        {"covers": "wd:w1", "amount": "100"},
        {"covers": "wd:w2", "amount": "-100"},
        {"covers": "wd:w1;wd:w2", "amount": "100"},
        {"covers": "sa:b", "amount": "100"},
        {"covers": "wd:*", "amount": "100"},
    )
    book = share_out(streams, areas(10, 20, 40), covers={"wd": walk})
    assert book.pence.tolist() == [
        [50, 50, 0],
        [0, -20, -80],
        [14, 29, 57],
        [0, 100, 0],
        [14, 29, 57],
    ]
    assert book.areas.tolist() == ["a", "b", "c"]
    assert book.total == 300


def test_money_by_need_follows_people_and_need_among_the_people_covered(
    crosswalk: Draw, make_streams: Make
) -> None:
    walk = crosswalk({"a": {"w1": 1}, "b": {"w1": 1, "w2": 1}, "c": {"w2": 1}})
    people, scores = areas(100, 200, 50), areas(10.0, 20.0, 30.0)
    streams = make_streams({"covers": "wd:w1", "amount": "100000", "method": "need"})
    book = share_out(
        streams, people, covers={"wd": walk}, scores=scores, need_weight=0.25, neediest_per_head=5.0
    )
    # a: 100 people at 1 a head, b: half of 200 at 3 a head (half-way between 10 and 30).
    by_people, by_need = Fraction(1, 2), Fraction(1, 4)
    a = 100_000 * (Fraction(3, 4) * by_people + Fraction(1, 4) * by_need)
    assert book.pence.tolist() == [[a, 100_000 - a, 0]]


def test_place_wide_money_gets_one_row_and_reaches_no_area(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "-7", "method": "place-wide", "covers": ""}, {"amount": "5", "covers": "sa:*"}
    )
    book = share_out(streams, areas(1, 1))
    assert book.place_wide.tolist() == [-7, 0]
    assert book.pence.tolist() == [[0, 0], [3, 2]]
    assert book.to_frame().values.tolist()[0] == ["s0", "place-wide", -7]


def test_overlapping_areas_of_one_stream_count_a_base_area_once(
    crosswalk: Draw, make_streams: Make
) -> None:
    walk = crosswalk(
        {"a": {"p": 1}, "b": {"p": 1, "q": 1}, "c": {"q": 1}},
        target="lep",
        masses=dict.fromkeys("abc", 1.0),
        outside=np.zeros(3),
    )
    streams = make_streams({"covers": "lep:p;lep:q", "amount": "300"})
    book = share_out(streams, areas(1, 1, 1), covers={"lep": walk})
    assert book.pence.tolist() == [[100, 100, 100]]


def test_areas_of_two_layers_add_up_and_count_once(crosswalk: Draw, make_streams: Make) -> None:
    wards = crosswalk({"a": {"w1": 1}, "b": {"w1": 1, "w2": 1}, "c": {"w2": 1}})
    streams = make_streams({"covers": "wd:w1;sa:b;sa:c", "amount": "300"})
    book = share_out(streams, areas(1, 1, 1), covers={"wd": wards})
    assert book.pence.tolist() == [[100, 100, 100]]


def test_slivers_and_near_wholes_within_the_tolerance_are_rounded_and_listed(
    crosswalk: Draw, make_streams: Make
) -> None:
    walk = crosswalk(
        {"a": {"w1": 99, "w2": 1}, "b": {"w1": 1, "w2": 99}, "c": {"w1": 50, "w2": 50}}
    )
    streams = make_streams({"covers": "wd:w1", "amount": "300"})
    book = share_out(streams, areas(100, 100, 100), covers={"wd": walk})
    assert book.pence.tolist() == [[200, 0, 100]]
    assert book.moved.to_dict("records") == [
        {"covers": "wd:w1", "area_code": "a", "covered": 0.99, "used": 1.0},
        {"covers": "wd:w1", "area_code": "b", "covered": 0.01, "used": 0.0},
    ]
    strict = share_out(streams, areas(100, 100, 100), covers={"wd": walk}, tolerance=0.0)
    assert strict.pence.tolist() == [[198, 2, 100]]
    assert strict.moved.empty


def test_a_small_place_in_a_large_base_area_is_no_sliver(
    crosswalk: Draw, make_streams: Make
) -> None:
    walk = crosswalk({"a": {"hamlet": 1, "rest": 99}, "b": {"rest": 100}})
    streams = make_streams({"covers": "wd:hamlet", "amount": "30"})
    assert share_out(streams, areas(100, 100), covers={"wd": walk}).pence.tolist() == [[30, 0]]


def test_a_base_area_without_people_gets_nothing_and_needs_no_score(make_streams: Make) -> None:
    streams = make_streams({"covers": "sa:*", "amount": "9", "method": "need"})
    book = share_out(streams, areas(1, 0, 2), scores=areas(1.0, np.nan, 1.0), need_weight=1.0)
    assert book.pence.tolist() == [[3, 0, 6]]


def test_the_inside_flag_follows_the_code(make_streams: Make) -> None:
    streams = make_streams({"covers": "sa:*", "amount": "9"})
    inside = areas(True, False, codes="ba")
    assert share_out(streams, areas(1, 1), inside=inside).inside.tolist() == [False, True]
    with pytest.raises(errors.AreasDoNotMatch, match="b"):
        share_out(streams, areas(1, 1), inside=areas(True))


def test_what_a_stream_covers_must_exist(crosswalk: Draw, make_streams: Make) -> None:
    walk = crosswalk({"a": {"w1": 1}})
    with pytest.raises(errors.UnknownLayer, match=r"row 2 \(s0\): covers lep:x"):
        share_out(make_streams({"covers": "lep:x", "amount": "1"}), areas(1), covers={"wd": walk})
    with pytest.raises(errors.UnknownArea, match=r"row 2 \(s0\): wd:w2"):
        share_out(make_streams({"covers": "wd:w2", "amount": "1"}), areas(1), covers={"wd": walk})
    with pytest.raises(errors.UnknownArea, match="w2"):
        cover_shares(["w1", "w2"], walk, areas=pd.Index(["a"], name="sa"))


def test_a_stream_must_not_reach_beyond_the_base_layer(crosswalk: Draw, make_streams: Make) -> None:
    table = {"a": {"w1": 90, "w2": 99}}
    walk = crosswalk(table, masses={"a": 189}, target_mass=np.array([100.0, 100.0]))
    assert beyond_base(walk).to_dict() == pytest.approx({"w1": 0.1, "w2": 0.01})
    fine = make_streams({"covers": "wd:w2", "amount": "5"})
    assert share_out(fine, areas(1), covers={"wd": walk}).total == 5
    for covers in ("wd:w1", "wd:*"):
        far = make_streams({"covers": covers, "amount": "5"})
        with pytest.raises(errors.CoverBeyondBase, match=r"s0: wd:w1 \(10.0% beyond\)"):
            share_out(far, areas(1), covers={"wd": walk})
    with pytest.raises(errors.CoverBeyondBase, match="wd:w2"):
        share_out(fine, areas(1), covers={"wd": walk}, tolerance=0.0)


def test_money_where_nobody_lives_is_refused_and_nought_is_not(
    crosswalk: Draw, make_streams: Make
) -> None:
    walk = crosswalk({"a": {"w1": 1}, "b": {"w2": 1}}, targets=["w1", "w2", "w3"])
    for covers in ("wd:w1", "wd:w3"):
        streams = make_streams(
            {"covers": covers, "amount": "5"}, {"covers": "wd:w2", "amount": "5"}
        )
        with pytest.raises(errors.CoverWithoutPeople, match="1 found: s0"):
            share_out(streams, areas(0, 3), covers={"wd": walk})
    nought = make_streams({"covers": "wd:w1", "amount": "0"})
    assert share_out(nought, areas(0, 3), covers={"wd": walk}).pence.tolist() == [[0, 0]]


def test_need_and_parameters_are_checked(crosswalk: Draw, make_streams: Make) -> None:
    by_need = make_streams({"covers": "sa:*", "amount": "5", "method": "need"})
    with pytest.raises(errors.NeedMissing, match="s0"):
        share_out(by_need, areas(1, 1))
    with pytest.raises(errors.NeedMissing, match="b"):
        share_out(by_need, areas(1, 1), scores=areas(1.0))
    with pytest.raises(errors.ParameterOutOfRange, match="need_weight"):
        share_out(by_need, areas(1), scores=areas(1.0), need_weight=2.0)
    with pytest.raises(errors.ParameterOutOfRange, match="neediest_per_head"):
        share_out(by_need, areas(1), scores=areas(1.0), neediest_per_head=0.0)
    with pytest.raises(VintageMismatch, match="lsoa11"):
        share_out(by_need, areas(1), scores=areas(1.0, layer="lsoa11"))
    by_ward = make_streams({"covers": "wd:w", "amount": "5"})
    other = crosswalk({"a": {"w": 1}}, source="lsoa11")
    with pytest.raises(VintageMismatch, match="lsoa11"):
        share_out(by_ward, areas(1), covers={"wd": other})
    with pytest.raises(errors.AreasDoNotMatch, match="b"):
        share_out(by_ward, areas(1, 1), covers={"wd": crosswalk({"a": {"w": 1}})})


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any),
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=4),
    st.permutations("abcdefgh"),
)
def test_pence_agree_with_paper_whatever_the_order_of_the_areas(
    make_streams: Make, on_paper: Paper, people: list[int], amounts: list[int], order: list[str]
) -> None:
    streams = make_streams(*({"amount": a} for a in amounts))
    count = areas(*people)
    shuffled = count[[c for c in order if c in count.index]]
    book = share_out(streams, shuffled)
    assert book.areas.tolist() == shuffled.index.tolist()
    by_code = pd.DataFrame(book.pence, columns=book.areas)[count.index.tolist()]
    assert by_code.to_numpy().tolist() == [on_paper(a, people) for a in amounts]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.floats(0, 60), st.integers(0, 3)), min_size=1, max_size=8
    ),
    st.integers(-(10**13), 10**13),
    st.floats(0, 1),
    st.floats(1, 50),
)
def test_the_whole_way_to_a_level_keeps_every_penny(
    crosswalk: Draw,
    make_streams: Make,
    rows: list[tuple[int, float, int]],
    amount: int,
    weight: float,
    factor: float,
) -> None:
    people, scores = areas(*(r[0] for r in rows)), areas(*(r[1] for r in rows))
    table = {c: {"w1": 3.0 - r[2], "w2": 1.0} for c, r in zip(people.index, rows, strict=True)}
    walk = crosswalk(table, masses=dict.fromkeys(people.index, 4.0))
    streams = make_streams(
        {"amount": abs(amount), "method": "need", "covers": "wd:w1;wd:w2"},
        {"amount": amount, "method": "people", "covers": "wd:w2"},
        {"amount": amount, "method": "place-wide", "covers": "wd:*"},
    )
    book = share_out(
        streams,
        people,
        covers={"wd": walk},
        scores=scores,
        need_weight=weight,
        neediest_per_head=factor,
        tolerance=0.0,
    )
    assert book.total == abs(amount) + 2 * amount
    level = book.at(walk, tolerance=0.0)
    assert level.total == book.total
    assert level.place_wide.tolist() == [0, 0, amount]
    assert level.to_frame()["amount_pence"].sum() == book.total


def test_streams_prepared_once_are_shared_out_again_by_another_need(make_streams: Make) -> None:
    people, scores = areas(100, 300), areas(10.0, 30.0)
    streams = make_streams(
        {"amount": "1000", "method": "need"}, {"amount": "7", "method": "place-wide"}
    )
    options = {"covers": {}, "inside": areas(True, True), "tolerance": 0.0}
    prepared = prepare(streams, people=people, **options)
    for weight, expected in ((0.0, [250, 750]), (1.0, [100, 900])):
        need = {"scores": scores, "need_weight": weight, "neediest_per_head": 3.0}
        book = prepared.ledger(**need)
        assert book.pence.tolist() == [expected, [0, 0]]
        again = apportion(streams, people=people, **options, **need)
        assert (again.pence == book.pence).all()
        assert again.place_wide.tolist() == book.place_wide.tolist() == [0, 7]

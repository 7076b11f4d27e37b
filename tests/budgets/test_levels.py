"""Who holds what: what is devolved leaves the level that held it, and no pound stands twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.apportion import apportion
from budgets.ledger import Ledger, Level
from budgets.levels import Devolution, devolve, held, level_of
from budgets.levels_errors import DevolvedTooMuch, DevolvedUnknown, DevolvedWhereHeld
from geo.errors import SeveralFaults

PEOPLE = pd.Series([10.0, 20.0, 30.0, 40.0], pd.Index(["s1", "s2", "s3", "s4"], name="sa"))
# Ward w3 does not exist: s4 lies outside the wards.
WARDS = {"s1": {"w1": 1}, "s2": {"w1": 1, "w2": 1}, "s3": {"w2": 1}, "s4": {}}


@pytest.fixture
def wards(crosswalk: Callable[..., Any]) -> Any:
    return crosswalk(WARDS, masses={"s1": 1, "s2": 2, "s3": 1, "s4": 1})


def book(frame: pd.DataFrame) -> Ledger:
    # The layers that hold money are not drawn here, so nobody asks for them.
    return apportion(
        frame.assign(held_at=""),
        covers={},
        people=PEOPLE,
        scores=None,
        need_weight=0.0,
        neediest_per_head=1.0,
        inside=pd.Series(True, PEOPLE.index),
        tolerance=0.02,
    )


def at_wards(frame: pd.DataFrame, wards: Any) -> dict[str, Level]:
    return {"wd": book(frame).at(wards)}


def test_today_each_agency_holds_its_streams_at_its_own_level(
    make_streams: Callable[..., pd.DataFrame],
) -> None:
    frame = make_streams(
        {"amount": 100, "held_at": "lad"},
        {"amount": 30, "held_at": "lad"},
        {"amount": 7, "held_at": "wd", "agency": "Parish"},
    )
    table = held(frame)
    assert table.values.tolist() == [["lad", "Council", 130, 0], ["wd", "Parish", 7, 0]]


def test_a_stream_that_does_not_say_where_it_is_held_is_held_where_it_covers_one_layer(
    make_streams: Callable[..., pd.DataFrame],
) -> None:
    frame = make_streams({"amount": 1}, {"amount": 1, "covers": "sa:*;wd:*"})
    assert level_of(frame).tolist() == ["sa", "not stated"]


def test_a_fifth_to_the_wards_leaves_four_fifths_and_what_has_no_ward(
    make_streams: Callable[..., pd.DataFrame], wards: Any
) -> None:
    frame = make_streams({"amount": 1000, "held_at": "lad"})
    # By people: s1 100, s2 200, s3 300, s4 400 pence. w1 = 100 + 100, w2 = 100 + 300.
    moved = devolve(frame, [Devolution("s0", "wd", 0.2)], levels=at_wards(frame, wards))
    assert dict(zip(moved["area_code"], moved["amount_pence"], strict=True)) == {
        "w1": 40,
        "w2": 80,
    }
    table = held(frame, moved)
    assert table.values.tolist() == [["lad", "Council", 880, 0], ["wd", "Council", 0, 120]]


def test_only_money_that_can_move_is_devolved(
    make_streams: Callable[..., pd.DataFrame], wards: Any
) -> None:
    frame = make_streams({"amount": 1000, "held_at": "lad"})
    movable = pd.Series([250], frame.index)
    choice = [Devolution("s0", "wd", 1.0)]
    moved = devolve(frame, choice, levels=at_wards(frame, wards), movable=movable)
    # 60 % of the stream falls in wards, and so does 60 % of what can move.
    assert moved["amount_pence"].sum() == 150


def test_an_income_is_devolved_with_its_sign(
    make_streams: Callable[..., pd.DataFrame], wards: Any
) -> None:
    frame = make_streams({"amount": -1000, "held_at": "lad"})
    moved = devolve(frame, [Devolution("s0", "wd", 0.2)], levels=at_wards(frame, wards))
    assert moved["amount_pence"].tolist() == [-40, -80]
    assert held(frame, moved)["held_pence"].tolist() == [-880, 0]


def test_every_fault_of_the_choices_is_told_at_once(
    make_streams: Callable[..., pd.DataFrame], wards: Any
) -> None:
    frame = make_streams({"amount": 1000, "held_at": "wd"}, {"amount": 5, "held_at": "lad"})
    choices = [
        Devolution("s0", "wd", 0.1),
        Devolution("sX", "moon", 0.1),
        Devolution("s1", "wd", 0.7),
        Devolution("s1", "wd", 0.7),
        Devolution("s1", "wd", 0.0),
    ]
    with pytest.raises(SeveralFaults) as caught:
        devolve(frame, choices, levels=at_wards(frame, wards))
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {DevolvedUnknown, DevolvedWhereHeld, DevolvedTooMuch}
    assert "s1: 1.4 in all" in str(caught.value)
    assert "level moon" in str(caught.value)


@given(
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=4),
    st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4),
)
def test_held_and_devolved_are_the_pot_and_every_penny_has_one_holder(
    amounts: list[int], shares: list[float]
) -> None:
    rng = np.random.default_rng(len(amounts))
    index = pd.Index([f"s{i}" for i in range(len(amounts))], name="stream", dtype="str")
    frame = pd.DataFrame(
        {
            "agency": [f"A{i % 2}" for i in range(len(amounts))],
            "amount_pence": np.array(amounts, np.int64),
            "held_at": "lad",
            "covers": [["lad:1"]] * len(amounts),
        },
        index,
    )
    here = np.array([[int(a * f) for f in rng.dirichlet([1, 1, 1])] for a in amounts], np.int64)
    outside = frame["amount_pence"].to_numpy() - here.sum(axis=1)
    level = Level(
        streams=frame,
        areas=pd.Index(["w1", "w2", "w3"], name="wd"),
        pence=here,
        outside=outside,
        place_wide=np.zeros(len(amounts), np.int64),
        counted_in_each=None,
        moved=pd.DataFrame({"code": [], "share_moved": [], "pence_moved": []}),
    )
    chosen = [Devolution(s, "wd", h) for s, h in zip(index, shares, strict=False)]
    moved = devolve(frame, chosen, levels={"wd": level})
    table = held(frame, moved)
    assert table[["held_pence", "devolved_pence"]].to_numpy().sum() == sum(amounts)
    by_stream = moved.groupby("stream")["amount_pence"].sum()
    for stream, pence in by_stream.items():
        row = here[index.get_loc(stream)]
        assert abs(pence) <= abs(int(row.sum()))

"""What can move at a decision, and from when; amounts as on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.movable import calendar, movable

Make = Callable[..., pd.DataFrame]
HELD = ["ring_fenced_pence", "entitlement_pence", "committed_pence", "movable_pence"]
DAY = dt.date(2026, 4, 1)


@pytest.mark.parametrize(
    ("fields", "held", "free_from"),
    [
        ({}, [0, 0, 0, 1000], "2026-04-01"),
        ({"ring_fence": "x", "ring_fenced": "400"}, [400, 0, 0, 600], "2026-04-01"),
        ({"ring_fence": "x"}, [1000, 0, 0, 0], ""),
        ({"entitlement": "all"}, [0, 1000, 0, 0], ""),
        ({"committed": "300"}, [0, 0, 300, 700], ""),
        ({"committed": "300", "committed_until": "2026-04-01"}, [0, 0, 300, 700], "2026-04-02"),
        ({"committed": "300", "committed_until": "2026-03-31"}, [0, 0, 0, 1000], "2026-04-01"),
        ({"next_decision": "2026-04-02"}, [0, 0, 1000, 0], "2026-04-02"),
        ({"next_decision": "2026-04-01"}, [0, 0, 0, 1000], "2026-04-01"),
        (
            {"next_decision": "2027-04-01", "committed": "300", "committed_until": "2028-03-31",
             "entitlement": "100"},
            [0, 100, 900, 0],
            "2028-04-01",
        ),
        ({"amount": "-50", "reason": "fees"}, [0, 0, -50, 0], ""),
    ],
)  # fmt: skip
def test_what_is_held_and_what_moves_add_up_to_the_amount(
    make_streams: Make, fields: dict[str, str], held: list[int], free_from: str
) -> None:
    table = movable(make_streams({"amount": "1000"} | fields), on=DAY)
    assert table.loc["s0", HELD].tolist() == held
    assert table.loc["s0", "free_from"] == free_from


def test_each_coming_decision_frees_more(make_streams: Make) -> None:
    streams = make_streams(
        {"amount": "100"},
        {"amount": "200", "next_decision": "2026-10-01"},
        {"amount": "400", "committed": "300", "committed_until": "2027-03-31"},
        {"amount": "800", "committed_until": "2020-03-31", "next_decision": "2019-04-01"},
    )
    table = calendar(streams, on=DAY)
    assert table.index.tolist() == ["2026-04-01", "2026-10-01", "2027-04-01"]
    assert table["freed_pence"].tolist() == [1000, 200, 300]
    assert table["movable_pence"].tolist() == [1000, 1200, 1500]
    assert table["streams"].tolist() == [3, 1, 1]


dates = st.sampled_from(["", "2025-03-31", "2026-04-01", "2026-12-31", "2030-01-01"])
lines = st.tuples(
    st.integers(-(10**13), 10**13), st.tuples(*[st.integers(0, 33)] * 3), dates, dates
)


@settings(max_examples=50)
@given(st.lists(lines, min_size=1, max_size=5), st.dates(dt.date(2024, 1, 1), dt.date(2031, 1, 1)))
def test_every_stream_adds_up_on_every_day_and_time_only_frees(
    make_streams: Make, rows: list[Any], day: dt.date
) -> None:
    streams = make_streams(
        *(
            {
                "amount": str(amount),
                "ring_fence": "x",
                "ring_fenced": f"{parts[0]}%" if amount > 0 else "",
                "entitlement": f"{parts[1]}%" if amount > 0 else "",
                "committed": f"{parts[2]}%" if amount > 0 else "",
                "committed_until": until,
                "next_decision": decision,
            }
            for amount, parts, until, decision in rows
        )
    )
    now, later = movable(streams, on=day), movable(streams, on=day + dt.timedelta(days=400))
    assert (now[HELD].sum(axis=1) == streams["amount_pence"]).all()
    assert (now["movable_pence"] >= 0).all()
    assert (later["movable_pence"] >= now["movable_pence"]).all()
    free = now["free_from"]
    for stream in free.index[free != ""]:
        when = movable(streams, on=dt.date.fromisoformat(free[stream])).loc[stream]
        assert when["committed_pence"] == 0
    assert calendar(streams, on=day)["movable_pence"].iloc[0] == now["movable_pence"].sum()

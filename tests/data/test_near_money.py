"""Which lines of money a neighbourhood decides on itself, by what their tables say."""

from __future__ import annotations

import pandas as pd
import pytest

from budgets import streams
from data import near_money

ROWS = [
    # id, title, held_at, tier, funder, covers
    ("hall", "Town hall", "ward", "parish", "precept", "ward:W"),
    ("cil", "Benches", "council", "", "Community Infrastructure Levy", "council:C"),
    ("share", "Neighbourhood portion, north", "council", "", "", "council:C"),
    ("wards", "Small grants", "ward", "", "", "ward:W"),
    ("drains", "Levy of the drainage board", "council", "", "levy", "council:C"),
    ("council", "Councillors", "council", "", "", "council:C"),
    ("unsaid", "Paths", "", "", "", "ward:W"),
]


@pytest.fixture
def lines() -> pd.DataFrame:
    rows = [
        {"id": id, "title": title, "agency": "Council", "amount": 100, "covers": covers,
         "method": "people", "year": "2025-26", "kind": "revenue", "status": "budget",
         "held_at": held_at, "tier": tier, "funder": funder}
        for id, title, held_at, tier, funder, covers in ROWS
    ]  # fmt: skip
    return streams.read(pd.DataFrame(rows))


@pytest.fixture
def near() -> frozenset[str]:
    return near_money.near_levels({"small": 40, "ward": 4, "third": 3, "council": 1}, base="small")


def test_a_level_is_near_from_four_areas_on_and_the_small_areas_decide_nothing(
    near: frozenset[str],
) -> None:
    assert near == {"ward"}


def test_a_line_is_of_a_kind_by_what_its_table_says(
    lines: pd.DataFrame, near: frozenset[str]
) -> None:
    found = near_money.kinds_of(lines, near).to_dict()
    assert found == {
        "hall": near_money.PRECEPT,
        "cil": near_money.LEVY,
        "share": near_money.LEVY,
        "wards": near_money.BUDGET,
        "drains": "",  # a levy, but not on building: "council" holds a "cil" only in its spelling
        "council": "",
        "unsaid": near_money.BUDGET,  # the one layer that it covers holds it
    }


def test_what_falls_here_what_falls_elsewhere_and_what_is_not_known_are_told_apart(
    lines: pd.DataFrame, near: frozenset[str]
) -> None:
    kept = lines.drop(index=["cil", "share"])
    kinds = near_money.kinds_of(kept, near)
    here = pd.DataFrame(
        {"title": ["Small grants"], "agency": ["Council"], "held_at": ["ward"], "pence": [2550]},
        index=pd.Index(["wards"]),
    )
    precept, levy, budget = near_money.said(here, kept, kinds, place="Ourtown")
    assert "none falls here. Ourtown has £100 of it elsewhere" in precept
    assert "not known" in levy
    assert budget.endswith("Small grants, Council, £26.")

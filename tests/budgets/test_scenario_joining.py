"""Money that is joined or devolved, and two scenarios beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from budgets import compare
from budgets.levels_errors import DevolvedTooMuch
from geo.errors import SeveralFaults

OnPaper = Callable[[int, Sequence[Fraction | int]], list[int]]
Place = Callable[..., Any]

AREAS = ["01", "02", "03", "04"]


# ------------------------------------------------------------------------------- joining money

POOL = """
[[join]]
stream = ["north", "south"]
as = "pooled"
pot = "care"
host = "Council"
agreement = "section 75 agreement"
[[share]]
of = "care"
by = "people"
"""
TWO_TRUSTS = (
    {"id": "north", "amount": 60_003, "covers": "half:N", "agency": "North trust"},
    {"id": "south", "amount": 39_998, "covers": "half:S", "agency": "South trust"},
)


def test_pooled_money_crosses_agencies_and_every_line_keeps_its_sum(
    place: Place, on_paper: OnPaper
) -> None:
    outcome = place(*TWO_TRUSTS).after(POOL)
    by_area = outcome.ledger.pence.sum(axis=0).tolist()
    assert by_area == on_paper(100_001, [100, 200, 300, 400])
    assert outcome.ledger.pence.sum(axis=1).tolist() == [60_003, 39_998]
    assert (outcome.ledger.pence >= 0).all()
    north = outcome.ledger.streams.loc["north"]
    assert [north["joined_as"], north["pot"], north["held_by"], north["answers"]] == [
        "pooled",
        "care",
        "Council",
        "North trust",
    ]
    assert outcome.held[["level", "agency", "held_pence"]].to_numpy().tolist() == [
        ["half", "Council", 60_003 + 39_998]
    ]


def test_aligned_money_never_crosses_agencies(place: Place) -> None:
    aligned = (
        '[[join]]\nstream = ["north", "south"]\nas = "aligned"\npot = "care"\n'
        '[[share]]\nof = "care"\nby = "people"\n'
    )
    drawn = place(*TWO_TRUSTS)
    outcome = drawn.after(aligned)
    assert outcome.ledger.pence[0, 2:].tolist() == [0, 0]
    assert outcome.ledger.pence[1, :2].tolist() == [0, 0]
    held = outcome.held.groupby("agency")["held_pence"].sum()
    assert held.to_dict() == {"North trust": 60_003, "South trust": 39_998}


def test_delegated_money_is_held_by_another_and_answered_for_by_its_owner(
    place: Place,
) -> None:
    text = '[[join]]\nstream = "north"\nas = "delegated"\nhost = "Council"\nagreement = "s101"\n'
    outcome = place(*TWO_TRUSTS).after(text)
    held = outcome.held.groupby("agency")["held_pence"].sum()
    assert held.to_dict() == {"Council": 60_003, "South trust": 39_998}
    assert outcome.ledger.streams.loc["north", "answers"] == "North trust"
    assert np.array_equal(outcome.ledger.pence, outcome.baseline.pence)


def test_risk_is_borne_by_the_shares_or_by_what_agencies_put_in(
    place: Place,
) -> None:
    outcome = place(*TWO_TRUSTS).after(POOL)
    assert outcome.pots["care"].bear(100_001).to_dict() == {
        "North trust": 60_003,
        "South trust": 39_998,
    }
    shares = 'risk_share = { "North trust" = 0.25, "South trust" = 0.75 }\n[[share]]'
    agreed = place(*TWO_TRUSTS).after(POOL.replace("[[share]]", shares)).pots["care"]
    assert agreed.bear(-1001).to_dict() == {"North trust": -250, "South trust": -751}


def test_risk_shares_name_the_agencies_of_the_pot(place: Place) -> None:
    shares = 'risk_share = { "North trust" = 0.25, Police = 0.75 }\n[[share]]'
    with pytest.raises(SeveralFaults) as caught:
        place(*TWO_TRUSTS).after(POOL.replace("[[share]]", shares))
    assert [fault.found for fault in caught.value.faults] == [("Police",), ("South trust",)]


# ------------------------------------------------------------------------------------ devolving


def test_what_is_devolved_and_what_stays_is_the_whole(place: Place) -> None:
    drawn = place({"amount": 100_001, "held_at": "half"}, {"amount": 50_000, "held_at": "half"})
    outcome = drawn.after('[[devolve]]\nof = "s0"\nto = "wd"\nshare = 0.2\n')
    rows = {tuple(row[:2]): list(row[2:]) for row in outcome.held.itertuples(index=False)}
    assert rows == {
        ("half", "Council"): [100_001 - 20_000 + 50_000, 0],
        ("wd", "Council"): [0, 20_000],
    }
    got = outcome.devolved.set_index("area_code")["amount_pence"]
    # A fifth of £1,000.01: W1 has the people of area 01 and half of 02, 200 of 1,000.
    assert got.to_dict() == {"W1": 4_000, "W2": 16_000}


def test_nothing_is_devolved_twice(place: Place) -> None:
    drawn = place({"amount": 100_000, "held_at": "half"})
    entry = '[[devolve]]\nof = "s0"\nto = "{}"\nshare = {}\n'
    with pytest.raises(DevolvedTooMuch):
        drawn.after(entry.format("wd", 0.6) + entry.format("sa", 0.5))


# --------------------------------------------------------------------------------- comparisons


def test_two_outcomes_are_compared_four_ways_and_each_adds_up(
    place: Place,
) -> None:
    drawn = place(*TWO_TRUSTS)
    a, b = drawn.after(""), drawn.after(POOL)
    for by in compare.BY:
        table = compare.compare(a, b, by=by)
        assert table.index.name == by
        assert table["a_pence"].sum() == table["b_pence"].sum() == 100_001
        assert (table["b_pence"] - table["a_pence"]).tolist() == table["change_pence"].tolist()
    by_agency = compare.compare(a, b, by="agency")["change_pence"]
    assert by_agency.to_dict() == {
        "North trust": -60_003,
        "South trust": -39_998,
        "Council": 100_001,
    }


def test_who_gains_and_who_loses_is_counted_in_people_and_pence(
    place: Place,
) -> None:
    drawn = place({"amount": 100_000})
    after = drawn.after('[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\n').ledger
    decile = compare.need_deciles(drawn.context.measures["index"].values)
    assert decile.tolist() == [1, 3, 6, 8]
    table = compare.changes(drawn.book, after, people=drawn.context.people, decile=decile)
    # m = 3, 7/3, 5/3, 1: weights 300, 466.7, 500, 400 of 1,666.7 against people 100 to 400.
    assert table["after_pence"].tolist() == [18_000, 28_000, 30_000, 24_000]
    assert table["result"].tolist() == ["gains", "gains", "unchanged", "loses"]
    counted = compare.who_gains(table).set_index("decile")
    assert counted.loc["all", ["people_gain", "gained_pence"]].tolist() == [300, 16_000]
    assert counted.loc["all", ["people_lose", "lost_pence", "net_pence"]].tolist() == [
        400,
        16_000,
        0,
    ]
    assert counted.index.tolist() == ["1", "3", "6", "8", "all"]

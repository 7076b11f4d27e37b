"""What holds for every scenario: no penny is lost, none moves that may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from budgets import scenario
from budgets.errors import InfeasibleLimits
from budgets.ledger import Ledger
from budgets.scenario_errors import (
    NothingChosen,
)

OnPaper = Callable[[int, Sequence[Fraction | int]], list[int]]
Place = Callable[..., Any]

HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\ntakes_effect = "2025-04-01"\n'
AREAS = ["01", "02", "03", "04"]
TWO_TRUSTS = (
    {"id": "north", "amount": 60_003, "covers": "half:N", "agency": "North trust"},
    {"id": "south", "amount": 39_998, "covers": "half:S", "agency": "South trust"},
)


def by_stream(book: Ledger) -> dict[str, list[int]]:
    return {str(id): row.tolist() for id, row in zip(book.streams.index, book.pence, strict=True)}


# ----------------------------------------------------------------------------------- properties

ALIGNED = (
    '[[join]]\nstream = ["north", "south"]\nas = "aligned"\npot = "care"\n[[share]]\nof = "care"\n'
)


@given(
    amounts=st.tuples(st.integers(1, 10**11), st.integers(1, 10**11)),
    rule=st.sampled_from(
        [
            'by = "need"\n',
            'by = "people"\nfloor = -3\nceiling = 9\nunit = "per cent"\n',
            'by = "need"\nrule = "damping"\nfloor = -5\nunit = "per cent"\n',
            'by = "need"\nminimum = 0.01\n',
            'by = "current"\nyearly = [2, -1]\n',
        ]
    ),
)
def test_no_rule_makes_aligned_money_cross(
    place: Place, amounts: tuple[int, int], rule: str
) -> None:
    rows = [{**trust, "amount": n} for trust, n in zip(TWO_TRUSTS, amounts, strict=True)]
    drawn = place(*rows)
    try:
        outcome = drawn.after(ALIGNED + rule)
    except InfeasibleLimits:
        return
    assert not outcome.ledger.pence[0, 2:].any()
    assert not outcome.ledger.pence[1, :2].any()
    held = outcome.held.groupby("agency")["held_pence"].sum()
    own = outcome.ledger.streams.groupby("agency")["amount_pence"].sum()
    assert held.to_dict() == own.to_dict()
    if "yearly" not in rule:
        assert own.to_dict() == {"North trust": amounts[0], "South trust": amounts[1]}


ENTRIES = st.lists(
    st.sampled_from(
        [
            '[[share]]\nof = "*"\nby = "need"\nneed_weight = 0.7\n',
            '[[share]]\nof = "s0"\nby = "people"\nfloor = -7\nunit = "per cent"\n',
            '[[share]]\nof = "s1"\nby = "need"\nrule = "damping"\nfloor = -4\nunit = "per cent"\n',
            '[[share]]\nof = "pot:p"\nby = "need"\n',
            '[[share]]\nof = "pot:p"\nby = "people"\nceiling = 40\nunit = "per cent"\n',
            '[[share]]\nof = "s2"\nby = "current"\nyearly = [1.5, -2]\n',
            '[[change]]\nof = "*"\nper_cent = -1.7\nreason = "x"\n',
            '[[change]]\nof = "s1"\nper_cent = 3.3\nreason = "x"\n',
            '[[devolve]]\nof = "s1"\nto = "wd"\nshare = 0.3\n',
            '[[devolve]]\nof = "s0"\nto = "wd"\nshare = 0.07\n',
        ]
    ),
    max_size=6,
    unique=True,
)
JOIN = '[[join]]\nstream = ["s0", "s2"]\nas = "pooled"\npot = "p"\nhost = "H"\nagreement = "s75"\n'


@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=3, max_size=3),
    income=st.integers(-(10**9), -1),
    held=st.integers(0, 100),
    entries=ENTRIES,
)
def test_no_scenario_loses_a_penny_or_moves_a_fixed_one(
    place: Place, amounts: list[int], income: int, held: int, entries: list[str]
) -> None:
    drawn = place(
        {"amount": amounts[0], "covers": "half:N", "held_at": "half"},
        {
            "amount": amounts[1],
            "ring_fenced": f"{held}%",
            "ring_fence": "grant",
            "held_at": "half",
        },
        {"amount": amounts[2], "covers": "wd:W2", "method": "need"},
        {"id": "fees", "amount": income, "follows": "s1", "method": ""},
        {"amount": 10**6, "method": "place-wide", "covers": "", "held_at": "half"},
    )
    try:
        outcome = drawn.after(JOIN + "".join(entries))
    except (InfeasibleLimits, NothingChosen):
        return
    outcome.ledger.check()
    streams_after = outcome.ledger.streams["amount_pence"]
    assert outcome.steps[-1].after_pence == outcome.ledger.total == int(streams_after.sum())
    both = outcome.held["held_pence"].sum() + outcome.held["devolved_pence"].sum()
    assert both == outcome.ledger.total
    for level in drawn.context.levels.values():
        at = level(outcome.ledger)
        whole = at.pence.sum(axis=1) + at.outside + at.place_wide
        assert whole.tolist() == streams_after.tolist()
    spending = (streams_after > 0).to_numpy()
    assert (outcome.ledger.pence[spending] >= 0).all()
    again = drawn.after(JOIN + "".join(entries))
    assert again.digest == outcome.digest
    assert scenario.ledger_digest(again.ledger) == scenario.ledger_digest(outcome.ledger)


@given(
    amount=st.integers(1, 10**13), people=st.lists(st.integers(0, 10**6), min_size=4, max_size=4)
)
def test_shares_of_great_and_small_sums_are_those_of_fractions(
    place: Place, on_paper: OnPaper, amount: int, people: list[int]
) -> None:
    if not sum(people):
        return
    drawn = place({"amount": amount, "method": "need"})
    index = drawn.book.areas
    context = scenario.Context(
        people=pd.Series(people, index, dtype="float64"),
        measures={},
        covered={"s0": np.ones(4)},
        need_weight=0.5,
        neediest_per_head=3.0,
        levels={},
        inputs="drawn",
    )
    plan = scenario.parse(HEAD + '[[share]]\nof = "s0"\nby = "people"\n')
    outcome = scenario.apply(plan, drawn.book, context)
    assert by_stream(outcome.ledger)["s0"] == on_paper(amount, people)


def test_the_digest_names_inputs_and_choices(place: Place) -> None:
    drawn = place({"amount": 100_000}, {"amount": 1})
    share = '[[share]]\nof = "s0"\nby = "need"\n'
    outcome = drawn.after(share)
    renamed = scenario.parse(HEAD.replace("A plan", "Other") + share)
    assert scenario.apply(renamed, drawn.book, drawn.context).digest == outcome.digest
    assert drawn.after(share + "need_weight = 0.25\n").digest != outcome.digest
    other = place({"amount": 100_001}, {"amount": 1})
    assert other.after(share).digest != outcome.digest

"""The doubt about need in money: the draws are those of the index's doubt, intervals by hand."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from budgets import doubtful
from budgets.ledger import Ledger
from budgets.money import largest_remainder
from indices import index as indices_index
from indices.definitions import Definition, parse
from indices.index import Index
from indices.robustness import doubt

N = 12
CODES = [f"{number:02d}" for number in range(1, N + 1)]
DEFINITION = """
schema = 1
id = "tiny"
title = "Tiny index"
edition = "2025"
layer = "sq"
transform = "rank"
weights_total = 1.0
reference = "drawn for tests"
[[domains]]
id = "income"
title = "Income"
weight = 0.75
[[domains]]
id = "health"
title = "Health"
weight = 0.25
"""


@pytest.fixture(scope="module")
def index() -> Index:
    definition: Definition = parse(tomllib.loads(DEFINITION))
    ranks = pd.DataFrame(
        {
            "income": [1 + (7 * at) % N for at in range(N)],
            "health": [1 + (5 * at + 3) % N for at in range(N)],
        },
        index=pd.Index(CODES, name="sq", dtype="str"),
    )
    return indices_index.build(definition, ranks, from_="ranks", n=N)


def ledger(weights: pd.Series, total: int = 100_001) -> Ledger:
    streams = pd.DataFrame({"amount_pence": [total]}, index=pd.Index(["s0"], name="stream"))
    pence = largest_remainder(total, weights.to_numpy())
    nothing = pd.DataFrame({"covers": [], "area_code": [], "covered": [], "used": []})
    return Ledger(
        streams, weights.index, pence[None], np.zeros(1, np.int64), np.ones(N, bool), nothing
    )


def test_the_draws_rank_the_areas_as_the_doubt_of_the_index_does(index: Index) -> None:
    draws = 40
    ranks = np.stack(
        [
            scores.rank(method="min", ascending=False).to_numpy()
            for scores in doubtful.drawn_scores(index, draws=draws, level=0.9)
        ]
    )
    told = doubt(index, draws=draws, level=0.9).table
    # 90 % of 40 draws: two are left out at each end.
    ordered = np.sort(ranks, axis=0)
    assert ordered[2].tolist() == told["rank_low"].tolist()
    assert ordered[37].tolist() == told["rank_high"].tolist()


def test_the_scores_are_the_same_figures_in_another_order(index: Index) -> None:
    own = sorted(index.scores)
    moved = 0
    for scores in doubtful.drawn_scores(index, draws=10):
        assert sorted(scores) == pytest.approx(own)
        moved += int((scores != index.scores).sum())
    assert moved


def test_the_interval_of_money_leaves_out_as_many_draws_at_each_end(index: Index) -> None:
    draws, level = 20, 0.9
    found = doubtful.spread(index, ledger, draws=draws, level=level)
    rows = np.stack(
        [
            ledger(scores).pence[0]
            for scores in doubtful.drawn_scores(index, draws=draws, level=level)
        ]
    )
    for area, code in enumerate(CODES):
        kept = sorted(rows[:, area].tolist())[1:19]
        row = found.table.loc[code]
        assert [row["low_pence"], row["high_pence"]] == [kept[0], kept[-1]]
        assert row["share_low"] == kept[0] / 100_001
    assert found.table["amount_pence"].sum() == 100_001


def test_money_that_does_not_follow_need_has_no_interval(index: Index) -> None:
    people = pd.Series(np.arange(1.0, N + 1), index.scores.index)
    table = doubtful.spread(index, lambda scores: ledger(people), draws=5).table
    assert (table["low_pence"] == table["high_pence"]).all()
    assert (table["low_pence"] == table["amount_pence"]).all()


def test_it_is_said_between_what_and_what_a_share_lies(index: Index) -> None:
    found = doubtful.spread(index, ledger, draws=20)
    row = found.table.loc["01"]
    said = found.sentence("01")
    assert f"between {row['share_low']:.3%} and {row['share_high']:.3%} of the money" in said
    assert "in 95% of 20 reasonable ways of counting need" in said
    assert "sampling error" in said, "what is left out is said"


def test_the_same_seed_gives_the_same_interval(index: Index) -> None:
    first, second, other = (
        doubtful.spread(index, ledger, draws=15, seed=seed).table for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)

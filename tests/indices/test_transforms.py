"""Ranks, deciles, exponential values and normal scores, against published golden figures."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from geo.errors import CommonGroundError
from indices.errors import NotARanking, RankOutOfRange
from indices.transforms import (
    check_ranking,
    deciles,
    exponential,
    is_ranking_of_itself,
    normal_scores,
    ranks,
)

# R -> X as published in methods of the English indices, R = (N + 1 - rank) / N.
GOLDEN = {
    0.10: 2.3903,
    0.25: 6.5177,
    0.50: 15.6468,
    0.75: 31.0091,
    0.90: 50.4267,
    0.95: 63.8476,
    0.99: 86.9573,
    1.00: 100.0,
}
some_scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=40)


@pytest.mark.parametrize(("standing", "expected"), GOLDEN.items())
def test_the_exponential_transformation_gives_the_golden_figures(standing, expected):
    n = 100
    rank = n + 1 - standing * n
    assert exponential(np.array([rank]), n)[0] == pytest.approx(expected, abs=5e-5)


def test_exponential_values_fall_with_every_rank_and_stay_between_0_and_100():
    values = exponential(np.arange(1.0, 32845.0), 32844)
    assert values[0] == pytest.approx(100.0, abs=1e-9)
    assert (np.diff(values) < 0).all()
    assert values[-1] > 0


@given(some_scores)
def test_ranks_count_the_areas_that_are_worse(scores):
    expected = [1 + sum(other > score for other in scores) for score in scores]
    assert ranks(np.array(scores)).tolist() == expected


@given(some_scores)
def test_ranks_are_the_independent_competition_ranking_of_scipy(scores):
    expected = rankdata([-score for score in scores], method="min")
    assert ranks(np.array(scores)).tolist() == expected.tolist()


def test_where_low_is_worse_the_lowest_score_is_rank_1():
    assert ranks(np.array([3.0, 1.0, 2.0]), high_is_worse=False).tolist() == [3, 1, 2]


def test_missing_scores_get_neither_rank_nor_decile_and_do_not_move_the_others():
    scores = pd.Series([1.0, np.nan, 3.0], index=["a", "b", "c"], name="x")
    ranked = ranks(scores)
    assert ranked["c"] == 1
    assert ranked["a"] == 2
    assert np.isnan(ranked["b"])
    assert np.isnan(deciles(ranked, 3)["b"])


def test_values_keep_their_index_columns_and_name():
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [4.0, 3.0]}, index=pd.Index(["a", "b"], name="sa"))
    for turned in (ranks(frame), exponential(ranks(frame), 2), deciles(ranks(frame), 2)):
        assert turned.index.equals(frame.index)
        assert turned.index.name == "sa"
        assert list(turned.columns) == ["x", "y"]
    assert ranks(frame["x"]).name == "x"
    assert ranks(frame)["x"].tolist() == [2, 1]
    assert ranks(frame)["y"].tolist() == [1, 2]


@pytest.mark.parametrize("n", [10, 32844, 33755, 6976])
def test_a_decile_holds_the_ranks_whose_tenfold_does_not_exceed_its_share(n):
    given = np.arange(1, n + 1)
    expected = [-(-10 * int(rank) // n) for rank in given]  # whole-number ceiling
    assert deciles(given.astype(float), n).tolist() == expected


@pytest.mark.parametrize("rank", [0.0, 11.0, -1.0])
def test_a_rank_outside_the_edition_is_refused(rank):
    for turn in (exponential, deciles):
        with pytest.raises(RankOutOfRange, match="10 areas"):
            turn(np.array([1.0, rank]), 10)


def test_normal_scores_are_the_quantiles_of_rank_over_n_plus_1():
    values = pd.Series([30.0, 10.0, 20.0, np.nan, 40.0])
    normal = NormalDist()
    expected = [normal.inv_cdf(position / 5) for position in (3, 1, 2)]
    assert normal_scores(values)[:3].tolist() == pytest.approx(expected)
    assert np.isnan(normal_scores(values)[3])
    assert normal_scores(values)[4] == pytest.approx(normal.inv_cdf(4 / 5))


def test_tied_values_share_the_average_normal_score_position():
    assert normal_scores(np.array([1.0, 1.0, 1.0])).tolist() == pytest.approx([0.0, 0.0, 0.0])


@given(some_scores, st.sampled_from(["min", "average"]))
def test_every_way_of_ranking_ties_is_a_ranking(scores, ties):
    ranked = pd.Series(ranks(np.array(scores), ties=ties))
    check_ranking(ranked, len(scores))
    assert is_ranking_of_itself(ranked)


@given(some_scores, st.data())
def test_any_part_of_a_ranking_is_accepted_as_a_part_of_the_edition(scores, data):
    ranked = pd.Series(ranks(np.array(scores)))
    chosen = data.draw(st.lists(st.sampled_from(range(len(scores))), unique=True, min_size=1))
    check_ranking(ranked.iloc[chosen], len(scores))


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 2, 3],  # dense: the tie does not leave its gap
        [1, 1, 1, 1.25],
        [2, 3, 4, 4],
        [1, 3, 3, 4],  # a gap before the tie: nobody is second
        [1, 2, 3, 3.5],
        [1.5, 1.5, 3, 3],  # two rules in one column
    ],
)
def test_gaps_that_ties_do_not_explain_are_no_ranking(values):
    with pytest.raises(NotARanking):
        check_ranking(pd.Series(values, dtype=float), 4)
    assert not is_ranking_of_itself(pd.Series(values, dtype=float))


def test_too_many_areas_at_the_bottom_are_no_part_of_a_ranking():
    # Three areas after rank 9 cannot exist in an edition of 10.
    with pytest.raises(NotARanking):
        check_ranking(pd.Series([9.0, 10.0, 10.0, 10.0]), 10)
    check_ranking(pd.Series([7.0, 8.0, 8.0, 8.0]), 10)


def test_areas_that_share_a_rank_push_the_next_one_away_also_in_a_part():
    with pytest.raises(NotARanking, match="2 = 6"):
        check_ranking(pd.Series([5.0, 5.0, 6.0]), 100)
    check_ranking(pd.Series([5.0, 5.0, 7.0]), 100)


def test_a_fault_names_the_codes_and_their_ranks():
    values = pd.Series([1.0, 40.0], index=["E01", "E02"])
    with pytest.raises(RankOutOfRange, match="E02 = 40") as caught:
        check_ranking(values, 10)
    assert isinstance(caught.value, CommonGroundError)

"""Need shares follow from people, scores and two figures the user sets."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.errors import VintageMismatch
from budgets import errors, need
from budgets.need import need_weighted, per_head


def areas(*values: float, layer: str = "sa", codes: str = "abcdefgh") -> pd.Series:
    return pd.Series(values, index=pd.Index(list(codes[: len(values)]), name=layer))


def test_people_only_and_need_only_are_the_two_ends() -> None:
    people, scores = areas(100, 300), areas(10.0, 30.0)
    by_people = need_weighted(people, scores, need_weight=0.0, neediest_per_head=3.0)
    by_need = need_weighted(people, scores, need_weight=1.0, neediest_per_head=3.0)
    assert by_people.tolist() == [0.25, 0.75]
    # 100 x 1 and 300 x 3
    assert by_need.tolist() == pytest.approx([0.1, 0.9])
    assert by_need.index.equals(people.index)


def test_the_mix_weighs_the_two_ends() -> None:
    people, scores = areas(100, 300), areas(10.0, 30.0)
    share = need_weighted(people, scores, need_weight=0.25, neediest_per_head=3.0)
    assert share.tolist() == pytest.approx([0.75 * 0.25 + 0.25 * 0.1, 0.75 * 0.75 + 0.25 * 0.9])


def test_the_neediest_area_gets_so_many_times_a_head_and_others_in_proportion() -> None:
    head = per_head(areas(1, 1, 1), areas(20.0, 5.0, 10.0), neediest_per_head=4.0)
    assert head.tolist() == [4.0, 1.0, 2.0]


def test_where_every_score_is_the_same_people_decide() -> None:
    share = need_weighted(areas(1, 3), areas(0.0, 0.0), need_weight=1.0, neediest_per_head=5.0)
    assert share.tolist() == [0.25, 0.75]


def test_an_area_where_nobody_lives_needs_no_score_and_sets_no_limit() -> None:
    head = per_head(areas(1, 1, 0), areas(1.0, 2.0, np.nan), neediest_per_head=2.0)
    assert head.tolist() == [1.0, 2.0, 1.0]
    head = per_head(areas(1, 1, 0), areas(1.0, 2.0, 99.0), neediest_per_head=2.0)
    assert head.tolist() == [1.0, 2.0, 1.0]


def test_scores_are_joined_by_code_and_not_by_position() -> None:
    scores = areas(30.0, 10.0, codes="ba")
    assert per_head(areas(1, 1), scores, neediest_per_head=3.0).tolist() == [1.0, 3.0]


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.floats(-50, 50)), min_size=1, max_size=8).filter(
        lambda rows: any(p for p, _ in rows)
    ),
    st.floats(0, 1),
    st.floats(1, 20),
)
def test_shares_add_up_to_one_and_nobody_gets_more_than_the_factor_a_head(
    rows: list[tuple[int, float]], weight: float, factor: float
) -> None:
    people, scores = areas(*(p for p, _ in rows)), areas(*(s for _, s in rows))
    share = need_weighted(people, scores, need_weight=weight, neediest_per_head=factor)
    assert share.sum() == pytest.approx(1, abs=1e-12)
    a_head = (share / people)[people > 0]
    assert a_head.max() <= a_head.min() * factor * (1 + 1e-9)
    assert (share[people == 0] == 0).all()


def test_what_cannot_be_used_is_refused_by_class() -> None:
    people, scores = areas(1, 1), areas(1.0, 2.0)
    options = {"need_weight": 0.5, "neediest_per_head": 2.0}
    for wrong in ({"need_weight": 1.5}, {"neediest_per_head": 0.5}, {"need_weight": np.nan}):
        with pytest.raises(errors.ParameterOutOfRange, match=next(iter(wrong))):
            need_weighted(people, scores, **(options | wrong))
    with pytest.raises(errors.NeedMissing, match="b"):
        need_weighted(people, areas(1.0, np.nan), **options)
    with pytest.raises(errors.NeedMissing, match="b"):
        need_weighted(people, areas(1.0), **options)
    with pytest.raises(errors.PeopleNotUsable, match="a"):
        need_weighted(areas(-1, 1), scores, **options)
    with pytest.raises(errors.PeopleNotUsable, match="b"):
        need_weighted(areas(1, np.nan), scores, **options)
    with pytest.raises(errors.PeopleNotUsable):
        need_weighted(people.astype(str) + "x", scores, **options)
    with pytest.raises(errors.NothingToShareBy):
        need_weighted(areas(0, 0), scores, **options)
    with pytest.raises(VintageMismatch, match="lsoa11"):
        need_weighted(people, areas(1.0, 2.0, layer="lsoa11"), **options)


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(need).failed == 0

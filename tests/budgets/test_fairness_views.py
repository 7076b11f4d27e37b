"""Before and after on the same areas, inequality by level, and curves that end at one."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import fairness_views as views
from budgets.fairness import assess, concentration_index, slope_index
from budgets.ledger import Ledger

CODES = pd.Index([f"s{i:02d}" for i in range(20)], name="sa", dtype="str")


def by_area(values: Any, codes: pd.Index = CODES) -> pd.Series:
    return pd.Series(list(values), codes[: len(list(values))], dtype=float)


def ledger(cells: list[int], grade: str = "A") -> Ledger:
    pence = np.array([cells], dtype=np.int64)
    streams = pd.DataFrame(
        {"amount_pence": pence.sum(axis=1), "grade": [grade]}, pd.Index(["s"], name="stream")
    )
    nothing = np.zeros(1, np.int64)
    return Ledger(
        streams, CODES[: len(cells)], pence, nothing, np.ones(len(cells), bool), pd.DataFrame()
    )


PEOPLE = by_area([100] * 20)
SCORES = by_area(range(20, 0, -1))


def test_money_moved_to_deprived_areas_lowers_the_index_by_the_difference_of_the_two() -> None:
    before = ledger([100 + i for i in range(20)])
    after = ledger([140 - 3 * i for i in range(20)])
    found = views.before_and_after(before, after, people=PEOPLE, scores=SCORES)
    assert found.spend is not None
    assert found.before.spend is not None
    assert found.after.spend is not None
    assert found.spend.value == pytest.approx(found.after.spend.value - found.before.spend.value)
    assert found.spend.high < 0
    assert found.sentence().startswith("Recorded money leans more to deprived areas than before")
    back = views.before_and_after(after, before, people=PEOPLE, scores=SCORES)
    assert "leans less" in back.sentence()


def test_the_interval_of_a_change_is_that_of_resampled_pairs() -> None:
    rng = np.random.default_rng(3)
    base = rng.gamma(3, 100, 20)
    one = ledger([int(v) for v in base])
    two = ledger([int(v * (1.5 - i / 20)) for i, v in enumerate(base)])
    found = views.before_and_after(one, two, people=PEOPLE, scores=SCORES)
    assert found.spend is not None
    drawn = []
    for _ in range(500):
        pick = rng.integers(0, 20, 20)
        codes = pd.Index([f"d{i:02d}" for i in range(20)], name="sa", dtype="str")
        people = pd.Series(100.0, codes)
        score = pd.Series(SCORES.to_numpy()[pick] + rng.random(20) * 1e-9, codes)
        each = [
            concentration_index(pd.Series(book.pence[0][pick].astype(float), codes), people, score)
            for book in (one, two)
        ]
        drawn.append(each[1].value - each[0].value)
    assert found.spend.standard_error == pytest.approx(np.std(drawn), rel=0.25)
    apart = math.hypot(*(e.spend.standard_error for e in (found.before, found.after) if e.spend))
    assert found.spend.standard_error < apart, "what both have in common cancels"


def test_a_little_changed_is_about_as_before() -> None:
    book = ledger([5 + i % 3 for i in range(20)])
    other = ledger([5 + (i + 1) % 3 for i in range(20)])
    found = views.before_and_after(book, other, people=PEOPLE, scores=SCORES)
    assert "about as before" in found.sentence()


def test_nothing_changed_is_said_without_figures() -> None:
    book = ledger([5 + i % 3 for i in range(20)])
    found = views.before_and_after(book, book, people=PEOPLE, scores=SCORES)
    assert found.spend is not None
    assert found.spend.value == pytest.approx(0, abs=1e-12)
    assert found.gini == 0
    assert found.sentence() == (
        "Nothing has changed in how far recorded money leans to deprived areas."
    )


def test_where_too_little_is_recorded_there_is_no_change_but_a_reason() -> None:
    found = views.before_and_after(
        ledger([1] * 20), ledger([1] * 20, grade="D"), people=PEOPLE, scores=SCORES
    )
    assert found.spend is None
    assert found.gini is None
    assert "None of this money" in found.sentence()
    assert "None of this money" in views.sentences(found.after)[0]


MONEY = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)


@given(MONEY, st.lists(st.integers(1, 20), min_size=4, max_size=4))
def test_inequality_by_level_is_that_of_the_groups_where_nothing_is_cut(
    money: list[int], people: list[int]
) -> None:
    draw = _draw()
    codes = CODES[:4]
    nested = draw({c: {f"w{i // 2}": 1.0} for i, c in enumerate(codes)})
    table = views.by_level(by_area(money), by_area(people), {"wd": nested})
    y, p = np.array(money) / sum(money), np.array(people) / sum(people)
    groups = [slice(0, 2), slice(2, 4)]
    between = sum(_entropy(y[g].sum(), p[g].sum()) for g in groups)
    total = sum(_entropy(a, b) for a, b in zip(y, p, strict=True))
    assert table.loc["wd", "total"] == pytest.approx(total, abs=1e-12)
    assert table.loc["wd", "between"] == pytest.approx(between, abs=1e-12)
    assert table.loc["wd", "areas"] == 2


def test_cutting_a_base_area_in_two_leaves_the_total_and_what_lies_outside_is_a_group() -> None:
    draw = _draw()
    codes = CODES[:3]
    cut = draw({codes[0]: {"w1": 1, "w2": 3}, codes[1]: {"w2": 1}, codes[2]: {}},
               masses={codes[0]: 4, codes[1]: 1, codes[2]: 1})  # fmt: skip
    whole = draw({c: {"d": 1.0} for c in codes}, target="lad")
    money, people = by_area([8, 1, 1]), by_area([1, 1, 1])
    table = views.by_level(money, people, {"wd": cut, "lad": whole})
    assert table.loc["wd", "total"] == pytest.approx(table.loc["lad", "total"])
    assert table.loc["lad", "between"] == pytest.approx(0)
    # Groups: w1 2 pounds for 0.25 people, w2 7 for 1.75, outside 1 for 1.
    expected = sum(_entropy(y, p) for y, p in ((0.2, 0.25 / 3), (0.7, 1.75 / 3), (0.1, 1 / 3)))
    assert table.loc["wd", "between"] == pytest.approx(expected)
    assert table.loc["wd", "areas"] == 2


def test_curves_stand_one_below_another_from_nought_to_one() -> None:
    found = views.curves(PEOPLE, SCORES, {"before": by_area([1] * 20), "need": SCORES})
    assert found["curve"].value_counts().to_dict() == {"before": 21, "need": 21}
    for _, curve in found.groupby("curve"):
        assert curve.iloc[0][["people_share", "amount_share"]].tolist() == [0, 0]
        assert curve.iloc[-1][["people_share", "amount_share"]].tolist() == pytest.approx([1, 1])


def test_fairness_is_said_with_its_direction_and_its_doubt() -> None:
    book = ledger([140 - 3 * i for i in range(20)])
    need = by_area([400 - 19 * i for i in range(20)])
    text = " ".join(views.sentences(assess(book, people=PEOPLE, scores=SCORES, needs=need)))
    assert "on the 100% of the money that is recorded: it leans to deprived areas" in text
    assert "deprived areas get less than their need" in text
    flat = ledger([100] * 20)
    assert "neither side" in views.sentences(assess(flat, people=PEOPLE, scores=SCORES))[0]
    away = ledger([100 + 5 * i for i in range(20)])
    text = " ".join(views.sentences(assess(away, people=PEOPLE, scores=SCORES, needs=need)))
    assert "leans away from deprived areas" in text
    more = " ".join(views.sentences(assess(book, people=PEOPLE, scores=SCORES, needs=PEOPLE)))
    assert "get more than need alone" in more


def test_the_slope_index_of_the_births_is_that_of_weighted_least_squares_in_fractions() -> None:
    births = [29939, 28776, 26528, 24689, 19739]
    rates = [Fraction(r) for r in ("154.7", "152.9", "119.5", "86.9", "54.3")]
    whole = sum(births)
    share = [Fraction(b, whole) for b in births]
    rank = [sum(share[:i], Fraction(0)) + share[i] / 2 for i in range(5)]
    # Normal equations of y = a + b R with weights, without any library.
    sw = sum(share)
    sx = sum(w * x for w, x in zip(share, rank, strict=True))
    sy = sum(w * y for w, y in zip(share, rates, strict=True))
    sxx = sum(w * x * x for w, x in zip(share, rank, strict=True))
    sxy = sum(w * x * y for w, x, y in zip(share, rank, rates, strict=True))
    slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx)
    intercept = (sy - slope * sx) / sw
    codes = pd.Index([f"b{i}" for i in range(5)], name="sa", dtype="str")
    people = pd.Series(births, codes, dtype=float)
    found = slope_index(
        people * [float(r) for r in rates], people, pd.Series([5.0, 4, 3, 2, 1], codes)
    )
    assert round(float(slope), 4) == -126.1983
    assert found.slope.value == pytest.approx(float(slope), abs=1e-9)
    assert found.intercept == pytest.approx(float(intercept), abs=1e-9)
    residual = [y - intercept - slope * x for x, y in zip(rank, rates, strict=True)]
    variance = sum(w * e * e for w, e in zip(share, residual, strict=True)) / 3
    error = math.sqrt(float(variance / (sxx - sx * sx / sw)))
    assert found.slope.standard_error == pytest.approx(error, rel=1e-9)


def _entropy(y: float, p: float) -> float:
    return y * math.log(y / p) if y > 0 else 0.0


_HELD: list[Callable[..., Any]] = []


@pytest.fixture(autouse=True)
def _hold(crosswalk: Callable[..., Any]) -> None:
    # hypothesis does not take function fixtures; the drawing function itself never changes.
    _HELD[:] = [crosswalk]


def _draw() -> Callable[..., Any]:
    return _HELD[0]

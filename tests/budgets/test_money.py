"""Amounts are read strictly and shared out without losing a penny."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import money
from budgets.errors import (
    AmountMissing,
    AmountNotUnderstood,
    AmountTooLarge,
    NothingToShareBy,
    PenceLost,
    UnknownUnit,
    WeightsNotUsable,
)
from budgets.money import MAX_PENCE, format_pounds, largest_remainder, read_amount, to_pence

Paper = Callable[[int, list[int]], list[int]]


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("0", 0),
        ("12", 1200),
        ("12.3", 1230),
        ("12.34", 1234),
        (".50", 50),
        ("1,234", 123400),
        ("1,234.50", 123450),
        ("12,345,678.90", 1234567890),
        ("£1,234.50", 123450),
        ("GBP 7", 700),
        (" £5 ", 500),
        ("-5.01", -501),
        ("-£5.01", -501),
        ("£-5.01", -501),
        ("\u22125.01", -501),
        ("(5.01)", -501),
        ("+5", 500),
        ("0012", 1200),
        (7, 700),
        (np.int64(7), 700),
        (7.25, 725),
        (0.1 + 0.2, 30),
        (Decimal("7.25"), 725),
        ("10000000000000", 10**15),
    ],
)
def test_an_amount_in_pounds_is_read_to_the_penny(text: object, pence: int) -> None:
    assert to_pence(text) == pence


@pytest.mark.parametrize(
    "text",
    [
        "1.234,50",
        "12,34",
        "1,23",
        "1,2345",
        "1234,567",
        "12345,678",
        "0,123",
        "1.234",
        "-£12.345",
        "(123.456)",
        "GBP 1.234",
        "1 234,50",
        "1'234.50",
        "1234,50",
        "£1,234.5m",
        "1,234.50 Dr",
        "1234.50-",
        "１２３",
        "1,23,456",
        "1,234,56",
        "1.234.567",
        "1 234",
        "1'234",
        "1_000",
        "1e6",
        "5k",
        "2m",
        "$5",
        "€5",
        "5 £",
        "£",
        "-",
        "--5",
        "-(5)",
        "(5",
        "5)",
        "-£-5",
        "5.",
        "about 5",
        "inf",
        "=1+1",
        "٣",
        "1" * 60,
        float("inf"),
        True,
        np.True_,
        Decimal("Infinity"),
        Decimal("1" * 60),
        [5],
        b"5",
    ],
)
def test_what_could_be_misread_is_refused(text: object) -> None:
    with pytest.raises(AmountNotUnderstood):
        to_pence(text)


@pytest.mark.parametrize(
    "value", ["", "  ", None, float("nan"), np.nan, "NaN", "n/a", "None", Decimal("NaN")]
)
def test_a_missing_amount_is_missing_and_not_nought(value: object) -> None:
    with pytest.raises(AmountMissing):
        to_pence(value)


def test_units_are_pounds_thousands_and_pence_and_no_other() -> None:
    assert to_pence("622690", "thousands") == 62_269_000_000
    assert to_pence("32,264,970.299", "thousands") == 3_226_497_029_900
    assert to_pence("17", "pence") == 17
    # Thousands have three decimals in published tables; pounds do not.
    assert to_pence("385.123", "thousands") == 38_512_300
    with pytest.raises(UnknownUnit, match="millions"):
        to_pence("1", "millions")


@pytest.mark.parametrize(
    ("text", "pence", "rounding"),
    [
        ("0.125", 12, "-0.5"),
        ("0.135", 14, "0.5"),
        ("-0.125", -12, "0.5"),
        ("1234.006", 123401, "0.4"),
        ("0.994", 99, "-0.4"),
        ("1.00", 100, "0"),
    ],
)
def test_fractions_of_a_penny_are_rounded_half_to_even_and_reported(
    text: str, pence: int, rounding: str
) -> None:
    amount = read_amount(text)
    assert amount.pence == pence
    assert amount.rounding == Decimal(rounding)


def test_an_amount_too_large_to_be_exact_is_refused() -> None:
    with pytest.raises(AmountTooLarge):
        to_pence("10000000000000.01")
    with pytest.raises(AmountTooLarge):
        largest_remainder([MAX_PENCE + 1], [1.0])


@pytest.mark.parametrize(
    ("pence", "text"),
    [(0, "£0.00"), (5, "£0.05"), (-5, "-£0.05"), (123456789, "£1,234,567.89"), (-100, "-£1.00")],
)
def test_pence_are_written_as_pounds(pence: int, text: str) -> None:
    assert format_pounds(pence) == text
    assert to_pence(text) == pence


def test_pounds_without_pence_round_halves_to_even_and_have_no_negative_nought() -> None:
    assert [format_pounds(p, whole=True) for p in (150, 250, -250, -40, 99999950)] == [
        "£2",
        "£2",
        "-£2",
        "£0",
        "£1,000,000",
    ]


@given(st.integers(-MAX_PENCE, MAX_PENCE))
def test_what_is_written_is_read_back(pence: int) -> None:
    assert to_pence(format_pounds(pence)) == pence


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (100, [92, 93, 70], [36, 37, 27]),
        (100, [1, 2, 3], [17, 33, 50]),
        (100, [1, 10, 100], [1, 9, 90]),
        (10_000, [1, 1, 1], [3334, 3333, 3333]),
        (-100, [1, 2, 3], [-17, -33, -50]),
        (7, [5], [7]),
        (3, [1, 5], [1, 2]),
        (4, [0.125, 0.875], [1, 3]),
        (0, [0, 0], [0, 0]),
        (1, [0, 2, 2], [0, 1, 0]),
    ],
)
def test_largest_remainder_gives_the_published_parts(
    total: int, weights: list[int], expected: list[int]
) -> None:
    assert largest_remainder(total, weights).tolist() == expected


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), min_size=1, max_size=30),
    st.lists(st.integers(-(10**13), 10**13), min_size=4, max_size=4),
)
def test_groups_in_any_order_agree_with_fractions_on_paper(
    on_paper: Paper, members: list[tuple[int, int]], totals: list[int]
) -> None:
    group = np.array([g for g, _ in members])
    weight = np.array([w for _, w in members], dtype=float)
    for g in range(4):
        if weight[group == g].sum() == 0:
            totals[g] = 0
    parts = largest_remainder(totals, weight, group)
    for g in range(4):
        mine = [w for h, w in members if h == g]
        if sum(mine):
            assert parts[group == g].tolist() == on_paper(totals[g], mine)
        else:
            assert not parts[group == g].any()


@given(
    st.lists(
        st.floats(0, 1e300, allow_nan=False, allow_subnormal=True), min_size=1, max_size=40
    ).filter(any),
    st.integers(-(10**13), 10**13),
)
def test_any_weights_add_up_and_are_within_a_penny_of_the_quantised_share(
    on_paper: Paper, weights: list[float], total: int
) -> None:
    parts = largest_remainder(total, weights)
    assert int(parts.sum()) == total
    assert all(p == 0 for p, w in zip(parts, weights, strict=True) if w == 0)
    power = Fraction(2) ** math.frexp(max(weights))[1]
    steps = [round(Fraction(w) / power * 2**40) for w in weights]
    assert parts.tolist() == on_paper(total, steps)


def test_many_members_are_selected_as_few_are(on_paper: Paper) -> None:
    rng = np.random.default_rng(7)
    weights = rng.integers(0, 6, size=(3, 500))
    totals = [10**13, -987_654_321_987, 777]
    parts = largest_remainder(totals, weights.ravel().astype(float), np.repeat([0, 1, 2], 500))
    for g, total in enumerate(totals):
        assert parts.reshape(3, 500)[g].tolist() == on_paper(total, weights[g].tolist())


def test_equal_weights_are_exact_ties_that_go_to_the_first() -> None:
    assert largest_remainder(5, [0.1] * 7).tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert largest_remainder(10**13 + 5, [0.1] * 1000).tolist() == [10**10 + 1] * 5 + [10**10] * 995


def test_a_group_without_weights_is_named() -> None:
    with pytest.raises(NothingToShareBy, match="schools") as caught:
        largest_remainder([5, 6, 7], [1, 0, 0], [0, 1, 1], names=["parks", "schools", "roads"])
    assert caught.value.found == ("schools", "roads")
    with pytest.raises(NothingToShareBy, match="group 0"):
        largest_remainder([5], [])


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_no_weights_are_refused(bad: float) -> None:
    with pytest.raises(WeightsNotUsable, match="1: "):
        largest_remainder([5], [1.0, bad])


def test_totals_that_are_not_whole_or_groups_without_total_are_refused() -> None:
    with pytest.raises(AmountNotUnderstood):
        largest_remainder([5.5], [1.0])
    with pytest.raises(WeightsNotUsable):
        largest_remainder([5], [1.0, 1.0], [0, 1])
    with pytest.raises(WeightsNotUsable):
        largest_remainder([5], [1.0, 1.0], [0])


def test_a_lost_penny_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "_largest", lambda remainder, left, starts: np.zeros(3, bool))
    with pytest.raises(PenceLost, match="group 0"):
        largest_remainder(100, [1, 1, 1])


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(money).failed == 0

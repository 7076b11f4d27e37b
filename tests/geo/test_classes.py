"""Class breaks and colours: every value has one class, and every label is true."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import classes
from geo.classes import classify, colours

SKEWED = np.random.default_rng(7).lognormal(size=500)
SCHEMES = ("quantiles", "equal", "fisher-jenks")


def test_quantiles_hold_equally_many():
    made = classify(np.arange(1, 101), k=5)
    assert np.bincount(made.index).tolist() == [20] * 5


def test_equal_intervals_are_equally_wide():
    assert classify([0, 1, 2, 3, 50, 100], k=4, scheme="equal").breaks.tolist() == [
        0, 25, 50, 75, 100,
    ]  # fmt: skip


def test_fisher_jenks_finds_the_gaps():
    values = [1, 2, 3, 50, 51, 52, 900, 901]
    assert classify(values, k=3, scheme="fisher-jenks").index.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("scheme", "theirs"),
    [
        ("quantiles", "Quantiles"),
        ("equal", "EqualInterval"),
        ("fisher-jenks", "FisherJenks"),
    ],
)
def test_classes_are_those_of_mapclassify(scheme, theirs):
    # It compiles for seconds while it is imported, which every process that collects would pay.
    import mapclassify

    made, other = classify(SKEWED, k=6, scheme=scheme), getattr(mapclassify, theirs)(SKEWED, k=6)
    np.testing.assert_allclose(made.breaks[1:], other.bins)
    np.testing.assert_array_equal(made.index, other.yb)


@pytest.mark.parametrize(("k", "seed"), [(2, 1), (3, 2), (4, 3)])
def test_no_other_borders_lie_nearer_to_the_means_of_their_classes(k, seed):
    # Billions that differ by millions: squares of them, not of their differences, lose the digits.
    values = np.sort(np.random.default_rng(seed).normal(1e9, 1e6, size=11))

    def apart(ends):
        starts = (0, *ends)
        parts = [values[a:b] for a, b in zip(starts, (*ends, len(values)), strict=True)]
        return sum(((part - part.mean()) ** 2).sum() for part in parts)

    best = min(itertools.combinations(range(1, len(values)), k - 1), key=apart)
    made = classify(values, k=k, scheme="fisher-jenks")
    np.testing.assert_array_equal(made.breaks[1:], values[[*(end - 1 for end in best), -1]])


def test_fisher_jenks_on_many_values_is_sampled_the_same_way_every_time():
    many = np.random.default_rng(3).normal(size=20_000)
    one, two = (classify(many, scheme="fisher-jenks") for _ in range(2))
    np.testing.assert_array_equal(one.breaks, two.breaks)
    assert (one.breaks[0], one.breaks[-1]) == (many.min(), many.max())
    assert one.k == 5


def test_missing_and_infinite_values_are_no_data():
    made = classify([1.0, np.nan, 3.0, np.inf, -np.inf, 2.0], k=3)
    assert made.index.tolist() == [0, -1, 2, -1, -1, 1]


def test_all_missing_is_no_class_at_all():
    made = classify([np.nan, np.nan])
    assert (made.k, made.labels, made.index.tolist()) == (0, (), [-1, -1])
    assert classify([]).k == 0


def test_one_value_everywhere_is_one_class():
    made = classify([4.0, 4.0, np.nan])
    assert made.index.tolist() == [0, 0, -1]
    assert made.labels == ("4",)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_fewer_values_than_classes_give_each_value_a_class(scheme):
    made = classify([10, 30, 20, 10], k=7, scheme=scheme)
    assert made.index.tolist() == [0, 2, 1, 0]
    assert made.labels == ("10", "over 10 to 20", "over 20 to 30")


def test_a_value_that_fills_several_quantiles_is_one_class():
    made = classify([0] * 90 + list(range(1, 11)), k=5)
    assert made.breaks.tolist() == [0, 0, 10]
    assert made.labels == ("0", "over 0 to 10")


def test_given_breaks_are_kept_and_stretched_to_hold_everything():
    made = classify([5, 10, 11, 99], breaks=[8, 10, 20, 30])
    assert made.breaks.tolist() == [5, 10, 20, 99]
    assert made.index.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("bad", [[1], [2, 1], [1, 1, 2], [0, np.nan], [[0, 1]]])
def test_breaks_that_do_not_rise_are_refused(bad):
    with pytest.raises(classes.BadBreaks):
        classify([1, 2, 3], breaks=bad)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: classify([1, 2, 3, 4, 5, 6], scheme="jenks"),
        lambda: classify([1], k=0),
        lambda: colours(0),
        lambda: colours(3, "jet"),
    ],
)
def test_choices_that_are_not_offered_are_refused(ask):
    with pytest.raises(classes.UnknownChoice):
        ask()


def test_values_that_are_not_numbers_are_refused():
    with pytest.raises(classes.BadValues):
        classify(["a", "b"])


@given(
    st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), max_size=40),
    st.integers(1, 9),
    st.sampled_from(SCHEMES),
)
def test_every_value_lies_within_the_edges_of_its_class(values, k, scheme):
    made = classify(values, k=k, scheme=scheme)
    assert made.k <= k
    assert (np.diff(made.breaks[1:]) > 0).all()
    assert len(made.labels) == made.k
    for value, index in zip(values, made.index, strict=True):
        if np.isnan(value):
            assert index == -1
        else:
            low, high = made.breaks[index], made.breaks[index + 1]
            assert (low < value <= high) or (index == 0 and value == low)


def test_labels_are_written_as_asked():
    made = classify([1_000, 2_000.5, 3_000], k=3)
    pounds = made.labelled(lambda value: f"£{value:,.0f}")
    assert pounds == ("£1,000", "over £1,000 to £2,000", "over £2,000 to £3,000")
    assert made.labelled("{:.1f}")[0] == "1000.0"


def luminance(colour: str) -> float:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("palette", ["YlGnBu", "viridis", "cividis"])
@pytest.mark.parametrize("k", [2, 5, 9])
def test_sequences_grow_darker(palette, k):
    light = [luminance(colour) for colour in colours(k, palette)]
    assert len(light) == k
    assert all(a > b for a, b in itertools.pairwise(light))


def test_a_diverging_palette_is_palest_in_the_middle():
    light = [luminance(colour) for colour in colours(7, "diverging")]
    assert light.index(max(light)) == 3
    assert colours(7, "diverging")[3] == "#f7f7f7"


def test_one_class_has_one_colour():
    assert len(colours(1)) == 1

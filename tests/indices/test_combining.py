"""Scales and means: figures by hand, a published index, properties, and what cannot be combined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean, norm, spearmanr, zscore

from geo.errors import SeveralFaults
from indices.combining import MEANS, aggregate, normalise, opposed, positive, sum_counts
from indices.errors import (
    ConstantIndicator,
    DefinitionFault,
    EmptyIndexData,
    NotPositive,
    NumeratorAboveDenominator,
    OptionUnknown,
    TooFewAreas,
)


def frame(**columns: list) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    codes = pd.Index([f"S{position:02d}" for position in range(size)], name="sa")
    return pd.DataFrame(columns, index=codes, dtype=float)


def test_each_scale_gives_the_figures_done_by_hand():
    data = frame(a=[2, 4, 8, 10])
    by_hand = {
        "none": [2, 4, 8, 10],
        "min-max": [0, 25, 75, 100],
        "rank": [25, 50, 75, 100],
        "z": [-4 / 10**0.5, -2 / 10**0.5, 2 / 10**0.5, 4 / 10**0.5],
        "normal": norm.ppf([0.2, 0.4, 0.6, 0.8]).tolist(),
    }
    for scale, expected in by_hand.items():
        assert normalise(data, scale)["a"].tolist() == pytest.approx(expected), scale
    ends = normalise(data, "goalposts", goalposts={"a": (4, 8)})
    assert ends["a"].tolist() == [0, 0, 100, 100]


def test_what_is_low_where_it_is_worse_is_turned_round():
    data = frame(a=[2, 4, 8, 10])
    for scale in ("none", "min-max", "rank", "z", "normal"):
        turned = normalise(data, scale, low_is_worse=["a"])["a"]
        assert turned.is_monotonic_decreasing, scale
    # Goalposts name the best end first and need no turning.
    assert normalise(data, "goalposts", goalposts={"a": (10, 0)})["a"].tolist() == [80, 60, 20, 0]


def test_missing_values_stay_missing_and_the_others_are_scaled_without_them():
    for scale in ("min-max", "rank", "z", "normal"):
        gap = normalise(frame(a=[2, np.nan, 8, 10]), scale)["a"]
        alone = normalise(frame(a=[2, 8, 10]), scale)["a"]
        assert gap.isna().tolist() == [False, True, False, False]
        assert gap.dropna().tolist() == pytest.approx(alone.tolist()), scale


def test_z_is_that_of_scipy():
    values = np.random.default_rng(3).gamma(2, 3, (40, 3))
    data = pd.DataFrame(values, index=[f"S{k}" for k in range(40)], columns=list("abc"))
    assert np.allclose(normalise(data, "z"), zscore(values))


def test_what_cannot_be_brought_to_a_scale_is_named():
    with pytest.raises(ConstantIndicator, match="1 found: b"):
        normalise(frame(a=[1, 2], b=[3, 3]), "normal")
    with pytest.raises(TooFewAreas, match="S00"):
        normalise(frame(a=[1]), "z")
    with pytest.raises(DefinitionFault, match="a, b"):
        normalise(frame(a=[1, 2], b=[3, 4]), "goalposts", goalposts={"b": (1, 1)})
    with pytest.raises(OptionUnknown, match="log"):
        normalise(frame(a=[1, 2]), "log")
    with pytest.raises(EmptyIndexData):
        normalise(frame(a=[]), "z")


# Means.


def test_each_mean_gives_the_figures_done_by_hand():
    data = frame(a=[90, 100, 40], b=[110, 100, 10])
    assert aggregate(data).tolist() == [100, 100, 25]
    assert aggregate(data, mean="geometric").tolist() == pytest.approx([9900**0.5, 100, 20])
    # M = 100, S2 = 100 and M = 25, S2 = 225.
    assert aggregate(data, mean="mazziotta-pareto").tolist() == pytest.approx([101, 100, 34])


def test_weights_are_divided_by_their_sum():
    data, weights = frame(a=[10, 20], b=[40, 20]), pd.Series({"b": 1.0, "a": 2.0})
    assert aggregate(data, weights=weights).tolist() == pytest.approx([20, 20])
    expected = gmean([10, 10, 40])
    assert aggregate(data, weights=weights, mean="geometric").iloc[0] == pytest.approx(expected)
    # Twice a and once b: mean 20, variance (100 + 100 + 400)/3.
    found = aggregate(data, weights=weights, mean="mazziotta-pareto")
    assert found.iloc[0] == pytest.approx(20 + 200 / 20)


# Human Development Report 2020, table 1 (figures for 2019): years of life, expected and mean years
# of schooling, dollars a head, and the index as published; read from a public copy of the table.
PUBLISHED = {
    "Costa Rica": (80.3, 15.7, 8.7, 18486, 0.810),
    "Malaysia": (76.2, 13.7, 10.4, 27534, 0.810),
    "Georgia": (73.8, 15.3, 13.1, 14429, 0.812),
    "Oman": (77.9, 14.2, 9.7, 25944, 0.813),
    "Serbia": (76.0, 14.7, 11.2, 17192, 0.806),
    "Kuwait": (75.5, 14.2, 7.3, 58590, 0.806),
    "Mauritius": (75.0, 15.1, 9.5, 25266, 0.804),
}


def test_goalposts_and_geometric_mean_give_the_published_human_development_index():
    life, expected, schooled, dollars, published = map(list, zip(*PUBLISHED.values(), strict=True))
    data = frame(life=life, expected=expected, schooled=schooled, income=np.log(dollars).tolist())
    ends = {
        "life": (20, 85),
        "expected": (0, 18),
        "schooled": (0, 15),
        "income": (np.log(100), np.log(75000)),
    }
    parts = normalise(data, "goalposts", goalposts=ends)
    parts["education"] = aggregate(parts[["expected", "schooled"]])
    index = aggregate(parts[["life", "education", "income"]], mean="geometric") / 100
    # Years are published to one decimal: 0.05 years of each kind of schooling are 0.0011 of the
    # index, 0.05 of life 0.0002, and its own rounding 0.0005.
    assert index.tolist() == pytest.approx(published, abs=2e-3)
    assert index.iloc[0] == pytest.approx(0.810, abs=5e-4)


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(0.1, 1e4), min_size=3, max_size=3), min_size=1, max_size=8))
def test_the_means_keep_their_order_and_agree_where_all_figures_are_alike(rows):
    values = np.array(rows)
    data = frame(**{name: values[:, k].tolist() for k, name in enumerate("abc")})
    geometric, arithmetic, penalised = (
        aggregate(data, mean=mean) for mean in ("geometric", "arithmetic", "mazziotta-pareto")
    )
    assert (geometric <= arithmetic * (1 + 1e-9)).all()
    assert (penalised >= arithmetic * (1 - 1e-9)).all()
    same = frame(**dict.fromkeys("abc", values[:, 0].tolist()))
    for mean in MEANS:
        assert np.allclose(aggregate(same, mean=mean), values[:, 0])


def test_an_area_with_a_missing_figure_has_no_mean():
    for mean in MEANS:
        assert aggregate(frame(a=[1, np.nan], b=[2, 2]), mean=mean).isna().tolist() == [False, True]


@pytest.mark.parametrize("mean", ["geometric", "mazziotta-pareto"])
def test_a_positive_scale_keeps_order_and_distances(mean):
    data = frame(a=[2, 4, 8, 10], b=[1, 3, 2, 9])
    for scale in ("normal", "z", "min-max", "rank"):
        scaled = normalise(data, scale)
        moved = positive(scaled, scale, mean)
        assert (moved > 0).all(axis=None)
        slopes = (moved.diff() / scaled.diff()).iloc[1:].stack()
        assert np.allclose(slopes, slopes.iloc[0]), scale
        assert positive(scaled, scale, "arithmetic").equals(scaled)
    assert positive(data, "none", mean).equals(data)


def test_min_max_becomes_1_to_100_for_the_geometric_and_70_to_130_for_the_penalised_mean():
    scaled = normalise(frame(a=[2, 4, 10]), "min-max")
    assert positive(scaled, "min-max", "geometric")["a"].tolist() == [1, 25.75, 100]
    assert positive(scaled, "min-max", "mazziotta-pareto")["a"].tolist() == [70, 85, 130]
    # Never so large a penalty that an area which is worst in one thing outranks the worst in all.
    mixed = positive(frame(a=[100, 100], b=[100, 0]), "min-max", "mazziotta-pareto")
    assert aggregate(mixed, mean="mazziotta-pareto").tolist() == [130, 109]


def test_what_has_no_mean_is_refused():
    with pytest.raises(NotPositive, match="b"):
        aggregate(frame(a=[1, 2], b=[0, 1]), mean="geometric")
    with pytest.raises(NotPositive, match="b"):
        positive(frame(a=[1, 2], b=[-1, 1]), "none", "geometric")
    with pytest.raises(OptionUnknown, match="harmonic"):
        aggregate(frame(a=[1]), mean="harmonic")
    with pytest.raises(DefinitionFault, match="finite weight"):
        aggregate(frame(a=[1], b=[1]), weights=pd.Series({"a": 1.0}))
    with pytest.raises(EmptyIndexData):
        aggregate(frame(a=[1])[[]])


# Counts, and directions.


def test_counts_that_do_not_overlap_are_added_up_over_their_people():
    events = frame(jobless=[10, 5, np.nan], sick=[5, 0, 1])
    people = frame(n=[100, 50, 10])["n"]
    assert sum_counts(events, people).tolist() == pytest.approx([0.15, 0.1, np.nan], nan_ok=True)
    with pytest.raises(NumeratorAboveDenominator, match=r"counted twice.*S00: 15 of 12"):
        sum_counts(events.iloc[:2], frame(n=[12, 50])["n"])


def test_an_indicator_that_runs_against_its_domain_is_named_with_its_correlation():
    random = np.random.default_rng(5)
    factor = random.standard_normal(300)
    data = pd.DataFrame(
        {name: factor + random.standard_normal(300) for name in "abc"},
        index=[f"S{k:03d}" for k in range(300)],
    )
    assert opposed(data) == []
    data["c"] = -data["c"]
    ((name, correlation),) = opposed(data)
    assert name == "c"
    others = sum(norm.ppf(data[k].rank() / 301) for k in "ab")
    assert correlation == pytest.approx(spearmanr(data["c"], others)[0])


def test_unrelated_or_too_few_figures_are_not_called_opposed():
    random = np.random.default_rng(6)
    noise = pd.DataFrame(random.standard_normal((200, 3)), columns=list("abc"))
    assert opposed(noise) == []
    assert opposed(frame(a=[1, 2], b=[2, 1])) == []
    assert opposed(frame(a=[1, 2, 3])) == []
    assert opposed(frame(a=[1, 2, 3], b=[2, 2, 2])) == []


def test_every_fault_of_a_scale_is_raised_at_once():
    data = frame(a=[1, 1]).set_axis(["x", "x"])
    with pytest.raises(SeveralFaults) as caught:
        normalise(data, "rank")
    assert len(caught.value.faults) == 2

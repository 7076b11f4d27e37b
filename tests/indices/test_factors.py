"""One-factor weights: known factors, an independent implementation, and the Scottish index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import FactorAnalysis

from geo.errors import SeveralFaults
from indices.errors import (
    ConstantIndicator,
    MissingDomainColumn,
    NotANumber,
    NotOneFactor,
    OptionUnknown,
    TooFewIndicators,
    WeightsUnstable,
)
from indices.factors import one_factor, one_factor_weights
from indices.transforms import normal_scores


def drawn(loadings: list[float], n: int = 4000, seed: int = 1) -> pd.DataFrame:
    """Draw indicators that share one factor with these loadings."""
    random = np.random.default_rng(seed)
    factor = random.standard_normal((n, 1))
    own = random.standard_normal((n, len(loadings)))
    load = np.array(loadings)
    values = factor * load + own * np.sqrt(1 - load**2)
    return pd.DataFrame(values, columns=[f"i{k}" for k in range(len(loadings))])


def test_loadings_that_indicators_were_drawn_with_are_found_again():
    found = one_factor(drawn([0.9, 0.7, 0.5, 0.3], n=40000))
    assert found.loadings.tolist() == pytest.approx([0.9, 0.7, 0.5, 0.3], abs=0.015)
    assert found.unique.tolist() == pytest.approx([0.19, 0.51, 0.75, 0.91], abs=0.02)


def test_weights_of_a_known_factor_are_loading_over_own_variance_and_sum_to_one():
    # For one factor S^-1 l is proportional to l / psi.
    load = np.array([0.9, 0.7, 0.5, 0.3])
    expected = load / (1 - load**2)
    weights = one_factor_weights(drawn([0.9, 0.7, 0.5, 0.3], n=40000))
    assert weights.sum() == pytest.approx(1.0)
    assert weights.tolist() == pytest.approx((expected / expected.sum()).tolist(), abs=0.02)


def test_the_loadings_are_those_of_scikit_learns_factor_analysis():
    data = drawn([0.8, 0.7, 0.6, 0.5, 0.4])
    scores = normal_scores(data)
    scores = (scores - scores.mean()) / scores.std(ddof=0)
    other = FactorAnalysis(n_components=1, tol=1e-10, max_iter=20000).fit(scores.to_numpy())
    loadings = np.abs(other.components_[0])
    assert one_factor(data).loadings.to_numpy() == pytest.approx(loadings, abs=1e-4)


def test_the_likelihood_cannot_be_bettered_nearby():
    data = drawn([0.8, 0.6, 0.5, 0.7], n=500)
    found = one_factor(data)
    correlation = np.corrcoef(normal_scores(data).to_numpy(), rowvar=False)

    def misfit(unique: np.ndarray) -> float:
        """The likelihood as the textbook writes it, at the best loadings for these variances."""
        values, vectors = np.linalg.eigh(correlation / np.sqrt(np.outer(unique, unique)))
        load = np.sqrt(unique) * vectors[:, -1] * np.sqrt(values[-1] - 1)
        model = np.outer(load, load) + np.diag(unique)
        return np.linalg.slogdet(model)[1] + np.trace(correlation @ np.linalg.inv(model))

    best = misfit(found.unique.to_numpy())
    random = np.random.default_rng(5)
    for _ in range(50):
        nearby = found.unique.to_numpy() * np.exp(random.normal(0, 0.05, 4))
        assert misfit(np.minimum(nearby, 1.0)) >= best - 1e-12


def test_turning_an_indicator_round_and_saying_so_changes_nothing():
    data = drawn([0.8, 0.6, 0.5])
    turned = data.assign(i1=100 - data["i1"])
    expected = one_factor_weights(data)
    assert one_factor_weights(turned, low_is_worse=["i1"]).tolist() == pytest.approx(
        expected.tolist(), abs=1e-6
    )


def test_only_the_order_of_the_values_counts():
    data = drawn([0.8, 0.6, 0.5])
    stretched = data.assign(i0=np.exp(data["i0"]))
    assert one_factor_weights(stretched).equals(one_factor_weights(data))


def test_an_indicator_turned_the_wrong_way_is_warned_of_by_name():
    data = drawn([0.8, 0.6, 0.5, -0.7])
    with pytest.warns(WeightsUnstable, match="negative weights: i3"):
        weights = one_factor_weights(data)
    assert weights["i3"] < 0


def test_an_indicator_that_is_the_factor_itself_is_warned_of_by_name():
    data = drawn([0.5, 0.5, 0.5])
    data["i3"] = data["i0"] + data["i1"] + data["i2"]
    with pytest.warns(WeightsUnstable, match="almost only i3"):
        one_factor_weights(data.assign(i3=data["i3"] + 0.01 * drawn([0.1] * 3, seed=9)["i0"]))


def test_a_missing_value_stands_in_the_middle_or_its_area_is_left_out():
    data = drawn([0.8, 0.6, 0.5], n=200)
    data.iloc[3, 1] = np.nan
    data.iloc[4] = np.nan
    middle, dropped = one_factor(data), one_factor(data, missing="drop")
    assert (middle.n, middle.left_out, middle.filled) == (199, 1, 1)
    assert (dropped.n, dropped.left_out, dropped.filled) == (198, 2, 0)
    without = one_factor(data.drop(index=[3, 4]))
    assert dropped.weights.equals(without.weights)
    with pytest.raises(OptionUnknown, match="mean"):
        one_factor(data, missing="mean")


def test_indicators_that_cannot_have_a_factor_are_refused():
    data = drawn([0.8, 0.6, 0.5])
    with pytest.raises(TooFewIndicators, match="2 found"):
        one_factor(data[["i0", "i1"]])
    with pytest.raises(NotOneFactor, match="repeats"):
        one_factor(data.assign(i3=data["i0"]))
    with pytest.raises(ConstantIndicator, match="i3"):
        one_factor(data.assign(i3=7.0))
    with pytest.raises(ConstantIndicator, match="i3"):
        one_factor(data.assign(i3=np.nan))
    with pytest.raises(ConstantIndicator, match="i3"):
        one_factor(data.assign(i3="*"))  # how offices mark what is hidden: missing everywhere
    with pytest.raises(NotANumber, match=r"i3.*'\?'"):
        one_factor(data.assign(i3="?"))


def test_every_fault_of_the_indicators_is_raised_at_once():
    data = drawn([0.8, 0.6])
    with pytest.raises(SeveralFaults) as caught:
        one_factor(data.assign(i1="?"), low_is_worse=["i9"])
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {TooFewIndicators, MissingDomainColumn, NotANumber}


SIMD_OFFICIAL = {
    "Attendance": 0.210099,
    "Attainment": 0.228651,
    "Noquals": 0.294576,
    "NEET": 0.116465,
    "HESA": 0.150210,
}
SIMD_FORMULA = {
    "Attendance": 0.210071,
    "Attainment": 0.228417,
    "Noquals": 0.293796,
    "NEET": 0.117379,
    "HESA": 0.150336,
}


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Unknown extension is not supported:UserWarning")
def test_the_education_weights_of_the_scottish_index_of_2016_are_found(realdata):
    path = realdata / "scotland" / "simd16_indicators.xlsx"
    columns = list(SIMD_OFFICIAL)
    data = pd.read_excel(path, sheet_name="Data", usecols=columns, na_values="*")[columns]
    found = one_factor(data, low_is_worse=["Attendance", "Attainment", "HESA"])
    assert found.n == 6976
    assert (found.weights - pd.Series(SIMD_FORMULA)).abs().max() <= 2e-6
    assert (found.weights - pd.Series(SIMD_OFFICIAL)).abs().max() <= 0.001

"""Figures carried from small areas: the same as by hand, and as sure as they say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csr_array

from geo.errors import SeveralFaults
from indices import basis as small_areas
from indices.carrying import carry, place_wide
from indices.errors import NumeratorAboveDenominator
from indices.indicators import Indicator
from indices.profiles_errors import CountsNotOfTheArea, NothingToShow

CODES = pd.Index(["01", "02", "03", "04"], name="sq", dtype="str")
# A row of four squares: 1 touches 2, 2 touches 3, 3 touches 4.
TOUCH = ([0, 1, 2], [1, 2, 3])
PEOPLE = pd.Series([400.0, 500.0, 600.0, 800.0], index=CODES)


def indicator(id: str = "ill", **changes: object) -> Indicator:
    known = {
        "id": id,
        "title": "People with an illness",
        "unit": "%",
        "kind": "rate",
        "numerator": "ill",
        "denominator": "people",
        "per": 100.0,
        "direction": "high is worse",
        "source": "Drawn",
        "vintage": "sq",
        "date": "2025",
        "theme": "health",
        "empty_areas": "missing",
    }
    return Indicator.model_validate({k: v for k, v in {**known, **changes}.items() if v != ""})


def counts(ill: list[float], people: list[float] | None = None) -> pd.DataFrame:
    of = PEOPLE.tolist() if people is None else people
    return pd.DataFrame({"ill": ill, "people": of}, index=CODES)


def basis_of(*pairs: tuple[Indicator, pd.DataFrame], near: bool = True) -> small_areas.Basis:
    return small_areas.prepare(
        [item for item, _ in pairs],
        {item.id: table for item, table in pairs},
        PEOPLE,
        neighbours=TOUCH if near else None,
    )


def to(*columns: list[float]) -> tuple[csr_array, pd.Index]:
    names = pd.Index([f"T{n}" for n in range(len(columns))], name="wd", dtype="str")
    return csr_array(np.array(columns).T), names


ILL = [40.0, 75.0, 60.0, 160.0]


def test_whole_areas_add_up_and_have_the_interval_of_chance_alone() -> None:
    found = carry(basis_of((indicator(), counts(ILL))), *to([1, 1, 0, 0], [0, 0, 1, 1]))
    assert found.values["ill"].tolist() == pytest.approx([100 * 115 / 900, 100 * 220 / 1400])
    assert found.error["ill"].tolist() == [0.0, 0.0]
    assert set(found.grades()["ill"]) == {"A"}
    for code, events, people in (("T0", 115, 900), ("T1", 220, 1400)):
        theirs = stats.binomtest(events, people).proportion_ci(method="wilson")
        assert found.low.loc[code, "ill"] == pytest.approx(100 * theirs.low)
        assert found.high.loc[code, "ill"] == pytest.approx(100 * theirs.high)


def by_hand(share: list[float]) -> tuple[float, float]:
    """Return the rate and its error, step by step and area by area."""
    people = PEOPLE.tolist()
    rates = [e / n for e, n in zip(ILL, people, strict=True)]
    gaps = [(rates[a] - rates[b]) ** 2 for a, b in zip(*TOUCH, strict=True)]
    roughness = sum(gaps) / len(gaps)
    events = whole = variance = 0.0
    for w, e, n, r in zip(share, ILL, people, rates, strict=True):
        events += w * e
        whole += w * n
        half = roughness / 4 + r * (1 - r) / (2 * n)
        variance += w * (1 - w) * n * n * half
    return 100 * events / whole, 100 * math.sqrt(variance) / whole


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda w: sum(w) > 0.1))
def test_a_split_figure_and_its_error_are_those_by_hand(share: list[float]) -> None:
    found = carry(basis_of((indicator(), counts(ILL))), *to(share))
    value, error = by_hand(share)
    assert found.values.iloc[0, 0] == pytest.approx(value)
    assert found.error.iloc[0, 0] == pytest.approx(error, abs=1e-9)
    assert found.low.iloc[0, 0] <= value <= found.high.iloc[0, 0]


def test_the_error_of_the_shares_adds_what_is_left_of_the_rate() -> None:
    share, spread = [0.5, 1.0, 0.25, 0.0], 0.2
    found = carry(basis_of((indicator(), counts(ILL))), *to(share), spread=spread)
    value, error = by_hand(share)
    whole = sum(w * n for w, n in zip(share, PEOPLE, strict=True))
    more = sum(
        spread**2 * w * (1 - w) * (e - value / 100 * n) ** 2
        for w, e, n in zip(share, ILL, PEOPLE, strict=True)
    )
    expected = math.sqrt(error**2 + (100 / whole) ** 2 * more)
    assert found.error.iloc[0, 0] == pytest.approx(expected)


def test_events_that_are_no_part_of_the_people_have_the_interval_of_byar() -> None:
    crimes = indicator("crimes", part_of_denominator=False, per=1000.0, unit="per 1,000")
    found = carry(basis_of((crimes, counts(ILL))), *to([1, 1, 1, 1]))
    exact = stats.poisson(335).mean() / 2300 * 1000
    assert found.values.iloc[0, 0] == pytest.approx(exact)
    # Exact Poisson limits from the chi-square distribution, which Byar approximates to 0.2 %.
    low = stats.chi2.ppf(0.025, 2 * 335) / 2 / 2300 * 1000
    high = stats.chi2.ppf(0.975, 2 * 336) / 2 / 2300 * 1000
    assert found.low.iloc[0, 0] == pytest.approx(low, rel=0.002)
    assert found.high.iloc[0, 0] == pytest.approx(high, rel=0.002)


def test_a_published_value_is_averaged_by_people_and_has_no_interval_unless_split() -> None:
    way = indicator("way", kind="score", numerator="", denominator="", value="km", unit="km", per=1)
    table = pd.DataFrame({"km": [1.0, 2.0, 4.0, 8.0]}, index=CODES)
    found = carry(basis_of((way, table)), *to([1, 1, 0, 0], [0.5, 1, 0, 0]))
    assert found.values["way"].tolist() == pytest.approx([1400 / 900, 1200 / 700])
    assert math.isnan(found.low.iloc[0, 0])
    roughness = (1 + 4 + 16) / 3
    error = math.sqrt(0.25 * 400**2 * roughness / 4) / 700
    assert found.error.iloc[1, 0] == pytest.approx(error)
    assert found.high.iloc[1, 0] == pytest.approx(1200 / 700 + 1.959964 * error)


def test_a_count_adds_up_and_is_no_rate() -> None:
    claims = indicator("claims", kind="count", denominator="", unit="claims", per=1.0)
    found = carry(basis_of((claims, counts(ILL))), *to([1, 0.5, 0, 0]))
    assert found.values.iloc[0, 0] == pytest.approx(40 + 37.5)
    assert found.low.iloc[0, 0] < 77.5 < found.high.iloc[0, 0]


def test_a_missing_small_area_leaves_the_figure_missing_beyond_the_tolerance() -> None:
    basis = basis_of((indicator(), counts([40.0, math.nan, 60.0, 160.0])))
    strict = carry(basis, *to([1, 1, 0, 0], [0, 0, 1, 1]))
    assert strict.values["ill"].isna().tolist() == [True, False]
    assert strict.known["ill"].tolist() == [0.5, 1.0]
    loose = carry(basis, *to([1, 1, 0, 0]), tolerance=0.5)
    assert loose.values.iloc[0, 0] == pytest.approx(10.0)


def test_an_area_without_anybody_has_no_rate() -> None:
    basis = basis_of((indicator(), counts([0.0, 75.0, 60.0, 160.0], [0.0, 500.0, 600.0, 800.0])))
    found = carry(basis, *to([1, 0, 0, 0], [1, 1, 0, 0]))
    assert math.isnan(found.values.iloc[0, 0])
    assert found.values.iloc[1, 0] == pytest.approx(15.0)


def test_counts_that_may_not_be_shown_are_in_no_figure_as_they_are() -> None:
    admitted = indicator("admitted", disclosure="hospital-records")
    shares, names = to([1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0])
    first = carry(basis_of((admitted, counts([3.0, 76.0, 60.0, 160.0]))), shares, names)
    other = carry(basis_of((admitted, counts([6.0, 74.0, 61.0, 159.0]))), shares, names)
    # 3 and 6 are both hidden, 76 and 74 are both shown as 75: nothing tells the two apart.
    pd.testing.assert_frame_equal(first.values, other.values)
    pd.testing.assert_frame_equal(first.high, other.high)
    assert math.isnan(first.values.loc["T0", "admitted"])
    assert first.hidden["admitted"].tolist() == [True, True, False]
    assert first.values.loc["T1", "admitted"] == pytest.approx(100 * (4 + 75) / 900)
    assert first.values.loc["T2", "admitted"] == pytest.approx(15.0)
    assert first.low.loc["T1", "admitted"] < 100 * (1 + 73) / 900
    assert first.high.loc["T1", "admitted"] > 100 * (7 + 77) / 900


def test_few_events_are_flagged() -> None:
    table = counts([9.0, 10.0, 595.0, 400.0])
    found = carry(basis_of((indicator(), table)), csr_array(np.eye(4)), CODES)
    assert found.small["ill"].tolist() == [True, False, True, False]


def test_counts_known_without_a_split_replace_the_estimate_of_one_area_only() -> None:
    basis = basis_of((indicator(), counts(ILL)))
    shares, names = to([0.5, 0.5, 0, 0])
    found = carry(basis, shares, names, exact={"ill": (70.0, 430.0)})
    assert found.values.iloc[0, 0] == pytest.approx(100 * 70 / 430)
    assert found.error.iloc[0, 0] == 0.0
    with pytest.raises(CountsNotOfTheArea):
        carry(basis, *to([1, 0, 0, 0], [0, 1, 0, 0]), exact={"ill": (1.0, 2.0)})


def test_every_fault_of_the_tables_is_named_at_once() -> None:
    with pytest.raises(SeveralFaults) as caught:
        basis_of(
            (indicator(), counts([500.0, 75.0, 60.0, 160.0])),
            (indicator("other"), pd.DataFrame({"ill": [1.0] * 4}, index=CODES)),
        )
    assert any(isinstance(fault, NumeratorAboveDenominator) for fault in caught.value.faults)
    with pytest.raises(NothingToShow):
        small_areas.prepare([], {}, PEOPLE)


def test_without_neighbours_any_two_small_areas_are_compared() -> None:
    rates = np.array(ILL) / PEOPLE.to_numpy()
    pairs = [(a - b) ** 2 for a in rates for b in rates]
    basis = basis_of((indicator(), counts(ILL)), near=False)
    assert basis.roughness["ill"] == pytest.approx(np.mean(pairs))


def test_the_place_is_its_small_areas_together() -> None:
    basis = small_areas.prepare(
        [indicator()],
        {"ill": counts(ILL)},
        PEOPLE,
        inside=pd.Series([True, True, True, False], index=CODES),
    )
    assert place_wide(basis).values.iloc[0, 0] == pytest.approx(100 * 175 / 1500)


@given(st.permutations(range(4)), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_the_order_of_the_small_areas_changes_nothing(order: list[int], share: list[float]) -> None:
    share = [w + 0.01 for w in share]
    total = sum(share)
    share = [w / total for w in share]
    moved = CODES[order]
    position = {old: new for new, old in enumerate(order)}
    touch = tuple([position[at] for at in side] for side in TOUCH)
    other = small_areas.prepare(
        [indicator()], {"ill": counts(ILL)}, PEOPLE.loc[moved], neighbours=touch
    )
    first = carry(basis_of((indicator(), counts(ILL))), *to(share))
    again = carry(other, *to([share[at] for at in order]))
    for name in ("values", "low", "high", "error"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name), rtol=1e-9)


def test_where_people_mix_evenly_the_interval_of_splits_holds_as_often_as_it_says() -> None:
    """People with and without an illness scattered at random; the truth of a third is counted."""
    random = np.random.default_rng(11)
    n, people = 400, 200
    codes = pd.Index([f"{k:03d}" for k in range(n)], name="sq", dtype="str")
    ill = random.binomial(people, 0.2, n).astype(float)
    size = pd.Series(float(people), index=codes)
    table = pd.DataFrame({"ill": ill, "people": size.to_numpy()}, index=codes)
    ring = (np.arange(n), (np.arange(n) + 1) % n)
    basis = small_areas.prepare([indicator()], {"ill": table}, size, neighbours=ring)
    part = people // 3
    truth = random.hypergeometric(ill.astype(int), people - ill.astype(int), part)
    groups = np.repeat(np.arange(n // 4), 4)
    shares = csr_array((np.full(n, part / people), (np.arange(n), groups)))
    names = pd.Index([f"T{k:03d}" for k in range(n // 4)], dtype="str")
    found = carry(basis, shares, names)
    true_rate = 100 * np.bincount(groups, truth) / (4 * part)
    off = np.abs(found.values["ill"].to_numpy() - true_rate)
    held = float((off <= 1.96 * found.error["ill"].to_numpy()).mean())
    # One hundred areas at 95 %: three standard deviations of chance.
    assert held == pytest.approx(0.95, abs=0.065)

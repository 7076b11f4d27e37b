"""Domains made from indicators, and indices built from them: small ones by hand, Census 2021."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from geo.errors import SeveralFaults
from indices.definitions import load, parse
from indices.domains import make, remake
from indices.errors import (
    ConstantIndicator,
    DefinitionFault,
    DirectionDoubtful,
    IncompleteEdition,
    MissingDomainValue,
    MissingIndicatorColumn,
    NumeratorAboveDenominator,
    TooFewAreas,
    VintageMismatch,
    WeightsUnstable,
)
from indices.factors import one_factor_weights
from indices.index import build


def table(**columns: list) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    codes = pd.Index([f"S{position:02d}" for position in range(size)], name="sa")
    return pd.DataFrame(columns, index=codes)


FOUR = table(
    jobless=[30, 20, 10, 5], sick=[8, 9, 2, 4], fit=[10, 30, 60, 40], people=[100, 100, 100, 50]
)


@pytest.fixture
def index_of(two_domains, rate):
    """Make a definition whose first domain is made as asked and whose second is `sick`."""

    def make(*uses: object, **making: object):
        domains = [
            {"id": "income", "title": "I", "weight": 0.6, "indicators": list(uses), **making},
            {"id": "health", "title": "H", "weight": 0.4, "indicators": ["sick"]},
        ]
        indicators = [rate("jobless"), rate("sick"), rate("fit", direction="low is worse")]
        return two_domains(domains=domains, indicators=indicators)

    return make


def test_a_domain_of_one_indicator_is_its_rate(index_of):
    made = make(index_of("jobless"), FOUR)
    assert made.scores["income"].tolist() == [30, 20, 10, 10]
    assert made.scores["health"].tolist() == [8, 9, 2, 8]


def test_an_indicator_that_is_worse_where_it_is_low_is_turned_round(index_of):
    assert make(index_of("fit"), FOUR).scores["income"].tolist() == [-10, -30, -60, -80]


def test_several_indicators_are_averaged_as_normal_scores_unless_said_otherwise(index_of):
    normal = make(index_of("jobless", "fit"), FOUR).scores["income"]
    # Ranks of joblessness 4, 3, 1.5, 1.5 and of unfitness 4, 3, 2, 1, over five.
    expected = (norm.ppf([0.8, 0.6, 0.3, 0.3]) + norm.ppf([0.8, 0.6, 0.4, 0.2])) / 2
    assert normal.tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize(
    ("making", "expected"),
    [
        # Jobless 30, 20, 10, 10 and fit 10, 30, 60, 80 per cent.
        ({"scale": "min-max"}, [100, (50 + 500 / 7) / 2, (0 + 200 / 7) / 2, 0]),
        ({"scale": "rank"}, [100, 75, (37.5 + 50) / 2, (37.5 + 25) / 2]),
        ({"scale": "min-max", "mean": "geometric"}, [100, None, None, 1]),
        ({"scale": "min-max", "mean": "mazziotta-pareto"}, [130, None, None, 70]),
        ({"scale": "none"}, [10, -5, -25, -35]),
    ],
)
def test_scale_and_mean_are_those_of_the_definition(index_of, making, expected):
    found = make(index_of("jobless", "fit", **making), FOUR).scores["income"].tolist()
    for got, wanted in zip(found, expected, strict=True):
        assert wanted is None or got == pytest.approx(wanted)


def test_stated_weights_and_goalposts_are_used(index_of):
    weighted = index_of(
        {"id": "jobless", "weight": 0.75, "goalposts": [0, 50]},
        {"id": "fit", "weight": 0.25, "goalposts": [100, 0]},
        combine="weights",
        scale="goalposts",
    )
    found = make(weighted, FOUR)
    expected = [0.75 * 60 + 0.25 * 90, 0.75 * 40 + 0.25 * 70, 0.75 * 20 + 10, 0.75 * 20 + 5]
    assert found.scores["income"].tolist() == pytest.approx(expected)
    assert found.weights["income"].to_dict() == {"jobless": 0.75, "fit": 0.25}


def test_counts_that_do_not_overlap_are_added_up(index_of):
    found = make(index_of("jobless", "sick", combine="counts"), FOUR)
    assert found.scores["income"].tolist() == pytest.approx([38, 29, 12, 18])
    with pytest.raises(NumeratorAboveDenominator, match="S03"):
        make(index_of("jobless", "sick", combine="counts"), FOUR.assign(jobless=[1, 1, 1, 49]))


def test_a_missing_indicator_is_refused_or_takes_the_middle(index_of):
    gap = FOUR.astype(float)
    gap.loc["S01", "fit"] = np.nan
    with pytest.raises(MissingDomainValue, match=r"domain income, indicator fit.*S01"):
        make(index_of("jobless", "fit"), gap)
    found = make(index_of("jobless", "fit", missing="middle"), gap).scores["income"]
    assert found["S01"] == pytest.approx(norm.ppf(0.6) / 2)
    gap.loc["S01", "jobless"] = np.nan
    with pytest.raises(MissingDomainValue, match="no indicator"):
        make(index_of("jobless", "fit", missing="middle"), gap)


def test_an_index_from_indicators_is_that_from_the_scores_they_make(index_of):
    definition = index_of("jobless", "fit")
    index = build(definition, FOUR, from_="indicators")
    again = build(definition, make(definition, FOUR).scores, from_="scores")
    assert index.to_frame().equals(again.to_frame())
    assert index.made is not None
    assert any("Jobless (%" in line for line in index.provenance)
    # The deprived end is the area that is worst in everything but illness.
    assert index.domain_ranks["income"].tolist() == [1, 2, 3, 4]


def test_subdomains_can_be_made_from_indicators(two_domains, rate):
    parts = [
        {"id": "work", "title": "W", "weight": 0.5, "indicators": ["jobless"]},
        {"id": "body", "title": "B", "weight": 0.5, "indicators": ["fit"]},
    ]
    definition = two_domains(
        domains=[{"id": "income", "title": "I", "weight": 1.0, "subdomains": parts}],
        indicators=[rate("jobless"), rate("fit", direction="low is worse")],
    )
    index = build(definition, FOUR, from_="indicators")
    ranks = table(work=[1, 2, 3, 3], body=[1, 2, 3, 4])
    assert index.scores.equals(build(definition, ranks).scores)


def test_the_overall_mean_can_be_another_than_the_official_sum(two_domains):
    data = table(income=[1, 2, 3, 4], health=[3, 1, 2, 4])
    other = build(two_domains(mean="geometric", transform="rank"), data)
    x, y = (
        1 + 0.99 * np.array([100, 75, 50, 25.0]),
        1 + 0.99 * np.array([50, 100, 75, 25.0]),
    )
    assert other.scores.tolist() == pytest.approx((x**0.6 * y**0.4).tolist())


# What is reported, and what is refused.


@pytest.fixture
def drawn() -> pd.DataFrame:
    """Three hundred areas, three indicators with one factor, of a hundred people each."""
    random = np.random.default_rng(2)
    factor = random.standard_normal(300)
    values = {
        name: (50 + 12 * factor + 6 * random.standard_normal(300)).clip(1, 99).round()
        for name in ("jobless", "sick", "fit")
    }
    return table(**values, people=[100] * 300)


def test_a_wrong_direction_flag_is_reported(two_domains, rate, drawn):
    for direction, wrong in (("high is worse", False), ("low is worse", True)):
        definition = two_domains(
            domains=[
                {"id": "x", "title": "X", "weight": 1.0, "indicators": ["jobless", "sick", "fit"]}
            ],
            indicators=[rate("jobless"), rate("sick"), rate("fit", direction=direction)],
        )
        if wrong:
            with pytest.warns(DirectionDoubtful, match="indicator fit runs against"):
                made = make(definition, drawn)
            assert "check its direction" in made.notes[0]
        else:
            assert make(definition, drawn).notes == ()


def test_a_domain_that_runs_against_the_others_is_noted(index_of, drawn):
    made = make(index_of("fit"), drawn)
    assert len(made.notes) == 2
    assert "income runs against the other domains" in made.notes[0]


def test_factor_weights_are_kept_with_their_notes(index_of, two_domains, rate, drawn):
    definition = two_domains(
        domains=[
            {"id": "x", "title": "X", "weight": 1.0, "combine": "factor"}
            | {"indicators": ["jobless", "sick", "fit"]}
        ],
        indicators=[rate("jobless"), rate("sick"), rate("fit")],
    )
    made = make(definition, drawn)
    alone = one_factor_weights(drawn[["jobless", "sick", "fit"]])
    assert made.weights["x"].tolist() == pytest.approx(alone.tolist())
    twin = drawn.assign(fit=drawn["jobless"] + 0.001 * np.arange(300) / 300)
    with pytest.warns(WeightsUnstable):
        assert any("domain x" in note for note in make(definition, twin).notes)


def test_what_cannot_make_an_index_is_named(index_of, two_domains):
    definition = index_of("jobless", "fit")
    with pytest.raises(DefinitionFault, match="income, health"):
        build(two_domains(), FOUR, from_="indicators")
    with pytest.raises(ConstantIndicator, match="jobless"):
        build(definition, FOUR.assign(jobless=5, people=100), from_="indicators")
    with pytest.raises(TooFewAreas, match="S00"):
        build(definition, FOUR.iloc[:1], from_="indicators")
    with pytest.raises(IncompleteEdition, match="4 areas at hand of 9"):
        build(definition, FOUR, from_="indicators", n=9)
    with pytest.raises(VintageMismatch, match="sa11"):
        build(definition, FOUR.rename_axis("sa11"), from_="indicators")
    with pytest.raises(MissingIndicatorColumn, match="fit"):
        build(definition, FOUR.drop(columns="fit"), from_="indicators")


def test_every_domain_with_a_gap_is_named_at_once(index_of):
    gap = FOUR.astype(float)
    gap.loc["S01", "fit"] = gap.loc["S02", "sick"] = np.nan
    with pytest.raises(SeveralFaults) as caught:
        build(index_of("jobless", "fit"), gap, from_="indicators")
    assert len(caught.value.faults) == 2


def test_making_again_with_other_counts_changes_only_their_domains(index_of):
    definition = index_of("jobless", "fit")
    made = make(definition, FOUR)
    again = remake(definition, made, {"sick": made.measured.events["sick"] * 2})
    assert list(again) == ["health"]
    assert again["health"].tolist() == (2 * made.scores["health"]).tolist()
    same = remake(definition, made, {"fit": made.measured.events["fit"]})
    assert same["income"].equals(made.scores["income"])


@pytest.mark.realdata
def test_a_small_index_of_england_from_census_counts_is_that_of_pandas(census2021):
    index = build(census2021.path, census2021.table, from_="indicators")
    c, n = census2021.table, 33755
    disabled = c["disabled_residents"] / c["residents"]
    homes = sum(
        pd.Series(norm.ppf((c[column] / c["households"]).rank() / (n + 1)), index=c.index)
        for column in ("overcrowded_households", "social_rented_households")
    )
    score = 0
    for weight, value in ((1 / 3, disabled), (2 / 3, homes.round(12))):
        standing = (n + 1 - value.rank(ascending=False, method="min")) / n
        score = score - 23 * weight * np.log(1 - standing * (1 - np.exp(-100 / 23)))
    assert (index.scores - score).abs().max() < 1e-3
    assert (index.deciles == np.ceil(10 * score.rank(ascending=False) / n)).mean() > 0.9999
    assert index.complete
    with pytest.raises(IncompleteEdition):
        build(census2021.path, census2021.table.iloc[:-1], from_="indicators")


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Unknown extension is not supported:UserWarning")
def test_the_education_domain_of_the_scottish_index_has_its_official_weights(realdata, rate):
    official = {
        "Attendance": 0.210099,
        "Attainment": 0.228651,
        "Noquals": 0.294576,
        "NEET": 0.116465,
        "HESA": 0.150210,
    }
    path = realdata / "scotland" / "simd16_indicators.xlsx"
    data = pd.read_excel(path, sheet_name="Data", na_values="*", index_col="Data_Zone")
    data.index = data.index.astype(str).rename("dz11")
    low = ("Attendance", "Attainment", "HESA")
    indicators = [
        rate(name.lower(), numerator=None, denominator=None, value=name)
        | {"unit": "any", "vintage": "dz11"}
        | {"direction": "low is worse" if name in low else "high is worse"}
        for name in official
    ]
    domain = {"id": "education", "title": "Education", "weight": 1.0, "combine": "factor"}
    domain |= {"indicators": [name.lower() for name in official], "missing": "middle"}
    raw = {"schema": 1, "id": "x", "title": "X", "edition": "2016", "reference": "none"}
    made = make(parse(raw | {"domains": [domain], "indicators": indicators}), data)
    found = made.weights["education"].rename({name.lower(): name for name in official})
    assert (found - pd.Series(official)).abs().max() <= 0.001
    assert all("middle of its scale" in note for note in made.notes)
    assert load("simd2016").n_areas == len(data)

"""Doubt: nothing to choose changes nothing, few choices gone through by hand, and England."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from geo.errors import SeveralFaults
from indices import draws as engine
from indices.errors import (
    CodesNotText,
    DefinitionFault,
    IncompleteEdition,
    OptionUnknown,
    UnknownAreas,
)
from indices.index import build
from indices.robustness import Choices, doubt, leave_one_out, ordinal, possible_scales

NOTHING = Choices(weights=None, spread=0.0, scales=("exponential",), means=("arithmetic",))
STATED_ONLY = {"stated": {"income": 0.6, "health": 0.4}}
RANDOM = np.random.default_rng(8)
SCORES = {name: RANDOM.gamma(2, 10, 40).round(2).tolist() for name in ("income", "health")}


def table(**columns: list) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    codes = pd.Index([f"S{position:02d}" for position in range(size)], name="sa")
    return pd.DataFrame(columns, index=codes)


@pytest.fixture
def forty(two_domains):
    return build(two_domains(), table(**SCORES), from_="scores")


@pytest.fixture
def counted(two_domains, rate):
    """Make an index of forty areas whose one domain is a rate of so many people each."""

    def make(people: int, **changes: object):
        domain = {"id": "income", "title": "I", "weight": 1.0, "indicators": ["jobless"]}
        definition = two_domains(domains=[domain], indicators=[rate("jobless", **changes)])
        events = (np.linspace(0.02, 0.4, 40) * people).round()
        data = table(jobless=events.tolist(), people=[people] * 40)
        return build(definition, data, from_="indicators")

    return make


def test_without_choices_and_counts_every_draw_is_the_index(forty):
    only = Choices(weights=STATED_ONLY, spread=0.0, scales=("exponential",), means=("arithmetic",))
    found = doubt(forty, choices=only, draws=7)
    for column in ("rank", "rank_low", "rank_median", "rank_high"):
        assert (found.table[column] == forty.ranks).all(), column
    assert found.table["chance_worst_decile"].tolist() == (forty.deciles == 1).tolist()
    assert found.shifts["mean_rank_change"].tolist() == [0.0, 0.0, 0.0]
    assert found.table.index.equals(forty.scores.index)


def test_the_same_seed_gives_the_same_draws_and_another_one_others(forty):
    first, again, other = (doubt(forty, draws=50, seed=seed) for seed in (1, 1, 2))
    assert first.table.equals(again.table)
    assert not first.table.equals(other.table)


def by_hand(scores: pd.DataFrame, scale: str) -> np.ndarray:
    """Bring two domains to a scale, written out with scipy and numpy."""
    n = len(scores)
    standing = (n + 1 - rankdata(-scores, axis=0, method="min")) / n
    return {
        "exponential": -23 * np.log(1 - standing * (1 - np.exp(-100 / 23))),
        "rank": 100 * standing,
        "normal": norm.ppf(standing * n / (n + 1)),
        "z": (scores - scores.mean()) / scores.std(ddof=0),
        "min-max": 100 * (scores - scores.min()) / (scores.max() - scores.min()),
    }[scale]


def mean_by_hand(values: np.ndarray, scale: str, weights: np.ndarray, mean: str) -> np.ndarray:
    w = weights / weights.sum()
    unbounded = scale in ("z", "normal")
    if mean == "geometric":
        return np.prod((100 + 10 * values if unbounded else 1 + 0.99 * values) ** w, axis=1)
    if mean == "mazziotta-pareto":
        values = 100 + 10 * values if unbounded else 70 + 0.6 * values
        middle = values @ w
        return middle + ((values - middle[:, None]) ** 2) @ w / middle
    return values @ w


SCALES = ("exponential", "rank", "normal", "z", "min-max")
MEANS = ("arithmetic", "geometric", "mazziotta-pareto")
WEIGHTS = {"a": {"income": 0.9, "health": 0.1}, "b": {"income": 1.0, "health": 2.0}}


@pytest.mark.parametrize(("scale", "mean"), list(itertools.product(SCALES, MEANS)))
def test_each_scale_and_mean_gives_the_ranks_done_by_hand(forty, scale, mean):
    for name, weights in WEIGHTS.items():
        only = Choices(weights={name: weights}, spread=0.0, scales=(scale,), means=(mean,))
        values = np.asarray(by_hand(table(**SCORES), scale))
        scores = mean_by_hand(values, scale, np.array(list(weights.values())), mean)
        expected = rankdata(-scores.round(10), method="min")
        assert doubt(forty, choices=only, draws=1).table["rank_median"].tolist() == list(expected)


def test_the_draws_are_all_combinations_and_the_interval_is_theirs(forty):
    """Two weights, five scales, three means: thirty ways, each found often in 3,000 draws."""
    ways = []
    for weights, scale, mean in itertools.product(WEIGHTS.values(), SCALES, MEANS):
        values = np.asarray(by_hand(table(**SCORES), scale))
        scores = mean_by_hand(values, scale, np.array(list(weights.values())), mean)
        ways.append(rankdata(-scores.round(10), method="min"))
    found = doubt(
        forty, choices=Choices(weights=WEIGHTS, spread=0.0), draws=3000, level=0.999
    ).table
    assert (found["rank_low"] == np.min(ways, axis=0)).all()
    assert (found["rank_high"] == np.max(ways, axis=0)).all()
    chance = (np.array(ways) <= 4).mean(axis=0)
    # Four standard errors of a share out of 3,000.
    assert np.abs(found["chance_worst_decile"] - chance).max() < 4 * 0.5 / 3000**0.5


def test_the_interval_holds_its_share_of_the_draws_and_the_shifts_add_up(forty, monkeypatch):
    kept = []
    real = engine.rank
    monkeypatch.setattr(engine, "rank", lambda values: kept.append(real(values)) or kept[-1])
    found = doubt(forty, draws=200, level=0.9)
    own, ranks = kept[0], np.array(kept[1:])
    assert ranks.shape == (200, 40)
    low, high = found.table["rank_low"].to_numpy(), found.table["rank_high"].to_numpy()
    assert (((ranks >= low) & (ranks <= high)).mean(axis=0) >= 0.9).all()
    assert (((ranks < low).sum(axis=0) <= 10) & ((ranks > high).sum(axis=0) <= 10)).all()
    assert low.tolist() == np.sort(ranks, axis=0)[10].tolist()
    assert high.tolist() == np.sort(ranks, axis=0)[189].tolist()
    moved = np.abs(ranks - own).mean()
    for _, rows in found.shifts.groupby("choice"):
        assert rows["draws"].sum() == 200
        assert np.average(rows["mean_rank_change"], weights=rows["draws"]) == pytest.approx(moved)


@settings(max_examples=50)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_equal_scores_share_the_best_rank(values):
    found = engine.rank(np.array(values, dtype=float))
    assert found.tolist() == rankdata(-np.array(values), method="min").tolist()


def test_weights_stay_within_their_spread():
    plan = engine.draw_plan(
        np.array([[1.0, 2.0]]),
        spread=0.25,
        counts=[1, 1, 1, 1],
        draws=4000,
        random=np.random.default_rng(1),
    )
    share = plan.weights / [1.0, 2.0]
    assert share.min() >= 0.75
    assert share.max() <= 1.25
    assert share.std() == pytest.approx(0.5 / 12**0.5, rel=0.03)


# Sampling error.


@pytest.mark.parametrize(("part", "variance"), [(True, 0.1 * 0.9 / 101), (False, 0.1 / 100)])
def test_drawn_rates_have_mean_and_variance_of_their_posterior(counted, part, variance):
    index = counted(100, part_of_denominator=part)
    measured = index.made.measured
    random = np.random.default_rng(3)
    area = measured.events.index[(measured.events["jobless"] == 10).argmax()]
    drawn = [engine.drawn_events(measured, "jobless", random)[area] / 100 for _ in range(4000)]
    assert measured.events.loc[area, "jobless"] == 10
    assert np.mean(drawn) == pytest.approx(10.5 / (101 if part else 100), rel=0.02)
    assert np.var(drawn) == pytest.approx(variance, rel=0.12)


def test_the_smaller_the_population_the_wider_the_interval(counted):
    widths = []
    for people in (50, 500, 50_000):
        found = doubt(counted(people), choices=NOTHING, draws=300)
        widths.append((found.table["rank_high"] - found.table["rank_low"]).mean())
        assert found.left_out == ()
        assert "sampling error of the counts behind 1 of 1 domains" in found.varied[-1]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_an_area_without_any_event_is_not_taken_for_certain(counted):
    index = counted(20)
    assert index.made.measured.events["jobless"].iloc[0] == 0
    row = doubt(index, choices=NOTHING, draws=300).table.iloc[0]
    assert row["rank_low"] < row["rank"]


def test_a_domain_that_counts_settle_has_the_interval_of_its_posterior(counted):
    """One domain: the drawn rank of an area is that of drawn rates, done again with numpy."""
    index = counted(200)
    found = doubt(index, choices=NOTHING, draws=2000, pool=500).table
    events = index.made.measured.events["jobless"].to_numpy()
    random = np.random.default_rng(9)
    rates = random.beta(events + 0.5, 200 - events + 0.5, (4000, 40))
    ranks = rankdata(-rates, axis=1, method="min")
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0)
    for end, expected in (("rank_low", low), ("rank_high", high)):
        away = np.abs(found[end] - expected)
        assert away.max() <= 2  # five hundred versions against four thousand
        assert away.mean() <= 0.5


def test_shrunk_rates_and_subdomains_are_drawn_too(two_domains, rate):
    parts = [
        {"id": "work", "title": "W", "weight": 0.5, "indicators": ["jobless"]},
        {"id": "body", "title": "B", "weight": 0.5, "indicators": ["sick"]},
    ]
    domains = [
        {"id": "income", "title": "I", "weight": 0.6, "subdomains": parts},
        {"id": "health", "title": "H", "weight": 0.4, "indicators": ["points"]},
    ]
    points = rate("points", kind="score", value="points", numerator=None, denominator=None)
    definition = two_domains(
        domains=domains,
        indicators=[rate("jobless", shrink="official"), rate("sick"), points | {"unit": "points"}],
    )
    random = np.random.default_rng(4)
    data = table(
        jobless=random.integers(0, 50, 30).tolist(),
        sick=random.integers(0, 50, 30).tolist(),
        points=random.random(30).tolist(),
        people=[100] * 30,
    )
    districts = pd.Series(["d", "e", "f"] * 10, index=data.index)
    index = build(definition, data, from_="indicators", districts=districts)
    found = doubt(index, choices=NOTHING, draws=100, pool=10)
    assert (found.table["rank_high"] > found.table["rank_low"]).any()
    assert found.left_out == ("the sampling error of points is left out: no counts are known",)
    assert "behind 1 of 2 domains, 10 versions" in found.varied[-1]


def test_what_is_left_out_is_said(forty, counted):
    assert "left out: their counts are not known" in doubt(forty, draws=5).sentence("S00")
    asked = doubt(counted(50), draws=5, pool=0)
    assert asked.left_out == ("the sampling error of the indicators is left out, as asked",)


# Parts of an edition, and parts of the areas.


def test_a_part_of_an_edition_is_ranked_among_its_own_areas_with_the_editions_scales(two_domains):
    ranks = table(income=[2, 9, 30, 4], health=[7, 3, 5, 25])
    part = build(two_domains(n_areas=40), ranks)
    assert possible_scales(part) == ["exponential", "rank", "normal"]
    found = doubt(part, draws=100)
    assert found.table["rank"].tolist() == part.local_rank.tolist()
    assert found.table["rank_high"].max() <= 4
    with pytest.raises(IncompleteEdition, match="z"):
        doubt(part, choices=Choices(scales=("z",)))


def test_a_city_is_ranked_among_itself_while_the_country_sets_the_scales(forty):
    city = ["S05", "S30", "S11", "S02", "S17"]
    only = Choices(weights=STATED_ONLY, spread=0.0, scales=("exponential",), means=("arithmetic",))
    found = doubt(forty, choices=only, draws=3, among=city).table
    assert found.index.tolist() == city
    assert found["rank"].tolist() == rankdata(-forty.scores[city], method="min").tolist()
    assert found["rank_high"].equals(found["rank"])


def test_ties_shared_by_average_and_scores_as_they_are_can_be_drawn(two_domains):
    data = table(income=[5.0, 5, 1, -2], health=[1.0, 1, 3, -9])
    average = build(two_domains(ties="average"), data, from_="scores")
    found = doubt(average, choices=NOTHING, draws=20)
    assert found.table["rank"].tolist() == [2, 2, 1, 4]  # one domain a tie, the other not
    raw = build(two_domains(transform="none"), data, from_="scores")
    assert "none" in possible_scales(raw)
    assert doubt(raw, choices=Choices(scales=("none",)), draws=20).table["rank_low"].min() == 1


def test_scores_whose_low_end_is_worse_are_turned_for_every_scale(two_domains):
    domains = [
        {"id": "income", "title": "I", "weight": 0.5, "high_is_worse": False},
        {"id": "health", "title": "H", "weight": 0.5},
    ]
    data = table(income=[1.0, 2, 3, 9], health=[9.0, 7, 3, 1])
    index = build(two_domains(domains=domains), data, from_="scores")
    assert doubt(index, draws=100).table["rank_high"].tolist() == [1, 2, 3, 4]


# Sentences.


def test_a_sentence_says_the_interval_the_chance_and_out_of_how_many(counted):
    found = doubt(counted(200_000), choices=NOTHING, draws=200)
    row = found.table.loc["S39"]
    assert row[["rank_low", "rank_high"]].tolist() == [1, 1]
    assert found.sentence("S39") == (
        "1st most deprived of 40 in 19 of 20 reasonable ways of counting; "
        "in the most deprived tenth in all of them"
    )
    found = doubt(counted(500), choices=NOTHING, draws=200)
    text = found.sentence("S20")
    low, high = (ordinal(int(found.table.loc["S20", f"rank_{end}"])) for end in ("low", "high"))
    assert text.startswith(f"between {low} and {high} most deprived of 40 in 19 of 20")
    assert text.endswith("in the most deprived tenth in none of them")
    assert found.sentences().tolist()[20] == text


@pytest.mark.parametrize(("level", "words"), [(0.9, "9 of 10"), (0.5, "1 of 2"), (0.87, "87 % of")])
def test_the_level_is_said_as_a_share(forty, level, words):
    assert f"in {words} reasonable ways" in doubt(forty, draws=5, level=level).sentence("S00")


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.0, "none of them"),
        (0.001, "fewer than 1 % of them"),
        (0.97, "97 % of them"),
        (0.9999, "more than 99 % of them"),
        (1.0, "all of them"),
    ],
)
def test_chances_that_are_nearly_none_or_all_do_not_say_so(forty, chance, words):
    found = doubt(forty, draws=5)
    table = found.table.assign(chance_worst_decile=chance)
    said = dataclasses.replace(found, table=table, left_out=()).sentence("S00")
    assert said.endswith(f"in the most deprived tenth in {words}")


# Without one domain.


def test_without_a_domain_the_areas_are_ranked_by_the_others(two_domains):
    data = table(income=[1, 2, 3, 4], health=[4, 3, 2, 1])
    found = leave_one_out(build(two_domains(), data))
    assert found["without_income"].tolist() == [4, 3, 2, 1]
    assert found["without_health"].tolist() == [1, 2, 3, 4]
    assert found["largest_change"].tolist() == [
        max(abs(a - r), abs(b - r))
        for r, a, b in zip(found["rank"], [4, 3, 2, 1], [1, 2, 3, 4], strict=True)
    ]
    assert found["by_domain"].iloc[0] == "income"
    part = leave_one_out(build(two_domains(), data), among=["S03", "S00"])
    assert part["without_income"].tolist() == [1, 2]


def test_an_index_of_one_domain_has_nothing_left_without_it(counted):
    with pytest.raises(DefinitionFault, match="nothing is left"):
        leave_one_out(counted(50))


# Bad choices.


def test_choices_that_cannot_be_made_are_named_all_at_once(forty):
    bad = Choices(
        weights={"mine": {"income": 1.0}, "none": {"income": 0.0, "health": 0.0}},
        spread=1.0,
        scales=("log",),
        means=(),
    )
    with pytest.raises(SeveralFaults) as caught:
        doubt(forty, choices=bad, draws=0, level=95, pool=-1, among=["S00", "X"])
    kinds = [type(fault) for fault in caught.value.faults]
    assert kinds == [OptionUnknown] * 6 + [DefinitionFault] * 2 + [UnknownAreas]
    with pytest.raises(CodesNotText):
        doubt(forty, among=[5])
    with pytest.raises(DefinitionFault, match="no set of weights"):
        doubt(forty, choices=Choices(weights={}))


# England.


@pytest.mark.realdata
def test_without_choices_every_draw_is_the_official_index_of_2025(iod2025):
    index = build("imd2025", iod2025.ranks)
    stated = {"stated": index.definition.weights.to_dict()}
    only = Choices(weights=stated, spread=0.0, scales=("exponential",), means=("arithmetic",))
    found = doubt(index, choices=only, draws=2).table
    assert (found["rank_high"] == index.ranks).all()
    assert ((found["chance_worst_decile"] == 1) == (index.deciles == 1)).all()


@pytest.mark.realdata
def test_a_small_index_from_the_census_has_doubt_from_its_counts(census2021):
    index = build(census2021.definition, census2021.table, from_="indicators")
    city = census2021.table.index[census2021.table.index.str.startswith("E010145")]
    found = doubt(index, among=list(city), draws=200, pool=10)
    assert found.left_out == ()
    assert found.table["rank_high"].between(found.table["rank_low"], len(city)).all()
    assert (found.table["rank_high"] > found.table["rank_low"]).mean() > 0.9
    assert f"most deprived of {len(city)} in 19 of 20" in found.sentence(city[0])
    without = doubt(index, among=list(city), draws=200, pool=0).table
    width = (found.table["rank_high"] - found.table["rank_low"]).mean()
    assert width > (without["rank_high"] - without["rank_low"]).mean()

"""Change between editions: nothing out of nothing, brute force, wording, and all of England."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from boundaries.vintages import read_change
from geo.errors import SeveralFaults
from indices.change import LESS, MORE, NONE, compare
from indices.change_errors import LookupIncomplete
from indices.definitions import parse
from indices.editions import bridge, same_areas
from indices.errors import OptionUnknown
from indices.index import build
from indices.robustness import Choices

STATED = Choices(
    weights={"stated": {"income": 0.6, "health": 0.4}},
    spread=0.0,
    scales=("exponential",),
    means=("arithmetic",),
)


@pytest.fixture
def pair(two_domains):
    """Two editions of forty areas with drawn ranks, and their definitions named by year."""
    random = np.random.default_rng(7)
    codes = pd.Index([f"S{k:02d}" for k in range(40)])
    return [
        build(
            two_domains(edition=year),
            pd.DataFrame(
                {name: random.permutation(40) + 1 for name in ("income", "health")}, index=codes
            ),
        )
        for year in ("2019", "2025")
    ]


def test_an_edition_compared_with_itself_has_not_changed_however_much_it_is_doubted(pair):
    found = compare(pair[0], pair[0], same_areas(pair[0].scores.index), draws=100)
    assert (found.table["change"] == NONE).all()
    assert (found.table[["places", "places_low", "places_high"]] == 0).all(axis=None)
    assert found.table["earlier_low"].equals(found.table["later_low"])
    assert found.editions == ("the earlier edition", "the later edition")
    assert len(found.flagged) == 0


def test_without_doubt_every_move_is_flagged_with_its_direction(pair):
    found = compare(*pair, same_areas(pair[0].scores.index), choices=STATED, draws=3)
    table = found.table
    moved = pair[0].ranks - pair[1].ranks
    assert table["places"].tolist() == moved.tolist()
    assert (table["places_low"] == moved).all()
    assert (table["places_high"] == moved).all()
    expected = np.select([moved > 0, moved < 0], [MORE, LESS], NONE)
    assert table["change"].tolist() == expected.tolist()
    assert found.flagged["places"].abs().is_monotonic_decreasing
    assert found.bands().to_numpy().sum() == 40
    assert found.bands().loc[1].sum() == 4


def test_what_is_flagged_lies_apart_and_turning_the_editions_turns_the_words(pair):
    there = compare(*pair, same_areas(pair[0].scores.index), draws=200).table
    apart = (there["later_high"] < there["earlier_low"]) | (
        there["later_low"] > there["earlier_high"]
    )
    assert (there["apart"] == apart).all()
    assert ((there["change"] != NONE) == apart).all()
    assert 0 < apart.sum() < 40
    for name in ("earlier", "later"):
        assert there[f"{name}_rank"].between(there[f"{name}_low"], there[f"{name}_high"]).all()
    back = compare(pair[1], pair[0], same_areas(pair[0].scores.index), draws=200).table
    turned = back["change"].map({MORE: LESS, LESS: MORE, NONE: NONE})
    assert (turned == there["change"]).mean() > 0.95
    assert (back["places"] == -there["places"]).all()


def test_a_wider_choice_never_flags_more(pair):
    bridge_ = same_areas(pair[0].scores.index)
    flagged = [
        (compare(*pair, bridge_, choices=Choices(spread=s), draws=300).table["change"] != NONE)
        for s in (0.0, 0.5, 0.9)
    ]
    counts = [int(column.sum()) for column in flagged]
    assert counts[0] >= counts[1] >= counts[2]


def test_the_sentence_speaks_of_relative_deprivation_and_never_of_a_rise(pair):
    found = compare(*pair, same_areas(pair[0].scores.index), draws=50)
    sentences = found.sentences()
    assert list(sentences.index) == list(found.table.index)
    code = found.flagged.index[0]
    row = found.table.loc[code]
    assert found.sentence(code) == sentences[code]
    assert sentences[code].startswith(f"{row['change']}: ")
    assert re.search(
        r"in 2019 \(between .*\), .* in 2025 \(between .*\) most deprived of 40", sentences[code]
    )
    assert sentences.str.contains("relative to others|no change larger than the doubt").all()
    words = " ".join(sentences)
    assert not re.search(r"depriv\w+ (rose|fell|increased|decreased|grew)", words)
    assert "whether deprivation itself rose or fell they do not say" in found.provenance[-1]
    assert "sampling error of the indicators is left out" in sentences[code]


# Areas that were split or merged.


def edition(definition, values: dict[str, int]):
    table = pd.DataFrame({"income": values, "health": values}, dtype=float)
    return build(definition, table)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1, 2, [MORE, MORE]), (1, 5, [NONE, NONE]), (4, 5, [LESS, LESS])],
)
def test_parts_of_a_split_area_are_flagged_only_where_all_moved_alike(
    two_domains, first, second, expected
):
    rows = [("A", "A", "U"), ("B", "B1", "S"), ("B", "B2", "S"), ("C", "C", "U"), ("D", "D", "U")]
    table = read_change(pd.DataFrame(rows, columns=["earlier_code", "later_code", "kind"]))
    before = edition(two_domains(edition="2019"), {"A": 1, "B": 2, "C": 3, "D": 4})
    rest = iter(sorted({1, 2, 3, 4, 5} - {first, second}))
    places = {"A": next(rest), "B1": first, "B2": second, "C": next(rest), "D": next(rest)}
    if expected == [MORE, MORE]:
        # The whole has to be behind somebody first: B shares rank 2 and 3 of today's five.
        before = edition(two_domains(edition="2019"), {"A": 1, "B": 3, "C": 2, "D": 4})
    after = edition(two_domains(edition="2025"), places)
    joined = bridge(table, before.scores.index, after.scores.index)
    found = compare(before, after, joined, choices=STATED, draws=2)
    assert found.table.loc[["B1", "B2"], "change"].tolist() == expected
    if expected == [NONE, NONE]:
        assert found.table.loc[["B1", "B2"], "apart"].all()
        assert "figure is that of a larger area" in found.sentence("B1")


def test_earlier_scores_are_averaged_by_people_and_ranked_among_todays_areas(two_domains):
    rows = [("A", "AB", "M"), ("B", "AB", "M"), ("C", "C", "U"), ("D", "D", "U")]
    table = read_change(pd.DataFrame(rows, columns=["earlier_code", "later_code", "kind"]))
    definition = two_domains(transform="none", edition="2019")
    scores = pd.DataFrame({"income": [100.0, 0.0, 40.0, 10.0]}, index=list("ABCD"))
    before = build(definition, scores.assign(health=scores["income"]), from_="scores")
    later = pd.DataFrame({"income": [3.0, 2.0, 1.0]}, index=["AB", "C", "D"])
    after = build(
        two_domains(transform="none"), later.assign(health=later["income"]), from_="scores"
    )
    only = Choices(weights=STATED.weights, spread=0.0, scales=("none",), means=("arithmetic",))
    for folk, ranks in (((9, 1), [1, 2, 3]), ((3, 7), [2, 1, 3]), ((1, 99), [3, 1, 2])):
        people = pd.Series({"A": folk[0], "B": folk[1], "C": 1, "D": 1})
        joined = bridge(table, before.scores.index, after.scores.index, earlier_people=people)
        found = compare(before, after, joined, choices=only, draws=2).table
        assert found["earlier_rank"].tolist() == ranks


def test_geometric_draws_are_averaged_as_scores_and_not_as_logarithms(two_domains):
    rows = [("A", "AB", "M"), ("B", "AB", "M"), ("C", "C", "U"), ("D", "D", "U")]
    table = read_change(pd.DataFrame(rows, columns=["earlier_code", "later_code", "kind"]))
    before = edition(two_domains(edition="2019"), {"A": 1, "B": 4, "C": 2, "D": 3})
    after = edition(two_domains(edition="2025"), {"AB": 1, "C": 2, "D": 3})
    joined = bridge(table, before.scores.index, after.scores.index)
    only = Choices(weights=STATED.weights, spread=0.0, scales=("rank",), means=("geometric",))
    found = compare(before, after, joined, choices=only, draws=2).table
    # On 1 + 0.99 x rank scale: A 100, C 75.25, D 50.5, B 25.75; the mean of A and B is 62.9.
    assert found["earlier_low"].tolist() == [2, 1, 3]


def test_counts_alone_raise_few_false_alarms():
    """Two editions drawn from the same rates: what is flagged is less than one in twenty."""
    random = np.random.default_rng(11)
    definition = parse(
        {
            "schema": 1, "id": "one", "title": "One", "edition": "test", "reference": "none",
            "domains": [{"id": "income", "title": "Income", "weight": 1.0, "indicators": ["poor"]}],
            "indicators": [{
                "id": "poor", "title": "Poor", "unit": "%", "kind": "rate", "numerator": "poor",
                "denominator": "people", "per": 100, "direction": "high is worse",
                "source": "none", "vintage": "sa", "date": "2024", "theme": "any",
            }],
        }
    )  # fmt: skip
    codes = pd.Index([f"S{k:03d}" for k in range(100)], name="sa")
    rate = random.uniform(0.05, 0.4, 100)
    flagged = 0
    for seed in range(4):
        tables = [
            pd.DataFrame({"poor": random.binomial(300, rate), "people": 300}, index=codes)
            for _ in range(2)
        ]
        pair = [build(definition, table, from_="indicators") for table in tables]
        found = compare(*pair, same_areas(codes), draws=200, seed=seed)
        assert found.left_out == ()
        flagged += int((found.table["change"] != NONE).sum())
    assert flagged <= 0.05 * 400


def test_a_part_of_the_areas_is_ranked_among_itself(pair):
    bridge_ = same_areas(pair[0].scores.index)
    few = ["S05", "S11", "S30"]
    found = compare(*pair, bridge_, choices=STATED, draws=2, among=few).table
    assert found["later_rank"].tolist() == pair[1].scores[few].rank(ascending=False).tolist()
    assert found["earlier_rank"].tolist() == pair[0].scores[few].rank(ascending=False).tolist()


def test_a_bridge_of_other_areas_and_bad_choices_are_refused(pair):
    with pytest.raises(SeveralFaults) as caught:
        compare(*pair, same_areas(pd.Index(["S00", "S99"])), draws=0, level=2)
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {LookupIncomplete, OptionUnknown}


# England, 2019 to 2025.

WEIGHTS = {
    "income": 0.225, "employment": 0.225, "education": 0.135, "health": 0.135,
    "crime": 0.093, "barriers": 0.093, "living": 0.093,
}  # fmt: skip


@pytest.fixture(scope="module")
def england(realdata, iod2019, iod2025):
    folder = realdata / "england"
    people = pd.read_csv(folder / "population20_lsoa11.csv.gz", dtype={"lsoa11_code": str})
    census = pd.read_csv(folder / "census2021_counts_lsoa21.csv.gz", dtype={"lsoa21_code": str})
    before, after = build("imd2019", iod2019.ranks), build("imd2025", iod2025.ranks)
    joined = bridge(
        read_change(folder / "lookup_lsoa11_lsoa21_change.csv.gz"),
        before.scores.index,
        after.scores.index,
        earlier_people=people.set_index("lsoa11_code")["total_population"],
        later_people=census.set_index("lsoa21_code")["residents"],
    )
    return compare(before, after, joined, draws=200)


@pytest.mark.realdata
@pytest.mark.slow
def test_the_earlier_ranks_of_england_are_those_of_plain_arithmetic(england, realdata, iod2019):
    folder = realdata / "england"
    n = 32_844
    score = sum(
        weight * -23 * np.log(1 - (n + 1 - iod2019.ranks[id]) / n * (1 - np.exp(-100 / 23)))
        for id, weight in WEIGHTS.items()
    )
    people = pd.read_csv(folder / "population20_lsoa11.csv.gz", dtype={"lsoa11_code": str})
    people = people.set_index("lsoa11_code")["total_population"]
    census = pd.read_csv(folder / "census2021_counts_lsoa21.csv.gz", dtype={"lsoa21_code": str})
    census = census.set_index("lsoa21_code")["residents"]
    table = pd.read_csv(folder / "lookup_lsoa11_lsoa21_change.csv.gz", dtype=str)
    table = table[table["lsoa11_code"].isin(score.index)]
    mass = table["lsoa21_code"].map(census)
    share = mass / mass.groupby(table["lsoa11_code"]).transform("sum")
    lives = share * table["lsoa11_code"].map(people)
    top = (lives * table["lsoa11_code"].map(score)).groupby(table["lsoa21_code"]).sum()
    brought = top / lives.groupby(table["lsoa21_code"]).sum()
    # Parts of one area tie, but for the rounding of these sums.
    rank = brought.round(9).rank(ascending=False, method="min")
    mine = england.table["earlier_rank"]
    assert (rank.reindex(mine.index) - mine).abs().max() <= 1
    assert (rank.reindex(mine.index) == mine).mean() > 0.999
    # By hand: E01011973 (72.90, 1,186 people) and E01011976 (61.00, 942) became E01035188.
    assert brought["E01035188"] == pytest.approx((1186 * 72.904910 + 942 * 60.998497) / 2128)
    # E01008187 (31.609, 1,558) lies in E01035637 by 1,089 of 2,646 people, E01027506 whole.
    part = 1558 * 1089 / (1089 + 1557)
    expected = (part * 31.609058 + 1140 * 17.946909) / (part + 1140)
    assert brought["E01035637"] == pytest.approx(expected)
    # E01033468 was split: both parts of today have its score.
    assert brought["E01035189"] == brought["E01035190"] == pytest.approx(70.85149)
    assert mine[["E01035188", "E01035637", "E01035189", "E01035190"]].tolist() == [
        369, 12_462, 248, 248,
    ]  # fmt: skip


@pytest.mark.realdata
@pytest.mark.slow
def test_about_one_area_of_england_in_five_changed_by_more_than_the_doubt(england, realdata):
    table = england.table
    assert table["kind"].value_counts().to_dict() == {"U": 31_810, "S": 1_842, "M": 97, "X": 6}
    # 6,266 with 1,000 draws; intervals of 200 draws are a little narrower or wider.
    assert 5_900 < len(england.flagged) < 6_700
    assert (table["later_decile"] != table["earlier_decile"]).sum() > 2 * len(england.flagged)
    lookup = pd.read_csv(
        realdata / "england" / "lookup_lsoa21_ward24_ltla24.csv.gz", dtype=str
    ).set_index("lsoa21_code")["ltla24_name"]
    bristol = table[table.index.map(lookup) == "Bristol, City of"]
    assert len(bristol) == 268
    assert bristol["kind"].value_counts().to_dict() == {"U": 259, "S": 9}
    flagged = bristol["change"].value_counts()
    assert 90 <= flagged[LESS] <= 110
    assert flagged.get(MORE, 0) <= 2
    # Nothing is flagged of the six areas whose land was redrawn.
    assert (table.loc[table["kind"] == "X", "change"] == NONE).all()

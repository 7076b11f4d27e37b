"""The index from domain ranks or scores: small ones by hand, the official editions row by row."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SeveralFaults
from indices.definitions import load
from indices.errors import (
    CodesNotText,
    DefinitionFault,
    DuplicateCodes,
    EditionMismatch,
    EmptyIndexData,
    IncompleteEdition,
    MissingDomainColumn,
    MissingDomainValue,
    NotANumber,
    NotARanking,
    OptionUnknown,
    RankOutOfRange,
    VintageMismatch,
)
from indices.index import Index, build


def table(**columns: list) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    codes = pd.Index([f"S{position:02d}" for position in range(size)], name="sa")
    return pd.DataFrame(columns, index=codes)


@pytest.fixture
def four(two_domains) -> Index:
    return build(two_domains(), table(income=[1, 2, 3, 4], health=[2, 1, 4, 3]))


def exponential_by_hand(rank: int, n: int) -> float:
    standing = (n + 1 - rank) / n
    return -23 * np.log(1 - standing * (1 - np.exp(-100 / 23)))


def test_a_score_is_the_weighted_sum_of_the_transformed_ranks(four):
    expected = [
        0.6 * exponential_by_hand(a, 4) + 0.4 * exponential_by_hand(b, 4)
        for a, b in [(1, 2), (2, 1), (3, 4), (4, 3)]
    ]
    assert four.scores.tolist() == pytest.approx(expected)


def test_a_complete_edition_has_ranks_and_deciles(four):
    assert four.complete
    assert four.ranks.tolist() == [1, 2, 3, 4]
    assert four.deciles.tolist() == [3, 5, 8, 10]
    assert four.require_complete() is four


def test_areas_with_equal_scores_share_the_best_rank(two_domains):
    data = table(income=[1, 1, 3, 4], health=[1, 1, 3, 4])
    assert build(two_domains(), data).ranks.tolist() == [1, 1, 3, 4]


def test_weights_that_add_up_to_less_than_one_are_used_as_they_are(two_domains):
    data = table(income=[1, 2], health=[1, 2])
    low = [
        {"id": "income", "title": "I", "weight": 0.5},
        {"id": "health", "title": "H", "weight": 0.4},
    ]
    index = build(two_domains(domains=low, weights_total=0.9), data)
    assert index.scores.iloc[0] == pytest.approx(90.0)


def test_scores_are_ranked_by_the_direction_of_their_domain(two_domains):
    domains = [
        {"id": "income", "title": "I", "weight": 0.5},
        {"id": "health", "title": "H", "weight": 0.5, "high_is_worse": False},
    ]
    data = table(income=[30.0, 20.0, 10.0], health=[1.0, 5.0, 9.0])
    index = build(two_domains(domains=domains), data, from_="scores")
    assert index.domain_ranks.to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert index.domain_scores.equals(data)


def test_ranks_and_the_scores_behind_them_give_the_same_index(two_domains):
    scores = table(income=[5.0, 9.0, 9.0, 1.0], health=[0.0, 3.0, 2.0, 1.0])
    ranks = table(income=[3, 1, 1, 4], health=[4, 1, 2, 3])
    a, b = build(two_domains(), scores, from_="scores"), build(two_domains(), ranks)
    assert a.scores.equals(b.scores)
    assert a.to_frame().equals(b.to_frame())


def test_a_part_of_an_edition_has_the_scores_of_the_whole(two_domains):
    definition = two_domains(n_areas=6)
    data = table(income=[1, 2, 3, 4, 5, 6], health=[2, 1, 4, 3, 6, 5])
    whole = build(definition, data)
    part = build(definition, data.iloc[[1, 3]])
    assert part.scores.equals(whole.scores.iloc[[1, 3]])
    assert part.domain_deciles.equals(whole.domain_deciles.iloc[[1, 3]])
    assert part.local_rank.tolist() == [1, 2]
    assert part.n == 6
    assert not part.complete


def test_a_part_of_an_edition_refuses_overall_ranks_and_leaves_them_missing_in_the_table(
    two_domains,
):
    part = build(two_domains(n_areas=6), table(income=[2, 4], health=[1, 3]))
    assert part.ranks is None
    assert part.deciles is None
    with pytest.raises(IncompleteEdition, match="2 areas at hand of 6"):
        part.require_complete()
    frame = part.to_frame()
    assert frame["rank"].isna().all()
    assert frame["decile"].isna().all()
    assert frame["local_rank"].tolist() == [1, 2]


def test_published_ranks_give_a_part_of_an_edition_its_ranks_and_deciles(two_domains):
    published = pd.Series({"S01": 4, "S00": 1, "S07": 6}).rename_axis("sa")
    data = table(income=[2, 4], health=[1, 3])
    part = build(two_domains(n_areas=6), data, published_ranks=published)
    assert part.ranks.tolist() == [1, 4]
    assert part.deciles.tolist() == [2, 7]
    assert part.require_complete() is part
    with pytest.raises(MissingDomainValue, match="S01"):
        build(two_domains(n_areas=6), data, published_ranks=published.drop("S01"))


def test_scores_of_a_part_of_an_edition_cannot_be_ranked(two_domains):
    with pytest.raises(IncompleteEdition, match="2 areas at hand of 6"):
        build(two_domains(n_areas=6), table(income=[2.0, 4], health=[1.0, 3]), from_="scores")


def test_n_can_be_given_where_the_definition_has_none_and_must_agree_where_it_has(two_domains):
    data = table(income=[2, 4], health=[1, 3])
    assert build(two_domains(), data, n=6).n == 6
    with pytest.raises(EditionMismatch, match="n is 7"):
        build(two_domains(n_areas=6), data, n=7)
    with pytest.raises(EditionMismatch, match="2 areas given"):
        build(two_domains(n_areas=1), data)


def test_the_table_has_the_columns_that_other_floors_read(four):
    assert list(four.to_frame().columns) == [
        "score", "rank", "decile", "local_rank",
        "income_rank", "income_transformed", "income_decile",
        "health_rank", "health_transformed", "health_decile",
    ]  # fmt: skip
    assert four.to_frame().index.name == four.layer == "sa"
    assert pd.api.types.is_integer_dtype(four.to_frame()["income_rank"])


def test_the_index_tells_what_it_holds(four, two_domains):
    assert repr(four) == "<Index small, complete, 2 domains>"
    part = build(two_domains(n_areas=6), table(income=[2, 4], health=[1, 3]))
    assert "2 of 6 areas" in repr(part)
    assert any("2 of the edition's 6 areas" in line for line in part.provenance)


def test_building_leaves_the_data_as_they_were_and_ignores_other_columns(two_domains):
    data = table(name=["a", "b"], health=[1, 2], income=["2", " 1 "])
    before = data.copy()
    index = build(two_domains(), data)
    assert data.equals(before)
    assert index.domain_ranks["income"].tolist() == [2, 1]


def test_the_rank_transform_spreads_the_ranks_evenly_and_none_keeps_the_scores(two_domains):
    data = table(income=[1, 2, 3, 4], health=[1, 2, 3, 4])
    assert build(two_domains(transform="rank"), data).scores.tolist() == [100, 75, 50, 25]
    raw = build(two_domains(transform="none"), data, from_="scores")
    assert raw.scores.tolist() == pytest.approx([1, 2, 3, 4])
    with pytest.raises(DefinitionFault, match="none"):
        build(two_domains(transform="none"), data)


@given(st.permutations(list(range(6))))
def test_the_order_of_the_rows_changes_nothing(order):
    data = table(income=[1, 2, 3, 4, 5, 6], health=[2, 1, 4, 3, 6, 5])
    data["employment"] = data["education"] = data["crime"] = data["income"]
    data["barriers"] = data["living"] = data["health"]
    definition = load("imd2019").model_copy(update={"n_areas": 6, "layer": None, "codes": None})
    whole = build(definition, data).to_frame()
    shuffled = build(definition, data.iloc[order]).to_frame()
    assert shuffled.loc[whole.index].equals(whole)


def test_ties_can_share_the_average_of_their_ranks(two_domains):
    data = table(income=[1.5, 1.5, 3], health=[1.5, 1.5, 3])
    index = build(two_domains(ties="average"), data)
    assert index.ranks.tolist() == [1.5, 1.5, 3.0]
    assert index.to_frame()["rank"].tolist() == [1.5, 1.5, 3.0]
    assert index.domain_ranks["income"].tolist() == [1.5, 1.5, 3.0]
    assert index.deciles.tolist() == [5, 5, 10]


WITH_PARTS = [
    {
        "id": "income",
        "title": "Income",
        "weight": 0.5,
        "subdomains": [
            {"id": "young", "title": "Y", "weight": 0.75},
            {"id": "old", "title": "O", "weight": 0.25, "high_is_worse": False},
        ],
    },
    {"id": "health", "title": "Health", "weight": 0.5},
]


def test_a_domain_without_a_column_is_made_from_its_subdomains(two_domains):
    definition = two_domains(domains=WITH_PARTS)
    index = build(definition, table(young=[2, 1, 4, 3], old=[1, 2, 3, 4], health=[1, 2, 3, 4]))
    expected = [
        0.75 * exponential_by_hand(young, 4) + 0.25 * exponential_by_hand(old, 4)
        for young, old in [(2, 1), (1, 2), (4, 3), (3, 4)]
    ]
    assert index.domain_scores["income"].tolist() == pytest.approx(expected)
    assert list(index.domain_scores) == ["income"]
    assert index.domain_ranks["income"].tolist() == [2, 1, 4, 3]


def test_subdomain_scores_are_ranked_by_their_own_direction(two_domains):
    definition = two_domains(domains=WITH_PARTS)
    ranks = table(young=[2, 1, 4, 3], old=[1, 2, 3, 4], health=[1, 2, 3, 4])
    scores = table(young=[7.0, 9, 1, 2], old=[1.0, 2, 3, 4], health=[9.0, 8, 7, 6])
    a = build(definition, ranks)
    b = build(definition, scores, from_="scores")
    assert a.scores.equals(b.scores)


def test_a_domain_column_goes_before_its_subdomains(two_domains):
    data = table(young=[2, 1], old=[1, 2], health=[1, 2], income=[1, 2])
    assert build(two_domains(domains=WITH_PARTS), data).domain_ranks["income"].tolist() == [1, 2]


def test_subdomains_of_a_part_of_an_edition_cannot_make_a_domain(two_domains):
    definition = two_domains(domains=WITH_PARTS, n_areas=9)
    with pytest.raises(IncompleteEdition, match="income"):
        build(definition, table(young=[2, 1], old=[1, 3], health=[1, 2]))


def test_a_domain_with_only_some_of_its_subdomains_is_missing(two_domains):
    with pytest.raises(MissingDomainColumn, match=r"income \(or young and old\)"):
        build(two_domains(domains=WITH_PARTS), table(young=[2, 1], health=[1, 2]))


# What is wrong with the input, each with an error of its own.


def test_a_missing_domain_value_names_the_area_and_the_domain(two_domains):
    with pytest.raises(MissingDomainValue, match=r"column health.*S01"):
        build(two_domains(), table(income=[1, 2], health=[1, None]))
    with pytest.raises(MissingDomainValue, match=r"column health.*S01"):
        build(two_domains(), table(income=["1", "2"], health=["1", " "]))


def test_a_missing_domain_column_is_named_with_the_columns_there_are(two_domains):
    with pytest.raises(MissingDomainColumn, match=r"helth.*health"):
        build(two_domains(), table(income=[1, 2], helth=[1, 2]))


def test_a_value_that_is_no_number_is_named(two_domains):
    with pytest.raises(NotANumber, match=r"S01 = 'two'"):
        build(two_domains(), table(income=["1", "two"], health=[1, 2]))
    with pytest.raises(NotANumber, match="infinite"):
        build(two_domains(), table(income=[1.0, np.inf], health=[1, 2]), from_="scores")


def test_codes_must_be_text_unique_and_there(two_domains):
    data = table(income=[1, 2], health=[1, 2])
    with pytest.raises(CodesNotText, match="integer"):
        build(two_domains(), data.set_axis([101, 102]))
    with pytest.raises(CodesNotText, match="empty"):
        build(two_domains(), data.set_axis(["a", " "]))
    with pytest.raises(CodesNotText, match="without a code"):
        build(two_domains(), data.set_axis(["a", None]))
    with pytest.raises(DuplicateCodes, match="a"):
        build(two_domains(), data.set_axis(["a", "a"]))
    with pytest.raises(EmptyIndexData):
        build(two_domains(), data.iloc[:0])


def test_leading_zeros_of_codes_survive(two_domains):
    data = table(income=[1, 2], health=[1, 2]).set_axis(["01001", "01002"])
    assert build(two_domains(), data).to_frame().index.tolist() == ["01001", "01002"]


def test_ranks_that_are_no_ranking_of_the_edition_are_refused(two_domains):
    with pytest.raises(NotARanking, match="column health"):
        build(two_domains(), table(income=[1, 2, 3], health=[1, 1, 2]))
    with pytest.raises(RankOutOfRange, match="S02 = 4"):
        build(two_domains(), table(income=[1, 2, 3], health=[1, 2, 4]))


def test_local_ranks_given_as_edition_ranks_are_refused(two_domains):
    data = table(income=[1, 2, 3, 4], health=[4, 3, 2, 1])
    with pytest.raises(NotARanking, match="exactly the 4 areas at hand"):
        build(two_domains(n_areas=100), data)


def test_an_unknown_way_of_building_is_refused(two_domains):
    with pytest.raises(OptionUnknown, match="rates"):
        build(two_domains(), table(income=[1], health=[1]), from_="rates")


def test_values_of_another_layer_are_refused_by_both_names(two_domains):
    with pytest.raises(VintageMismatch, match=r"'sa'.*'lsoa21'"):
        build(two_domains(layer="lsoa21"), table(income=[1], health=[1]))


def test_every_fault_of_a_table_is_raised_at_once(two_domains):
    data = table(income=["x", "2"], helth=[1, 2]).set_axis(["a", "a"])
    with pytest.raises(SeveralFaults) as caught:
        build(two_domains(), data)
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {DuplicateCodes, MissingDomainColumn, NotANumber}


# The official editions.


@pytest.mark.realdata
def test_iod2025_scores_ranks_and_deciles_are_those_published(iod2025):
    index = build("imd2025", iod2025.ranks)
    published = iod2025.table
    assert (index.scores - published["IMD_score"]).abs().max() <= 0.001
    assert (index.ranks == published["IMD_rank"]).mean() >= 0.999
    assert (index.deciles == published["IMD_decile"]).all()
    assert (index.domain_deciles == iod2025.deciles).all(axis=None)
    assert index.complete


@pytest.mark.realdata
def test_iod2025_from_domain_scores_has_the_deciles_published(iod2025):
    # Published domain scores are rounded, so that ranks near a tie may move a little.
    index = build("imd2025", iod2025.scores, from_="scores")
    assert (index.deciles == iod2025.table["IMD_decile"]).mean() > 0.995
    assert (index.scores - iod2025.table["IMD_score"]).abs().max() < 0.5


@pytest.mark.realdata
def test_a_city_alone_has_the_scores_and_domain_deciles_of_the_whole_edition(iod2025, realdata):
    whole = build("imd2025", iod2025.ranks)
    path = realdata / "cities" / "bristol.gpkg"
    city = gpd.read_file(path, layer="lsoa21_imd2025_ward24", ignore_geometry=True)
    codes = pd.Index(city["LSOA21CD"], name="lsoa21")
    part = build("imd2025", iod2025.ranks.loc[codes])
    assert part.scores.equals(whole.scores.loc[codes])
    assert np.abs(part.scores.to_numpy() - city["IMD_score"].to_numpy()).max() <= 0.001
    assert (part.domain_deciles == iod2025.deciles.loc[codes]).all(axis=None)
    assert part.local_rank.max() <= len(codes)
    with pytest.raises(IncompleteEdition):
        part.require_complete()
    published = iod2025.table["IMD_rank"]
    ranked = build("imd2025", iod2025.ranks.loc[codes], published_ranks=published)
    assert (ranked.deciles == iod2025.table["IMD_decile"].loc[codes]).all()


@pytest.mark.realdata
def test_iod2019_transformed_scores_are_those_of_file_9_and_add_up_to_the_score(
    iod2019, realdata: Path
):
    index = build("imd2019", iod2019.ranks)
    file9 = pd.read_excel(
        realdata / "england" / "imd2019_file9_transformed.xlsx", sheet_name=1, dtype={0: str}
    )
    file9 = file9.set_index(file9.columns[0]).iloc[:, 3:]
    file9.columns = index.definition.domain_ids
    assert (index.domain_transformed - file9.loc[index.scores.index]).abs().max(axis=None) <= 0.005
    # Seven published values, each rounded, are added up here: hence a little more than 0.0008.
    score9 = file9 @ load("imd2019").weights
    assert (index.scores - score9.loc[index.scores.index]).abs().max() <= 0.0012


@pytest.mark.realdata
@pytest.mark.parametrize("city", ["bristol", "newcastle_upon_tyne", "sunderland", "stoke_on_trent"])
def test_iod2019_scores_of_a_city_alone_are_those_published(iod2019, realdata: Path, city):
    path = realdata / "cities" / f"{city}.gpkg"
    published = gpd.read_file(path, layer="lsoa11_imd2019", ignore_geometry=True)
    published = published.set_index(published["LSOA11CD"].rename("lsoa11"))
    index = build("imd2019", iod2019.ranks.loc[published.index])
    assert (index.scores - published["imd2019_score"]).abs().max() <= 0.0008


@pytest.mark.realdata
def test_iod2019_overall_deciles_are_those_of_file_1(iod2019, realdata: Path):
    index = build("imd2019", iod2019.ranks)
    file1 = pd.read_excel(
        realdata / "england" / "imd2019_file1_ranks.xlsx", sheet_name="IMD2019", dtype={0: str}
    )
    file1 = file1.set_index(file1.columns[0]).loc[index.scores.index]
    assert (index.deciles == file1.iloc[:, 4]).all()
    assert (index.ranks == file1.iloc[:, 3]).mean() > 0.995
    assert (index.ranks - file1.iloc[:, 3]).abs().max() <= 2
    assert (index.domain_deciles == iod2019.deciles).all(axis=None)


@pytest.mark.realdata
def test_iod2019_domains_made_from_subdomains_are_those_published(iod2019, realdata: Path):
    path = realdata / "england" / "imd2019_subdomains_lsoa11.csv.gz"
    parts = pd.read_csv(path, dtype={"lsoa11_code": str}).set_index("lsoa11_code")
    parts.columns = [column.lower().removesuffix("_rank") for column in parts.columns]
    data = iod2019.ranks.drop(columns=["education", "barriers", "living"])
    index = build("imd2019", data.join(parts.drop(columns="education")))
    for id in ("education", "barriers", "living"):
        away = (index.domain_ranks[id] - iod2019.ranks[id]).abs()
        # Published ranks have ties that the unrounded scores behind them did not have.
        assert away.max() <= 2, id
        assert (away == 0).mean() > 0.996, id
        assert (index.domain_deciles[id] == iod2019.deciles[id]).mean() > 0.9999, id
    assert (index.deciles == build("imd2019", iod2019.ranks).deciles).mean() > 0.9999


@pytest.mark.realdata
def test_iod2025_domains_made_from_subdomains_are_those_published(iod2025, realdata: Path):
    path = realdata / "england" / "imd2025_subdomains_lsoa21.csv.gz"
    parts = pd.read_csv(path, dtype={"lsoa21_code": str}).set_index("lsoa21_code")
    parts = parts.filter(like="_rank").rename(columns=lambda column: column.removesuffix("_rank"))
    data = iod2025.ranks.drop(columns=["education", "barriers", "living"])
    index = build("imd2025", data.join(parts))
    for id in ("education", "barriers", "living"):
        assert (index.domain_scores[id] - iod2025.scores[id]).abs().max() <= 0.0015, id
        assert (index.domain_ranks[id] - iod2025.ranks[id]).abs().max() <= 1, id
        assert (index.domain_deciles[id] == iod2025.deciles[id]).all(), id
    assert (index.deciles == iod2025.table["IMD_decile"]).all()


@pytest.mark.realdata
def test_areas_of_one_edition_are_refused_by_another(iod2019, iod2025):
    with pytest.raises(VintageMismatch, match=r"'lsoa11'.*'lsoa21'"):
        build("imd2025", iod2019.ranks)
    with pytest.raises(VintageMismatch, match="E01033769"):
        build("imd2019", iod2025.ranks.rename_axis(None))
    # Without a name the codes of 2011 look like those of 2021; their complete ranks do not.
    with pytest.raises(NotARanking, match="32,844"):
        build("imd2025", iod2019.ranks.rename_axis(None))

"""Summaries for higher areas: drawn ones by hand and by brute force, districts as published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from geo.errors import SeveralFaults
from indices.errors import (
    DuplicateCodes,
    EmptyIndexData,
    IncompleteEdition,
    OptionUnknown,
    PartlyIndexedArea,
    PopulationFault,
    UnplacedAreas,
    VintageMismatch,
)
from indices.index import build
from indices.summaries import MEASURES, extent_weight, summarise, summarise_values

CODES = pd.Index(["a", "b", "c", "d"], name="sa")


def series(values: list, name: str | None = None) -> pd.Series:
    return pd.Series(values, index=CODES, name=name)


LOOKUP = series(["east", "east", "west", "west"], "ward")
PEOPLE = series([10.0, 30.0, 20.0, 0.0])
RANKS = series([1.0, 4.0, 2.0, 3.0])


def crosswalk(mass: list[list[float]]) -> Crosswalk:
    table = csr_array(np.array(mass))
    return Crosswalk(
        mass=table,
        source_mass=np.array(mass).sum(axis=1),
        sources=CODES,
        targets=pd.Index(["east", "west"], name="ward"),
        unit="m2",
        method="area",
    )


def test_average_rank_and_score_are_population_weighted_means():
    table = summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS, scores=series([9.0, 1.0, 5.0, 7.0]))
    # Rank 1 of 4 counts 4: (10 x 4 + 30 x 1) / 40, and (20 x 3 + 0 x 2) / 20.
    assert table["average_rank"].to_dict() == {"east": 1.75, "west": 3.0}
    assert table["average_score"].to_dict() == {"east": 3.0, "west": 5.0}
    assert table["rank_of_average_rank"].to_dict() == {"east": 2, "west": 1}
    assert table["population"].to_dict() == {"east": 40, "west": 20}
    assert table["areas"].to_dict() == {"east": 2, "west": 2}
    assert table.index.name == "ward"


def test_proportion_counts_areas_and_not_people():
    ranks = series([1.0, 20.0, 11.0, 30.0])
    table = summarise_values(LOOKUP, PEOPLE, n=100, ranks=ranks)
    assert table["proportion"].to_dict() == {"east": 0.5, "west": 0.0}


@pytest.mark.parametrize(
    ("rank", "weight"), [(1, 1), (100, 1), (101, 0.95), (110, 0.95), (300, 0.05), (301, 0)]
)
def test_extent_falls_from_the_tenth_to_the_thirtieth_percentile(rank, weight):
    assert extent_weight(np.array([float(rank)]), 1000)[0] == pytest.approx(weight)


def test_local_concentration_takes_exactly_a_tenth_of_the_people_the_last_area_in_part():
    people = series([3.0, 5.0, 92.0, 40.0])
    lookup = series(["all", "all", "all", "all"], "ward")
    table = summarise_values(lookup, people, n=10, ranks=series([2.0, 1.0, 6.0, 9.0]))
    # A tenth of 140 is 14: 5 people of rank 1 (10), 3 of rank 2 (9), 6 of the 92 of rank 6 (5).
    assert table["local_concentration"]["all"] == pytest.approx((5 * 10 + 3 * 9 + 6 * 5) / 14)


def brute_concentration(members: list[tuple[float, float]], n: int) -> float:
    """Walk through the areas, worst first, until a tenth of the people is reached."""
    left = tenth = sum(people for _, people in members) / 10
    total = 0.0
    for rank, people in sorted(members):
        taken = min(people, left)
        total += taken * (n + 1 - rank)
        left -= taken
    return total / tenth


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(1, 500), st.sampled_from("xyz")),
        min_size=1,
        max_size=30,
    )
)
def test_local_concentration_is_that_of_a_walk_through_the_areas(rows):
    codes = pd.Index([f"S{i}" for i in range(len(rows))], name="sa")
    ranks, people, parent = (
        pd.Series([row[k] for row in rows], index=codes, name="ward") for k in range(3)
    )
    table = summarise_values(parent, people, n=50, ranks=ranks)
    for ward in set(parent):
        members = [(rank, persons) for rank, persons, where in rows if where == ward]
        assert table["local_concentration"][ward] == pytest.approx(brute_concentration(members, 50))


def test_a_crosswalk_splits_an_area_between_two_higher_ones():
    halves = crosswalk([[4, 0], [1, 3], [0, 2], [0, 2]])
    scores = series([8.0, 4.0, 2.0, 1.0])
    table = summarise_values(halves, PEOPLE, n=4, ranks=RANKS, scores=scores)
    # b has 30 people, a quarter in the east.
    assert table["average_score"]["east"] == pytest.approx((10 * 8 + 7.5 * 4) / 17.5)
    assert table["average_score"]["west"] == pytest.approx((22.5 * 4 + 20 * 2) / 42.5)
    assert table["areas"].to_dict() == {"east": 1.25, "west": 2.75}


def test_a_crosswalk_of_whole_areas_is_a_lookup():
    whole = crosswalk([[4, 0], [4, 0], [0, 2], [0, 9]])
    expected = summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS)
    pd.testing.assert_frame_equal(summarise_values(whole, PEOPLE, n=4, ranks=RANKS), expected)


def test_a_higher_area_without_people_or_without_areas_is_missing_and_never_zero():
    lookup = pd.Series(
        {"a": "east", "b": "east", "c": "west", "d": "north", "e": "south"}, name="ward"
    )
    table = summarise_values(lookup.rename_axis("sa"), PEOPLE, n=4, ranks=RANKS)
    assert table.loc["north", ["average_rank", "extent", "local_concentration"]].isna().all()
    assert table.loc["north", "proportion"] == 0  # a count of areas needs no people
    assert table.loc["south", list(MEASURES)].isna().all()
    assert table.loc["south", "rank_of_average_rank"] is pd.NA
    assert table.loc["south", "areas"] == 0


def test_a_part_of_an_edition_has_average_scores_and_nothing_that_needs_overall_ranks(two_domains):
    data = pd.DataFrame({"income": [1, 4, 2, 9], "health": [3, 1, 5, 7]}, index=CODES)
    part = build(two_domains(n_areas=20), data)
    table = summarise(part, LOOKUP, PEOPLE)
    assert table["average_score"].notna().all()
    assert (
        table[["average_rank", "proportion", "extent", "local_concentration"]].isna().all(axis=None)
    )
    with pytest.raises(IncompleteEdition, match="4 areas at hand of 20"):
        summarise(part, LOOKUP, PEOPLE, measures=["average_score", "average_rank"])
    only = summarise(part, LOOKUP, PEOPLE, measures=["average_score"])
    assert [column for column in only if column in MEASURES] == ["average_score"]


def test_a_domain_is_summarised_by_its_own_ranks_and_scores(two_domains):
    data = pd.DataFrame({"income": [0.4, 0.1, 0.3, 0.2], "health": [1.0, 2, 3, 4]}, index=CODES)
    index = build(two_domains(), data, from_="scores")
    table = summarise(index, LOOKUP, PEOPLE, domain="income")
    assert table["average_score"]["east"] == pytest.approx((10 * 0.4 + 30 * 0.1) / 40)
    assert table["average_rank"]["east"] == 1.75
    ranked = build(two_domains(), index.domain_ranks)
    assert summarise(ranked, LOOKUP, PEOPLE, domain="income")["average_score"].isna().all()


def test_an_area_outside_every_higher_area_is_refused_or_left_out_when_asked():
    lookup = LOOKUP.copy()
    lookup["b"] = None
    with pytest.raises(UnplacedAreas, match="b"):
        summarise_values(lookup, PEOPLE, n=4, ranks=RANKS)
    with pytest.raises(UnplacedAreas, match="b"):
        summarise_values(lookup.drop("b"), PEOPLE, n=4, ranks=RANKS)
    table = summarise_values(lookup, PEOPLE, n=4, ranks=RANKS, unplaced="report")
    assert table["average_rank"]["east"] == 4.0


def test_a_higher_area_with_unindexed_areas_is_refused_or_reported_with_its_share():
    with pytest.raises(PartlyIndexedArea, match="east"):
        summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS.drop("b"))
    table = summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS.drop("b"), partial="report")
    assert table["indexed"].to_dict() == {"east": 0.5, "west": 1.0}


def test_a_sliver_of_a_neighbour_does_not_make_a_higher_area_partial():
    slivers = crosswalk([[40, 0], [40, 0], [0, 40], [1, 40]])
    table = summarise_values(slivers, PEOPLE, n=4, ranks=RANKS.drop(["c", "d"]))
    assert table["indexed"]["east"] == pytest.approx(80 / 81)
    assert np.isnan(table["average_rank"]["west"])


def test_populations_must_be_there_for_every_area_and_not_negative():
    people = PEOPLE.copy()
    people["a"], people["b"] = np.nan, -1
    with pytest.raises(SeveralFaults) as caught:
        summarise_values(LOOKUP, people, n=4, ranks=RANKS)
    assert [type(fault) for fault in caught.value.faults] == [PopulationFault, PopulationFault]
    with pytest.raises(PopulationFault, match="missing"):
        summarise_values(LOOKUP, PEOPLE.drop("c"), n=4, ranks=RANKS)
    with pytest.raises(DuplicateCodes):
        summarise_values(LOOKUP, pd.concat([PEOPLE, PEOPLE]), n=4, ranks=RANKS)


def test_lookups_and_populations_of_another_vintage_are_refused():
    with pytest.raises(VintageMismatch, match="lsoa11"):
        summarise_values(LOOKUP.rename_axis("lsoa11"), PEOPLE, n=4, ranks=RANKS)
    with pytest.raises(VintageMismatch, match="lsoa11"):
        summarise_values(LOOKUP, PEOPLE.rename_axis("lsoa11"), n=4, ranks=RANKS)


def test_unknown_measures_and_nothing_to_summarise_are_refused():
    with pytest.raises(OptionUnknown, match="median"):
        summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS, measures=["median"])
    with pytest.raises(EmptyIndexData):
        summarise_values(LOOKUP, PEOPLE, n=4)
    with pytest.raises(IncompleteEdition):
        summarise_values(LOOKUP, PEOPLE, n=4, ranks=RANKS, measures=["average_score"])


FILE10_TOLERANCE = {
    "average_rank": 0.14,
    "average_score": 0.0006,
    "proportion": 0.00006,
    "extent": 0.00006,
    "local_concentration": 0.19,
}


@pytest.mark.realdata
def test_the_317_districts_of_2019_are_those_of_file_10(iod2019, file6, realdata):
    published = pd.read_excel(
        realdata / "england" / "imd2019_file10_lad_summaries.xlsx", sheet_name="IMD", index_col=0
    )
    index = build("imd2019", iod2019.ranks, published_ranks=iod2019.table["IMD_rank"])
    table = summarise(index, file6["lad19"], file6["people"])
    published = published.loc[table.index]
    assert len(table) == 317
    for position, measure in enumerate(MEASURES):
        value, rank = published.iloc[:, 1 + 2 * position], published.iloc[:, 2 + 2 * position]
        assert (table[measure] - value).abs().max() <= FILE10_TOLERANCE[measure], measure
        moved = (table[f"rank_of_{measure}"] - rank).abs()
        # Local concentrations of two pairs of districts differ by less than their rounding.
        assert (moved > 0).sum() <= (2 if measure == "local_concentration" else 0), measure
        assert moved.max() <= 1


DOMAIN_SHEETS = {
    "Income": ("income", "people"),
    "Employment": ("employment", "working_age"),
    "Education": ("education", "people"),
    "Health": ("health", "people"),
    "Crime": ("crime", "people"),
    "Barriers": ("barriers", "people"),
    "Living": ("living", "people"),
}


@pytest.fixture(scope="module")
def file10(realdata) -> dict[str, pd.DataFrame]:
    path = realdata / "england" / "imd2019_file10_lad_summaries.xlsx"
    return pd.read_excel(path, sheet_name=list(DOMAIN_SHEETS), index_col=0)


@pytest.fixture(scope="module")
def iod2019_with_subdomains(iod2019, realdata):
    path = realdata / "england" / "imd2019_subdomains_lsoa11.csv.gz"
    parts = pd.read_csv(path, dtype={"lsoa11_code": str}).set_index("lsoa11_code")
    parts.columns = [column.lower().removesuffix("_rank") for column in parts.columns]
    data = iod2019.ranks.drop(columns=["education", "barriers", "living"])
    return build("imd2019", data.join(parts.drop(columns="education")))


@pytest.mark.realdata
@pytest.mark.parametrize("sheet", DOMAIN_SHEETS)
def test_the_domain_sheets_of_file_10_have_our_average_ranks_and_proportions(
    iod2019, file6, file10, sheet
):
    domain, people = DOMAIN_SHEETS[sheet]
    index = build("imd2019", iod2019.ranks)
    table = summarise(index, file6["lad19"], file6[people], domain=domain)
    published = file10[sheet].loc[table.index]
    assert (table["average_rank"] - published.iloc[:, 1]).abs().max() <= 0.24
    assert (table["rank_of_average_rank"] - published.iloc[:, 2]).abs().max() <= 1
    assert (table["proportion"] - published.iloc[:, 5]).abs().max() <= 0.00006
    assert (table["rank_of_proportion"] == published.iloc[:, 6]).all()


@pytest.mark.realdata
@pytest.mark.parametrize("sheet", ["Education", "Barriers", "Living"])
def test_average_scores_of_domains_made_from_subdomains_are_those_of_file_10(
    iod2019_with_subdomains, file6, file10, sheet
):
    domain, people = DOMAIN_SHEETS[sheet]
    table = summarise(iod2019_with_subdomains, file6["lad19"], file6[people], domain=domain)
    published = file10[sheet].loc[table.index]
    assert (table["average_score"] - published.iloc[:, 3]).abs().max() <= 0.0007
    assert (table["rank_of_average_score"] == published.iloc[:, 4]).all()


# Numerators were published rounded to 5, and left out below 10: what they leave open.
ROUNDED_BY, HIDDEN_UP_TO = 2.5, 7.5


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("sheet", "column", "people", "tolerance"),
    [
        ("Income", "income_domain_numerator", "people", 0.0015),
        ("Employment", "employment_domain_numerator", "working_age", 0.0011),
        (
            "IDACI",
            "income_deprivation_affecting_children_index_idaci_numerator",
            "children",
            0.0105,
        ),
        (
            "IDAOPI",
            "income_deprivation_affecting_older_people_index_idaopi_numerator",
            "older",
            0.0038,
        ),
    ],
)
def test_average_scores_of_counted_domains_are_those_of_file_10_as_far_as_counts_are_published(
    realdata, file6, sheet, column, people, tolerance
):
    counts = pd.read_csv(
        realdata / "england" / "imd2019_indicators_lsoa11.csv.gz",
        usecols=["lsoa11_code", column],
        dtype={"lsoa11_code": str},
        index_col="lsoa11_code",
    )[column].rename_axis("lsoa11")
    file10 = pd.read_excel(
        realdata / "england" / "imd2019_file10_lad_summaries.xlsx", sheet_name=sheet, index_col=0
    )

    def average(numerator: pd.Series) -> pd.Series:
        rate = numerator / file6[people].loc[numerator.index]
        table = summarise_values(file6["lad19"], file6[people], n=len(rate), scores=rate)
        return table["average_score"]

    published = file10.iloc[:, 3].loc[sorted(file10.index)]
    rounding = 0.0005
    middle = average(counts.fillna(HIDDEN_UP_TO - ROUNDED_BY))
    assert (middle - published).abs().max() <= tolerance
    assert (average((counts - ROUNDED_BY).fillna(0.0)) <= published + rounding).all()
    assert (average((counts + ROUNDED_BY).fillna(HIDDEN_UP_TO)) >= published - rounding).all()

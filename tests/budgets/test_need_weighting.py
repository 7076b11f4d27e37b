"""People weighed by age, need and cost add up to the people, and every factor is seen."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import errors, need_errors
from budgets.need_population import Population
from budgets.need_practices import WEIGHTED, read_practices
from budgets.need_weighting import area_fund, mixed, need_index, seen, weighted_population

FILE = "spend/nhs_gp_practice_weighted_population_2025_26.csv"


def by_area(*values: float, layer: str = "sa", codes: str = "abcdefgh") -> pd.Series:
    return pd.Series(values, index=pd.Index(list(codes[: len(values)]), name=layer), dtype=float)


def near(values: Any) -> Any:
    return pytest.approx(list(values), rel=1e-9, abs=1e-9)


# ------------------------------------------------------------------------- weighted people


def test_people_are_weighed_by_age_need_and_area_cost_as_on_paper() -> None:
    people = pd.DataFrame({"young": by_area(80, 20), "old": by_area(20, 80)})
    table = weighted_population(
        people,
        age_cost={"young": 1, "old": 4},
        need=by_area(1.5, 1.0),
        area_cost=by_area(1.0, 1.1),
    )
    # 80 + 80 = 160 x 1.5 = 240; 20 + 320 = 340 x 1.1 = 374; 200 people over 614.
    assert table["weighted_people"].tolist() == near([240 * 200 / 614, 374 * 200 / 614])
    # The average person costs 500 / 200.
    assert table["age_index"].tolist() == near([1.6 / 2.5, 3.4 / 2.5])
    assert table["need_index"].tolist() == near([1.2, 0.8])
    assert table["index"].tolist() == near([240 * 2 / 614, 374 * 2 / 614])


def test_without_weights_people_are_themselves() -> None:
    table = weighted_population(by_area(3, 0, 7))
    assert table["weighted_people"].tolist() == [3, 0, 7]
    assert table["index"].tolist() == [1, 1, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 500), st.floats(0.1, 4), st.floats(0.8, 1.3)),
        min_size=1,
        max_size=8,
    ).filter(lambda rows: any(a + b for a, b, _, _ in rows))
)
def test_weighted_people_add_up_to_the_people(rows: list[tuple[int, int, float, float]]) -> None:
    people = pd.DataFrame({i: by_area(*(r[i] for r in rows)) for i in (0, 1)})
    need, cost = by_area(*(r[2] for r in rows)), by_area(*(r[3] for r in rows))
    table = weighted_population(people, age_cost={0: 1.0, 1: 3.0}, need=need, area_cost=cost)
    assert table["weighted_people"].sum() == pytest.approx(table["people"].sum(), rel=1e-12)
    each = table[["age_index", "need_index", "cost_index"]].prod(axis=1) * table["people"]
    part = each / each.sum() * table["people"].sum()
    assert part.tolist() == near(table["weighted_people"])
    # Twice as dear everywhere is no dearer anywhere.
    again = weighted_population(people, age_cost={0: 2, 1: 6}, need=need * 3, area_cost=cost * 2)
    assert again["weighted_people"].tolist() == near(table["weighted_people"])


def test_weights_that_do_not_fit_are_refused() -> None:
    people = pd.DataFrame({"young": by_area(1, 2), "old": by_area(1, 2)})
    for cost in ({"young": 1}, {"young": 1, "old": -1}, {"young": 0, "old": 0}):
        with pytest.raises(need_errors.WeightsDoNotFit):
            weighted_population(people, age_cost=cost)
    with pytest.raises(errors.NeedMissing, match="b"):
        weighted_population(people, need=by_area(1.0))
    with pytest.raises(errors.NothingToShareBy):
        weighted_population(people * 0)
    with pytest.raises(errors.NothingToShareBy):
        weighted_population(people, need=by_area(0, 0))
    with pytest.raises(errors.PeopleNotUsable):
        weighted_population(-people)


# ------------------------------------------------------------------------------ area fund


def test_an_area_fund_gives_fixed_elements_and_shares_the_rest() -> None:
    # 1000 less 3 x 100; a quarter by need (30, 20, 10 of 60), the rest by people.
    found = area_fund(
        by_area(10, 10, 10), by_area(3, 2, 1), total=1000, need_weight=0.25, fixed=100
    )
    by_people, by_need = 700 * 0.75 / 3, 700 * 0.25
    expected = [100 + by_people + by_need * n / 6 for n in (3, 2, 1)]
    assert found.amounts.tolist() == near(expected)
    assert int(found.to_pence().sum()) == 1000
    nobody = area_fund(by_area(1, 0), by_area(1, np.nan), total=9, need_weight=1, fixed=2)
    assert nobody.amounts.tolist() == near([9, 0])


def test_fixed_elements_that_cost_too_much_name_what_can_be_paid() -> None:
    people, need = by_area(1, 1), by_area(1, 1)
    with pytest.raises(need_errors.FixedTooHigh, match=r"75\.0000%") as caught:
        area_fund(people, need, total=150, need_weight=0.5, fixed=100)
    paid = area_fund(people, need, total=150, need_weight=0.5, fixed=100 * caught.value.nearest)
    assert paid.amounts.tolist() == near([75, 75])
    with pytest.raises(errors.NothingToShareBy):
        area_fund(people, need * 0, total=5, need_weight=0.5)
    assert area_fund(people, need * 0, total=5, need_weight=0).amounts.tolist() == near([2.5, 2.5])


def test_the_factor_a_head_that_came_out_is_seen() -> None:
    found = seen(by_area(30, 30, 40, 5), by_area(10, 30, 10, 0))
    assert (found.neediest, found.least) == ("c", "b")
    assert found.times == pytest.approx(4)
    assert found.times_mean == pytest.approx(4 / 2)
    assert "c gets 4.00 times as much a head as b" in found.sentence
    assert seen(by_area(0, 1), by_area(1, 1)).times == float("inf")
    with pytest.raises(errors.NothingToShareBy):
        seen(by_area(0, 0), by_area(1, 1))


# --------------------------------------------------------------------------- need index, NHS


def test_the_need_index_of_a_part_compares_it_with_the_whole() -> None:
    people = Population(by_area(100, 100, 200), "registered")
    weighted = Population(by_area(150, 90, 160), "registered")
    parts = pd.Series(["x", "x", "y"], people.people.index, name="icb")
    table = need_index(weighted, people, parts=parts)
    assert table["need_index"].to_dict() == pytest.approx({"x": 1.2, "y": 0.8})
    assert table["share"].to_dict() == pytest.approx({"x": 0.6, "y": 0.4})
    with pytest.raises(need_errors.BasisMixed, match="registered, resident"):
        need_index(weighted, Population(people.people, "resident"), parts=parts)
    with pytest.raises(need_errors.PartMissing, match="b"):
        need_index(weighted, people, parts=parts.drop("b"))


def test_parts_of_a_mix_add_up_to_one() -> None:
    assert mixed([(0.25, by_area(4, 8)), (0.75, by_area(8, 4))]).tolist() == near([7, 5])
    for parts in ([(0.5, by_area(1))], [], [(1.5, by_area(1)), (-0.5, by_area(1))]):
        with pytest.raises(need_errors.SharesNotWhole):
            mixed(parts)


@pytest.mark.realdata
def test_every_weighted_population_of_the_nhs_adds_up_to_its_population(realdata: Path) -> None:
    practices = read_practices(realdata / FILE)
    assert len(practices.parts) == 6348
    assert practices.people.basis == "registered"
    for population in (practices.people, *practices.weighted.values()):
        assert round(population.people.sum()) == 63_849_324
    assert set(practices.weighted) == set(WEIGHTED.values())


@pytest.mark.realdata
@pytest.mark.parametrize(("by", "column"), [("icb", "ICB"), ("district", "LAD")])
def test_the_need_index_of_every_icb_and_district_is_the_formula_in_decimals(
    realdata: Path, by: str, column: str
) -> None:
    practices = read_practices(realdata / FILE)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with (realdata / FILE).open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            for name in ("Population", *WEIGHTED):
                sums[row[column], name] += Decimal(row[name])
                sums["", name] += Decimal(row[name])
    codes = sorted({code for code, _ in sums} - {""})
    assert len(codes) == {"icb": 42, "district": 309}[by]
    for name, words in WEIGHTED.items():
        table = practices.need_index(words, by=by)
        assert table.index.tolist() == codes
        whole = sums["", name] / sums["", "Population"]
        expected = [sums[c, name] / sums[c, "Population"] / whole for c in codes]
        assert table["need_index"].tolist() == pytest.approx([float(x) for x in expected], rel=1e-9)
        assert table["share"].sum() == pytest.approx(1)
    with pytest.raises(need_errors.PracticesNotAsPublished, match="dental"):
        practices.need_index("dental", by=by)


@pytest.mark.realdata
def test_a_practice_file_that_was_tampered_with_is_refused(realdata: Path, tmp_path: Path) -> None:
    table = pd.read_csv(realdata / FILE, dtype=str, encoding="utf-8-sig").head(50)
    cut = tmp_path / "cut.csv"
    table.to_csv(cut, index=False)
    # Fifty practices are needier or less needy than England: their sums are not the population.
    with pytest.raises(need_errors.PracticesNotAsPublished, match="Health Ineq WP"):
        read_practices(cut)
    table.drop(columns="MH WP").to_csv(cut, index=False)
    with pytest.raises(need_errors.PracticesNotAsPublished, match="MH WP"):
        read_practices(cut)
    whole = pd.read_csv(realdata / FILE, dtype=str, encoding="utf-8-sig")
    a, b = "Final PMC WP", whole.columns.get_loc("Final PMC WP")
    moved = [str(float(whole[a][0]) + 9), str(float(whole[a][1]) - 9)]
    whole.iloc[[0, 1], b] = moved
    whole.to_csv(cut, index=False)
    with pytest.raises(need_errors.PracticesNotAsPublished, match=r"2 found: A81001, A81002"):
        read_practices(cut)

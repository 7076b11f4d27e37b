"""Prevention: every pound paid and saved has a year, an agency and an area, and they add up."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import triang

from budgets import errors, prevention_errors
from budgets.prevention import PEOPLE, appraise
from budgets.prevention_file import Intervention, evidence, parse, read, shipped
from budgets.prevention_value import paid_back, present_value, sensitivity, value
from budgets.prevention_words import chain


def figure(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {
        "value": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "unit": "drawn",
        "status": "own",
        "date": "2026-01-01",
        "reference": "drawn for this test",
    }


def document(**changes: Any) -> dict[str, Any]:
    """1,000 people, half eligible, a fifth of these reached each year for two years."""
    raw: dict[str, Any] = {
        "schema": 1,
        "intervention": {
            "id": "drawn",
            "title": "A drawn intervention",
            "theme": "health and care",
            "illustrative": True,
            "evidence_grade": 1,
            "price_base": "2025-26",
            "date": "2026-01-01",
            "reference": "drawn for this test",
        },
        "eligible": {"group": "people", "counted_in": "residents", "share": figure(0.5)},
        "reach": {"rate": figure(0.2), "build_up": [0.5, 1.0]},
        "cost": [
            {
                "id": "work",
                "payer": "District",
                "what": "the work",
                "per_person": figure(100),
                "per_year": figure(1000),
                "once": figure(500),
            }
        ],
        "avoided": [
            {
                "id": "stays",
                "what": "hospital stays",
                "per_person": figure(0.5),
                "reduction": figure(0.2),
                "lag_years": 1,
                "lasts_years": 2,
                "unit_cost": figure(2000),
                "saves": "Hospital",
                "cashable": figure(0.3),
                "cashable_after": 2,
            },
            {
                "id": "pain",
                "what": "years in pain",
                "kind": "health",
                "per_person": figure(0.1),
                "reduction": figure(0.5),
                "unit_cost": figure(1000),
            },
        ],
        "method": {"horizon_years": 5},
    }
    for key, new in changes.items():
        *spot, name = key.split("__")
        entry: Any = raw
        for part in spot:
            entry = entry[int(part)] if part.isdigit() else entry[part]
        entry[name] = new
    return raw


def drawn(**changes: Any) -> Intervention:
    return parse(document(**changes), where="drawn.toml")


def group(*people: float) -> pd.Series:
    index = pd.Index([f"a{i}" for i in range(len(people))], name="sa", dtype="str")
    return pd.Series(people, index, dtype=float)


# ------------------------------------------------------------------------------ on paper


def test_money_and_outcomes_are_those_worked_on_paper() -> None:
    found = appraise(drawn(), group(600, 300, 100))
    assert found.reached.tolist() == [50, 100, 0, 0, 0]
    table = found.by_year().set_index(["item", "year"])
    # 50 people and 100 people, 1,000 a year for two years, 500 once.
    assert table.loc["work", "paid_pence"].tolist() == [650_000, 1_100_000, 0, 0, 0]
    # Reached in year 1: years 2 and 3; in year 2: years 3 and 4. A tenth of a stay each, 2,000.
    assert table.loc["stays", "events_avoided"].tolist() == pytest.approx([0, 5, 15, 10, 0])
    saved = [0, 1_000_000, 3_000_000, 2_000_000, 0]
    assert table.loc["stays", "saved_pence"].tolist() == saved
    assert table.loc["stays", "cashable_pence"].tolist() == [0, 0, 900_000, 600_000, 0]
    assert table.loc["pain", "worth_pence"].tolist() == [250_000, 500_000, 0, 0, 0]
    agencies = found.by_agency()
    assert agencies["net_pence"].to_dict() == {
        "District": -1_750_000,
        "Hospital": 6_000_000,
        PEOPLE: 0,
    }
    areas = found.by_area()
    assert areas["eligible"].tolist() == [300, 150, 50]
    assert areas["paid_pence"].tolist() == [1_050_000, 525_000, 175_000]
    assert areas["saved_pence"].tolist() == [3_600_000, 1_800_000, 600_000]


def test_worth_today_and_pay_back_are_those_worked_on_paper() -> None:
    found = value(drawn(), 1000, draws=100)
    money = -6500 + (10_000 - 11_000) / 1.035 + 30_000 / 1.035**2 + 20_000 / 1.035**3
    assert found.npv_money.value == pytest.approx(money)
    assert found.npv.value == pytest.approx(money + 2500 + 5000 / 1.015)
    cash = -6500 - 11_000 / 1.035 + 9000 / 1.035**2 + 6000 / 1.035**3
    assert found.npv_cash.value == pytest.approx(cash)
    # 6,500 and 1,000 lack after two years, and 30,000 come in the third.
    assert found.payback.value == 3
    assert found.payback_cash.value == np.inf
    # Nothing is uncertain: the interval is the value.
    assert (found.npv.low, found.npv.high) == pytest.approx((found.npv.value, found.npv.value))
    assert (found.chance_paid_back, found.chance_paid_back_cash) == (1, 0)


def test_evidence_corrects_hopes_and_a_file_may_correct_otherwise() -> None:
    corrected = evidence()[5]
    weak = appraise(drawn(intervention__evidence_grade=5), group(1000)).by_agency()
    assert weak.loc["Hospital", "saved_pence"] == round(6_000_000 * (1 - corrected["effect"]))
    assert weak.loc["District", "paid_pence"] == round(1_750_000 * (1 + corrected["cost"]))
    own = {"horizon_years": 5, "optimism_effect": figure(0.5)}
    mine = appraise(drawn(method=own), group(1000)).by_agency()
    assert mine.loc["Hospital", "saved_pence"] == 3_000_000
    steps = [evidence()[grade] for grade in range(1, 7)]
    assert all(a["effect"] <= b["effect"] for a, b in itertools.pairwise(steps))


def test_the_same_people_may_come_again_every_year() -> None:
    raw = document(avoided__0__lasts_years=1)
    raw["reach"] = {"rate": figure(0.8), "build_up": [1.0, 1.0, 1.0], "again": True}
    found = appraise(parse(raw, where="again"), group(1000))
    assert found.reached.tolist() == [400, 400, 400, 0, 0]
    with pytest.raises(prevention_errors.ReachTooFar, match=r"highest rate is 0\.333333") as caught:
        parse({**raw, "reach": {**raw["reach"], "again": False}}, where="new")
    assert caught.value.nearest == pytest.approx(1 / 3)
    with pytest.raises(prevention_errors.InterventionNotUnderstood, match="lasts one year"):
        drawn(reach__again=True)


# --------------------------------------------------------------------------- by brute force


def by_brute_force(file: Intervention, people: float) -> dict[str, list[float]]:
    """Pounds by year: cohort after cohort, year after year."""
    years = file.method.horizon_years
    found: dict[str, list[float]] = {"paid": [0.0] * years, "saved": [0.0] * years}
    more = 1 + file.method.optimism_cost.value
    less = 1 - file.method.optimism_effect.value
    for t, part in enumerate(file.reach.build_up):
        cohort = people * file.eligible.share.value * file.reach.rate.value * part
        for cost in file.cost:
            for each, times in ((cost.per_person, cohort), (cost.per_year, 1), (cost.once, t == 0)):
                found["paid"][t] += (each.value if each else 0) * times * more
        for item in file.avoided:
            if item.kind == "health":
                continue
            for y in range(t + item.lag_years, t + item.lag_years + item.lasts_years):
                if y < years:
                    events = cohort * item.per_person.value * item.reduction.value * less
                    found["saved"][y] += events * item.unit_cost.value
    return found


@given(
    people=st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(any),
    share=st.floats(0.01, 1),
    build=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    lag=st.integers(0, 7),
    lasts=st.integers(1, 9),
    grade=st.integers(1, 6),
    cashable=st.floats(0, 1),
)
def test_every_year_and_agency_adds_up_to_the_penny_and_agrees_with_brute_force(
    people: list[int],
    share: float,
    build: list[float],
    lag: int,
    lasts: int,
    grade: int,
    cashable: float,
) -> None:
    file = drawn(
        intervention__evidence_grade=grade,
        eligible__share=figure(share),
        reach__build_up=build,
        avoided__0__lag_years=lag,
        avoided__0__lasts_years=lasts,
        avoided__0__cashable=figure(cashable),
        method={"horizon_years": 7},
    )
    found = appraise(file, group(*people))
    expected = by_brute_force(file, sum(people))
    years = found.by_year().groupby("year")[["paid_pence", "saved_pence"]].sum()
    for name in ("paid", "saved"):
        pence = [100 * x for x in expected[name]]
        assert years[f"{name}_pence"].tolist() == pytest.approx(pence, rel=1e-9, abs=1)
    cells = found.cells()
    table = found.by_year().set_index(["year", "agency", "item"])
    names = [c for c in table if c.endswith("_pence")]
    summed = cells.groupby(["year", "agency", "item"])[names].sum().reindex(table.index).fillna(0)
    assert (summed == table[names]).all(axis=None)
    assert cells[names].dtypes.eq(np.int64).all()
    assert (cells["cashable_pence"] <= cells["saved_pence"]).all()
    assert (cells[names] >= 0).all(axis=None)
    areas = found.by_area()
    assert areas[names].sum().tolist() == table[names].sum().tolist()
    assert (areas.loc[[p == 0 for p in people], names] == 0).all(axis=None)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=9))
def test_pay_back_is_the_first_year_from_which_savings_always_cover_costs(
    rows: list[tuple[int, int]],
) -> None:
    paid, saved = (np.array([row[i] for row in rows], float) for i in (0, 1))
    years = [
        y + 1
        for y in range(len(rows))
        if all(sum(saved[: z + 1]) >= sum(paid[: z + 1]) for z in range(y, len(rows)))
    ]
    assert paid_back(paid, saved) == (years[0] if years else np.inf)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 0.2))
def test_present_value_is_the_sum_of_discounted_years(flows: list[float], rate: float) -> None:
    expected = 0.0
    for amount in reversed(flows):
        expected = amount + expected / (1 + rate)
    assert present_value(np.array(flows), rate) == pytest.approx(expected, rel=1e-9, abs=1e-6)


# -------------------------------------------------------------------------------- intervals


def test_the_interval_of_one_uncertain_figure_is_that_of_its_triangle() -> None:
    file = drawn(avoided__0__unit_cost=figure(2000, 1000, 4000))
    found = value(file, 1000, draws=40_000)
    # Worth is linear in the unit cost: 30 stays, discounted.
    slope = 5 / 1.035 + 15 / 1.035**2 + 10 / 1.035**3
    rest = found.npv.value - 2000 * slope
    exact = triang(1 / 3, loc=1000, scale=3000)
    limits = [rest + slope * exact.ppf(q) for q in (0.05, 0.95)]
    assert [found.npv.low, found.npv.high] == pytest.approx(limits, rel=0.01)
    money = found.npv_money.value - 2000 * slope
    chance = 1 - exact.cdf(-money / slope)
    assert found.chance["npv_money"] == pytest.approx(chance, abs=0.01)


def test_the_same_seed_gives_the_same_interval() -> None:
    file = read("falls")
    first, again = (value(file, 20_000, draws=500, seed=3) for _ in range(2))
    assert (first.npv, first.payback, first.chance) == (again.npv, again.payback, again.chance)
    assert value(file, 20_000, draws=500, seed=4).npv != first.npv
    for draws in (0, 99, 10**9):
        with pytest.raises(prevention_errors.DrawsOutOfRange):
            value(file, 20_000, draws=draws)


def test_sensitivity_says_what_each_assumption_alone_can_change_and_where_it_turns() -> None:
    file = drawn(avoided__0__unit_cost=figure(2000, 0, 4000), reach__rate=figure(0.2, 0.2, 0.25))
    table = sensitivity(file, 1000).set_index("assumption")
    assert table.index.tolist() == ["avoided.stays.unit_cost", "reach.rate"]
    turns = table.loc["avoided.stays.unit_cost", "turns_at"]
    moved = value(file.moved({"avoided.stays.unit_cost": turns}), 1000, draws=100)
    assert moved.npv.value == pytest.approx(0, abs=1)
    lowest = value(file.moved({"avoided.stays.unit_cost": 0}), 1000, draws=100)
    assert table.loc["avoided.stays.unit_cost", "npv_at_low"] == pytest.approx(lowest.npv.value)
    assert np.isnan(table.loc["reach.rate", "turns_at"])


# ------------------------------------------------------------------------- files and movement


def test_every_assumption_can_be_seen_and_moved() -> None:
    file = drawn()
    table = file.assumptions().set_index("assumption")
    assert table[["unit", "status", "date", "reference"]].ne("").all(axis=None)
    for key in table.index:
        whole = table.loc[key, "unit"] == "years"
        new = 3 if whole else table.loc[key, "value"] * 0.9
        moved = file.moved({key: new}).assumptions().set_index("assumption")
        assert moved.loc[key, "value"] == pytest.approx(new)
        assert moved.loc[key, "low"] <= new <= moved.loc[key, "high"]
        if not whole:
            assert moved.loc[key, "reference"] == "moved by the user"
        others = table.index != key
        assert (moved.loc[others, "value"] == table.loc[others, "value"]).all()
    with pytest.raises(prevention_errors.UnknownAssumption, match=r"reach\.speed"):
        file.moved({"reach.speed": 1})
    with pytest.raises(prevention_errors.InterventionNotUnderstood, match="1 at most"):
        file.moved({"avoided.stays.reduction": 1.5})
    with pytest.raises(prevention_errors.ReachTooFar):
        file.moved({"reach.rate": 0.9})


def test_discount_rates_are_those_of_the_green_book_unless_the_file_says_otherwise() -> None:
    table = drawn().assumptions().set_index("assumption")
    assert table.loc["method.discount_rate", "value"] == 0.035
    assert table.loc["method.health_discount_rate", "value"] == 0.015
    own = drawn(method={"horizon_years": 5, "discount_rate": figure(0.05)})
    assert own.method.discount_rate.value == 0.05


@pytest.mark.parametrize("name", shipped())
def test_shipped_files_are_openly_illustrations_with_their_assumptions_in_the_open(
    name: str,
) -> None:
    file = read(name)
    assert file.intervention.id == name
    assert file.intervention.illustrative
    raw = tomllib.loads(
        (Path(__file__).resolve().parents[2] / f"budgets/parameters/prevention/{name}.toml")
        .read_text(encoding="utf-8")
    )  # fmt: skip
    assert raw["intervention"]["note"]
    for key, item in file.figures():
        if not key.startswith("method."):
            assert item.status == "own", key
            assert "illustrative" in item.reference, key
            assert item.low < item.high, key


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    raw = document(intervention__evidence_grade=9, reach__build_up=[])
    raw["avoided"][0]["saves"] = ""
    raw["cost"][0]["per_person"] = figure(5, 6, 7)
    raw["cost"][0]["colour"] = "blue"
    with pytest.raises(prevention_errors.InterventionNotUnderstood) as caught:
        parse(raw, where="x")
    said = " ".join(map(str, caught.value.found))
    for word in ("evidence_grade", "build_up", "saved by an agency", "low <= value", "colour"):
        assert word in said
    for path, error in (
        (tmp_path / "none.toml", prevention_errors.InterventionMissing),
        (tmp_path / "bad.toml", prevention_errors.InterventionUnreadable),
    ):
        if path.stem == "bad":
            path.write_text("a = ", encoding="utf-8")
        with pytest.raises(error):
            read(path)
    for wrong in (
        {"avoided__1__saves": "Hospital"},
        {"avoided__1__id": "stays"},
        {"method": {"horizon_years": 1}},
        {"cost": [{"id": "x", "payer": "y", "what": "z"}]},
    ):
        with pytest.raises(prevention_errors.InterventionNotUnderstood):
            drawn(**wrong)


# --------------------------------------------------------------------------- words, reliability


def test_the_chain_of_sentences_goes_from_money_to_outcome() -> None:
    file = drawn()
    people = group(600, 300, 100)
    said = chain(appraise(file, people), value(file, 1000, draws=100))
    text = "\n".join(said)
    order = ("illustration", "Money: District pays £100 for each person reached and £1,000 a year",
             "People: 500 people are eligible (50 % of residents); most live in a0 (300)",
             "Reach: 20 % of them in a full year, new people every year: 50, 100",
             "Effect: without it one of them has 0.5 hospital stays a year",
             "among those reached 20 % are avoided, 1 year later, for 2 years",
             "Outcome: 30.0 hospital stays fewer over 5 years, at £2,000 each to Hospital: £60,000",
             "Cash: 30 % of that can leave the budget of Hospital, from year 3 on: £15,000",
             "No budget holds this money", "Optimism: the evidence is of grade 1 of 6",
             "Who: District pays £17,500, saves £0", "Who: Hospital pays £0, saves £60,000",
             "Worth today", "Discount: 3.50% a year, 1.50% for health",
             "Pay-back by savings: year 3", "Pay-back by cash: not within 5 years")  # fmt: skip
    at = [text.index(part) for part in order]
    assert at == sorted(at)


@pytest.mark.parametrize("n", [1, 100_000])
def test_money_of_ten_to_the_thirteenth_pence_adds_up_over_one_area_and_many(n: int) -> None:
    file = drawn(avoided__0__unit_cost=figure(1e10 / 3), cost__0__once=figure(99_999_999_999.99))
    rng = np.random.default_rng(1)
    index = pd.Index([f"a{i:06}" for i in range(n)], name="sa", dtype="str")
    people = rng.integers(0, 2, n) if n > 1 else np.ones(1)
    people = people * (1000 / people.sum())
    found = appraise(file, pd.Series(people, index))
    assert found.by_agency().loc["Hospital", "saved_pence"] == pytest.approx(1e13, abs=3)
    assert found.by_area()["paid_pence"].sum() == 10**13 - 1 + 1_700_000
    cash = found.by_agency().loc["Hospital", "cashable_pence"]
    assert cash == pytest.approx(0.25 * 1e13, abs=3)


def test_a_place_without_the_group_is_refused() -> None:
    with pytest.raises(prevention_errors.NobodyEligible):
        appraise(drawn(), group(0, 0))
    with pytest.raises(errors.PeopleNotUsable):
        appraise(drawn(), group(5, np.nan))
    with pytest.raises(errors.AmountTooLarge):
        appraise(drawn(avoided__0__unit_cost=figure(1e12)), group(10**6))

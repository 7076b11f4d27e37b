"""The adviser begins at the lowest possible level and names what forces each step up."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from budgets import adviser, adviser_facts, adviser_words, phrases
from budgets.adviser import Advice
from budgets.adviser_facts import Base, Case, LevelFacts, Site
from budgets.adviser_services import Services, load
from budgets.ledger import Ledger
from budgets.levels_errors import FlowsNotUsable, NoLevelToAdvise
from geo.errors import CommonGroundError

# Round figures, so that what is expected can be worked out in one's head.
SHIPPED = load()
FIXED = SHIPPED.common.fixed.model_copy(update={"value": 1e5, "low": 5e4, "high": 2e5})
SERVICES = SHIPPED.model_copy(update={"common": SHIPPED.common.model_copy(update={"fixed": FIXED})})
CODES = [f"s{i}" for i in range(8)]
PEOPLE = np.full(8, 25_000.0)
COUNCIL = "council"


def walks(draw: Callable[..., Any]) -> dict[str, Any]:
    """Four wards of two areas, two halves that cut across wards, one district, half a district."""
    ward = {c: {f"w{i // 2}": 1.0} for i, c in enumerate(CODES)}
    half = {c: {f"h{i % 2}": 1.0} for i, c in enumerate(CODES)}
    return {
        "sa": draw({c: {c: 1.0} for c in CODES}, target="sa"),
        "wd": draw(ward, target="wd"),
        "half": draw(half, target="half"),
        "lad": draw({c: {"d": 1.0} for c in CODES}, target="lad"),
        "part": draw(
            {c: ({"p": 1.0} if i < 4 else {}) for i, c in enumerate(CODES)},
            target="part",
            masses=dict.fromkeys(CODES, 1.0),
        ),
        "twice": draw({c: {"x": 1.0, "y": 1.0} for c in CODES}, target="twice",
                      masses=dict.fromkeys(CODES, 1.0)),
    }  # fmt: skip


def site(id: str, body: str = COUNCIL) -> Site:
    return Site(id, {"wd": "Wards (May 2025)", "lad": "District"}.get(id, id), body)


def money(*rows: dict[str, Any]) -> Ledger:
    """Streams spread evenly over the eight areas; amounts in pounds."""
    blank = {
        "title": "Parks", "service": "", "agency": "Council", "grade": "E", "held_at": "lad",
        "covers": [["lad:d"]], "ring_fence": "", "place_wide": False, "amount": 8_000_000,
    }  # fmt: skip
    table = pd.DataFrame([blank | {"covers": ["lad:d"]} | row for row in rows])
    table.index = pd.Index([f"m{i}" for i in range(len(rows))], name="stream")
    table["amount_pence"] = table["amount"].astype("int64") * 100
    wide = np.where(table["place_wide"], table["amount_pence"], 0)
    pence = np.repeat(((table["amount_pence"] - wide) // 8).to_numpy()[:, None], 8, axis=1)
    areas = pd.Index(CODES, name="sa")
    return Ledger(table, areas, pence, wide, np.ones(8, bool), pd.DataFrame())


def base(ledger: Ledger, **more: Any) -> Base:
    index = ledger.areas
    options: dict[str, Any] = {"scores": None, "flows": None} | more
    return adviser_facts.base_of(ledger, people=pd.Series(PEOPLE, index), tolerance=0.02, **options)


@pytest.fixture
def advise(crosswalk: Callable[..., Any]) -> Callable[..., Advice]:
    def run(ledger: Ledger, *sites: Site, services: Services = SERVICES, **more: Any) -> Advice:
        known = base(ledger, **more)
        (case,) = adviser_facts.cases(ledger, services, known, crosswalks=walks(crosswalk))
        facts = adviser_facts.level_facts(case, sites, walks(crosswalk), known)
        return adviser.advise(case, facts, services)

    return run


def said(advice: Advice) -> str:
    return " ".join(adviser_words.sentences(advice, place="Gridley"))


def test_cheap_local_money_stays_at_the_lowest_level_that_has_a_body(
    advise: Callable[..., Advice],
) -> None:
    ledger = money({"held_at": "wd", "covers": ["wd:*"]})
    advice = advise(ledger, site("sa", ""), site("wd"), site("lad"))
    assert advice.lead is not None
    assert advice.lead.facts.site.id == "wd"
    assert advice.stands
    text = said(advice)
    assert "Not possible: sa, because nobody there can answer for money." in text
    assert "Lead: Wards (4 areas of about 50,000 people). Nothing forces a step up" in text


def test_the_reserve_of_a_bill_that_follows_demand_is_the_sum_over_areas(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({"service": "Adult social care"}), site("wd"), site("lad"))
    wards, district = advice.levels
    z = norm.ppf(0.95)
    ward_cv = math.sqrt(11.5**2 / 50_000 + 0.01**2)
    assert wards.reserve == pytest.approx(4 * z * ward_cv * 2_000_000)
    assert district.reserve == pytest.approx(z * math.sqrt(11.5**2 / 200_000 + 0.01**2) * 8_000_000)
    assert wards.chance == pytest.approx(1 - norm.cdf(0.05 / ward_cv))
    assert "reserve" in wards.forces
    assert advice.lead is district
    assert "Wards (4 areas of about 50,000 people): step up, because the yearly bill" in said(
        advice
    )


def test_a_bill_that_does_not_follow_demand_needs_no_reserve(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({"service": "Libraries"}), site("wd"), site("lad"))
    assert [level.reserve for level in advice.levels] == [0, 0]
    assert all("reserve" not in level.forces for level in advice.levels)


def test_the_stream_itself_may_say_that_its_bill_follows_demand(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({"service": "Hospital care", "demand_led": True}), site("lad"))
    assert advice.levels[0].reserve > 0


def test_small_budgets_are_too_dear_to_run_in_many_areas(advise: Callable[..., Advice]) -> None:
    advice = advise(money({"amount": 2_400_000}), site("wd"), site("lad"))
    wards, district = advice.levels
    assert wards.running == 400_000
    assert wards.forces == ("scale",)
    assert district.running == 100_000
    assert advice.lead is district
    assert "would cost £400,000 a year. That is 17% of the money, and 5% is the limit." in said(
        advice
    )


def test_units_that_cannot_be_divided_stand_idle_in_small_areas(
    advise: Callable[..., Advice],
) -> None:
    small = SERVICES.get("environment")
    assert small.unit_people is not None
    advice = advise(money({"service": "Waste and street cleaning"}), site("sa"), site("lad"))
    areas, district = advice.levels
    # 25,000 people are just one round each, and eight rounds for the district: none is idle.
    assert areas.idle == district.idle == 0
    unit = small.unit_people.model_copy(update={"value": 30_000.0})
    other = SERVICES.model_copy(
        update={"services": tuple(
            s.model_copy(update={"unit_people": unit}) if s.id == "environment" else s
            for s in SERVICES.services
        )}
    )  # fmt: skip
    advice = advise(
        money({"service": "Waste and street cleaning"}), site("sa"), site("lad"), services=other
    )
    areas, district = advice.levels
    assert areas.idle == pytest.approx(8 * (1 - 25 / 30) * 250_000)
    assert district.idle == pytest.approx((7 - 200 / 30) * 250_000)
    assert areas.idle_share == pytest.approx(30 / 25 - 1)


def test_levels_that_miss_people_or_count_them_twice_are_not_possible(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({}), site("part"), site("twice"), site("lad"))
    why = {level.facts.site.id: level.excluded for level in advice.levels}
    assert why == {"part": ("reach",), "twice": ("twice",), "lad": ()}
    text = said(advice)
    assert "only 50% of the people it is for live there" in text
    assert "100% of the people belong to two of its areas at once" in text


def test_money_that_the_law_ties_stays_where_it_is(advise: Callable[..., Advice]) -> None:
    advice = advise(money({"service": "Schools"}), site("wd"), site("lad"))
    assert advice.levels[0].excluded == ("by law",)
    assert advice.lead is advice.levels[1]
    assert "conditions of grant" in said(advice)


def test_a_body_of_another_kind_may_not_hold_the_money(advise: Callable[..., Advice]) -> None:
    advice = advise(money({"service": "Libraries"}), site("wd", "GP consortium"), site("lad"))
    assert advice.levels[0].excluded == ("not theirs",)


def test_borders_that_do_not_fit_today_call_for_a_joint_arrangement(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({"held_at": "half", "covers": ["half:h0", "half:h1"]}),
                    site("wd"), site("half"), site("lad"))  # fmt: skip
    by_id = {level.facts.site.id: level for level in advice.levels}
    # Each ward lies half in one half and half in the other.
    assert by_id["wd"].facts.fit == pytest.approx(0.5)
    assert by_id["wd"].forces == ("borders",)
    assert by_id["lad"].facts.fit == 1.0
    assert advice.lead is by_id["half"]
    assert "50% of the people are in areas that match, 95% is wanted" in said(advice)


def test_use_across_borders_forces_a_step_up(advise: Callable[..., Advice]) -> None:
    flows = pd.DataFrame(
        {
            "service": "Libraries and archives",
            "from_code": [*CODES, "s0"],
            "to_code": ["s0", "s0", "s0", "s0", "s4", "s4", "s4", "s4", "s0"],
            "uses": [10.0] * 8 + [0.0],
        }
    )
    advice = advise(
        money({"service": "Libraries and archives"}), site("wd"), site("lad"), flows=flows
    )
    wards, district = advice.levels
    assert wards.facts.contained == pytest.approx(0.5)
    assert wards.forces == ("spillover",)
    assert wards.spillover == pytest.approx(0.05 * 0.5 * 8_000_000)
    assert district.facts.contained == 1.0
    assert "only 50% of what residents use is in their own area (80% is wanted)" in said(advice)
    # Use of another service of the same kind says nothing of this one, unless it is of the kind.
    other = advise(money({"service": "Parks and leisure and parks"}), site("wd"), flows=flows)
    assert math.isnan(other.levels[0].facts.contained)
    kind = advise(
        money({"service": "Libraries"}), site("wd"), flows=flows.assign(service="leisure")
    )
    assert kind.levels[0].facts.contained == pytest.approx(0.5)


def test_money_for_two_streets_of_an_area_is_whole_at_the_level_that_holds_it(
    crosswalk: Callable[..., Any],
) -> None:
    # A forum covers 60 % of one small area; all of its money is held at the forum.
    forum = crosswalk(
        {c: ({"f": 0.6} if c == "s0" else {}) for c in CODES},
        target="forum",
        masses=dict.fromkeys(CODES, 1.0),
    )
    known = walks(crosswalk) | {"forum": forum}
    ledger = money({"held_at": "forum", "covers": ["forum:f"]})
    pence = np.zeros((1, 8), np.int64)
    pence[0, 0] = 800_000_000
    ledger = Ledger(ledger.streams, ledger.areas, pence, ledger.place_wide, ledger.inside,
                    ledger.moved)  # fmt: skip
    (case,) = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=known)
    assert case.people.sum() == pytest.approx(15_000)
    facts = adviser_facts.level_facts(case, [site("forum"), site("lad")], known, base(ledger))
    assert [one.site.id for one in facts] == ["forum", "lad"]
    assert [one.pounds.sum() for one in facts] == pytest.approx([8_000_000, 8_000_000])
    assert [one.inside.sum() for one in facts] == pytest.approx([15_000, 15_000])
    assert [one.people.sum() for one in facts] == pytest.approx([15_000, 15_000])


def test_differences_in_need_between_areas_are_worth_closeness(
    advise: Callable[..., Advice],
) -> None:
    index = pd.Index(CODES, name="sa")
    scores = pd.Series([1, 1, 2, 2, 3, 3, 4, 4.0], index)
    advice = advise(money({}), site("wd"), site("lad"), scores=scores)
    wards, district = advice.levels
    # Both areas of every ward have one score: all of the variation lies between wards.
    assert wards.facts.between == pytest.approx(1)
    assert wards.tailoring == pytest.approx(0.05 * 8_000_000)
    assert district.tailoring == pytest.approx(0)
    assert wards.cost == pytest.approx(400_000 - 400_000)
    # 100,000/N = 0.05 x 40 pounds a head.
    assert wards.break_even == pytest.approx(50_000)


def test_where_the_best_two_are_close_the_one_of_today_leads_and_the_other_has_a_say(
    advise: Callable[..., Advice],
) -> None:
    index = pd.Index(CODES, name="sa")
    scores = pd.Series([1, 1, 2, 2, 3, 3, 4, 4.0], index)
    advice = advise(money({}), site("wd"), site("lad"), scores=scores)
    assert advice.lead is advice.levels[0], "wards are £100,000 cheaper, more than half a per cent"
    assert advice.say is None
    fixed = SERVICES.common.fixed.model_copy(update={"value": 160_000.0})
    common = SERVICES.common.model_copy(update={"fixed": fixed, "excess": _at("excess", 0.07)})
    other = SERVICES.model_copy(update={"common": common})
    advice = advise(money({"amount": 10_000_000}), site("wd"), site("lad"), scores=scores,
                    services=other)  # fmt: skip
    wards, district = advice.levels
    # 640,000 - 500,000 = 140,000 against 160,000: within 50,000.
    assert advice.lead is district
    assert advice.say is wards
    assert "Lead here, say there: Wards comes within £20,000 a year" in said(advice)
    elsewhere = advise(money({"amount": 10_000_000, "held_at": "half"}), site("wd"), site("lad"),
                       site("half", ""), scores=scores, services=other)  # fmt: skip
    by_id = {level.facts.site.id: level for level in elsewhere.levels}
    assert by_id["wd"].forces == ("borders",)
    assert elsewhere.lead is by_id["half"]


def test_a_closer_level_that_costs_more_than_it_brings_has_a_say_and_not_the_money(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({}), site("wd"), site("lad"))
    wards, district = advice.levels
    assert not wards.forces
    assert wards.cost - district.cost == pytest.approx(300_000)
    assert (advice.lead, advice.say) == (district, wards)
    assert "closer to people, but would cost £300,000 a year more than it brings" in said(advice)


def _at(name: str, value: float) -> Any:
    return getattr(SERVICES.common, name).model_copy(update={"value": value})


def test_what_other_assumptions_would_change_is_tried_and_said(
    advise: Callable[..., Advice],
) -> None:
    index = pd.Index(CODES, name="sa")
    scores = pd.Series([1, 1, 2, 2, 3, 3, 4, 4.0], index)
    advice = advise(money({"amount": 7_000_000}), site("wd"), site("lad"), scores=scores)
    # Closer fit is worth 350,000. 400,000 is 5.7 % of the money: too much at 5 %, not at 10 % or
    # at half the cost.
    assert advice.lead is advice.levels[1]
    changed = advice.sensitivity[advice.sensitivity["changed"]]
    assert set(zip(changed["parameter"], changed["lead"], strict=True)) >= {
        ("fixed", "wd"),
        ("excess", "wd"),
    }
    assert "what it costs to run one area at 50,000 (Wards)" in said(advice)


def test_income_follows_its_service_and_is_not_counted(crosswalk: Callable[..., Any]) -> None:
    ledger = money({"service": "Parks"}, {"service": "Parks", "amount": -800_000})
    known = base(ledger)
    (case,) = adviser_facts.cases(ledger, SERVICES, known, crosswalks=walks(crosswalk))
    assert case.income_pence == -80_000_000
    assert case.pounds.sum() == 8_000_000


def test_the_same_service_held_at_two_levels_is_two_cases(
    crosswalk: Callable[..., Any],
) -> None:
    ledger = money({"service": "Parks"}, {"service": "Parks", "held_at": "wd"},
                   {"service": "Parks", "agency": "Other"})  # fmt: skip
    found = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=walks(crosswalk))
    assert [(case.today, case.agencies) for case in found] == [
        ("lad", ["Council", "Other"]),
        ("wd", ["Council"]),
    ]


def test_money_that_cannot_be_placed_gets_no_advice(advise: Callable[..., Advice]) -> None:
    advice = advise(money({"place_wide": True, "title": "Roads fund"}), site("lad"))
    assert "It cannot be placed in any neighbourhood" in said(advice)
    central = advise(money({"service": "Central services"}), site("lad"))
    assert central.lead is None
    assert "serves the agency as a whole" in said(central)


def test_hard_facts_are_said_where_the_money_would_move(advise: Callable[..., Advice]) -> None:
    ledger = money({"service": "Public health", "ring_fence": "public health grant"})
    scores = pd.Series([1, 1, 2, 2, 3, 3, 4, 4.0], pd.Index(CODES, name="sa"))
    advice = advise(ledger, site("wd"), site("lad"), scores=scores)
    assert advice.lead is advice.levels[0], "closeness is worth as much as it costs"
    text = said(advice)
    assert "£8.0 million of it is tied to one purpose (public health grant) at any level." in text
    assert "None of the money is recorded where it is used" in text
    assert "stays answerable" in text


def test_what_is_not_known_is_said_and_not_made_up(advise: Callable[..., Advice]) -> None:
    text = said(advise(money({"title": "Fountains"}), site("lad")))
    assert "No figures are known for this kind of service" in text
    assert "Where people use it is not known" in text
    assert "Need is not known" in text


def test_assumptions_of_our_own_are_listed_once_with_their_unit(
    advise: Callable[..., Advice],
) -> None:
    advice = advise(money({"service": "Adult social care"}), site("lad"))
    lines = adviser_words.assumptions([advice, advice], SERVICES)
    assert len(lines) == len(set(lines))
    assert any(
        "adult social care: 11.5 times the average" in line and "our own" in line for line in lines
    )
    assert not any("Dedicated schools grant" in line for line in lines)


def test_every_level_stands_in_the_table_with_its_pounds(advise: Callable[..., Advice]) -> None:
    ledger = money({"held_at": "wd", "covers": ["wd:*"]})
    table = advise(ledger, site("sa", ""), site("wd"), site("lad")).to_frame()
    assert table["level"].tolist() == ["sa", "wd", "lad"]
    assert table["advice"].tolist() == ["", "lead", ""]
    assert table["budget_pounds"].tolist() == [8_000_000] * 3
    assert table["today"].tolist() == [False, True, False]
    parts = table[["reserve_pounds", "running_pounds", "idle_pounds", "spillover_pounds"]]
    assert (parts.sum(axis=1) - table["tailoring_pounds"]).tolist() == table["cost_pounds"].tolist()


def test_a_place_without_levels_cannot_be_advised(crosswalk: Callable[..., Any]) -> None:
    ledger = money({})
    (case,) = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=walks(crosswalk))
    with pytest.raises(NoLevelToAdvise):
        adviser.advise(case, [], SERVICES)


def test_flows_of_unknown_areas_or_below_nought_are_refused() -> None:
    ledger = money({})
    flows = pd.DataFrame(
        {"service": "x", "from_code": ["s0", "?"], "to_code": ["s1", "s2"], "uses": [1.0, -1.0]}
    )
    with pytest.raises(CommonGroundError) as caught:
        base(ledger, flows=flows)
    assert "?" in str(caught.value)
    assert "-1.0" in str(caught.value)
    with pytest.raises(FlowsNotUsable):
        base(ledger, flows=flows[flows["uses"] > 0].assign(to_code="nowhere"))


def test_pounds_are_said_as_one_says_them() -> None:
    assert [phrases.money(x) for x in (1_234_567, 999_600, 34_567, 72.4, -2_500_000)] == [
        "£1.2 million", "£1.0 million", "£35,000", "£72", "-£2.5 million",
    ]  # fmt: skip


def test_a_share_above_a_limit_is_written_so_that_one_sees_it() -> None:
    assert phrases.above(0.0504, 0.05) == "5.04%"
    assert phrases.above(0.412, 0.05) == "41%"
    assert phrases.above(0.084, 0.05) == "8.4%"


def test_a_pool_is_the_whole_area_only_where_the_money_is_for_everybody_there(
    crosswalk: Callable[..., Any],
) -> None:
    known = walks(crosswalk)
    index = pd.Index(CODES, name="sa")
    ledger = money({"held_at": "wd", "covers": ["wd:w0"]})
    everywhere = base(ledger)

    def facts(people: np.ndarray) -> LevelFacts:
        case = Case(
            "Parks", None, ledger.streams, "wd", np.where(people > 0, 100.0, 0.0), people, 0
        )
        return adviser_facts.level_facts(case, [site("lad")], known, everywhere)[0]

    whole_ward = np.where(index.isin(["s0", "s1"]), PEOPLE, 0.0)
    one_street = np.where(index == "s0", PEOPLE, 0.0)
    assert facts(whole_ward).people.tolist() == [200_000]
    assert facts(whole_ward).joined
    assert facts(one_street).people.tolist() == [25_000]
    assert not facts(one_street).joined


def test_people_whom_two_streams_of_a_service_cover_in_part_are_for_the_service_whole(
    crosswalk: Callable[..., Any],
) -> None:
    # Two consortia by registration: 70 % of everybody with one, 30 % with the other.
    lists = crosswalk({c: {"k1": 7.0, "k2": 3.0} for c in CODES}, target="con")
    ledger = money({"held_at": "con", "covers": ["con:k1"]},
                   {"held_at": "con", "covers": ["con:k2"]},
                   {"held_at": "con", "covers": ["con:k2"]})  # fmt: skip
    known = walks(crosswalk) | {"con": lists}
    (case,) = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=known)
    assert case.people.tolist() == pytest.approx(PEOPLE.tolist())


def test_money_recorded_where_it_is_spent_serves_all_whom_it_covers(
    crosswalk: Callable[..., Any],
) -> None:
    ledger = money({"grade": "F", "service": "Libraries"})
    pence = np.zeros((1, 8), np.int64)
    pence[0, 0] = 800_000_000
    ledger = Ledger(ledger.streams, ledger.areas, pence, ledger.place_wide, ledger.inside,
                    ledger.moved)  # fmt: skip
    (case,) = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=walks(crosswalk))
    assert case.pounds.tolist() == pytest.approx([1_000_000] * 8)
    assert case.people.sum() == PEOPLE.sum()


def test_a_line_that_names_no_areas_is_for_the_people_where_its_money_falls(
    crosswalk: Callable[..., Any],
) -> None:
    ledger = money({"covers": []})
    pence = np.zeros((1, 8), np.int64)
    pence[0, :2] = 400_000_000
    ledger = Ledger(ledger.streams, ledger.areas, pence, ledger.place_wide, ledger.inside,
                    ledger.moved)  # fmt: skip
    (case,) = adviser_facts.cases(ledger, SERVICES, base(ledger), crosswalks=walks(crosswalk))
    assert case.people.tolist() == [25_000, 25_000] + [0] * 6

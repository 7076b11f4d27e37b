"""Scenarios on drawn places: every penny against fractions on paper, every limit named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from budgets import scenario, streams
from budgets.errors import AmountTooLarge, InfeasibleLimits, NothingToShareBy, RakingInfeasible
from budgets.ledger import Ledger
from budgets.need_measures import Measure
from budgets.pace_errors import CeilingNotEnough, FloorNotPayable
from budgets.scenario_errors import (
    AmbiguousName,
    NothingChosen,
    NotMovable,
    UnknownName,
)
from geo.errors import SeveralFaults

OnPaper = Callable[[int, Sequence[Fraction | int]], list[int]]
Place = Callable[..., Any]

HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\ntakes_effect = "2025-04-01"\n'
AREAS = ["01", "02", "03", "04"]


def by_stream(book: Ledger) -> dict[str, list[int]]:
    return {str(id): row.tolist() for id, row in zip(book.streams.index, book.pence, strict=True)}


# ------------------------------------------------------------------------------ sharing out


def test_nothing_chosen_is_the_baseline_to_the_penny(place: Place) -> None:
    drawn = place({"amount": 100_001}, {"amount": -701, "method": "place-wide", "covers": ""})
    outcome = drawn.after("")
    assert np.array_equal(outcome.ledger.pence, drawn.book.pence)
    assert outcome.ledger.place_wide.tolist() == [0, -701]
    assert [step.kind for step in outcome.steps] == ["baseline"]
    assert outcome.steps[0].sentence == (
        "On 1 April 2025 all of the £1,000.01 that is spent can move. "
        "Income of £7.01 goes where its service goes."
    )


def test_a_change_of_nothing_is_said_to_leave_the_line_as_it_is(place: Place) -> None:
    drawn = place({"amount": 1000, "committed": 400})
    outcome = drawn.after('[[change]]\nof = "s0"\nper_cent = 0\nreason = "Not yet"\n')
    assert [step.sentence for step in outcome.steps] == [
        "On 1 April 2025 £6.00 of the £10.00 that is spent can move; the rest stays where it is.",
        "s0 stays as it is: Not yet.",
    ]


def test_sharing_by_need_gives_what_fractions_say(place: Place, on_paper: OnPaper) -> None:
    drawn = place({"amount": 99_999})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    )
    # m runs linearly from 1 (score 10) to 4 (score 40): 4, 3, 2, 1 times 100, 200, 300, 400 people.
    assert by_stream(outcome.ledger)["s0"] == on_paper(99_999, [400, 600, 600, 400])


def test_only_movable_money_moves_and_the_rest_lies_where_it_lay(
    place: Place, on_paper: OnPaper
) -> None:
    fenced = {"ring_fenced": 40_000, "ring_fence": "grant"}
    drawn = place({"amount": 100_000} | fenced)
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    )
    stays = on_paper(40_000, [100, 200, 300, 400])
    goes = on_paper(60_000, [400, 600, 600, 400])
    assert by_stream(outcome.ledger)["s0"] == [a + b for a, b in zip(stays, goes, strict=True)]
    assert outcome.movable.loc["s0", "movable_pence"] == 60_000


def test_money_is_free_from_the_day_of_its_next_decision(place: Place) -> None:
    drawn = place({"amount": 1000, "next_decision": "2025-06-01"})
    share = '[[share]]\nof = "s0"\nby = "need"\n'
    with pytest.raises(NothingChosen):
        drawn.after(share)
    later = scenario.parse(HEAD.replace("2025-04-01", "2025-06-01") + share)
    outcome = scenario.apply(later, drawn.book, drawn.context)
    assert not np.array_equal(outcome.ledger.pence, drawn.book.pence)


def test_the_day_is_the_start_of_the_year_where_none_is_named(
    place: Place,
) -> None:
    drawn = place({"amount": 1000, "year": "2017-18"})
    bare = scenario.parse('[scenario]\nid = "plan"\ntitle = "A plan"\n')
    assert scenario.apply(bare, drawn.book, drawn.context).on.isoformat() == "2017-04-01"
    dated = scenario.parse('[scenario]\nid = "plan"\ntitle = "A plan"\nyear = "2026-27"\n')
    assert scenario.apply(dated, drawn.book, drawn.context).on.isoformat() == "2026-04-01"


def test_damping_keeps_the_golden_figures(place: Place) -> None:
    """B 100, 200, 300, 400; targets 90, 230, 330, 400; floor 2 % -> 102, 219.6, 320.4, 408."""
    drawn = place({"amount": 100_000})
    head = {"01": 90 / 100, "02": 230 / 200, "03": 330 / 300, "04": 1.0}
    # Scores that give each area the amount a head of its target: linear from 1 to the ratio.
    least, most = min(head.values()), max(head.values())
    scores = pd.Series(head, index=drawn.book.areas)
    context = scenario.Context(
        people=drawn.context.people,
        measures={"head": Measure("head", "index", scores)},
        covered=drawn.context.covered,
        need_weight=1.0,
        neediest_per_head=most / least,
        levels=drawn.context.levels,
        inputs="drawn",
    )
    text = (
        '[[share]]\nof = "s0"\nby = "need"\nrule = "damping"\nfloor = 2\nunit = "per cent"\n'
        "yearly = 5\n"
    )
    outcome = scenario.apply(scenario.parse(HEAD + text), drawn.book, context)
    assert by_stream(outcome.ledger)["s0"] == [10_200, 21_960, 32_040, 40_800]
    assert outcome.ledger.total == 105_000


def test_a_falling_total_is_damped_with_a_floor_below_nought(
    place: Place,
) -> None:
    """Floors of -6 % cost 94, 188, 282 and 376 thousand pence of 950.

    Area 02 is twice as needy a head: targets are 950 / 1,200 times 100, 400, 300, 400, and only 02
    lies above its floor, so that it gets the ten thousand that are left.
    """
    drawn = place({"amount": 1_000_000})
    head = pd.Series([1.0, 2.0, 1.0, 1.0], drawn.book.areas)
    drawn.context.measures["head"] = Measure("head", "index", head)
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nmeasure = "head"\nneed_weight = 1\n'
        'neediest_per_head = 2\nrule = "damping"\nfloor = -6\nunit = "per cent"\nyearly = -5\n'
    )
    assert by_stream(outcome.ledger)["s0"] == [94_000, 198_000, 282_000, 376_000]
    assert outcome.ledger.total == 950_000


def test_rules_come_one_after_the_other_in_the_order_of_the_document(
    place: Place, on_paper: OnPaper
) -> None:
    drawn = place({"amount": 100_000})
    first = '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    then = '[[share]]\nof = "s0"\nby = "people"\nfloor = -10\nunit = "per cent"\n'
    outcome = drawn.after(first + then)
    # After the first the areas have 20, 30, 30, 20 thousand. Floors are 90 % of that: 18, 27, 27,
    # 18; people want 10, 20, 30, 40, so that two floors hold and 55 is left for 300 and 400 people
    # of which 27 is a floor that 55 x 3/7 does not reach.
    assert by_stream(outcome.ledger)["s0"] == [18_000, 27_000, 27_000, 28_000]


def test_money_follows_the_clients_of_its_theme_where_they_are_counted(
    place: Place, on_paper: OnPaper
) -> None:
    drawn = place({"amount": 100_000, "theme": "care"}, {"amount": 50_000, "theme": "roads"})
    clients = pd.Series([7, 0, 3, 1], drawn.book.areas)
    drawn.context.measures["users"] = Measure("users", "clients", clients, themes=("care",))
    outcome = drawn.after(
        '[[share]]\nof = "care"\nby = "need"\nmeasure = "theme"\nneed_weight = 0.5\n'
        '[[share]]\nof = "roads"\nby = "need"\nmeasure = "theme"\nneed_weight = 1\n'
    )
    # Half by people (of 1,000), half by clients (of 11); roads have no measure of their own.
    mixed = [
        Fraction(p, 1000) + Fraction(c, 11)
        for p, c in zip([100, 200, 300, 400], clients, strict=True)
    ]
    assert by_stream(outcome.ledger)["s0"] == on_paper(100_000, mixed)
    assert by_stream(outcome.ledger)["s1"] == on_paper(50_000, [900, 1400, 1500, 1200])
    assert "01 gets 3.00 times as much a head as 04" in outcome.steps[2].sentence


def test_no_area_gets_more_than_it_matches_with_money_of_its_own(
    place: Place,
) -> None:
    drawn = place({"amount": 100_000}, {"amount": 120_000, "theme": "own"})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
        'match = 1\nmatch_with = "own"\n'
    )
    # By need alone 20, 30, 30, 20; areas bring 12, 24, 36, 48. What 01 and 02 cannot match goes to
    # the others, of which 03 then reaches what it brings.
    assert by_stream(outcome.ledger)["s0"] == [12_000, 24_000, 36_000, 28_000]


def test_a_path_over_years_never_cuts_and_ends_in_the_ledger(place: Place) -> None:
    drawn = place({"amount": 100_000})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nrule = "convergence"\nyearly = [3, 2.1, 4]\n'
    )
    path = outcome.paths[1]
    assert path.sum().tolist() == [100_000, 103_000, 105_163, 109_370]
    assert (path.diff(axis=1).iloc[:, 1:] >= -1).all(axis=None)
    assert by_stream(outcome.ledger)["s0"] == path[3].tolist()


def test_a_path_tells_what_held_in_every_year_once_and_the_rest_by_year(place: Place) -> None:
    # By hand: 95 % of £1,000 is £950; the second year's floor is 95 % of £1,020.
    plan = '[[share]]\nof = "s0"\nby = "need"\nfloor = -5\nunit = "per cent"\nyearly = [2, 5]\n'
    outcome = place({"amount": 100_000}).after(plan)
    told = outcome.steps[-1].sentence
    assert "Over 2 years." in told
    assert "Year 1: Floor of -5 %: it costs £950 of £1,020." in told
    assert "Year 2: Floor of -5 %: it costs £969 of £1,071." in told


def test_raking_keeps_lines_where_they_cover_and_meets_the_areas(
    place: Place,
) -> None:
    drawn = place({"amount": 21_000, "covers": "half:N"}, {"amount": 79_000})
    outcome = drawn.after('[[share]]\nof = "green"\nby = "people"\nrule = "raking"\n')
    # 100 thousand by people is 10, 20, 30, 40: the first line gives 7 and 14 of the north.
    assert by_stream(outcome.ledger) == {
        "s0": [7_000, 14_000, 0, 0],
        "s1": [3_000, 6_000, 30_000, 40_000],
    }


def test_raking_that_cannot_be_is_refused_with_what_breaks(place: Place) -> None:
    drawn = place({"amount": 60_000, "covers": "half:N"}, {"amount": 40_000})
    with pytest.raises(RakingInfeasible) as caught:
        drawn.after('[[share]]\nof = "green"\nby = "people"\nrule = "raking"\n')
    assert caught.value.limit == "structural zeros"
    assert caught.value.found == ("s0",)


# ---------------------------------------------------------------------------- growth and cuts


def test_growth_and_cuts_fall_where_the_money_falls(place: Place, on_paper: OnPaper) -> None:
    drawn = place({"amount": 100_000}, {"amount": 50_000, "theme": "homes"})
    outcome = drawn.after(
        '[[change]]\nof = "s0"\namount = "-123.45"\nreason = "saving"\n'
        '[[change]]\nof = "homes"\nper_cent = 2.5\nreason = "grant"\n'
    )
    cut = on_paper(12_345, [100, 200, 300, 400])
    assert by_stream(outcome.ledger)["s0"] == [
        whole - part for whole, part in zip([10_000, 20_000, 30_000, 40_000], cut, strict=True)
    ]
    assert outcome.ledger.streams["amount_pence"].tolist() == [100_000 - 12_345, 51_250]
    gross = outcome.ledger.streams["gross_pence"] - outcome.ledger.streams["income_pence"]
    assert gross.tolist() == outcome.ledger.streams["amount_pence"].tolist()
    assert [step.after_pence - step.before_pence for step in outcome.steps] == [0, -12_345, 1_250]


def test_a_cut_beyond_what_can_move_names_the_nearest_that_can_be(
    place: Place,
) -> None:
    drawn = place({"amount": 100_000, "ring_fenced": 70_000, "ring_fence": "grant"})
    with pytest.raises(NotMovable) as caught:
        drawn.after('[[change]]\nof = "s0"\namount = -300.01\nreason = "saving"\n')
    assert caught.value.limit == "amount"
    assert caught.value.nearest == -300.0
    with pytest.raises(NotMovable) as caught:
        drawn.after('[[change]]\nof = "s0"\nper_cent = -31\nreason = "saving"\n')
    assert caught.value.nearest == -30.0
    kept = drawn.after('[[change]]\nof = "s0"\nper_cent = -30\nreason = "saving"\n')
    assert kept.ledger.total == 70_000


def test_income_follows_the_service_it_belongs_to(place: Place, on_paper: OnPaper) -> None:
    drawn = place(
        {"id": "care", "amount": 100_000},
        {"id": "fees", "amount": -7_001, "follows": "care", "method": ""},
    )
    assert by_stream(drawn.book)["fees"] == on_paper(-7_001, [100, 200, 300, 400])
    outcome = drawn.after(
        '[[share]]\nof = "*"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    )
    assert by_stream(outcome.ledger)["fees"] == on_paper(-7_001, [400, 600, 600, 400])


def test_income_whose_service_stays_keeps_every_penny_where_it_was(
    place: Place,
) -> None:
    """Split anew by whole pence of 7 over four areas, income of 6 would land elsewhere."""
    drawn = place(
        {"id": "care", "amount": 7},
        {"id": "fees", "amount": -6, "follows": "care", "method": ""},
        {"id": "parks", "amount": 100_000},
    )
    outcome = drawn.after(
        '[[share]]\nof = "parks"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    )
    assert by_stream(outcome.ledger)["fees"] == by_stream(drawn.book)["fees"]
    assert not any("follows" in step.sentence for step in outcome.steps)


# ---------------------------------------------------------------------------- limits and names


@pytest.mark.parametrize(
    ("limits", "fault", "nearest"),
    [
        ('floor = 300\nunit = "pounds"', FloorNotPayable, 250.0),
        ('floor = 1\nunit = "per cent"', FloorNotPayable, 0.0),
        ('ceiling = 200\nunit = "pounds"', CeilingNotEnough, 250.0),
        ('ceiling = 0.5\nunit = "per head"', CeilingNotEnough, 1.0),
    ],
)
def test_limits_that_cannot_be_kept_are_refused_with_the_nearest(
    place: Place, limits: str, fault: type[InfeasibleLimits], nearest: float
) -> None:
    drawn = place({"amount": 100_000})
    with pytest.raises(fault) as caught:
        drawn.after(f'[[share]]\nof = "s0"\nby = "need"\n{limits}\n')
    assert caught.value.nearest == pytest.approx(nearest, abs=1e-6)
    assert "[[share]] number 1 (s0)" in str(caught.value)


def test_names_that_mean_nothing_or_two_things_are_told_at_once(
    place: Place,
) -> None:
    drawn = place({"id": "green", "amount": 1}, {"amount": 1})
    with pytest.raises(SeveralFaults) as caught:
        drawn.after(
            '[[share]]\nof = "green"\nby = "need"\nmeasure = "gdp"\n'
            '[[change]]\nof = "blue"\nper_cent = 1\nreason = "x"\n'
            '[[join]]\nstream = "s9"\nas = "separate"\n'
            '[[devolve]]\nof = "theme:green"\nto = "moon"\nshare = 0.5\n'
        )
    kinds = [type(fault) for fault in caught.value.faults]
    assert kinds.count(AmbiguousName) == 1
    assert kinds.count(UnknownName) == 4
    drawn.after('[[share]]\nof = "theme:green"\nby = "need"\n')


# ---------------------------------------------------------------------------------- edges


def one_area(total: int, people: float, measure: Measure | None) -> tuple[Ledger, scenario.Context]:
    index = pd.Index(["01"], name="sa", dtype="str")
    row = {
        "id": "s0", "title": "t", "agency": "a", "theme": "green", "amount": total,
        "covers": "sa:*", "method": "people", "year": "2025-26", "kind": "revenue",
        "status": "budget",
    }  # fmt: skip
    table = streams.read(pd.DataFrame([row]), unit="pence")
    nothing = pd.DataFrame({"covers": [], "area_code": [], "covered": [], "used": []})
    book = Ledger(
        table, index, np.array([[total]]), np.zeros(1, np.int64), np.ones(1, bool), nothing
    )
    context = scenario.Context(
        people=pd.Series([people], index),
        measures={} if measure is None else {measure.name: measure},
        covered={"s0": np.ones(1)},
        need_weight=1.0,
        neediest_per_head=3.0,
        levels={},
        inputs="drawn",
    )
    return book, context


@pytest.mark.parametrize("total", [1, 10**13])
@pytest.mark.parametrize(
    "rule", ["", 'rule = "damping"\nfloor = -2\nunit = "per cent"\n', 'rule = "raking"\n']
)
def test_one_area_gets_everything_under_every_rule(total: int, rule: str) -> None:
    scores = pd.Series([0.0], pd.Index(["01"], name="sa", dtype="str"))
    book, context = one_area(total, 7.0, Measure("index", "index", scores))
    plan = scenario.parse(HEAD + f'[[share]]\nof = "s0"\nby = "need"\n{rule}')
    assert scenario.apply(plan, book, context).ledger.pence.tolist() == [[total]]


def test_without_clients_or_people_there_is_nothing_to_share_by() -> None:
    none = pd.Series([0], pd.Index(["01"], name="sa", dtype="str"))
    book, context = one_area(100, 7.0, Measure("users", "clients", none))
    plan = scenario.parse(HEAD + '[[share]]\nof = "s0"\nby = "need"\n')
    with pytest.raises(NothingToShareBy, match=r"\[\[share\]\] number 1"):
        scenario.apply(plan, book, context)
    book, context = one_area(100, 0.0, None)
    plan = scenario.parse(HEAD + '[[share]]\nof = "s0"\nby = "people"\n')
    with pytest.raises(NothingToShareBy):
        scenario.apply(plan, book, context)


def test_a_sum_that_would_outgrow_what_can_be_held_exactly_is_refused() -> None:
    book, context = one_area(10**13, 7.0, None)
    text = '[[share]]\nof = "s0"\nby = "people"\nyearly = [1000, 1000, 1000]\n'
    with pytest.raises(AmountTooLarge):
        scenario.apply(scenario.parse(HEAD + text), book, context)


def test_need_that_is_equal_everywhere_is_shared_by_people(place: Place) -> None:
    drawn = place({"amount": 100_000})
    level = pd.Series(5.0, drawn.book.areas)
    drawn.context.measures["index"] = Measure("index", "index", level)
    outcome = drawn.after('[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\n')
    assert by_stream(outcome.ledger)["s0"] == [10_000, 20_000, 30_000, 40_000]

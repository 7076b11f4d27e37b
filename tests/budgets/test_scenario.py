"""Scenarios on drawn places: every penny against fractions on paper, every limit named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.crosswalk import Crosswalk
from budgets import compare, scenario, streams
from budgets.apportion import prepare
from budgets.errors import AmountTooLarge, InfeasibleLimits, NothingToShareBy, RakingInfeasible
from budgets.ledger import Ledger
from budgets.levels_errors import DevolvedTooMuch
from budgets.need_measures import Measure
from budgets.pace_errors import CeilingNotEnough, FloorNotPayable
from budgets.scenario_errors import (
    AmbiguousName,
    NothingChosen,
    NotMovable,
    UnknownName,
)
from geo.errors import SeveralFaults

Draw = Callable[..., Crosswalk]
OnPaper = Callable[[int, Sequence[Fraction | int]], list[int]]

HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\ntakes_effect = "2025-04-01"\n'
AREAS = ["01", "02", "03", "04"]
PEOPLE = dict(zip(AREAS, [100, 200, 300, 400], strict=True))
SCORES = dict(zip(AREAS, [40.0, 30.0, 20.0, 10.0], strict=True))
WARDS = {"01": {"W1": 1.0}, "02": {"W1": 0.5, "W2": 0.5}, "03": {"W2": 1.0}, "04": {"W2": 1.0}}
HALVES = {"01": {"N": 1.0}, "02": {"N": 1.0}, "03": {"S": 1.0}, "04": {"S": 1.0}}


class Drawn:
    """Four areas, two wards, two halves; streams as a test wants them."""

    def __init__(self, crosswalk: Draw, rows: Sequence[dict[str, Any]]) -> None:
        walks = {"wd": crosswalk(WARDS), "half": crosswalk(HALVES, target="half")}
        blank = {
            "title": "Parks",
            "agency": "Council",
            "theme": "green",
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
            "covers": "sa:*",
            "method": "people",
            "reason": "drawn",
        }
        table = [{"id": f"s{i}"} | blank | row for i, row in enumerate(rows)]
        self.streams = streams.read(pd.DataFrame(table), unit="pence")
        index = pd.Index(AREAS, name="sa", dtype="str")
        people, scores = pd.Series(PEOPLE), pd.Series(SCORES)
        people.index = scores.index = index
        prepared = prepare(
            self.streams,
            covers=walks,
            people=people,
            inside=pd.Series(True, index),
            tolerance=0.0,
        )
        self.book = prepared.ledger(scores=scores, need_weight=0.5, neediest_per_head=3.0)
        at = zip(prepared.shared, prepared.cases, strict=True)
        self.context = scenario.Context(
            people=prepared.people,
            measures={"index": Measure("index", "index", scores)},
            covered={str(self.streams.index[row]): prepared.covered[case[0]] for row, case in at},
            need_weight=0.5,
            neediest_per_head=3.0,
            levels={
                "sa": lambda book: book.at(crosswalk({a: {a: 1.0} for a in AREAS}, target="sa")),
                "wd": lambda book: book.at(walks["wd"]),
            },
            inputs="drawn",
        )

    def after(self, text: str) -> scenario.Outcome:
        return scenario.apply(scenario.parse(HEAD + text), self.book, self.context)


@pytest.fixture
def place(crosswalk: Draw) -> Callable[..., Drawn]:
    return lambda *rows: Drawn(crosswalk, rows)


def by_stream(book: Ledger) -> dict[str, list[int]]:
    return {str(id): row.tolist() for id, row in zip(book.streams.index, book.pence, strict=True)}


# ------------------------------------------------------------------------------ sharing out


def test_nothing_chosen_is_the_baseline_to_the_penny(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_001}, {"amount": -701, "method": "place-wide", "covers": ""})
    outcome = drawn.after("")
    assert np.array_equal(outcome.ledger.pence, drawn.book.pence)
    assert outcome.ledger.place_wide.tolist() == [0, -701]
    assert [step.kind for step in outcome.steps] == ["baseline"]


def test_sharing_by_need_gives_what_fractions_say(
    place: Callable[..., Drawn], on_paper: OnPaper
) -> None:
    drawn = place({"amount": 99_999})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
    )
    # m runs linearly from 1 (score 10) to 4 (score 40): 4, 3, 2, 1 times 100, 200, 300, 400 people.
    assert by_stream(outcome.ledger)["s0"] == on_paper(99_999, [400, 600, 600, 400])


def test_only_movable_money_moves_and_the_rest_lies_where_it_lay(
    place: Callable[..., Drawn], on_paper: OnPaper
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


def test_money_is_free_from_the_day_of_its_next_decision(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 1000, "next_decision": "2025-06-01"})
    share = '[[share]]\nof = "s0"\nby = "need"\n'
    with pytest.raises(NothingChosen):
        drawn.after(share)
    later = scenario.parse(HEAD.replace("2025-04-01", "2025-06-01") + share)
    outcome = scenario.apply(later, drawn.book, drawn.context)
    assert not np.array_equal(outcome.ledger.pence, drawn.book.pence)


def test_the_day_is_the_start_of_the_year_where_none_is_named(
    place: Callable[..., Drawn],
) -> None:
    drawn = place({"amount": 1000, "year": "2017-18"})
    bare = scenario.parse('[scenario]\nid = "plan"\ntitle = "A plan"\n')
    assert scenario.apply(bare, drawn.book, drawn.context).on.isoformat() == "2017-04-01"
    dated = scenario.parse('[scenario]\nid = "plan"\ntitle = "A plan"\nyear = "2026-27"\n')
    assert scenario.apply(dated, drawn.book, drawn.context).on.isoformat() == "2026-04-01"


def test_damping_keeps_the_golden_figures(place: Callable[..., Drawn]) -> None:
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
    place: Callable[..., Drawn],
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
    place: Callable[..., Drawn], on_paper: OnPaper
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
    place: Callable[..., Drawn], on_paper: OnPaper
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
    place: Callable[..., Drawn],
) -> None:
    drawn = place({"amount": 100_000}, {"amount": 120_000, "theme": "own"})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\nneediest_per_head = 4\n'
        'match = 1\nmatch_with = "own"\n'
    )
    # By need alone 20, 30, 30, 20; areas bring 12, 24, 36, 48. What 01 and 02 cannot match goes to
    # the others, of which 03 then reaches what it brings.
    assert by_stream(outcome.ledger)["s0"] == [12_000, 24_000, 36_000, 28_000]


def test_a_path_over_years_never_cuts_and_ends_in_the_ledger(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_000})
    outcome = drawn.after(
        '[[share]]\nof = "s0"\nby = "need"\nrule = "convergence"\nyearly = [3, 2.1, 4]\n'
    )
    path = outcome.paths[1]
    assert path.sum().tolist() == [100_000, 103_000, 105_163, 109_370]
    assert (path.diff(axis=1).iloc[:, 1:] >= -1).all(axis=None)
    assert by_stream(outcome.ledger)["s0"] == path[3].tolist()


def test_raking_keeps_lines_where_they_cover_and_meets_the_areas(
    place: Callable[..., Drawn],
) -> None:
    drawn = place({"amount": 21_000, "covers": "half:N"}, {"amount": 79_000})
    outcome = drawn.after('[[share]]\nof = "green"\nby = "people"\nrule = "raking"\n')
    # 100 thousand by people is 10, 20, 30, 40: the first line gives 7 and 14 of the north.
    assert by_stream(outcome.ledger) == {
        "s0": [7_000, 14_000, 0, 0],
        "s1": [3_000, 6_000, 30_000, 40_000],
    }


def test_raking_that_cannot_be_is_refused_with_what_breaks(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 60_000, "covers": "half:N"}, {"amount": 40_000})
    with pytest.raises(RakingInfeasible) as caught:
        drawn.after('[[share]]\nof = "green"\nby = "people"\nrule = "raking"\n')
    assert caught.value.limit == "structural zeros"
    assert caught.value.found == ("s0",)


# ------------------------------------------------------------------------------- joining money

POOL = """
[[join]]
stream = ["north", "south"]
as = "pooled"
pot = "care"
host = "Council"
agreement = "section 75 agreement"
[[share]]
of = "care"
by = "people"
"""
TWO_TRUSTS = (
    {"id": "north", "amount": 60_003, "covers": "half:N", "agency": "North trust"},
    {"id": "south", "amount": 39_998, "covers": "half:S", "agency": "South trust"},
)


def test_pooled_money_crosses_agencies_and_every_line_keeps_its_sum(
    place: Callable[..., Drawn], on_paper: OnPaper
) -> None:
    outcome = place(*TWO_TRUSTS).after(POOL)
    by_area = outcome.ledger.pence.sum(axis=0).tolist()
    assert by_area == on_paper(100_001, [100, 200, 300, 400])
    assert outcome.ledger.pence.sum(axis=1).tolist() == [60_003, 39_998]
    assert (outcome.ledger.pence >= 0).all()
    north = outcome.ledger.streams.loc["north"]
    assert [north["joined_as"], north["pot"], north["held_by"], north["answers"]] == [
        "pooled",
        "care",
        "Council",
        "North trust",
    ]
    assert outcome.held[["level", "agency", "held_pence"]].to_numpy().tolist() == [
        ["half", "Council", 60_003 + 39_998]
    ]


def test_aligned_money_never_crosses_agencies(place: Callable[..., Drawn]) -> None:
    aligned = (
        '[[join]]\nstream = ["north", "south"]\nas = "aligned"\npot = "care"\n'
        '[[share]]\nof = "care"\nby = "people"\n'
    )
    drawn = place(*TWO_TRUSTS)
    outcome = drawn.after(aligned)
    assert outcome.ledger.pence[0, 2:].tolist() == [0, 0]
    assert outcome.ledger.pence[1, :2].tolist() == [0, 0]
    held = outcome.held.groupby("agency")["held_pence"].sum()
    assert held.to_dict() == {"North trust": 60_003, "South trust": 39_998}


def test_delegated_money_is_held_by_another_and_answered_for_by_its_owner(
    place: Callable[..., Drawn],
) -> None:
    text = '[[join]]\nstream = "north"\nas = "delegated"\nhost = "Council"\nagreement = "s101"\n'
    outcome = place(*TWO_TRUSTS).after(text)
    held = outcome.held.groupby("agency")["held_pence"].sum()
    assert held.to_dict() == {"Council": 60_003, "South trust": 39_998}
    assert outcome.ledger.streams.loc["north", "answers"] == "North trust"
    assert np.array_equal(outcome.ledger.pence, outcome.baseline.pence)


def test_risk_is_borne_by_the_shares_or_by_what_agencies_put_in(
    place: Callable[..., Drawn],
) -> None:
    outcome = place(*TWO_TRUSTS).after(POOL)
    assert outcome.pots["care"].bear(100_001).to_dict() == {
        "North trust": 60_003,
        "South trust": 39_998,
    }
    shares = 'risk_share = { "North trust" = 0.25, "South trust" = 0.75 }\n[[share]]'
    agreed = place(*TWO_TRUSTS).after(POOL.replace("[[share]]", shares)).pots["care"]
    assert agreed.bear(-1001).to_dict() == {"North trust": -250, "South trust": -751}


def test_risk_shares_name_the_agencies_of_the_pot(place: Callable[..., Drawn]) -> None:
    shares = 'risk_share = { "North trust" = 0.25, Police = 0.75 }\n[[share]]'
    with pytest.raises(SeveralFaults) as caught:
        place(*TWO_TRUSTS).after(POOL.replace("[[share]]", shares))
    assert [fault.found for fault in caught.value.faults] == [("Police",), ("South trust",)]


# ---------------------------------------------------------------------------- growth and cuts


def test_growth_and_cuts_fall_where_the_money_falls(
    place: Callable[..., Drawn], on_paper: OnPaper
) -> None:
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
    place: Callable[..., Drawn],
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


def test_income_follows_the_service_it_belongs_to(
    place: Callable[..., Drawn], on_paper: OnPaper
) -> None:
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
    place: Callable[..., Drawn],
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


# ------------------------------------------------------------------------------------ devolving


def test_what_is_devolved_and_what_stays_is_the_whole(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_001, "held_at": "half"}, {"amount": 50_000, "held_at": "half"})
    outcome = drawn.after('[[devolve]]\nof = "s0"\nto = "wd"\nshare = 0.2\n')
    rows = {tuple(row[:2]): list(row[2:]) for row in outcome.held.itertuples(index=False)}
    assert rows == {
        ("half", "Council"): [100_001 - 20_000 + 50_000, 0],
        ("wd", "Council"): [0, 20_000],
    }
    got = outcome.devolved.set_index("area_code")["amount_pence"]
    # A fifth of £1,000.01: W1 has the people of area 01 and half of 02, 200 of 1,000.
    assert got.to_dict() == {"W1": 4_000, "W2": 16_000}


def test_nothing_is_devolved_twice(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_000, "held_at": "half"})
    entry = '[[devolve]]\nof = "s0"\nto = "{}"\nshare = {}\n'
    with pytest.raises(DevolvedTooMuch):
        drawn.after(entry.format("wd", 0.6) + entry.format("sa", 0.5))


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
    place: Callable[..., Drawn], limits: str, fault: type[InfeasibleLimits], nearest: float
) -> None:
    drawn = place({"amount": 100_000})
    with pytest.raises(fault) as caught:
        drawn.after(f'[[share]]\nof = "s0"\nby = "need"\n{limits}\n')
    assert caught.value.nearest == pytest.approx(nearest, abs=1e-6)
    assert "[[share]] number 1 (s0)" in str(caught.value)


def test_names_that_mean_nothing_or_two_things_are_told_at_once(
    place: Callable[..., Drawn],
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


# --------------------------------------------------------------------------------- comparisons


def test_two_outcomes_are_compared_four_ways_and_each_adds_up(
    place: Callable[..., Drawn],
) -> None:
    drawn = place(*TWO_TRUSTS)
    a, b = drawn.after(""), drawn.after(POOL)
    for by in compare.BY:
        table = compare.compare(a, b, by=by)
        assert table.index.name == by
        assert table["a_pence"].sum() == table["b_pence"].sum() == 100_001
        assert (table["b_pence"] - table["a_pence"]).tolist() == table["change_pence"].tolist()
    by_agency = compare.compare(a, b, by="agency")["change_pence"]
    assert by_agency.to_dict() == {
        "North trust": -60_003,
        "South trust": -39_998,
        "Council": 100_001,
    }


def test_who_gains_and_who_loses_is_counted_in_people_and_pence(
    place: Callable[..., Drawn],
) -> None:
    drawn = place({"amount": 100_000})
    after = drawn.after('[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\n').ledger
    decile = compare.need_deciles(drawn.context.measures["index"].values)
    assert decile.tolist() == [1, 3, 6, 8]
    table = compare.changes(drawn.book, after, people=drawn.context.people, decile=decile)
    # m = 3, 7/3, 5/3, 1: weights 300, 466.7, 500, 400 of 1,666.7 against people 100 to 400.
    assert table["after_pence"].tolist() == [18_000, 28_000, 30_000, 24_000]
    assert table["result"].tolist() == ["gains", "gains", "unchanged", "loses"]
    counted = compare.who_gains(table).set_index("decile")
    assert counted.loc["all", ["people_gain", "gained_pence"]].tolist() == [300, 16_000]
    assert counted.loc["all", ["people_lose", "lost_pence", "net_pence"]].tolist() == [
        400,
        16_000,
        0,
    ]
    assert counted.index.tolist() == ["1", "3", "6", "8", "all"]


# ----------------------------------------------------------------------------------- properties

ALIGNED = (
    '[[join]]\nstream = ["north", "south"]\nas = "aligned"\npot = "care"\n[[share]]\nof = "care"\n'
)


@given(
    amounts=st.tuples(st.integers(1, 10**11), st.integers(1, 10**11)),
    rule=st.sampled_from(
        [
            'by = "need"\n',
            'by = "people"\nfloor = -3\nceiling = 9\nunit = "per cent"\n',
            'by = "need"\nrule = "damping"\nfloor = -5\nunit = "per cent"\n',
            'by = "need"\nminimum = 0.01\n',
            'by = "current"\nyearly = [2, -1]\n',
        ]
    ),
)
def test_no_rule_makes_aligned_money_cross(
    crosswalk: Draw, amounts: tuple[int, int], rule: str
) -> None:
    rows = [{**trust, "amount": n} for trust, n in zip(TWO_TRUSTS, amounts, strict=True)]
    drawn = Drawn(crosswalk, rows)
    try:
        outcome = drawn.after(ALIGNED + rule)
    except InfeasibleLimits:
        return
    assert not outcome.ledger.pence[0, 2:].any()
    assert not outcome.ledger.pence[1, :2].any()
    held = outcome.held.groupby("agency")["held_pence"].sum()
    own = outcome.ledger.streams.groupby("agency")["amount_pence"].sum()
    assert held.to_dict() == own.to_dict()
    if "yearly" not in rule:
        assert own.to_dict() == {"North trust": amounts[0], "South trust": amounts[1]}


ENTRIES = st.lists(
    st.sampled_from(
        [
            '[[share]]\nof = "*"\nby = "need"\nneed_weight = 0.7\n',
            '[[share]]\nof = "s0"\nby = "people"\nfloor = -7\nunit = "per cent"\n',
            '[[share]]\nof = "s1"\nby = "need"\nrule = "damping"\nfloor = -4\nunit = "per cent"\n',
            '[[share]]\nof = "pot:p"\nby = "need"\n',
            '[[share]]\nof = "pot:p"\nby = "people"\nceiling = 40\nunit = "per cent"\n',
            '[[share]]\nof = "s2"\nby = "current"\nyearly = [1.5, -2]\n',
            '[[change]]\nof = "*"\nper_cent = -1.7\nreason = "x"\n',
            '[[change]]\nof = "s1"\nper_cent = 3.3\nreason = "x"\n',
            '[[devolve]]\nof = "s1"\nto = "wd"\nshare = 0.3\n',
            '[[devolve]]\nof = "s0"\nto = "wd"\nshare = 0.07\n',
        ]
    ),
    max_size=6,
    unique=True,
)
JOIN = '[[join]]\nstream = ["s0", "s2"]\nas = "pooled"\npot = "p"\nhost = "H"\nagreement = "s75"\n'


@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=3, max_size=3),
    income=st.integers(-(10**9), -1),
    held=st.integers(0, 100),
    entries=ENTRIES,
)
def test_no_scenario_loses_a_penny_or_moves_a_fixed_one(
    crosswalk: Draw, amounts: list[int], income: int, held: int, entries: list[str]
) -> None:
    drawn = Drawn(
        crosswalk,
        [
            {"amount": amounts[0], "covers": "half:N", "held_at": "half"},
            {
                "amount": amounts[1],
                "ring_fenced": f"{held}%",
                "ring_fence": "grant",
                "held_at": "half",
            },
            {"amount": amounts[2], "covers": "wd:W2", "method": "need"},
            {"id": "fees", "amount": income, "follows": "s1", "method": ""},
            {"amount": 10**6, "method": "place-wide", "covers": "", "held_at": "half"},
        ],
    )
    try:
        outcome = drawn.after(JOIN + "".join(entries))
    except (InfeasibleLimits, NothingChosen):
        return
    outcome.ledger.check()
    streams_after = outcome.ledger.streams["amount_pence"]
    assert outcome.steps[-1].after_pence == outcome.ledger.total == int(streams_after.sum())
    both = outcome.held["held_pence"].sum() + outcome.held["devolved_pence"].sum()
    assert both == outcome.ledger.total
    for level in drawn.context.levels.values():
        at = level(outcome.ledger)
        whole = at.pence.sum(axis=1) + at.outside + at.place_wide
        assert whole.tolist() == streams_after.tolist()
    spending = (streams_after > 0).to_numpy()
    assert (outcome.ledger.pence[spending] >= 0).all()
    again = drawn.after(JOIN + "".join(entries))
    assert again.digest == outcome.digest
    assert scenario.ledger_digest(again.ledger) == scenario.ledger_digest(outcome.ledger)


@given(
    amount=st.integers(1, 10**13), people=st.lists(st.integers(0, 10**6), min_size=4, max_size=4)
)
def test_shares_of_great_and_small_sums_are_those_of_fractions(
    crosswalk: Draw, on_paper: OnPaper, amount: int, people: list[int]
) -> None:
    if not sum(people):
        return
    drawn = Drawn(crosswalk, [{"amount": amount, "method": "need"}])
    index = drawn.book.areas
    context = scenario.Context(
        people=pd.Series(people, index, dtype="float64"),
        measures={},
        covered={"s0": np.ones(4)},
        need_weight=0.5,
        neediest_per_head=3.0,
        levels={},
        inputs="drawn",
    )
    plan = scenario.parse(HEAD + '[[share]]\nof = "s0"\nby = "people"\n')
    outcome = scenario.apply(plan, drawn.book, context)
    assert by_stream(outcome.ledger)["s0"] == on_paper(amount, people)


def test_the_digest_names_inputs_and_choices(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_000}, {"amount": 1})
    share = '[[share]]\nof = "s0"\nby = "need"\n'
    outcome = drawn.after(share)
    renamed = scenario.parse(HEAD.replace("A plan", "Other") + share)
    assert scenario.apply(renamed, drawn.book, drawn.context).digest == outcome.digest
    assert drawn.after(share + "need_weight = 0.25\n").digest != outcome.digest
    other = place({"amount": 100_001}, {"amount": 1})
    assert other.after(share).digest != outcome.digest


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


def test_need_that_is_equal_everywhere_is_shared_by_people(place: Callable[..., Drawn]) -> None:
    drawn = place({"amount": 100_000})
    level = pd.Series(5.0, drawn.book.areas)
    drawn.context.measures["index"] = Measure("index", "index", level)
    outcome = drawn.after('[[share]]\nof = "s0"\nby = "need"\nneed_weight = 1\n')
    assert by_stream(outcome.ledger)["s0"] == [10_000, 20_000, 30_000, 40_000]

"""Scenario documents: read whole or refused whole, written back as they were, one hash."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.errors import BudgetError
from budgets.pace_errors import ChoiceNotUsable, UnknownRule
from budgets.scenario_document import parse
from budgets.scenario_errors import (
    JoinedTwice,
    KeysContradict,
    MissingScenarioKey,
    PotDisagrees,
    RiskSharesWrong,
    ScenarioUnreadable,
    StatusUnsigned,
    UnknownScenarioKey,
    WrongScenarioValue,
)
from geo.errors import SeveralFaults

HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\n'


def faults_of(text: str) -> list[type[Exception]]:
    try:
        parse(text)
    except SeveralFaults as several:
        return [type(fault) for fault in several.faults]
    except BudgetError as fault:
        return [type(fault)]
    return []


def test_a_document_says_what_it_chooses() -> None:
    plan = parse(
        HEAD
        + """
        status = "agreed"
        by = "Joint committee"
        on = 2026-03-31
        year = "2026-27"
        [[change]]
        of = "care"
        amount = "-1,234.50"
        reason = "contract ends"
        [[join]]
        stream = ["care", "nursing"]
        as = "pooled"
        pot = "older people"
        host = "Council"
        agreement = "section 75 agreement"
        risk_share = { Council = 0.75, NHS = 0.25 }
        [[share]]
        of = "pot:older people"
        by = "need"
        rule = "damping"
        floor = -2
        unit = "per cent"
        yearly = [2, 2.5]
        [[devolve]]
        of = "care"
        to = "wd25"
        share = 0.2
        """
    )
    assert plan.head.on == "2026-03-31"
    assert plan.change[0].amount == "-1234.50"
    assert plan.join[0].risk_share == (("Council", 0.75), ("NHS", 0.25))
    assert plan.share[0].yearly == (2.0, 2.5)
    assert plan.share[0].pace().floor == -2
    assert plan.devolve[0].share == 0.2


def test_toml_and_json_are_one_document_with_one_hash() -> None:
    toml = parse(HEAD + '[[devolve]]\nof = "a"\nto = "wd25"\nshare = 0.5\n')
    wrote = {
        "devolve": [{"share": 0.5, "to": "wd25", "of": "a"}],
        "scenario": {"title": "A plan", "id": "plan", "status": "draft"},
    }
    other = parse(json.dumps(wrote))
    assert other == toml
    assert other.digest == toml.digest
    spelled = {
        "devolve": [{"of": "a", "share": 0.5, "to": "wd25"}],
        "scenario": {"id": "plan", "status": "draft", "title": "A plan"},
    }
    text = json.dumps(spelled, separators=(",", ":"), sort_keys=True)
    assert toml.digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_title_does_not_change_the_choices_but_a_figure_does() -> None:
    text = HEAD + '[[devolve]]\nof = "a"\nto = "wd25"\nshare = 0.5\n'
    plan, named = parse(text), parse(text.replace("A plan", "Another"))
    assert plan.digest != named.digest
    assert plan.choices == named.choices
    assert parse(text.replace("0.5", "0.25")).choices != plan.choices


def test_a_scenario_cannot_be_changed() -> None:
    plan = parse(HEAD)
    with pytest.raises(ValueError, match="frozen"):
        plan.head = plan.head
    with pytest.raises(ValueError, match="frozen"):
        plan.head.status = "agreed"


TEXT = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip())


@given(
    title=TEXT,
    reason=TEXT,
    pence=st.integers(-(10**14), 10**14),
    agencies=st.lists(TEXT, min_size=2, max_size=2, unique=True),
    rates=st.lists(st.floats(-100, 1000), min_size=1, max_size=4),
)
def test_whatever_is_written_is_read_again(
    title: str, reason: str, pence: int, agencies: list[str], rates: list[float]
) -> None:
    amount = f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02d}"
    wrote: dict[str, Any] = {
        "scenario": {"id": "plan", "title": title},
        "change": [{"of": "a", "amount": amount, "reason": reason}],
        "join": [
            {
                "stream": ["a"],
                "as": "pooled",
                "pot": title,
                "host": agencies[0],
                "agreement": reason,
                "risk_share": {agencies[0]: 0.5, agencies[1]: 0.5},
            }
        ],
        "share": [{"of": "a", "by": "people", "yearly": rates}],
    }
    plan = parse(json.dumps(wrote))
    assert parse(plan.to_toml()) == plan
    assert parse(plan.to_json()) == plan
    assert parse(plan.to_toml()).digest == plan.digest
    assert plan.change[0].amount == amount


def test_every_fault_comes_at_once_and_says_where_it_stands() -> None:
    text = """
    [scenario]
    id = "No Capitals"
    status = "agreed"
    [[change]]
    of = "a"
    reason = "why"
    [[join]]
    stream = "a"
    as = "aligned"
    host = "Council"
    [[share]]
    of = "a"
    by = "people"
    measure = "index"
    rule = "dampened"
    floor = -3
    unit = "pounds"
    typo = 1
    """
    with pytest.raises(SeveralFaults) as caught:
        parse(text, where="plan.toml")
    faults = [(type(fault), fault.where) for fault in caught.value.faults]
    assert set(faults) == {
        (WrongScenarioValue, "plan.toml, [scenario] id"),
        (MissingScenarioKey, "plan.toml, [scenario] title"),
        (StatusUnsigned, "plan.toml, [scenario]"),
        (KeysContradict, "plan.toml, [[change]] number 1"),
        (MissingScenarioKey, "plan.toml, [[join]] number 1"),
        (KeysContradict, "plan.toml, [[join]] number 1"),
        (KeysContradict, "plan.toml, [[share]] number 1"),
        (UnknownScenarioKey, "plan.toml, [[share]] number 1 typo"),
        (UnknownRule, "plan.toml, [[share]] number 1, rule"),
        (ChoiceNotUsable, "plan.toml, [[share]] number 1, floor"),
    }


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('[[change]]\nof="a"\namount=1\nper_cent=1\nreason="x"', KeysContradict),
        ('[[change]]\nof="a"\namount="1.234,50"\nreason="x"', WrongScenarioValue),
        ('[[change]]\nof="a"\namount=true\nreason="x"', WrongScenarioValue),
        ('[[change]]\nof="a"\nper_cent=-101\nreason="x"', WrongScenarioValue),
        ('[[change]]\nof="a"\nper_cent=1\nreason=" "', WrongScenarioValue),
        ('[[change]]\nof="a"\nper_cent=nan\nreason="x"', WrongScenarioValue),
        ('[[join]]\nstream=[]\nas="separate"', WrongScenarioValue),
        ('[[join]]\nstream="a"\nas="pooled"\npot="p"', MissingScenarioKey),
        ('[[join]]\nstream="a"\nas="separate"\npot="p"', KeysContradict),
        ('[[join]]\nstream="a"\nas="merged"', WrongScenarioValue),
        ('[[share]]\nof="a"\nby="need"\nfloor=1', MissingScenarioKey),
        ('[[share]]\nof="a"\nby="need"\nmatch=1', MissingScenarioKey),
        ('[[share]]\nof="a"\nby="need"\nmatch_with="b"', MissingScenarioKey),
        ('[[share]]\nof="a"\nby="rank"', WrongScenarioValue),
        ('[[share]]\nof="a"\nby="need"\nrule="raking"\nyearly=1', KeysContradict),
        ('[[share]]\nof="a"\nby="need"\nneediest_per_head=0.5', WrongScenarioValue),
        ('[[devolve]]\nof="a"\nto="wd"\nshare=20', WrongScenarioValue),
        ('[[devolve]]\nof="a"\nto="wd"\nshare=0', WrongScenarioValue),
        ('[scenario.more]\nx=1', UnknownScenarioKey),
        ('[others]\nx=1', UnknownScenarioKey),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(entry: str, fault: type[Exception]) -> None:
    assert fault in faults_of(HEAD + entry)


@pytest.mark.parametrize(
    "text",
    ["[scenario", "{", '{"a": 1, "a": 2}', "[]", "", '{"scenario": "\\ud800"}', "{" * 100_000],
)
def test_what_is_no_document_is_refused_as_such(text: str) -> None:
    found = faults_of(text)
    assert found, "nothing was refused"
    assert set(found) <= {ScenarioUnreadable, MissingScenarioKey}


def test_days_that_the_calendar_does_not_have_are_refused() -> None:
    assert faults_of(HEAD + 'takes_effect = "2026-02-30"') == [WrongScenarioValue]
    assert faults_of(HEAD + 'takes_effect = "2028-02-29"') == []


def test_a_stream_joins_once_and_entries_of_a_pot_agree() -> None:
    pooled = '[[join]]\nstream="{}"\nas="pooled"\npot="p"\nhost="{}"\nagreement="s75"\n'
    twice = HEAD + pooled.format("a", "H") + pooled.format("a", "H")
    assert faults_of(twice) == [JoinedTwice]
    two_hosts = HEAD + pooled.format("a", "H") + pooled.format("b", "K")
    assert faults_of(two_hosts) == [PotDisagrees]
    over = HEAD + pooled.format("a", "H") + "risk_share = { H = 0.6, K = 0.6 }\n"
    assert faults_of(over) == [RiskSharesWrong]


@pytest.mark.parametrize("year", ["2025", "2025-26", "2025-2026"])
def test_years_are_financial_or_calendar_years(year: str) -> None:
    assert parse(HEAD + f'year = "{year}"').head.year == year


def test_amounts_in_json_numbers_are_taken_as_they_are_written() -> None:
    wrote = {
        "scenario": {"id": "a", "title": "t"},
        "change": [{"of": "a", "amount": 0.29, "reason": "r"}],
    }
    assert parse(json.dumps(wrote)).change[0].amount == "0.29"
    assert math.floor(0.29 * 100) == 28, "what binary arithmetic would have made of it"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("floor = 3\nunit = 'per head'", {"floor": 3.0, "unit": "per head"}),
        ("ceiling = 3\nunit = 'pounds'", {"ceiling": 3.0, "unit": "pounds"}),
        ("rule = 'taper'\ngrowth = [2, 1]\nfar_growth = 0.5", {"growth": (2, 1)}),
        ("rule = 'taper'\ngrowth = 2\nfar_growth = 0.5", {"growth": 2.0, "far_growth": 0.5}),
        ("rule = 'convergence'\ncap = 4", {"rule": "convergence", "cap": 4.0}),
        ("minimum = 100\nfixed = 5", {"minimum": 100.0, "fixed": 5.0}),
        ("match = 2\nmatch_with = 'b'", {"match": 2.0}),
        ("rule = 'raking'", {"rule": "proportional", "floor": None}),
    ],
)
def test_every_limit_reaches_the_rules(keys: str, expected: dict[str, object]) -> None:
    chosen = parse(HEAD + f'[[share]]\nof = "a"\nby = "people"\n{keys}\n').share[0].pace()
    assert {key: getattr(chosen, key) for key in expected} == expected

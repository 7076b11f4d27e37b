"""Service parameters carry unit, date, status and reference, and are refused without them."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from budgets.adviser_services import FILE, Services, load, may_hold, parse
from budgets.levels_errors import ServicesNotUnderstood, UnknownService
from geo.errors import CommonGroundError, SeveralFaults


@pytest.fixture(scope="module")
def shipped() -> Services:
    return load()


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(FILE.read_text(encoding="utf-8")))


def test_an_assumption_of_our_own_is_called_so(shipped: Services) -> None:
    own = shipped.common.tailoring
    assert own.status == "own"
    assert own.sentence().startswith("5% of the budget if every difference")
    assert "our own assumption" in own.sentence()
    assert shipped.common.fixed.sentence().startswith("£50,000 a year for each area")
    k = shipped.get("planned_operations").k
    assert k is not None
    assert k.sentence().startswith("7.6 ")
    assert "derived, 1991" in k.sentence()


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ("Adult Social Care", "adult_care"),
        ("Bristol: Housing services (GFRA only)", "housing"),
        ("Community and mental health", "mental_health"),
        ("Children's social care", "children_care"),
        ("Children Social Care", "children_care"),
        ("Prescribing and primary care", "primary_care"),
        ("Neighbourhood policing, Central and North", "neighbourhood_policing"),
        ("Cultural and related services", "leisure"),
    ],
)
def test_a_stream_is_known_by_the_longest_name_in_it(
    shipped: Services, words: str, service: str
) -> None:
    found = shipped.named(words)
    assert found is not None
    assert found.id == service


def test_a_service_nobody_described_has_no_invented_figures(shipped: Services) -> None:
    assert shipped.named("Fountains") is None
    assert shipped.parameter(None, "k") is None
    assert shipped.parameter(None, "fixed") == shipped.common.fixed
    assert shipped.named("hospitality") is None, "a name stands as whole words"


def test_bodies_hold_only_money_of_their_kind(shipped: Services) -> None:
    care = shipped.get("adult_care")

    def may(service: Any, body: str, today: str = "county council") -> bool:
        return may_hold(service, body, today=today, services=shipped)

    assert may(care, "county council")
    assert may(care, "area committee of the council")
    assert not may(care, "GP consortium")
    assert not may(care, "")


def test_of_an_unknown_service_only_bodies_of_the_kind_of_today_may_hold_the_money(
    shipped: Services,
) -> None:
    def may(body: str, today: str) -> bool:
        return may_hold(None, body, today=today, services=shipped)

    assert may("ward committee", today="district council")
    assert not may("police command unit", today="district council")
    assert may("police command unit", today="police force")
    assert not may("district council", today="")


def test_an_unknown_service_is_named_with_those_there_are(shipped: Services) -> None:
    with pytest.raises(UnknownService, match="adult_care"):
        shipped.get("magic")


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda raw: raw["common"]["fixed"].pop("reference"), "common.fixed.reference"),
        (lambda raw: raw["common"]["fixed"].update(status="guess"), "common.fixed.status"),
        (lambda raw: raw["common"]["fixed"].update(low=1e9), "low <= value <= high"),
        (lambda raw: raw["services"][0].pop("k"), "a demand-led service needs k"),
        (lambda raw: raw["services"][10].pop("unit_cost"), "stand or fall together"),
        (lambda raw: raw["services"].append(raw["services"][0]), "planned_operations"),
        (lambda raw: raw.update(extra=1), "extra"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(
    raw: dict[str, Any], break_it: Any, message: str
) -> None:
    break_it(raw)
    with pytest.raises(CommonGroundError) as caught:
        parse(raw, where="services.toml")
    assert message in str(caught.value)


def test_all_faults_of_a_file_come_together(raw: dict[str, Any]) -> None:
    raw["common"]["fixed"].pop("unit")
    raw["services"][0]["names"] = []
    raw["services"][1].pop("title")
    with pytest.raises(SeveralFaults) as caught:
        parse(raw, where="services.toml")
    assert len(caught.value.faults) == 3


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "services.toml"
    path.write_text("k = = 3")
    with pytest.raises(ServicesNotUnderstood):
        load(path)

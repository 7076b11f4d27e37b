"""Red flags: each reason alone, the two lists, contributions, and a table of chance alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.errors import SeveralFaults
from indices.change_errors import ContributionFault
from indices.flags import NOBODY, raise_flags, read_contributions
from indices.measures import parse
from indices.trends import gather

YEARS = range(2016, 2026)
N = 4000


def measure(**changes: object) -> dict:
    raw = {
        "id": "poor", "title": "Poor", "about": "population", "kind": "rate", "unit": "%",
        "per": 100, "numerator": "poor", "denominator": "people", "direction": "high is worse",
        "source": "none", "vintage": "sa", "date": "2024", "theme": "income",
    }  # fmt: skip
    return {key: value for key, value in (raw | changes).items() if value is not None}


def flags(rates: dict[str, list[float]], *tables: dict, told=None, people: int = N):
    """Raise flags on exact rates of ten years, beside twenty areas that stay at 10 %."""
    steady = {f"S{k:02d}": [0.10 + 0.0005 * ((k + t) % 3) for t in range(10)] for k in range(20)}
    rows = [
        {"code": code, "year": str(year), "poor": round(n * rate), "people": n}
        for code, values in (steady | rates).items()
        for year, rate in zip(YEARS, values, strict=True)
        for n in [people + year - YEARS[0]]
    ]
    head = {"schema": 1, "place": "P", "place_name": "Somewhere"}
    if "E" in rates:
        head |= {"country": "E", "country_name": "the country"}
    gathered = gather(
        parse(head | {"measures": list(tables or [measure()])}),
        pd.DataFrame(rows),
        code="code",
        year="year",
    )
    known = None if told is None else read_contributions(pd.DataFrame(told), gathered)
    return raise_flags(gathered, known)


def rules(found, code: str) -> dict[str, str]:
    mine = found.reasons[found.reasons["code"] == code]
    return dict(zip(mine["rule"], mine["flag"], strict=True))


def test_steady_areas_have_no_flag():
    found = flags({"A": [0.10 + 0.0005 * (t % 3) for t in range(10)]})
    assert (found.full["flag"] == "").all()
    assert len(found.reasons) == 0
    assert len(found.board()) == 0
    assert len(found.full) == 22
    assert found.full.set_index("code").loc["P", "name"] == "Somewhere"


def test_each_reason_is_raised_by_what_it_names():
    falling = [0.13 - 0.002 * t for t in range(10)]
    wobble = [0.001, -0.001]
    stays = [0.13 + wobble[t % 2] for t in range(10)]
    rises = [0.05 + 0.004 * t + wobble[t % 2] for t in range(10)]
    jumps = [0.10 + wobble[t % 2] for t in range(9)] + [0.13]
    high = [0.16 + wobble[t % 2] for t in range(10)]
    found = flags(
        {"stays": stays, "rises": rises, "jumps": jumps, "high": high, "E": falling},
        measure(floor=14.0),
    )
    assert rules(found, "rises")["trend"] == "red"
    assert rules(found, "stays")["gap to the country"] == "red"
    assert set(rules(found, "stays")) == {"gap to the country", "funnel"}
    assert rules(found, "jumps")["chart"] == "amber"
    assert "trend" not in rules(found, "jumps")
    assert {"floor", "funnel"} <= set(rules(found, "high"))
    assert rules(found, "high")["floor"] == "red"
    assert "E" not in set(found.full["code"])
    reason = found.full.set_index("code").loc["high", "reasons"]
    assert "worse than the floor of 14.0 %" in reason
    assert "chance leaves around Somewhere's" in reason


def test_only_the_worse_side_is_flagged():
    rates = {
        "low": [0.05 + 0.001 * (t % 2) for t in range(10)],
        "falls": [0.12 - 0.004 * t for t in range(10)],
    }
    assert len(flags(rates, measure(floor=14.0)).reasons) == 0
    # The same figures of something that is good when high: now both are flagged.
    found = flags(rates, measure(direction="low is worse", floor=7.0))
    assert rules(found, "low")["funnel"] == "red"
    assert rules(found, "low")["floor"] == "red"
    assert rules(found, "falls")["trend"] == "red"


def test_a_target_missed_is_one_red_flag_and_amber_for_the_areas():
    found = flags({"A": [0.1] * 10}, measure(target=2.0, target_year=2028))
    assert rules(found, "P") == {"target": "red"}
    assert rules(found, "A") == {"target": "amber"}
    assert found.board()["code"].tolist() == ["P"]
    met = flags({"A": [0.1] * 10}, measure(target=12.0, target_year=2028))
    assert len(met.reasons) == 0
    assert set(met.full["heading"]) == {"on course"}


def test_small_areas_are_not_flagged_for_what_chance_explains():
    """The same rates in areas of 60 instead of 4,000 people: 15 % there is within chance."""
    rates = {"A": [0.15] * 10}
    assert rules(flags(rates), "A") == {"funnel": "red"}
    assert rules(flags(rates, people=60), "A") == {}


def test_outcomes_of_a_population_and_performance_of_a_service_keep_apart():
    late = [0.3] * 10
    found = flags(
        {"A": late},
        measure(id="late", about="service", service="Repairs", theme="homes"),
        measure(id="asked", kind="survey", theme="income"),
        measure(),
    )
    board = found.board()
    assert board["about"].tolist() == [
        "outcome of a population", "outcome of a population", "performance of a service",
    ]  # fmt: skip
    # Within a theme the survey stands beside the count, and says that it is one.
    assert board["kind"].tolist() == ["rate", "survey", "rate"]
    assert found.board("service")["measure"].tolist() == ["late"]
    assert found.board("population")["measure"].tolist() == ["poor", "asked"]
    assert (found.full.loc[found.full["measure"] == "late", "service"] == "Repairs").all()


def test_beside_each_flag_stands_who_does_what_next():
    told = [
        {"measure": "poor", "code": "", "organisation": "A council", "contribution": "Advice",
         "next_action": "Look again", "by": "2026"},
        {"measure": "poor", "code": "A", "organisation": "A forum", "contribution": "A walk",
         "next_action": "Invite", "by": ""},
        {"measure": "poor", "code": "A", "organisation": "A school", "contribution": "Breakfast",
         "next_action": "Ask", "by": ""},
    ]  # fmt: skip
    found = flags({"A": [0.2] * 10, "B": [0.2] * 10}, told=told).board().set_index("code")
    assert found.loc["A", "organisation"] == "A forum; A school"
    assert found.loc["A", "next_action"] == "Invite; Ask"
    assert found.loc["B", "organisation"] == "A council"
    assert found.loc["B", "by"] == "2026"
    nobody = flags({"A": [0.2] * 10}).board()
    assert nobody["contribution"].tolist() == [NOBODY]
    other = flags({"A": [0.2] * 10}, measure(), measure(id="b"), told=told[:1]).board()
    assert other.set_index("measure")["contribution"].to_dict() == {"poor": "Advice", "b": NOBODY}


def test_a_table_of_contributions_is_refused_with_every_fault_named():
    row = {"measure": "rich", "code": "Z", "organisation": " ", "contribution": "x",
           "next_action": "y", "by": ""}  # fmt: skip
    with pytest.raises(SeveralFaults) as caught:
        flags({"A": [0.1] * 10}, told=[row])
    text = str(caught.value)
    assert all(word in text for word in ("rich", "Z", "line 2"))
    with pytest.raises(ContributionFault, match="next_action"):
        flags({"A": [0.1] * 10}, told=[{"measure": "poor"}])


def test_anomalies_are_listed_apart_and_raise_no_flag():
    slip = [0.10 + 0.0005 * (t % 3) for t in range(10)]
    slip[-1] *= 100 / 15  # 67 % once is news: it stays
    found = flags({"A": slip})
    assert len(found.anomalies) == 0
    assert rules(found, "A")["funnel"] == "red"
    wrong = [0.10 + 0.0005 * (t % 3) for t in range(10)]
    wrong[-1] = 1.7
    found = flags({"A": wrong})
    assert found.anomalies["code"].tolist() == ["A"]
    assert found.anomalies["year"].tolist() == [2025]
    assert rules(found, "A") == {}
    assert found.full.set_index("code").loc["A", "year"] == 2024


def test_chance_alone_raises_hardly_any_red_flag():
    """Three hundred areas at one rate for ten years: red is judged at 998 of 1,000."""
    random = np.random.default_rng(12)
    rates = {f"A{k:03d}": (random.binomial(N, 0.1, 10) / N).tolist() for k in range(300)}
    found = flags(rates, measure(floor=14.0))
    red = (found.full["flag"] == "red").mean()
    # Four rules can raise it, each in about one of 1,000 areas.
    assert red < 0.012
    assert (found.full["flag"] != "").mean() < 0.2

"""Definitions of indicators: sound ones are read and described, each fault of others is named."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from geo.errors import Faults, SeveralFaults
from indices import inputs
from indices.errors import (
    DefinitionUnreadable,
    DuplicateIds,
    IndicatorFault,
    NotANumber,
    UnknownDefinition,
)
from indices.indicators import Indicator, load, parse

SOUND = """
schema = 1
[[indicators]]
id = "overcrowded"
title = "Overcrowded households"
unit = "% of households"
kind = "rate"
numerator = "overcrowded_households"
denominator = "households"
per = 100
direction = "high is worse"
source = "Census"
vintage = "lsoa21"
date = 2021-03-21
theme = "housing"
[[indicators]]
id = "satisfied"
title = "Satisfied with the place"
unit = "%"
kind = "survey"
value = "satisfied_pct"
direction = "low is worse"
source = "Residents' survey"
vintage = "lsoa21"
date = 2024
theme = "place"
"""


def table(**changes: object) -> dict:
    base = {
        "id": "sick",
        "title": "Sick",
        "unit": "%",
        "kind": "rate",
        "numerator": "sick",
        "denominator": "people",
        "direction": "high is worse",
        "source": "none",
        "vintage": "sa",
        "date": "2024",
        "theme": "health",
    }
    merged = base | changes
    return {key: value for key, value in merged.items() if value is not None}


def faults_of(*tables: dict) -> list:
    faults = Faults("file")
    parse(list(tables), faults, where="file")
    return list(faults)


def test_indicators_are_read_in_their_order_with_dates_and_years_as_text(tmp_path):
    path = tmp_path / "indicators.toml"
    path.write_text(SOUND, encoding="utf-8")
    found = load(path)
    assert list(found) == ["overcrowded", "satisfied"]
    assert found["overcrowded"].date == "2021-03-21"
    assert found["satisfied"].date == "2024"
    assert found["overcrowded"].columns == ("overcrowded_households", "households")
    assert found["overcrowded"].counted
    assert not found["satisfied"].counted


def test_an_indicator_says_what_it_is():
    text = Indicator.model_validate(table()).describe()
    for part in ("Sick", "%", "sick out of people", "high is worse", "2024", "areas sa"):
        assert part in text
    answers = table(kind="survey", numerator=None, denominator=None, value="v")
    assert "survey answers" in Indicator.model_validate(answers).describe()
    columns = table(numerator="sick_leave", denominator="working_age", direction="neither")
    said = Indicator.model_validate(columns).describe()
    assert "sick leave out of working age" in said
    assert "neither end is worse" in said


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"denominator": None}, "both numerator and denominator"),
        ({"numerator": None, "denominator": None}, "needs a value, or numerator"),
        ({"value": "v"}, "not both"),
        ({"kind": "count"}, "numerator and nothing else"),
        ({"kind": "score"}, "value and nothing else"),
        ({"kind": "count", "denominator": None, "shrink": "official"}, "can be shrunk"),
        ({"shrink": "official", "part_of_denominator": False}, "can be shrunk"),
        ({"kind": "guess"}, "kind"),
        ({"direction": "up"}, "direction"),
        ({"date": "last year"}, "date"),
        ({"date": True}, "date"),
        ({"per": 0}, "per"),
        ({"id": "Sick people"}, "id"),
        ({"source": None}, "source"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_each_broken_rule_is_named(changes, word):
    (fault,) = faults_of(table(**changes))
    assert isinstance(fault, IndicatorFault)
    assert word in str(fault)


def test_every_fault_of_a_file_is_named_at_once():
    faults = faults_of(table(unit="", denominator=None), table(kind="guess"), "no table")
    assert [type(fault) for fault in faults] == [IndicatorFault] * 4 + [DuplicateIds]


def test_sound_kinds_have_no_fault():
    nothing = {"numerator": None, "denominator": None}
    assert not faults_of(
        table(),
        table(id="a", date=datetime.date(2024, 3, 1), shrink="official"),
        table(id="b", kind="count", denominator=None),
        table(id="c", kind="score", value="v", **nothing),
        table(id="d", kind="survey", value="v", **nothing),
        table(id="e", kind="survey"),
        table(id="f", kind="rate", value="v", **nothing),
    )


def test_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "indicators.toml"
    with pytest.raises(UnknownDefinition):
        load(path)
    path.write_text("id = ", encoding="utf-8")
    with pytest.raises(DefinitionUnreadable):
        load(path)
    path.write_text("schema = 1", encoding="utf-8")
    with pytest.raises(IndicatorFault, match="no \\[\\[indicators\\]\\]"):
        load(path)
    path.write_text(SOUND.replace("theme", "topic") + "[other]\nx = 1\n", encoding="utf-8")
    with pytest.raises(SeveralFaults) as caught:
        load(path)
    assert len(caught.value.faults) == 5  # unknown key of the file, and for each theme and topic


@pytest.mark.parametrize("symbol", ["*", "[c]", "[x]", "..", ":", "#N/A", "#VALUE!", "", " * "])
def test_symbols_for_what_is_not_there_are_missing_and_other_text_is_named(symbol):
    codes = pd.Index(["a", "b"], name="sa")
    found = inputs.numbers(pd.Series(["1.5", symbol], index=codes), where="x")
    assert found["a"] == 1.5
    assert pd.isna(found["b"])
    with pytest.raises(NotANumber, match="b = 'n/k'"):
        inputs.numbers(pd.Series(["1.5", "n/k"], index=codes), where="x")

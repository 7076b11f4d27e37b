"""Funding formulas are files: each weight has its reference, and the people add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from budgets import errors, need_errors
from budgets.need_formula import Formula, read_formula, shipped
from budgets.need_measures import Measure


def by_area(*values: float) -> pd.Series:
    index = pd.Index(list("abcd"[: len(values)]), name="sa", dtype="str")
    return pd.Series(values, index, dtype=float)


TABLE = pd.DataFrame({"young": by_area(80, 20), "old": by_area(20, 80), "dear": by_area(1.0, 1.1)})
PEOPLE = by_area(100, 100)
MEASURES = {
    "illness": Measure("illness", "indicator", by_area(30, 10)),
    "rank": Measure("rank", "index", by_area(1, 2), high_is_need=False),
    "clients": Measure("clients", "clients", by_area(30, 10)),
}


def document(**changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "schema": 1,
        "formula": {
            "id": "drawn",
            "title": "Drawn",
            "themes": ["care"],
            "illustrative": True,
            "date": "2026-01-01",
            "reference": "drawn",
        },
        "age": [
            {"column": "young", "cost": 1, "reference": "drawn"},
            {"column": "old", "cost": 4, "reference": "drawn"},
        ],
        "need": {"measure": "illness", "neediest_per_head": 1.5, "reference": "drawn"},
        "area_cost": {"column": "dear", "reference": "drawn"},
    }
    return {key: value for key, value in (raw | changes).items() if value is not None}


@pytest.mark.parametrize("measure", ["illness", "rank", "clients"])
def test_a_formula_weighs_people_by_age_need_and_cost_as_on_paper(measure: str) -> None:
    need = {"measure": measure, "neediest_per_head": 1.5, "reference": "drawn"}
    formula = Formula.model_validate(document(need=need))
    table = formula.weigh(PEOPLE, TABLE, MEASURES)
    # (80 + 80) x 1.5 = 240 and (20 + 320) x 1.1 = 374 for 200 people.
    weighted = [240 * 200 / 614, 374 * 200 / 614]
    assert table["weighted_people"].tolist() == pytest.approx(weighted)
    found = formula.measure(PEOPLE, TABLE, MEASURES)
    assert (found.name, found.kind, found.themes) == ("drawn", "clients", ("care",))
    assert found.values.tolist() == pytest.approx(weighted)


def test_parts_of_a_formula_may_be_left_out() -> None:
    only_cost = Formula.model_validate(document(age=None, need=None))
    expected = [200 / 2.1, 220 / 2.1]
    found = only_cost.weigh(PEOPLE, TABLE, {})["weighted_people"]
    assert found.tolist() == pytest.approx(expected)


def test_a_formula_that_leaves_people_out_or_names_what_is_not_there_is_refused() -> None:
    formula = Formula.model_validate(document())
    with pytest.raises(need_errors.FormulaWithoutFigures, match="add up to the people"):
        formula.weigh(PEOPLE + by_area(0, 1), TABLE, MEASURES)
    with pytest.raises(ValueError, match="2 faults") as caught:
        formula.weigh(PEOPLE, TABLE.drop(columns="old"), {})
    assert "old" in str(caught.value)
    assert "illness" in str(caught.value)
    with pytest.raises(errors.NothingToShareBy):
        formula.weigh(PEOPLE * 0, TABLE * 0, MEASURES)


def test_a_file_of_another_form_is_refused_with_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('schema = 2\n[formula]\nid = "A b"\n', encoding="utf-8")
    with pytest.raises(need_errors.FormulaNotUnderstood) as caught:
        read_formula(path)
    said = " ".join(map(str, caught.value.found))
    for word in ("schema", "formula.id", "formula.title", "illustrative"):
        assert word in said
    for text in ("a = ", None):
        path = tmp_path / f"{text}.toml"
        if text:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(need_errors.FormulaNotUnderstood):
            read_formula(path)
    for wrong in (
        {"age": None, "need": None, "area_cost": None},
        {"age": [document()["age"][0]] * 2},
        {"age": [{"column": "young", "cost": 0, "reference": "drawn"}]},
    ):
        with pytest.raises(ValueError, match="Value error"):
            Formula.model_validate(document(**wrong))


@pytest.mark.parametrize("name", shipped())
def test_shipped_formulas_are_openly_illustrations(name: str) -> None:
    formula = read_formula(name)
    assert formula.formula.id == name
    assert formula.formula.illustrative
    assert all("illustrative" in age.reference for age in formula.age)

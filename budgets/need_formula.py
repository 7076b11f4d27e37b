"""Funding formulas as files: people by age, additional need, area cost, each with its reference.

In: a TOML file, and what a place counts. Out: `Formula`, frozen and checked, and the weighted
people of every area by it (`need_weighting.weighted_population`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from budgets.need import NEEDIEST_PER_HEAD_MOST, per_head
from budgets.need_errors import FormulaNotUnderstood, FormulaWithoutFigures
from budgets.need_measures import Measure
from budgets.need_weighting import weighted_population
from geo.errors import Faults

SHIPPED = Path(__file__).with_name("parameters") / "formulas"
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Head(_Strict):
    """`[formula]`: what it is called, which themes follow it, whose it is."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: Text
    themes: tuple[Text, ...] = ()
    illustrative: bool
    date: Text
    reference: Text


class Age(_Strict):
    """`[[age]]`: what a person of one band costs, against any other; the band is a column."""

    column: Text
    cost: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    reference: Text


class Need(_Strict):
    """`[need]`: additional need a head by a measure: the neediest area N times the least needy."""

    measure: Text
    neediest_per_head: Annotated[float, Field(ge=1, le=NEEDIEST_PER_HEAD_MOST)]
    reference: Text


class AreaCost(_Strict):
    """`[area_cost]`: the column that says how much dearer the same service is in each area."""

    column: Text
    reference: Text


class Formula(_Strict):
    """The whole file."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    formula: Head
    age: tuple[Age, ...] = ()
    need: Need | None = None
    area_cost: AreaCost | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        columns = [age.column for age in self.age]
        if len(set(columns)) < len(columns):
            raise ValueError("an age band stands twice")
        if columns and not any(age.cost for age in self.age):
            raise ValueError("every age band costs nothing")
        if not (self.age or self.need or self.area_cost):
            raise ValueError("a formula has ages, need or area cost")
        return self

    def weigh(
        self, people: pd.Series, columns: pd.DataFrame, measures: Mapping[str, Measure]
    ) -> pd.DataFrame:
        """Return the weighted people of every area, as `weighted_population` does.

        Parameters
        ----------
        people
            Everybody, by area. Age bands must add up to them: what is left over has no cost.
        columns
            The place's table of counts by area.
        measures
            Measures of need by name.

        Raises
        ------
        FormulaWithoutFigures
            A column or measure is not there, or the age bands are not everybody.
        NeedMissing, FiguresNotUsable, PeopleNotUsable, NothingToShareBy
        """
        bands = [age.column for age in self.age]
        self._check(people, columns, measures)
        factor = None
        if self.need is not None:
            measure, times = measures[self.need.measure], self.need.neediest_per_head
            scores = measure.scores
            if measure.kind == "clients":
                # A count says how many; how many of everybody is what can be needier.
                scores = scores.reindex(people.index) / people.where(people > 0)
            factor = per_head(people, scores, neediest_per_head=times)
        cost = None
        if self.area_cost is not None:
            cost = columns[self.area_cost.column].reindex(people.index)
        return weighted_population(
            columns[bands].reindex(people.index) if bands else people,
            age_cost={age.column: age.cost for age in self.age} if bands else None,
            need=factor,
            area_cost=cost,
        )

    def measure(
        self, people: pd.Series, columns: pd.DataFrame, measures: Mapping[str, Measure]
    ) -> Measure:
        """Return the weighted people as a measure that money follows as it is, like clients."""
        weighted = self.weigh(people, columns, measures)["weighted_people"]
        return Measure(self.formula.id, "clients", weighted, self.formula.themes)

    def _check(
        self, people: pd.Series, columns: pd.DataFrame, measures: Mapping[str, Measure]
    ) -> None:
        where = f"formula {self.formula.id}"
        faults = Faults(where)
        bands = [age.column for age in self.age]
        wanted = bands + ([self.area_cost.column] if self.area_cost is not None else [])
        numeric = columns.select_dtypes("number").columns
        absent = [name for name in wanted if name not in numeric]
        if absent:
            faults.add(FormulaWithoutFigures(where, found=absent, detail="no column of numbers"))
        if self.need is not None and self.need.measure not in measures:
            known = f"measures: {', '.join(measures)}"
            faults.add(FormulaWithoutFigures(where, found=[self.need.measure], detail=known))
        faults.raise_any()
        if bands:
            left = (columns[bands].reindex(people.index).sum(axis=1) - people).abs()
            off = left > 1e-6 * people.clip(lower=1)
            if off.any():
                detail = "the age bands do not add up to the people"
                raise FormulaWithoutFigures(where, found=people.index[off], detail=detail)


def shipped() -> list[str]:
    """Return the names of the formulas that come with Common Ground."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read_formula(named: str | Path) -> Formula:
    """Read and check a formula: a TOML file, or the name of a shipped one.

    Raises
    ------
    FormulaNotUnderstood
    """
    path = SHIPPED / f"{named}.toml" if str(named) in shipped() else Path(named)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormulaNotUnderstood(path.name, detail=str(error)) from None
    try:
        return Formula.model_validate(raw)
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise FormulaNotUnderstood(path.name, found=said) from None

"""Defines indicators: what is counted, of whom, which end is worse, where it comes from and when.

In: TOML files, or the `[[indicators]]` of an index definition. Out: frozen `Indicator`s, or every
fault of the file at once. Figures are made from them in `indices.rates`; wherever a figure is
shown, `Indicator.describe` says what it is.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geo.errors import Faults
from indices import disclosure_rules
from indices.errors import DuplicateIds, IndicatorFault
from indices.reading import read_toml

Kind = Literal["rate", "count", "score", "survey"]
UNSTATED = "not stated"
"""What stands where a table does not say its source or date: shown, so that it is missed."""


def _as_text(value: Any) -> Any:
    """Read TOML's dates and bare years as the text they were written as."""
    if isinstance(value, datetime.date) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return value


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Date = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(pattern=rf"^([0-9]{{4}}(-[0-9]{{2}}(-[0-9]{{2}})?)?|{UNSTATED})$"),
]


class Indicator(BaseModel):
    """One figure by area, with all that a reader must know about it.

    Attributes
    ----------
    kind
        `rate` numerator over denominator; `count` a number of people or things; `score` a value
        that others have computed; `survey` an answer of a sample, kept apart from counts.
    numerator, denominator, value
        Columns of the data. A rate has the first two, or a published value; a count has a
        numerator; a score has a value; a survey has a value, or answers and people asked.
    per
        What a rate is multiplied with: 100 for per cent, 1000 for a thousand people.
    unit
        In words. Values in "%" lie in 0..100, in "share" in 0..1.
    direction
        Which end is the deprived one.
    vintage
        Id of the layer its codes belong to (`lsoa21`).
    part_of_denominator
        Whether the numerator counts a part of the denominator. Crimes in a town centre are not a
        part of its residents: False, and the sampling error is Poisson instead of binomial.
    empty_areas
        Whether an area whose denominator is zero is refused, or has no rate ("missing").
    shrink
        Whether and how rates borrow strength from their district.
    scale_checked
        Says that somebody has looked at values which seem to mix shares and percentages.
    definition
        What is counted, in words a resident understands.
    disclosure
        Id of the rule by which small counts of its source are hidden (`indices.disclosure`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    title: Text
    unit: Text
    kind: Kind
    numerator: Text | None = None
    denominator: Text | None = None
    value: Text | None = None
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    direction: Literal["high is worse", "low is worse", "neither"]
    source: Text
    vintage: Text
    date: Date
    theme: Text
    part_of_denominator: bool = True
    empty_areas: Literal["refuse", "missing"] = "refuse"
    shrink: Literal["none", "official", "empirical-bayes"] = "none"
    scale_checked: bool = False
    definition: str = ""
    disclosure: Text = "published"
    note: str = ""

    @property
    def counted(self) -> bool:
        """Whether the data hold events and the people who could have them."""
        return self.numerator is not None and self.denominator is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that the indicator is made from."""
        named = (self.numerator, self.denominator, self.value)
        return tuple(column for column in named if column is not None)

    def describe(self) -> str:
        """Say in one sentence what the figure is, for a caption or a tooltip."""
        kind: str = "survey answers" if self.kind == "survey" else self.kind
        if self.counted:
            kind += f", {_spaced(self.numerator)} out of {_spaced(self.denominator)}"
        worse = "neither end is worse" if self.direction == "neither" else self.direction
        means = f"{self.definition.rstrip('.')}. " if self.definition else ""
        return (
            f"{self.title} ({self.unit}; {kind}; {worse}). {means}"
            f"Source: {self.source}, {self.date}, areas {self.vintage}."
        )


def _spaced(column: str | None) -> str:
    """Write the name of a column as words."""
    return str(column).replace("_", " ")


def load(path: str | Path) -> dict[str, Indicator]:
    """Read a TOML file of `[[indicators]]` and return them by id.

    Raises
    ------
    UnknownDefinition, DefinitionUnreadable, IndicatorFault, DuplicateIds
        What is wrong with the file; several faults come together.
    """
    path = Path(path)
    raw = read_toml(path)
    unknown = sorted(set(raw) - {"schema", "indicators"})
    faults = Faults(path.name)
    if unknown:
        faults.add(IndicatorFault(path.name, found=unknown, detail="unknown keys of the file"))
    found = parse(raw.get("indicators", []), faults, where=path.name)
    if not found and not faults:
        faults.add(IndicatorFault(path.name, detail="the file has no [[indicators]]"))
    faults.raise_any()
    return found


def parse(raw: Any, faults: Faults, *, where: str) -> dict[str, Indicator]:
    """Check tables of indicators; faults are collected, sound indicators returned by id."""
    found: dict[str, Indicator] = {}
    tables = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]
    for position, table in enumerate(tables, 1):
        if not isinstance(table, Mapping):
            faults.add(IndicatorFault(where, found=[f"indicators.{position}"], detail="no table"))
            continue
        name = str(table.get("id", position))
        try:
            indicator = Indicator.model_validate(dict(table))
            found.setdefault(indicator.id, indicator)
        except ValidationError as problem:
            for error in problem.errors():
                key = ".".join(str(part) for part in error["loc"])
                spot = f"indicators.{name}.{key}"
                faults.add(IndicatorFault(where, found=[spot], detail=error["msg"]))
        # Read from the table, not the model, so that these are named beside faults of the schema.
        for rule in wrong_columns(table):
            faults.add(IndicatorFault(where, found=[f"indicators.{name}"], detail=rule))
    times = Counter(str(t["id"]) for t in tables if isinstance(t, Mapping) and "id" in t)
    twice = [id for id, count in times.items() if count > 1]
    if twice:
        faults.add(DuplicateIds(where, found=twice))
    return found


def wrong_columns(table: Mapping[str, Any]) -> list[str]:
    """Say which columns an indicator of its kind lacks, or cannot have."""
    numerator, denominator, value = (
        table.get(key) is not None for key in ("numerator", "denominator", "value")
    )
    kind = table.get("kind")
    rules = []
    if kind in ("rate", "survey") and numerator != denominator:
        rules.append(f"a {kind} needs both numerator and denominator, or neither")
    if kind in ("rate", "survey") and value == (numerator or denominator):
        rules.append(f"a {kind} needs a value, or numerator and denominator, and not both")
    if kind == "count" and (not numerator or denominator or value):
        rules.append("a count needs a numerator and nothing else")
    if kind == "score" and (not value or numerator or denominator):
        rules.append("a score needs a value and nothing else")
    if table.get("shrink", "none") != "none" and not (kind == "rate" and numerator):
        rules.append("only a rate with numerator and denominator can be shrunk")
    if str(table.get("disclosure", "published")) not in disclosure_rules.rules():
        known = ", ".join(disclosure_rules.rules())
        rules.append(f"its disclosure must be a known rule: {known}")
    if table.get("shrink", "none") != "none" and table.get("part_of_denominator") is False:
        rules.append("only a numerator that is a part of its denominator can be shrunk")
    return rules

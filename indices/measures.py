"""Defines measures that are followed over years: what they are, their target and their floor.

In: a TOML file of `[[measures]]`. Out: frozen `Measures`, or every fault of the file at once. A
measure is an indicator that also says whether it tells how a population fares or how a service
performs; the two are never put into one list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from geo.errors import Faults
from indices.change_errors import MeasureFault
from indices.errors import DuplicateIds
from indices.indicators import Indicator, Text, wrong_columns
from indices.reading import read_toml

KEYS = {"schema", "place", "place_name", "country", "country_name", "measures"}
About = Literal["population", "service"]


class Measure(Indicator):
    """An indicator that is followed over years.

    Attributes
    ----------
    about
        `population`: an outcome of everybody who lives there, which no single service answers for.
        `service`: how well one service does for those who use it.
    service
        Which service; needed where `about` is `service`.
    target, target_year
        The value to be reached and when, in the measure's unit; both or neither.
    floor
        The standard that no area should be worse than.
    design_effect
        For a survey: by how much its design widens the variance of a simple random sample.
    """

    about: About
    service: Text | None = None
    target: Annotated[float, Field(allow_inf_nan=False)] | None = None
    target_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    floor: Annotated[float, Field(allow_inf_nan=False)] | None = None
    design_effect: Annotated[float, Field(ge=1, le=100)] = 1.0

    @property
    def sign(self) -> float:
        """1 where a high value is the worse one, -1 where a low one is."""
        return -1.0 if self.direction == "low is worse" else 1.0

    @property
    def bounds(self) -> tuple[float, float]:
        """What values the unit allows: shares and per cent have two ends, the rest one."""
        if self.unit.startswith("%"):
            return 0.0, 100.0
        if self.unit.startswith("share"):
            return 0.0, 1.0
        return (0.0 if self.kind != "score" else float("-inf")), float("inf")

    def say(self, value: float) -> str:
        """Write a value with its unit: 12.3 %, 4.56 per 1,000."""
        digits = 1 if abs(value) >= 10 else 2
        return f"{value:,.{digits}f} {self.unit}"


@dataclass(frozen=True)
class Measures:
    """The measures of a place and what they are compared with.

    Attributes
    ----------
    by_id
        The measures in the order of the file.
    place, country
        Codes of their rows in the table of figures.
    place_name, country_name
        How sentences call them.
    """

    by_id: Mapping[str, Measure]
    place: str
    country: str | None = None
    place_name: str = "the place"
    country_name: str = "England"

    def __iter__(self) -> Iterator[Measure]:
        return iter(self.by_id.values())


def load(path: str | Path) -> Measures:
    """Read a TOML file of measures.

    Raises
    ------
    UnknownDefinition, DefinitionUnreadable, MeasureFault, DuplicateIds
        What is wrong with the file; several faults come together.
    """
    path = Path(path)
    return parse(read_toml(path), where=path.name)


def parse(raw: Mapping[str, Any], *, where: str = "measures") -> Measures:
    """Check the content of a file of measures and return them; all faults come together."""
    faults = Faults(where)
    unknown = sorted(set(raw) - KEYS)
    if unknown:
        faults.add(MeasureFault(where, found=unknown, detail="unknown keys of the file"))
    if raw.get("schema") != 1:
        faults.add(MeasureFault(where, found=[raw.get("schema")], detail="schema is 1"))
    texts = {key: raw[key] for key in sorted(KEYS - {"schema", "measures"}) if key in raw}
    wrong = [key for key, value in texts.items() if not isinstance(value, str) or not value]
    if "place" not in raw:
        wrong.append("place")
    if wrong:
        faults.add(MeasureFault(where, found=wrong, detail="text is needed"))
    found: dict[str, Measure] = {}
    tables = raw.get("measures", [])
    for position, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
        measure = _measure(table, position, faults, where)
        if measure is not None:
            found.setdefault(measure.id, measure)
    if not tables:
        faults.add(MeasureFault(where, detail="the file has no [[measures]]"))
    counted = Counter(
        str(table["id"]) for table in tables if isinstance(table, Mapping) and "id" in table
    )
    twice = [id for id, times in counted.items() if times > 1]
    if twice:
        faults.add(DuplicateIds(where, found=twice))
    faults.raise_any()
    return Measures(found, **texts)


def _measure(table: Any, position: int, faults: Faults, where: str) -> Measure | None:
    """Check one table; its faults are collected."""
    if not isinstance(table, Mapping):
        faults.add(MeasureFault(where, found=[f"measures.{position}"], detail="no table"))
        return None
    name = f"measures.{table.get('id', position)}"
    rules = [*wrong_columns(table), *_contradictions(table)]
    for rule in rules:
        faults.add(MeasureFault(where, found=[name], detail=rule))
    try:
        return Measure.model_validate(dict(table))
    except ValidationError as problem:
        for error in problem.errors():
            key = ".".join(str(part) for part in error["loc"])
            faults.add(MeasureFault(where, found=[f"{name}.{key}"], detail=error["msg"]))
    return None


def _contradictions(table: Mapping[str, Any]) -> list[str]:
    rules = []
    if (table.get("target") is None) != (table.get("target_year") is None):
        rules.append("target and target_year belong together")
    if table.get("about") == "service" and not table.get("service"):
        rules.append("the performance of a service needs the name of the service")
    if table.get("about") == "population" and table.get("service"):
        rules.append("no single service answers for an outcome of the population")
    if table.get("direction") == "neither":
        rules.append("a measure needs a worse end: direction is high or low is worse")
    if table.get("shrink", "none") != "none":
        rules.append("figures over years are not shrunk: they would be pulled towards each other")
    if table.get("design_effect", 1) != 1 and table.get("kind") != "survey":
        rules.append("only a survey has a design effect")
    return rules

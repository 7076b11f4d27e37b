"""Reads and checks index definitions: the domains, their weights and the edition they belong to.

In: the name of a shipped definition (`imd2019`) or the path of a TOML file. Out: a frozen
`Definition` whose weights add up as stated. A definition is data: nothing about one index is
written in code.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geo.errors import Faults
from indices.errors import (
    DefinitionFault,
    DefinitionUnreadable,
    DuplicateIds,
    UnknownDefinition,
    WeightsDoNotAddUp,
)

FOLDER = Path(__file__).parent / "definitions"
WEIGHTS_TOLERANCE = 1e-9
SCHEMA = 1


def _fraction(value: Any) -> Any:
    """Read "2/3" as two thirds; everything else is left to the schema."""
    if isinstance(value, str) and re.fullmatch(r"\d+/[1-9]\d*", value):
        return float(Fraction(value))
    return value


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Weight = Annotated[float, BeforeValidator(_fraction), Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subdomain(_Strict):
    """A part of a domain, ranked by itself; the weights of a domain's parts add up to 1."""

    id: Id
    title: Text
    weight: Weight
    high_is_worse: bool = True
    reference: Text | None = None


class Domain(_Strict):
    """One kind of deprivation, ranked over the whole edition and then transformed."""

    id: Id
    title: Text
    weight: Weight
    high_is_worse: bool = True
    denominator: Text = "residents"
    reference: Text | None = None
    subdomains: tuple[Subdomain, ...] = ()


class Codes(_Strict):
    """The area codes of the edition's layer, as far as they tell it from other vintages."""

    pattern: Text
    first: Text | None = None
    last: Text | None = None


class Definition(_Strict):
    """One index: which domains, with which weights, over which edition of which layer.

    Attributes
    ----------
    layer
        Id of the layer the edition is published for (`lsoa21`); None where any layer will do.
    n_areas
        Number of areas of the complete edition; None where the data at hand are the edition.
    transform
        What domain ranks become before they are weighted: the official `exponential`, `rank`
        (100 for the worst area to 100/n for the best) or `none` (domain scores as they are).
    ties
        Which rank equal scores share: the best one, as in England, or the average of theirs.
    weights_total
        What the published weights add up to. They are used as they are, never renormalised.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    id: Id
    title: Text
    edition: Text
    layer: Text | None = None
    n_areas: Annotated[int, Field(ge=1)] | None = None
    transform: Literal["exponential", "rank", "none"] = "exponential"
    ties: Literal["min", "average"] = "min"
    weights_total: Annotated[float, Field(gt=0)] = 1.0
    reference: Text
    note: str = ""
    codes: Codes | None = None
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]

    @property
    def domain_ids(self) -> list[str]:
        """Ids of the domains in the order of the definition."""
        return [domain.id for domain in self.domains]

    @property
    def weights(self) -> pd.Series:
        """Weights by domain id, as published."""
        return pd.Series({domain.id: domain.weight for domain in self.domains}, name="weight")

    def domain(self, id: str) -> Domain:
        """Return one domain by its id."""
        for domain in self.domains:
            if domain.id == id:
                return domain
        raise DefinitionFault(
            self.id, found=[id], detail=f"its domains are {', '.join(self.domain_ids)}"
        )


def shipped() -> list[str]:
    """List the names of the definitions that come with Common Ground."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str | Path) -> Definition:
    """Read a definition by name (`imd2025`) or from a TOML file.

    Raises
    ------
    UnknownDefinition
        There is neither a shipped definition nor a file of that name.
    DefinitionUnreadable, DefinitionFault, DuplicateIds, WeightsDoNotAddUp
        The file breaks a rule; several faults come together.
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped():
        path = FOLDER / f"{name_or_path}.toml"
    if not path.is_file():
        raise UnknownDefinition(
            str(name_or_path), detail=f"shipped definitions are {', '.join(shipped())}"
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise DefinitionUnreadable(str(path), detail=str(fault)) from fault
    return parse(raw, where=path.name)


def parse(raw: Mapping[str, Any], *, where: str = "definition") -> Definition:
    """Check the contents of a definition and return it; every fault is raised at once."""
    faults = Faults(where)
    definition = None
    try:
        definition = Definition.model_validate(dict(raw))
    except ValidationError as problem:
        for error in problem.errors():
            place = ".".join(str(part) for part in error["loc"])
            faults.add(DefinitionFault(where, found=[place], detail=error["msg"]))
    _check_weights(raw, faults, where)
    _check_ids(raw, faults, where)
    faults.raise_any()
    assert definition is not None  # raise_any has left if it is
    return definition


def _check_weights(raw: Mapping[str, Any], faults: Faults, where: str) -> None:
    """Compare the weights with their stated total, as far as they can be read."""
    sums = [("domains", _tables(raw, "domains"), raw.get("weights_total", 1.0))]
    for domain in _tables(raw, "domains"):
        sums.append((f"domain {domain.get('id')}", _tables(domain, "subdomains"), 1.0))
    for what, parts, total in sums:
        weights = [_fraction(part.get("weight")) for part in parts]
        if not weights or not all(isinstance(item, int | float) for item in [*weights, total]):
            continue  # absent or no numbers: the schema names those
        if abs(sum(weights) - total) > WEIGHTS_TOLERANCE:
            detail = f"{what} add up to {sum(weights):.10g}, stated is {total:.10g}"
            faults.add(WeightsDoNotAddUp(where, detail=detail))


def _check_ids(raw: Mapping[str, Any], faults: Faults, where: str) -> None:
    """Refuse an id used twice: domains and sub-domains share the columns of one table."""
    domains = list(_tables(raw, "domains"))
    parts = [part for domain in domains for part in _tables(domain, "subdomains")]
    count = Counter(str(table["id"]) for table in [*domains, *parts] if "id" in table)
    twice = [id for id, times in count.items() if times > 1]
    if twice:
        faults.add(DuplicateIds(where, found=twice))


def _tables(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key, ())
    return [item for item in _sequence(found) if isinstance(item, Mapping)]


def _sequence(value: Any) -> Iterator[Any]:
    return iter(value) if isinstance(value, list | tuple) else iter(())

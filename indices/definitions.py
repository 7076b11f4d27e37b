"""Reads and checks index definitions: the domains, their weights and the edition they belong to.

In: the name of a shipped definition (`imd2019`) or the path of a TOML file. Out: a frozen
`Definition` whose weights add up as stated and whose indicators are all known and of one vintage.
A definition is data: nothing about one index is written in code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geo.errors import Faults
from indices import indicators as catalogue
from indices.combining import Mean, Scale
from indices.errors import (
    DefinitionFault,
    DuplicateIds,
    MixedVintages,
    UnknownIndicator,
    WeightsDoNotAddUp,
)
from indices.indicators import Id, Indicator, Text
from indices.reading import read_toml

FOLDER = Path(__file__).parent / "definitions"
WEIGHTS_TOLERANCE = 1e-9
MAIN = ("", "arithmetic")


def _fraction(value: Any) -> Any:
    """Read "2/3" as two thirds; everything else is left to the schema."""
    if isinstance(value, str) and re.fullmatch(r"\d+/[1-9]\d*", value):
        return float(Fraction(value))
    return value


def _use(value: Any) -> Any:
    """Read the bare id of an indicator as its use without weight or goalposts."""
    return {"id": value} if isinstance(value, str) else value


Weight = Annotated[float, BeforeValidator(_fraction), Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Use(_Strict):
    """An indicator as a domain uses it: by its id, with a weight or goalposts where these serve."""

    id: Id
    weight: Weight | None = None
    goalposts: tuple[float, float] | None = None


class Part(_Strict):
    """What domains and sub-domains share: a title, a weight, and how indicators make them.

    Attributes
    ----------
    indicators
        What the score is made from where an index is built from indicators.
    combine
        `equal` weights, stated `weights`, the weights of one `factor`, or the sum of `counts` over
        one denominator.
    scale, mean
        The scale indicators are brought to before their mean is taken, and which mean. A single
        indicator stays as it is unless a scale is named.
    missing
        Whether an area without one of several indicators is refused, or the indicator takes the
        middle of its scale there.
    """

    id: Id
    title: Text
    weight: Weight
    high_is_worse: bool = True
    reference: Text | None = None
    indicators: tuple[Annotated[Use, BeforeValidator(_use)], ...] = ()
    combine: Literal["equal", "weights", "factor", "counts"] = "equal"
    scale: Scale | None = None
    mean: Mean = "arithmetic"
    missing: Literal["refuse", "middle"] = "refuse"


class Subdomain(Part):
    """A part of a domain, ranked by itself; the weights of a domain's parts add up to 1."""


class Domain(Part):
    """One kind of deprivation, ranked over the whole edition and then transformed."""

    denominator: Text = "residents"
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
    mean
        How transformed domains become one score; every official index adds them up. The other
        means are taken of positive figures, see `indices.combining.positive`.
    indicators
        What the domains can be made from.
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
    mean: Mean = "arithmetic"
    indicators: tuple[Indicator, ...] = ()
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]

    @property
    def domain_ids(self) -> list[str]:
        """Ids of the domains in the order of the definition."""
        return [domain.id for domain in self.domains]

    @property
    def parts(self) -> list[Part]:
        """What is made from indicators: each domain, or its sub-domains where it has any."""
        return [part for domain in self.domains for part in (domain.subdomains or (domain,))]

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
    raw = read_toml(path, detail=f"shipped definitions are {', '.join(shipped())}")
    return parse(raw, where=path.name)


def parse(raw: Mapping[str, Any], *, where: str = "definition") -> Definition:
    """Check the contents of a definition and return it; every fault is raised at once."""
    faults = Faults(where)
    definition = None
    known = catalogue.parse(raw.get("indicators", []), faults, where=where)
    try:
        definition = Definition.model_validate({**raw, "indicators": list(known.values())})
    except ValidationError as problem:
        for error in problem.errors():
            place = ".".join(str(part) for part in error["loc"])
            faults.add(DefinitionFault(where, found=[place], detail=error["msg"]))
    _check_weights(raw, faults, where)
    _check_ids(raw, faults, where)
    _check_indicators(raw, known, faults, where)
    faults.raise_any()
    assert definition is not None  # raise_any has left if it is
    return definition


def _check_indicators(
    raw: Mapping[str, Any], known: Mapping[str, Indicator], faults: Faults, where: str
) -> None:
    """Refuse unknown indicators, several vintages, and parts whose making contradicts itself."""
    named = {str(table["id"]) for table in _tables(raw, "indicators") if "id" in table}
    used: dict[str, Indicator] = {}
    for part in _parts(raw):
        uses = [use for use in map(_use, _sequence(part.get("indicators"))) if use]
        ids = [str(use["id"]) for use in uses if isinstance(use, Mapping) and "id" in use]
        lost = [id for id in ids if id not in named]
        if lost:
            faults.add(UnknownIndicator(where, found=lost, detail=f"domain {part.get('id')}"))
        mine = {id: known[id] for id in ids if id in known}
        used |= mine
        for rule in _contradictions(part, uses, mine):
            faults.add(DefinitionFault(where, found=[f"domain {part.get('id')}"], detail=rule))
    # In the order of the file: what the message calls the index's own must not change by run.
    vintages = list(dict.fromkeys(indicator.vintage for indicator in used.values()))
    expected = raw.get("layer") or next(iter(vintages), None)
    others = [i.id for i in used.values() if i.vintage != expected]
    if others or len(vintages) > 1:
        detail = f"the index is of {expected}, vintages are {', '.join(sorted(vintages))}"
        faults.add(MixedVintages(where, found=others, detail=detail))


def _contradictions(
    part: Mapping[str, Any], uses: list[Any], mine: Mapping[str, Indicator]
) -> Iterator[str]:
    """Say what in the making of one part cannot be meant."""
    combine, scale = part.get("combine", "equal"), part.get("scale")
    if not uses:
        if any(key in part for key in ("combine", "scale", "mean", "missing")):
            yield "it says how indicators are combined, and has none"
        return
    if _tables(part, "subdomains"):
        yield "it has both indicators and sub-domains"
    if part.get("high_is_worse", True) is not True:
        yield "made from indicators it is high where it is worse; turn the indicators round"
    if len({str(use.get("id")) for use in uses if isinstance(use, Mapping)}) < len(uses):
        yield "it uses an indicator twice"
    if any(indicator.direction == "neither" for indicator in mine.values()):
        yield "it uses an indicator without a worse end"
    tables = [use for use in uses if isinstance(use, Mapping)]
    if any(("weight" in use) != (combine == "weights") for use in tables):
        yield "indicators have weights where combine is 'weights', all, and only there"
    if any(("goalposts" in use) != (scale == "goalposts") for use in tables):
        yield "indicators have goalposts where the scale is 'goalposts', all, and only there"
    if combine == "factor" and (scale not in (None, "normal") or part.get("mean", "") not in MAIN):
        yield "factor weights are made for the arithmetic mean of normal scores"
    if combine == "counts":
        if any(key in part for key in ("scale", "mean", "missing")):
            yield "a sum of counts has neither scale nor mean, and no count may be missing"
        alike = {(i.denominator, i.per) for i in mine.values()}
        if len(alike) > 1 or any(not i.counted or i.shrink != "none" for i in mine.values()):
            yield "only unshrunk rates of one denominator can be added up"
        if any(indicator.direction == "low is worse" for indicator in mine.values()):
            yield "only counts that are worse where they are high can be added up"


def _parts(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for domain in _tables(raw, "domains"):
        yield domain
        yield from _tables(domain, "subdomains")


def _check_weights(raw: Mapping[str, Any], faults: Faults, where: str) -> None:
    """Compare the weights with their stated total, as far as they can be read."""
    sums = [("domains", _tables(raw, "domains"), raw.get("weights_total", 1.0))]
    for domain in _tables(raw, "domains"):
        sums.append((f"domain {domain.get('id')}", _tables(domain, "subdomains"), 1.0))
    for part in _parts(raw):
        if part.get("combine") == "weights":
            what = f"indicators of domain {part.get('id')}"
            sums.append((what, _tables(part, "indicators"), 1.0))
    for what, parts, total in sums:
        weights = [_fraction(part.get("weight")) for part in parts]
        if not weights or not all(isinstance(item, int | float) for item in [*weights, total]):
            continue  # absent or no numbers: the schema names those
        if abs(sum(weights) - total) > WEIGHTS_TOLERANCE:
            detail = f"{what} add up to {sum(weights):.10g}, stated is {total:.10g}"
            faults.add(WeightsDoNotAddUp(where, detail=detail))


def _check_ids(raw: Mapping[str, Any], faults: Faults, where: str) -> None:
    """Refuse an id used twice: domains and sub-domains share the columns of one table."""
    count = Counter(str(table["id"]) for table in _parts(raw) if "id" in table)
    twice = [id for id, times in count.items() if times > 1]
    if twice:
        faults.add(DuplicateIds(where, found=twice))


def _tables(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key, ())
    return [item for item in _sequence(found) if isinstance(item, Mapping)]


def _sequence(value: Any) -> Iterator[Any]:
    return iter(value) if isinstance(value, list | tuple) else iter(())

"""Interventions as small files: who is eligible, reach, cost, effect, lag, what is avoided.

In: a TOML file, a local one or one of `parameters/prevention/`. Out: `Intervention`, frozen and
checked, whose every assumption has a value, a range, a unit, a status and a reference, and can be
moved.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from budgets.prevention_errors import (
    InterventionMissing,
    InterventionNotUnderstood,
    InterventionUnreadable,
    ReachTooFar,
    UnknownAssumption,
)

SHIPPED = Path(__file__).with_name("parameters") / "prevention"
EVIDENCE = Path(__file__).with_name("parameters") / "evidence.toml"
MOST_YEARS = 60
# The Green Book's social time preference rates.
DISCOUNT, HEALTH_DISCOUNT = 0.035, 0.015

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0, le=1)]
Years = Annotated[int, Field(ge=0, le=MOST_YEARS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Strict):
    """One assumption: its value, the range that is tried, and where it comes from."""

    value: Amount
    low: Amount
    high: Amount
    unit: Text
    status: Literal["real", "read", "quoted", "common", "own"]
    date: Text
    reference: Text

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high does not hold")
        return self


class Head(_Strict):
    """`[intervention]`."""

    id: Key
    title: Text
    theme: Text
    illustrative: bool
    evidence_grade: Annotated[int, Field(ge=1, le=6)]
    price_base: Text
    date: Text
    reference: Text
    note: str = ""


class Eligible(_Strict):
    """`[eligible]`: the group, the column that counts where it lives, the part that is eligible.

    `one` is what one of them is called: a person, a home.
    """

    group: Text
    one: Text = "person"
    counted_in: Text
    share: Figure


class Reach(_Strict):
    """`[reach]`: part of the eligible that is reached in a full year, and how it builds up.

    `build_up` has a figure for each year in which the intervention runs. `again`: the same people
    come every year; else they are new people every year.
    """

    rate: Figure
    build_up: Annotated[tuple[Part, ...], Field(min_length=1, max_length=MOST_YEARS)]
    again: bool = False


class Cost(_Strict):
    """`[[cost]]`: who pays what, in pounds: for each person reached, each year, or once."""

    id: Key
    payer: Text
    what: Text
    per_person: Figure | None = None
    per_year: Figure | None = None
    once: Figure | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.per_person is None and self.per_year is None and self.once is None:
            raise ValueError("a cost is per_person, per_year or once")
        return self


class Avoided(_Strict):
    """`[[avoided]]`: what happens less often, and whose unit cost that is.

    `per_person` is how often it happens in a year to one of the eligible without intervention,
    `reduction` the part of it that is avoided among those reached, from `lag_years` after the year
    in which they were reached, for `lasts_years`. `kind` is `money`, which an agency saves, or
    `health`, a value to people that nobody's budget holds.
    """

    id: Key
    what: Text
    kind: Literal["money", "health"] = "money"
    per_person: Figure
    reduction: Figure
    lag_years: Years = 0
    lasts_years: Annotated[int, Field(ge=1, le=MOST_YEARS)] = 1
    unit_cost: Figure
    saves: str = ""
    cashable: Figure | None = None
    cashable_after: Years = 0

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if self.kind == "money" and not (self.saves.strip() and self.cashable is not None):
            raise ValueError("money is saved by an agency (saves), and a part is cashable")
        if self.kind == "health" and (self.saves or self.cashable is not None):
            raise ValueError("health is a value to people: no agency saves it, none of it is cash")
        return self


class Method(_Strict):
    """`[method]`: years looked at, discount rates, corrections for optimism."""

    horizon_years: Annotated[int, Field(ge=1, le=MOST_YEARS)]
    discount_rate: Figure
    health_discount_rate: Figure
    optimism_effect: Figure
    optimism_cost: Figure


class Intervention(_Strict):
    """The whole file."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    intervention: Head
    eligible: Eligible
    reach: Reach
    cost: Annotated[tuple[Cost, ...], Field(min_length=1)]
    avoided: Annotated[tuple[Avoided, ...], Field(min_length=1)]
    method: Method

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, items in (("cost", self.cost), ("avoided", self.avoided)):
            ids = [item.id for item in items]
            if len(set(ids)) < len(ids):
                raise ValueError(f"two entries of {what} have one id")
        if self.reach.again and any(item.lasts_years > 1 for item in self.avoided):
            raise ValueError("with again = true an effect lasts one year")
        parts = [f"{key}: {f.high:g}" for key, f in self.figures() if _part(key) and f.high > 1]
        if parts:
            raise ValueError(f"a part is 1 at most: {', '.join(parts)}")
        if len(self.reach.build_up) > self.method.horizon_years:
            raise ValueError("the intervention runs longer than horizon_years")
        return self

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield every assumption with its key, in the order of the file."""
        yield "eligible.share", self.eligible.share
        yield "reach.rate", self.reach.rate
        for cost in self.cost:
            for name in ("per_person", "per_year", "once"):
                if (figure := getattr(cost, name)) is not None:
                    yield f"cost.{cost.id}.{name}", figure
        for item in self.avoided:
            for name in ("per_person", "reduction", "unit_cost", "cashable"):
                if (figure := getattr(item, name)) is not None:
                    yield f"avoided.{item.id}.{name}", figure
        for name in ("discount_rate", "health_discount_rate", "optimism_effect", "optimism_cost"):
            yield f"method.{name}", getattr(self.method, name)

    def assumptions(self) -> pd.DataFrame:
        """Return every figure with range, unit, status, date and reference, a row a key."""
        rows = [{"assumption": key, **figure.model_dump()} for key, figure in self.figures()]
        plain = {
            "method.horizon_years": self.method.horizon_years,
            **{f"avoided.{a.id}.lag_years": a.lag_years for a in self.avoided},
            **{f"avoided.{a.id}.lasts_years": a.lasts_years for a in self.avoided},
            **{f"avoided.{a.id}.cashable_after": a.cashable_after for a in self.avoided},
        }
        same = {"unit": "years", "status": "own", "date": self.intervention.date}
        same["reference"] = self.intervention.reference
        rows += [
            {"assumption": key, "value": v, "low": v, "high": v, **same} for key, v in plain.items()
        ]
        return pd.DataFrame(rows)

    def moved(self, changes: Mapping[str, float]) -> Intervention:
        """Return the intervention with assumptions moved; each is then one's own and says so.

        A range that does not reach the new value is widened to it.

        Raises
        ------
        UnknownAssumption
            A key is not in `assumptions`.
        InterventionNotUnderstood, ReachTooFar
            A value is out of range.
        """
        known = list(self.assumptions()["assumption"])
        unknown = [key for key in changes if key not in known]
        if unknown:
            raise UnknownAssumption("assumptions", found=unknown, detail=f"known: {known}")
        raw = self.model_dump(by_alias=True)
        for key, value in changes.items():
            *spot, name = key.split(".")
            entry: dict[str, Any] = raw[spot[0]]
            if len(spot) == 2:
                entry = next(item for item in raw[spot[0]] if item["id"] == spot[1])
            if isinstance(entry[name], dict):
                old = entry[name]
                low, high = min(old["low"], value), max(old["high"], value)
                own = {"status": "own", "reference": "moved by the user"}
                entry[name] = old | own | {"value": value, "low": low, "high": high}
            else:
                entry[name] = value
        return parse(raw, where=f"intervention {self.intervention.id}")


def shipped() -> list[str]:
    """Return the names of the interventions that come with Common Ground."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read(path: str | Path) -> Intervention:
    """Read and check an intervention: a TOML file, or the name of a shipped one.

    Raises
    ------
    InterventionMissing, InterventionUnreadable, InterventionNotUnderstood, ReachTooFar
    """
    file = SHIPPED / f"{path}.toml" if str(path) in shipped() else Path(path)
    if not file.is_file():
        raise InterventionMissing(str(path), detail=f"shipped: {', '.join(shipped())}")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InterventionUnreadable(str(path), detail=str(error)) from None
    return parse(raw, where=str(path))


def parse(raw: Mapping[str, Any], *, where: str) -> Intervention:
    """Check the parsed content of a file; what a `[method]` leaves out follows the evidence."""
    try:
        found = Intervention.model_validate(_with_defaults(raw))
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise InterventionNotUnderstood(where, found=said) from None
    years = sum(found.reach.build_up)
    rate = found.reach.rate.value
    if not found.reach.again and rate * years > 1 + 1e-9:
        nearest = 1 / years
        raise ReachTooFar(
            where,
            detail=f"{rate:g} over {years:g} full years is {rate * years:.3g} times the eligible; "
            f"the highest rate is {nearest:.6g}",
            limit="reach.rate",
            nearest=nearest,
        )
    return found


@cache
def evidence() -> dict[int, dict[str, Any]]:
    """Return words and corrections for optimism by grade of evidence."""
    raw = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))
    same = {"date": raw["date"], "reference": raw["reference"]}
    return {item["grade"]: item | same for item in raw["grades"]}


def _with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in discount rates and the corrections that the grade of evidence asks for."""
    head, method = raw.get("intervention"), raw.get("method")
    if not isinstance(head, dict) or not isinstance(method, dict):
        return dict(raw)
    common = {"status": "common", "date": "2022", "reference": "HM Treasury, The Green Book"}
    filled = {
        name: common | {"value": rate, "low": rate, "high": rate, "unit": "a year, real"}
        for name, rate in (("discount_rate", DISCOUNT), ("health_discount_rate", HEALTH_DISCOUNT))
    }
    grade = evidence().get(head.get("evidence_grade"))  # type: ignore[arg-type]
    if grade is not None:
        own = {"status": "own", "date": grade["date"], "reference": grade["reference"]}
        for name, what in (("effect", "less effect"), ("cost", "more cost")):
            value = grade[name]
            figure = {"value": value, "low": value, "high": value, "unit": f"share, {what}"}
            filled[f"optimism_{name}"] = own | figure
    return {**raw, "method": {**filled, **method}}


def _part(key: str) -> bool:
    """Say whether a figure is a part of a whole."""
    name = key.rpartition(".")[2]
    return name in (
        "share", "rate", "reduction", "cashable", "optimism_effect", "optimism_cost",
        "discount_rate", "health_discount_rate",
    )  # fmt: skip

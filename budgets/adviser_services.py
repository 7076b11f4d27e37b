"""Service parameters of the adviser, read from a file and checked.

In: `parameters/services.toml`, or another file of that form. Out: `Services`, frozen: what is known
of each service, every figure with its unit, date, status and reference. A figure that a service
lacks is that of all services (`common`) or is unknown; none is made up on the way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from budgets.levels_errors import ServicesNotUnderstood, UnknownService
from geo.errors import Faults

FILE = Path(__file__).with_name("parameters") / "services.toml"
Status = Literal["quoted", "derived", "own"]
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """One figure, the range that is tried, and where it comes from."""

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    low: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    high: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unit: Text
    date: Text
    status: Status
    reference: Text

    @model_validator(mode="after")
    def _in_range(self) -> Parameter:
        if not self.low <= self.value <= self.high:
            raise ValueError("low <= value <= high does not hold")
        return self

    def sentence(self) -> str:
        """Say the figure, its unit, and whose it is."""
        whose = "our own assumption" if self.status == "own" else self.status
        amount = f"{self.value:,g} {self.unit}"
        if self.unit.startswith("share of "):
            amount = f"{self.value * 100:.3g}% {self.unit.removeprefix('share ')}"
        elif self.unit.startswith("pounds "):
            amount = f"£{self.value:,.0f} {self.unit.removeprefix('pounds ')}"
        return f"{amount} ({whose}, {self.date}: {self.reference})"


class Duty(_Strict):
    """Who has the duty by law, and whether another level may be given it."""

    holder: Text
    delegable: bool
    date: Text
    status: Status
    reference: Text


class Common(_Strict):
    """What holds for every service that does not say otherwise."""

    chance: Parameter
    overspend: Parameter
    common_shock: Parameter
    reserve_counts: Parameter
    fixed: Parameter
    excess: Parameter
    contained: Parameter
    crossing: Parameter
    tailoring: Parameter
    fit: Parameter
    reach: Parameter
    recorded: Parameter
    close: Parameter


class Service(_Strict):
    """One kind of service.

    `names` are the words by which streams and use flows are known; `held_by` the kinds of body that
    may hold its money (words of the body of a level), empty where any may.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    names: Annotated[tuple[Text, ...], Field(min_length=1)]
    demand_led: bool
    divisible: bool = True
    held_by: tuple[Text, ...] = ()
    k: Parameter | None = None
    unit_people: Parameter | None = None
    unit_cost: Parameter | None = None
    fixed: Parameter | None = None
    common_shock: Parameter | None = None
    tailoring: Parameter | None = None
    duty: Duty | None = None

    @model_validator(mode="after")
    def _together(self) -> Service:
        if self.demand_led and self.k is None:
            raise ValueError("a demand-led service needs k")
        if (self.unit_people is None) != (self.unit_cost is None):
            raise ValueError("unit_people and unit_cost stand or fall together")
        return self


class Services(_Strict):
    """The whole file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    title: Text
    date: Text
    common: Common
    services: tuple[Service, ...]

    def get(self, id: str) -> Service:
        """Return a service by its id.

        Raises
        ------
        UnknownService
        """
        for service in self.services:
            if service.id == id:
                return service
        known = ", ".join(service.id for service in self.services)
        raise UnknownService("service", found=[id], detail=f"there are {known}")

    def named(self, text: str) -> Service | None:
        """Return the service whose longest name stands in a text as whole words, if there is one.

        `Bristol: Adult Social Care` is adult social care. On a tie the first of the file.
        """
        words = f" {_plain(text)} "
        found = [
            (len(_plain(name)), -at, service)
            for at, service in enumerate(self.services)
            for name in service.names
            if f" {_plain(name)} " in words
        ]
        return max(found, key=lambda item: item[:2])[2] if found else None

    def parameter(self, service: Service | None, name: str) -> Parameter | None:
        """Return a figure of a service, that of all services where it has none, or None."""
        own = getattr(service, name, None) if service is not None else None
        return own if own is not None else getattr(self.common, name, None)


def load(path: str | Path | None = None) -> Services:
    """Read and check a file of service parameters; without a path the one that is shipped.

    Raises
    ------
    ServicesNotUnderstood
        The file is not TOML, or an entry breaks the schema; several come together.
    """
    file = FILE if path is None else Path(path)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ServicesNotUnderstood(file.name, detail=str(error)) from None
    return parse(raw, where=file.name)


def parse(raw: Mapping[str, object], *, where: str) -> Services:
    """Check the parsed content of a file of service parameters."""
    faults = Faults(where)
    try:
        services = Services.model_validate(raw)
    except ValidationError as error:
        for item in error.errors():
            spot = ".".join(str(part) for part in item["loc"])
            faults.add(ServicesNotUnderstood(f"{where}, {spot}", detail=item["msg"]))
        faults.raise_any()
        raise
    ids = [service.id for service in services.services]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise ServicesNotUnderstood(where, found=twice, detail="an id stands twice")
    return services


def may_hold(service: Service | None, body: str, *, today: str, services: Services) -> bool:
    """Say whether a body is of a kind that may hold the money of a service.

    Where nothing is known of the service, only bodies of the kind that holds it today: both match
    the same list of `held_by` of some other service.

    Parameters
    ----------
    body, today
        The body of a level, and that of the level that holds the money today.
    """
    if not body:
        return False
    if service is not None and service.held_by:
        return _of_kind(service.held_by, body)
    kinds = dict.fromkeys(other.held_by for other in services.services if other.held_by)
    return any(_of_kind(kind, today) and _of_kind(kind, body) for kind in kinds)


def _of_kind(kinds: tuple[str, ...], body: str) -> bool:
    words = f" {_plain(body)} "
    return any(f" {_plain(kind)} " in words for kind in kinds)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower().replace("'", "")))

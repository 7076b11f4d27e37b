"""People by purpose: residents, registered people and workday people, never mixed.

In: counts that say whom they count, and money that says the same. Out: money per person by the
people a service is there for, with the unusual areas flagged beside every figure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from budgets.need import check_people, in_order
from budgets.need_errors import (
    BasisMixed,
    BasisUnknown,
    DenominatorMissing,
    PurposesUnreadable,
)

BASES = ("resident", "registered", "workday")
FILE = Path(__file__).with_name("parameters") / "denominators.toml"
NOT_CHECKED = "not checked for students, prisons and city centres"


@dataclass(frozen=True, eq=False)
class Population:
    """Numbers by area that say whom they count.

    Attributes
    ----------
    people
        float or int (n_areas), 0 or more: people, or weighted people.
    basis
        One of `BASES`.
    source
        Where the numbers come from, with their year.
    """

    people: pd.Series
    basis: str
    source: str = ""

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise BasisUnknown(self.source or "people", found=[self.basis])
        check_people(self.people)


def same_basis(where: str, *bases: str) -> str:
    """Return the one basis of several figures.

    Raises
    ------
    BasisUnknown
        One of them is none of `BASES`.
    BasisMixed
        They are not the same.
    """
    unknown = [basis for basis in bases if basis not in BASES]
    if unknown:
        raise BasisUnknown(where, found=unknown)
    each = list(dict.fromkeys(bases))
    if len(each) > 1:
        raise BasisMixed(where, found=each)
    return each[0]


def per_person(
    pence: pd.Series, population: Population, *, basis: str, flags: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return money per person, with what to know before reading it.

    Parameters
    ----------
    pence
        Whole pence by area.
    basis
        Whom the money is for; it must be whom the population counts.
    flags
        As `unusual_areas` returns it; without it every figure says that it was not checked.

    Returns
    -------
    By area: `pence_per_person` (missing where nobody is), `basis`, `flag` (a sentence or ``).

    Raises
    ------
    BasisUnknown, BasisMixed
    """
    stated = same_basis("money per person", basis, population.basis)
    count = in_order(population.people, pence.index, where="people")
    money = pence.to_numpy(dtype=np.float64)
    each = np.full(len(pence), np.nan)
    np.divide(money, count, out=each, where=count > 0)
    note = pd.Series(NOT_CHECKED, pence.index, dtype="str")
    if flags is not None:
        note = flags["sentence"].reindex(pence.index).fillna("").astype("str")
    columns = {"pence_per_person": each, "basis": stated, "flag": note}
    return pd.DataFrame(columns, index=pence.index)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(gt=0, le=1)]


class Purpose(_Strict):
    """Who services of one purpose are there for."""

    id: Text
    basis: Annotated[str, Field(pattern="^(resident|registered|workday)$")]
    words: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
    reason: Text
    reference: Text


class Flags(_Strict):
    """From where on an area is unusual."""

    student_share: Share
    prison_share: Share
    workday_per_resident: Annotated[float, Field(gt=1)]
    reference: Text


class Purposes(_Strict):
    """The file of denominators."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    date: Text
    purposes: Annotated[tuple[Purpose, ...], Field(strict=False)]
    flags: Flags

    def of(self, *texts: str) -> tuple[str, str]:
        """Return the basis for a service (by its title, service or theme), and why.

        The first purpose of which one word stands in one of the texts; else residents.
        """
        told = " ".join(texts).casefold()
        for purpose in self.purposes:
            if any(word.casefold() in told for word in purpose.words):
                return purpose.basis, purpose.reason
        return "resident", "the service is there for whoever lives there"


def read_purposes(path: Path | None = None) -> Purposes:
    """Read a file of denominators; without a path the one that is shipped.

    Raises
    ------
    PurposesUnreadable
    """
    return _read(path or FILE)


@cache
def _read(path: Path) -> Purposes:
    try:
        return Purposes.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PurposesUnreadable(path.name, detail=str(error)) from None
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise PurposesUnreadable(path.name, found=found) from None


def denominator(
    texts: tuple[str, ...], populations: Mapping[str, Population], *, purposes: Purposes
) -> tuple[Population, str]:
    """Return the people by which a service is read, and why.

    Raises
    ------
    DenominatorMissing
        The place has no count of them; nobody else stands in.
    """
    basis, reason = purposes.of(*texts)
    if basis not in populations:
        detail = f"{basis} people, because {reason}"
        raise DenominatorMissing(texts[0] if texts else "service", detail=detail)
    return populations[basis], f"per {basis} person, because {reason}"


def unusual_areas(
    residents: Population,
    *,
    students: pd.Series | None = None,
    prisoners: pd.Series | None = None,
    workday: Population | None = None,
    limits: Flags,
) -> pd.DataFrame:
    """Flag student, prison and city-centre areas, in which money per person misleads.

    Returns
    -------
    By area: bool `student`, `prison`, `city_centre`, and `sentence`, which also names what could
    not be checked for want of a count.

    Raises
    ------
    BasisMixed
        `residents` are not residents, or `workday` not workday people.
    """
    same_basis("residents", residents.basis, "resident")
    if workday is not None:
        same_basis("workday", workday.basis, "workday")
    index = residents.people.index
    people = check_people(residents.people)

    def over(part: pd.Series | None, limit: float) -> np.ndarray:
        if part is None:
            return np.zeros(len(index), bool)
        count = in_order(part, index, where="flags")
        return (count >= limit * people) & (count > 0)

    found = pd.DataFrame(
        {
            "student": over(students, limits.student_share),
            "prison": over(prisoners, limits.prison_share),
            "city_centre": over(
                None if workday is None else workday.people, limits.workday_per_resident
            ),
        },
        index=index,
    )
    words = {
        "student": "many students live here: income and age say little about need",
        "prison": "many residents are in custody and use other services",
        "city_centre": "far more people spend the day here than live here",
    }
    given = (students, prisoners, workday)
    unknown = [name.replace("_", "-") for name, x in zip(words, given, strict=True) if x is None]
    tail = f"no count to check for {', '.join(unknown)} areas" if unknown else ""
    said = [
        "; ".join([*(words[name] for name in words if row[name]), *([tail] if tail else [])])
        for row in found.to_dict("records")
    ]
    return found.assign(sentence=pd.Series(said, index, dtype="str"))

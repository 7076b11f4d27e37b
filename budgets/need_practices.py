"""The NHS file of weighted practice populations: read, and checked against its own method.

In: the published CSV, one row a practice. Out: `Practices`: registered people, the weighted
populations by name, and the ICB and district of each practice. Shares only: the weighted people
are registered people counted by need, not residents.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from budgets.need_errors import PracticesNotAsPublished
from budgets.need_population import Population
from budgets.need_weighting import mixed, need_index
from budgets.sharing import exact_sum, figures
from geo.errors import Faults

CODE, PEOPLE = "Practice_Code", "Population"
PARTS = {"icb": "ICB", "district": "LAD"}
WEIGHTED = {
    "G&A WP": "general and acute",
    "CS WP": "community services",
    "MH WP": "mental health",
    "Mat WP": "maternity",
    "Health Ineq WP": "health inequalities",
    "Prescr WP": "prescribing",
    "Final WP": "core services",
    "Primary Medical Care WP": "primary medical care need",
    "Final PMC WP": "primary medical care",
}
# The final primary-care population is .85 of the need and .15 of the health-inequalities one.
INEQUALITIES_PART = 0.15
_ROUNDED = 1e-6


@dataclass(frozen=True, eq=False)
class Practices:
    """Registered people of each practice, plain and weighted.

    Attributes
    ----------
    people
        Registered people by practice code.
    weighted
        By name (`WEIGHTED`): weighted people, each adding up to the people.
    parts
        Codes by practice, columns `icb` and `district`.
    """

    people: Population
    weighted: dict[str, Population]
    parts: pd.DataFrame

    def need_index(self, name: str, *, by: str) -> pd.DataFrame:
        """Compare each ICB or district with the whole; see `need_weighting.need_index`.

        Raises
        ------
        PracticesNotAsPublished
            There is no such weighted population or part.
        """
        if name not in self.weighted or by not in self.parts:
            known = [*self.weighted, *self.parts]
            raise PracticesNotAsPublished("need index", found=[name, by], detail=f"known: {known}")
        return need_index(self.weighted[name], self.people, parts=self.parts[by])


def read_practices(path: Path) -> Practices:
    """Read the file and check what its method states.

    Raises
    ------
    PracticesNotAsPublished
        Columns are missing, codes come twice, a weighted population does not add up to the
        population (one millionth), or the mix of .85 and .15 does not hold.
    FiguresNotUsable
        A figure is missing or negative.
    """
    where = path.name
    try:
        table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise PracticesNotAsPublished(where, detail=str(error)) from None
    wanted = [CODE, PEOPLE, *PARTS.values(), *WEIGHTED]
    absent = [column for column in wanted if column not in table]
    if absent:
        raise PracticesNotAsPublished(where, found=absent, detail="columns are missing")
    twice = table[CODE][table[CODE].duplicated()]
    if len(twice):
        raise PracticesNotAsPublished(where, found=twice, detail="codes come twice")
    table = table.set_index(CODE).rename_axis("practice")
    faults = Faults(where)
    numbers: dict[str, pd.Series] = {}
    for column in (PEOPLE, *WEIGHTED):
        with faults.catch():
            values = pd.to_numeric(table[column], errors="coerce")
            numbers[column] = pd.Series(figures(values, column), table.index)
    faults.raise_any()
    _check(numbers, where)
    source = where
    return Practices(
        people=Population(numbers[PEOPLE], "registered", source),
        weighted={
            name: Population(numbers[column], "registered", source)
            for column, name in WEIGHTED.items()
        },
        parts=pd.DataFrame({name: table[column] for name, column in PARTS.items()}),
    )


def _check(numbers: dict[str, pd.Series], where: str) -> None:
    """Check the sums and the identity."""
    faults = Faults(where)
    people = exact_sum(numbers[PEOPLE])
    sums = {column: exact_sum(numbers[column]) for column in WEIGHTED}
    wrong = [f"{c}: {s:,.3f}" for c, s in sums.items() if abs(s - people) > _ROUNDED * people]
    if wrong:
        faults.add(PracticesNotAsPublished(where, found=wrong, detail=f"population {people:,.3f}"))
    parts = [
        (1 - INEQUALITIES_PART, numbers["Primary Medical Care WP"]),
        (INEQUALITIES_PART, numbers["Health Ineq WP"]),
    ]
    final = numbers["Final PMC WP"]
    off = (mixed(parts) - final).abs() > _ROUNDED * final.clip(lower=1)
    if off.any():
        detail = "primary care is not .85 need and .15 health inequalities"
        faults.add(PracticesNotAsPublished(where, found=off.index[off], detail=detail))
    faults.raise_any()

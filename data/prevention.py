"""Prevention in a place: where the group of an intervention lives, and the files of an appraisal.

In: a `Place` and an intervention. Out: a folder with who pays and who saves by small area, agency
and year, the assumptions, what each of them can change, and the chain of sentences.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from budgets.prevention import Appraisal, appraise
from budgets.prevention_errors import EligibleUnknown, UnknownAssumption
from budgets.prevention_file import Intervention, read
from budgets.prevention_value import DRAWS, SEED, Value, sensitivity, value
from budgets.prevention_words import chain
from data import folders
from data.crosswalks import base_to
from data.exchange import write_table
from data.place import Place

INSIDE_SHARE = 0.5
OUTPUTS = (
    "agencies.csv",
    "areas.csv",
    "assumptions.csv",
    "cells.csv",
    "chain.txt",
    "sensitivity.csv",
    "value.json",
    "years.csv",
)


@dataclass(frozen=True, eq=False)
class Prevention:
    """An intervention in a place: money, worth, and the sentences that say both."""

    place: Place
    appraisal: Appraisal
    value: Value
    sentences: tuple[str, ...]


def prevent(
    place: Place,
    intervention: str | Path | Intervention,
    *,
    moved: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = SEED,
) -> Prevention:
    """Appraise an intervention among the people of a place.

    Parameters
    ----------
    intervention
        A TOML file, the name of a shipped one, or one that has been read.
    moved
        Assumptions to move, as `KEY=VALUE`.

    Raises
    ------
    EligibleUnknown
        The place does not count the group.
    UnknownAssumption
        A change is not written as KEY=VALUE, or names no assumption.
    CommonGroundError
        Whatever is wrong with the file.
    """
    file = intervention if isinstance(intervention, Intervention) else read(intervention)
    if moved:
        file = file.moved(dict(_change(text) for text in moved))
    group = inside_only(place, counted(place, file.eligible.counted_in))
    appraisal = appraise(file, group)
    worth = value(file, float(group.sum()), draws=draws, seed=seed)
    said = [*chain(appraisal, worth), *_strangers(place, file)]
    return Prevention(place, appraisal, worth, tuple(said))


def counted(place: Place, column: str) -> pd.Series:
    """Return the count of a group by base area: a column of the base table or an indicator.

    Of an indicator the numerator is taken, which is a count; a rate counts nobody.

    Raises
    ------
    EligibleUnknown
    """
    numbers = place.base.select_dtypes("number")
    counts = {
        name: table["numerator"]
        for name, table in place.indicators.items()
        if table["numerator"].notna().any()
    }
    if column in numbers:
        found = numbers[column]
    elif column in counts:
        found = counts[column].reindex(place.base.index)
    else:
        known = [*numbers.columns, *counts]
        raise EligibleUnknown(column, detail=f"counted here: {', '.join(map(str, known))}")
    return found.rename(column)


def inside_only(place: Place, values: pd.Series) -> pd.Series:
    """Keep the base areas of which at least half lies inside the place."""
    share = base_to(place, place.settings.base.inside).coverage.reindex(values.index)
    return values[share >= INSIDE_SHARE]


def write(found: Prevention, out: Path) -> Path:
    """Write all tables and sentences; an earlier appraisal in the folder is replaced.

    Raises
    ------
    OutputExists, UnusableFolder
    """
    appraisal = found.appraisal
    file = appraisal.intervention
    areas = appraisal.by_area()
    areas.index = areas.index.rename("area_code")
    with folders.whole(out, replaceable=is_earlier) as draft:
        write_table(appraisal.by_year(), draft / "years.csv", index=False)
        agencies = appraisal.by_agency().reset_index()
        write_table(agencies, draft / "agencies.csv", index=False)
        write_table(areas.reset_index(), draft / "areas.csv", index=False)
        write_table(appraisal.cells(), draft / "cells.csv", index=False)
        write_table(file.assumptions(), draft / "assumptions.csv", index=False)
        group = float(appraisal.eligible.sum()) / file.eligible.share.value
        write_table(sensitivity(file, group), draft / "sensitivity.csv", index=False)
        (draft / "chain.txt").write_text("\n".join(found.sentences) + "\n", encoding="utf-8")
        text = json.dumps(_finite(asdict(found.value)), indent=1)
        (draft / "value.json").write_text(text + "\n", encoding="utf-8")
    return out


def is_earlier(folder: Path) -> bool:
    """Say whether a folder holds an earlier appraisal and nothing else."""
    return sorted(path.name for path in folder.iterdir()) == sorted(OUTPUTS)


def _change(text: str) -> tuple[str, float]:
    key, _, number = text.partition("=")
    try:
        return key.strip(), float(number)
    except ValueError:
        raise UnknownAssumption("--set", found=[text], detail="write it as KEY=VALUE") from None


def _strangers(place: Place, file: Intervention) -> list[str]:
    """Name agencies of the file that hold none of the place's streams."""
    named = [*(cost.payer for cost in file.cost), *(item.saves for item in file.avoided)]
    known = set(place.streams["agency"])
    strange = [name for name in dict.fromkeys(named) if name and name not in known]
    if not strange:
        return []
    return [f"Not among the agencies of {place.name}'s streams: {', '.join(strange)}."]


def _finite(value: object) -> object:
    """Write a pay-back that never comes as null, which JSON has."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value

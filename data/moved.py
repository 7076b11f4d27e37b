"""How areas moved between two editions of an index, relative to all others of the edition.

In: the table that a place package names under `[change]`, a row a base area as `commonground
change` writes it. Out: sentences for one base area, or for an area in whose base areas people live.
Ranks compare areas with one another, so nothing here says that need itself rose or fell.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data import tables
from data.errors import OutOfRange
from data.settings import ChangeSettings, Settings
from geo.errors import Faults
from indices.change import CAUTION, LESS, MORE, NONE
from indices.robustness import ordinal

if TYPE_CHECKING:
    from data.place import Place

RANKS = tuple(f"{edition}_{part}" for edition in ("earlier", "later")
              for part in ("rank", "low", "high"))  # fmt: skip
COLUMNS = ("kind", *RANKS, "change")
# What the earlier figure of an area is, where its borders were others.
ONCE = {
    "S": "Its figure of {earlier} is that of the larger area it was a part of.",
    "M": "Its figure of {earlier} is the mean of the areas it was made of.",
    "X": "Its borders were redrawn: its figure of {earlier} is a mixture of the areas it lay in.",
}
WHOLLY = 0.995
LEAST = 0.005  # smaller parts of an area's people are left out, as slivers of borders leave them
UNKNOWN = "not known"


def read(
    folder: Path, settings: Settings, base: pd.Index | None, faults: Faults
) -> pd.DataFrame | None:
    """Read the moves of base areas, `COLUMNS` by code; faults are collected.

    Base areas may be missing: of those nothing is said.
    """
    item = settings.change
    if item is None or not (folder / item.file).is_file():
        return None
    frame = tables.read(
        folder / item.file, where=item.file, columns=[item.code, *COLUMNS], faults=faults
    )
    if frame is None:
        return None
    layer = settings.base.layer
    keyed = tables.index_by_code(frame, item.code, where=item.file, layer=layer, faults=faults)
    if base is not None:
        tables.match_codes(keyed.index, base, where=item.file, faults=faults)
    ranks = {
        column: tables.numbers(
            keyed, column, where=item.file, faults=faults, minimum=1.0, maximum=float(item.areas)
        )
        for column in RANKS
    }
    for column, known in (("change", (MORE, LESS, NONE)), ("kind", ("U", *ONCE))):
        strange = keyed.loc[~keyed[column].isin(known), column].unique()
        if len(strange):
            detail = f"column {column} holds one of {', '.join(known)}"
            faults.add(OutOfRange(item.file, found=list(strange), detail=detail))
    return pd.DataFrame({"kind": keyed["kind"], **ranks, "change": keyed["change"]})


def of_people(place: Place, people: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Say how the base areas moved in which the people of an area live.

    Parameters
    ----------
    people
        (n,) how many of the area's people live in each base area of the place.
    """
    item, table = place.settings.change, place.moved
    if item is None or table is None or people.sum() <= 0:
        return ()
    lived = pd.Series(people, index=place.people.index)
    lived = lived[lived > 0]
    only = lived.index[0]
    if len(lived) == 1 and people.sum() >= WHOLLY * place.people[only]:
        if only not in table.index:
            return ()
        return (*_one(table.loc[only].to_dict(), item), CAUTION)
    if not lived.index.isin(table.index).any():
        return ()
    return (_many(lived, table["change"], item), CAUTION)


def _one(row: Mapping[str, Any], item: ChangeSettings) -> list[str]:
    """Say where one base area stood in both editions."""
    at = {column: ordinal(int(row[column])) for column in RANKS}
    stood = [
        f"the {at[f'{edition}_rank']}{most} in {year} (likely between the "
        f"{at[f'{edition}_low']} and the {at[f'{edition}_high']})"
        for edition, year, most in (
            ("earlier", item.earlier, " most deprived"),
            ("later", item.later, ""),
        )
    ]
    moved = (
        "That is no change larger than the doubt."
        if row["change"] == NONE
        else f"It became {row['change']}, by more than the doubt."
    )
    among = f"of the {item.areas:,} {item.among}"
    said = f"{item.title}: {among} it was {stood[0]}, and {stood[1]}. {moved}"
    once = ONCE.get(str(row["kind"]), "").format(earlier=item.earlier)
    return [said, once] if once else [said]


def _many(lived: pd.Series, change: pd.Series, item: ChangeSettings) -> str:
    """Say for how many of an area's people their base area moved by more than the doubt."""
    way_of = change.reindex(lived.index).fillna(UNKNOWN).to_numpy()
    share = lived.groupby(way_of).sum() / lived.sum()
    share = share[share >= LEAST]
    ways = [way for way in (MORE, LESS) if way in share.index]
    where = ["of its people live in small areas", "in ones"]
    parts = [
        f"{100 * share[way]:.0f}% {live} that became {way}"
        for way, live in zip(ways, where, strict=False)
    ]
    head = f"{item.title}, {item.earlier} to {item.later}"
    among = f"among the {item.areas:,} {item.among}"
    gap = f"; of {100 * share[UNKNOWN]:.0f}% it is not known" if UNKNOWN in share.index else ""
    if not parts:
        return f"{head}: {among}, none that its people live in moved by more than the doubt{gap}."
    rest = "; for the others no change is larger than the doubt" if NONE in share.index else ""
    return f"{head}: {' and '.join(parts)}, {among} and by more than the doubt{gap}{rest}."

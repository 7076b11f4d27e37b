"""The money of one area: by line, by who decides and by how well it is known.

In: a result and an area of a level, or one put together. Out: `AreaMoney`, whole pence a line, and
sums of them; nothing is shared out here but what the ledger already holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from boundaries.custom import CustomArea
from data.profiles import Prepared
from data.run import Result
from pages.shared import figures

NEAR = 4  # a level with at least so many areas in the place is nearer to people than the council


@dataclass(frozen=True, eq=False)
class AreaMoney:
    """What falls in one area.

    Attributes
    ----------
    name, kind, code
        The area.
    people
        Who live there.
    lines
        A row a line of money that falls here: `title, agency, kind, held_at, grade, near, pence`.
    share_wide
        Pence of lines for the whole place, which are in no area.
    """

    name: str
    kind: str
    code: str
    people: float
    lines: pd.DataFrame
    share_wide: int

    @property
    def pence(self) -> int:
        """Everything that falls here."""
        return int(self.lines["pence"].sum())

    @property
    def recorded(self) -> int:
        """The part whose place is recorded, by its grade."""
        known = self.lines["grade"].isin(figures.RECORDED)
        return int(self.lines.loc[known, "pence"].sum())

    def by(self, column: str) -> pd.Series:
        """Return the pence by a column of the lines, the largest first."""
        sums = self.lines.groupby(column, sort=False)["pence"].sum()
        return sums.sort_values(ascending=False, kind="stable")


def of_area(result: Result, level: str, code: str) -> AreaMoney:
    """Return the money of an area of a level."""
    at, table = result.levels[level], result.level_tables[level]
    held = at.pence if at.counted_in_each is None else at.counted_in_each
    pence = held[:, int(at.areas.get_indexer(pd.Index([code]))[0])]
    kind = figures.level_titles(result)[level]
    name, people = str(table["name"][code]), float(table["people"][code])
    return _made(result, pence, name, kind, code, people)


def of_custom(result: Result, prepared: Prepared, area: CustomArea) -> AreaMoney:
    """Return the money of an area put together, by the households it has of each small area."""
    shares = area.base_shares(prepared.blocks).reindex(result.ledger.areas).fillna(0.0)
    weight = shares.to_numpy(dtype=np.float64)
    crosswalk = Crosswalk(
        mass=csr_array(weight[:, None]),
        source_mass=np.ones(len(weight)),
        sources=result.ledger.areas,
        targets=pd.Index([area.name], name="custom", dtype="str"),
        unit="shares",
        method=area.how,
        provenance=("households of its output areas",),
    )
    pence = result.ledger.at(crosswalk, tolerance=0.0).pence[:, 0]
    return _made(result, pence, area.name, "An area of your own", "own-area", area.people)


def _made(
    result: Result, pence: np.ndarray, name: str, kind: str, code: str, people: float
) -> AreaMoney:
    streams = result.ledger.streams
    titles = {item.id: item.title for item in result.place.settings.layers}
    near = {
        layer: int(figures.here(result, layer).sum()) >= NEAR
        for layer in result.levels
        if layer != result.place.base_layer
    }
    held_at = streams["held_at"].astype("str")
    lines = pd.DataFrame(
        {
            "title": streams["title"],
            "agency": streams["agency"],
            "kind": streams["kind"],
            "held_at": [titles.get(layer, "not stated") for layer in held_at],
            "grade": streams["grade"],
            "near": [bool(near.get(layer, False)) for layer in held_at],
            "pence": pence,
        },
        index=streams.index,
    )
    mine = lines[lines["pence"] != 0].sort_values("pence", ascending=False, kind="stable")
    return AreaMoney(name, kind, code, people, mine, int(result.ledger.place_wide.sum()))

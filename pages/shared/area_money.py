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
from budgets import honesty
from budgets.levels import level_of
from budgets.suppressed import HIDDEN, ROUNDED
from data import near_money
from data.profiles import Prepared
from data.run import Result
from geo.codes import row_of
from pages.shared import figures
from pages.shared.cache_kept import kept

# How the place of money is known, from the best; the letters are those of the ladder of methods.
KNOWN = {
    "Recorded where people live or use it": "ABC",
    "Assumed: shared out by people or need": "DE",
    "Known by where it is spent, not for whom": "F",
}


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
        A row a line of money that falls here: `title, agency, kind, held_at, grade, known, near,
        flag, pence`. `flag` is "hidden" where the line, or a part of it, may not be shown.
    share_wide
        Pence of lines for the whole place, which are in no area.
    own
        Sentences on what a neighbourhood decides itself: parish, levy, ward budgets.
    """

    name: str
    kind: str
    code: str
    people: float
    lines: pd.DataFrame
    share_wide: int
    own: tuple[str, ...] = ()

    @property
    def pence(self) -> int:
        """Everything that falls here."""
        return int(self.lines["pence"].sum())

    @property
    def recorded_share(self) -> float:
        """The part whose place is recorded, by its grade, 0 to 1."""
        return honesty.share(self.lines["pence"].to_numpy(), self.lines["grade"].to_numpy(object))

    @property
    def withheld(self) -> list[str]:
        """Titles of the lines of which something may not be shown here."""
        return self._flagged(HIDDEN)

    @property
    def rounded(self) -> list[str]:
        """Titles of the lines that are rounded here."""
        return self._flagged(ROUNDED)

    def _flagged(self, flag: str) -> list[str]:
        flags, titles = self.lines["flag"].tolist(), self.lines["title"].tolist()
        return [title for found, title in zip(flags, titles, strict=True) if found == flag]

    def to_frame(self) -> pd.DataFrame:
        """Return the lines as a file holds them: by stream, pence, missing where withheld."""
        pence = self.lines["pence"].astype("Int64").mask(self.lines["flag"] == HIDDEN)
        columns = ["title", "agency", "kind", "held_at", "grade"]
        frame = self.lines[columns].assign(amount_pence=pence, flag=self.lines["flag"])
        frame.insert(0, "area", self.name)
        return frame.rename_axis("stream")

    def by(self, column: str) -> pd.Series:
        """Return the pence by a column of the lines, the largest first."""
        sums: dict[str, int] = {}  # `groupby` takes a hundred times as long for so few lines
        for name, pence in zip(self.lines[column].tolist(), self.lines["pence"], strict=True):
            sums[name] = sums.get(name, 0) + int(pence)
        ordered = sorted(sums.items(), key=lambda one: -one[1])
        names = pd.Index([name for name, _ in ordered], dtype="str", name=column)
        return pd.Series([pence for _, pence in ordered], index=names, dtype="int64", name="pence")


def of_area(result: Result, level: str, code: str) -> AreaMoney:
    """Return the money of an area of a level."""
    at, table = result.levels[level], result.level_tables[level]
    held = at.pence if at.counted_in_each is None else at.counted_in_each
    pence = held[:, row_of(at.areas, code)]
    kind = figures.level_titles(result)[level]
    name, people = str(table["name"][code]), float(table["people"][code])
    flags = None if result.masked is None else result.masked[1][level].flag[code]
    return _made(result, pence, flags, (name, kind, code, people))


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
    flags = None
    if result.masked is not None:
        parts = result.masked[0].flag.loc[:, weight > 0]
        flags = pd.Series("", index=parts.index)
        for kind in (ROUNDED, HIDDEN):  # what is hidden outweighs what is rounded
            flags = flags.mask((parts == kind).any(axis=1), kind)
    return _made(result, pence, flags, (area.name, "An area of your own", "own-area", area.people))


@dataclass(frozen=True, eq=False)
class _Lines:
    """What is told of the lines of a place whatever area is asked for."""

    table: pd.DataFrame
    own: pd.Series
    wide: int


def _lines(result: Result) -> _Lines:
    streams = result.ledger.streams
    titles = {item.id: item.title for item in result.place.settings.layers}
    here = {layer: int(figures.here(result, layer).sum()) for layer in result.levels}
    near = near_money.near_levels(here, base=result.place.base_layer)
    held_at, own = level_of(streams), near_money.kinds_of(streams, near)
    known = {letter: words for words, letters in KNOWN.items() for letter in letters}
    table = pd.DataFrame(
        {
            "title": streams["title"],
            "agency": streams["agency"],
            "kind": streams["kind"],
            "held_at": [titles.get(layer, "not stated") for layer in held_at],
            "grade": streams["grade"],
            "known": [known.get(str(grade), "not stated") for grade in streams["grade"]],
            "near": own != "",
        },
        index=streams.index,
    )
    return _Lines(table, own, int(result.ledger.place_wide.sum()))


def _made(
    result: Result,
    pence: np.ndarray,
    flags: pd.Series | None,
    area: tuple[str, str, str, float],
) -> AreaMoney:
    streams = result.ledger.streams
    about = kept(result, "lines of areas", make=lambda: _lines(result))
    flag = np.full(len(streams), "", dtype=object)
    if flags is not None:
        flag = flags.reindex(streams.index).fillna("").to_numpy(dtype=object)
    order = np.argsort(-pence, kind="stable")
    order = order[(pence[order] != 0) | (flag[order] == HIDDEN)]
    mine = about.table.iloc[order].assign(
        flag=pd.Series(flag[order], index=streams.index[order], dtype="str"), pence=pence[order]
    )
    said = near_money.said(mine, streams, about.own, place=result.place.name)
    return AreaMoney(*area, mine, about.wide, tuple(said))

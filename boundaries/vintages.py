"""Editions of one kind of area: small areas of 2011 and 2021, districts that got a new code.

In: the official change table of small areas, or codes of districts. Out: a `Crosswalk` between the
two editions, or codes brought up to date with a list of what was changed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from boundaries.errors import BoundaryError, ColumnMissing
from geo.errors import Faults
from geo.faults import MissingFile

KINDS = {
    "U": "unchanged",
    "S": "one area was split into several",
    "M": "several areas were merged into one",
    "X": "redrawn in another way",
}
# The same table is published under the names of the ONS portal and under longer ones.
COLUMNS = {
    "earlier_code": ("lsoa11_code", "LSOA11CD", "earlier_code"),
    "later_code": ("lsoa21_code", "LSOA21CD", "later_code"),
    "kind": ("change_code", "CHGIND", "CHNGIND", "kind"),
}


class UnknownChangeKind(BoundaryError):
    """A change table holds a kind other than U, S, M or X."""

    rule = "a change is of kind U, S, M or X"
    remedy = "Take the change indicator as published by ONS."


class ContradictoryChange(BoundaryError):
    """A change table names a pair of areas that its own kind does not allow."""

    rule = (
        "an unchanged area has one partner, a split area several later ones, "
        "a merged area several earlier ones"
    )
    remedy = "Use the whole official table; a part of it, or two tables joined, contradicts itself."


class UnweightedChange(BoundaryError):
    """Areas were split or redrawn and nothing says how many people are in each part."""

    rule = "a split or redrawn area needs the people (or another mass) of its later areas"
    remedy = "Give `later_mass` for these areas, or a finer crosswalk as `within`."


@dataclass(frozen=True)
class ChangeTable:
    """How the areas of one edition became those of the next: one row a pair of areas.

    `frame` has text columns `earlier_code`, `later_code` and `kind` (U, S, M or X);
    `earlier` and `later` are the layer ids of the two editions.
    """

    frame: pd.DataFrame
    earlier: str
    later: str

    def counts(self) -> pd.DataFrame:
        """Count earlier and later areas by kind of change; shape (kinds, 2)."""
        grouped = self.frame.groupby("kind")
        table = pd.DataFrame(
            {
                "earlier_areas": grouped["earlier_code"].nunique(),
                "later_areas": grouped["later_code"].nunique(),
            }
        )
        return table.reindex([kind for kind in KINDS if kind in table.index])

    def crosswalk(
        self,
        later_mass: pd.Series | None = None,
        *,
        unit: str = "residents",
        within: Crosswalk | None = None,
    ) -> Crosswalk:
        """Build the crosswalk from the earlier to the later edition.

        An unchanged or merged area goes whole to its one later area. A split area is divided in
        proportion to `later_mass` (one value per later area, in `unit`). A redrawn area (kind X)
        has several partners on both sides; it is divided by `within`, a crosswalk between the
        same two editions from something finer (postcodes, say), or else by `later_mass` too,
        which is an approximation for those few areas (6 in England). The mass of a source is the
        sum of its parts.

        Raises
        ------
        UnweightedChange
            Where a split or redrawn area has neither mass nor a finer crosswalk.
        """
        frame = self.frame.copy()
        partners = frame.groupby("earlier_code")["later_code"].transform("size").to_numpy()
        divided = frame["kind"].isin(["S", "X"]).to_numpy() & (partners > 1)
        share = np.where(divided, np.nan, 1.0)
        if later_mass is not None:
            mass = later_mass.reindex(frame["later_code"]).to_numpy(dtype="float64")
            total = pd.Series(mass).groupby(frame["earlier_code"].to_numpy()).transform("sum")
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(divided, mass / total.to_numpy(), share)
        if within is not None:
            share = self._share_within(frame, share, within)
        lost = sorted(set(frame.loc[~np.isfinite(share), "earlier_code"]))
        if lost:
            raise UnweightedChange(f"{self.earlier} to {self.later}", found=lost)
        earlier = pd.Index(sorted(set(frame["earlier_code"])), name=self.earlier, dtype="str")
        later = pd.Index(sorted(set(frame["later_code"])), name=self.later, dtype="str")
        rows = earlier.get_indexer(frame["earlier_code"])
        columns = later.get_indexer(frame["later_code"])
        weights = csr_array((share, (rows, columns)), shape=(len(earlier), len(later)))
        source_mass = self._earlier_mass(frame, later_mass).reindex(earlier).to_numpy("float64")
        return Crosswalk(
            mass=csr_array(weights.multiply(source_mass[:, None])),
            source_mass=source_mass,
            sources=earlier,
            targets=later,
            unit=unit if later_mass is not None else "areas",
            method="official change table",
            provenance=self._provenance(frame, later_mass is not None, within),
            fallback=weights,
            fallback_unit="shares of the change table",
        )

    def _provenance(
        self, frame: pd.DataFrame, weighed: bool, within: Crosswalk | None
    ) -> tuple[str, ...]:
        counted = frame.drop_duplicates("earlier_code")["kind"].value_counts()
        kinds = ", ".join(f"{counted[kind]:,} {kind}" for kind in KINDS if kind in counted)
        told = [f"Change table {self.earlier} to {self.later}: earlier areas {kinds}."]
        if weighed:
            told.append(f"Split areas are divided by the people of the areas of {self.later}.")
        if within is not None:
            told.append(f"Redrawn areas are divided by {within.method} in {within.unit}.")
        return tuple(told)

    def _share_within(
        self, frame: pd.DataFrame, share: np.ndarray, within: Crosswalk
    ) -> np.ndarray:
        """Take the shares of redrawn areas, and of splits still unknown, from a finer crosswalk."""
        fine = within.to_frame().set_index(["source_code", "target_code"])["weight"]
        pairs = pd.MultiIndex.from_frame(frame[["earlier_code", "later_code"]])
        found = fine.reindex(pairs).to_numpy(dtype="float64")
        wanted = (frame["kind"] == "X").to_numpy() | ~np.isfinite(share)
        known = pd.Series(np.where(wanted, np.nan_to_num(found), np.nan))
        total = known.groupby(frame["earlier_code"].to_numpy()).transform("sum").to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(wanted & (total > 0), known.to_numpy() / total, share)

    def _earlier_mass(self, frame: pd.DataFrame, later_mass: pd.Series | None) -> pd.Series:
        """Give each earlier area a mass: its later areas' people, shared among merged partners."""
        if later_mass is None:
            return pd.Series(1.0, index=pd.Index(frame["earlier_code"].unique(), name=self.earlier))
        mass = later_mass.reindex(frame["later_code"]).to_numpy(dtype="float64")
        partners = frame.groupby("later_code")["earlier_code"].transform("size").to_numpy()
        parts = pd.Series(mass / partners, index=frame["earlier_code"].to_numpy())
        result = parts.groupby(level=0).sum()
        return result.rename_axis(self.earlier)


def read_change(
    table: str | Path | pd.DataFrame, *, earlier: str = "lsoa11", later: str = "lsoa21"
) -> ChangeTable:
    """Read the official table of changes between two editions of small areas.

    Accepts the ONS file "LSOA (2011) to LSOA (2021) exact fit lookup" (CSV, plain or gzip) or a
    frame, under the column names of the ONS portal or the longer ones.

    Raises
    ------
    MissingFile, ColumnMissing, UnknownChangeKind, ContradictoryChange
        All faults of the table together.
    """
    where = "change table" if isinstance(table, pd.DataFrame) else str(table)
    if isinstance(table, pd.DataFrame):
        raw = table
    elif not Path(table).is_file():
        raise MissingFile(where)
    else:
        raw = pd.read_csv(table, dtype=str, encoding="utf-8-sig")
    faults = Faults(where)
    chosen: dict[str, str] = {}
    for wanted, names in COLUMNS.items():
        present = [name for name in names if name in raw.columns]
        if present:
            chosen[wanted] = present[0]
        else:
            faults.add(ColumnMissing(where, found=[wanted], detail="one of " + ", ".join(names)))
    faults.raise_any()
    frame = pd.DataFrame({key: raw[name].astype("str").str.strip() for key, name in chosen.items()})
    frame = frame.drop_duplicates(ignore_index=True)
    _check(frame, where)
    return ChangeTable(frame, earlier, later)


def _check(frame: pd.DataFrame, where: str) -> None:
    faults = Faults(where)
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        faults.add(UnknownChangeKind(where, found=unknown))
    later = frame.groupby("earlier_code")["later_code"].transform("nunique")
    earlier = frame.groupby("later_code")["earlier_code"].transform("nunique")
    kind = frame["kind"]
    wrong = (
        ((kind == "U") & ((later != 1) | (earlier != 1)))
        | ((kind == "S") & ((later < 2) | (earlier != 1)))
        | ((kind == "M") & ((earlier < 2) | (later != 1)))
    )
    if wrong.any():
        pairs = frame[wrong]
        found = [f"{a} to {b} ({k})" for a, b, k in pairs.itertuples(index=False)]
        faults.add(ContradictoryChange(where, found=found))
    faults.raise_any()


@dataclass(frozen=True)
class Recode:
    """One district's change of code: same land (`same`) or joined whole with others (`joined`)."""

    earlier: str
    later: str
    name: str
    kind: str
    date: date


@cache
def recodes() -> tuple[Recode, ...]:
    """Return the districts of England that got a new code, oldest change first."""
    path = Path(__file__).parent / "parameters" / "recoded_districts.toml"
    with path.open("rb") as file:
        rows = tomllib.load(file)["recode"]
    return tuple(sorted((Recode(**row) for row in rows), key=lambda r: (r.date, r.earlier)))


def bring_up_to_date(
    codes: Iterable[str], *, until: date | None = None, joined: bool = False
) -> tuple[list[str], Mapping[str, Recode]]:
    """Replace district codes by their successors and say which were replaced.

    Follows chains of changes up to `until` (a date; all known ones by default). Districts that
    joined others are replaced only when `joined` is true, because rates and ranks of a part are
    not those of the whole.

    Returns
    -------
    codes, changed
        The codes in their order, and for each code that was replaced the change that did it last.
    """
    known = {
        r.earlier: r
        for r in recodes()
        if (until is None or r.date <= until) and (joined or r.kind == "same")
    }
    changed: dict[str, Recode] = {}
    result = []
    for code in codes:
        current = str(code)
        while current in known:
            changed[str(code)] = known[current]
            current = known[current].later
        result.append(current)
    return result, changed


def suggest(source: str, target: str) -> str:
    """Say in one sentence how values on layer `source` can be brought to layer `target`."""
    pair = (source.lower(), target.lower())
    if pair in {("lsoa11", "lsoa21"), ("lsoa21", "lsoa11")}:
        return (
            "Both are small areas of the Census: use boundaries.vintages.read_change with the "
            "official LSOA 2011 to 2021 lookup, then its crosswalk"
            + ("." if pair[0] == "lsoa11" else ", reversed.")
        )
    stem = [name.rstrip("0123456789") for name in pair]
    if stem[0] == stem[1] and stem[0]:
        return (
            "They are two vintages of one kind of area: "
            f"use the official lookup {pair[0]} to {pair[1]}."
        )
    return "They are different layers: build a Crosswalk between them first."

"""Two editions of an index from files to files: what changed by more than the doubt.

In: the tables of two editions, their definitions, and the official lookup between their areas.
Out: a table with both ranks and their intervals on today's areas, or both scores on fixed
goalposts, and a sentence an area.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from boundaries import vintages
from boundaries.vintages import ChangeTable
from data import sheets
from data.errors import MissingChoice
from data.indexing import CODE, FLAG, Written, build_file, notes, with_codes
from geo.errors import Faults
from indices import change, definitions, editions, goalposts, inputs, robustness
from indices.definitions import Definition
from indices.editions import Bridge


@dataclass(frozen=True)
class Edition:
    """One edition as files: its table, how to build it, and the people of its areas.

    Attributes
    ----------
    table
        One row an area, as `index` reads it.
    definition
        Name of a shipped definition, or path of a TOML file.
    code
        Column of the codes, in the table and in the table of people.
    from_
        `ranks` of the edition, `scores`, or `indicators`.
    people, people_column
        Table and column of the people by area, for merged and redrawn areas.
    """

    table: str | Path
    definition: str | Path
    code: str
    from_: str = "ranks"
    people: str | Path | None = None
    people_column: str = "people"


def change_file(
    earlier: Edition,
    later: Edition,
    *,
    lookup: str | Path | None,
    out: str | Path,
    fixed: bool = False,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = robustness.SEED,
) -> Written:
    """Compare two editions on today's areas and write what changed by more than the doubt.

    Parameters
    ----------
    lookup
        The official table of changes between the two vintages (`boundaries.vintages`); None where
        both editions are for the same areas.
    fixed
        Rebuild both editions from the indicators of the later definition with fixed goalposts,
        instead of comparing ranks.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    sheets.check_writable(out)
    faults = Faults("change")
    people = [_people(edition, faults) for edition in (earlier, later)]
    loaded: list[Definition] = []
    for edition in (earlier, later):
        with faults.catch():
            loaded.append(definitions.load(edition.definition))
    table = None
    if lookup is not None:
        names = [d.layer or name for d, name in zip(loaded, ("earlier", "later"), strict=False)]
        with faults.catch():
            named = names if len(names) == 2 else ["earlier", "later"]
            table = vintages.read_change(lookup, earlier=named[0], later=named[1])
    faults.raise_any()
    if fixed:
        return _fixed(earlier, later, table, people, out, draws=draws, level=level, seed=seed)
    before, after = (
        build_file(edition.definition, edition.table, code=edition.code, from_=edition.from_)
        for edition in (earlier, later)
    )
    bridge = _bridge(table, before.scores.index, after.scores.index, people)
    found = change.compare(before, after, bridge, draws=draws, level=level, seed=seed)
    whole = found.table.assign(sentence=found.sentences())
    coded = with_codes(_flagged(whole, bridge.carry(before.flag, after.flag)), CODE)
    path = sheets.write(coded, out)
    counted = found.table["change"].value_counts()
    head = (
        f"{found.editions[0]} to {found.editions[1]}: {len(found.flagged):,} of "
        f"{len(found.table):,} areas changed by more than the doubt, "
        f"{counted.get(change.MORE, 0):,} {change.MORE} and {counted.get(change.LESS, 0):,} less."
    )
    same = int(np.trace(found.bands().to_numpy()))
    other = found.table["earlier_decile"] != found.table["later_decile"]
    doubtful = int((other & (found.table["change"] == change.NONE)).sum())
    bands = (
        f"{same:,} areas are in the same tenth in both editions, {int(other.sum()):,} in another, "
        f"{doubtful:,} of them by no more than the doubt."
    )
    said = [
        head,
        bands,
        *found.provenance,
        *(f"Varied: {line}." for line in found.varied),
        *(f"{line[0].upper()}{line[1:]}." for line in found.left_out),
        *notes(before),
        *notes(after),
    ]
    return Written(path, coded, tuple(said))


def _fixed(
    earlier: Edition,
    later: Edition,
    table: ChangeTable | None,
    people: list[pd.Series | None],
    out: str | Path,
    *,
    draws: int,
    level: float,
    seed: int,
) -> Written:
    """Rebuild both editions with fixed goalposts and write their scores."""
    faults = Faults("change")
    frames = [
        sheets.read(edition.table, code=[edition.code], faults=faults)
        for edition in (earlier, later)
    ]
    faults.raise_any()
    before, after = frames
    assert before is not None
    assert after is not None  # a missing table has left a fault
    bridge = None if table is None else _bridge(table, before.index, after.index, people)
    found = goalposts.rebuild(
        definitions.load(later.definition),
        before,
        after,
        bridge=bridge,
        draws=draws,
        level=level,
        seed=seed,
    )
    rounded = found.table.assign(sentence=found.sentences())
    for domain in found.domains:
        rounded.insert(len(rounded.columns) - 1, f"{domain}_points", found.domains[domain])
    coded = with_codes(_flagged(rounded, found.flag), CODE)
    path = sheets.write(coded, out)
    counted = found.table["change"].value_counts()
    head = (
        f"{len(found.table):,} areas rebuilt with fixed goalposts: "
        f"{counted.get(goalposts.WORSE, 0):,} {goalposts.WORSE} by more than the doubt, "
        f"{counted.get(goalposts.BETTER, 0):,} better."
    )
    return Written(path, coded, (head, *found.notes))


def _flagged(table: pd.DataFrame, flag: pd.Series) -> pd.DataFrame:
    """Add a last column where something was hidden or rounded behind either edition."""
    return table.assign(**{FLAG: flag}) if (flag != "").any() else table


def _bridge(
    table: ChangeTable | None, earlier: pd.Index, later: pd.Index, people: list[pd.Series | None]
) -> Bridge:
    if table is None:
        if len(earlier.symmetric_difference(later)):
            detail = "the editions have different areas: name the official table between them"
            raise MissingChoice("--lookup", detail=detail)
        return editions.same_areas(later)
    return editions.bridge(table, earlier, later, earlier_people=people[0], later_people=people[1])


def _people(edition: Edition, faults: Faults) -> pd.Series | None:
    if edition.people is None:
        return None
    frame = sheets.read(
        edition.people, code=[edition.code], columns=[edition.people_column], faults=faults
    )
    if frame is None:
        return None
    with faults.catch():
        return inputs.numbers(frame[edition.people_column], where=Path(edition.people).name)
    return None

"""An index summarised for higher areas, from files to files.

In: an index file, a lookup from its areas to higher ones and a table of people, as CSV, XLSX or
Parquet. Out: five measures and their ranks, a row a higher area, as CSV or XLSX; and sentences
about what went in and what was left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from boundaries.crosswalk import Crosswalk
from data import sheets, tables
from data.errors import NotANumber, UnknownChoice
from data.indexing import CODE, FLAG, Written, with_codes
from geo.errors import Faults
from indices import disclosure, inputs, summaries, transforms
from indices.errors import IncompleteEdition

AREA = "area_code"
REPORTS = ("raise", "report")


@dataclass(frozen=True)
class How:
    """What to summarise, and what to do with areas that do not fit.

    Attributes
    ----------
    domain
        Id of a domain to summarise by its rank, instead of the overall index.
    scores
        Table of domain scores by area, with a column named by the domain: gives its average score.
    areas
        Number of areas of the edition, where the index file holds a part of it with its ranks.
    unplaced, partial
        `raise` or `report`; see `indices.summaries.summarise`.
    """

    domain: str | None = None
    scores: str | Path | None = None
    areas: int | None = None
    unplaced: str = "raise"
    partial: str = "raise"

    @property
    def rank_column(self) -> str:
        """Column of the index file with the ranks to summarise."""
        return "rank" if self.domain is None else f"{self.domain}_rank"


def summarise_file(
    index: str | Path,
    lookup: str | Path,
    *,
    code: str,
    to: str,
    population: str | Path,
    population_column: str,
    out: str | Path,
    how: How | None = None,
) -> Written:
    """Summarise an index file for higher areas: five measures and the rank of each.

    Parameters
    ----------
    index
        What `index_file` wrote (or any table with the columns code, score and rank).
    lookup
        Table that places each area in a higher one: columns `code` and `to`. With a column
        `share` an area may stand in several rows.
    population
        Table of the people that each area is weighted with: columns `code` and
        `population_column`.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    sheets.check_writable(out)
    how = how or How()
    faults = Faults("summarise")
    _check(how, faults)
    columns = ["score", "rank"] if how.domain is None else [how.rank_column]
    codes = list(dict.fromkeys([CODE, code]))
    built = sheets.read(index, code=codes, columns=columns, faults=faults)
    people = sheets.read(population, code=[code, CODE], columns=[population_column], faults=faults)
    placed = _lookup(Path(lookup), code, to, faults)
    known = None
    if how.scores is not None and how.domain is not None:
        known = sheets.read(how.scores, code=[code, CODE], columns=[how.domain], faults=faults)
    faults.raise_any()
    assert built is not None
    assert people is not None
    assert placed is not None  # a missing table has left a fault
    n = how.areas or len(built)
    ranks = _ranks(built, how, n, Path(index).name)
    found = summaries.summarise_values(
        placed,
        people[population_column].rename(population_column),
        n=n,
        ranks=ranks,
        scores=_scores(built, known, how, Path(index).name),
        unplaced="report" if how.unplaced == "report" else "raise",
        partial="report" if how.partial == "report" else "raise",
    )
    # A national lookup names higher areas of other countries, of which the index knows nothing.
    beyond = found["areas"] == 0
    measures = list(summaries.MEASURES)
    table = found.loc[~beyond, measures + [f"rank_of_{measure}" for measure in measures]]
    if how.partial == "report":
        table = table.assign(indexed=found.loc[~beyond, "indexed"])
    if FLAG in built.columns:
        table = table.assign(**{FLAG: _flags(built[FLAG], placed).reindex(table.index)})
    table = with_codes(table, AREA)
    path = sheets.write(table, out)
    weight = f"weighted with {population_column} ({found['population'].sum():,.0f})"
    said = [f"{len(built):,} areas summarised for {len(table):,} areas of {to}, {weight}."]
    if beyond.any():
        said.append(f"{int(beyond.sum()):,} areas of {to} hold no area of the index: left out.")
    if how.unplaced == "report":
        lost = len(built) - float(found["areas"].sum())
        said.append(f"{lost:,.6g} areas of the index lie in no area of {to}: left out.")
    short = int((found.loc[~beyond, "indexed"] < 1.0 - 1e-9).sum())
    if short:
        said.append(f"{short:,} areas of {to} are summarised over a part only: see indexed.")
    if ranks is None:
        said.append("Measures of rank are left empty: the index has no overall ranks.")
    return Written(path, table, tuple(said))


def _check(how: How, faults: Faults) -> None:
    for option, given in (("--unplaced", how.unplaced), ("--partial", how.partial)):
        if given not in REPORTS:
            detail = f"it is one of {', '.join(REPORTS)}"
            faults.add(UnknownChoice(option, found=[given], detail=detail))
    if how.scores is not None and how.domain is None:
        detail = "it holds scores of domains: say which one by --domain"
        faults.add(UnknownChoice("--scores", found=[how.scores], detail=detail))
    if how.areas is not None and how.areas < 1:
        faults.add(UnknownChoice("--areas", found=[how.areas], detail="it is 1 or more"))


def _lookup(path: Path, code: str, to: str, faults: Faults) -> pd.Series | Crosswalk | None:
    """Read where each area lies: a Series of whole areas, or a crosswalk where there are shares."""
    frame = sheets.rows(path, code=[code, CODE], columns=[to], faults=faults)
    if frame is None:
        return None
    tables.check_codes(frame[code], where=path.name, faults=faults)
    if "share" in frame.columns:
        shares = tables.numbers(frame, "share", where=path.name, faults=faults, maximum=1.0)
        table = frame.assign(share=shares)
        return (
            None if faults else Crosswalk.from_lookup(table, source=code, target=to, share="share")
        )
    # A row said twice is said once; an area in two higher ones is refused where it is used.
    placed = frame[[code, to]].drop_duplicates().set_index(code)[to].rename_axis(None)
    return placed.where(placed.str.strip() != "")


def _ranks(built: pd.DataFrame, how: How, n: int, where: str) -> pd.Series | None:
    """Return the ranks to summarise; None where the file has none at all."""
    ranks = inputs.numbers(built[how.rank_column], where=f"{where}, {how.rank_column}")
    if ranks.isna().all():
        return None
    if ranks.isna().any():
        raise IncompleteEdition(
            where,
            found=ranks.index[ranks.isna()],
            detail=f"{how.rank_column} is empty for some areas",
        )
    if how.areas is None and ranks.max() > len(ranks):
        # Ranks of an edition of which the file holds a part: how many areas it has is not in it.
        raise IncompleteEdition(
            where,
            detail=f"{how.rank_column} goes up to {ranks.max():,.0f} with {len(ranks):,} areas at "
            "hand; say by --areas how many the edition has",
        )
    transforms.check_ranking(ranks, n, where=f"{where}, {how.rank_column}")
    return ranks


def _scores(
    built: pd.DataFrame, known: pd.DataFrame | None, how: How, where: str
) -> pd.Series | None:
    """Return the scores to average: the overall ones, or those given for the domain."""
    if known is not None:
        where = f"{Path(str(how.scores)).name}, column {how.domain}"
        scores = inputs.numbers(known[str(how.domain)], where=where).reindex(built.index)
    elif how.domain is None:
        where = f"{where}, column score"
        scores = inputs.numbers(built["score"], where=where)
    else:
        return None
    if scores.isna().any():
        raise NotANumber(where, found=scores.index[scores.isna()])
    return scores


def _flags(flag: pd.Series, placed: pd.Series | Crosswalk) -> pd.Series:
    """Carry to each higher area the heaviest flag of what lies in it."""
    if isinstance(placed, pd.Series):
        return disclosure.carry(flag, placed)
    return disclosure.carried(flag, placed.weights, placed.sources, placed.targets)

"""Indices from files to files: built, and summarised for higher areas.

In: tables of domains or indicators, lookups and populations, as CSV, XLSX or Parquet. Out: CSV or
XLSX, and sentences about what went in, what came out and what was left over.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from boundaries.crosswalk import Crosswalk
from data import sheets, tables
from data.errors import NotANumber, UnknownChoice
from geo.errors import Faults
from indices import definitions, inputs, summaries, transforms
from indices import index as indices_index
from indices.definitions import Definition
from indices.errors import DirectionDoubtful, IncompleteEdition, WeightsUnstable
from indices.index import Index

# Scores and averages are shares of counts: six decimals are far beyond what they mean.
DECIMALS = 6
CODE, AREA = "code", "area_code"
FROM = ("ranks", "scores", "indicators")


@dataclass(frozen=True, eq=False)
class Written:
    """A file that was written, the table in it, and what is to be said of it."""

    path: Path
    table: pd.DataFrame
    sentences: tuple[str, ...]


def index_file(
    definition: str | Path,
    input: str | Path,
    *,
    code: str,
    from_: str = "ranks",
    out: str | Path,
    published: str | None = None,
    district: str | None = None,
) -> Written:
    """Build an index from a table and write `code,score,rank,decile` and two columns a domain.

    A part of an edition has no rank and no decile (empty cells); its `local_rank` stands in a
    further column, the last.

    Parameters
    ----------
    definition
        Name of a shipped definition, or path of a TOML file.
    input
        One row an area; columns named by domain id, or as the indicators name them.
    code
        Column of the area codes.
    from_
        `ranks` of the edition, `scores`, or `indicators`.
    published
        Column of published overall ranks, which give a part of an edition its ranks and deciles.
    district
        Column of the district, for indicators that are shrunk towards it.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    sheets.check_writable(out)
    index = build_file(
        definition, input, code=code, from_=from_, published=published, district=district
    )
    whole = index.to_frame()
    wanted = ["score", "rank", "decile"]
    for id in index.definition.domain_ids:
        wanted += [f"{id}_rank", f"{id}_transformed"]
    if not index.complete:
        wanted.append("local_rank")
    table = with_codes(whole[wanted], CODE)
    path = sheets.write(table, out)
    span = f"{index.scores.min():.3f} to {index.scores.max():.3f}"
    said = [f"{index.definition.title}: {len(index):,} of {index.n:,} areas, scores {span}."]
    if index.ranks is None:
        said.append(
            "Overall ranks and deciles are left empty, because they need every area of the "
            "edition; local_rank ranks the areas at hand."
        )
    return Written(path, table, (*said, *notes(index)))


def summarise_file(
    index: str | Path,
    lookup: str | Path,
    *,
    code: str,
    to: str,
    population: str | Path,
    population_column: str,
    out: str | Path,
    domain: str | None = None,
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
    domain
        Id of a domain to summarise by its rank, instead of the overall index.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    sheets.check_writable(out)
    faults = Faults("summarise")
    rank_column = "rank" if domain is None else f"{domain}_rank"
    columns = ["score", rank_column] if domain is None else [rank_column]
    codes = list(dict.fromkeys([CODE, code]))
    built = sheets.read(index, code=codes, columns=columns, faults=faults)
    people = sheets.read(population, code=[code, CODE], columns=[population_column], faults=faults)
    placed = _lookup(Path(lookup), code, to, faults)
    faults.raise_any()
    assert built is not None
    assert people is not None
    assert placed is not None  # a missing table has left a fault
    ranks, scores = _ranks_and_scores(built, rank_column, Path(index).name)
    found = summaries.summarise_values(
        placed,
        people[population_column].rename(population_column),
        n=len(built),
        ranks=ranks,
        scores=scores,
    )
    # A national lookup names higher areas of other countries, of which the index knows nothing.
    beyond = found["areas"] == 0
    measures = list(summaries.MEASURES)
    wanted = measures + [f"rank_of_{measure}" for measure in measures]
    table = with_codes(found.loc[~beyond, wanted], AREA)
    path = sheets.write(table, out)
    weight = f"weighted with {population_column} ({found['population'].sum():,.0f})"
    said = [f"{len(built):,} areas summarised for {len(table):,} areas of {to}, {weight}."]
    if beyond.any():
        said.append(f"{int(beyond.sum()):,} areas of {to} hold no area of the index: left out.")
    if ranks is None:
        said.append("Measures of rank are left empty: the index has no overall ranks.")
    return Written(path, table, tuple(said))


def build_file(
    definition: str | Path,
    input: str | Path,
    *,
    code: str,
    from_: str,
    published: str | None = None,
    district: str | None = None,
) -> Index:
    """Build an index from a table; see `index_file`.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    faults = Faults("index")
    if from_ not in FROM:
        detail = f"it is one of {', '.join(FROM)}"
        faults.add(UnknownChoice("--from", found=[from_], detail=detail))
    loaded: Definition | None = None
    with faults.catch():
        loaded = definitions.load(definition)
    further = [column for column in (published, district) if column is not None]
    # Where a workbook has several sheets, that one is read which has what the index needs.
    frame = sheets.read(input, code=[code], columns=further, faults=faults)
    faults.raise_any()
    assert loaded is not None
    assert frame is not None  # a missing table has left a fault
    ranks = None if published is None else frame[published].rename("published_ranks")
    districts = None if district is None else frame[district].where(frame[district] != "")
    ways: dict[str, indices_index.From] = {"ranks": "ranks", "scores": "scores"}
    with warnings.catch_warnings():
        # They are among the notes of the index, which are said as sentences.
        warnings.simplefilter("ignore", DirectionDoubtful)
        warnings.simplefilter("ignore", WeightsUnstable)
        return indices_index.build(
            loaded,
            frame,
            from_=ways.get(from_, "indicators"),
            published_ranks=ranks,
            districts=districts,
        )


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


def _ranks_and_scores(
    built: pd.DataFrame, rank_column: str, where: str
) -> tuple[pd.Series | None, pd.Series | None]:
    """Return ranks (None where the file has none at all) and scores of an index file."""
    ranks: pd.Series | None = inputs.numbers(built[rank_column], where=f"{where}, {rank_column}")
    assert ranks is not None
    if ranks.isna().all():
        ranks = None
    elif ranks.isna().any():
        raise IncompleteEdition(
            where, found=ranks.index[ranks.isna()], detail=f"{rank_column} is empty for some areas"
        )
    else:
        transforms.check_ranking(ranks, len(ranks), where=f"{where}, {rank_column}")
    scores = None
    if "score" in built.columns and rank_column == "rank":
        scores = inputs.numbers(built["score"], where=f"{where}, score")
        if scores.isna().any():
            raise NotANumber(f"{where}, column score", found=scores.index[scores.isna()])
    return ranks, scores


def with_codes(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put the codes into the first column and round what has a fraction."""
    table = frame.copy()
    for column in table.select_dtypes("float64").columns:
        table[column] = table[column].round(DECIMALS)
    table.insert(0, name, table.index.astype(str))
    return table.reset_index(drop=True)


def notes(index: Index) -> tuple[str, ...]:
    """Say as sentences what a reader should know of directions and weights."""
    return () if index.made is None else tuple(f"Note: {note}." for note in index.made.notes)

"""Indices from files to files.

In: tables of domains or indicators, as CSV, XLSX or Parquet. Out: CSV or XLSX, and sentences about
what went in, what came out and what a reader should know.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data import sheets
from data.errors import UnknownChoice
from geo.errors import Faults
from indices import combining, definitions
from indices import index as indices_index
from indices.definitions import Definition
from indices.errors import DirectionDoubtful, VintageMismatch, WeightsUnstable
from indices.index import Index

# Scores and averages are shares of counts: six decimals are far beyond what they mean.
DECIMALS = 6
CODE, FLAG = "code", "flag"
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
    areas: int | None = None,
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
    areas
        Number of areas of the edition, for a definition that does not state it.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    sheets.check_writable(out)
    index = build_file(
        definition,
        input,
        code=code,
        from_=from_,
        published=published,
        district=district,
        areas=areas,
    )
    whole = index.to_frame()
    wanted = ["score", "rank", "decile"]
    for id in index.definition.domain_ids:
        wanted += [f"{id}_rank", f"{id}_transformed"]
    if not index.complete:
        wanted.append("local_rank")
    table = with_codes(flagged(whole[wanted], index), CODE)
    path = sheets.write(table, out)
    span = f"{index.scores.min():.3f} to {index.scores.max():.3f}"
    said = [f"{index.definition.title}: {len(index):,} of {index.n:,} areas, scores {span}."]
    if index.ranks is None:
        said.append(
            "Overall ranks and deciles are left empty, because they need every area of the "
            "edition; local_rank ranks the areas at hand."
        )
    return Written(path, table, (*said, *_weights(index), *notes(index)))


def build_file(
    definition: str | Path,
    input: str | Path,
    *,
    code: str,
    from_: str,
    published: str | None = None,
    district: str | None = None,
    areas: int | None = None,
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
    if loaded is not None and loaded.layer is not None:
        with faults.catch():
            check_column(code, loaded.layer, where=Path(input).name)
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
            n=areas,
            published_ranks=ranks,
            districts=districts,
        )


def flagged(table: pd.DataFrame, index: Index) -> pd.DataFrame:
    """Add a last column `flag` where counts behind the index were hidden or rounded."""
    flag = index.flag
    return table.assign(**{FLAG: flag}) if (flag != "").any() else table


def with_codes(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put the codes into the first column and round what has a fraction."""
    table = frame.copy()
    for column in table.select_dtypes("float64").columns:
        table[column] = table[column].round(DECIMALS)
    table.insert(0, name, table.index.astype(str))
    return table.reset_index(drop=True)


def _weights(index: Index) -> list[str]:
    """Say which weights one factor gave to the indicators of a domain."""
    if index.made is None:
        return []
    found = index.made.weights
    return [
        f"Weights of {part.id} from one factor: "
        + ", ".join(f"{id} {weight:.6f}" for id, weight in found[part.id].items())
        + "."
        for part in index.definition.parts
        if part.combine == "factor"
    ]


def notes(index: Index) -> tuple[str, ...]:
    """Say as sentences what a reader should know of directions and weights."""
    if index.made is not None:
        return tuple(f"Note: {note}." for note in index.made.notes)
    return tuple(
        f"Note: {id} runs against the other domains (rank correlation {correlation:.2f}): check "
        "which end of it is the deprived one."
        for id, correlation in combining.opposed(-index.domain_ranks)
    )


def check_column(column: str, layer: str, *, where: str) -> None:
    """Refuse a column of codes whose own name says that they are of another vintage.

    Most codes stay from one vintage to the next, so that those of a city seldom show which they
    are; `lsoa11_code`, `LSOA11CD` and `LSOA code (2011)` do.

    Raises
    ------
    VintageMismatch
        The name has the layer's kind of area and another year.
    """
    kind, year = layer.rstrip("0123456789"), layer[len(layer.rstrip("0123456789")) :]
    named = re.search(rf"{re.escape(kind)}\D{{0,12}}(?:20)?(\d\d)(?!\d)", column.lower())
    if year and named and named[1] != year:
        raise VintageMismatch(
            f"{where}, column {column}",
            detail=f"the column is of {kind}{named[1]}, {layer!r} is needed",
            got=f"{kind}{named[1]}",
            expected=layer,
        )

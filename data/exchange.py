"""Figures between any two layers from files: the crosswalk, and the conversion by it.

In: files of layers, points, pixels and values, with the names of their columns. Out: the
crosswalk, tables by target area, and sentences about what was left over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from boundaries import build
from boundaries.applying import Converted
from boundaries.checks import one_of
from boundaries.crosswalk import Crosswalk
from boundaries.engine import Engine
from data import disclosing, tables
from data.errors import MissingChoice, UnknownChoice
from data.sources import LayerFile, PointsFile
from geo import cells
from geo.errors import SHOWN, Faults

METHODS = ("area", "points", "raster", "best-fit")


@dataclass(frozen=True)
class Weighing:
    """By what sources are divided: `by` is one of `METHODS`."""

    by: str = "area"
    points: PointsFile | None = None
    raster: Path | None = None
    dask: str | None = None


def weighing(
    by: str,
    points: Path | None,
    points_weight: str | None,
    points_code: str | None,
    raster: Path | None,
    dask: str | None,
) -> Weighing:
    """Put options together, or say which does not go with the way of weighing.

    Raises
    ------
    UnknownChoice
        `by` is none of `METHODS`.
    MissingChoice
        The way of weighing needs a file that was not named, or cannot use one that was.
    """
    if by not in METHODS:
        raise UnknownChoice("--by", found=[by], detail=f"it is one of {', '.join(METHODS)}")
    faults = Faults("options")
    if by == "points" and points is None:
        faults.add(MissingChoice("--points", detail="--by points weighs by a file of points"))
    if by == "raster" and raster is None:
        faults.add(MissingChoice("--raster", detail="--by raster weighs by pixels"))
    unused = {
        "--points": points is not None and by not in ("points", "best-fit"),
        "--raster": raster is not None and by != "raster",
        "--points-code": points_code is not None and (by != "best-fit" or points is None),
        "--points-weight": points_weight is not None and points is None,
    }
    if any(unused.values()):
        found = [name for name, wrong in unused.items() if wrong]
        faults.add(UnknownChoice(f"--by {by}", found=found, detail="options it does not use"))
    faults.raise_any()
    file = None if points is None else PointsFile(points, points_weight, points_code)
    return Weighing(by, file, raster, dask)


def crosswalk(source: LayerFile, target: LayerFile, weighing: Weighing) -> Crosswalk:
    """Build the crosswalk between two layers in files.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; the faults of both layers come together.
    """
    faults = Faults("layers")
    read: list[gpd.GeoDataFrame] = []
    for item in (source, target):
        with faults.catch():
            read.append(item.read())
    faults.raise_any()
    first, second = read
    if first.index.name == second.index.name:
        # Two files may call their layers alike; a crosswalk tells them apart by their names.
        first = first.rename_axis(f"{first.index.name}_source")
    return _weigh(first, second, weighing)


def _weigh(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame, weighing: Weighing) -> Crosswalk:
    if weighing.by == "best-fit" and weighing.points is not None:
        return _by_centroid(first, second, weighing.points)
    with _engine(weighing.dask) as engine:
        if weighing.by == "raster":
            assert weighing.raster is not None  # `weighing` has checked it
            file = weighing.raster.absolute()
            # The areas come to the pixels: resampling pixels would move people.
            return build.from_raster(
                file, first, second, reproject=True, uncovered="report", engine=engine
            )
        if weighing.by == "points":
            assert weighing.points is not None  # `weighing` has checked it
            xy, weights, _ = weighing.points.read()
            unit = weighing.points.weight or "count"
            return build.from_points(xy, weights, first, second, unit=unit, engine=engine)
        by_area = build.from_areas(first, second, engine=engine)
    return build.best_fit(by_area) if weighing.by == "best-fit" else by_area


def _by_centroid(
    first: gpd.GeoDataFrame, second: gpd.GeoDataFrame, points: PointsFile
) -> Crosswalk:
    """Best fit by one point a source: given as such, or the weighted middle of its points."""
    xy, weights, codes = points.read()
    if codes is None:
        middle = build.centroids(xy, weights, first)
        return build.best_fit(middle, second, mass=middle["mass"], unit=points.weight or "count")
    given = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1], crs=first.crs),
        index=codes.rename(first.index.name),
    )
    faults = Faults(str(points.path))
    tables.match_codes(first.index, given.index, where=str(points.path), faults=faults)
    faults.raise_any()
    return build.best_fit(given.loc[first.index], second)


@contextmanager
def _engine(dask: str | None) -> Iterator[Engine | None]:
    """Yield a Dask engine: at an address, or `local` for processes on this machine; else None."""
    if dask is None:
        yield None
        return
    from boundaries.distributed import connect

    with connect(None if dask == "local" else dask) as engine:
        yield engine


# ------------------------------------------------------------------------------ conversion


@dataclass(frozen=True)
class Rules:
    """What to do with what does not fit; see `boundaries.applying`.

    `unknown` is about rows of areas that the crosswalk does not have: "raise", or "report" how
    many were left out, which is only right for a table that has a row for every source (a national
    table and the crosswalk of a city); where sources lack a row too, the codes are of another
    layer and are refused all the same. `disclosure` names for columns of counts the rule by which
    small ones are hidden: then only what may be shown of them is carried, with a flag.
    """

    uncovered: str = "report"
    overlap: str = "refuse"
    tolerance: float = 0.0
    unknown: str = "report"
    disclosure: Mapping[str, str] = field(default_factory=dict)


def convert(
    walk: Crosswalk,
    values: Path,
    *,
    code: str,
    counts: Sequence[str] = (),
    rates: Sequence[tuple[str, str]] = (),
    rules: Rules | None = None,
) -> tuple[pd.DataFrame, dict[str, Converted], int]:
    """Carry columns of a table to the targets of a crosswalk.

    Parameters
    ----------
    values
        CSV with one row a source; an empty cell is a missing value and stays missing.
    counts, rates
        Columns that add up, and pairs (rate, denominator).

    Returns
    -------
    The table by target code, each column's values with its reconciliation, and the number of rows
    left out because their areas are not in the crosswalk.
    """
    rules = rules or Rules()
    if not counts and not rates:
        raise MissingChoice("--count or --rate", detail="nothing to convert was named")
    where = str(values)
    faults = Faults(where)
    wanted = dict.fromkeys([code, *counts, *(name for pair in rates for name in pair)])
    frame = tables.read(values, where=where, columns=list(wanted), faults=faults)
    faults.raise_any()
    assert frame is not None  # a missing frame has left a fault
    keyed = tables.index_by_code(
        frame, code, where=where, layer=str(walk.sources.name), faults=faults
    )
    one_of(rules.unknown, ("raise", "report"), option="unknown")
    known = keyed.index.isin(walk.sources)
    complete = walk.sources.isin(keyed.index).all()
    if rules.unknown == "raise" or not complete:
        tables.match_codes(keyed.index, walk.sources, where=where, faults=faults)
    keyed = keyed[known]
    numbers = {
        name: tables.numbers(keyed, name, where=where, faults=faults, minimum=None, gaps=True)
        for name in wanted
        if name != code
    }
    flags = disclosing.seen(numbers, rules.disclosure, faults)
    faults.raise_any()
    done = {}
    for name in counts:
        done[name] = walk.apply_extensive(
            numbers[name],
            uncovered=rules.uncovered,
            tolerance=rules.tolerance,
            overlap=rules.overlap,
        )
    for name, denominator in rates:
        done[name] = walk.apply_intensive(
            numbers[name],
            numbers[denominator],
            uncovered=rules.uncovered,
            tolerance=rules.tolerance,
        )
    table = pd.DataFrame({name: found.values for name, found in done.items()}, index=walk.targets)
    return disclosing.flagged(table, walk, numbers, flags), done, int((~known).sum())


# ----------------------------------------------------------------------------------- files


def write_crosswalk(walk: Crosswalk, path: Path) -> Path:
    """Write a crosswalk to a folder that is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return walk.write(path)


def split_rate(text: str) -> tuple[str, str]:
    """Read `RATE:DENOMINATOR`."""
    rate, _, denominator = text.partition(":")
    if not rate or not denominator:
        raise UnknownChoice("--rate", found=[text], detail="write it as RATE:DENOMINATOR")
    return rate, denominator


def write_table(frame: pd.DataFrame, path: Path, *, index: bool = True) -> Path:
    """Write a CSV file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    cells.neutralise(frame).to_csv(part, index=index, lineterminator="\n")
    part.replace(path)
    return path


def write_books(done: dict[str, Converted], path: Path) -> Path:
    """Write the reconciliation of every column as JSON, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    books = {name: found.reconciliation.to_dict() for name, found in done.items()}
    part.write_text(json.dumps(books, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def left_over(walk: Crosswalk) -> Iterable[str]:
    """Say what a crosswalk leaves over: uncovered, overlapping and empty sources, and notes."""
    for what, found in (
        ("uncovered", walk.uncovered),
        ("counted more than once", walk.overlapping),
    ):
        if len(found):
            worst = f"{found.idxmax()} {found.max():.2%}"
            yield f"{len(found):,} sources are in part {what}, most of all {worst}."
    if len(walk.zero_mass):
        placed = "a fallback places them" if walk.fallback is not None else "nothing places them"
        yield f"{len(walk.zero_mass):,} sources have no {walk.unit}; {placed}."
    for what, note in walk.notes.items():
        yield _note_sentence(what.replace("_", " "), note, walk)


def _note_sentence(what: str, note: Mapping[str, Any], walk: Crosswalk) -> str:
    """Say one note of a crosswalk: how many, the first five, and what happens to them."""
    named = [str(name) for name in note.get("names", note.get("codes", ()))]
    more = f" and {len(named) - SHOWN:,} more" if len(named) > SHOWN else ""
    listed = ", ".join(named[:SHOWN]) + more
    if "mass" in note:
        side = walk.sources.name if what.endswith("sources") else walk.targets.name
        weight = (
            f", {note['mass']:,.6g} {walk.unit} in all," if note["mass"] != note["count"] else ""
        )
        return f"{note['count']:,} points{weight} lie in no area of {side}: {listed}."
    if "codes" in note:
        detail = f" ({note['detail']})" if note.get("detail") else ""
        return f"{what}: {note.get('count', len(named)):,} areas{detail}: {listed}."
    return f"{what}: {json.dumps(note, ensure_ascii=False, default=str)}"

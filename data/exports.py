"""A level's figures as files to take away: CSV, spreadsheet, GeoPackage.

In: a frame with a row an area, and what each of its columns is. Out: bytes. Money stands in whole
pence; what may not be shown is empty, and the column of notes says so. Text stays text: a
spreadsheet computes nothing of it (see `geo.cells`).
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio

from geo import cells, layers

AREAS, FACTS = "areas", "what_it_is"


@dataclass(frozen=True)
class ColumnFacts:
    """What one column of a file is."""

    column: str
    title: str
    unit: str
    definition: str
    source: str
    vintage: str
    how_sure: str


def column_name(id: str) -> str:
    """Return a name for a column that every program takes.

    >>> column_name("distance.health and care")
    'distance_health_and_care'
    """
    return "".join(letter if letter.isalnum() else "_" for letter in id.lower())


def facts_frame(facts: Sequence[ColumnFacts]) -> pd.DataFrame:
    """Return what the columns are as a table."""
    names = [field.name for field in fields(ColumnFacts)]
    return pd.DataFrame([astuple(fact) for fact in facts], columns=names, dtype="str")


def csv(frame: pd.DataFrame) -> bytes:
    """Return the areas as CSV; the first column is the code."""
    return cells.neutralise(frame).to_csv(lineterminator="\n").encode("utf-8")


def xlsx(frame: pd.DataFrame, facts: Sequence[ColumnFacts]) -> bytes:
    """Return a workbook of two sheets: the areas, and what each column is."""
    book = openpyxl.Workbook(write_only=True)
    for title, part in ((AREAS, frame.reset_index()), (FACTS, facts_frame(facts))):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        safe = cells.neutralise(part)
        sheet.append([str(column) for column in safe.columns])
        columns = [_plain(safe[column]) for column in safe.columns]
        for row in zip(*columns, strict=True):
            sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def geopackage(
    frame: pd.DataFrame, shapes: gpd.GeoDataFrame, facts: Sequence[ColumnFacts]
) -> bytes:
    """Return the areas with their full shapes, and beside them the table of what each column is.

    Parameters
    ----------
    shapes
        The layer; its index names it.
    """
    joined = shapes[["geometry"]].loc[frame.index].join(_storable(frame))
    joined = gpd.GeoDataFrame(joined, geometry="geometry", crs=shapes.crs)
    joined.index.name = shapes.index.name
    with tempfile.TemporaryDirectory(prefix="common-ground-") as folder:
        path = layers.write(joined, Path(folder) / "map.gpkg")
        pyogrio.write_dataframe(facts_frame(facts), path, layer=FACTS, driver="GPKG", append=True)
        return path.read_bytes()


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with columns that GDAL can hold."""
    done = frame.copy()
    for name in done.columns:
        if pd.api.types.is_extension_array_dtype(done[name]) and pd.api.types.is_integer_dtype(
            done[name]
        ):
            done[name] = (
                done[name].astype("float64")
                if done[name].isna().any()
                else done[name].astype("int64")
            )
    return done


def _plain(column: pd.Series) -> list[object]:
    """Return a column as Python values, None where missing."""
    values = column.astype(object).where(column.notna(), None).tolist()
    return [value.item() if hasattr(value, "item") else value for value in values]

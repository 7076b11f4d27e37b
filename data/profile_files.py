"""Profiles asked for from files and words, and written to files.

In: what somebody says about an area: a code and its level, a drawing, codes, postcodes, a spot
with a radius. Out: its profile, and that as CSV, XLSX or JSON, whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio.errors
import shapely

from boundaries import custom
from boundaries.custom import CustomArea
from data import sheets
from data.blocks import spelled
from data.errors import UnreadableTable, UnusableFolder
from data.profiles import of_area, of_custom
from data.profiles_errors import (
    NoPostcodes,
    OneAreaOnly,
    UnreadablePlace,
    UnreadableShape,
)
from data.profiling import Prepared
from geo.codes import row_of
from indices.profiles import Profile

LONLAT = "EPSG:4326"
JSON = ".json"


@dataclass(frozen=True)
class Question:
    """What somebody says about an area; exactly one way of saying it is used.

    `area` and `level`: a code and the layer it belongs to. `shape`: a GeoJSON file. `codes`: blocks
    or small areas, with commas. `postcodes`: a file with one a line. `around` and `radius_m`: a
    postcode or EAST,NORTH, and metres. `name` is what to call an area of one's own.
    """

    area: str | None = None
    level: str | None = None
    shape: Path | None = None
    codes: str | None = None
    postcodes: Path | None = None
    around: str | None = None
    radius_m: float | None = None
    name: str = "Our area"

    def check(self) -> None:
        """Refuse a question that names no area, or several.

        Raises
        ------
        OneAreaOnly
        """
        ways = {
            "--area with --level": (self.area, self.level),
            "--shape": (self.shape,),
            "--codes": (self.codes,),
            "--postcodes": (self.postcodes,),
            "--around with --radius": (self.around, self.radius_m),
        }
        begun = [way for way, parts in ways.items() if any(part is not None for part in parts)]
        half = [way for way in begun if any(part is None for part in ways[way])]
        if half:
            raise OneAreaOnly("profile", found=half, detail="one half of it is not there")
        if len(begun) != 1:
            raise OneAreaOnly("profile", found=begun)


def ask(prepared: Prepared, question: Question) -> Profile:
    """Answer a question with a profile.

    Raises
    ------
    OneAreaOnly, UnknownLevel, UnknownArea, NoPostcodes, UnreadableShape, UnreadablePlace,
    HouseholdsUnknown, UnreadableTable
        What is wrong with the question.
    TooFewHouseholds, UnusableDrawing, UnknownPieces, OutsidePlace
        What is wrong with the area (see `boundaries.custom`).
    """
    question.check()
    if question.area is not None and question.level is not None:
        return of_area(prepared, question.area, question.level)
    return of_custom(prepared, custom_area(prepared, question))


def custom_area(prepared: Prepared, question: Question) -> CustomArea:
    """Make the area of one's own that a question describes."""
    question.check()
    blocks, name = prepared.blocks, question.name
    measured: dict[str, Any] = {"points": prepared.postcodes, "counting": prepared.counting}
    if question.shape is not None:
        shape = read_shape(question.shape, crs=blocks.frame.crs)
        return custom.drawn(blocks, shape, name=name, **measured)
    if question.codes is not None:
        codes = [code for part in question.codes.split(",") if (code := part.strip())]
        return custom.assembled(blocks, codes, name=name)
    if question.postcodes is not None:
        measured["points"] = _postcodes(prepared)
        return custom.from_postcodes(blocks, _lines(question.postcodes), name=name, **measured)
    x, y = _spot(prepared, str(question.around))
    radius = float(question.radius_m or 0.0)
    return custom.within_radius(blocks, x, y, radius, name=name, **measured)


def read_shape(path: Path, *, crs: Any) -> shapely.Geometry:
    """Read a drawn area from a GeoJSON file, all its polygons together, in another system.

    GeoJSON is in longitude and latitude unless it names another system.

    Raises
    ------
    UnreadableShape
        The file is not there, is no GeoJSON, or holds no polygon.
    """
    try:
        frame = gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, OSError, ValueError) as error:
        raise UnreadableShape(str(path), detail=str(error)) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.geometry.isna().all():
        raise UnreadableShape(str(path), detail="it holds no shape")
    shapes = frame.geometry.dropna()
    kinds = sorted(set(shapes.geom_type) - {"Polygon", "MultiPolygon"})
    if kinds:
        raise UnreadableShape(str(path), found=kinds, detail="shapes that are no polygon")
    moved = (shapes if shapes.crs is not None else shapes.set_crs(LONLAT)).to_crs(crs)
    if len(moved) == 1:
        return moved.iloc[0]
    # Loops that a line draws across itself are mended first: a union of broken shapes fails.
    return shapely.union_all(shapely.make_valid(moved.to_numpy(), method="structure"))


def write(profile: Profile, path: str | Path, *, place: str) -> Path:
    """Write a profile as JSON (everything), or its table as CSV or XLSX.

    Raises
    ------
    UnknownChoice, UnusableFolder
        The file is of another kind, or cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != JSON:
        return sheets.write(frame_of(profile, place=place), path)
    text = json.dumps(document(profile, place=place), ensure_ascii=False, indent=1)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise UnusableFolder(str(path), detail=str(error)) from None
    return path


def check_writable(path: str | Path) -> None:
    """Refuse an output file of a kind that cannot be written, before anything is computed."""
    if Path(path).suffix.lower() != JSON or Path(path).is_dir():
        sheets.check_writable(path)


def frame_of(profile: Profile, *, place: str) -> pd.DataFrame:
    """Return the table of a profile with the area in every row, as it is written to a file."""
    table = profile.table.reset_index()
    for position, (name, text) in enumerate(
        {"place": place, "area_code": profile.area.code, "area_name": profile.area.name}.items()
    ):
        # The figures of the whole place have a column `place` of their own.
        column = "of_place" if name == "place" else name
        table.insert(position, column, text)
    return table


def document(profile: Profile, *, place: str) -> dict[str, Any]:
    """Return everything a profile says as plain values for JSON; what is missing is null."""
    similar = profile.similar
    alike = [] if similar is None else _records(similar.table)
    return {
        "place": place,
        "area": asdict(profile.area),
        "index": None if profile.standing is None else _plain(asdict(profile.standing)),
        "indicators": _records(profile.table),
        "beside": dict(profile.beside),
        "ranked_among": profile.among,
        "similar": alike,
        "similar_by": [] if similar is None else list(similar.used),
        "type": profile.type_sentence,
        "grades": profile.rule,
        "sentences": profile.sentences(),
    }


def screen(profile: Profile, *, title: str, fictional: bool = False) -> Iterator[str]:
    """Say a profile line by line: sentences, similar areas, then what each figure is."""
    yield f"{profile.area.name}, {title}" + (" (a fictional place)" if fictional else "")
    yield ""
    yield from profile.sentences()
    if profile.similar is not None and len(profile.similar.table):
        yield ""
        yield f"The {len(profile.similar.table)} areas most like it, and why"
        for code, row in profile.similar.table.iterrows():
            apart = f"; it is {row['apart']}" if row["apart"] else ""
            yield f"  {row['name']} ({code}), distance {row['distance']:.2f}: {row['alike']}{apart}"
    yield ""
    yield "What the figures are"
    yield from (f"  {text}" for text in profile.table["definition"])
    yield ""
    yield profile.rule


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain(row) for row in table.reset_index().to_dict("records")]


def _plain(row: Any) -> dict[str, Any]:
    """Turn the values of a row into those of JSON."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        plain = value.item() if isinstance(value, np.generic) else value
        found[str(key)] = None if isinstance(plain, float) and np.isnan(plain) else plain
    return found


def _postcodes(prepared: Prepared) -> gpd.GeoDataFrame:
    points = prepared.postcodes
    if points is None:
        raise NoPostcodes(prepared.place.id)
    return points


def _lines(path: Path) -> Iterable[str]:
    """Read one postcode a line; what follows a comma is left out, and so is a heading."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableTable(str(path), detail=str(error)) from None
    first = [line.split(",")[0].strip().strip('"') for line in text.splitlines()]
    return [word for word in first if word and word.lower() not in ("postcode", "postcodes")]


def _spot(prepared: Prepared, around: str) -> tuple[float, float]:
    """Return the coordinates of a postcode, or of EAST,NORTH."""
    parts = around.split(",")
    if len(parts) == 2:
        try:
            return float(parts[0]), float(parts[1])
        except ValueError:
            raise UnreadablePlace("--around", found=[around]) from None
    points = _postcodes(prepared)
    row = row_of(points.index, spelled(around))
    if row < 0:
        raise UnreadablePlace("--around", found=[around])
    point = points.geometry.iloc[row]
    return float(point.x), float(point.y)

"""Areas that are lists and not land: a GP consortium is the people registered with its practices.

In: how many people of each small area are registered with each practice, and which consortium each
practice belongs to. Out: a `Crosswalk` from small areas to consortia in *registered people*.

Registered people are not residents: they may live elsewhere, be counted twice or have left. The two
are never mixed; masses made here carry the unit "registered people".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.area import from_areas
from boundaries.checks import as_numbers, code_index, text_faults
from boundaries.crosswalk import Crosswalk
from boundaries.errors import (
    CodesNotUnique,
    CodesUnknown,
    ColumnMissing,
    OptionUnknown,
    ValuesNegative,
    ValuesNotFinite,
)
from geo.errors import Faults

UNIT = "registered people"
NAMED = 1000
COLUMNS = ("practice", "area", "patients")

# The published file has changed its headings over the years; capitals and spaces do not count.
PRACTICE_NAMES = ("PRACTICE_CODE", "GP_PRACTICE_CODE", "ORG_CODE", "PRACTICE")
AREA_NAMES = ("LSOA_CODE", "LSOA11_CODE", "LSOA21_CODE", "LSOA", "AREA_CODE", "AREA")
PATIENT_NAMES = ("NUMBER_OF_PATIENTS", "ALL_PATIENTS", "PATIENTS")
EVERYBODY = ("ALL", "PERSONS", "TOTAL")


def read_registrations(
    path_or_frame: str | Path | pd.DataFrame, *, area: str | None = None
) -> pd.DataFrame:
    """Read the published file of patients registered at each practice by small area.

    Understood headings: `PRACTICE_CODE`, `LSOA_CODE` (also `LSOA11_CODE`, `LSOA21_CODE`),
    `NUMBER_OF_PATIENTS` and, if there is one, `SEX`: rows for all people are taken where they
    exist, else women and men are added up, so that nobody is counted twice.

    Parameters
    ----------
    path_or_frame
        CSV file, or a frame whose codes are text.
    area
        Name of the column of small areas, where the file has several.

    Returns
    -------
    DataFrame
        Columns `practice`, `area`, `patients` (float64), one row a pair.

    Raises
    ------
    ColumnMissing, OptionUnknown, CodesNotText, CodesEmpty, ValuesNotNumbers, ValuesNotFinite,
    ValuesNegative
        All faults of the file at once.
    """
    if isinstance(path_or_frame, pd.DataFrame):
        where, frame = "registrations", path_or_frame
    else:
        where = Path(path_or_frame).name
        frame = pd.read_csv(path_or_frame, dtype="str", keep_default_na=False, na_values=[""])
    practice, place, patients, sex = _columns(frame, area, where)
    if sex is not None:
        everybody = frame[sex].astype("str").str.strip().str.upper().isin(EVERYBODY)
        pair = pd.MultiIndex.from_frame(frame[[practice, place]])
        frame = frame[everybody | ~pair.isin(pair[everybody])]
    faults = Faults(where)
    for column in (practice, place):
        text_faults(frame[column], faults, where=f"{where}: {column}")
    number = np.zeros(len(frame))
    with faults.catch():
        number = as_numbers(_parsed(frame[patients]), where=f"{where}: {patients}")
    rows = np.array([f"row {row + 1}" for row in range(len(frame))], dtype=object)
    if np.isnan(number).any():
        faults.add(ValuesNotFinite(f"{where}: {patients}", found=rows[np.isnan(number)]))
    if (number < 0).any():
        faults.add(ValuesNegative(f"{where}: {patients}", found=rows[number < 0]))
    faults.raise_any()
    columns = (frame[practice].str.strip(), frame[place].str.strip(), number)
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return table.groupby(["practice", "area"])["patients"].sum().reset_index()


def from_membership(
    registered: pd.DataFrame,
    members: pd.Series,
    *,
    sources: pd.Index,
    layer: str,
    targets: pd.Index | None = None,
) -> Crosswalk:
    """Weigh by registered people: `mass_st = sum over practices p in t of registered_ps`.

    Parameters
    ----------
    registered
        Columns `practice`, `area`, `patients`, as `read_registrations` returns them.
    members
        Consortium code by practice code.
    sources
        Codes of the small areas, named by their layer id.
    layer
        Id of the layer of consortia.
    targets
        Their codes, if there are more or fewer than in `members`.

    Returns
    -------
    Crosswalk
        In registered people. `source_mass` is everybody registered anywhere who lives in the
        area; people of practices in no consortium lie outside. `target_mass` is everybody
        registered with the consortium, wherever they live. `notes` holds
        `practices_without_consortium`, `practices_without_patients` and `living_elsewhere` (areas
        that are not in `sources`), each with its people.

    Raises
    ------
    ColumnMissing, CodesNotText, CodesEmpty, CodesNotUnique, ValuesNotFinite, ValuesNegative
        All faults of the two tables at once.
    CodesUnknown
        If no small area of the table is in `sources`.
    """
    patients = _check(registered, members)
    source_codes = code_index(sources, None, where="sources")
    named = pd.Index(sorted(members.unique())) if targets is None else targets
    target_codes = code_index(named, layer, where="consortia")
    consortium = registered["practice"].map(members)
    row = source_codes.get_indexer(pd.Index(registered["area"]))
    column = target_codes.get_indexer(pd.Index(consortium))
    here, placed = row >= 0, column >= 0
    if not here.any():
        found = registered["area"].unique()
        raise CodesUnknown("registered", found=found, detail=f"no area is in {source_codes.name}")
    both = here & placed
    shape = (len(source_codes), len(target_codes))
    mass = csr_array((patients[both], (row[both], column[both])), shape=shape)
    source_mass = np.bincount(row[here], patients[here], minlength=shape[0])
    target_mass = np.bincount(column[placed], patients[placed], minlength=shape[1])
    practices = registered["practice"].nunique()
    said = f"{patients.sum():,.0f} people registered with {practices:,} practices"
    return Crosswalk(
        mass=mass,
        source_mass=np.asarray(source_mass, dtype=np.float64),
        sources=source_codes,
        targets=target_codes,
        unit=UNIT,
        method="membership",
        provenance=(f"{said}, by {source_codes.name}",),
        target_mass=np.asarray(target_mass, dtype=np.float64),
        notes=_notes(registered, members, patients, here=here, placed=placed),
    )


def from_polygons_instead(source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> Crosswalk:
    """Weigh by the area of polygons that stand in for lists, and label the result as that.

    For consortia of which only a catchment is known. The polygon says where most members live;
    it does not say who is registered.
    """
    crosswalk = from_areas(source, target)
    note = f"polygons of {target.index.name} stand in for their lists of registered people"
    return replace(
        crosswalk,
        method="area, polygons in place of lists",
        provenance=(*crosswalk.provenance, note),
    )


def _columns(frame: pd.DataFrame, area: str | None, where: str) -> tuple[str, str, str, str | None]:
    """Find the columns of the published file, or say which are missing or not clear."""
    plain = {_plain(name): str(name) for name in frame.columns}
    faults = Faults(where)
    has = "the file has " + ", ".join(map(str, frame.columns))
    found: dict[str, str] = {}
    for what, names in (("practice", PRACTICE_NAMES), ("patients", PATIENT_NAMES)):
        hits = [plain[name] for name in names if name in plain]
        if hits:
            found[what] = hits[0]
        else:
            faults.add(ColumnMissing(where, found=[names[0]], detail=has))
    wanted = (_plain(area),) if area else AREA_NAMES
    places = [plain[name] for name in wanted if name in plain]
    if not places:
        faults.add(ColumnMissing(where, found=[area or AREA_NAMES[0]], detail=has))
    elif len(places) > 1:
        detail = "several columns of small areas; name one with area="
        faults.add(OptionUnknown(where, found=places, detail=detail))
    faults.raise_any()
    return found["practice"], places[0], found["patients"], plain.get("SEX")


def _plain(name: Any) -> str:
    return str(name).strip().upper().replace(" ", "_")


def _parsed(column: pd.Series) -> pd.Series:
    """Read counts that came as text; what is no number stays as it is and is then refused."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    number = pd.to_numeric(column, errors="coerce")
    return column if (number.isna() & column.notna()).any() else number


def _check(registered: pd.DataFrame, members: pd.Series) -> np.ndarray:
    gone = [name for name in COLUMNS if name not in registered.columns]
    if gone:
        raise ColumnMissing("registered", found=gone)
    faults = Faults("membership")
    for name in ("practice", "area"):
        text_faults(registered[name], faults, where=f"registered: {name}")
    text_faults(members.index, faults, where="members: practice")
    text_faults(members, faults, where="members: consortium")
    repeated = members.index[members.index.duplicated()].unique()
    if len(repeated):
        faults.add(CodesNotUnique("members: practice", found=repeated))
    patients = np.zeros(len(registered))
    with faults.catch():
        patients = as_numbers(registered["patients"], where="registered: patients")
    if np.isnan(patients).any():
        found = registered["practice"][np.isnan(patients)]
        faults.add(ValuesNotFinite("registered: patients", found=found))
    if (patients < 0).any():
        faults.add(
            ValuesNegative("registered: patients", found=registered["practice"][patients < 0])
        )
    faults.raise_any()
    return patients


def _notes(
    registered: pd.DataFrame,
    members: pd.Series,
    patients: np.ndarray,
    *,
    here: np.ndarray,
    placed: np.ndarray,
) -> dict[str, Any]:
    """Name the practices and areas that do not meet, with the people in them."""
    notes: dict[str, Any] = {}
    for key, rows, column in (
        ("practices_without_consortium", ~placed, "practice"),
        ("living_elsewhere", ~here, "area"),
    ):
        if rows.any():
            codes = registered[column][rows].unique()
            notes[key] = {
                "count": len(codes),
                "mass": float(patients[rows].sum()),
                "names": tuple(codes[:NAMED]),
            }
    silent = members.index.difference(pd.Index(registered["practice"]))
    if len(silent):
        notes["practices_without_patients"] = tuple(silent)
    return notes

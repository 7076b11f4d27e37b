"""Tables of a place package beside its money: the register of programmes, and use flows.

In: the folder of a package and its settings. Out: the register as `budgets.programmes.read` gives
it, and flows `service, from_code, to_code, uses` by text code; None where place.toml names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from budgets import programmes as budget_programmes
from data import tables
from data.settings import Settings
from geo.errors import Faults

FLOWS = ["service", "from_code", "to_code", "uses"]


def programmes(
    folder: Path, settings: Settings, layers: Mapping[str, gpd.GeoDataFrame], faults: Faults
) -> pd.DataFrame | None:
    """Read the register of programmes and check the areas it names; faults are collected."""
    if settings.programmes is None or not (folder / settings.programmes.file).is_file():
        return None
    name = settings.programmes.file
    # Where a layer could not be read its codes are not known; its own fault is named already.
    known = dict(layers) if len(layers) == len(settings.layers) else None
    with faults.catch():
        return budget_programmes.read(folder / name, where=name, known=known)
    return None


def flows(
    folder: Path, settings: Settings, index: pd.Index | None, faults: Faults
) -> pd.DataFrame | None:
    """Read where people use services, from base area to base area; faults are collected."""
    if settings.flows is None or not (folder / settings.flows.file).is_file():
        return None
    name = settings.flows.file
    frame = tables.read(folder / name, where=name, columns=FLOWS, faults=faults)
    if frame is None:
        return None
    for column in ("from_code", "to_code"):
        tables.check_codes(frame[column], where=name, faults=faults)
        if index is not None:
            tables.match_codes(frame[column], index, where=name, faults=faults)
    uses = tables.numbers(frame, "uses", where=name, faults=faults)
    return frame[FLOWS].assign(uses=uses)

"""Files that a command names: a layer with its code column, or weighted points.

In: paths and names of columns. Out: validated layers, layers as they are, or coordinates with
weights, in the British grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data import tables
from data.errors import WrongColumns
from geo import files
from geo import layers as geo_layers
from geo.codes import find_column
from geo.errors import Faults
from geo.layers import default_id
from geo.reference import stated

# How published files of points name their coordinates, the first that is there.
COORDINATES = (("x", "y"), ("eastings", "northings"), ("easting", "northing"), ("east", "north"))


@dataclass(frozen=True)
class LayerFile:
    """A layer in a file: where it is and which of its columns holds the codes."""

    path: Path
    code: str
    layer: str | None = None
    crs: str | None = None

    def read(self) -> gpd.GeoDataFrame:
        """Read and validate it."""
        return geo_layers.read(self.path, code=self.code, layer=self.layer, crs=self.crs)

    def read_raw(self) -> gpd.GeoDataFrame:
        """Read it as it is, indexed by its codes, whatever is wrong with it."""
        opened = files.open_file(self.path, layer=self.layer)
        frame = opened.frame
        code = find_column(frame.columns, self.code, where=str(self.path), role="codes")
        if self.crs is not None:
            known = stated(frame.crs, self.crs, implied=opened.crs_implied, where=str(self.path))
            frame = frame.set_crs(known, allow_override=True)
        return frame.set_index(frame[code].rename(default_id(opened.layer))).drop(columns=code)


@dataclass(frozen=True)
class PointsFile:
    """Weighted points in a table with coordinates, or in a layer of points.

    `code` names the column that says to which source a point belongs: then each source has one
    point, such as its official population-weighted centroid.
    """

    path: Path
    weight: str | None = None
    code: str | None = None

    def read(self) -> tuple[np.ndarray, np.ndarray | None, pd.Index | None]:
        """Return coordinates (n, 2) in the British grid, weights and codes."""
        frame = self._frame()
        wanted = [name for name in (self.weight, self.code) if name is not None]
        for name in wanted:
            find_column(frame.columns, name, where=str(self.path), role="points")
        if isinstance(frame, gpd.GeoDataFrame):
            points = frame.to_crs("EPSG:27700").geometry
            xy = np.column_stack([points.x, points.y])
        else:
            xy = np.column_stack([_numbers(frame, name, self.path) for name in self._axes(frame)])
        weights = None if self.weight is None else _numbers(frame, self.weight, self.path)
        codes = None if self.code is None else pd.Index(frame[self.code].astype(str))
        return xy, weights, codes

    def _frame(self) -> pd.DataFrame:
        if self.path.suffix == ".csv" or self.path.name.endswith(".csv.gz"):
            faults = Faults(str(self.path))
            frame = tables.read(self.path, where=str(self.path), faults=faults)
            faults.raise_any()
            assert frame is not None  # a missing frame has left a fault
            return frame
        if self.path.suffix == ".parquet":
            return pd.read_parquet(self.path)
        return files.open_file(self.path).frame

    def _axes(self, frame: pd.DataFrame) -> tuple[str, str]:
        lower = {str(name).lower(): str(name) for name in frame.columns}
        for east, north in COORDINATES:
            if east in lower and north in lower:
                return lower[east], lower[north]
        detail = "coordinates as x and y, or eastings and northings, in metres of EPSG:27700"
        raise WrongColumns(str(self.path), found=["x", "y"], detail=detail)


def _numbers(frame: pd.DataFrame, name: str, path: Path) -> np.ndarray:
    faults = Faults(str(path))
    text = frame.assign(**{name: frame[name].astype(str)})
    values = tables.numbers(text, name, where=str(path), faults=faults, minimum=None)
    faults.raise_any()
    return values.to_numpy(np.float64)

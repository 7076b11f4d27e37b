"""Real layers made ready once, so that every tool is timed on the same valid input.

In: the folder of real data. Out: a folder of GeoParquet files (valid polygons in EPSG:27700, index
of text codes) and arrays, as `benchmarks.tasks` reads them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

from benchmarks.measure import ROOT

CITY_LAYERS = {
    "lsoa11": ("lsoa11_imd2019", "LSOA11CD"),
    "lsoa21": ("lsoa21_imd2025_ward24", "LSOA21CD"),
    "wd25": ("ward25", "WD25CD"),
    "wd21": ("ward21_simplified", "ward21_code"),
    "oa11": ("oa11_martinjc", "OA11CD"),
}
PIXEL_M = 100.0


def england(data: Path, folder: Path) -> None:
    """Prepare LSOAs 2021, wards 2025 and postcodes of England."""
    for layer, stem in (("lsoa21", "lsoa21_bgc"), ("wd25", "wd25_bgc")):
        frame = gpd.read_parquet(data / "england" / f"{stem}.parquet")
        _keep(frame, f"{layer.upper()}CD", layer, folder)
    postcodes = pd.read_parquet(data / "england" / "postcodes_england.parquet")
    x, y = (_column(postcodes, name) for name in ("eastings", "northings"))
    np.save(folder / "postcodes.npy", np.column_stack([postcodes[x], postcodes[y]]).astype(float))


def bristol(data: Path, folder: Path) -> None:
    """Prepare the layers and postcodes of Bristol, and a raster that counts its postcodes."""
    bounds = []
    for layer, (table, code) in CITY_LAYERS.items():
        frame = gpd.read_file(data / "cities" / "bristol.gpkg", layer=table)
        bounds.append(_keep(frame, code, layer, folder))
    postcodes = pd.read_csv(data / "cities" / "bristol_postcodes.csv.gz", dtype=str)
    x, y = (_column(postcodes, name) for name in ("eastings", "northings"))
    xy = postcodes[[x, y]].to_numpy(dtype=float)
    points = gpd.GeoDataFrame(geometry=shapely.points(xy), crs="EPSG:27700")
    points.index = points.index.astype(str).rename("postcode")
    points.to_parquet(folder / "city_postcodes.parquet")
    edges = np.array(bounds)
    box = np.concatenate([edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)])
    _raster_of(xy, box, folder / "people.tif")


def place(data: Path, folder: Path) -> Path:
    """Build Bristol as a place package in a process of its own and return its folder."""
    made = folder / "bristol"
    recipe = [sys.executable, "-m", "data.recipes.english_city", "bristol"]
    where = ["--data", str(data), "--out", str(made)]
    subprocess.run([*recipe, *where], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return made


def _raster_of(xy: np.ndarray, box: np.ndarray, path: Path) -> None:
    """Count 30 people for each postcode in pixels that cover a box."""
    west, south = np.floor(box[:2] / PIXEL_M) * PIXEL_M
    columns, rows = np.ceil((box[2:] - (west, south)) / PIXEL_M).astype(int)
    north = south + rows * PIXEL_M
    column = ((xy[:, 0] - west) // PIXEL_M).astype(int)
    row = ((north - xy[:, 1]) // PIXEL_M).astype(int)
    people = np.zeros((rows, columns), dtype=np.float32)
    np.add.at(people, (row, column), 30.0)
    shape = {"height": int(rows), "width": int(columns), "count": 1, "dtype": "float32"}
    place = rasterio.Affine(PIXEL_M, 0.0, float(west), 0.0, -PIXEL_M, float(north))
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:27700", transform=place, **shape
    ) as raster:
        raster.write(people, 1)


def _keep(frame: gpd.GeoDataFrame, code: str, layer: str, folder: Path) -> np.ndarray:
    """Write a layer in metres, valid, under its codes; return its bounds."""
    frame = frame.to_crs("EPSG:27700")
    shapes = frame.geometry.make_valid(method="structure", keep_collapsed=False)
    codes = pd.Index(frame[code].astype(str), name=layer)
    ready = gpd.GeoDataFrame({"name": codes}, geometry=shapes.to_numpy(), crs=frame.crs)
    ready.index = codes
    ready.to_parquet(folder / f"{layer}.parquet")
    return np.asarray(ready.total_bounds)


def _column(frame: pd.DataFrame, name: str) -> str:
    """Find a column however it is capitalised."""
    return next(str(column) for column in frame.columns if str(column).lower() == name)

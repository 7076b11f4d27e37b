"""Makes up the demo place and writes it as a place package.

In: a seed. Out: the `World` of that seed, and a folder with place.toml, layers, tables,
households, postcodes and a population raster. The way is straight: land, plots, homes, areas,
people, practices, then what is counted and written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

from data.demo import areas as demo_areas
from data.demo import homes as demo_homes
from data.demo import layers as demo_layers
from data.demo import (
    manifest,
    money,
    people,
    plots,
    points,
    practices,
    programmes,
    tables,
    use,
    years,
)
from data.demo.arrays import Floats, Ints
from data.demo.land import ORIGIN, Land
from data.settings import FILE
from geo import layers as geo_layers

CELL_M = 100
RASTER_REACH_M = 18_000


@dataclass(frozen=True)
class World:
    """Everything that is known of one demo place before it is written."""

    plots: plots.Plots
    areas: demo_areas.Areas
    layers: demo_layers.Layers
    households: pd.DataFrame
    registers: practices.Registers
    quarter: Ints


def invent(seed: int) -> World:
    """Make up the land, its areas, its homes and its people."""
    land = Land(seed)
    pieces = plots.cut(land, seed=seed)
    authority = demo_areas.districts(land, pieces)
    homes = demo_homes.count(land, pieces, authority, seed=seed)
    areas = demo_areas.draw(land, pieces, homes, authority, seed=seed)
    layers = demo_layers.make(land, pieces, homes, areas, seed=seed)
    xy, plot = demo_homes.place(land, pieces, homes, seed=seed)
    settled = people.settle(land, xy, pieces.kind[plot], seed=seed)
    registers = practices.register(land, xy, settled, seed=seed)
    codes = layers.codes.iloc[plot].reset_index(drop=True)
    spots = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1]})
    households = pd.concat([spots, codes, settled, use.record(settled, seed=seed)], axis=1)
    households["practice"] = registers.practices["code"].to_numpy()[registers.practice]
    households["registered_with"] = np.array(practices.CONSORTIUM_CODES)[registers.consortium]
    households["registered"] = households["people"] + registers.departed
    households["gp_km"] = practices.nearest_km(land, xy, registers)
    return World(pieces, areas, layers, households, registers, areas.quarter[plot])


def write(world: World, folder: Path, *, seed: int) -> None:
    """Write a place package into an empty folder."""
    (folder / "layers").mkdir()
    (folder / "tables").mkdir()
    for layer, frame in world.layers.frames.items():
        geo_layers.write(frame, folder / "layers" / f"{layer}.gpkg")
    for name, table in _tables(world, seed).items():
        table.to_csv(folder / "tables" / f"{name}.csv", index=False, lineterminator="\n")
    world.households.to_parquet(folder / "tables" / "households.parquet", index=False)
    _write_raster(world.households, folder / "people_2015_100m.tif", seed=seed)
    n_areas = len(world.layers.frames[demo_layers.SA])
    for name in (years.MEASURES.name, years.CONTRIBUTIONS.name):
        (folder / name).write_bytes((years.HERE / name).read_bytes())
    (folder / "index.toml").write_text(manifest.index_toml(n_areas), encoding="utf-8")
    (folder / FILE).write_text(manifest.place_toml(seed=seed), encoding="utf-8")


def _tables(world: World, seed: int) -> dict[str, pd.DataFrame]:
    """Return every table of the package by its name."""
    households, codes = world.households, world.layers.codes
    small = world.layers.frames[demo_layers.SA]
    totals = tables.counts(households, demo_layers.SA)
    rates = tables.indicators(totals, households)
    oa_parents = tables.parents(codes, demo_layers.OA, demo_layers.SA)
    scores, ranks = tables.domains(rates)
    wards = tables.counts(households, demo_layers.WARD).sort_index()
    names = world.layers.frames[demo_layers.WARD]["name"]
    patients, practice_list = practices.nhs_tables(
        world.registers, households, households[demo_layers.SA]
    )
    return {
        "base": tables.base(totals, small["name"]),
        "blocks": tables.blocks(tables.counts(households, demo_layers.OA), oa_parents),
        "indicators": rates,
        "domain_scores": scores,
        "domain_ranks": ranks,
        "streams": money.streams(),
        "use": use.table(totals, households, world.registers.practices),
        "programmes": programmes.register(),
        "flows": programmes.flows(households, world.registers.practices),
        "yearly": years.yearly(wards, names, seed=seed),
        "truth_yearly": years.truths(wards),
        "postcodes": points.postcodes(households, world.quarter, seed=seed),
        "sa21_centroids": points.centroids(households),
        "practices": world.registers.practices.drop(columns="consortium"),
        "gp-reg-pat-prac-lsoa": patients,
        "gp-reg-pat-prac-map": practice_list,
        "sa21_con24": tables.membership(households),
        "sa21_oa21": tables.within(households, demo_layers.SA, demo_layers.OA),
        "oa21_sa21": oa_parents,
        "wd25_lad25": tables.parents(codes, demo_layers.WARD, demo_layers.DISTRICTS),
        "lad25_cty25": tables.parents(codes, demo_layers.DISTRICTS, demo_layers.COUNTY),
        **tables.truths(households),
    }


def _write_raster(households: pd.DataFrame, path: Path, *, seed: int) -> None:
    west, south = (int(v) for v in ORIGIN - RASTER_REACH_M)
    east, north = (int(v) for v in ORIGIN + RASTER_REACH_M)
    cells: Floats = points.raster_cells(
        households, (west, south, east, north), cell_m=CELL_M, seed=seed
    )
    shape = {"height": cells.shape[0], "width": cells.shape[1], "count": 1}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="float32",
        crs=demo_layers.CRS,
        nodata=-1,
        compress="deflate",
        transform=rasterio.Affine(CELL_M, 0, west, 0, -CELL_M, north),
        **shape,
    ) as file:
        file.write(cells.astype(np.float32), 1)

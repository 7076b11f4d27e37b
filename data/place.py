"""Reads a place package: the folder that holds everything known about one place.

In: a folder with place.toml and the files it names. Out: `Place`, frozen: layers as validated
GeoDataFrames, tables by text code, streams in whole pence; or one error that names every fault of
the whole package, each with its file, its rule, how many and the first five.

Rows are put in the order of their codes, so that ties break alike on every machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import pandas as pd

from boundaries.custom import Blocks
from data import moved
from data import settings as place_settings
from data.package import Package
from data.settings import Settings
from indices.definitions import Definition


@dataclass(frozen=True)
class Edited:
    """Lines of money that stand in for those of the package.

    Attributes
    ----------
    text
        The table as CSV: put into the package in place of its own (where that is CSV too), it
        makes the same content hash.
    package_hash
        The content hash of the package itself.
    """

    text: str
    package_hash: str


@dataclass(frozen=True, eq=False, repr=False)
class Place:
    """One place, read and checked; nothing is computed yet.

    Attributes
    ----------
    folder
        Where the package lies.
    settings
        Its place.toml.
    layers
        Each layer by its id, in the order of place.toml, indexed by code and sorted.
    base
        The table of the base areas: float64 columns of counts, and text columns as they are.
    crosswalk_tables
        By layer id: the table that says how base areas fall into it, where it is not by area.
    parents
        By layer id: the parent of each area, a series named by the parent layer.
    streams
        The lines of money, as `budgets.streams.read` gives them: with transfers, as the agencies
        state them. A ledger is made of `budgets.eliminations.final` of them.
    use
        Counts by base area by which money may be split, float64.
    definition, domains
        The index of need and its table, or None.
    indicators
        By indicator id: columns numerator, denominator, value (in the indicator's unit).
    blocks, postcodes
        The finest areas, of which areas of one's own are made, and postcodes with the households
        at each; None where the place has none.
    inputs
        SHA-256 of every file by its path in the package.
    programmes
        The register of programmes, as `budgets.programmes.read` gives it, or None.
    flows
        Uses of services from base area to base area, or None.
    moved
        How base areas moved between two editions of an index (`data.moved`), or None.
    edited
        What stands in for the lines of the package, where somebody edited them (`data.lines`).
    """

    folder: Path
    settings: Settings
    layers: dict[str, gpd.GeoDataFrame]
    base: pd.DataFrame
    crosswalk_tables: dict[str, pd.DataFrame]
    parents: dict[str, pd.Series]
    streams: pd.DataFrame
    use: pd.DataFrame
    definition: Definition | None
    domains: pd.DataFrame | None
    indicators: dict[str, pd.DataFrame]
    inputs: dict[str, str]
    blocks: Blocks | None = None
    postcodes: pd.DataFrame | None = None
    programmes: pd.DataFrame | None = None
    flows: pd.DataFrame | None = None
    moved: pd.DataFrame | None = None
    edited: Edited | None = None

    def __repr__(self) -> str:
        return (
            f"<Place {self.id}: {len(self.layers)} layers, {len(self.base):,} base areas "
            f"({self.base_layer}), {len(self.streams)} streams>"
        )

    @property
    def id(self) -> str:
        """Short name of the place, as it stands in links and folders."""
        return self.settings.place.id

    @property
    def name(self) -> str:
        """Full name of the place."""
        return self.settings.place.name

    @property
    def fictional(self) -> bool:
        """Whether the place is invented; then every output says so."""
        return self.settings.place.fictional

    @property
    def tolerance(self) -> float:
        """Coverage shortfall up to which a row is rescaled and listed."""
        return self.settings.place.tolerance

    @property
    def base_layer(self) -> str:
        """Id of the base layer."""
        return self.settings.base.layer

    @property
    def people(self) -> pd.Series:
        """People of each base area, float64, by the column that [base] names."""
        return self.base[self.settings.base.people].rename("people")

    @property
    def households(self) -> pd.Series | None:
        """Households of each base area, by the column that [base] names, or None."""
        column = self.settings.base.households
        return None if column is None else self.base[column].rename("households")

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over the paths and the contents of all files of the package."""
        return _digest(self.inputs)

    @property
    def package_hash(self) -> str:
        """The content hash of the folder: of everything that no edited line of money changes."""
        return self.content_hash if self.edited is None else self.edited.package_hash


def load(folder: str | Path) -> Place:
    """Read and check a place package.

    Raises
    ------
    NoPlaceFile, UnreadableSettings, UnknownSetting, MissingSetting, WrongSetting, ...
        What is wrong with place.toml itself (see `data.settings.read`).
    SeveralFaults
        Every fault of every file together; a single one is raised as itself.
    """
    folder = Path(folder)
    settings = place_settings.read(folder)
    package = Package(folder, settings)
    layers = package.layers()
    base_index = package.base_index(layers)
    base = package.base(base_index)
    use = package.use(base, base_index)
    definition = package.definition()
    place = Place(
        folder=folder,
        settings=settings,
        layers=layers,
        base=base,
        crosswalk_tables=package.crosswalk_tables(base_index, layers),
        parents=package.parents(layers),
        streams=package.streams(layers, use),
        use=use,
        definition=definition,
        domains=package.domains(definition, base_index),
        indicators=package.indicators(base_index),
        inputs=package.inputs,
        blocks=package.blocks(base, layers),
        postcodes=package.postcodes(layers.get(settings.base.layer)),
        programmes=package.programmes(layers),
        flows=package.flows(base_index),
        moved=moved.read(folder, settings, base_index, package.faults),
    )
    package.check_series()
    package.check_formulas()
    package.faults.raise_any()
    return place


def content_hash(folder: str | Path) -> str:
    """Return the SHA-256 of a package without reading more than place.toml and raw bytes.

    It changes when, and only when, place.toml or a file that it names changes.
    """
    folder = Path(folder)
    package = Package(folder, place_settings.read(folder))
    package.faults.raise_any()
    return _digest(package.inputs)


def _digest(inputs: dict[str, str]) -> str:
    total = hashlib.sha256()
    for name, digest in sorted(inputs.items()):
        total.update(f"{name}\0{digest}\n".encode())
    return total.hexdigest()

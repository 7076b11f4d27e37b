"""Reads the files that a place.toml names, one method a kind, and collects their faults.

In: a folder and its `Settings`. Out: the parts of a `Place`, and in `faults` whatever is wrong
with any of them. Only `data.place` uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from boundaries.custom import Blocks
from budgets import measures
from budgets import streams as budget_streams
from budgets.need_formula import read_formula
from data import blocks, folders, registers, tables, trends
from data import settings as place_settings
from data.errors import MissingFile, NoIndex, NoPeople, OutsidePackage, WrongColumns
from data.settings import IndicatorSettings, LayerSettings, Settings
from geo import layers as geo_layers
from geo.errors import Faults
from indices import definitions
from indices import index as indices_index
from indices.definitions import Definition
from indices.errors import NumeratorAboveDenominator

# A shapefile is several files under one stem.
SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg")
Read = TypeVar("Read")


class Package:
    """Reads the parts of one package and collects the faults of all of them.

    A part whose file is missing or broken is left empty, so that the others are still checked;
    `data.place.load` raises before any of that leaves.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.faults = Faults(f"place package {folder}")
        self.inputs: dict[str, str] = {}
        self._hash_files()

    def _hash_files(self) -> None:
        names = dict.fromkeys(name for _, name in self.settings.files())
        missing: list[str] = []
        leaving: list[str] = []
        for name in [place_settings.FILE, *names]:
            pure = PurePosixPath(name.replace("\\", "/"))
            if pure.is_absolute() or ".." in pure.parts or not self._within(name):
                leaving.append(name)
            elif not (self.folder / name).is_file():
                missing.append(name)
            else:
                self.inputs.update(self._hashes(name))
        if missing:
            self.faults.add(MissingFile(str(self.folder), found=missing))
        if leaving:
            self.faults.add(OutsidePackage(str(self.folder), found=leaving))

    def _within(self, name: str) -> bool:
        return (self.folder / name).resolve().is_relative_to(self.folder.resolve())

    def _hashes(self, name: str) -> Iterator[tuple[str, str]]:
        path = self.folder / name
        parts = [path]
        if path.suffix.lower() == ".shp":
            parts += [p for end in SHAPEFILE_PARTS if (p := path.with_suffix(end)).is_file()]
        for part in parts:
            yield part.relative_to(self.folder).as_posix(), folders.sha256(part)

    def _table(self, name: str, columns: list[str]) -> pd.DataFrame | None:
        if name not in self.inputs:
            return None
        return tables.read(self.folder / name, where=name, columns=columns, faults=self.faults)

    def _catch(self, action: Callable[[], Read]) -> Read | None:
        with self.faults.catch():
            return action()
        return None

    # ---------------------------------------------------------------------------- layers

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        found = {}
        for item in self.settings.layers:
            if item.file in self.inputs:
                frame = self._catch(lambda item=item: self._layer(item))  # type: ignore[misc]
                if frame is not None:
                    found[item.id] = frame
        return found

    def _layer(self, item: LayerSettings) -> gpd.GeoDataFrame:
        frame = geo_layers.read(
            self.folder / item.file,
            code=item.code,
            name=item.name,
            layer=item.layer,
            crs=item.crs,
            id=item.id,
            to_crs=self.settings.place.crs,
        )
        ordered = frame.sort_index()
        ordered.attrs = frame.attrs
        return ordered

    def base_index(self, layers: dict[str, gpd.GeoDataFrame]) -> pd.Index | None:
        """Return the codes of the base layer, None where it could not be read."""
        layer = layers.get(self.settings.base.layer)
        return None if layer is None else layer.index

    def parents(self, layers: dict[str, gpd.GeoDataFrame]) -> dict[str, pd.Series]:
        found = {}
        for item in self.settings.layers:
            if item.nests_in is None:
                continue
            name, parent = item.nests_in.file, item.nests_in.layer
            frame = self._table(name, ["child", "parent"])
            if frame is None:
                continue
            keyed = tables.index_by_code(
                frame, "child", where=name, layer=item.id, faults=self.faults
            )
            tables.check_codes(frame["parent"], where=name, faults=self.faults)
            if item.id in layers:
                tables.match_codes(
                    keyed.index,
                    layers[item.id].index,
                    where=name,
                    faults=self.faults,
                    complete=True,
                )
            if parent in layers:
                tables.match_codes(
                    keyed["parent"], layers[parent].index, where=name, faults=self.faults
                )
            found[item.id] = keyed["parent"].rename(parent).sort_index()
        return found

    def crosswalk_tables(
        self, base: pd.Index | None, layers: dict[str, gpd.GeoDataFrame]
    ) -> dict[str, pd.DataFrame]:
        found = {}
        for item in self.settings.layers:
            name = item.crosswalk.file
            if name is None:
                continue
            if item.crosswalk.by == "points":
                frame = self._points(name)
            else:
                frame = self._lookup(name, base, layers.get(item.id))
            if frame is not None:
                found[item.id] = frame
        return found

    def _points(self, name: str) -> pd.DataFrame | None:
        frame = self._table(name, ["x", "y", "weight"])
        if frame is None:
            return None
        low: dict[str, float | None] = {"x": None, "y": None, "weight": 0.0}
        return pd.DataFrame(
            {
                column: tables.numbers(
                    frame, column, where=name, faults=self.faults, minimum=minimum
                )
                for column, minimum in low.items()
            }
        )

    def _lookup(
        self, name: str, base: pd.Index | None, layer: gpd.GeoDataFrame | None
    ) -> pd.DataFrame | None:
        frame = self._table(name, ["source_code", "target_code"])
        if frame is None:
            return None
        for column, known in (
            ("source_code", base),
            ("target_code", None if layer is None else layer.index),
        ):
            tables.check_codes(frame[column], where=name, faults=self.faults)
            if known is not None:
                tables.match_codes(frame[column], known, where=name, faults=self.faults)
        for column, maximum in (("share", 1.0), ("mass", None)):
            if column in frame.columns:
                frame[column] = tables.numbers(
                    frame, column, where=name, faults=self.faults, maximum=maximum
                )
        return frame

    # ---------------------------------------------------------------------------- tables

    def base(self, index: pd.Index | None) -> pd.DataFrame:
        settings = self.settings.base
        name = settings.table
        known = [settings.people, *([settings.households] if settings.households else [])]
        frame = self._table(name, [settings.code, *known])
        if frame is None:
            return pd.DataFrame()
        keyed = tables.index_by_code(
            frame, settings.code, where=name, layer=settings.layer, faults=self.faults
        )
        if index is not None:
            tables.match_codes(keyed.index, index, where=name, faults=self.faults, complete=True)
        for column in keyed.columns:
            counted = column in known
            if counted or tables.is_numeric(keyed[column]):
                # People and households must be known everywhere; what else there is may have gaps.
                keyed[column] = tables.numbers(
                    keyed,
                    column,
                    where=name,
                    faults=self.faults,
                    minimum=0.0 if counted else None,
                    gaps=not counted,
                )
        if pd.api.types.is_numeric_dtype(people := keyed[settings.people]) and people.sum() == 0:
            self.faults.add(NoPeople(f"{name}, column {settings.people}"))
        return keyed.sort_index()

    def use(self, base: pd.DataFrame, index: pd.Index | None) -> pd.DataFrame:
        """Return the counts by which money may be split: the table of use, and those of the base.

        People and households are no client group, so that their columns are not among them.
        """
        settings, own = self.settings.use, self.settings.base
        counts = base.select_dtypes("float64")
        counts = counts.drop(columns=[own.people, own.households or ""], errors="ignore")
        if settings is None:
            return counts
        frame = self._table(settings.file, [settings.code])
        if frame is None:
            return counts
        keyed = tables.index_by_code(
            frame, settings.code, where=settings.file, layer=own.layer, faults=self.faults
        )
        if index is not None:
            tables.match_codes(
                keyed.index, index, where=settings.file, faults=self.faults, complete=True
            )
        twice = [name for name in keyed.columns if name in base.columns]
        if twice:
            detail = f"columns of {own.table} too"
            self.faults.add(WrongColumns(settings.file, found=twice, detail=detail))
        keyed = keyed.drop(columns="name", errors="ignore")
        absent = [name for name in settings.disclosure if name not in keyed.columns]
        if absent:
            detail = "named by [use] disclosure"
            self.faults.add(WrongColumns(settings.file, found=absent, detail=detail))
        for column in keyed.columns:
            keyed[column] = tables.numbers(
                keyed, column, where=settings.file, faults=self.faults, gaps=True
            )
        return counts.join(keyed.drop(columns=twice)) if keyed.index.is_unique else counts

    def definition(self) -> Definition | None:
        if self.settings.index is None:
            return None
        named = self.settings.index.definition
        if named.endswith(".toml"):
            if named not in self.inputs:
                return None
            return self._catch(lambda: definitions.load(self.folder / named))
        return self._catch(lambda: definitions.load(named))

    def domains(self, definition: Definition | None, index: pd.Index | None) -> pd.DataFrame | None:
        settings = self.settings.index
        if settings is None:
            return None
        name = settings.file
        frame = self._table(name, [settings.code])
        if frame is None:
            return None
        keyed = tables.index_by_code(
            frame, settings.code, where=name, layer=self.settings.base.layer, faults=self.faults
        )
        if index is not None:
            tables.match_codes(keyed.index, index, where=name, faults=self.faults, complete=True)
        if definition is not None and keyed.index.is_unique:
            # The index floor knows what its domains may hold: build it once to hear its faults.
            self._catch(lambda: indices_index.build(definition, keyed, from_=settings.from_))
        return keyed.sort_index()

    def indicators(self, index: pd.Index | None) -> dict[str, pd.DataFrame]:
        found = {}
        for item in self.settings.indicators:
            parts = [c for c in (item.value, item.numerator, item.denominator) if c is not None]
            frame = self._table(item.file, [item.code, *parts])
            if frame is None:
                continue
            keyed = tables.index_by_code(
                frame,
                item.code,
                where=item.file,
                layer=self.settings.base.layer,
                faults=self.faults,
            )
            if index is not None:
                tables.match_codes(keyed.index, index, where=item.file, faults=self.faults)
            found[item.id] = self._indicator(item, keyed).sort_index()
        return found

    def _indicator(self, item: IndicatorSettings, frame: pd.DataFrame) -> pd.DataFrame:
        """Return numerator, denominator and value; a rate over nobody is missing."""

        def column(name: str | None, minimum: float | None) -> pd.Series:
            if name is None:
                return pd.Series(float("nan"), index=frame.index)
            return tables.numbers(
                frame, name, where=item.file, faults=self.faults, minimum=minimum, gaps=True
            )

        top, bottom = column(item.numerator, 0.0), column(item.denominator, 0.0)
        above = frame.index[(top > bottom) & item.part_of_denominator]
        if len(above):
            self.faults.add(NumeratorAboveDenominator(f"{item.file}, {item.id}", found=above))
        if item.value is not None:
            value = column(item.value, None)
        elif item.denominator is None:
            value = top
        else:
            value = item.multiple * top / bottom.where(bottom > 0)
        return pd.DataFrame({"numerator": top, "denominator": bottom, "value": value})

    def check_formulas(self) -> None:
        """Read every funding formula, so that its faults are told with all others."""
        for name in self.settings.need.formulas:
            if name in self.inputs:
                self._catch(lambda name=name: read_formula(self.folder / name))  # type: ignore[misc]

    def blocks(self, base: pd.DataFrame, layers: dict[str, gpd.GeoDataFrame]) -> Blocks | None:
        settings = self.settings.blocks
        if settings is None or settings.layer not in layers:
            return None
        frame = self._table(settings.table, blocks.columns(self.settings))
        if frame is None:
            return None
        return blocks.build(frame, base, layers[settings.layer], self.settings, self.faults)

    def postcodes(self, base: gpd.GeoDataFrame | None) -> pd.DataFrame | None:
        item = self.settings.postcodes
        frame = None if item is None else self._table(item.file, blocks.postcode_columns(item))
        if item is None or frame is None:
            return None
        return blocks.postcodes(frame, item, base, faults=self.faults)

    # --------------------------------------------------------------------------- streams

    def programmes(self, layers: dict[str, gpd.GeoDataFrame]) -> pd.DataFrame | None:
        return registers.programmes(self.folder, self.settings, layers, self.faults)

    def flows(self, index: pd.Index | None) -> pd.DataFrame | None:
        return registers.flows(self.folder, self.settings, index, self.faults)

    def streams(self, layers: dict[str, gpd.GeoDataFrame], uses: pd.DataFrame) -> pd.DataFrame:
        name = self.settings.streams.file
        if name not in self.inputs:
            return pd.DataFrame()
        frame = self._catch(lambda: budget_streams.read(self.folder / name, where=name))
        if frame is None:
            return pd.DataFrame()
        # What a layer covers that could not be read is not known; its own fault is named already.
        unread = {item.id for item in self.settings.layers} - set(layers)
        checked = frame.copy()
        checked["held_at"] = frame["held_at"].where(~frame["held_at"].isin(unread), "")
        for column in ("covers", "ring_fence_areas"):
            known = [
                [cover for cover in covers if budget_streams.split_cover(cover)[0] not in unread]
                for covers in frame[column]
            ]
            checked[column] = pd.Series(known, index=frame.index, dtype=object)
        self._catch(lambda: budget_streams.check_layers(checked, layers, where=name))
        own, use = self.settings.base, self.settings.use
        if own.table in self.inputs and (use is None or use.file in self.inputs):
            self._catch(
                lambda: measures.check_named(
                    frame,
                    uses=list(uses.columns),
                    households=own.households is not None,
                    base=own.layer,
                    where=name,
                )
            )
        if self.settings.index is None and (by_need := frame.index[frame["method"] == "need"]).size:
            self.faults.add(NoIndex(name, found=list(by_need)))
        return frame

    def check_series(self) -> None:
        """Read the figures by year once to hear their faults; nothing of them is kept."""
        named = self.settings.series
        if named is None:
            return
        files = (named.file, named.measures, named.contributions or named.measures)
        if all(name in self.inputs for name in files):
            self._catch(lambda: trends.gather(trends.of_settings(self.folder, named)))

"""The schema of place.toml.

In: the text of a place.toml. Out: `Settings`, frozen and checked, in which every reference to a
layer holds; or one error that names every fault with the key it stands at.

The schema is strict: a key that is not known is a fault, because a misspelt `tolerence` that is
passed over in silence would change figures.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data.errors import NoPlaceFile, UnreadableSettings
from data.settings_checks import as_faults, check_references
from geo.errors import Faults
from indices.indicators import UNSTATED

FILE = "place.toml"
SCHEMA = 1
# Longest first: a unit is read by how it begins.
MULTIPLES = {"%": 100.0, "per 100000": 1e5, "per 10000": 1e4, "per 1000": 1e3, "per 100": 100.0}


def _date_as_text(value: object) -> object:
    # TOML has dates of its own; quoted or not, they are carried as ISO text.
    return value.isoformat() if isinstance(value, dt.date) else value


Text = Annotated[str, Field(min_length=1)]
Date = Annotated[str, BeforeValidator(_date_as_text), Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
LayerId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlaceSettings(_Strict):
    """`[place]`: what the place is called and how it is measured."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    name: Text
    fictional: bool = False
    crs: Text = "EPSG:27700"
    note: str = ""
    tolerance: Annotated[float, Field(ge=0, le=0.5)] = 0.02


class BaseSettings(_Strict):
    """`[base]`: the small areas in which everything is computed."""

    layer: LayerId
    inside: LayerId
    table: Text
    code: Text = "code"
    people: Text = "residents"
    households: Text | None = None
    source: str = ""
    date: str = ""


class CrosswalkSettings(_Strict):
    """`[layers.crosswalk]`: how base areas fall into the areas of a layer."""

    by: Literal["area", "lookup", "points"] = "area"
    file: Text | None = None
    unit: Text | None = None
    whole: bool = False


class NestsIn(_Strict):
    """`[layers.nests_in]`: the layer into which this one's areas join up, and the table of it."""

    layer: LayerId
    file: Text


class LayerSettings(_Strict):
    """`[[layers]]`: one set of areas of one kind and one vintage."""

    id: LayerId
    title: Text
    file: Text
    layer: Text | None = None
    code: Text = "code"
    name: Text | None = None
    crs: Text | None = None
    vintage: str = ""
    source: str = ""
    licence: str = ""
    date: Date | None = None
    level: bool = False
    body: str = ""
    crosswalk: CrosswalkSettings = CrosswalkSettings()
    nests_in: NestsIn | None = None


class BlocksSettings(_Strict):
    """`[blocks]`: the finest areas, of which areas of one's own are made."""

    layer: LayerId
    table: Text
    code: Text = "code"
    base: Text = "base"
    households: Text = "households"


class PostcodesSettings(_Strict):
    """`[postcodes]`: where every postcode is, and how many households it has.

    By them people find their area and a drawing is measured. Without a column `weight` every
    postcode of a small area counts alike.
    """

    file: Text
    weight: Text | None = None
    source: str = ""
    licence: str = ""
    date: Date | None = None


class IndicatorSettings(_Strict):
    """`[[indicators]]`: one figure per base area, with all that a reader must know about it.

    What is not given is filled in by `definition`: it is shown wherever the figure is.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    unit: Text
    file: Text
    code: Text = "code"
    kind: Literal["rate", "count", "score", "survey"] | None = None
    numerator: Text | None = None
    denominator: Text | None = None
    value: Text | None = None
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    part_of_denominator: bool = True
    direction: Literal["high is worse", "low is worse", "neither"] = "high is worse"
    vintage: Text | None = None
    source: str = ""
    date: Date | None = None
    theme: str = ""
    definition: str = ""
    note: str = ""
    disclosure: Text = "published"
    england: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @property
    def multiple(self) -> float:
        """What a ratio is multiplied with: `per`, or what its unit begins with (`per 1,000`)."""
        if self.per is not None:
            return self.per
        unit = self.unit.strip().lower().replace(",", "")
        return next((times for start, times in MULTIPLES.items() if unit.startswith(start)), 1.0)

    def as_indicator(self, base_layer: str) -> dict[str, Any]:
        """Return the keys of an `indices.indicators.Indicator`; what is not given is named so."""
        columns = ("numerator", "denominator", "value", "part_of_denominator")
        shared = ("id", "title", "unit", "direction", "definition", "note", "disclosure", *columns)
        counted = "rate" if self.denominator else "count" if self.numerator else "score"
        return {name: getattr(self, name) for name in shared} | {
            "kind": self.kind or counted,
            "per": self.multiple if self.denominator else 1.0,
            "vintage": self.vintage or base_layer,
            "source": self.source or UNSTATED,
            "date": self.date or UNSTATED,
            "theme": self.theme or UNSTATED,
            "empty_areas": "missing",
        }


class IndexSettings(_Strict):
    """`[index]`: the index of need, by the name of its definition and the table of its domains."""

    definition: Text
    file: Text
    code: Text = "code"
    from_: Annotated[Literal["ranks", "scores"], Field(alias="from")] = "ranks"


class ChangeSettings(_Strict):
    """`[change]`: how base areas moved between two editions of an index, among all of an edition.

    The file is as `commonground change` writes it. `title` is the index without the year of an
    edition, `earlier` and `later` name the editions, `areas` says how many areas were ranked, and
    `among` what they are.
    """

    file: Text
    title: Text
    code: Text = "code"
    earlier: Text
    later: Text
    areas: Annotated[int, Field(ge=2)]
    among: Text = "areas"
    source: str = ""


class StreamsSettings(_Strict):
    """`[streams]`: the table of the lines of money."""

    file: Text


class UseSettings(_Strict):
    """`[use]`: what was counted of services in each base area, to split recorded money by.

    `disclosure` names, for columns whose small counts may not be shown, the rule of their source.
    """

    file: Text
    code: Text = "code"
    disclosure: dict[str, Text] = {}


class SeriesSettings(_Strict):
    """`[series]`: figures by area and year, what they measure, and who does what about them."""

    file: Text
    measures: Text
    contributions: Text | None = None
    code: Text = "code"
    year: Text = "year"


class ProgrammesSettings(_Strict):
    """`[programmes]`: the register of programmes and partnerships."""

    file: Text


class FlowsSettings(_Strict):
    """`[flows]`: where the people of each base area use each service."""

    file: Text


class NeedSettings(_Strict):
    """`[need]`: how strongly money that is shared by need follows it.

    `measures` names for themes of money the measure of need they follow instead of the index.
    """

    need_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    neediest_per_head: Annotated[float, Field(ge=1, le=1000)] = 3.0
    formulas: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    measures: dict[Text, Text] = {}


class Settings(_Strict):
    """The whole of a place.toml."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    place: PlaceSettings
    base: BaseSettings
    layers: Annotated[tuple[LayerSettings, ...], Field(min_length=1, strict=False)]
    blocks: BlocksSettings | None = None
    postcodes: PostcodesSettings | None = None
    indicators: Annotated[tuple[IndicatorSettings, ...], Field(strict=False)] = ()
    index: IndexSettings | None = None
    change: ChangeSettings | None = None
    streams: StreamsSettings
    use: UseSettings | None = None
    series: SeriesSettings | None = None
    programmes: ProgrammesSettings | None = None
    flows: FlowsSettings | None = None
    need: NeedSettings = NeedSettings()

    def layer(self, layer: str) -> LayerSettings:
        """Return the settings of one layer by its id."""
        return next(item for item in self.layers if item.id == layer)

    @property
    def levels(self) -> tuple[str, ...]:
        """Ids of the layers shown as levels, the base layer first."""
        marked = (item.id for item in self.layers if item.level and item.id != self.base.layer)
        return (self.base.layer, *marked)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield where each file is named and its path in the package."""
        yield "[base] table", self.base.table
        for layer in self.layers:
            yield f"[[layers]] {layer.id} file", layer.file
            if layer.crosswalk.file is not None:
                yield f"[[layers]] {layer.id} crosswalk.file", layer.crosswalk.file
            if layer.nests_in is not None:
                yield f"[[layers]] {layer.id} nests_in.file", layer.nests_in.file
        if self.blocks is not None:
            yield "[blocks] table", self.blocks.table
        if self.postcodes is not None:
            yield "[postcodes] file", self.postcodes.file
        for indicator in self.indicators:
            yield f"[[indicators]] {indicator.id} file", indicator.file
        if self.index is not None:
            yield "[index] file", self.index.file
            if self.index.definition.endswith(".toml"):
                yield "[index] definition", self.index.definition
        if self.change is not None:
            yield "[change] file", self.change.file
        yield "[streams] file", self.streams.file
        yield from (("[need] formulas", name) for name in self.need.formulas)
        if self.series is not None:
            yield "[series] file", self.series.file
            yield "[series] measures", self.series.measures
            if self.series.contributions is not None:
                yield "[series] contributions", self.series.contributions
        tables = {"use": self.use, "programmes": self.programmes, "flows": self.flows}
        for name, part in tables.items():
            if part is not None:
                yield f"[{name}] file", part.file


def read(folder: Path) -> Settings:
    """Read and check the place.toml of a package.

    Raises
    ------
    NoPlaceFile, UnreadableSettings
        Where there is no such file, or it is not TOML.
    UnknownSetting, MissingSetting, WrongSetting, DuplicateId, UnknownLayer
        Faults of its content; several come together as `SeveralFaults`.
    """
    path = folder / FILE
    if not path.is_file():
        raise NoPlaceFile(str(folder))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableSettings(str(path), detail=str(error)) from None
    return parse(raw, where=str(path))


def parse(raw: dict[str, Any], *, where: str = FILE) -> Settings:
    """Check the parsed content of a place.toml; `where` names it in errors."""
    faults = Faults(where)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        for fault in as_faults(error, raw, where):
            faults.add(fault)
        faults.raise_any()
        raise
    check_references(settings, where, faults)
    faults.raise_any()
    return settings

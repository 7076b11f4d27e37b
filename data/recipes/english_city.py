"""Builds a place package for an English district from published files.

In: the name of a city file (`bristol`) and the folder that holds `cities/`, `england/` and
`spend/`. Out: a folder with place.toml: LSOAs 2021 as far as the streams of the place reach, the
levels at hand, IoD2025 domain ranks, Census 2021 counts, and the council's 2017-18 outturn.

    python -m data.recipes.english_city bristol --data FOLDER --out DIR

Nothing is known here about any one city: a layer whose file is absent is left out, with a message.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from data import folders
from data.errors import RecipeFault
from data.recipes import english_areas as areas
from data.recipes import english_change
from data.recipes import english_money as money
from data.recipes import english_postcodes as postcodes
from data.recipes.english_areas import Chosen, National
from data.recipes.toml import Toml
from geo import layers as geo_layers
from geo.errors import CommonGroundError

LICENCE = "Open Government Licence v3.0"
POSTCODES = "tables/postcodes.csv"
BY_AREA = ("wd25", "pcn20", "lep20")
Say = Callable[[str], None]


@dataclass(frozen=True)
class City:
    """One district, as its own file describes it."""

    id: str
    name: str
    district: str
    upper: str
    lsoas: pd.Index


def build(city: str, *, data: Path, out: Path, say: Say = lambda _: None) -> Path:
    """Build the place package of a city and return its folder.

    Parameters
    ----------
    city
        Name of its file in `cities/`, without the ending.
    data
        Folder of the published files.
    out
        Folder of the package: new or empty.
    say
        Receives a sentence for everything that was left out, assumed or rounded.

    Raises
    ------
    RecipeFault
        A file without which no place can be built is not there or not as expected.
    """
    with folders.whole(out) as draft:
        national = National(data)
        found = read_city(data, city)
        say(f"{found.name} ({found.district}): {len(found.lsoas):,} LSOAs of 2021.")
        chosen = choose(national, found, say)
        base = chosen["lsoa21"].areas
        census = _census(national, base.index)
        streams = _streams(national, found, census, chosen, say)
        points = postcodes.inside(national, base, city=city, say=say)
        _write(draft, national, found, chosen, census, streams, points, say)
    return Path(out)


def read_city(data: Path, city: str) -> City:
    """Read the district code, the tier above and the LSOAs 2021 of a city file."""
    path = data / "cities" / f"{city}.gpkg"
    if not path.is_file():
        there = sorted(p.stem for p in (data / "cities").glob("*.gpkg"))
        raise RecipeFault(str(path), detail=f"no such city file; there are {', '.join(there)}")
    for layer, _ in pyogrio.list_layers(path):
        fields = set(pyogrio.read_info(path, layer=layer)["fields"])
        if {"LSOA21CD", "LADCD_ACTIVE"} <= fields:
            frame = pyogrio.read_dataframe(path, layer=layer, read_geometry=False)
            break
    else:
        detail = "no layer with the columns LSOA21CD and LADCD_ACTIVE"
        raise RecipeFault(str(path), detail=detail)
    districts = frame["LADCD_ACTIVE"].astype(str).unique()
    if len(districts) != 1:
        raise RecipeFault(str(path), found=districts, detail="a place is one district")
    named = _one(frame, "ltla24_name") or city.replace("_", " ").title()
    lsoas = pd.Index(frame["LSOA21CD"].astype(str), name="lsoa21").sort_values()
    slug = city.lower().replace("_", "-")
    return City(slug, named, str(districts[0]), _one(frame, "UTLACD"), lsoas)


def choose(national: National, city: City, say: Say) -> dict[str, Chosen]:
    """Choose the base areas, which reach as far as every stream, and the areas of each level."""
    district = national.district
    members = {"ltla23": (city.district, city.name, city.lsoas)}
    county = national.upper_tier(city.district, city.upper)
    if county is not None:
        code, below = county
        lsoas = pd.Index(district.index[district.isin(below)])
        members["utla23"] = (code, national.upper_name(code), lsoas)
        say(f"Two tiers: {members['utla23'][1]} above it, with {len(lsoas):,} LSOAs.")
    reach = pd.Index(pd.concat([pd.Series(lsoas) for _, _, lsoas in members.values()]).unique())
    served = national.consortium
    if served is not None:
        codes = areas.consortium_codes(national, city.lsoas)
        # An area that two consortia share stands in two rows.
        theirs = served.loc[served["target_code"].isin(codes), "source_code"].unique()
        reach = reach.union(pd.Index(theirs))
    base = areas.base_areas(national, reach)
    say(f"Base layer: {len(base):,} LSOAs, all that a stream of the place reaches.")
    chosen = {"lsoa21": Chosen(base)}
    chosen |= _levels(national, city, base, say)
    for layer, (code, name, lsoas) in members.items():
        chosen[layer] = areas.joined(base, lsoas, layer=layer, code=code, name=name)
    return chosen


def _levels(national: National, city: City, base: gpd.GeoDataFrame, say: Say) -> dict[str, Chosen]:
    """Choose the areas of the levels that come from national layers, as far as those are there."""
    place = base.loc[city.lsoas]
    people = _census(national, base.index)["residents"].astype("float64").loc[city.lsoas]
    found: dict[str, Chosen | None] = {}
    for layer in BY_AREA:
        if not national.has(layer):
            found[layer] = None
        elif national.settings[layer]["belongs"] == "land":
            found[layer] = Chosen(areas.by_land(national, layer, place))
        else:
            found[layer] = Chosen(areas.by_people(national, layer, place, people))
    found["ccg21"] = areas.consortia(national, base, city.lsoas)
    found["pfa20"] = areas.police(national, base, city.lsoas)
    for layer, choice in found.items():
        title = national.settings[layer]["title"]
        if choice is None or choice.areas.empty:
            say(f"Left out: {title} ({layer}), because its file or its lookup is not there.")
        else:
            say(f"{title} ({layer}): {len(choice.areas):,} areas.")
    return {k: v for k, v in found.items() if v is not None and not v.areas.empty}


def _census(national: National, base: pd.Index) -> pd.DataFrame:
    frame = national.table("census")
    if frame is None:
        raise RecipeFault(national.settings["tables"]["census"], detail="no counts of residents")
    code = national.settings["census"]["code"]
    return frame[frame[code].isin(base)].set_index(code).sort_index()


def _england(national: National, item: dict[str, Any]) -> float:
    """Return the per cent of all England, from the same counts."""
    frame = national.table("census")
    assert frame is not None  # without it `_census` has refused already
    events, people = (
        float(pd.to_numeric(frame[item[part]]).sum()) for part in ("numerator", "denominator")
    )
    return round(100 * events / people, 3)


def _streams(
    national: National, city: City, census: pd.DataFrame, chosen: dict[str, Chosen], say: Say
) -> pd.DataFrame:
    rows: list[dict[str, str]] = []
    outturn = money.read_outturn(national.data)
    if outturn is None:
        say("Left out: the streams of the council, because the outturn workbook is not there.")
    two = "utla23" in chosen
    tiers = [("ltla23", "council", "district" if two else "single", [city.name])]
    if two:
        upper = chosen["utla23"].areas
        tiers.append(("utla23", "county", "county", [str(upper["name"].iloc[0])]))
    for layer, prefix, tier, names in tiers:
        if outturn is None:
            break
        code = str(chosen[layer].areas.index[0])
        authority = outturn.authority(code, names)
        if authority is None:
            say(f"Left out: {names[0]} ({code}) has no row in the outturn of 2017-18.")
            continue
        doubt = money.doubt_of(authority, code)
        if doubt:
            say(f"{names[0]} ({code}): {doubt}.")
        rows += money.council_streams(
            authority,
            covers=f"{layer}:{code}",
            held_at=layer,
            prefix=prefix,
            tier=tier,
            doubt=doubt,
        )
        total = sum(line.amount.pence for line in authority.lines)
        say(
            f"{authority.name}: {len(authority.lines)} service lines that are not zero, "
            f"{money.format_pounds(total)} in all."
        )
        for note in money.rounding_notes(authority) or ["No amount had fractions of a penny."]:
            say(note)
    rows += _nhs(census, chosen, say)
    if national.table("index") is None:
        say("Streams that would be shared by need are shared by people.")
        rows = [money.without_index(row) for row in rows]
    if not rows:
        raise RecipeFault(city.name, detail="no stream of money could be found for it")
    return pd.DataFrame(rows, columns=list(money.COLUMNS))


def _nhs(census: pd.DataFrame, chosen: dict[str, Chosen], say: Say) -> list[dict[str, str]]:
    consortia = chosen.get("ccg21")
    if consortia is None or consortia.lookup is None:
        return []
    residents = census["residents"].astype("float64")
    lookup = consortia.lookup
    shared = residents.loc[lookup["source_code"]].to_numpy() * lookup["share"].to_numpy()
    counts = pd.Series(shared).groupby(lookup["target_code"].to_numpy()).sum().round()
    rows = []
    for code, name in consortia.areas["name"].items():
        row = money.nhs_stream(str(code), str(name), int(counts[code]), layer="ccg21")
        say(f"Assumed: {name} spends {float(row['amount']):,.2f} pounds ({row['assumption']}).")
        rows.append(row)
    return rows


def _write(
    draft: Path,
    national: National,
    city: City,
    chosen: dict[str, Chosen],
    census: pd.DataFrame,
    streams: pd.DataFrame,
    points: pd.DataFrame | None,
    say: Say,
) -> None:
    (draft / "layers").mkdir()
    (draft / "tables").mkdir()
    settings = national.settings
    census.reset_index().to_csv(draft / "tables" / "base.csv", index=False)
    streams.to_csv(draft / "tables" / "streams.csv", index=False)
    toml = Toml("What this place is made of; written by data.recipes.english_city.")
    toml.pair("schema", 1)
    toml.table(
        "place", id=city.id, name=money.spoken(city.name), crs=areas.CRS, tolerance=0.02, note=NOTE
    )
    toml.table(
        "base",
        layer="lsoa21",
        inside="ltla23",
        table="tables/base.csv",
        code=settings["census"]["code"],
        people=settings["census"]["people"],
        households=settings["census"]["households"],
        source=settings["census"]["source"],
        date=settings["census"]["date"],
    )
    for layer, choice in chosen.items():
        _write_layer(draft, toml, layer, choice, settings)
    if points is not None:
        points.to_csv(draft / POSTCODES, index=False, float_format="%.10g")
        source = settings["postcodes"]["source"]
        toml.table("postcodes", file=POSTCODES, source=source, licence=LICENCE)
    for item in settings["census"]["indicators"]:
        toml.entry(
            "indicators",
            file="tables/base.csv",
            code=settings["census"]["code"],
            source=settings["census"]["source"],
            date=settings["census"]["date"],
            england=_england(national, item),
            **item,
        )
    if _write_index(draft, national, census.index, say):
        # `from` is a word of Python, so the table cannot be written with keywords alone.
        keys = {"definition": settings["index"]["definition"], "from": "ranks"}
        toml.table("index", file="tables/domains.csv", code="lsoa21", **keys)
        english_change.write(draft, toml, national, census.index, say)
    toml.table("streams", file="tables/streams.csv")
    toml.table("need", need_weight=0.5, neediest_per_head=3.0)
    toml.write(draft / "place.toml")


def _write_layer(
    draft: Path, toml: Toml, layer: str, choice: Chosen, settings: dict[str, Any]
) -> None:
    item = settings["base"] if layer == settings["base"]["id"] else settings[layer]
    file = f"layers/{layer}.gpkg"
    geo_layers.write(choice.areas[["name", "geometry"]], draft / file)
    toml.entry(
        "layers",
        id=layer,
        title=item["title"],
        file=file,
        layer=layer,
        code=layer,
        name="name",
        vintage=item["vintage"],
        date=item["date"],
        source=item["source"],
        licence=LICENCE,
        level=True,
        body=item.get("body", ""),
    )
    if choice.lookup is not None:
        table = f"tables/{settings['base']['id']}_{layer}.csv"
        choice.lookup.to_csv(draft / table, index=False)
        whole = {"whole": True} if item.get("whole") else {}
        toml.table("layers.crosswalk", by="lookup", file=table, **whole)
    elif layer != settings["base"]["id"]:
        toml.table("layers.crosswalk", by="area")


def _write_index(draft: Path, national: National, base: pd.Index, say: Say) -> bool:
    settings = national.settings["index"]
    frame = national.table("index")
    if frame is None:
        say("Left out: the index of need, because its table is not there.")
        return False
    kept = frame[frame[settings["code"]].isin(base)].sort_values(settings["code"])
    columns = {"lsoa21": kept[settings["code"]]}
    for domain, column in settings["columns"].items():
        columns[domain] = kept[column].astype("float64").astype("int64")
    pd.DataFrame(columns).to_csv(draft / "tables" / "domains.csv", index=False)
    return True


def _one(frame: pd.DataFrame, column: str) -> str:
    """Return the commonest text of a column, or nothing where the column is not there."""
    if column not in frame.columns or frame[column].dropna().empty:
        return ""
    return str(frame[column].dropna().mode().iloc[0])


NOTE = (
    "Money is what was spent in 2017-18, people the Census of 2021, need the index of 2025: a "
    "worked example on published figures, not an account of any one year. The amounts of the NHS "
    "are assumptions."
)


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a place from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m data.recipes.english_city", description=__doc__.splitlines()[0]
    )
    parser.add_argument("city", help="name of the file in cities/, without its ending")
    parser.add_argument("--data", type=Path, required=True, help="folder of the published files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the package to build")
    chosen = parser.parse_args(arguments)
    try:
        folder = build(
            chosen.city,
            data=chosen.data,
            out=chosen.out,
            say=_say,
        )
    except CommonGroundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Wrote the place package {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

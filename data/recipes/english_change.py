"""How small areas of an English district moved in the Index of Multiple Deprivation, 2019 to 2025.

In: the published ranks of both editions, the official table of changes between their small areas,
people of mid-2020 and of the Census. Out: a row a base area: where it stood among all of England
in both editions, how sure that is, and whether it moved by more than the doubt.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from boundaries import vintages
from data.moved import COLUMNS
from data.recipes.english_areas import National
from data.recipes.toml import Toml
from indices import change, definitions, editions
from indices import index as indices_index
from indices.errors import DirectionDoubtful, WeightsUnstable
from indices.index import Index

FILE = "tables/change.csv"


def write(
    draft: Path, toml: Toml, national: National, base: pd.Index, say: Callable[[str], None]
) -> None:
    """Write the moves of the base areas into a place package, where the files are there."""
    found = since(national, base, say)
    if found is None:
        return
    item, later = national.settings["change"], national.settings["index"]
    table, areas = found
    table.to_csv(draft / FILE)
    toml.table(
        "change",
        file=FILE,
        title=item["title"],
        code=later["code"],
        earlier=item["before"]["edition"],
        later=later["edition"],
        areas=areas,
        among=item["among"],
        source=item["source"],
    )


def since(
    national: National, base: pd.Index, say: Callable[[str], None]
) -> tuple[pd.DataFrame, int] | None:
    """Return the moves of the base areas and how many areas were ranked; None without the files.

    Parameters
    ----------
    national
        The published files; both editions are compared whole, because ranks are of all England.
    base
        Codes of the base areas.
    say
        Receives what was found, or what was left out.
    """
    item, later = national.settings["change"], national.settings["index"]
    before, after = national.table("index_before"), national.table("index")
    lookup, census = national.table("change"), national.table("census")
    if before is None or after is None or lookup is None:
        say("Left out: how areas moved between two indices, because a file of them is not there.")
        return None
    earlier, today = _index(before, item["before"]), _index(after, later)
    known = {"earlier_people": _people(national.table("population"), item["people"])}
    if census is not None:
        known["later_people"] = _people(census, national.settings["census"])
    names = [made.definition.layer or "" for made in (earlier, today)]
    bridge = editions.bridge(
        vintages.read_change(lookup, earlier=names[0], later=names[1]),
        earlier.scores.index,
        today.scores.index,
        **known,
    )
    found = change.compare(earlier, today, bridge, draws=item["draws"])
    mine = found.table.loc[base, list(COLUMNS)]
    moved = mine["change"].ne(change.NONE).sum()
    say(
        f"Index of {found.editions[0]} and of {found.editions[1]}: {moved:,} of {len(mine):,} base "
        f"areas moved, relative to others of England, by more than the doubt."
    )
    return mine.rename_axis(later["code"]), len(found.table)


def _index(table: pd.DataFrame, settings: dict[str, Any]) -> Index:
    """Build a whole edition from its published domain ranks."""
    made = definitions.load(settings["definition"])
    ranks = pd.DataFrame(
        {
            domain: table[column].astype("float64").to_numpy()
            for domain, column in settings["columns"].items()
        },
        index=pd.Index(table[settings["code"]], name=made.layer),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DirectionDoubtful)
        warnings.simplefilter("ignore", WeightsUnstable)
        return indices_index.build(made, ranks, from_="ranks")


def _people(table: pd.DataFrame | None, settings: dict[str, Any]) -> pd.Series | None:
    if table is None:
        return None
    return table.set_index(settings["code"])[settings["people"]].astype("float64")

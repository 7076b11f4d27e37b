"""Finding an area as people look for one: by a postcode, or by a part of its name.

In: what a visitor typed. Out: the areas it may mean, nearest first, each with its level and code;
or a sentence that says why there is none. Nothing typed leaves the machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from data.profiles import Prepared
from data.run import Result
from geo.codes import row_of
from pages.shared import figures

MOST = 12
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}")


@dataclass(frozen=True)
class Found:
    """One area that a visitor may mean."""

    level: str
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Search:
    """What was found, and what to say about it."""

    areas: tuple[Found, ...]
    said: str


def search(result: Result, prepared: Prepared | None, words: str) -> Search:
    """Look for a postcode, else for names; the smallest areas come first."""
    plain = "".join(words.upper().split())
    if POSTCODE.fullmatch(plain):
        return _by_postcode(result, prepared, plain)
    return _by_name(result, " ".join(words.split()))


def _by_postcode(result: Result, prepared: Prepared | None, postcode: str) -> Search:
    shown = f"{postcode[:-3]} {postcode[-3:]}"
    points = None if prepared is None else prepared.postcodes
    if prepared is None or points is None:
        return Search(
            (), "This place holds no list of postcodes. Type a part of the area's name instead."
        )
    at = np.flatnonzero([_plain(code) == postcode for code in points.index])
    if not len(at):
        return Search(
            (),
            f"{shown} is not among the {len(points):,} postcodes of {result.place.name} and its "
            "surroundings. Check the spelling, or type a part of the area's name.",
        )
    block = str(points["block"].iloc[int(at[0])])
    base = str(prepared.blocks.frame.at[block, "base"])
    areas = tuple(
        found
        for level in result.levels
        for found in [_holding(result, level, base)]
        if found is not None
    )
    if not areas:
        return Search((), f"{shown} lies beyond {result.place.name}.")
    return Search(areas, f"{shown} lies in these areas, the smallest first:")


def _holding(result: Result, level: str, base: str) -> Found | None:
    """Return the area of a level that holds most of a base area, if it can be shown."""
    crosswalk = result.crosswalks[level]
    row = crosswalk.weights[[row_of(crosswalk.sources, base)]]
    if row.nnz == 0:
        return None
    code = str(crosswalk.targets[int(row.indices[int(np.argmax(row.data))])])
    if not bool(figures.here(result, level).get(code, False)):
        return None
    return _found(result, level, code)


def _by_name(result: Result, words: str) -> Search:
    wanted = words.casefold()
    found: list[Found] = []
    for level, table in result.level_tables.items():
        names = table.loc[figures.here(result, level), "name"].astype("str")
        hits = names[[wanted in str(name).casefold() or wanted == str(code).casefold()
                      for code, name in names.items()]]  # fmt: skip
        # A name that begins with what was typed is meant more likely than one that holds it.
        mine = [_found(result, level, str(code)) for code in hits.index]
        found += sorted(mine, key=lambda area: area.name)
    found.sort(key=lambda area: not _begins(area.name, wanted))
    if not found:
        return Search(
            (), f"No area of {result.place.name} is called “{words}”. Try a shorter part of it."
        )
    more = f" {len(found) - MOST:,} more match; type more of the name." if len(found) > MOST else ""
    return Search(tuple(found[:MOST]), f"Areas whose name holds “{words}”:{more}")


def _begins(name: str, wanted: str) -> bool:
    return name.casefold().startswith(wanted)


def _found(result: Result, level: str, code: str) -> Found:
    title = result.place.settings.layer(level).title
    return Found(level, code, str(result.level_tables[level].at[code, "name"]), title)


def _plain(postcode: object) -> str:
    return "".join(str(postcode).upper().split())

"""Where an area lies, as a picture that goes along on paper and in a file.

In: a result and an area. Out: a figure as HTML with its words. For an area of one's own it shows
the line that was drawn and the whole output areas that count as inside; the live map cannot.
"""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from boundaries import custom
from boundaries.custom import CustomArea
from data.profiles import Prepared
from data.profiling import lower
from data.run import Result
from pages.shared import area_html, area_pictures, figures
from pages.shared.area_pictures import Around
from pages.shared.cache_kept import kept
from pages.shared.figures import text

MOST_PIECES = 400  # more would be a grey patch


def of_area(result: Result, level: str, code: str) -> str:
    """Draw an area of a level within the borders of the place; on paper only."""
    shape = result.layers[level].geometry[code]
    name = str(result.level_tables[level].at[code, "name"])
    said = f"Where {name} lies in {result.place.name}, among its {_among(result)}."
    around = kept(result, "borders around", make=lambda: Around.of(_borders(result)))
    if around.holds(shape):
        drawn = around.locate(shape, alt=said)
    else:
        drawn = area_pictures.locator(shape, _borders(result), alt=said)
    return _figure(drawn, said, on_paper=True)


def of_custom(
    result: Result,
    prepared: Prepared,
    area: CustomArea,
    ring: Sequence[tuple[float, float]] = (),
) -> str:
    """Draw an area of one's own: the line that was drawn, and what counts as inside."""
    frame = prepared.blocks.frame
    pieces = shapely.get_parts(frame.geometry[area.members].to_numpy())
    if (shapely.get_dimensions(pieces) < 2).any():
        return ""  # only middles are known: there is nothing to draw
    title = lower(result.place.settings.layer(prepared.blocks.layer).title)
    said = (
        f"Coloured: the {len(area.members):,} {title} of which half or more of the households are "
        f"inside. Recorded figures are for these as a whole. Grey: {_among(result)}."
    )
    line = None
    if ring:
        said += " Dashed: the line as it was drawn."
        line = custom.polygon(prepared.blocks, ring, name=area.name)
    drawn = area_pictures.locator(
        shapely.coverage_union_all(pieces),  # ten times as fast as a union of any shapes
        _borders(result),
        alt=f"{area.name} on a map. {said}",
        ring=line,
        pieces=pieces if len(pieces) <= MOST_PIECES else (),
        close=True,
    )
    return _figure(drawn, said, on_paper=False)


def _figure(drawn: str, said: str, *, on_paper: bool) -> str:
    name = "where cg-on-paper" if on_paper else "where"
    return area_html.section(
        f"<figure>{drawn}<figcaption>{text(said)}</figcaption></figure>", name=name
    )


def _level(result: Result) -> str:
    """Return the level whose borders help to find one's way: the first above the small areas."""
    above = [level for level in result.levels if level != result.place.base_layer]
    return above[0] if above else result.place.base_layer


def _borders(result: Result) -> list[shapely.Geometry]:
    level = _level(result)
    mine = figures.here(result, level)
    return list(result.layers[level].geometry[mine.index[mine.to_numpy(dtype=bool)]])


def _among(result: Result) -> str:
    return lower(figures.level_titles(result)[_level(result)])

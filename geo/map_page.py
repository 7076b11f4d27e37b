"""The words around a map: banner, title, legend, summary and table, as HTML.

In: `Figure`, what is drawn and said. Out: pieces of a page in which every text from outside is
escaped. The table and the summary say what the map shows to those who do not see it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.classes import NO_DATA

NO_DATA_COLOUR = "#e3e3e3"
# A figure that is withheld is known to somebody: it must not look as if there were none.
WITHHELD_COLOUR = "#b9b9b9"
MISSING, WITHHELD = "no data", "withheld"
STRIPES = (
    '<pattern id="{id}" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate({turn})"><rect width="6" height="6" fill="{ground}"></rect>'
    '<rect width="2" height="6" fill="{stripe}"></rect></pattern>'
)
# The page may run what is in it and fetch nothing.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Figure:
    """What is drawn and said: texts, numbers as written, classes and colours."""

    title: str
    legend_title: str
    unit: str
    source: str
    banner: str
    numbers: npt.NDArray[np.float64]
    texts: list[str]
    index: npt.NDArray[np.int64]
    fills: list[str]
    labels: tuple[str, ...]
    withheld: npt.NDArray[np.bool_]
    unsure: list[str]
    patterns: bool  # whether hatches can be drawn: a canvas, for many areas, has none

    @property
    def measured(self) -> str:
        """Name of the figure with its unit."""
        return f"{self.legend_title} ({self.unit})" if self.unit else self.legend_title

    def fill(self, position: int) -> str:
        """Colour of one area, or the hatch that is drawn where patterns can be."""
        index = int(self.index[position])
        if self.withheld[position]:
            return "url(#cg-hatch)" if self.patterns else WITHHELD_COLOUR
        if self.unsure[position] and index != NO_DATA and self.patterns:
            return f"url(#cg-hatch-{index})"
        return NO_DATA_COLOUR if index == NO_DATA else self.fills[index]

    def hatches(self) -> str:
        """Return the hatches that areas are filled with, as SVG; "" where there are none."""
        made = []
        if not self.patterns:
            return ""
        if self.withheld.any():
            made.append(STRIPES.format(id="cg-hatch", turn=45, ground="#e3e3e3", stripe="#5f5f5f"))
        if any(self.unsure):
            made += [
                STRIPES.format(id=f"cg-hatch-{at}", turn=-45, ground=fill, stripe="#ffffffb8")
                for at, fill in enumerate(self.fills)
            ]
        hidden = '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>'
        return f"{hidden}{''.join(made)}</defs></svg>" if made else ""


def above(figure: Figure) -> str:
    """Return what stands above the map; it opens the section that `below` closes."""
    banner = f'<p class="cg-banner" role="note">{_text(figure.banner)}</p>' if figure.banner else ""
    return (
        f'<main>{figure.hatches()}{banner}<h1 dir="auto">{_text(figure.title)}</h1>'
        f'<section class="cg-map" aria-label="Map" aria-describedby="cg-summary">'
    )


def below(figure: Figure, rows: list[dict[str, Any]]) -> str:
    """Return what stands below the map; `rows` holds `name` and `code` of each area, in order."""
    source = f'<p class="cg-source">Source: {_text(figure.source)}</p>' if figure.source else ""
    return (
        f"{_legend(figure)}</section>"
        f'<p id="cg-summary">{_summary(figure, rows)}</p>{source}{_table(figure, rows)}</main>'
    )


def _legend(figure: Figure) -> str:
    hidden = int(figure.withheld.sum())
    missing = int((figure.index == NO_DATA).sum()) - hidden
    counts = [int((figure.index == j).sum()) for j in range(len(figure.fills))]
    entries = [*zip(figure.fills, figure.labels, counts, strict=True)]
    entries.append((NO_DATA_COLOUR, MISSING, missing))
    if hidden:
        entries.append((WITHHELD_COLOUR, f"{WITHHELD}: too few to tell", hidden))
    marks = {NO_DATA_COLOUR: " cg-none", WITHHELD_COLOUR: " cg-withheld"}
    sign = '<span class="cg-swatch cg-unsure"></span>' if figure.patterns else "Not marked here: "
    items = "".join(
        f'<li><span class="cg-swatch{marks.get(fill, "")}" '
        f'style="background-color:{fill}"></span>{_text(label)} '
        f'<span class="cg-count">{_areas(count)}</span></li>'
        for fill, label, count in entries
    ) + "".join(
        f"<li>{sign}{_text(why)} "
        f'<span class="cg-count">{_areas(figure.unsure.count(why))}</span></li>'
        for why in _reasons(figure)
    )
    return f'<div class="cg-legend"><h2>{_text(figure.measured)}</h2><ul>{items}</ul></div>'


def _areas(count: int) -> str:
    return f"{count:,} {'area' if count == 1 else 'areas'}"


def _reasons(figure: Figure) -> list[str]:
    """Return why figures are hatched, each reason once, in the order of the areas."""
    return list(dict.fromkeys(filter(None, figure.unsure)))


def _summary(figure: Figure, rows: list[dict[str, Any]]) -> str:
    known = np.flatnonzero(np.isfinite(figure.numbers))
    parts = [f"{len(rows):,} areas, shaded by {_text(figure.measured)}."]
    if len(known):
        order = known[np.argsort(figure.numbers[known], kind="stable")]
        middle = order[(len(order) - 1) // 2]
        for word, position in (("Highest", order[-1]), ("Lowest", order[0]), ("Middle", middle)):
            name = _text(rows[position]["name"])
            parts.append(f"{word}: <bdi>{name}</bdi>, {_text(figure.texts[position])}.")
    hidden = int(figure.withheld.sum())
    missing = len(rows) - len(known) - hidden
    if missing or not hidden:
        parts.append(f"No data: {missing:,}." if missing else "Every area has a value.")
    if hidden:
        parts.append(f"Withheld, because so few are counted there: {hidden:,}.")
    seen = "hatched" if figure.patterns else "marked in the table"
    parts += [f"{_text(why)}: {figure.unsure.count(why):,}, {seen}." for why in _reasons(figure)]
    return " ".join(parts)


def _table(figure: Figure, rows: list[dict[str, Any]]) -> str:
    known, measured = np.isfinite(figure.numbers), figure.measured
    unsure = any(figure.unsure)
    order = np.lexsort((np.arange(len(rows)), -np.where(known, figure.numbers, -np.inf)))
    body = "".join(
        f'<tr><th scope="row" dir="auto">{_text(rows[position]["name"])}</th>'
        f"<td>{_text(rows[position]['code'])}</td>"
        f'<td class="cg-number">{_text(figure.texts[position])}</td>'
        + (f"<td>{_text(figure.unsure[position])}</td></tr>" if unsure else "</tr>")
        for position in order
    )
    named = ("Area", "Code", measured, *(["How sure"] if unsure else []))
    heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in named)
    return (
        f"<table><caption>{_text(measured)}, highest first</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _text(text: object) -> str:
    return escape(shown(text))


def shown(text: object) -> str:
    """Remove what no page can hold: control marks and halves of characters."""
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", str(text))
    return clean.encode("utf-8", "replace").decode("utf-8")


STYLE = """
html, body { height: auto; background: #fff; color: #1a1a1a; font-family: sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 0.5rem 1rem 2rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 0.3rem; }
.cg-banner { background: #5b2a00; color: #fff; padding: 0.5rem 0.8rem; margin: 0;
  font-weight: bold; }
.cg-map .leaflet-container { box-sizing: border-box; background: #fff; border: 1px solid #767676; }
.cg-legend { margin: 0.6rem 0; } .cg-legend ul { list-style: none; margin: 0; padding: 0; }
.cg-legend li { display: inline-block; margin-right: 1.2rem; line-height: 1.8; }
.cg-swatch { display: inline-block; width: 1.6em; height: 1em; margin-right: 0.4em;
  border: 1px solid #333; vertical-align: -0.1em; }
.cg-none { border-style: dashed; }
.cg-withheld { border-style: dashed; background-image: repeating-linear-gradient(
  135deg, #5f5f5f 0 2px, #e3e3e3 2px 6px); }
.cg-unsure { background-image: repeating-linear-gradient(45deg, #7a8b93 0 3px, #fff 3px 6px); }
.cg-count, .cg-source { color: #595959; font-size: 0.9em; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: 0.4rem 0; }
th, td { text-align: left; padding: 0.2rem 0.6rem; border-bottom: 1px solid #ccc;
  font-weight: normal; }
thead th { font-weight: bold; border-bottom: 2px solid #333; }
.cg-number, thead th:nth-child(3) { text-align: right; font-variant-numeric: tabular-nums; }
@media print { .leaflet-control-container { display: none; } }
"""

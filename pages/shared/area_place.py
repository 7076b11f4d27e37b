"""What My area shows before an area is chosen: the ways to one, and the place itself in short.

In: a result, and whether it can tell of areas of one's own. Out: HTML, made once a place, in which
every text from a file is escaped.
"""

from __future__ import annotations

from budgets import honesty
from budgets.money import format_pounds
from budgets.phrases import short
from data.profiles import Prepared
from data.run import Result
from pages.shared import area_html
from pages.shared.blocks import pounds
from pages.shared.cache_kept import kept
from pages.shared.figures import level_titles, percent, text
from pages.shared.figures import of as figures_of

TOLD = (
    "You will read who lives there, what it needs beside the place as a whole, what is spent there "
    "and by whom, who decides on it, and what these figures cannot say."
)


def in_short(result: Result, prepared: Prepared | None) -> str:
    """Return the ways to an area, and the few figures of the place that an area is seen beside."""
    about = prepared is not None
    return kept(result, "place in short", about, make=lambda: _made(result, prepared))


def _made(result: Result, prepared: Prepared | None) -> str:
    typed = "your postcode or a part" if result.place.postcodes is not None else "a part"
    kinds = [short(title) for title in list(level_titles(result).values())[1:2]]
    ways = [
        f"Type {typed} of your area's name, and choose from what is found.",
        *(f"Choose a kind of area, such as {kind}, and then its name." for kind in kinds),
        "Click on the map.",
    ]
    if prepared is not None:
        ways.append("Draw a line around an area of your own with the pen on the map.")
    items = "".join(f"<li>{text(way)}</li>" for way in ways)
    rows = "".join(
        f'<div class="cg-figure"><dt>{text(name)}</dt><dd><span class="cg-value">{text(value)}'
        f'</span><span class="cg-standing">{text(more)}</span></dd></div>'
        for name, value, more in glance(result)
    )
    return area_html.section(
        f"<h2>Find your area</h2><ul>{items}</ul><p>{text(TOLD)}</p>",
        f'<h2 class="is-third">{text(result.place.name)} in short</h2>',
        f'<dl class="cg-figures">{rows}</dl>',
        *(f'<p class="cg-kind">{text(told)}</p>' for told in _sources(result)),
        name="find",
    )


def _sources(result: Result) -> list[str]:
    """Say of each figure what it is, where it comes from and of when it is."""
    shown = figures_of(result, result.place.base_layer)
    return [
        f"{figure.title}: {figure.definition} {figure.source}, {figure.vintage}."
        for name in ("people", "need", "money")
        if (figure := shown.get(name)) is not None
    ]


def glance(result: Result) -> list[tuple[str, str, str]]:
    """Return figures of the whole place in the words in which those of an area are told."""
    inside, small = result.inside, int(result.inside.sum())
    people = float(result.place.people[inside].sum())
    held = result.ledger.pence[:, result.ledger.inside].sum(axis=1)
    pence = int(held.sum())
    known = honesty.share(held, result.ledger.streams["grade"].to_numpy(dtype=object))
    each = "" if people <= 0 else f"{format_pounds(round(pence / people), whole=True)} a person"
    told = [
        ("People", f"{people:,.0f}", f"in {small:,} small areas"),
        ("Money that falls here", pounds(pence), each),
        ("Of it recorded", percent(known), "the rest is shared by a rule"),
    ]
    index = result.index
    if index is not None and index.deciles is not None:
        neediest = int((index.deciles.reindex(inside.index[inside]) == 1).sum())
        of = f"small areas are in the neediest tenth of all {index.n:,} of the index"
        told.insert(1, ("Need", f"{neediest:,} of {small:,}", of))
    else:
        streams = result.ledger.streams
        agencies = streams["agency"].nunique()
        of = f"of {agencies:,} agencies" if agencies > 1 else "of one agency"
        told.append(("Lines of money", f"{len(streams):,}", of))
    return told

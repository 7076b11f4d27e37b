"""The card of one area on the map: its figures, how sure each is, and what to know before reading.

In: a shelf of figures, the code of an area, and the figure on the map. Out: the card; or, while no
area is chosen, what the figure on the map is.
"""

from __future__ import annotations

from budgets.phrases import listed
from pages.shared import blocks, cache, figures
from pages.shared.blocks import CardLine
from pages.shared.figures import MOST_DEPRIVED, Figure
from pages.shared.figures_more import Shelf, ranked

NOT_RANKED = "not ranked: it follows from how we share it"
UNUSUAL = {
    "student": "many students",
    "prison": "people in custody",
    "city_centre": "far more people by day than at home",
}


def show(shelf: Shelf, area: str, shown: list[Figure]) -> None:
    """Show the card of an area with the usual four figures and those on the map."""
    if not area:
        blocks.figure_card(*shown)
        return
    every = {**shelf.usual, **{figure.id: figure for figure in shown}}
    table = shelf.table(every.values())
    result, level = shelf.result, shelf.level
    remarks = [
        figures.deprivation(result, level, area),
        figures.straddling(result, level, area),
        misleads(shelf, area),
        *(_decile(shelf, figure, area) for figure in shown),
    ]
    lines = []
    for figure in every.values():
        standing = figures.standing(figure, table[figure.column].astype("float64"), area)
        if not ranked(result, figure) and standing:
            standing = NOT_RANKED
        lines.append(CardLine(figure, str(shelf.texts(figure)[area]), standing))
    blocks.card(
        str(table.at[area, "name"]),
        kind=f"{figures.level_titles(result)[level]} · {area}",
        lines=lines,
        chosen=shown[0].id,
        remark=" ".join(remark for remark in remarks if remark),
    )


def misleads(shelf: Shelf, area: str) -> str:
    """Say why money per person misleads in an area; "" where nothing speaks for it."""
    flags = cache.unusual(shelf.result, shelf.level).flags
    if area not in flags.index:
        return ""
    row = flags.loc[area]
    if not (row["student"] or row["prison"] or row["city_centre"]):
        return ""
    return f"Before you read money per person: {str(row['sentence']).rstrip('.')}."


def before_per_person(shelf: Shelf, shown: list[Figure]) -> str:
    """Say before a map of money per person where it misleads, and what nobody could check."""
    if not any(figure.unit == "pounds a person" for figure in shown):
        return ""
    found = cache.unusual(shelf.result, shelf.level)
    names = shelf.result.level_tables[shelf.level]["name"]
    flags = found.flags[shelf.here.reindex(found.flags.index, fill_value=False)]
    said = []
    for column, words in UNUSUAL.items():
        codes = list(flags.index[flags[column]])
        if codes:
            some = ", ".join(str(names[code]) for code in codes[:3])
            more = f" and {len(codes) - 3:,} more" if len(codes) > 3 else ""
            said.append(f"{words} in {some}{more}")
    parts = ["Before you read money per person:"]
    if said:
        parts.append(f"it misleads where there are {'; '.join(said)}.")
    missing = [UNUSUAL[name.replace("-", "_")] for name in found.unchecked]
    if missing:
        parts.append(f"{'It' if said else 'it'} misleads where there are {listed(missing)}, "
                     "and the place has no count that would say where that is.")  # fmt: skip
    return " ".join(parts) if len(parts) > 1 else ""


def _decile(shelf: Shelf, figure: Figure, area: str) -> str:
    """Say the decile of a kind of deprivation, always with what 1 means."""
    if figure.id in shelf.usual:
        return ""
    deciles = shelf.mapped(figure.id).deciles
    if deciles is None or area not in deciles.index:
        return ""
    return f"{figure.title}: decile {int(deciles[area])} of 10 ({MOST_DEPRIVED})."

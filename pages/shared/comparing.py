"""Two scenarios side by side: by area, line of money, level of decision or agency.

In: which two of: the money as it is, what this session works on, any saved version that may be
seen. Out: both pots, who has more and who has less in a sentence, the largest differences as a
chart, every row as a table that adds up to both pots, and what each of the two does, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from budgets.phrases import within
from data import side_by_side, versions
from data.run import Result
from data.scenarios import Allocation
from data.side_by_side import AGENCY, AREA, LEVEL, STREAM, Beside
from geo.errors import CommonGroundError
from pages.shared import (
    blocks,
    cache,
    charts,
    choices_said,
    figures,
    gains_map,
    links,
    who,
    working,
)
from pages.shared.figures import plain, text
from pages.shared.live_map import Drawing, live_map
from pages.shared.live_table import Column, live_table

NOW, MINE = "now", "mine"
BY = {
    AREA: "Areas",
    STREAM: "Lines of money",
    LEVEL: "Who holds it, by level",
    AGENCY: "Who holds it, by agency",
}
ROWS = {AREA: "areas", STREAM: "lines of money", LEVEL: "levels", AGENCY: "agencies"}
BARS = 12


@dataclass(frozen=True)
class Side:
    """One of two that are compared: what it is called, its status, text and lines of money."""

    title: str
    status: str
    text: str = ""
    lines: str = ""


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    try:
        titles = offered(result)
    except CommonGroundError as error:
        st.error(plain(working.in_words(error)), icon=":material/error:")
        return
    if len(titles) < 2:
        blocks.hint(
            "There is only the money as it is. Change something under Lines of money or Choices, "
            "or open what others saved: two of them can then be compared."
        )
        return
    _choose(result, link, titles)
    chosen = [str(st.session_state[link.key(name)]) for name in ("a", "b")]
    if chosen[0] == chosen[1]:
        blocks.hint("Both are the same. Choose another one on one side.")
        return
    made = []
    for name in chosen:
        try:
            found = side(result, name)
            with st.spinner("Sharing out …"):
                made.append((found, allocated(found)))
        except CommonGroundError as error:
            st.error(plain(f"“{titles[name]}” cannot be worked out."), icon=":material/error:")
            st.code(str(error), language=None, wrap_lines=True)
    if len(made) == 2:
        _beside(result, link, made[0], made[1])


def offered(result: Result) -> dict[str, str]:
    """Return what can be compared, by its name in a link.

    Raises
    ------
    CommonGroundError
        The store cannot be read.
    """
    found = {NOW: "The money as it is"}
    work = working.current(result)
    if work.changed:
        of = "" if work.base is None else f" (from “{work.base.version.title}”)"
        found[MINE] = f"What you work on, not saved{of}"
    store, name = cache.store(), who.current(result).name
    if store is None:
        return found
    for last in store.scenarios(result.place.id, user=name):
        for version in reversed(store.versions(result.place.id, last.scenario, user=name)):
            status = working.STATUSES[version.status].lower()
            words = f"{version.title}, version {version.number} ({status})"
            found[versions.address_of(version.scenario, version.number)] = words
    return found


def side(result: Result, name: str) -> Side:
    """Return one of two that are compared.

    Raises
    ------
    CommonGroundError
        It cannot be had.
    """
    if name == NOW:
        return Side("The money as it is", "today")
    if name == MINE:
        work = working.current(result)
        title = versions.title_of(work.document) or "What you work on"
        return Side(title, "draft", work.document, versions.lines_as_text(work.lines))
    identifier, number = versions.read_address(name)
    store = cache.store()
    assert store is not None  # the name is of something in it
    user = who.current(result).name
    found = store.load(result.place.id, identifier, user=user, version=number)
    version = found.version
    title = f"{version.title}, version {version.number}"
    return Side(title, version.status, found.text, found.basis.lines)


def allocated(found: Side) -> Allocation:
    """Return what a side makes of the place.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with its choices or its lines of money.
    """
    lines = versions.lines_of_text(found.lines)
    return cache.allocation(cache.with_lines(cache.result(), lines), found.text, draws=0)


def _choose(result: Result, link: links.Link, titles: Mapping[str, str]) -> None:
    """Offer both sides, and by what they are compared."""
    now = working.version(result)
    base = "" if now is None else versions.address_of(*now[:2])
    others = [name for name in (MINE, base, *titles) if name in titles and name != NOW]
    first = base if others[0] == MINE and base in titles else NOW
    link.option("a", options=titles, default=first, what="scenario")
    link.option("b", options=titles, default=others[0], what="scenario")
    link.option("by", options=BY, default=AREA, what="comparison")
    levels = figures.level_titles(result)
    link.option("level", options=levels, default=next(iter(levels)), what="kind of area")
    left, right = st.columns(2, gap="medium")
    left.selectbox("From", list(titles), format_func=titles.__getitem__, key=link.key("a"))
    right.selectbox("To", list(titles), format_func=titles.__getitem__, key=link.key("b"))
    left, right = st.columns(2, gap="medium")
    by = left.selectbox("Compare by", list(BY), format_func=BY.__getitem__, key=link.key("by"))
    right.selectbox(
        "Areas",
        list(levels),
        format_func=levels.__getitem__,
        key=link.key("level"),
        disabled=by != AREA,
    )


def _beside(
    result: Result, link: links.Link, a: tuple[Side, Allocation], b: tuple[Side, Allocation]
) -> None:
    """Show two allocations side by side."""
    by, level = (str(st.session_state[link.key(name)]) for name in ("by", "level"))
    found = side_by_side.compare(a[1], b[1], by=by, layer=level)
    rows = within(figures.level_titles(result)[level]) if by == AREA else ROWS[by]
    _pots((a[0], found.a_pot), (b[0], found.b_pot))
    st.markdown(plain(found.sentence(rows=rows)))
    if found.unrankable:
        st.caption(plain(found.unrankable))
    drawable = by == AREA and result.levels[level].counted_in_each is None
    left, right = st.columns([2, 3], gap="medium") if drawable else (None, st.container())
    if left is not None:
        with left:
            live_map(
                _map(result, level, found, rows), key="compared_map", on_pick=lambda code: None
            )
    with right:
        drawn = _largest(found, by, rows)
    # Without bars the table takes their room beside the map.
    with st.container() if drawn else right:
        st.html('<div class="cg-part"><h2 class="is-third">Every row</h2></div>')
        _table(found, by, a[0], b[0])
        name = f"{result.place.id}-compared-by-{by}.csv"
        blocks.download(lambda: found.table.rename_axis(by), name)
    _steps(a, b)


def _map(result: Result, level: str, found: Beside, rows: str) -> Drawing:
    """Draw who has more and who has less a person in the second of the two."""
    own = found.own()
    head = own["people"].where(own["people"] > 0)
    each = own["change_pence"].astype("Float64").astype("float64") / head
    table = own.assign(pence_per_person=each)
    drawing = gains_map.of(result, level, table, rankable=not found.unrankable)
    legend = replace(drawing.legend, note="violet = less in the second; orange = more")
    summary = drawing.summary if not found.unrankable else found.sentence(rows=rows)
    return replace(drawing, legend=legend, summary=summary)


def _largest(found: Beside, by: str, rows: str) -> bool:
    """Show the largest differences as bars, of areas only where they may be put in an order.

    Returns whether there was anything to show.
    """
    largest = found.largest(BARS)
    if largest.empty or found.unrankable:
        return False
    frame = pd.DataFrame(
        {
            "code": largest.index,
            "name": largest["name"],
            "value": largest["change_pence"].astype("float64") / 100_000,
            "unsure": largest.get("assumed", False),
        }
    )
    top = largest.iloc[0]
    amount = format_pounds(abs(int(top["change_pence"])))
    word = "more" if top["change_pence"] > 0 else "less"
    charts.bars(
        frame,
        title=f"The largest differences: {rows}",
        unit="thousand pounds, more or less than in the first",
        of=BY[by],
        alternative=f"The largest difference is in {top['name']}: {amount} {word}.",
    )
    return True


def _pots(*sides: tuple[Side, int]) -> None:
    """Show both titles with their stamps and pots."""
    terms = "".join(
        f'<div class="cg-beside"><p class="cg-stamped">'
        f'<span class="cg-stamp is-{side.status}">{text(working.STATUSES[side.status])}</span>'
        f'<span class="cg-stamp-title">{text(side.title)}</span></p>'
        f"<b>{format_pounds(pot)}</b><span>the whole pot</span></div>"
        for side, pot in sides
    )
    st.html(f'<section class="cg-besides">{terms}</section>')


def _table(found: Beside, by: str, a: Side, b: Side) -> None:
    frame = found.table
    shown = pd.DataFrame(
        {
            "name": frame["name"],
            "a": frame["a_pence"].astype("float64") / 100,
            "b": frame["b_pence"].astype("float64") / 100,
            "change": frame["change_pence"].astype("float64") / 100,
            "per_cent": frame["change_per_cent"],
        },
        index=frame.index.astype(str),
    )
    if "people" in frame:
        shown.insert(1, "people", frame["people"])
        if frame["assumed"].any():
            shown["how"] = frame["assumed"].map({True: "assumed", False: ""})
    live_table(
        shown,
        {
            "name": Column(BY[by]),
            "people": Column("People", _or("{:,.0f}", "")),
            "a": Column("From", _or("{:,.2f}", "not shown"), f"Pounds in: {a.title}"),
            "b": Column("To", _or("{:,.2f}", "not shown"), f"Pounds in: {b.title}"),
            "change": Column("Change", _or("{:+,.2f}", "not shown"), "Pounds, second less first."),
            "per_cent": Column("Per cent", _or("{:+,.1f}", "–"), "Of what it was before."),
            "how": Column(
                "How sure", help="assumed: more than half of it follows from an assumption."
            ),
        },
        caption=f"{a.title} and {b.title}, side by side",
        height=420,
        key="compared",
    )


def _or(form: str, otherwise: str) -> Any:
    return lambda value: otherwise if pd.isna(value) else form.format(value)


def _steps(*both: tuple[Side, Allocation]) -> None:
    """Say what each of the two does."""
    st.html('<div class="cg-part"><h2 class="is-third">What each of them does</h2></div>')
    for column, (found, made) in zip(st.columns(2, gap="medium"), both, strict=True):
        with column:
            titles = choices_said.Titles(made.result)
            said = choices_said.steps(titles, made.outcome) or ["Nothing is changed."]
            if found.lines:
                said.insert(0, "The lines of money were edited.")
            blocks.said(found.title, said)

"""Blocks of a page that are more than a widget: the place's name, the area card, the equation.

In: figures and texts. Out: HTML in which every text from a file is escaped. Colours and spacing
are in `js/look.css`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from data.run import Result
from geo import cells
from geo.errors import CommonGroundError
from pages.shared import cache, scripts
from pages.shared.figures import Figure, text


def look() -> None:
    """Put the style sheet on the page."""
    scripts.sheet(scripts.LOOK)


def place_band(name: str, *, fictional: bool, note: str) -> None:
    """Show which place this is, and loudly when it is invented."""
    badge = '<span class="cg-badge">Fictional place</span>' if fictional else ""
    st.html(
        f'<div class="cg-place"><span class="cg-place-name">{text(name)}</span>{badge}'
        f'<span class="cg-place-note">{text(note)}</span></div>'
    )


def lead(title: str, words: str) -> None:
    """Open a page with its title and one sentence."""
    st.html(f'<div class="cg-lead"><h1>{text(title)}</h1><p>{text(words)}</p></div>')


def door(title: str, words: str) -> None:
    """Head one of the ways in: where it leads, and what for."""
    st.html(f'<div class="cg-door"><h2>{text(title)}</h2><p>{text(words)}</p></div>')


def hint(words: str) -> None:
    """Say what can be done while nothing is chosen yet."""
    st.html(f'<p class="cg-intro">{text(words)}</p>')


def said(title: str, sentences: Sequence[str]) -> None:
    """Say a few sentences under a title; nothing where there are none."""
    if sentences:
        items = "".join(f"<p>{text(sentence)}</p>" for sentence in sentences)
        st.html(
            f'<section class="cg-part"><h2 class="is-third">{text(title)}</h2>{items}</section>'
        )


def pounds(pence: int) -> str:
    """Write a large amount as people say it: thousands, millions or billions of pounds."""
    amount = abs(pence) / 100
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if amount >= size:
            return f"{'-' if pence < 0 else ''}£{amount / size:,.1f}{word}"
    return format_pounds(pence, whole=True)


def opened() -> Result:
    """Return the place's result, or say every fault of the place and end the page here."""
    try:
        if (found := cache.known()) is not None:
            return found  # a spinner alone would cost two messages and a thread
        with st.spinner("Reading the place …"):
            return cache.result()
    except CommonGroundError as error:
        st.error(
            "This place cannot be shown. Its files break the rules below.", icon=":material/error:"
        )
        st.code(str(error), language=None, wrap_lines=True)
        st.stop()


@dataclass(frozen=True)
class CardLine:
    """One figure of a card: its value in words, and how the area stands among the others."""

    figure: Figure
    value: str
    standing: str = ""


def card(title: str, *, kind: str, lines: Sequence[CardLine], chosen: str, remark: str = "") -> str:
    """Write the figures of one area; the chosen one is marked, and each explains itself below."""
    rows = "".join(
        f'<div class="cg-figure{" is-chosen" if line.figure.id == chosen else ""}">'
        f"<dt>{text(line.figure.title)}</dt>"
        f'<dd><span class="cg-value">{text(line.value)}</span>'
        f'<span class="cg-standing">{text(line.standing)}</span></dd></div>'
        for line in lines
    )
    now = "".join(_facts(line.figure) for line in lines if line.figure.id == chosen)
    others = "".join(_explain(line.figure) for line in lines if line.figure.id != chosen)
    remark_html = f'<p class="cg-remark">{text(remark)}</p>' if remark else ""
    return (
        f'<section class="cg-card"><h2>{text(title)}</h2><p class="cg-kind">{text(kind)}</p>'
        f'{remark_html}<dl class="cg-figures">{rows}</dl>'
        f'<div class="cg-facts-now">{now}</div>{others}</section>'
    )


def figure_card(figure: Figure, *others: Figure) -> str:
    """Explain the figures on the map, the first in full, while no area is chosen."""
    return (
        f'<section class="cg-card"><h2>{text(figure.title)}</h2>'
        '<p class="cg-kind">Click on the map, choose a row of the table or find a name above to '
        "see the figures of one area.</p>"
        f"{_facts(figure)}{''.join(_explain(other) for other in others)}</section>"
    )


def download(frame: Callable[[], pd.DataFrame], name: str) -> None:
    """Offer a table as a file: codes, and money in whole pence. It is made when asked for."""

    def written() -> str:
        made = frame()
        return cells.neutralise(made).to_csv(index=made.index.name is not None)

    st.download_button(
        "Download as CSV, money in pence",
        data=written,
        file_name=name,
        mime="text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _explain(figure: Figure) -> str:
    asked = f"What is {text(figure.title.lower())}, and how sure?"
    return f"<details><summary>{asked}</summary>{_facts(figure)}</details>"


def _facts(figure: Figure) -> str:
    facts = (
        ("What", figure.definition),
        ("Unit", figure.unit),
        ("Source", figure.source),
        ("As of", figure.vintage),
        ("How sure", figure.sure),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
    return f'<dl class="cg-facts">{rows}</dl>'


@dataclass(frozen=True)
class Part:
    """One term of the equation: an amount and what it is."""

    pence: int
    words: str
    kind: str


def equation(pot: Part, parts: Sequence[Part]) -> None:
    """Show that the parts make up the pot, to the penny, with a bar in their proportions.

    The caller has checked the ledger; what is shown here is checked once more, so that no page can
    show an equation that does not hold.
    """
    if sum(part.pence for part in parts) != pot.pence:
        raise ValueError(f"{[part.pence for part in parts]} do not make up {pot.pence}")
    whole = sum(abs(part.pence) for part in parts) or 1
    bar = "".join(
        f'<span class="cg-{part.kind}" style="width:{100 * abs(part.pence) / whole:.4f}%"></span>'
        for part in parts
    )
    terms = "".join(
        f'<span class="cg-sign" aria-hidden="true">{"=" if i == 0 else "+"}</span>'
        f'<div class="cg-term cg-{part.kind}"><b>{format_pounds(part.pence)}</b>'
        f"<span>{text(part.words)}</span></div>"
        for i, part in enumerate(parts)
    )
    st.html(
        f'<section class="cg-equation" aria-label="The pot and its parts">'
        f'<div class="cg-term cg-pot"><b>{format_pounds(pot.pence)}</b>'
        f"<span>{text(pot.words)}</span></div>{terms}"
        f'<div class="cg-bar" aria-hidden="true">{bar}</div></section>'
    )


def remarks(title: str, found: Sequence[tuple[str, str]]) -> None:
    """List what must be said in words beside a table; nothing where there is nothing to say."""
    if not found:
        return
    rows = "".join(f"<div><dt>{text(what)}</dt><dd>{text(why)}</dd></div>" for what, why in found)
    st.html(f'<section class="cg-remarks"><h2>{text(title)}</h2><dl>{rows}</dl></section>')

"""The pieces that the page of an area is built of: sections, tables, bars.

In: texts and numbers. Out: HTML in which every text is escaped and which needs nothing from
outside, so that the same stands on the page and in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from budgets.money import format_pounds
from pages.shared.figures import text


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; `to_dict` takes a fifth of the time that a whole area takes."""
    names = [str(name) for name in table.columns]
    columns = [table[name].tolist() for name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def section(*parts: str, name: str = "") -> str:
    """Join the parts of one section."""
    also = f" cg-{name}" if name else ""
    return f'<section class="cg-part{also}">{"".join(parts)}</section>'


def paragraphs(sentences: Iterable[str]) -> str:
    """Say sentences one below the other; empty ones are left out."""
    return "".join(f"<p>{text(sentence)}</p>" for sentence in sentences if sentence)


def folded(title: str, sentences: Iterable[str]) -> str:
    """Fold sentences away under a title; on paper they are open."""
    return f"<details><summary>{text(title)}</summary>{paragraphs(sentences)}</details>"


def table(heads: Sequence[str], rows: str, *, label: str, name: str = "") -> str:
    """Put rows of HTML under their heads; a phone shows each row as a small card of its own."""
    cells = "".join(f'<th scope="col" role="columnheader">{text(head)}</th>' for head in heads)
    also = f" {name}" if name else ""
    return (
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="{text(label)}">'
        f'<table class="cg-table cg-cards{also}" role="table"><thead role="rowgroup">'
        f'<tr role="row">{cells}</tr></thead><tbody role="rowgroup">{rows}</tbody></table></div>'
    )


def row(title: str, cells: Sequence[tuple[str, str]], *, unsure: bool = False) -> str:
    """Return a row: its title and, of each cell, the head it stands under and its HTML."""
    kind = ' class="is-unsure"' if unsure else ""
    body = "".join(_cell(head, html) for head, html in cells)
    return f'<tr role="row"{kind}><th scope="row" role="rowheader">{text(title)}</th>{body}</tr>'


def _cell(head: str, html: str) -> str:
    empty = "" if html else ' class="is-empty"'
    return f'<td role="cell" data-head="{text(head)}"{empty}><span>{html}</span></td>'


def bars(title: str, sums: pd.Series, whole: int, *, hatched: Sequence[str] = ()) -> str:
    """Draw amounts as bars with their names and figures, which say the same without the bars.

    `hatched` names those that follow from an assumption.
    """
    most = float(sums.abs().max()) if len(sums) else 0.0
    rows = "".join(
        _bar(str(name), int(pence), most, whole, name in hatched) for name, pence in sums.items()
    )
    return f'<div><h4>{text(title)}</h4><div class="cg-bars">{rows}</div></div>'


def _bar(name: str, pence: int, most: float, whole: int, hatched: bool) -> str:
    wide = 100 * max(pence, 0) / most if most else 0.0
    kind = ' class="is-hatched"' if hatched else ""
    return (
        f'<div class="cg-bar-row"><span>{text(name)}</span>'
        '<span class="cg-bar-line" aria-hidden="true">'
        f'<i{kind} style="width:{wide:.1f}%"></i></span>'
        f"<b>{format_pounds(pence, whole=True)}</b>"
        f'<span class="cg-kind">{pence / whole if whole else 0:.0%}</span></div>'
    )

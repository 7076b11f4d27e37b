"""Lines of money pasted from a spreadsheet or brought as a file, and tables taken away as files.

In: text or a file from somebody's own machine. Out: what taking it would change, and, when they
say so, the lines with it; and any table as CSV or XLSX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from data import lines, lines_table, sheets
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import lines_work, typed
from pages.shared.figures import plain
from pages.shared.lines_words import TITLES, VIEWS, coded

ADD, REPLACE = "add", "replace"
WAYS = {
    ADD: "Put them to the lines that are here; one of the same short name takes its place",
    REPLACE: "Take them in place of all lines that are here",
}
KINDS: Final = (
    ("csv", "text/csv", "CSV"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX"),
)
_PASTED, _FILE = "budget.lines.pasted", "budget.lines.file"
_TURN: Final = "lines.brought"  # session: how often something was taken; empties both fields
_SAMPLE = "Line of money\tAmount\tUnit\tShared by\tCovers\tAgency\tYear\tKind\tStatus"


def show(result: Result) -> None:
    """Draw the ways in and out."""
    with st.expander("Paste from a spreadsheet, or bring a file", icon=":material/upload:"):
        _bring(result)
    frame = lines_table.slim(lines_work.now(result))
    with st.container(horizontal=True, gap="medium"):
        downloads(
            lambda: frame,
            f"{result.place.id}-lines",
            what="these lines",
        )


def downloads(frame: Callable[[], pd.DataFrame], name: str, *, what: str) -> None:
    """Offer a table as CSV and as XLSX; each is made when asked for.

    `frame` is called outside the session: it must hold what it needs, and not ask the session.
    """
    for suffix, mime, title in KINDS:
        st.download_button(
            f"Download {what} as {title}",
            data=partial(_packed, frame, suffix),
            file_name=f"{name}.{suffix}",
            mime=mime,
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=f"budget.lines.download.{name}.{suffix}",
        )


def _packed(frame: Callable[[], pd.DataFrame], suffix: str) -> bytes:
    return sheets.packed(frame(), f".{suffix}")


def _bring(result: Result) -> None:
    turn = st.session_state.setdefault(_TURN, 0)
    paste_column, file_column = st.columns(2, gap="medium")
    with paste_column:
        text = typed.field(
            st.text_area,
            "Copied cells",
            key=f"{_PASTED}.{turn}",
            place=result.place.id,
            height=180,
            placeholder=_SAMPLE,
            help="With the names of the columns in the first row, as in the grid or as in the file "
            "of a place; without them in the order of the essentials.",
        )
    with file_column:
        file = st.file_uploader(
            "A table of lines: CSV or XLSX",
            type=list(lines_table.TYPED),
            key=f"{_FILE}.{turn}",
            help="The first row names the columns. It stays on this machine.",
        )
    try:
        if file is not None:
            found = lines_table.of_file(file.name, file.getvalue(), titles=TITLES)
        elif text.strip():
            order = VIEWS["main"][1]
            found = lines_table.of_pasted(text, order=order, titles=TITLES)
        else:
            return
    except CommonGroundError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _offer(result, coded(result.place, found), "" if file is not None else text)


def _offer(result: Result, found: pd.DataFrame, text: str) -> None:
    """Say what taking these lines would change, and take them when told to."""
    now = lines_work.now(result)
    way = st.radio("What to do with them", list(WAYS), format_func=WAYS.get, key="budget.lines.way")
    # Named only when joined: a line without a short name must not take the place of another.
    made = lines_table.named(found if way == REPLACE else lines_table.joined(now, found))
    strange = [name for name in found.columns if name not in lines_table.KNOWN]
    changed = lines.differences(now, made)
    count = f"{len(found)} line{'s' if len(found) != 1 else ''}"
    st.markdown(plain(f"{count} found. Taking them: {changed.sentence()}."))
    if strange:
        named = ", ".join(strange[:8])
        st.caption(plain(f"Columns that no rule knows are kept as they are: {named}."))
    st.button(
        f"Take {count}",
        type="primary",
        disabled=not changed.any,
        on_click=_take,
        args=(result, made, text),
        key="budget.lines.take",
    )


def _take(result: Result, made: pd.DataFrame, text: str) -> None:
    lines_work.put(result, made)
    field = f"{_PASTED}.{st.session_state[_TURN]}"
    if text in ("", typed.now(field, place=result.place.id)):  # else more was pasted meanwhile
        st.session_state[_TURN] += 1

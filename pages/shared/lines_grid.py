"""The lines of money as a grid to type in, with what is wrong beside it.

In: a result. Out: the grid in one of five groups of columns; every fault with its line; what has
changed against the place's own lines; and the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from data import lines_table
from data.lines import Fault
from data.run import Result
from pages.shared import blocks, lines_work, links
from pages.shared.figures import plain
from pages.shared.lines_words import TITLES, VIEWS, columns, in_words, understood

_GRID: Final = "lines.grid"  # session: the table as the grid was last given it
_HEIGHT: Final = 520
_SHOWN: Final = 30
WRONG: Final = "wrong here"  # no table of lines has a column with a blank in its name
WRONG_WIDE: Final = 90
_WHOLE: Final = "the line"
_RED: Final = "background-color: #7a0f0a; color: #ffffff"  # the grid pales what it writes here


def show(result: Result, link: links.Link) -> None:
    """Draw the grid and, beside it, what is wrong and what has changed."""
    link.option("columns", options=VIEWS, default="main", what="group of columns")
    view = st.segmented_control(
        "Columns",
        list(VIEWS),
        format_func=lambda id: VIEWS[id][0],
        key=link.key("columns"),
        required=True,
    )
    grid_column, beside = st.columns([13, 5], gap="medium")
    with grid_column:
        _grid(result, str(view or "main"))
    with beside:
        _way_back(result)
        standing(result)


def standing(result: Result) -> None:
    """Say what is wrong with the lines, by line, or what they come to."""
    found = lines_work.faults(result)
    if found:
        lines = len({fault.line for fault in found})
        many = f"{len(found)} fault{'s' if len(found) > 1 else ''} in {lines} "
        many += f"line{'s' if lines > 1 else ''}"
        st.error(
            f"{many}. Until that is mended, every other figure of this page stays as it was; what "
            "you typed is kept.",
            icon=":material/error:",
        )
        blocks.remarks("What is wrong, line by line", [_told(fault) for fault in found[:_SHOWN]])
        if len(found) > _SHOWN:
            st.caption(f"And {len(found) - _SHOWN:,} more.")
        return
    books, changed = result.eliminations, lines_work.changes(result)
    st.success(
        f"Nothing is wrong with the {len(books.table)} lines. As the agencies state them they come "
        f"to {plain(format_pounds(books.gross_pence))}.",
        icon=":material/check_circle:",
    )
    if changed.any:
        st.caption(f"Against the lines of the place: {changed.sentence()}.")
    else:
        st.caption("These are the lines of the place; nobody has changed them here.")


def edited(
    base: pd.DataFrame,
    delta: dict[str, Any],
    read: Callable[[str, str], str] = lambda _, text: text,
) -> pd.DataFrame:
    """Return a table with what was typed in the grid: cells, new lines, lines taken out.

    `read` makes of a column and what was typed in it what a table of lines holds.
    """
    frame = base.reset_index(drop=True)
    for row, cells in delta.get("edited_rows", {}).items():
        for name, value in cells.items():
            if name in frame.columns:
                frame.at[int(row), name] = read(name, _text(value))
    gone = [int(row) for row in delta.get("deleted_rows", [])]
    frame = frame.drop(index=frame.index[gone])
    more = [
        {str(name): read(str(name), _text(cells.get(name))) for name in frame.columns}
        for cells in delta.get("added_rows", [])
    ]
    if more:
        frame = pd.concat([frame, pd.DataFrame(more, columns=frame.columns, dtype="str")])
    return frame.reset_index(drop=True)


def _grid(result: Result, view: str) -> None:
    """Draw the grid.

    It keeps what is typed as differences from the table it was given. It is given the same table
    until somebody takes a line out, or the lines change by another way than by typing; else every
    cell that is typed would put the cursor back to the beginning.
    """
    state: dict[str, Any] = st.session_state.setdefault(_GRID, {"number": 0})
    place, frame = result.place.id, lines_work.now(result)
    text = lines_table.written(frame)
    key = _key(state)
    same = (state.get("place"), state.get("view"), state.get("text")) == (place, view, text)
    found = lines_work.faults(result)
    if not same or key not in st.session_state:
        state.update(number=state["number"] + 1, place=place, view=view, text=text, base=frame)
        state["wrong"] = bool(found)
        key = _key(state)
    base: pd.DataFrame = state["base"]
    order = list(VIEWS[view][1])
    if view == "all":
        order += [name for name in base.columns if name not in order]
    shown = in_words(result.place, base).set_index(pd.RangeIndex(1, len(base) + 1))
    shown.insert(0, WRONG, pd.Series("", index=shown.index, dtype="str"))
    # Room on a phone is for the lines; a column that moved would put the cursor back, too.
    order.insert(0 if state["wrong"] else len(order), WRONG)
    st.data_editor(
        _marked(shown, wrong_cells(frame, found)),
        key=key,
        column_order=order,
        column_config={
            **columns(result.place, base),
            WRONG: st.column_config.TextColumn(
                "Wrong",
                width=WRONG_WIDE,
                disabled=True,
                help="Which cells of the line are wrong; what to do about it stands beside.",
            ),
        },
        num_rows="dynamic",
        hide_index=False,
        height=_HEIGHT,
        width="stretch",
        on_change=_typed,
        args=(result, key),
        alt="The lines of money as a grid that can be typed in",
    )
    st.caption(
        "Type in a cell, or paste cells from a spreadsheet. A new line goes into the last row; to "
        "take lines out, tick them at the left and press Delete."
    )


def wrong_cells(frame: pd.DataFrame, found: Sequence[Fault]) -> dict[int, list[str]]:
    """Return the titles of the columns in which each line is wrong, as far as a fault says it."""
    named: dict[int, list[str]] = {}
    for fault in found:
        if not 0 < fault.line <= len(frame):
            continue
        row, first = frame.iloc[fault.line - 1], fault.rule.partition(" ")[0].lower()
        cells = [name for name in row.index if fault.found and row[name] == fault.found]
        names = (
            [TITLES[first]] if first in TITLES else [TITLES.get(name, name) for name in cells[:1]]
        )
        named.setdefault(fault.line, []).extend(names or [_WHOLE])
    return named


def _marked(shown: pd.DataFrame, wrong: Mapping[int, Sequence[str]]) -> Any:
    """Return the grid with the column that names the wrong cells of a line, in red.

    Streamlit colours no cell that can be typed in, and takes a grid with other values for another
    one, in which the cursor is back at the beginning. What a column that cannot be typed in shows
    and how it looks is no value, so only that changes with every cell that is typed.
    """
    names = {line: titles for line, titles in wrong.items() if line in shown.index}
    if not names:
        return shown
    order = [TITLES.get(str(name), str(name)) for name in shown.columns]
    place = {title: at for at, title in enumerate([*order, _WHOLE])}
    styled = shown.style.map(lambda _: _RED, subset=pd.IndexSlice[list(names), WRONG])
    for line, titles in names.items():
        words = ", ".join(sorted(set(titles), key=place.__getitem__))
        styled = styled.format(_saying(words), subset=pd.IndexSlice[line, WRONG])
    return styled


def _saying(words: str) -> Callable[[object], str]:
    return lambda _: words


def _typed(result: Result, key: str) -> None:
    state = st.session_state[_GRID]
    if key != _key(state):  # a browser that is late tells of a grid that another has replaced
        return
    delta: dict[str, Any] = dict(st.session_state[key])
    made = edited(state["base"], delta, partial(understood, result.place))
    lines_work.put(result, made)
    blank = (lines_table.complete(made) == "").all(axis=1)
    hole = bool(blank[: len(made) - int(blank[::-1].cumprod().sum())].any())
    # Only then the numbers of the grid are not those of the table any more.
    again = bool(delta.get("deleted_rows")) or hole
    state["text"] = "" if again else lines_table.written(lines_work.now(result))


def _key(state: Mapping[str, Any]) -> str:
    return f"budget.lines.grid.{state['number']}"


def _way_back(result: Result) -> None:
    back, again = lines_work.steps(result)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Take back",
            icon=":material/undo:",
            disabled=not back,
            on_click=lines_work.step,
            args=(result,),
            kwargs={"back": True},
            key="budget.lines.back",
            help="Undoes the last change of the lines.",
        )
        st.button(
            "Do again",
            icon=":material/redo:",
            disabled=not again,
            on_click=lines_work.step,
            args=(result,),
            kwargs={"back": False},
            key="budget.lines.again",
        )
        st.button(
            "The place's own lines",
            icon=":material/restart_alt:",
            disabled=not lines_work.changes(result).any,
            on_click=lines_work.start_again,
            args=(result,),
            key="budget.lines.own",
            help="Goes back to the lines as they are in the place; that too can be taken back.",
        )


def _told(fault: Fault) -> tuple[str, str]:
    """Return a fault as a heading that names the line, and what to do."""
    where = f"Line {fault.line}" if fault.line else "All lines"
    name = f", {fault.id}" if fault.id else ""
    found = f": {fault.found}" if fault.found else ""
    rule = fault.rule[:1].upper() + fault.rule[1:]
    return f"{where}{name}{found}", f"{_titled(rule)}. {fault.remedy}"


def _titled(rule: str) -> str:
    """Return a rule in the titles of the grid where it begins with the name of a column."""
    first, _, rest = rule.partition(" ")
    title = TITLES.get(first.lower())
    return rule if title is None else f"{title} {rest}"


def _text(value: object) -> str:
    return "" if value is None else str(value)

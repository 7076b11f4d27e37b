"""One line of money in a form: for a new line, for the keyboard, for a screen reader, for a phone.

In: a result and which line. Out: its fields with their names and their help; the areas it covers
chosen by name; and the line, kept when its maker says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from budgets.errors import CoversNotUnderstood
from budgets.streams import ALL_AREAS, parse_covers, split_cover
from data import lines_table
from data.run import Result
from pages.shared import lines_work
from pages.shared.lines_words import COLUMNS, TITLES, VIEWS, choices, layer_titles, words_of

NEW: Final = -1
_FIRST = ("title", "agency", "amount", "unit", "year", "kind", "status", "theme")
_SHARED = ("method", "use", "follows", "held_at")
_WORDS = ("source", "basis", "assumption", "reason")
_MOST_AREAS: Final = 500
_BESIDE: Final = 4
_NAMED: Final = "budget.lines.form.line"
_TURN: Final = "lines.form"  # session: how many lines were added; empties the fields of a new one


def show(result: Result) -> None:
    """Draw the form, folded until somebody wants it."""
    with st.expander("One line in a form: add, edit, take out", icon=":material/edit_note:"):
        frame = lines_work.now(result)
        rows = [NEW, *range(len(frame))]
        at = st.selectbox(
            "Which line",
            rows,
            format_func=lambda row: _name(frame, row),
            key=_NAMED,
        )
        at = NEW if at is None or at >= len(frame) else int(at)
        row = _empty(frame) if at == NEW else frame.iloc[at].astype("str")
        turn = st.session_state.setdefault(_TURN, 0) if at == NEW else 0
        made = _fields(result, row, f"{_key(at, row)}.{turn}")
        _buttons(result, frame, at, made)


def _fields(result: Result, row: pd.Series, key: str) -> dict[str, str]:
    """Draw the fields and return what stands in them."""
    made = _rows_of_fields(result, _FIRST, row, key)
    made["covers"] = _areas(result, row["covers"], key)
    made |= _rows_of_fields(result, (*_SHARED, *_WORDS), row, key)
    if st.toggle("More fields: what binds it, whose hands it passes", key=f"{key}.more"):
        done = {*made, "id"}
        more = [name for name in VIEWS["all"][1] if name not in done]
        made |= _rows_of_fields(result, more, row, key)
    return made


def _rows_of_fields(
    result: Result, names: Sequence[str], row: pd.Series, key: str
) -> dict[str, str]:
    """Draw fields four beside one another; on a phone they follow in the same order."""
    made: dict[str, str] = {}
    for start in range(0, len(names), _BESIDE):
        columns = st.columns(_BESIDE, gap="small")
        for column, name in zip(columns, names[start : start + _BESIDE], strict=False):
            with column:
                made[name] = _field(result, name, row[name], key)
    return made


def _field(result: Result, name: str, text: str, key: str) -> str:
    """Draw one field: a choice where only a few words may stand, else a text."""
    offered = {**choices(result.place), "use": tuple(str(use) for use in result.place.use.columns)}
    help_ = COLUMNS[name][1]
    if name == "follows" or name == "transfer_of":
        offered[name] = tuple(str(id) for id in result.place.streams.index)
    if name not in offered:
        return st.text_input(TITLES[name], text, key=f"{key}.{name}", help=help_).strip()
    options = list(dict.fromkeys(["", *offered[name], text]))
    titles = layer_titles(result.place)

    def word(option: str) -> str:
        if name == "method" and option:
            return words_of(option)
        return titles.get(option, option or "–") if name == "held_at" else option or "–"

    chosen = st.selectbox(
        TITLES[name],
        options,
        index=options.index(text),
        format_func=word,
        key=f"{key}.{name}",
        help=help_,
        accept_new_options=name == "use",
    )
    return str(chosen or "").strip()


def _areas(result: Result, text: str, key: str) -> str:
    """Let somebody choose the areas by name, or write them where they are of several kinds."""
    try:
        covers = [split_cover(part) for part in parse_covers(text)] if text else []
    except CoversNotUnderstood:
        covers = [("", text)]
    titles, layers = layer_titles(result.place), {layer for layer, _ in covers}
    named = layers <= set(titles) and len(layers) <= 1
    if not named:
        return st.text_input(
            TITLES["covers"], text, key=f"{key}.covers", help=COLUMNS["covers"][1]
        ).strip()
    kind_column, areas_column = st.columns([1, 3], gap="small")
    with kind_column:
        options = ["", *titles]
        layer = st.selectbox(
            "Kind of area it covers",
            options,
            index=options.index(next(iter(layers), "")),
            format_func=lambda id: titles[id] if id else "none: the whole place",
            key=f"{key}.layer",
        )
    if not layer:
        return ""
    areas = result.layers[layer]["name"].astype("str")
    with areas_column:
        if len(areas) > _MOST_AREAS:
            mine = [code for of, code in covers if of == layer]
            codes = st.text_input(
                "Codes of the areas, with a semicolon between; * for all",
                ";".join(mine) or ALL_AREAS,
                key=f"{key}.{layer}.codes",
            )
            picked = [code.strip() for code in codes.split(";") if code.strip()]
        else:
            picked = st.multiselect(
                "Areas it covers",
                [ALL_AREAS, *areas.index],
                default=[code for of, code in covers if of == layer and _known(code, areas)]
                or [ALL_AREAS],
                format_func=lambda code: "all of them" if code == ALL_AREAS else areas[code],
                key=f"{key}.{layer}.areas",
            )
    return ";".join(f"{layer}:{code}" for code in picked)


def _buttons(result: Result, frame: pd.DataFrame, at: int, made: dict[str, str]) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add this line" if at == NEW else "Keep this line",
            type="primary",
            icon=":material/check:",
            on_click=_keep,
            args=(result, frame, at, made),
            key="budget.lines.form.keep",
            disabled=not any(made.values()),
        )
        if at != NEW:
            st.button(
                "Take this line out",
                icon=":material/delete:",
                on_click=_drop,
                args=(result, frame, at),
                key="budget.lines.form.drop",
            )


def _keep(result: Result, frame: pd.DataFrame, at: int, made: dict[str, str]) -> None:
    if at == NEW:
        more = pd.DataFrame([made], dtype="str")
        frame = pd.concat([frame, lines_table.complete(more)], ignore_index=True).fillna("")
        st.session_state[_TURN] += 1
    else:
        frame = frame.copy()
        for name, text in made.items():
            frame.at[at, name] = text
    lines_work.put(result, frame)


def _drop(result: Result, frame: pd.DataFrame, at: int) -> None:
    lines_work.put(result, frame.drop(index=at))
    st.session_state[_NAMED] = NEW


def _name(frame: pd.DataFrame, row: int) -> str:
    if row == NEW or row >= len(frame):
        return "A new line"
    return f"{row + 1}: {frame['title'].iloc[row] or frame['id'].iloc[row]}"


def _empty(frame: pd.DataFrame) -> pd.Series:
    """Return a line in which only stands what most lines have in common."""
    row = pd.Series("", index=frame.columns, dtype="str")
    for name in ("year", "kind", "status", "unit"):
        said = frame[name][frame[name] != ""]
        row[name] = str(said.mode().iloc[0]) if len(said) else ""
    return row


def _key(at: int, row: pd.Series) -> str:
    """Return a key that changes when the line does, so that the fields show it as it is."""
    text = "\0".join(str(value) for value in row)
    return f"budget.lines.form.{at}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _known(code: str, areas: pd.Series) -> bool:
    return code == ALL_AREAS or code in areas.index

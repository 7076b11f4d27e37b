"""One line of money in a form: for a new line, for the keyboard, for a screen reader, for a phone.

In: a result and which line. Out: its fields with their names and their help; the areas it covers
chosen by name; and the line, kept when its maker says so. What is typed and not kept yet stays
while another part of the page is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from budgets.errors import CoversNotUnderstood
from budgets.streams import ALL_AREAS, parse_covers, split_cover
from data import lines_table
from data.run import Result
from pages.shared import lines_work, typed
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
        place = result.place.id
        if typed.now(_NAMED, place=place, first=NEW) not in rows:
            typed.put(_NAMED, NEW, place=place)
        at = int(
            typed.field(
                st.selectbox,
                "Which line",
                rows,
                key=_NAMED,
                place=place,
                first=NEW,
                format_func=lambda row: _name(frame, row),
            )
        )
        row = _empty(frame) if at == NEW else frame.iloc[at].astype("str")
        turn = st.session_state.setdefault(_TURN, 0) if at == NEW else 0
        key = f"{_key(at, row)}.{turn}"
        _fields(result, row, key)
        _buttons(result, frame, at, row, key)


def _fields(result: Result, row: pd.Series, key: str) -> None:
    """Draw the fields."""
    _rows_of_fields(result, _FIRST, row, key)
    _areas(result, row["covers"], key)
    _rows_of_fields(result, (*_SHARED, *_WORDS), row, key)
    label = "More fields: what binds it, whose hands it passes"
    if typed.field(st.toggle, label, key=f"{key}.more", place=result.place.id, first=False):
        _rows_of_fields(result, _more(), row, key)


def _more() -> list[str]:
    done = {*_FIRST, "covers", *_SHARED, *_WORDS, "id"}
    return [name for name in VIEWS["all"][1] if name not in done]


def _made(result: Result, row: pd.Series, key: str) -> dict[str, str]:
    """Return what stands in the fields, also in those that the last run did not see changed."""
    place = result.place.id
    names = [*_FIRST, *_SHARED, *_WORDS, *_more()]
    found = {name: typed.now(f"{key}.{name}", place=place, first=row[name]) for name in names}
    made = {name: str(value or "").strip() for name, value in found.items()}
    return made | {"covers": _covered(result, row["covers"], key)}


def _rows_of_fields(result: Result, names: Sequence[str], row: pd.Series, key: str) -> None:
    """Draw fields four beside one another; on a phone they follow in the same order."""
    for start in range(0, len(names), _BESIDE):
        columns = st.columns(_BESIDE, gap="small")
        for column, name in zip(columns, names[start : start + _BESIDE], strict=False):
            with column:
                _field(result, name, row[name], key)


def _field(result: Result, name: str, text: str, key: str) -> None:
    """Draw one field: a choice where only a few words may stand, else a text."""
    offered = {**choices(result.place), "use": tuple(str(use) for use in result.place.use.columns)}
    title, help_, place, key = TITLES[name], COLUMNS[name][1], result.place.id, f"{key}.{name}"
    if name == "follows" or name == "transfer_of":
        offered[name] = tuple(str(id) for id in result.place.streams.index)
    if name not in offered:
        typed.field(st.text_input, title, key=key, place=place, first=text, help=help_)
        return
    chosen = typed.now(key, place=place, first=text) or ""
    options = list(dict.fromkeys(["", *offered[name], text, chosen]))
    titles = layer_titles(result.place)

    def word(option: str) -> str:
        if name == "method" and option:
            return words_of(option)
        return titles.get(option, option or "–") if name == "held_at" else option or "–"

    typed.field(
        st.selectbox,
        title,
        options,
        key=key,
        place=place,
        first=text,
        format_func=word,
        help=help_,
        accept_new_options=name == "use",
    )


def _areas(result: Result, text: str, key: str) -> None:
    """Let somebody choose the areas by name, or write them where they are of several kinds."""
    place, titles, covers = result.place.id, layer_titles(result.place), _split(text)
    if not _by_name(covers, titles):
        typed.field(
            st.text_input,
            TITLES["covers"],
            key=f"{key}.covers",
            place=place,
            first=text,
            help=COLUMNS["covers"][1],
        )
        return
    kind_column, areas_column = st.columns([1, 3], gap="small")
    with kind_column:
        layer = typed.field(
            st.selectbox,
            "Kind of area it covers",
            ["", *titles],
            key=f"{key}.layer",
            place=place,
            first=next((of for of, _ in covers), ""),
            format_func=lambda id: titles[id] if id else "none: the whole place",
        )
    if not layer:
        return
    areas = result.layers[layer]["name"].astype("str")
    with areas_column:
        if len(areas) > _MOST_AREAS:
            typed.field(
                st.text_input,
                "Codes of the areas, with a semicolon between; * for all",
                key=f"{key}.{layer}.codes",
                place=place,
                first=";".join(_first(covers, layer)),
            )
        else:
            typed.field(
                st.multiselect,
                "Areas it covers",
                [ALL_AREAS, *areas.index],
                key=f"{key}.{layer}.areas",
                place=place,
                first=_first(covers, layer, areas),
                format_func=lambda code: "all of them" if code == ALL_AREAS else areas[code],
            )


def _covered(result: Result, text: str, key: str) -> str:
    """Return what the line covers, as its fields say now."""
    place, covers = result.place.id, _split(text)
    if not _by_name(covers, layer_titles(result.place)):
        return str(typed.now(f"{key}.covers", place=place, first=text)).strip()
    first = next((of for of, _ in covers), "")
    layer = typed.now(f"{key}.layer", place=place, first=first)
    if not layer:
        return ""
    areas = result.layers[layer]["name"]
    if len(areas) > _MOST_AREAS:
        codes = typed.now(
            f"{key}.{layer}.codes", place=place, first=";".join(_first(covers, layer))
        )
        picked = [code.strip() for code in codes.split(";") if code.strip()]
    else:
        picked = typed.now(f"{key}.{layer}.areas", place=place, first=_first(covers, layer, areas))
    return ";".join(f"{layer}:{code}" for code in picked)


def _split(text: str) -> list[tuple[str, str]]:
    try:
        return [split_cover(part) for part in parse_covers(text)] if text else []
    except CoversNotUnderstood:
        return [("", text)]


def _by_name(covers: list[tuple[str, str]], titles: Mapping[str, str]) -> bool:
    """Say whether the areas can be chosen by name: they are of one kind, or there is none yet."""
    layers = {layer for layer, _ in covers}
    return layers <= set(titles) and len(layers) <= 1


def _first(covers: list[tuple[str, str]], layer: str, areas: pd.Series | None = None) -> list[str]:
    """Return which areas of a layer the line covers before anybody touched the fields."""
    mine = [code for of, code in covers if of == layer]
    return [code for code in mine if areas is None or _known(code, areas)] or [ALL_AREAS]


def _buttons(result: Result, frame: pd.DataFrame, at: int, row: pd.Series, key: str) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add this line" if at == NEW else "Keep this line",
            type="primary",
            icon=":material/check:",
            on_click=_keep,
            args=(result, frame, at, row, key),
            key="budget.lines.form.keep",
            disabled=not any(_made(result, row, key).values()),
        )
        if at != NEW:
            st.button(
                "Take this line out",
                icon=":material/delete:",
                on_click=_drop,
                args=(result, frame, at),
                key="budget.lines.form.drop",
            )


def _keep(result: Result, frame: pd.DataFrame, at: int, row: pd.Series, key: str) -> None:
    made = _made(result, row, key)
    typed.forget(f"{key}.", place=result.place.id)
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
    typed.put(_NAMED, NEW, place=result.place.id)


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

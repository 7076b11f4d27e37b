"""The widgets of an entry that shares money out: what it follows, how fast, within what limits.

In: the desk and the entry. Out: widgets; those that its rule does not read are not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from budgets.scenario_checks import RAKING
from data import choosing_entries
from data.choosing_repair import Spot
from pages.shared import cache_choices, choices_said
from pages.shared.choices_desk import Desk, about, filled, key_of, seeded, taker, when_changed

MOST_POUNDS: Final = 1e11
MOST_TIMES: Final = 20.0
MOST_YEARS: Final = choosing_entries.MOST_YEARS
AT_ONCE: Final = "proportional"


def show(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    """Draw the widgets of the entry."""
    about(desk, spot, held, shared=True)
    _followed(desk, spot, held)
    rule = held.get("rule", AT_ONCE)
    st.selectbox(
        "How fast",
        list(choices_said.RULES),
        format_func=choices_said.RULES.__getitem__,
        key=seeded(spot, "rule", rule),
        on_change=taker(desk, spot, "rule"),
    )
    if rule == RAKING:
        st.caption("Every line keeps its sum, every area gets its share of them all.")
        return
    _rates(desk, spot, held, rule)
    _limits(desk, spot, held, rule)
    _years(desk, spot, held)
    with st.expander("More limits", expanded=bool({"fixed", "minimum", "match"} & set(held))):
        _more(desk, spot, held, rule)


def _followed(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    result = desk.result
    offered = cache_choices.offered(result).measures
    ways = [way for way in choices_said.BY if way != "need" or offered]
    first, second = st.columns(2, gap="medium", vertical_alignment="bottom")
    with first:
        st.segmented_control(
            "Money follows",
            ways,
            format_func=choices_said.BY.__getitem__,
            key=seeded(spot, "by", held["by"]),
            on_change=taker(desk, spot, "by", made=lambda value: value or held["by"]),
        )
    if held["by"] != "need":
        return
    measure = held.get("measure", next(iter(offered)))
    with second:
        st.selectbox(
            "Need, counted by",
            list(dict.fromkeys([*offered, measure])),
            format_func=lambda id: offered.get(id, f"{id} (not there)"),
            key=seeded(spot, "measure", measure),
            on_change=taker(desk, spot, "measure"),
        )
    left, right = st.columns(2, gap="medium")
    weight, times = (
        held.get("need_weight", result.need_weight),
        held.get("neediest_per_head", result.neediest_per_head),
    )
    with left:
        st.slider(
            "How much of it follows need",
            0,
            100,
            step=5,
            format="%d%%",
            key=seeded(spot, "need_weight", round(100 * weight)),
            on_change=taker(desk, spot, "need_weight", made=lambda value: value / 100),
            help="The rest is shared equally by head.",
        )
    with right:
        st.slider(
            "The neediest area gets, for each person",
            1.0,
            max(MOST_TIMES, float(times)),
            step=0.5,
            format="%.1f times",
            key=seeded(spot, "neediest_per_head", float(times)),
            on_change=taker(desk, spot, "neediest_per_head"),
            help="Times as much as the least needy area, of the part that follows need. A count "
            "of people is followed as it is.",
        )


def _rates(desk: Desk, spot: Spot, held: dict[str, Any], rule: str) -> None:
    """Ask for the yearly figures that only one rule reads."""
    asked = {
        "taper": (
            ("growth", "Growth of areas up to 5 % above their share, % a year"),
            ("far_growth", "Growth of those more than 10 % above, % a year"),
        ),
        "convergence": (("cap", "No area grows by more than, % a year"),),
    }.get(rule, ())
    for column, (key, label) in zip(st.columns(max(len(asked), 1)), asked, strict=False):
        with column:
            st.text_input(
                label,
                key=filled(spot, key, choosing_entries.written(held.get(key, ()))),
                on_change=taker(desk, spot, key, made=choosing_entries.rates),
                placeholder="none" if key != "growth" else "",
                help="One figure, or one for each year with commas between them: 2.5, 2, 1.",
            )


def _limits(desk: Desk, spot: Spot, held: dict[str, Any], rule: str) -> None:
    """Ask for floor and ceiling, and in what they are counted."""
    unit = held.get("unit", "per cent")
    first, second, third = st.columns([1, 1, 1], gap="medium", vertical_alignment="bottom")
    limited = "floor" in held or "ceiling" in held

    def take_unit(chosen: str | None) -> None:
        chosen = chosen or unit
        st.session_state[key_of(spot, "wanted")] = chosen
        if limited:
            desk.change(spot, "unit", chosen)

    def take_limit(name: str) -> Callable[[], None]:
        def take(value: float | None) -> None:
            wanted = st.session_state.get(key_of(spot, "wanted"), "per cent")
            desk.limit(spot, name, value, unit=unit if limited else wanted)

        return when_changed(spot, name, take)

    shown = unit if limited else st.session_state.get(key_of(spot, "wanted"), "per cent")
    with first:
        st.selectbox(
            "Limits in",
            list(choices_said.UNITS),
            format_func=choices_said.UNITS.__getitem__,
            key=seeded(spot, "unit", shown),
            on_change=when_changed(spot, "unit", take_unit),
            help="A % is counted on what can move today: -3 leaves an area 97 % of it.",
        )
    least = -100.0 if shown == "per cent" else 0.0
    most = 1000.0 if shown == "per cent" else MOST_POUNDS
    for column, (name, label) in zip(
        (second, third), (("floor", "No area less than"), ("ceiling", "No area more than")),
        strict=True,
    ):  # fmt: skip
        with column:
            value = held.get(name)
            st.number_input(
                label,
                least,
                most,
                value=None,
                step=1.0 if shown == "per cent" else 1000.0 if shown == "pounds" else 10.0,
                format="%.6g" if shown == "per cent" else "%.2f",
                key=filled(spot, name, None if value is None else float(value)),
                on_change=take_limit(name),
                placeholder="no limit" if (rule, name) != ("damping", "floor") else "",
            )


def _years(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    """Ask over how many years, and how the sum grows."""
    growth = tuple(held.get("yearly", ()))
    years = max(len(growth), 1)
    first, second = st.columns(2, gap="medium", vertical_alignment="bottom")

    def take_years(number: int) -> None:
        many = choosing_entries.yearly(number, growth)
        desk.change(spot, "yearly", many if number > 1 else many[:1])

    def take_growth(text: str) -> None:
        asked = desk.rates(spot, text)
        if asked is not None:
            number = max(years, len(asked))
            desk.change(spot, "yearly", choosing_entries.yearly(number, asked))

    with first:
        st.slider(
            "Over how many years",
            1,
            MOST_YEARS,
            key=seeded(spot, "years", min(years, MOST_YEARS)),
            on_change=when_changed(spot, "years", take_years),
        )
    with second:
        st.text_input(
            "The sum grows by, % a year",
            key=filled(spot, "yearly", choosing_entries.written(growth) or "0"),
            on_change=when_changed(spot, "yearly", take_growth),
            help="One figure, or one for each year with commas between them: 2.5, 2, 1. Below "
            "nought it shrinks.",
        )


def _more(desk: Desk, spot: Spot, held: dict[str, Any], rule: str) -> None:
    """Ask for the limits that are used less often."""
    first, second = st.columns(2, gap="medium", vertical_alignment="bottom")
    asked = [("fixed", "Each area gets first, in pounds", first)]
    if rule != "convergence":
        asked.append(("minimum", "Smallest amount worth having, in pounds", second))
    for key, label, column in asked:
        with column:
            st.number_input(
                label,
                0.0,
                MOST_POUNDS,
                value=None,
                step=1000.0,
                format="%.2f",
                key=filled(spot, key, None if key not in held else float(held[key])),
                on_change=taker(desk, spot, key),
                placeholder="none",
            )
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    names = [
        item for item in cache_choices.names(desk.result, desk.chosen) if item.id != held["of"]
    ]
    titles = {item.id: item.title for item in names}

    def take_match(value: float | None) -> None:
        desk.match(spot, value, first=names[0].id)

    with left:
        st.number_input(
            "At most, for each pound an area brings itself",
            0.0,
            1e6,
            value=None,
            step=0.5,
            format="%.6g",
            key=filled(spot, "match", None if "match" not in held else float(held["match"])),
            on_change=when_changed(spot, "match", take_match),
            placeholder="none",
            disabled=not names,
        )
    if "match" in held:
        with right:
            st.selectbox(
                "What areas bring themselves",
                list(dict.fromkeys([*titles, held["match_with"]])),
                format_func=lambda id: titles.get(id, id),
                key=seeded(spot, "match_with", held["match_with"]),
                on_change=taker(desk, spot, "match_with"),
            )

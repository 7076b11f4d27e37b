"""The widgets of one entry: growth and cuts, money joined, who holds it. See `choices_share`.

In: the desk and which entry is open. Out: widgets that show what the document says of it and change
the document when they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from budgets.money import read_amount
from data import choosing
from data.choosing_repair import Spot
from pages.shared import cache_choices, choices_said, choices_share, figures, typed
from pages.shared.choices_desk import Desk, about, filled, key_of, seeded, taker, when_changed

PER_CENT, AMOUNT = "per_cent", "amount"
MOST_POUNDS: Final = 1e11


def show(desk: Desk, spot: Spot) -> None:
    """Draw the widgets of an entry."""
    held = choosing.entry(desk.chosen, spot.part, spot.number)
    drawn: dict[str, Callable[[Desk, Spot, dict[str, Any]], None]] = {
        "change": _change,
        "join": _join,
        "share": choices_share.show,
        "devolve": _devolve,
    }
    drawn[spot.part](desk, spot, held)


def _change(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    of = about(desk, spot, held)
    way = PER_CENT if PER_CENT in held else AMOUNT
    first, second = st.columns([2, 3], gap="medium", vertical_alignment="bottom")

    def turned(chosen: str) -> Any:
        """Keep the sum, as near as it can be said in the other way."""
        if chosen == AMOUNT:
            pence = round(of.pence * float(held.get(PER_CENT, 0.0)) / 100)
            return f"{pence / 100:.2f}"
        pence = read_amount(held.get(AMOUNT, "0")).pence
        return round(100 * pence / of.pence, 2) if of.pence else 0.0

    def take_way(chosen: str | None) -> None:
        if chosen and chosen != way:
            desk.change(spot, chosen, turned(chosen))

    with first:
        st.segmented_control(
            "Counted",
            [PER_CENT, AMOUNT],
            format_func={PER_CENT: "in %", AMOUNT: "in £"}.__getitem__,
            key=seeded(spot, "way", way),
            on_change=when_changed(spot, "way", take_way),
        )
    with second:
        if way == PER_CENT:
            low, high = -100.0, 100.0
            st.slider(
                "Growth, or below nought a cut, of each line",
                min(low, held[PER_CENT]),
                max(high, held[PER_CENT]),
                step=0.5,
                format="%+.2f%%",
                key=seeded(spot, PER_CENT, float(held[PER_CENT])),
                on_change=taker(desk, spot, PER_CENT),
            )
        else:
            st.number_input(
                "Growth, or below nought a cut, in pounds",
                -MOST_POUNDS,
                MOST_POUNDS,
                step=1000.0,
                format="%.2f",
                key=filled(spot, AMOUNT, read_amount(held[AMOUNT]).pence / 100),
                on_change=taker(desk, spot, AMOUNT, made=lambda value: f"{value:.2f}"),
            )
    st.text_input(
        "Why",
        max_chars=300,
        key=filled(spot, "reason", held["reason"]),
        on_change=taker(
            desk, spot, "reason", made=lambda words: words.strip() or choosing.NOT_EXPLAINED
        ),
    )


def _join(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    titles = choices_said.Titles(desk.result).lines
    taken = {id for at, join in enumerate(desk.chosen.join, 1) if at != spot.number
             for id in join.stream}  # fmt: skip
    offered = [id for id in titles if id not in taken]
    st.segmented_control(
        "How",
        list(choices_said.WAYS),
        format_func=choices_said.WAYS.__getitem__,
        key=seeded(spot, "as", held["as"]),
        on_change=taker(desk, spot, "as", made=lambda value: value or held["as"]),
    )
    st.caption(choices_said.WAYS_SAID[held["as"]])
    st.multiselect(
        "Lines of money",
        list(dict.fromkeys([*offered, *held["stream"]])),
        format_func=lambda id: titles.get(id, f"{id} (not there)"),
        key=seeded(spot, "stream", list(held["stream"])),
        on_change=taker(desk, spot, "stream", made=lambda ids: ids or held["stream"]),
        placeholder="At least one",
    )
    if "pot" in held:
        _words(desk, spot, held, "pot", "Name of the budget")
    first, second = st.columns(2, gap="medium")
    if "host" in held:
        names = list(dict.fromkeys([*cache_choices.offered(desk.result).agencies, held["host"]]))
        with first:
            st.selectbox(
                "Who holds it",
                names,
                accept_new_options=True,
                key=seeded(spot, "host", held["host"]),
                on_change=taker(desk, spot, "host", made=lambda name: name or held["host"]),
                help="Choose an agency, or type the name of another one.",
            )
    if "agreement" in held:
        with second:
            _words(desk, spot, held, "agreement", "Under what agreement")
    if held["as"] == "pooled":
        _risk(desk, spot, held)


def _words(desk: Desk, spot: Spot, held: dict[str, Any], key: str, label: str) -> None:
    """Ask for a few words that cannot be left out."""
    st.text_input(
        label,
        max_chars=120,
        key=filled(spot, key, held[key]),
        on_change=taker(desk, spot, key, made=lambda words: words.strip() or held[key]),
    )


def _risk(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    """Ask who bears how much of an overspend; the last agency bears the rest."""
    putting = choosing.putters(desk.result, desk.chosen, spot.number)
    stated = "risk_share" in held

    def take(_: object) -> None:
        if not typed.now(key_of(spot, "stated"), place=desk.result.place.id):
            desk.change(spot, "risk_share", None)
            return
        left, shares = 100.0, {}
        for agency in putting[:-1]:
            name = key_of(spot, f"risk.{agency}")
            asked = float(typed.now(name, place=desk.result.place.id, first=100 / len(putting)))
            shares[agency] = min(asked, left) / 100
            left -= min(asked, left)
        shares[putting[-1]] = max(round(1 - sum(shares.values()), 12), 0.0)
        desk.change(spot, "risk_share", shares)

    st.toggle(
        "State who bears an overspend",
        key=seeded(spot, "stated", stated),
        on_change=when_changed(spot, "stated", take),
        help="Otherwise each agency bears it by what it puts in.",
        disabled=len(putting) < 2,
    )
    if not stated:
        return
    shares = dict(held["risk_share"])
    for agency in putting[:-1]:
        st.slider(
            f"{figures.plain(agency)} bears",
            0.0,
            100.0,
            step=1.0,
            format="%.0f%%",
            key=seeded(spot, f"risk.{agency}", 100 * float(shares.get(agency, 0.0))),
            on_change=when_changed(spot, f"risk.{agency}", take),
        )
    last = 100 * float(shares.get(putting[-1], 0.0))
    st.caption(f"{figures.plain(putting[-1])} bears the rest, {last:.0f}%\\.")


def _devolve(desk: Desk, spot: Spot, held: dict[str, Any]) -> None:
    about(desk, spot, held)
    titles = choices_said.Titles(desk.result).levels
    first, second = st.columns(2, gap="medium", vertical_alignment="bottom")
    with first:
        st.selectbox(
            "To the areas of",
            list(dict.fromkeys([*titles, held["to"]])),
            format_func=lambda id: titles.get(id, f"{id} (not there)"),
            key=seeded(spot, "to", held["to"]),
            on_change=taker(desk, spot, "to"),
        )
    with second:
        st.slider(
            "How much of what can move",
            min(1.0, 100 * held["share"]),
            100.0,
            step=1.0,
            format="%.0f%%",
            key=seeded(spot, "share", 100 * float(held["share"])),
            on_change=taker(desk, spot, "share", made=lambda value: round(value / 100, 6)),
        )

"""Views of who gains and who loses beside the map: by need, fairness, years, who holds the money.

In: an allocation. Out: one chart or table a view, with its sentence.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from data import choosing, gaining
from data.run import Result
from data.scenarios import Allocation
from pages.shared import blocks, charts, choices_said, figures, gains_words, links
from pages.shared.figures import plain, text
from pages.shared.live_table import Column, live_table

NEEDIEST, LEAST = 1, 10


def tenths(result: Result, made: Allocation, link: links.Link) -> None:
    """Show gains and losses by tenth of areas by need: people, pounds and pounds a person."""
    found = gaining.by_tenth(made)
    if found.empty:
        blocks.hint("This place has no index of need, so that areas have no tenth.")
        return
    first, last = found.iloc[0], found.iloc[-1]
    blocks.said(
        "From the neediest tenth of areas to the least needy",
        ["A tenth of the place's areas each; 1 is the neediest by the index of need."],
    )
    charts.bars(
        pd.DataFrame(
            {
                "name": [_tenth(int(str(at))) for at in found.index],
                "value": found["pence_per_person"].to_numpy() / 100,
                "unsure": found["assumed"].to_numpy(),
            }
        ),
        title="Change for each person, by need",
        unit="pounds a person",
        of="Tenth of areas by need",
        alternative=(
            f"In the neediest tenth of areas it is {_each(first['pence_per_person'])} a person, in "
            f"the least needy {_each(last['pence_per_person'])}."
        ),
        write=lambda pounds: _each(100 * pounds),
    )
    pounds = gains_words.pounds(result)
    table = made.winners.assign(decile=[_tenth_of(name) for name in made.winners["decile"]])
    live_table(
        table,
        {
            "decile": Column("Tenth by need"),
            "areas_gain": Column("Areas that gain", "{:,.0f}".format),
            "people_gain": Column("People in them", "{:,.0f}".format),
            "gained_pence": Column("Pounds gained", pounds),
            "areas_lose": Column("Areas that lose", "{:,.0f}".format),
            "people_lose": Column("People in these", "{:,.0f}".format),
            "lost_pence": Column("Pounds lost", pounds),
            "net_pence": Column("In all", gains_words.signed(result)),
        },
        caption="Who gains and who loses, by tenth of areas by need",
        height=430,
        key="gains_tenths",
    )
    blocks.download(lambda: made.winners, f"{result.place.id}-by-need.csv")


def fair(result: Result, made: Allocation, link: links.Link) -> None:
    """Show how recorded money lies against need, before and after."""
    found = gaining.fairness(made)
    blocks.said("Does money go where need is?", found.sentences)
    if found.curves.empty:
        return
    curves = found.curves
    shown = pd.DataFrame(
        {
            "x": 100 * curves["people_share"],
            "value": 100 * curves["amount_share"],
            "series": curves["curve"],
        }
    )
    charts.curve(
        shown,
        title="Share of money and of need, from the neediest area on",
        unit="per cent of the money, or of need",
        along="Per cent of the people, from the neediest area on",
        alternative=_half(curves),
        write=lambda value: f"{value:.1f}%",
        even=True,
    )


def years(result: Result, made: Allocation, link: links.Link) -> None:
    """Show the way of a choice that goes over several years."""
    numbers = gaining.paths(made)
    if not numbers:
        blocks.hint(
            "What single areas get year by year may not be shown here."
            if made.masked is not None
            else "No choice goes over several years. In Choices, “Over how many years” sets it."
        )
        return
    titles = choices_said.Titles(result)
    said = {
        str(number): choices_said.entry(
            titles, "share", choosing.entry(made.outcome.scenario, "share", number)
        )[0]
        for number in numbers
    }
    chosen = str(numbers[0])
    if len(numbers) > 1:
        link.option("choice", options=said, default=chosen, what="choice")
        chosen = st.selectbox(
            "Which choice", list(said), format_func=said.__getitem__, key=link.key("choice")
        )
    number = int(chosen)
    blocks.said(
        "Year by year",
        ["What of this money falls here each year on the way, of the money that can move."],
    )
    tidy = gaining.path_by_tenth(made, number)
    if tidy["decile"].notna().any():
        tidy = tidy[tidy["decile"].isin([NEEDIEST, 5, LEAST])]
    shown = pd.DataFrame(
        {
            "x": ["today" if year == 0 else f"year {year}" for year in tidy["year"]],
            "value": tidy["pence_per_person"] / 100,
            "series": [
                "Everybody" if pd.isna(at) else f"Tenth {_tenth(int(at))}" for at in tidy["decile"]
            ],
        }
    )
    charts.curve(
        shown,
        title=f"{said[chosen]}: pounds a person, year by year",
        unit="pounds a person",
        along="Year",
        alternative=_way(shown),
        write=lambda pounds: format_pounds(round(100 * pounds)),
    )
    _by_year(result, made, number)


def _by_year(result: Result, made: Allocation, number: int) -> None:
    """Show what each area gets year by year."""
    table = gaining.path(made, number)
    named = [name for name in table.columns if name.isdigit()]
    pounds, fine = gains_words.pounds(result), gains_words.fineness(result)
    live_table(
        table.sort_values("name", kind="stable"),
        {"name": Column("Area"), "people": Column("People", "{:,.0f}".format)}
        | {
            name: Column("Today" if name == "0" else f"Year {name}", pounds, fine) for name in named
        },
        caption="Money that can move, by area and year",
        height=430,
        key="gains_years",
    )
    blocks.download(
        lambda: table.rename(columns={name: f"year_{name}_pence" for name in named}).rename_axis(
            "area_code"
        ),
        f"{result.place.id}-years-{number}.csv",
    )


def held(result: Result, made: Allocation, link: links.Link) -> None:
    """Show which agency holds how much at which level, and what the areas of a level hold."""
    titles = figures.level_titles(result) | {
        layer.id: layer.title for layer in result.place.settings.layers
    }
    table = made.outcome.held
    devolved = int(table["devolved_pence"].sum())
    total = int(table["held_pence"].sum()) + devolved
    said = (
        f"{format_pounds(devolved)} of {format_pounds(total)} is decided by areas of another level "
        "than before. Both columns together are the pot, to the penny."
    )
    blocks.said("Who holds the money then", [said])
    shown = table.assign(
        level=[titles.get(str(level), str(level)) for level in table["level"]],
        key=pd.RangeIndex(len(table)).astype("str"),
    ).set_index("key")
    live_table(
        shown,
        {
            "level": Column("Decided at"),
            "agency": Column("Whose money"),
            "held_pence": Column("Held there as before", _pounds, "In pounds."),
            "devolved_pence": Column("Held by the areas from then on", _pounds, "In pounds."),
        },
        caption="Who holds how much at which level",
        height=430,
        key="gains_held",
    )
    _pots(made)
    blocks.download(lambda: table, f"{result.place.id}-who-holds.csv")


def _pots(made: Allocation) -> None:
    """Say of every joined budget who puts in what and who bears its risk."""
    said = [step.sentence for step in made.outcome.steps if step.kind == "join"]
    if said:
        items = "".join(f"<li>{text(sentence)}</li>" for sentence in said)
        heading = '<h2 class="is-third">Money joined</h2>'
        st.html(f'<section class="cg-part">{heading}<ul>{items}</ul></section>')
    for id, pot in made.outcome.pots.items():
        if pot.way == "pooled":
            bears = pot.bear(100_00)
            parts = ", ".join(f"{name} {format_pounds(int(part))}" for name, part in bears.items())
            st.caption(plain(f"Of each £100 that {id} overspends: {parts}."))


def _half(curves: pd.DataFrame) -> str:
    """Say what share goes to the neediest half of the people, on each curve."""
    parts = []
    for name, curve in curves.groupby("curve", sort=False):
        near = curve.iloc[(curve["people_share"] - 0.5).abs().argmin()]
        parts.append(
            f"{name}: {near['amount_share']:.1%} for the neediest {near['people_share']:.0%} of "
            "the people"
        )
    return "; ".join(parts) + "."


def _way(shown: pd.DataFrame) -> str:
    """Say where each line begins and ends."""
    parts = []
    for name, line in shown.groupby("series", sort=False):
        first, last = (format_pounds(round(100 * line["value"].iloc[at])) for at in (0, -1))
        parts.append(f"{name}: from {first} to {last} a person")
    return "; ".join(parts) + "."


def _tenth(number: int) -> str:
    return {NEEDIEST: "1 (neediest)", LEAST: "10 (least needy)"}.get(number, str(number))


def _tenth_of(name: object) -> str:
    words = str(name)
    if words == "all":
        return "All areas"
    return _tenth(int(words)) if words.isdigit() else "No tenth"


def _each(pence: float) -> str:
    return f"{'+' if pence > 0 else ''}{format_pounds(round(pence))}"


def _pounds(pence: float) -> str:
    return f"{round(pence) / 100:,.2f}"

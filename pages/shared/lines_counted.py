"""A pound that passes through several hands is counted once; and money that is held together.

In: a result, and the scenario that is worked on. Out: the table that takes the agencies' own totals
to what is spent in the end; the ways of single pounds; and every pot of the scenario with who puts
in what and who bears how much of an overspend.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from budgets import joining, scenario
from budgets.money import format_pounds
from data import baseline_tables
from data.run import Result
from geo.errors import CommonGroundError
from pages.shared import blocks, links, working
from pages.shared.blocks import Part, equation
from pages.shared.figures import plain
from pages.shared.lines_bring import downloads
from pages.shared.live_table import Column, live_table

_POUNDS = "{:,.2f}".format
_BY = {"agency": "Agency", "kind": "Kind of money"}


def show(result: Result, link: links.Link) -> None:
    """Draw what is taken out, and whose pound goes where."""
    books = result.eliminations
    equation(
        Part(books.total_pence, "spent here in the end", "pot"),
        [
            Part(books.gross_pence, "as the agencies add it up", "areas"),
            Part(-books.eliminated_pence, "passed on, counted at its end", "outside"),
        ],
    )
    st.markdown(plain(books.sentence()))
    link.option("by", options=_BY, default="agency", what="way of adding up")
    by = st.segmented_control(
        "Added up by",
        list(_BY),
        format_func=_BY.__getitem__,
        key=link.key("by"),
        required=True,
    )
    table = books.by(by or "agency")
    live_table(
        _in_pounds(table),
        _columns(_BY[by or "agency"]),
        caption=f"From the agencies' totals to what is spent, by {_BY[by or 'agency'].lower()}",
        height=min(470, 90 + 40 * len(table)),
        key="budget_counted",
    )
    blocks.remarks("From hand to hand", _ways(result))
    with st.container(horizontal=True, gap="medium"):
        downloads(
            lambda: baseline_tables.eliminations(result),
            f"{result.place.id}-eliminations",
            what="every line, in pence",
        )


def show_joined(result: Result, link: links.Link) -> None:
    """Draw what of the money is pooled, aligned or delegated in the scenario that is worked on."""
    text = working.document(result)
    try:
        chosen = scenario.parse(text) if text.strip() else None
        joins = () if chosen is None else chosen.join
        pots = joining.pots(joins, result.ledger.streams)
        held = joining.holders(joins, result.ledger.streams)
    except CommonGroundError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    blocks.hint(
        "Pooled money has one host, an agreement and shared risk. Aligned money is planned "
        "together and stays each owner's. Delegated money is decided on by another; its owner "
        "still answers for it."
    )
    if not joins:
        st.info(
            "No line is held together with another yet. Lines are pooled, aligned or delegated "
            "under Choices.",
            icon=":material/group_work:",
        )
        return
    for pot in pots.values():
        st.markdown(plain(joining.sentence(pot, result.ledger.streams)))
        if pot.way == joining.POOLED:
            _risk(pot)
    joined = held[held["joined_as"] != joining.SEPARATE]
    streams = result.ledger.streams
    shown = pd.DataFrame(
        {
            "title": streams["title"].reindex(joined.index),
            "pounds": streams["amount_pence"].reindex(joined.index) / 100,
            "joined_as": joined["joined_as"],
            "pot": joined["pot"],
            "held_by": joined["held_by"],
            "answers": joined["answers"],
        }
    )
    live_table(
        shown,
        {
            "title": Column("Line of money"),
            "pounds": Column("Pounds", _POUNDS),
            "joined_as": Column("How"),
            "pot": Column("Pot"),
            "held_by": Column("Decides"),
            "answers": Column("Answers for it"),
        },
        caption="Lines that are pooled, aligned or delegated",
        height=min(470, 90 + 40 * len(shown)),
        key="budget_joined",
    )


def _risk(pot: joining.Pot) -> None:
    """Let somebody ask who bears an overspend."""
    over = st.number_input(
        f"If {plain(pot.id)} overspends, in thousand pounds (below nought: it is left over)",
        value=100.0,
        step=10.0,
        key=f"budget.lines.risk.{pot.id}",
    )
    borne = pot.bear(round(over * 100_000))
    parts = [f"{agency} {format_pounds(int(pence))}" for agency, pence in borne.items()]
    st.caption(plain(f"Then {', '.join(parts)}."))


def _in_pounds(table: pd.DataFrame) -> pd.DataFrame:
    named = table.rename_axis("of").reset_index()
    return pd.DataFrame(
        {
            "of": named["of"].astype("str"),
            "gross": named["gross_pence"] / 100,
            "received": named["transferred_in_pence"] / 100,
            "passed": named["eliminated_pence"] / 100,
            "net": named["net_pence"] / 100,
        },
    ).set_index(pd.Index(named["of"].astype("str"), name="code"))


def _columns(of: str) -> dict[str, Column]:
    return {
        "of": Column(of),
        "gross": Column("Own total", _POUNDS, "As the accounts of the agency add it up."),
        "received": Column("From others", _POUNDS, "What of it another line here pays."),
        "passed": Column("Passed on", _POUNDS, "What is counted at another line."),
        "net": Column("Spent in the end", _POUNDS, "Own total less what is passed on."),
    }


def _ways(result: Result) -> list[tuple[str, str]]:
    """Return each line that passes money on, with where it goes."""
    table = result.eliminations.table
    titles = {str(id): str(title) for id, title in result.place.streams["title"].items()}
    found = []
    for row in table[table["eliminated_pence"] > 0].to_dict("records"):
        to = table[table["transfer_of"] == row["stream"]]
        parts = [
            f"{format_pounds(int(pence))} to {titles[stream]}"
            for stream, pence in zip(to["stream"], to["gross_pence"], strict=True)
        ]
        left = f"; {format_pounds(int(row['net_pence']))} stays" if row["net_pence"] else ""
        found.append((f"{titles[row['stream']]}, {row['agency']}", ", ".join(parts) + left))
    return found

"""What can move: the part of every line that a decision can reach, and from when.

In: a result and the day of a decision. Out: what can move that day, what is bound until later and
what for good; line by line; and how much more comes free on which day.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from data import baseline_tables
from data.run import Result
from pages.shared import charts, links
from pages.shared.blocks import Part, equation
from pages.shared.figures import plain
from pages.shared.lines_bring import downloads
from pages.shared.live_table import Column, live_table

_POUNDS = "{:,.2f}".format
_DAY = "budget.lines.day"
_FOR_GOOD = "not foreseen"


def show(result: Result, link: links.Link) -> None:
    """Draw what can move on a day, and by when more can."""
    day = _day(result, link)
    table = baseline_tables.moving(result, on=day)
    bound = int((table["ring_fenced_pence"] + table["entitlement_pence"]).sum())
    movable, later = int(table["movable_pence"].sum()), int(table["committed_pence"].sum())
    equation(
        Part(int(table["amount_pence"].sum()), "the whole pot", "pot"),
        [
            Part(movable, f"can move on {_written(day)}", "areas"),
            Part(later, "under contract, not up for decision yet, or income", "outside"),
            Part(bound, "ring-fenced, or owed to people by right", "wide"),
        ],
    )
    if silent := _silent(result):
        lines = "line says" if silent == 1 else "lines say"
        st.info(
            f"{silent} of {len(table)} {lines} nothing of what binds them, and count as free to "
            "move. Whether the law, a contract or a right binds them has to be looked up.",
            icon=":material/help:",
        )
    demand = table[table["demand_led"]]
    if len(demand):
        pence = int(demand["amount_pence"].sum())
        lines = "line follows" if len(demand) == 1 else "lines follow"
        st.caption(
            f"{len(demand)} {lines} demand, {plain(format_pounds(pence, whole=True))} in all: what "
            "is spent there cannot be capped, whatever is decided."
        )
    _calendar(result, day)
    _lines(table)
    with st.container(horizontal=True, gap="medium"):
        downloads(
            lambda: table.rename_axis("stream").reset_index(),
            f"{result.place.id}-movable-{day.isoformat()}",
            what="every line, in pence",
        )


def _day(result: Result, link: links.Link) -> dt.date:
    """Let somebody choose the day of the decision; the link keeps it."""
    usual = baseline_tables.first_day(result)
    text = link.words("on", default=usual.isoformat(), longest=10)
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        link.notes.append(
            f"This link asks for the day “{text}”, which is none. The usual one is shown instead."
        )
        day = usual
        link.set("on", usual.isoformat())
    first, last = dt.date(usual.year - 20, 1, 1), dt.date(usual.year + 30, 12, 31)
    st.session_state[_DAY] = min(max(day, first), last)

    def chosen() -> None:
        link.set("on", st.session_state[_DAY].isoformat())

    found = st.date_input(
        "Day of the decision",
        min_value=first,
        max_value=last,
        key=_DAY,
        format="DD/MM/YYYY",
        on_change=chosen,
        help="Money whose next decision lies after this day is bound until then.",
    )
    return found if isinstance(found, dt.date) else day


def _calendar(result: Result, day: dt.date) -> None:
    table = baseline_tables.calendar(result, on=day)
    if len(table) < 2:
        st.caption("No line says that more of it comes free on a later day.")
        return
    dates = [dt.date.fromisoformat(text) for text in table["date"]]
    last = table.iloc[-1]
    whole = plain(format_pounds(int(last["movable_pence"]), whole=True))
    charts.bars(
        pd.DataFrame(
            {
                "name": [_written(date) for date in dates],
                "value": table["movable_pence"].to_numpy() / 100,
            }
        ),
        title="How much can move by when",
        unit="pounds",
        of="Day",
        alternative=f"On {_written(day)} {format_pounds(int(table['movable_pence'].iloc[0]))} "
        f"can move; by {_written(dates[-1])} it is {whole}.",
        write=lambda pounds: format_pounds(round(100 * pounds), whole=True),
    )


def _lines(table: pd.DataFrame) -> None:
    when = [_written(dt.date.fromisoformat(d)) if d else _FOR_GOOD for d in table["free_from"]]
    live_table(
        pd.DataFrame(
            {
                "title": table["title"],
                "agency": table["agency"],
                "movable": table["movable_pence"] / 100,
                "committed": table["committed_pence"] / 100,
                "fenced": table["ring_fenced_pence"] / 100,
                "entitled": table["entitlement_pence"] / 100,
                "when": when,
                "why": [_why(row) for row in table.to_dict("records")],
            }
        ),
        {
            "title": Column("Line of money"),
            "agency": Column("Agency"),
            "movable": Column("Can move", _POUNDS),
            "committed": Column("Bound for now", _POUNDS, "Under contract or not up for decision."),
            "fenced": Column("Ring-fenced", _POUNDS),
            "entitled": Column("Owed by right", _POUNDS),
            "when": Column("The rest from", help="When all that is not held for good can move."),
            "why": Column("What binds it"),
        },
        caption="What of every line can move, and what binds the rest",
        sorted_by="movable",
        height=520,
        key="budget_moving",
    )


def _silent(result: Result) -> int:
    """Return how many lines above nought say nothing of what binds them."""
    streams = result.ledger.streams
    texts = ["ring_fence", "committed_until", "next_decision", "statutory_basis"]
    parts = ["ring_fenced_pence", "entitlement_pence", "committed_pence"]
    nothing = (streams[texts] == "").all(axis=1) & (streams[parts] == 0).all(axis=1)
    return int((nothing & (streams["amount_pence"] > 0)).sum())


def _why(row: dict[object, object]) -> str:
    """Say what binds a line, in the words of its table."""
    said = [
        f"ring-fenced: {row['ring_fence']}" if row["ring_fence"] else "",
        f"contract until {row['committed_until']}" if row["committed_until"] else "",
        f"decided anew {row['next_decision']}" if row["next_decision"] else "",
        str(row["statutory_basis"] or ""),
        "follows demand" if row["demand_led"] else "",
    ]
    return "; ".join(part for part in said if part)


def _written(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"

"""The lines of money, each with its source, how it is shared and how sure that is.

In: a result. Out: one table, with the lines below zero and the assumptions in words.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from pages.shared import blocks, ledgers, links
from pages.shared.live_table import live_table


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    st.header("The lines of money", anchor=False)
    live_table(
        ledgers.lines(result),
        ledgers.line_columns(),
        caption="Every line of public money, its source and how it is shared",
        height=520,
        key="budget_lines",
    )
    blocks.remarks("Lines below zero, and why", ledgers.below_zero(result))
    blocks.remarks("What is assumed", ledgers.assumed(result))

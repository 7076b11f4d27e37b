"""The choices of a scenario, made with widgets.

In: a result. Out: a scenario.
"""

from __future__ import annotations

from data.run import Result
from pages.shared import blocks, links


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    blocks.hint("Nothing has been chosen yet: the money is as it is today.")

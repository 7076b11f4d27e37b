"""Two scenarios side by side.

In: a result. Out: what differs.
"""

from __future__ import annotations

from data.run import Result
from pages.shared import blocks, links


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    blocks.hint("Save a scenario first: two of them can then be compared.")

"""What is saved of a place, and what was said about it.

In: a result. Out: scenarios, versions, comments.
"""

from __future__ import annotations

from data.run import Result
from pages.shared import blocks, links


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    blocks.hint("Nothing has been saved for this place yet.")

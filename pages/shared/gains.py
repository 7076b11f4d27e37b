"""Who gains and who loses by what was chosen.

In: a result. Out: tables and a map.
"""

from __future__ import annotations

from data.run import Result
from pages.shared import blocks, links


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    blocks.hint("Nothing has been chosen yet, so nobody gains or loses.")

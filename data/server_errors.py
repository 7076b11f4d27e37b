"""What can be wrong with how the pages are served.

One class a cause.
"""

from __future__ import annotations

from data.errors import DataError


class NamedInTheOpen(DataError):
    """A name for whoever opens the pages, where others than this office could open them."""

    rule = "a name for whoever opens the pages needs an address of this machine only"
    remedy = "Leave out --user and --role, or serve on 127.0.0.1."

"""A file of definitions, read: indices, indicators and measures are all TOML.

In: a path. Out: what the file says as plain values, or an error that names the file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from indices.errors import DefinitionUnreadable, UnknownDefinition


def read_toml(path: Path, *, detail: str = "") -> dict[str, Any]:
    """Read a TOML file, with or without the mark that editors put before UTF-8.

    Parameters
    ----------
    detail
        What to say beside, if there is no such file.

    Raises
    ------
    UnknownDefinition
        There is no such file.
    DefinitionUnreadable
        It is no TOML or no UTF-8; the detail says where.
    """
    if not path.is_file():
        raise UnknownDefinition(str(path), detail=detail)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise DefinitionUnreadable(str(path), detail=str(fault)) from fault

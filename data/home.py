"""Where Common Ground keeps what it builds.

In: the variable COMMONGROUND_HOME, if it is set. Out: one folder outside the checkout, made when
first asked for, with `places/` (what is prepared for the live map) and whatever other rooms keep.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "COMMONGROUND_HOME"


def home() -> Path:
    """Return the folder in which places, caches and saved work live, and make it if need be.

    COMMONGROUND_HOME wins; else it is the user's own data folder: `$XDG_DATA_HOME/commonground`
    (by default `~/.local/share/commonground`), `%LOCALAPPDATA%\\commonground` on Windows and
    `~/Library/Application Support/commonground` on a Mac.
    """
    folder = _chosen()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _chosen() -> Path:
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return Path(named).expanduser().resolve()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "commonground"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "commonground"
    shared = os.environ.get("XDG_DATA_HOME", "").strip()
    return (Path(shared) if shared else Path.home() / ".local" / "share") / "commonground"

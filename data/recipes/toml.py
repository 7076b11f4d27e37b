"""Writes TOML, which the standard library only reads.

In: keys and values: text, whole numbers, numbers, truth values. Out: the text of a place.toml in
the order in which it was written.
"""

from __future__ import annotations

import json
from pathlib import Path


class Toml:
    """A TOML text that grows from top to bottom."""

    def __init__(self, comment: str) -> None:
        self._lines = [f"# {comment}"]

    def pair(self, key: str, value: object) -> None:
        """Write one key of the table begun last."""
        self._lines.append(f"{key} = {_value(value)}")

    def table(self, header: str, /, **pairs: object) -> None:
        """Begin the table `[header]` and write its keys."""
        self._begin(f"[{header}]", pairs)

    def entry(self, header: str, /, **pairs: object) -> None:
        """Begin one more entry `[[header]]` and write its keys."""
        self._begin(f"[[{header}]]", pairs)

    def text(self) -> str:
        """Return what was collected."""
        return "\n".join(self._lines) + "\n"

    def write(self, path: Path) -> None:
        """Write what was collected."""
        path.write_text(self.text(), encoding="utf-8")

    def _begin(self, header: str, pairs: dict[str, object]) -> None:
        self._lines += ["", header]
        for key, value in pairs.items():
            self.pair(key, value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    # JSON's escapes of text are also TOML's, as long as other characters are left as they are,
    # except DEL, which TOML does not take bare.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")

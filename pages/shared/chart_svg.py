"""A chart for a file that is kept: lying bars as a drawing that needs no script and no network.

In: what `charts.bars` takes, of one series. Out: SVG as text, in which every name is escaped; each
bar has its figure written beside it, and the sentence stands in it for whoever cannot see it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pages.shared.charts import wrapped
from pages.shared.figures import NO_DATA, text

WIDE, ROW, HIGH = 760, 28, 16  # of the drawing; of a row and the bar in it
NAMES, FIGURES = 250, 120  # left for the names, right for the figures
LETTERS, LINES, LINE = 38, 3, 16  # of a line of a name; lines of it, and how high each is


def bars(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str,
    of: str,
    alternative: str,
    write: Callable[[float], str],
) -> str:
    """Draw `name, value` as lying bars from nought; `unsure` (bool) pales what is assumed."""
    values = frame["value"].to_numpy(dtype=np.float64)
    known = np.nan_to_num(values)
    low, high = min(float(known.min()), 0.0), max(float(known.max()), 0.0)
    scale = (WIDE - NAMES - FIGURES) / ((high - low) or 1.0)
    nought = NAMES - low * scale
    unsure = frame["unsure"].astype(bool) if "unsure" in frame else pd.Series(False, frame.index)
    rows, top = "", 6
    names = wrapped([str(name) for name in frame["name"]], LETTERS, LINES)
    for name, value, pale in zip(names, values, unsure, strict=True):
        said = NO_DATA if np.isnan(value) else write(float(value))
        lines = name.split("\n")
        rows += _row(top, lines, float(np.nan_to_num(value)) * scale, said, nought, pale=pale)
        top += ROW + LINE * (len(lines) - 1)
    tall = top + 2
    note = " Pale: follows from an assumption." if unsure.any() else ""
    return (
        f'<section class="cg-part"><h3>{text(title)}</h3><p class="cg-kind">{text(of)}; '
        f'{text(unit)}</p><svg role="img" viewBox="0 0 {WIDE} {tall}" width="100%" '
        f'style="max-width:{WIDE}px" font-family="sans-serif" font-size="13">'
        f"<title>{text(title)}</title><desc>{text(alternative)}</desc>{rows}"
        f'<line x1="{nought:.1f}" x2="{nought:.1f}" y1="0" y2="{tall}" stroke="currentColor"/>'
        f"</svg><p>{text(alternative)}{note}</p></section>"
    )


def _row(top: int, lines: list[str], length: float, said: str, nought: float, *, pale: bool) -> str:
    """Draw one bar with its name before and its figure behind it; a long name has more lines."""
    middle = top + HIGH - 4
    at, anchor = (NAMES - 8, "end") if nought == NAMES else (0, "start")
    name = "".join(
        f'<text x="{at}" y="{middle + LINE * number}" text-anchor="{anchor}" fill="currentColor">'
        f"{text(line)}</text>"
        for number, line in enumerate(lines)
    )
    left = min(nought, nought + length)
    end = max(nought, nought + length) + 6
    look = ' fill-opacity="0.45"' if pale else ""
    return (
        f'<g>{name}<rect x="{left:.1f}" y="{top}" width="{abs(length):.1f}" height="{HIGH}" rx="2" '
        f'fill="#0b6175"{look}/><text x="{end:.1f}" y="{middle}" fill="currentColor">{text(said)}'
        "</text></g>"
    )

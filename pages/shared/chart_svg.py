"""A chart for a file that is kept: lying bars as a drawing that needs no script and no network.

In: what `charts.bars` takes, of one series. Out: SVG as text, in which every name is escaped; each
bar has its figure written beside it, and the sentence stands in it for whoever cannot see it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pages.shared.figures import NO_DATA, text

WIDE, ROW, HIGH = 760, 28, 16  # of the drawing; of a row and the bar in it
NAMES, FIGURES = 250, 120  # left for the names, right for the figures
LETTERS = 38  # of a name, before it is cut


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
    rows = ""
    for at, (name, value, pale) in enumerate(zip(frame["name"], values, unsure, strict=True)):
        said = NO_DATA if np.isnan(value) else write(float(value))
        rows += _row(at, str(name), float(np.nan_to_num(value)) * scale, said, nought, pale=pale)
    tall = ROW * len(frame) + 8
    note = " Pale: follows from an assumption." if unsure.any() else ""
    return (
        f'<section class="cg-part"><h3>{text(title)}</h3><p class="cg-kind">{text(of)}; '
        f'{text(unit)}</p><svg role="img" viewBox="0 0 {WIDE} {tall}" width="100%" '
        f'style="max-width:{WIDE}px" font-family="sans-serif" font-size="13">'
        f"<title>{text(title)}</title><desc>{text(alternative)}</desc>{rows}"
        f'<line x1="{nought:.1f}" x2="{nought:.1f}" y1="0" y2="{tall}" stroke="currentColor"/>'
        f"</svg><p>{text(alternative)}{note}</p></section>"
    )


def _row(at: int, name: str, length: float, said: str, nought: float, *, pale: bool) -> str:
    """Draw one bar with its name before and its figure behind it."""
    top = ROW * at + 6
    middle = top + HIGH - 4
    short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    left = min(nought, nought + length)
    end = max(nought, nought + length) + 6
    look = ' fill-opacity="0.45"' if pale else ""
    return (
        f'<g><text x="{NAMES - 8 if nought == NAMES else 0}" y="{middle}" '
        f'text-anchor="{"end" if nought == NAMES else "start"}" fill="currentColor">{text(short)}'
        f'</text><rect x="{left:.1f}" y="{top}" width="{abs(length):.1f}" height="{HIGH}" rx="2" '
        f'fill="#0b6175"{look}/><text x="{end:.1f}" y="{middle}" fill="currentColor">{text(said)}'
        "</text></g>"
    )

"""How values are put into classes: by which scheme, how many, or at breaks that somebody sets.

In: values, and what a visitor chose. Out: the breaks, lowest first; around nought where a figure
has a middle. Breaks that somebody typed are read here, and refused with the reason.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo import classes
from geo.classes import Scheme

SCHEMES: dict[str, str] = {
    "quantiles": "As many areas in each",
    "equal": "Steps of the same width",
    "fisher-jenks": "At natural gaps",
    "fixed": "At breaks of my own",
}
FEWEST, MOST, USUAL = 3, 7, 5


@dataclass(frozen=True)
class Classing:
    """What a visitor chose: a scheme, a number of classes, or inner breaks as they are shown."""

    scheme: str = "quantiles"
    k: int = USUAL
    fixed: tuple[float, ...] = ()

    def breaks(
        self, values: pd.Series, *, diverging: bool = False, scale: float = 1
    ) -> list[float]:
        """Return the edges of the classes for these values; none where no value is known.

        Parameters
        ----------
        diverging
            Classes are the same on both sides of nought, and the middle one holds nought.
        scale
            What a number that somebody typed is multiplied with: 100 for pounds in pence.
        """
        known = values.to_numpy(dtype="float64")
        known = known[np.isfinite(known)]
        if not len(known):
            return []
        if self.scheme == "fixed" and self.fixed:
            inner = [number * scale for number in self.fixed]
            return [min(known.min(), inner[0]), *inner, max(known.max(), inner[-1])]
        scheme = _scheme(self.scheme)
        if not diverging:
            return [float(edge) for edge in classes.classify(known, k=self.k, scheme=scheme).breaks]
        half = classes.classify(np.abs(known), k=(self.k + 1) // 2, scheme=scheme).breaks[1:]
        return [*(-float(edge) for edge in half[::-1]), *(float(edge) for edge in half)]


def _scheme(name: str) -> Scheme:
    return "equal" if name == "equal" else "fisher-jenks" if name == "fisher-jenks" else "quantiles"


def read(text: str) -> tuple[tuple[float, ...], str]:
    """Read breaks as somebody types them, and say what is wrong with them; "" where nothing is.

    Numbers are parted by semicolons or spaces; commas part thousands, as everywhere on the page.

    Examples
    --------
    >>> read("10; 20; 1,500"), read("20 10")[1][:6], read("")
    (((10.0, 20.0, 1500.0), ''), 'Breaks', ((), ''))
    """
    parts = [part for part in re.split(r"[;\s]+", text.strip()) if part]
    try:
        numbers = tuple(float(part.replace(",", "").lstrip("£").rstrip("%")) for part in parts)
    except ValueError:
        return (), "Breaks are numbers with semicolons between them, such as 10; 20; 40."
    if not all(np.isfinite(numbers)):
        return (), "Breaks are numbers with semicolons between them, such as 10; 20; 40."
    if any(second <= first for first, second in itertools.pairwise(numbers)):
        return (), "Breaks must rise from one to the next, such as 10; 20; 40."
    if len(numbers) >= MOST:
        return (), f"At most {MOST - 1} breaks, for {MOST} classes."
    return numbers, ""

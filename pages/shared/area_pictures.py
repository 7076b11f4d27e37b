"""Pictures on the page of an area: figures on a scale, a line over years, where the area lies.

In: numbers and shapes. Out: plain elements, or images that hold themselves, so that they go along
in a file. Each has its words: the numbers stand beside it, or in its text alternative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import pandas as pd
import shapely

from pages.shared.figures import text

# Seen on the light ground and on the dark one alike: an image cannot follow the theme.
INK, QUIET, LINE = "#1488a1", "#7d8b93", "#c4317f"
WIDTH, HEIGHT, EDGE = 560, 360, 4
HAIR = f'fill="none" stroke="{QUIET}" stroke-width="1"'
_FILLED = f'fill="{INK}" fill-opacity="0.45" stroke="{INK}"'
PIXEL = 0.9  # what is finer is not drawn
_SAFE = " /:=.,-"
_QUOTED = {number: quote(chr(number), safe=_SAFE) for number in range(128)}


@dataclass(frozen=True)
class Mark:
    """A figure on a scale: where it lies, between what, and which mark stands for it."""

    kind: str
    value: float
    low: float = math.nan
    high: float = math.nan


def scale(marks: Sequence[Mark], *, unsure: bool = False) -> str:
    """Draw figures on one line from nought, the first with its interval as a band.

    The numbers beside it say the same: whoever cannot see it misses nothing.
    """
    known = [mark for mark in marks if math.isfinite(mark.value)]
    ends = [
        end for mark in known for end in (mark.value, mark.low, mark.high) if not math.isnan(end)
    ]
    if not ends:
        return ""
    low, high = min(0.0, *ends), max(0.0, *ends)
    reach = (high - low) * 1.04 or 1.0

    def at(value: float) -> float:
        return 100 * (value - low) / reach

    parts = []
    for mark in reversed(known):  # the area's own mark lies over the others
        if not math.isnan(mark.low) and not math.isnan(mark.high):
            wide = max(at(mark.high) - at(mark.low), 0.6)
            also = " is-hatched" if unsure and mark is known[0] else ""
            style = f"left:{at(mark.low):.1f}%;width:{wide:.1f}%"
            parts.append(f'<i class="band of-{mark.kind}{also}" style="{style}"></i>')
        parts.append(f'<i class="mark of-{mark.kind}" style="left:{at(mark.value):.1f}%"></i>')
    return f'<span class="cg-scale" aria-hidden="true">{"".join(parts)}</span>'


def picture(svg: str, *, alt: str, width: int, height: int, name: str) -> str:
    """Return a drawing as an image that holds itself."""
    body = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{svg}</svg>'
    )
    return (
        f'<img class="{name}" width="{width}" height="{height}" alt="{text(alt)}" '
        f'src="data:image/svg+xml,{_quoted(body)}">'
    )


def _quoted(body: str) -> str:
    """Quote a drawing for an address: `quote` looks at each letter by itself."""
    return body.translate(_QUOTED) if body.isascii() else quote(body, safe=_SAFE)


def line(years: pd.DataFrame, *, alt: str, width: int = 220, height: int = 54) -> str:
    """Draw a figure over the years with its interval as a band; gaps stay gaps."""
    value, low, high = (years[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    known = np.concatenate([part[~np.isnan(part)] for part in (value, low, high)])
    bottom, top = float(known.min()), float(known.max())
    reach = (top - bottom) or 1.0
    x = 6 + (width - 12) * np.arange(len(value)) / max(len(value) - 1, 1)

    def y(part: np.ndarray) -> np.ndarray:
        return 5 + (height - 10) * (1 - (part - bottom) / reach)

    drawn = ""
    both = ~np.isnan(low) & ~np.isnan(high)
    if both.sum() > 1:
        ring = [*zip(x[both], y(high)[both], strict=True)]
        ring += reversed([*zip(x[both], y(low)[both], strict=True)])
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in ring)
        drawn += f'<polygon points="{points}" fill="{INK}" fill-opacity="0.22"/>'
    path, open_ = "", False
    for a, b in zip(x, y(value), strict=True):
        path += "" if math.isnan(b) else f"{'L' if open_ else 'M'}{a:.1f},{b:.1f}"
        open_ = not math.isnan(b)
    last = np.flatnonzero(~np.isnan(value))[-1]
    drawn += f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="2"/>'
    drawn += f'<circle cx="{x[last]:.1f}" cy="{y(value)[last]:.1f}" r="3.5" fill="{INK}"/>'
    return picture(drawn, alt=alt, width=width, height=height, name="cg-line")


@dataclass(frozen=True, eq=False)
class Around:
    """The borders around all areas of a place, drawn once for all of them."""

    view: _View
    drawn: str

    @classmethod
    def of(cls, around: Sequence[shapely.Geometry]) -> Around:
        """Draw the borders, each between two areas once."""
        view = _View.of(around, margin=0.0)
        lines = shapely.union_all(shapely.boundary(np.array(around, dtype=object)))
        borders = shapely.get_parts(shapely.line_merge(lines))
        return cls(view, view.paths(shapely.simplify(borders, PIXEL / view.scale), HAIR))

    def holds(self, area: shapely.Geometry) -> bool:
        """Say whether an area lies within what is drawn."""
        left, bottom, right, top = area.bounds
        view = self.view
        return bool(
            view.left <= left and view.bottom <= bottom and right <= view.right and top <= view.top
        )

    def locate(self, area: shapely.Geometry, *, alt: str) -> str:
        """Draw where an area lies within the borders."""
        view = self.view
        drawn = self.drawn + view.path(area, _FILLED)
        return picture(drawn, alt=alt, width=view.width, height=view.height, name="cg-locator")


def locator(
    area: shapely.Geometry,
    around: Sequence[shapely.Geometry],
    *,
    alt: str,
    ring: shapely.Geometry | None = None,
    pieces: Sequence[shapely.Geometry] = (),
    close: bool = False,
) -> str:
    """Draw where an area lies among the borders `around` it.

    Parameters
    ----------
    ring
        The line that somebody drew, which need not be the area's border.
    pieces
        What the area is made of, drawn as hairlines within it.
    close
        Show the area and what is next to it, instead of everything around.
    """
    shown = [area] if ring is None else [area, ring]
    view = _View.of(shown if close else [area, *around], margin=0.25 if close else 0.0)
    near = shapely.intersects(shapely.envelope(np.array(around, dtype=object)), view.window)
    drawn = [view.path(shape, HAIR) for shape, shown in zip(around, near, strict=True) if shown]
    drawn.append(view.path(area, _FILLED))
    thin = f'fill="none" stroke="{INK}" stroke-width="0.7"'
    drawn += [view.path(piece, thin) for piece in pieces]
    if ring is not None:
        dashed = f'fill="none" stroke="{LINE}" stroke-width="2.5" stroke-dasharray="7 4"'
        drawn.append(view.path(ring, dashed))
    return picture("".join(drawn), alt=alt, width=view.width, height=view.height, name="cg-locator")


@dataclass(frozen=True)
class _View:
    """A window on the ground, in metres, and how many pixels a metre has."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, shapes: Sequence[shapely.Geometry], *, margin: float) -> _View:
        left, bottom, right, top = shapely.total_bounds(np.array(shapes, dtype=object))
        more = margin * max(right - left, top - bottom)
        return cls(left - more, bottom - more, right + more, top + more)

    @property
    def window(self) -> shapely.Polygon:
        return shapely.box(self.left, self.bottom, self.right, self.top)

    @property
    def scale(self) -> float:
        wide = (WIDTH - 2 * EDGE) / (self.right - self.left)
        return float(min(wide, (HEIGHT - 2 * EDGE) / (self.top - self.bottom)))

    @property
    def width(self) -> int:
        return round((self.right - self.left) * self.scale) + 2 * EDGE

    @property
    def height(self) -> int:
        return round((self.top - self.bottom) * self.scale) + 2 * EDGE

    def path(self, shape: shapely.Geometry, style: str) -> str:
        """Return what of a shape lies in the window as a path, no finer than a pixel."""
        # Made simple before it is cut: cutting ten thousand corners is what takes long.
        simple = shapely.simplify(shape, PIXEL / self.scale)
        simple = shapely.clip_by_rect(simple, self.left, self.bottom, self.right, self.top)
        parts = [part for part in shapely.get_parts(simple) if isinstance(part, shapely.Polygon)]
        return self.paths([r for part in parts for r in (part.exterior, *part.interiors)], style)

    def paths(self, lines: Sequence[shapely.Geometry], style: str) -> str:
        """Return lines as one path, those that end where they begin closed."""
        said = ""
        for line in lines:
            x, y = np.asarray(line.coords).T
            across = np.rint(EDGE + (x - self.left) * self.scale).astype(int)
            down = np.rint(EDGE + (self.top - y) * self.scale).astype(int)
            steps = np.column_stack([np.diff(across), np.diff(down)])
            steps = steps[steps.any(axis=1)]
            if not len(steps):
                continue
            if closed := not steps.sum(axis=0).any():
                steps = steps[:-1]
            # Steps from corner to corner take half the letters that corners take.
            told = " ".join(f"{a} {b}" for a, b in steps.tolist()).replace(" -", "-")
            said += f"M{across[0]} {down[0]}l{told}{'z' if closed else ''}"
        return f'<path d="{said}" {style}/>' if said else ""

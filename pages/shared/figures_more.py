"""All figures of a level: the usual four, and those that are worked out when somebody asks.

In: a result and a level. Out: a `Shelf`: what there is, by id and in groups; each figure with all
that a reader may ask about it; the level's table with the figures that are wanted; and what must be
said of single areas, such as that their figure is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from budgets import honesty
from budgets.money import format_pounds
from data.mappable import Kind, Offer
from data.mapped import WITHHELD, Mapped
from data.run import Result
from indices.profile_words import plain
from pages.shared import cache, figures
from pages.shared.cache_kept import kept
from pages.shared.figures import MOST_DEPRIVED, Figure

ROUNDED = "rounded, so that nobody can be recognised"


class Shelf:
    """The figures of one level; those beyond the usual four are made when they are taken."""

    def __init__(self, result: Result, level: str) -> None:
        self.result = result
        self.level = level
        self.usual = figures.of(result, level)
        self.offers = cache.offers(result)
        self.here = figures.here(result, level)
        self._own = result.level_tables[level][self.here]

    @classmethod
    def of(cls, result: Result, level: str) -> Shelf:
        """Return the shelf of a level, made once; it is shared and never changed."""
        return kept(result, "shelf", level, make=lambda: cls(result, level))

    @property
    def names(self) -> dict[str, str]:
        """The names of the place's own areas by code, in the order of the names."""
        return kept(self.result, "names", self.level, make=self._names)

    def _names(self) -> dict[str, str]:
        names = {str(code): str(name) for code, name in self._own["name"].items()}
        return dict(sorted(names.items(), key=lambda one: (one[1].casefold(), one[0])))

    @property
    def ids(self) -> list[str]:
        """Every figure there is, the usual four first."""
        return [*self.usual, *self.offers]

    def title(self, id: str) -> str:
        """Return what a figure is called in a list of all of them."""
        if id in self.usual:
            return self.usual[id].title
        offer = self.offers[id]
        short = offer.title.removesuffix(": distance from target").removesuffix(" money a person")
        short = short.removesuffix(":")
        return short if short.startswith(offer.group) else f"{offer.group}: {short}"

    def figure(self, id: str) -> Figure:
        """Return one figure with everything that a reader may ask about it."""
        if id in self.usual:
            return self.usual[id]
        about = ("figure", self.level, id)
        return kept(self.result, *about, make=lambda: _made(self.offers[id], self.mapped(id)))

    def mapped(self, id: str) -> Mapped:
        """Return a figure beyond the usual four by area."""
        return cache.mapped(self.result, self.level, id)

    def values(self, figure: Figure) -> pd.Series:
        """Return a figure by area of the level, areas beyond the place among them."""
        if figure.id not in self.usual:
            return self.mapped(figure.id).values
        table, column = self.result.level_tables[self.level], figure.column
        about = ("values", self.level, column)
        return kept(self.result, *about, make=lambda: table[column].astype("float64"))

    def table(self, wanted: Iterable[Figure] = ()) -> pd.DataFrame:
        """Return the level's table of the place's own areas, with a column for each figure."""
        more = {one.column: self.values(one) for one in wanted if one.id not in self.usual}
        if not more:
            return self._own
        return self._own.assign(**{name: one[self.here] for name, one in more.items()})

    def marks(self, figure: Figure) -> pd.Series:
        """Return what must be said of single areas' figures, in a word or two; "" of most."""
        if figure.id not in self.usual:
            return self.mapped(figure.id).marks
        about = ("marks", self.level, figure.money)
        return kept(self.result, *about, make=lambda: self._usual_marks(figure.money))

    def _usual_marks(self, money: bool) -> pd.Series:
        table = self.result.level_tables[self.level]
        flags = table.get("flag")
        if flags is None or not money:
            return pd.Series("", index=table.index, dtype="str")
        words = {"hidden": WITHHELD, "rounded": ROUNDED}
        return flags.map(lambda flag: words.get(str(flag), "")).astype("str")

    def between(self, figure: Figure) -> pd.Series | None:
        """Return each own area's interval in words; None where the figure has none."""
        found = None if figure.id in self.usual else self.mapped(figure.id)
        if found is None or found.low is None or found.high is None or found.low.isna().all():
            return None
        ends = zip(found.low[self.here], found.high[self.here], strict=True)
        words = ["" if pd.isna(a) else f"{figure.bare(a)} to {figure.bare(b)}" for a, b in ends]
        return pd.Series(words, index=self._own.index, dtype="str")

    def labels(self, figure: Figure) -> pd.Series:
        """Return each own area's figure as the map says it: the value, and what speaks against it.

        The interval stands on the card and in the table: 268 of them more would make every change
        of the map a third heavier.
        """
        values, marks = self.values(figure)[self.here], self.marks(figure)[self.here]
        nothing = float("nan")
        pairs = zip(values.tolist(), marks.tolist(), strict=True)
        texts = [_text(figure, value, nothing, nothing, mark) for value, mark in pairs]
        return pd.Series(texts, index=values.index, dtype="str")

    def text(self, figure: Figure, area: str) -> str:
        """Return one area's figure in words: with its interval, and how far it can be trusted."""
        found = None if figure.id in self.usual else self.mapped(figure.id)
        low = high = float("nan")
        if found is not None and found.low is not None and found.high is not None:
            low, high = float(found.low[area]), float(found.high[area])
        value = float(self.values(figure)[area])
        return _text(figure, value, low, high, str(self.marks(figure)[area]))


def _text(figure: Figure, value: float, low: float, high: float, mark: str) -> str:
    if mark == WITHHELD:
        return mark
    shown = figure.show(value)
    if pd.isna(value):
        return shown
    told = [] if pd.isna(low) else [f"likely {figure.bare(low)} to {figure.bare(high)}"]
    told += [mark] if mark else []
    return f"{shown} ({'; '.join(told)})" if told else shown


def _percent(value: float) -> str:
    rounded = round(value)
    return f"{rounded:+,d}%" if rounded else "0%"


def _whole_pounds(value: float) -> str:
    return format_pounds(round(value), whole=True)


_WRITERS: dict[Kind, Callable[[float], str]] = {
    "score": lambda value: f"{value:.1f}",
    "measure": plain,
    "distance": _percent,
    "pounds": _whole_pounds,
    "pounds a person": _whole_pounds,
    "number": lambda value: f"{value:,.0f}",
}


def _made(offer: Offer, found: Mapped) -> Figure:
    """Put an offer and its figures together to what pages show."""
    after = ""
    if offer.kind == "measure":
        after = offer.unit if offer.unit.startswith("%") else f" {offer.unit}"
    elif offer.kind == "pounds a person":
        after = " a person"
    return Figure(
        id=offer.id,
        title=offer.title,
        column=offer.id,
        unit=offer.unit,
        darker=_direction(offer),
        definition=offer.definition,
        source=offer.source or "not stated",
        vintage=offer.vintage or "not stated",
        sure=" ".join(found.said),
        write=_WRITERS[offer.kind],
        after=after,
        money=offer.kind in ("pounds", "pounds a person", "distance"),
        ranked=found.ranked,
        turned=offer.worse == "low",
        diverging=offer.kind == "distance",
        group=offer.group,
    )


def _direction(offer: Offer) -> str:
    """Say which way the colours run."""
    if offer.kind == "score":
        return f"darker = more need; {MOST_DEPRIVED}"
    if offer.kind == "distance":
        return "violet = less than need calls for, orange = more"
    if offer.kind == "number":
        return "darker = more programmes"
    if offer.kind in ("pounds", "pounds a person"):
        return "darker = more money" + (" a person" if offer.kind == "pounds a person" else "")
    if offer.worse == "low":
        return "darker = lower, which is worse"
    return "darker = higher" + (", which is worse" if offer.worse == "high" else "")


def ranked(result: Result, figure: Figure) -> bool:
    """Say whether areas may be ranked by a figure: not by money that we ourselves shared out."""
    if figure.group or not figure.money:
        return figure.ranked
    return kept(result, "rankable", make=lambda: honesty.recorded(result.ledger).rankable)

"""What a map says under itself wherever it is taken: which place, and where its figures come from.

In: a place, a level and the figures on the map. Out: the place's name, marked where it is invented,
and one line with the source and age of each figure and of the borders. A picture that is saved or
printed is read without the page around it.
"""

from __future__ import annotations

from data.run import Result
from pages.shared.figures import Figure


def place(result: Result) -> str:
    """Return the name of the place, and that it is fictional where it is."""
    name = result.place.name
    return f"{name} (a fictional place)" if result.place.fictional else name


def line(result: Result, level: str, *shown: Figure) -> str:
    """Say where the figures on a map come from, and its borders, and how old each is."""
    said = [f"{one.title}: {one.source}, {one.vintage}" for one in shown]
    return ". ".join([*said, *filter(None, [borders(result, level)])])


def borders(result: Result, level: str) -> str:
    """Say where the shapes come from and how old they are; "" where nothing is known of it."""
    layer = result.place.settings.layer(level)
    facts = [layer.source, layer.licence, layer.date or layer.vintage]
    return "Borders: " + ", ".join(fact for fact in facts if fact) if any(facts) else ""

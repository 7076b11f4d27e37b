"""What a scenario document must be before it is kept.

In: a text and the callable that reads documents. Out: the title and the status that it states.
The store keeps the text to the letter and knows nothing else of what is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from data.store import names
from data.store.records import DRAFT, STATUSES
from data.store_errors import OtherScenario, UnknownStatus

Validate: TypeAlias = Callable[[str], object]


@dataclass(frozen=True)
class Stated:
    """What a document says of itself."""

    title: str
    status: str


def parse_scenario(text: str) -> object:
    """Read a text as a scenario of `budgets`, and raise all its faults together."""
    # Only when something is saved: it brings pandas, which no backup needs.
    from budgets.scenario_document import parse

    return parse(text)


def read_document(text: str, scenario: str, validate: Validate) -> Stated:
    """Validate a document and return what it states.

    Raises
    ------
    UnusableText
        No database could keep it to the letter.
    OtherScenario
        It names another scenario than the one it is to be saved as.
    UnknownStatus
        It names a status that there is not.
    CommonGroundError
        Whatever `validate` finds.
    """
    names.text(text, of=scenario, longest=names.LONGEST_DOCUMENT, empty=False)
    parsed = validate(text)
    # A scenario of `budgets` has them in its head; another reader's document may have them plain.
    head = getattr(parsed, "head", parsed)
    own = _stated(head, "id")
    if own and own != scenario:
        raise OtherScenario(scenario, detail=f"the document says {own}")
    status = _stated(head, "status") or DRAFT
    if status not in STATUSES:
        raise UnknownStatus(scenario, found=[status])
    title = " ".join(_stated(head, "title").split())[: names.LONGEST_LINE]
    return Stated(title or scenario, status)


def _stated(head: Any, key: str) -> str:
    value = getattr(head, key, "")
    return value if isinstance(value, str) else ""

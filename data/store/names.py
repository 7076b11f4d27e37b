"""What the store takes as a name or a text.

In: what a caller passes. Out: the same, or an error before any database is asked. The rules are
those of the stricter database, so that what one takes the other takes too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from data.store_errors import UnusableName, UnusableText

LONGEST_DOCUMENT: Final = 5_000_000
LONGEST_REMARK: Final = 10_000
LONGEST_LINE: Final = 300
LARGEST_FILE_BYTES: Final = 50_000_000
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PERSON: Final = 120


def identifier(text: str, *, of: str) -> str:
    """Return the id of a place or a scenario, if it is one."""
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise UnusableName(of, found=[text])
    return text


def person(name: str) -> str:
    """Return a person's name, composed (NFC), so that one name has one spelling.

    An empty name is nobody in particular: a visitor, who may read what is public.
    """
    composed = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    printable = composed.isprintable() and composed == composed.strip()
    if not isinstance(name, str) or not printable or len(composed) > _PERSON:
        raise UnusableName("person", found=[name])
    if composed.startswith(("(", "*")):
        raise UnusableName("person", found=[name], detail="a name cannot begin with ( or *")
    return composed


def file_name(name: str) -> str:
    """Return the name of an uploaded file: one line, and no path."""
    if not isinstance(name, str) or not name or not name.isprintable() or len(name) > _PERSON:
        raise UnusableName("file", found=[name])
    if "/" in name or "\\" in name or name.startswith("."):
        raise UnusableName("file", found=[name], detail="a name without folders, not hidden")
    return name


def text(content: str, *, of: str, longest: int, empty: bool = True) -> str:
    """Return a text that both databases can keep to the letter.

    Raises
    ------
    UnusableText
        No text, empty where something must be said, too long, with a NUL character, or with half
        a character (a lone surrogate) that no encoding can write.
    """
    if not isinstance(content, str):
        raise UnusableText(of, detail=f"it is {type(content).__name__}")
    if not empty and not content.strip():
        raise UnusableText(of, detail="it says nothing")
    if len(content) > longest:
        raise UnusableText(of, detail=f"{len(content):,} characters, at most {longest:,}")
    if "\x00" in content:
        raise UnusableText(of, detail=f"NUL at character {content.index(chr(0)) + 1:,}")
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise UnusableText(of, detail=f"half a character at {error.start + 1:,}") from None
    return content


def line(content: str, *, of: str) -> str:
    """Return a short text of one line, such as a title or a note."""
    text(content, of=of, longest=LONGEST_LINE)
    if any(mark in content for mark in "\r\n"):
        raise UnusableText(of, detail="it must be one line")
    return content

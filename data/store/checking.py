"""Is the store what its audit trail says was written?

In: a connection. Out: one sentence for every fault: a trail with a gap or a broken seal, rows that
were changed, removed or slipped in, versions that are missing, protection that was taken off. The
hash of all content is the same for a store and its backup on any database.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from data.store import chain, drafts, tables
from data.store.records import STATUSES, Checked


def check(connection: Connection, *, shown: str, expected_head: str = "") -> Checked:
    """Check everything there is in one moment of the store.

    `expected_head` is a `NUMBER:HASH` of an earlier check: the entry of that number must still
    have that hash. Without it, somebody who can write to the database could write the whole trail
    anew, or cut off its end, and no check of the store alone could tell.
    """
    faults = list(_of_the_database(connection))
    entries: dict[int, str] = {}
    faults += _of_the_trail(connection, entries, expected_head)
    faults += _of_the_rows(connection, entries)
    faults += _of_the_versions(connection)
    faults += _of_the_drafts(connection)
    number, last = chain.head(connection)
    return Checked(
        shown=shown,
        rows=count(connection),
        head=f"{number}:{last}",
        digest=digest(connection),
        faults=tuple(faults),
    )


def count(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables.ALL
    }


def digest(connection: Connection) -> str:
    """Return the hash of every row of every table, in an order that all databases share."""
    found = hashlib.sha256()
    for table in tables.APPEND_ONLY:
        for row in _rows(connection, table):
            found.update(chain.row_digest(table, row).encode())
    # Drafts have no number to order them by; their digests do as well.
    for one in sorted(chain.row_digest(tables.drafts, row) for row in _all(connection, "drafts")):
        found.update(one.encode())
    return found.hexdigest()


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by entry, a few at a time."""
    order = table.c.number if table is tables.audit else table.c.entry
    query = select(table).order_by(order)
    for row in connection.execute(query, execution_options={"yield_per": tables.at_once(table)}):
        yield dict(row._mapping)


def _all(connection: Connection, name: str) -> Iterator[dict[str, Any]]:
    for row in connection.execute(select(tables.metadata.tables[name])):
        yield dict(row._mapping)


def _of_the_database(connection: Connection) -> Iterator[str]:
    """Ask the database itself, and whether its triggers still stand."""
    if connection.dialect.name == "sqlite":
        for (said,) in connection.execute(text("PRAGMA integrity_check")):
            if said != "ok":
                yield f"SQLite finds the file damaged: {said}"
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            yield f"a row of {row[0]} refers to a row of {row[2]} that is not there"
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        verbs: tuple[str, ...] = ("update", "delete")
    else:
        query = (
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND NOT t.tgisinternal "
            "AND t.tgenabled IN ('O', 'A')"
        )
        verbs = ("update", "delete", "truncate")
    standing = {name for (name,) in connection.execute(text(query))}
    for table in tables.APPEND_ONLY:
        for verb in verbs:
            if f"{table.name}_no_{verb}" not in standing:
                yield f"the trigger that refuses to {verb} rows of {table.name} is not there"


def _of_the_trail(connection: Connection, entries: dict[int, str], expected: str) -> Iterator[str]:
    """Follow the chain from its first entry; fill `entries` with what each says it recorded."""
    previous, before = chain.FIRST, 0
    hashes: dict[int, str] = {}
    for row in _rows(connection, tables.audit):
        number = row["number"]
        if number != before + 1:
            yield f"the audit trail goes from entry {before:,} to {number:,}"
        if row["previous"] != previous:
            yield f"entry {number:,} of the audit trail does not follow from the one before it"
        if row["hash"] != chain.entry_hash(row):
            yield f"entry {number:,} of the audit trail was changed"
        entries[number] = row["content"]
        previous, before = row["hash"], number
        hashes[number] = row["hash"]
    if expected and expected != f"0:{chain.FIRST}":
        number_text, _, seal = expected.partition(":")
        number = int(number_text) if number_text.isdecimal() else -1
        if hashes.get(number) != seal:
            yield f"entry {number_text} of the audit trail is not the one noted as {expected}"


def _of_the_rows(connection: Connection, entries: dict[int, str]) -> Iterator[str]:
    """Compare what every entry says it recorded with the rows that name it."""
    found: dict[int, list[str]] = defaultdict(list)
    names: dict[int, list[str]] = defaultdict(list)
    for table in tables.RECORDED:
        for row in _rows(connection, table):
            found[row["entry"]].append(chain.row_digest(table, row))
            names[row["entry"]].append(table.name)
    for number in sorted(set(found) | set(entries)):
        if number not in entries:
            yield f"a row of {names[number][0]} names entry {number:,}, which is not there"
        elif chain.content_digest(found[number]) != entries[number]:
            of = " and ".join(names[number]) or "what it recorded"
            yield f"{of} of entry {number:,} were changed, removed or added to later"


def _of_the_versions(connection: Connection) -> Iterator[str]:
    """Number the versions of each scenario from 1 without a gap, each whole and marked."""
    marked = set()
    for row in _rows(connection, tables.marks):
        marked.add((row["place"], row["scenario"], row["number"]))
        if row["status"] not in STATUSES:
            yield f"{row['place']}, {row['scenario']} {row['number']} is marked {row['status']}"
    last: dict[tuple[str, str], int] = defaultdict(int)
    for row in _rows(connection, tables.versions):
        key = (row["place"], row["scenario"])
        where = f"{key[0]}, {key[1]} {row['number']}"
        if row["number"] != last[key] + 1:
            yield f"{where}: the version before it is missing"
        last[key] = row["number"]
        if row["sha256"] != chain.sha256(row["text"]):
            yield f"{where}: the text is not the one that was saved"
        if (*key, row["number"]) not in marked:
            yield f"{where}: it has no status"


def _of_the_drafts(connection: Connection) -> Iterator[str]:
    for row in _all(connection, "drafts"):
        if row["sha256"] != drafts.seal(row["text"], row["lines"]):
            of = json.dumps([row["person"], row["place"], row["scenario"]], ensure_ascii=False)
            yield f"the unsaved text of {of} is not the one that was kept"

"""The first tables: places, people, versions, marks, comments, files, the audit trail, drafts.

In: an empty database. Out: the tables, and triggers that refuse to change or remove a row of all
but the drafts. The tables are written out here, and not taken from `data.store.tables`, because a
step must stay what it was when later versions change the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RECORDED = {
    "places": (("place", "name"), ("place", "entry")),
    "grants": (("person", "place", "role"), ("person", "place", "entry")),
    "versions": (
        ("place", "scenario", "number", "title", "note", "text", "sha256"),
        ("place", "scenario", "number"),
    ),
    "marks": (
        ("place", "scenario", "number", "status", "reason"),
        ("place", "scenario", "number", "entry"),
    ),
    "comments": (("place", "scenario", "number", "area", "text"), ("place", "entry")),
    "uploads": (("place", "name", "note", "sha256", "content"), ("place", "name", "entry")),
}
AUDIT = ("number", "at", "person", "act", "place", "subject", "detail", "content", "previous")
DRAFTS = ("person", "place", "scenario", "base_version", "at", "text", "sha256")
KINDS = {
    "entry": sa.BigInteger,
    "number": sa.BigInteger,
    "base_version": sa.BigInteger,
}


def upgrade() -> None:
    """Make the tables and their triggers."""
    op.create_table(
        "audit",
        *(_column(name) for name in (*AUDIT, "hash")),
        sa.PrimaryKeyConstraint("number", name="audit_key"),
    )
    for table, (names, key) in RECORDED.items():
        parts: list[Any] = [_column(name, table) for name in ("entry", *names)]
        parts += [
            sa.PrimaryKeyConstraint(*key, name=f"{table}_key"),
            sa.UniqueConstraint("entry", name=f"{table}_entry"),
            sa.ForeignKeyConstraint(
                ["entry"],
                ["audit.number"],
                name=f"{table}_audit",
                deferrable=True,
                initially="DEFERRED",
            ),
        ]
        if table == "marks":
            parts.append(
                sa.ForeignKeyConstraint(
                    ["place", "scenario", "number"],
                    ["versions.place", "versions.scenario", "versions.number"],
                    name="marks_version",
                )
            )
        op.create_table(table, *parts)
    op.create_table(
        "drafts",
        *(_column(name) for name in DRAFTS),
        sa.PrimaryKeyConstraint("person", "place", "scenario", name="drafts_key"),
    )
    _guard(("audit", *RECORDED))


def _column(name: str, table: str = "") -> sa.Column:
    if (table, name) == ("uploads", "content"):
        return sa.Column(name, sa.LargeBinary, nullable=False)
    kind = KINDS.get(name, sa.Text)
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def _guard(tables: tuple[str, ...]) -> None:
    """Let rows be added and never changed or removed."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table}: rows are only ever added'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION store_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%: rows are only ever added', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in tables:
        for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION store_append_only()"
            )

"""What a version was made with, comments that were hidden, and drafts with lines.

In: the first tables. Out: two more, whose rows are only ever added, and a column of drafts for the
lines of money that somebody edits, empty in those that are there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VERSION = ("place", "scenario", "number")


def upgrade() -> None:
    """Make the tables and the column, and let rows be added and never changed or removed."""
    op.create_table(
        "made_with",
        *(_number(name) if name in ("entry", "number") else _text(name)
          for name in ("entry", *VERSION, "inputs", "lines", "sha256")),
        sa.PrimaryKeyConstraint(*VERSION, name="made_with_key"),
        sa.ForeignKeyConstraint(
            VERSION, [f"versions.{name}" for name in VERSION], name="made_with_version"
        ),
        *_recorded("made_with"),
    )  # fmt: skip
    op.create_table(
        "hidings",
        _number("entry"),
        _text("place"),
        _number("comment"),
        _number("hidden"),
        _text("reason"),
        sa.PrimaryKeyConstraint("place", "comment", "entry", name="hidings_key"),
        *_recorded("hidings"),
    )
    op.add_column("drafts", sa.Column("lines", sa.Text, nullable=False, server_default=""))
    _guard(("made_with", "hidings"))


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _recorded(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.UniqueConstraint("entry", name=f"{table}_entry"),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["audit.number"],
            name=f"{table}_audit",
            deferrable=True,
            initially="DEFERRED",
        ),
    )


def _guard(tables: tuple[str, ...]) -> None:
    """Guard the new tables as the first ones are; PostgreSQL has the function already."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for verb in ("UPDATE", "DELETE") if sqlite else ("UPDATE", "DELETE", "TRUNCATE"):
            name = f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
            op.execute(
                name + f"BEGIN SELECT RAISE(ABORT, '{table}: rows are only ever added'); END"
                if sqlite
                else name + f"FOR EACH {each} EXECUTE FUNCTION store_append_only()"
            )

"""Commands for what is kept: back up, restore, check, and say who is who.

In: the store that COMMONGROUND_DATABASE_URL or COMMONGROUND_HOME names, or another. Out: files,
and what was found. Whoever can run these holds the machine, so they act as its operator.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.common import reports_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

Database = Annotated[
    str,
    typer.Option(
        metavar="FILE|URL",
        help="The store: a file or postgresql://...; by default COMMONGROUND_DATABASE_URL, else "
        "the file store.sqlite in COMMONGROUND_HOME.",
    ),
]
Backup = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.")]

commands = typer.Typer()
store = typer.Typer(
    no_args_is_help=True, help="Back up, restore and check saved scenarios; appoint people."
)
commands.add_typer(store, name="store")


@store.command()
@reports_faults
def backup(file: Backup, database: Database = "") -> None:
    """Write everything that is kept into one new FILE, itself a store, checked and hashed."""
    from data.access import OPERATOR
    from data.store import Store

    with Store(database or None, create=False) as opened:
        copied = opened.backup(file, user=OPERATOR)
    typer.echo(f"Wrote {copied.shown}: {_counted(copied.rows)}")
    _seals(copied.head, copied.digest)


@store.command()
@reports_faults
def restore(file: Backup, database: Database = "") -> None:
    """Fill an empty store from the backup FILE, of either database, and compare the hashes."""
    from data.access import OPERATOR
    from data.store import Store
    from data.store.backup import examine

    # First of all: a file that cannot be restored must not leave an empty store behind.
    examine(file)
    with Store(database or None) as opened:
        copied = opened.restore(file, user=OPERATOR)
    typer.echo(f"Restored into {copied.shown}: {_counted(copied.rows)}")
    _seals(copied.head, copied.digest)


@store.command()
@reports_faults
def check(
    database: Database = "",
    head: Annotated[
        str,
        typer.Option(
            metavar="NUMBER:HASH",
            help="Head of an earlier check, kept elsewhere: nothing up to it may have changed.",
        ),
    ] = "",
) -> None:
    """Compare everything that is kept with its audit trail; ends with 1 where they differ."""
    from data.store import Store

    with Store(database or None, create=False) as opened:
        found = opened.require_sound(expected_head=head)
    typer.echo(f"Nothing is wrong in {found.shown}: {_counted(found.rows)}")
    _seals(found.head, found.digest)


@store.command()
@reports_faults
def appoint(
    person: Annotated[str, typer.Argument(help="Name under which they sign in.")],
    role: Annotated[str, typer.Argument(help="viewer, forum, board, commissioner or steward.")],
    place: Annotated[str, typer.Option(help="Id of a place; without it, everywhere.")] = "*",
    database: Database = "",
) -> None:
    """Give PERSON a ROLE; the first steward of a new store is made like this."""
    from data.access import OPERATOR
    from data.store import Store

    with Store(database or None) as opened:
        opened.appoint(person, role, place=place, user=OPERATOR)
    typer.echo(f"{person} is {role} {'everywhere' if place == '*' else 'in ' + place}")


def _counted(rows: Mapping[str, int]) -> str:
    """Say how much there is, in words."""
    names = {
        "audit": "audit entries",
        "grants": "appointments",
        "made_with": "what they were made with",
        "hidings": "hidden comments",
        "drafts": "unsaved texts",
    }
    return ", ".join(f"{names.get(name, name)} {count:,}" for name, count in rows.items())


def _seals(head: str, digest: str) -> None:
    typer.echo(f"Head of the audit trail: {head}")
    typer.echo(f"Hash of the content: {digest}")

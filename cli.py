"""The door for scripts: the command `commonground`.

In: folders and options. Out: files, and on standard output what went in, what came out and what
was left over; progress and errors go to standard error. A fault of the input ends a command with
exit code 1 and a sentence that says what to do, never with a traceback.

The commands stand in `commands/`, one module a family. Heavy imports stand inside them, so that
`--help` answers at once.
"""

from __future__ import annotations

import typer

from commands import advice, keeping, layers, money, needs, places, prevention

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reconcile boundaries, map needs and share public money across small areas.",
)
for family in (places, layers, needs, money, advice, prevention, keeping):
    app.add_typer(family.commands)


if __name__ == "__main__":
    app()

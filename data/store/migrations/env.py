"""What alembic runs to bring a store to this version.

In: the connection that `data.store.migrate` holds, inside its transaction. Out: the steps of
`versions/` that the database has not had, in that same transaction: all of them, or none.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="store_version",
    # SQLite can take back changes of tables as well, once the transaction is really begun.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

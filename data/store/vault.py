"""The vault: the audit trail, backups, and the check of everything.

In: who asks, and files. Out: entries, backups, and what a check found. There is no method that
changes or removes an entry.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from data.access import EVERYWHERE, Act, Operator, User
from data.store import backup, chain, checking
from data.store.base import Base
from data.store.records import AuditEntry, Checked, Copied
from data.store.tables import audit
from data.store_errors import Tampered


class Vault(Base):
    """Audit trail, backup, restore, check."""

    def audit(self, *, user: User, place: str = EVERYWHERE) -> tuple[AuditEntry, ...]:
        """Return the audit trail, of one place or of all, the first entry first."""
        query = select(audit).order_by(audit.c.number)
        if place != EVERYWHERE:
            query = query.where(audit.c.place == place)
        with self._reading(user, Act.READ_AUDIT, place) as (connection, _):
            return tuple(
                AuditEntry(**{**row, "at": chain.moment(row["at"])})
                for row in connection.execute(query).mappings()
            )

    def backup(self, path: str | Path, *, user: User) -> Copied:
        """Write everything into one new file, itself an SQLite store, while others go on working.

        Raises
        ------
        UnusableBackup
            The path is taken or cannot be written.
        BackupDamaged
            The store or the copy fails its check; no file is left.
        """
        if isinstance(user, Operator):
            return backup.back_up(self._database, Path(path))
        # Who takes everything out is part of the record; the operator must be able to save what
        # there is also when nothing more can be written.
        with self._entry(user, Act.BACK_UP, EVERYWHERE) as entry:
            entry.subject = Path(path).name
        return backup.back_up(self._database, Path(path))

    def restore(self, path: str | Path, *, user: User) -> Copied:
        """Fill this store, which must be empty, from a backup of either database.

        Raises
        ------
        UnusableBackup, BackupDamaged, StoreNotEmpty
            It is no backup, not what was backed up, or there is something that would be lost.
        """
        with self._reading(user, Act.RESTORE, EVERYWHERE):
            pass
        return backup.restore(self._database, Path(path))

    def check(self, *, expected_head: str = "") -> Checked:
        """Check everything: the seals of the audit trail, every row against it, the database.

        `expected_head` is the `head` of an earlier check, kept elsewhere.
        """
        with self._database.reading() as connection:
            return checking.check(connection, shown=self.shown, expected_head=expected_head)

    def require_sound(self, *, expected_head: str = "") -> Checked:
        """Check everything and raise what was found.

        Raises
        ------
        Tampered
            The store is not what its audit trail says.
        """
        found = self.check(expected_head=expected_head)
        if not found.sound:
            raise Tampered(self.shown, found=found.faults)
        return found

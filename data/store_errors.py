"""What can be wrong with the store, with who asks it, and with what it is asked to keep.

One class a cause. `StoreUnavailable` and its kind carry `text`, what the person had typed, and
`kept`, the file it was put into, where a save failed through no fault of theirs.
"""

from __future__ import annotations

from data.errors import DataError


class StoreError(DataError):
    """Base of the errors of the store."""


class NotAllowed(StoreError):
    """Somebody asks for what their role may not do."""

    rule = "this role may not do this"
    remedy = "Ask a steward for another role; docs/store.md lists who may do what."


class UnknownRole(StoreError):
    """A role that does not exist."""

    rule = "a role must be one of viewer, forum, board, commissioner, steward"
    remedy = "Choose one of them."


class UnknownStatus(StoreError):
    """A status that does not exist."""

    rule = "a status must be one of draft, consultation, agreed"
    remedy = "Choose one of them."


class UnusableName(StoreError):
    """An id or the name of a person that the store cannot keep."""

    rule = "a name must be plain text of its kind"
    remedy = (
        "Ids are letters, digits, '.', '_' and '-', up to 80; people's names one line up to 120."
    )


class UnusableText(StoreError):
    """A text that is empty where it may not be, too long, or not text."""

    rule = "a text must be in Unicode without a NUL character, and not longer than the store takes"
    remedy = "Shorten or correct it."


class OtherScenario(StoreError):
    """A document that says it is another scenario than the one it is saved as."""

    rule = "a document must be saved under the id that it names"
    remedy = "Correct the id in the document, or save it under its own."


class StaleVersion(StoreError):
    """A save that started from a version which is no longer the last; nothing was written.

    Fields: `text` and `lines` what was to be saved, `base_version` what it started from, `head`
    the last one.
    """

    rule = "somebody saved this scenario since you opened it; nothing was overwritten"
    remedy = "Open the last version, put your changes into it and save again."


class UnknownPlace(StoreError):
    """A place that the store does not know."""

    rule = "a place must be known to the store"
    remedy = "Correct the id, or let a steward add the place."


class UnknownScenario(StoreError):
    """A scenario that is not there, or of which this person may see no version."""

    rule = "there is no such scenario here"
    remedy = "Correct its id, or ask for it to be put to consultation."


class UnknownVersion(StoreError):
    """A version of a scenario that does not exist."""

    rule = "there is no such version of this scenario"
    remedy = "List its versions and choose one of them."


class UnknownUpload(StoreError):
    """A file that nobody uploaded under this name."""

    rule = "there is no such file in this place"
    remedy = "List the files and choose one of them."


class UnknownComment(StoreError):
    """A comment that nobody made in this place."""

    rule = "there is no such comment in this place"
    remedy = "List the comments and choose one of them."


class UnusableAddress(StoreError):
    """An address of a database that the store cannot work with."""

    rule = "the store needs an SQLite file or the address of a PostgreSQL database"
    remedy = "Use a path, sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE."


class NoDriver(StoreError):
    """PostgreSQL is asked for and its driver is not installed."""

    rule = "PostgreSQL needs the driver psycopg"
    remedy = "Install it with `pip install psycopg[binary]`; `make setup` does."


class NoStore(StoreError):
    """A store that is to be read does not exist."""

    rule = "there is no store here yet"
    remedy = "Correct the address; saving a first scenario, or `store appoint`, makes the store."


class NotAStore(StoreError):
    """A database that holds something else."""

    rule = "the database holds tables that are not of the store"
    remedy = "Name another database; nothing was changed in this one."


class StoreTooNew(StoreError):
    """A store that a later version of Common Ground has written."""

    rule = "the store was written by a later version of Common Ground"
    remedy = "Update Common Ground; an older one cannot read it without harm."


class StoreNotEmpty(StoreError):
    """A backup is to be restored over what is there."""

    rule = "a backup is restored into an empty store only; nothing was overwritten"
    remedy = "Move the present file away, or name an empty database."


class BackupDamaged(StoreError):
    """A backup that is not what was backed up."""

    rule = "the backup fails its own check"
    remedy = "Use another backup; nothing was restored."


class UnusableBackup(StoreError):
    """A file that is no backup, or a path where none can be written."""

    rule = "a backup is one new file that can be written, or one that `store backup` wrote"
    remedy = "Name another file."


class Tampered(StoreError):
    """Rows that are not what the audit trail says was written."""

    rule = "the store is not what its audit trail says"
    remedy = "Compare with a backup; `store check` on each shows where they part."


class StoreUnavailable(StoreError):
    """Base of the faults of the machine; `text` is what was typed, `kept` the file that has it."""

    rule = "the store cannot be used"
    remedy = "Nothing that was saved before is lost."
    text: str = ""
    lines: str = ""
    kept: str = ""


class StoreFull(StoreUnavailable):
    """The disk takes no more."""

    rule = "the disk of the store is full; the save was taken back whole"
    remedy = "Free some space and save again; earlier versions are untouched."


class StoreGone(StoreUnavailable):
    """The file or the server is not where it was."""

    rule = "the database of the store cannot be reached"
    remedy = (
        "Check that the file or the server is there, then look at the last version and save again."
    )


class StoreBusy(StoreUnavailable):
    """Others held the database for too long."""

    rule = "others are writing to the store and have not finished"
    remedy = "Try again in a moment."


class StoreReadOnly(StoreUnavailable):
    """The database does not take writes from us."""

    rule = "the store cannot be written by this user of the machine or the database"
    remedy = "Grant the right to write, or point COMMONGROUND_HOME to another folder."


class StoreDamaged(StoreUnavailable):
    """The file is not a database, or a broken one."""

    rule = "the file of the store is damaged or is not a database"
    remedy = "Move it away and restore the last backup with `commonground store restore`."

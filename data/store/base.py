"""What every method of the store stands on: one transaction that knows who asks.

In: who asks, what for, in which place. Out: a connection for reading, or an entry of the audit
trail to add rows to; and what was typed, kept, where the machine fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from data import access
from data.access import Act, Operator, Role, User, may
from data.store import address, chain, drafts, migrate, people, scenarios
from data.store.chain import Entry
from data.store.database import Database
from data.store.records import Draft, Version
from data.store_errors import StoreUnavailable, UnknownScenario, UnknownVersion


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class Base:
    """A database, the clock, and transactions in the name of somebody."""

    def __init__(self, url: str | Path | None, *, create: bool, clock: Callable[[], datetime]):
        where = address.find(url)
        self._database = Database(where)
        self._beside = where.beside
        self._clock = clock
        self.shown = where.shown
        try:
            migrate.bring_up(self._database, create=create)
        except BaseException:
            self._database.close()
            raise

    def __repr__(self) -> str:
        return f"Store({self.shown})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections to a server; the store can still be used."""
        self._database.close()

    @contextmanager
    def _reading(
        self, user: User, act: Act, place: str
    ) -> Iterator[tuple[Connection, Role | Operator]]:
        """Yield a connection and the role of who asks, if it may do this."""
        with self._database.reading() as connection:
            who = people.role_of(connection, user, place)
            access.require(who, act, name=people.name_of(user), place=place)
            yield connection, who

    @contextmanager
    def _entry(self, user: User, act: Act, place: str) -> Iterator[Entry]:
        """Yield an entry to add rows to, if who asks may do this; written when the block ends."""
        with self._database.writing() as connection:
            self._require(connection, user, act, place)
            with self._recorded(connection, user, act, place) as entry:
                yield entry

    def _require(self, connection: Connection, user: User, act: Act, place: str) -> None:
        who = people.role_of(connection, user, place)
        access.require(who, act, name=people.name_of(user), place=place)

    def _recorded(
        self, connection: Connection, user: User, act: Act, place: str
    ) -> AbstractContextManager[Entry]:
        return chain.recorded(
            connection,
            str(act),
            place,
            person=people.name_of(user),
            at=chain.written(self._clock()),
        )

    def _visible(
        self,
        connection: Connection,
        who: Role | Operator,
        place: str,
        scenario: str,
        number: int | None,
    ) -> Version:
        """Return a version that somebody may see, the last one if none is named.

        What they may not see is for them as if it did not exist.
        """
        if may(who, Act.READ_DRAFT):
            number = number or scenarios.head_number(connection, place, scenario)
            return scenarios.find(connection, place, scenario, number)
        may_see = scenarios.sees(who)
        found = [v for v in scenarios.history(connection, place, scenario) if may_see(v)]
        if not found:
            raise UnknownScenario(place, found=[scenario])
        if number is None:
            return found[-1]
        for version in found:
            if version.number == number:
                return version
        raise UnknownVersion(f"{place}, {scenario}", found=[number])

    @contextmanager
    def _keeping(self, draft: Draft) -> Iterator[None]:
        """Keep what was typed in a file where the machine fails, and say so in the error."""
        try:
            yield
        except StoreUnavailable as error:
            kept = drafts.write_file(self._beside, draft)
            said = (
                f"what you typed is kept in {kept}" if kept else "what you typed is not on a disk"
            )
            raise type(error)(
                error.where,
                detail="; ".join(part for part in (error.detail, said) if part),
                text=draft.text,
                lines=draft.lines,
                kept=str(kept or ""),
            ) from error

    def _draft(
        self,
        place: str,
        scenario: str,
        text: str,
        *,
        base_version: int,
        user: User,
        lines: str = "",
    ) -> Draft:
        person = people.name_of(user)
        return Draft(person, place, scenario, base_version, text, self._clock(), lines)

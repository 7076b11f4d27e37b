"""The desk: what people type before it is saved, what they say, and the files they bring.

In: texts and files, and who asks. Out: drafts of one's own, comments that one may see, files.
"""

from __future__ import annotations

from data.access import Act, User, may
from data.store import drafts, names, people, remarks, scenarios
from data.store.base import Base
from data.store.records import Comment, Draft, Upload
from data.store_errors import StoreUnavailable, UnusableText


class Desk(Base):
    """Drafts, comments and uploads."""

    # ------------------------------------------------------------------ drafts

    def save_draft(
        self,
        place: str,
        scenario: str,
        text: str,
        *,
        base_version: int,
        user: User,
        lines: str = "",
    ) -> Draft:
        """Keep what somebody is typing, in place of their earlier draft of this scenario.

        It is not validated, for it is not finished, and not recorded in the audit trail.

        Raises
        ------
        StoreUnavailable
            The machine failed; `text` and `kept`, a file that `load_draft` finds, hold the text.
        """
        names.identifier(place, of="place")
        names.identifier(scenario, of="scenario")
        names.text(text, of=scenario, longest=names.LONGEST_DOCUMENT)
        names.text(lines, of=f"lines of {scenario}", longest=names.LONGEST_DOCUMENT)
        draft = self._draft(
            place, scenario, text, base_version=base_version, user=user, lines=lines
        )
        with self._keeping(draft), self._database.writing() as connection:
            self._require(connection, user, Act.KEEP_DRAFT, place)
            people.require_place(connection, place)
            drafts.put(connection, draft)
        drafts.drop_file(self._beside, draft.person, place, scenario)
        return draft

    def load_draft(self, place: str, scenario: str, *, user: User) -> Draft | None:
        """Return this user's own last unsaved text of a scenario, None where there is none.

        A text that was put into a file when the store could not be had is found too, also while
        it still cannot be had.
        """
        person = people.name_of(user)
        in_file = drafts.read_file(self._beside, person, place, scenario)
        try:
            with self._reading(user, Act.KEEP_DRAFT, place) as (connection, _):
                in_store = drafts.get(connection, person, place, scenario)
        except StoreUnavailable:
            if in_file is None:
                raise
            in_store = None
        found = [draft for draft in (in_store, in_file) if draft is not None]
        return max(found, key=lambda draft: draft.at, default=None)

    def drafts(self, place: str, *, user: User) -> tuple[Draft, ...]:
        """Return this user's own unsaved texts in a place, the last typed first, one a scenario.

        Those that were put into files are among them, also while the store cannot be had.
        """
        person = people.name_of(user)
        found = drafts.files_of(self._beside, person, place)
        try:
            with self._reading(user, Act.KEEP_DRAFT, place) as (connection, _):
                found += drafts.of_person(connection, person, place)
        except StoreUnavailable:
            if not found:
                raise
        youngest = {draft.scenario: draft for draft in sorted(found, key=lambda one: one.at)}
        return tuple(sorted(youngest.values(), key=lambda draft: draft.at, reverse=True))

    def drop_draft(self, place: str, scenario: str, *, user: User) -> None:
        """Forget this user's own unsaved text of a scenario."""
        person = people.name_of(user)
        with self._database.writing() as connection:
            self._require(connection, user, Act.KEEP_DRAFT, place)
            drafts.drop(connection, person, place, scenario)
        drafts.drop_file(self._beside, person, place, scenario)

    # ------------------------------------------------------------------ comments

    def comment(
        self,
        place: str,
        text: str,
        *,
        user: User,
        scenario: str = "",
        version: int | None = None,
        area: str = "",
    ) -> Comment:
        """Say something about a version of a scenario, an area, or the place.

        Without `version` it is about the last version that this user may see.
        """
        names.text(text, of="comment", longest=names.LONGEST_REMARK, empty=False)
        names.line(area, of="area")
        typed = self._draft(place, f"comment on {scenario}", text, base_version=0, user=user)
        with self._keeping(typed), self._entry(user, Act.COMMENT, place) as entry:
            people.require_place(entry.connection, place)
            number = 0
            if scenario:
                who = people.role_of(entry.connection, user, place)
                number = self._visible(entry.connection, who, place, scenario, version).number
            return remarks.say(entry, place, text, scenario=scenario, number=number, area=area)

    def comments(self, place: str, *, user: User, scenario: str | None = None) -> list[Comment]:
        """Return the comments on what this user may see, on one scenario or all, in their order.

        Of a hidden one, others than who said it and who may show it again see that there was one,
        and why it is hidden, and not its text.
        """
        with self._reading(user, Act.READ_OPEN, place) as (connection, who):
            found = [
                comment
                for comment in remarks.said(connection, place)
                if scenario in (None, comment.scenario)
            ]
            seen = {("", 0)}
            if any(comment.scenario for comment in found):  # versions are many: not for nothing
                may_see = scenarios.sees(who)
                versions = scenarios.in_place(connection, place)
                seen |= {(one.scenario, one.number) for one in versions if may_see(one)}
            name, all_of_it = people.name_of(user), may(who, Act.HIDE_COMMENT)
            return [
                comment if all_of_it or comment.by == name else remarks.covered(comment)
                for comment in found
                if (comment.scenario, comment.number) in seen
            ]

    def hide_comment(
        self, place: str, comment: int, *, user: User, reason: str, hidden: bool = True
    ) -> None:
        """Hide a comment, or show it again; what was said and both acts stay in the record.

        Raises
        ------
        UnknownComment
            There is none of this number in the place.
        UnusableText
            No reason is given.
        """
        names.text(reason, of="reason", longest=names.LONGEST_LINE, empty=False)
        names.line(reason, of="reason")
        with self._entry(user, Act.HIDE_COMMENT, place) as entry:
            remarks.hide(entry, place, comment, hidden=hidden, reason=reason)

    # ------------------------------------------------------------------ files

    def upload(
        self, place: str, name: str, content: bytes, *, user: User, note: str = ""
    ) -> Upload:
        """Keep a file to the byte; one of the same name stays beside it."""
        names.identifier(place, of="place")
        names.file_name(name)
        names.line(note, of="note")
        if len(content) > names.LARGEST_FILE_BYTES:
            most = f"{len(content):,} bytes, at most {names.LARGEST_FILE_BYTES:,}"
            raise UnusableText(name, detail=most)
        with self._entry(user, Act.UPLOAD, place) as entry:
            people.require_place(entry.connection, place)
            return remarks.bring(entry, place, name, bytes(content), note=note)

    def uploads(self, place: str, *, user: User) -> tuple[Upload, ...]:
        """Return the files of a place without their content, all that were ever brought."""
        with self._reading(user, Act.READ_FILES, place) as (connection, _):
            return remarks.brought(connection, place)

    def download(self, place: str, name: str, *, user: User) -> bytes:
        """Return the content of the last file of this name."""
        with self._reading(user, Act.READ_FILES, place) as (connection, _):
            return remarks.content(connection, place, name)

"""The lines of money as people edit them: their faults by line, and a run with them.

In: a place, and a table of lines as text (`data.lines_table`). Out: every fault with the line it is
about; what two tables differ in; and the `Result` of the same place with these lines in place of
the package's own.

Nothing a person typed is changed: the table holds the texts as they are, and money is read from
them by `budgets.streams` alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from budgets import measures, streams
from budgets.tables import read_rows
from data import lines_table
from data.errors import NoIndex
from data.place import Edited, Place
from data.run import Result, restream
from geo.errors import CommonGroundError, Faults, SeveralFaults

WHERE = "lines of money"
_ROW = re.compile(r"row ([0-9]+)\b")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one line, or with the table as a whole.

    Attributes
    ----------
    line
        Number of the line from 1; 0 where the fault is not about one line.
    id
        Its id, as far as it has one.
    found
        What stands there.
    rule, remedy
        What is broken, and what to do.
    """

    line: int
    id: str
    found: str
    rule: str
    remedy: str


def table(place: Place) -> pd.DataFrame:
    """Return the lines of a place as a table of text: as somebody edited them, or its own."""
    return own(place) if place.edited is None else lines_table.of_csv(place.edited.text)


def own(place: Place) -> pd.DataFrame:
    """Return the lines of a place's package as a table of text, whoever edited them since."""
    path = place.folder / place.settings.streams.file
    rows = read_rows(path, where=path.name)
    frame = pd.DataFrame({name: rows.text(name) for name in rows.columns}, dtype="str")
    return lines_table.complete(frame)


def faults(place: Place, frame: pd.DataFrame) -> list[Fault]:
    """Return everything that is wrong with lines by themselves, in the order of the lines.

    Whether the money can be shared out by them only `with_lines` can tell.
    """
    try:
        _checked(place, frame)
    except CommonGroundError as error:
        return told(error, frame)
    return []


def told(error: CommonGroundError, frame: pd.DataFrame) -> list[Fault]:
    """Say of an error which lines it is about."""
    each = error.faults if isinstance(error, SeveralFaults) else (error,)
    found = [fault for one in each for fault in _by_line(one, frame)]
    return sorted(dict.fromkeys(found), key=lambda fault: (fault.line == 0, fault.line))


def with_lines(result: Result, frame: pd.DataFrame) -> Result:
    """Go the way again from the money on, with these lines and everything else as it is.

    The content hash is another one: that of the package with these lines as its table. Lines that
    are those of the result give back the result itself.

    Raises
    ------
    CommonGroundError
        Every fault of the lines together, or whatever a floor below refuses.
    """
    place, text = result.place, lines_table.written(frame)
    if text == lines_table.written(table(place)):
        return result
    read_ = _checked(place, frame)
    inputs = dict(place.inputs)
    inputs[place.settings.streams.file] = hashlib.sha256(text.encode()).hexdigest()
    edited = Edited(text, place.package_hash)
    return restream(result, replace(place, streams=read_, inputs=inputs, edited=edited))


@dataclass(frozen=True)
class Differences:
    """What two tables of lines differ in, by the ids of their lines."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether they differ at all."""
        return bool(self.new or self.changed or self.gone)

    def sentence(self) -> str:
        """Say how many lines are new, changed and gone."""
        parts = [("new", self.new), ("changed", self.changed), ("taken out", self.gone)]
        said = [f"{len(ids)} {word}" for word, ids in parts if ids]
        return ", ".join(said) if said else "no line differs"


def differences(before: pd.DataFrame, after: pd.DataFrame) -> Differences:
    """Compare two tables of lines by id; a line without an id counts as new."""
    was, now = _by_id(before), _by_id(after)
    blank = int((after["id"] == "").sum())
    return Differences(
        new=(*(id for id in now if id not in was), *([""] * blank)),
        changed=tuple(id for id in now if id in was and now[id] != was[id]),
        gone=tuple(id for id in was if id not in now),
    )


def _checked(place: Place, frame: pd.DataFrame) -> pd.DataFrame:
    """Read the lines as a package reads its table, or raise every fault."""
    found = streams.read(frame, where=WHERE, known=place.layers)
    faults = Faults(WHERE)
    with faults.catch():
        measures.check_named(
            found,
            uses=list(place.use.columns),
            households=place.households is not None,
            base=place.base_layer,
            where=WHERE,
        )
    by_need = found.index[found["method"] == "need"]
    if place.settings.index is None and len(by_need):
        faults.add(NoIndex(WHERE, found=list(by_need)))
    faults.raise_any()
    return found


def _by_line(error: CommonGroundError, frame: pd.DataFrame) -> Iterable[Fault]:
    """Return one fault for each line that an error names, one about no line where it names none."""
    lines = {str(id): at for at, id in reversed(list(enumerate(frame["id"], 1))) if id}
    rule, remedy = _words(error)
    if not error.found:
        yield Fault(0, "", "", rule, remedy)
    for item in error.found:
        label, _, found = str(item).partition(": ")
        number = _ROW.match(label)
        # A table in memory has its header in row 1, as a spreadsheet has.
        line = int(number[1]) - 1 if number else lines.get(label, 0)
        id = str(frame["id"].iloc[line - 1]) if 0 < line <= len(frame) else ""
        yield Fault(line, id, found if line else str(item), rule, remedy)


def _words(error: CommonGroundError) -> tuple[str, str]:
    detail = f" ({error.detail})" if error.detail else ""
    return f"{error.rule}{detail}", error.remedy


def _by_id(frame: pd.DataFrame) -> Mapping[str, Mapping[str, str]]:
    """Return what stands in each line, by id: empty fields left out, so that columns may differ."""
    rows = frame.to_dict("records")
    return {
        str(row["id"]): {str(name): str(text) for name, text in row.items() if text}
        for row in rows
        if row["id"]
    }

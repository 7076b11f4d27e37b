"""Streams of an English place from the published revenue outturn, and assumed ones for the NHS.

In: the outturn workbook (thousand pounds by authority and service line) and
`english_services.toml`. Out: rows of a table of streams, and sentences that say what was rounded.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from budgets.money import Amount, format_pounds, read_amount
from budgets.streams import METHODS
from data.errors import RecipeFault

PARAMETERS = Path(__file__).with_name("english_services.toml")
COLUMNS = (
    "id", "title", "agency", "service", "theme", "amount", "reason", "covers", "method",
    "grade", "use", "held_at", "tier", "year", "price_base", "kind", "status", "funder",
    "commissioner", "source", "assumption", "basis", "published",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One service line of one authority."""

    number: int
    title: str
    published: float
    amount: Amount


@dataclass(frozen=True)
class Authority:
    """One row of the outturn: who spent, and on what."""

    code: str
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Outturn:
    """The service lines of every authority, by row, as published."""

    titles: dict[int, str]
    rows: tuple[tuple[str, str, tuple[Any, ...]], ...]
    unit: str

    def authority(self, code: str, names: Sequence[str]) -> Authority | None:
        """Find an authority by its ONS code, else by one of its names; None if it is not there."""
        wanted = {plain(name) for name in names} - {""}
        by_code = [row for row in self.rows if row[0] == code]
        by_name = [row for row in self.rows if plain(row[1]) in wanted]
        found = by_code or by_name
        if not found:
            return None
        if len(found) > 1:
            raise RecipeFault(
                "revenue outturn", found=[row[1] for row in found], detail=f"{code} is not unique"
            )
        row_code, name, values = found[0]
        lines = tuple(
            Line(number, title, value, read_amount(value, unit=self.unit, where=f"{name}, {title}"))
            for (number, title), value in zip(self.titles.items(), values, strict=True)
            if value
        )
        return Authority(row_code, tidy(name), lines)


def parameters() -> dict[str, Any]:
    """Read `english_services.toml`."""
    return tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))


def read_outturn(data: Path) -> Outturn | None:
    """Read the service lines of all authorities; None if the workbook is not there."""
    settings = parameters()["outturn"]
    path = data / settings["file"]
    if not path.is_file():
        return None
    with warnings.catch_warnings():
        # The published workbook names a print area that openpyxl does not understand.
        warnings.filterwarnings("ignore", message="Print area cannot be set")
        # It links to other workbooks, whose cells it holds as well: they take longer than its own.
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        rows = list(book[settings["sheet"]].iter_rows(values_only=True))
    except KeyError:
        raise RecipeFault(str(path), detail=f"it has no sheet {settings['sheet']!r}") from None
    finally:
        book.close()
    head = next((at for at, row in enumerate(rows) if row and row[0] == "E-code"), 0)
    if head == 0:
        raise RecipeFault(str(path), detail="no header line that begins with E-code")
    columns = {
        int(number): at
        for at, number in enumerate(rows[head - 1])
        if isinstance(number, int | float)
        and settings["first_line"] <= number < settings["total_line"]
    }
    titles = {number: str(rows[head][at]).strip() for number, at in columns.items()}
    kept = tuple(
        (str(row[1]).strip(), str(row[2]).strip(), tuple(row[at] for at in columns.values()))
        for row in rows[head + 1 :]
        if row[0] and row[1]
    )
    return Outturn(titles, kept, settings["unit"])


def doubt_of(authority: Authority, code: str) -> str:
    """Say what is doubtful about a row that was found by its name; empty where the code agrees."""
    if authority.code == code:
        return ""
    said = f"no row has its code; taken is the row of the same name, {authority.code}"
    if authority.code[:3] != code[:3]:
        # E06 unitary, E07 district, E08 metropolitan, E10 county: a county that became unitary
        # took over the spending of its districts, which stands in rows of their own.
        said += ", which is another kind of authority: what has joined it since is not in it"
    return said


def council_streams(
    authority: Authority,
    *,
    covers: str,
    held_at: str,
    prefix: str,
    tier: str = "single",
    doubt: str = "",
) -> list[dict[str, str]]:
    """Return one row of streams a service line; a negative line is income of the whole place.

    Parameters
    ----------
    tier
        `district` and `county` where there are two tiers, else `single`.
    doubt
        Is written into the column of assumptions.
    """
    settings = parameters()
    outturn = settings["outturn"]
    rows = []
    for line in authority.lines:
        known = settings["lines"].get(str(line.number), {})
        use = known.get("use", "")
        method, why = known.get("method", "people"), known.get("why", "the line is not described")
        income = line.amount.pence < 0
        if income:
            method, use, why = "place-wide", "", "income is not spent on anybody's area"
        rows.append(
            {
                "id": f"{prefix}_{known.get('id', f'line_{line.number}')}"
                + ("_income" if income else ""),
                "title": f"{authority.name}: {line.title}{' (net income)' if income else ''}",
                "agency": authority.name,
                "service": line.title,
                "theme": known.get("theme", "other"),
                "amount": pounds(line.amount.pence),
                "reason": "income of this service exceeded its expenditure; published as a "
                "negative net amount"
                if income
                else "",
                "covers": covers,
                "method": method,
                "grade": METHODS[method],
                "use": use,
                "held_at": held_at,
                "tier": tier,
                "year": outturn["year"],
                "price_base": "cash",
                "kind": "revenue",
                "status": "outturn",
                "funder": "council tax, business rates and grants",
                "commissioner": authority.name,
                "source": f"{outturn['source']}, line {line.number}",
                "assumption": doubt,
                "basis": why,
                "published": f"{line.published!r} thousand pounds",
            }
        )
    return rows


def nhs_stream(code: str, name: str, residents: int, *, layer: str) -> dict[str, str]:
    """Return the row of one consortium: an assumed amount for each of its residents."""
    nhs = parameters()["nhs"]
    return {
        "id": f"{nhs['id']}_{code.lower()}",
        "title": f"{name}: commissioned care (assumed amount)",
        "agency": name,
        "service": "Commissioned health care",
        "theme": nhs["theme"],
        "amount": pounds(nhs["pounds_per_resident"] * 100 * residents),
        "reason": "",
        "covers": f"{layer}:{code}",
        "method": nhs["method"],
        "grade": METHODS[nhs["method"]],
        "use": "",
        "held_at": layer,
        "tier": "",
        "year": nhs["year"],
        "price_base": "cash",
        "kind": "revenue",
        "status": "budget",
        "funder": "national health budget",
        "commissioner": name,
        "source": "no source: an assumption",
        "assumption": nhs["assumption"],
        "basis": nhs["why"],
        "published": "",
    }


def without_index(row: dict[str, str]) -> dict[str, str]:
    """Return the stream shared by people, for a place that has no index of need."""
    if row["method"] != "need":
        return row
    why = "there is no index of need at hand"
    return row | {"method": "people", "grade": METHODS["people"], "basis": why}


def rounding_notes(authority: Authority) -> list[str]:
    """Say which published amounts had fractions of a penny and what rounding them moved."""
    return [
        f"{authority.name}, line {line.number} {line.title}: published {line.published!r} thousand "
        f"pounds, taken as {format_pounds(line.amount.pence)}, {line.amount.rounding:+f} pence"
        for line in authority.lines
        if line.amount.rounding
    ]


def pounds(pence: int) -> str:
    """Write whole pence as pounds with two decimals and nothing else."""
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02d}"


def tidy(name: str) -> str:
    """Take the remarks off a published name: `Bristol UA`, `Staffordshire (e)`."""
    return re.sub(r"(\s+UA|\s*\([a-z0-9]\))+$", "", name.strip())


def spoken(name: str) -> str:
    """Write a name as in a sentence: `Bristol`, where lists say `Bristol, City of`."""
    return re.sub(r", (City|County) of$", "", name)


def plain(name: str) -> str:
    """Reduce a name to what two publishers agree on: `Bristol, City of` and `Bristol UA`."""
    lower = tidy(name).lower().replace("&", " and ")
    words = re.sub(r"[^a-z]+", " ", lower).split()
    dull = {"city", "county", "of", "the", "council", "borough", "district", "royal"}
    return " ".join(word for word in words if word not in dull)

"""What the choices come to: the pot before and after, who holds it, and for how many people.

In: an allocation. Out: a strip that balances to the penny, and sentences beside the choices. Bars
by tenth of need are paled where more than half of what changed is placed by assumption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from budgets.money import format_pounds
from data import gaining
from data.choosing import Year
from data.run import Result
from data.scenarios import Allocation
from geo.errors import CommonGroundError, SeveralFaults
from pages.shared import choices_said
from pages.shared.figures import plain, text


@dataclass(frozen=True)
class Balance:
    """The pot before, what is added and taken, and the pot after, in pence."""

    before: int
    growth: int
    cuts: int
    after: int

    @classmethod
    def of(cls, made: Allocation) -> Balance:
        """Add up what each step did to the pot; it must come to the pot of the ledger."""
        deltas = [step.after_pence - step.before_pence for step in made.outcome.steps]
        found = cls(
            before=made.outcome.baseline.total,
            growth=sum(delta for delta in deltas if delta > 0),
            cuts=-sum(delta for delta in deltas if delta < 0),
            after=made.outcome.ledger.total,
        )
        if found.before + found.growth - found.cuts != found.after:
            raise ValueError(f"{found} does not balance")
        return found

    @property
    def words(self) -> str:
        """Whether what is added is found by cuts."""
        net = self.growth - self.cuts
        if not self.growth and not self.cuts:
            return "The pot is as it was."
        if net == 0:
            return "What is added is found by what is cut."
        if net > 0:
            return f"{format_pounds(net)} more than today still has to be found."
        return f"{format_pounds(-net)} less than today is spent."


def balance(result: Result, made: Allocation | None, *, broken: bool) -> None:
    """Show the strip that stays in view: what there was, what changes, what there is."""
    whole = result.ledger.total
    found = Balance(whole, 0, 0, whole) if made is None else Balance.of(made)
    said = "Cannot be kept: see below." if broken else found.words
    state = "is-broken" if broken else "is-even" if found.growth == found.cuts else "is-off"
    terms = (
        ("", found.before, "today"),
        ("+", found.growth, "growth"),
        ("−", found.cuts, "cuts"),
        ("=", found.after, "the pot"),
    )
    parts = "".join(
        f'<span class="cg-sum"><i aria-hidden="true">{sign}</i><b>{format_pounds(pence)}</b> '
        f"{words}</span>"
        for sign, pence, words in terms
    )
    with st.container(key="choices_balance"):
        st.html(
            f'<section class="cg-balance {state}" aria-label="The balance">{parts}'
            f'<span class="cg-verdict">{text(said)}</span></section>'
        )


def show(result: Result, made: Allocation, *, on_more: Callable[[], None]) -> None:
    """Show for whom the choices change what, and what each of them did."""
    st.html(title("For whom"))
    st.html(people(made))
    tenths = gaining.by_tenth(made)
    if (tenths["change_pence"] != 0).any():
        st.html(_bars(tenths))
    st.button(
        "See who gains and who loses, area by area",
        key="choices.more",
        icon=":material/arrow_forward:",
        on_click=on_more,
    )
    st.html(title("What each choice does"))
    steps = choices_said.steps(choices_said.Titles(result), made.outcome)
    st.html('<ol class="cg-said">' + "".join(f"<li>{text(line)}</li>" for line in steps) + "</ol>")
    for note in gaining.notes(made):
        st.caption(plain(note))


def title(words: str) -> str:
    """Return the heading of a part of the page."""
    return f'<div class="cg-step"><h2>{text(words)}</h2></div>'


def year_words(year: Year) -> str:
    """Write a year with what can move on its first day."""
    share = year.movable_pence / year.spent_pence if year.spent_pence else 0.0
    return f"{year.year} · {share:.0%} of the money can move by then"


def reason(error: CommonGroundError) -> list[str]:
    """Say why choices cannot be kept, one sentence a fault: what is asked, and what there is."""
    faults = error.faults if isinstance(error, SeveralFaults) else (error,)
    lines = []
    for fault in faults:
        limit, year = fault.fields.get("limit"), fault.fields.get("year")
        found = f" ({', '.join(str(item) for item in fault.found[:5])})" if fault.found else ""
        if limit is None:
            detail = f": {fault.detail}" if fault.detail else ""
            lines.append(f"It must be so that {fault.rule}{detail}{found}. {fault.remedy}")
            continue
        # The button says the nearest value, rounded; the message has it to the last digit.
        detail = fault.detail.partition("; the nearest that can be kept")[0]
        when = f" in year {year}" if year is not None else ""
        name = choices_said.LIMITS.get(str(limit), str(limit).replace("_", " "))
        lines.append(f"{name}{when}: {detail or fault.rule}{found}.")
    return lines


def people(made: Allocation) -> str:
    """Say how many people live where money comes, goes, and stays."""
    counted = gaining.people(made)
    cells = "".join(
        f'<div class="cg-count cg-{kind}"><b>{row.people:,.0f}</b><span>people in {row.areas:,} '
        f"area{'' if row.areas == 1 else 's'} {words}</span><em>{_change(row.pence)}</em></div>"
        for kind, row, words in (
            ("gain", counted.gain, "gain"),
            ("lose", counted.lose, "lose"),
            ("stay", counted.stay, "keep what they have"),
        )
        if row.areas
    )
    return f'<div class="cg-counts">{cells}</div>'


def _bars(tenths: pd.DataFrame) -> str:
    """Draw the change a person by tenth of need, from the middle to either side."""
    most = float(tenths["pence_per_person"].abs().max()) or 1.0
    rows = ""
    for tenth, row in tenths.iterrows():
        each = float(row["pence_per_person"])
        width = 50 * abs(each) / most
        side = f"left:{50 if each >= 0 else 50 - width:.2f}%;width:{width:.2f}%"
        words = {1: "1 neediest", 10: "10 least needy"}.get(int(str(tenth)), str(tenth))
        kind = "gain" if each >= 0 else "lose"
        unsure = " is-assumed" if row["assumed"] else ""
        rows += (
            f'<tr><th scope="row">{words}</th><td class="cg-axis" aria-hidden="true">'
            f'<i class="cg-{kind}{unsure}" style="{side}"></i></td>'
            f"<td>{'+' if each > 0 else ''}{format_pounds(round(each))}</td></tr>"
        )
    note = (
        '<p class="cg-kind">Striped: more than half of the change follows from how the money was '
        "assumed to be shared.</p>"
        if tenths["assumed"].any()
        else ""
    )
    return (
        '<table class="cg-tenths"><caption>Change for each person, by tenth of areas by need'
        f"</caption><tbody>{rows}</tbody></table>{note}"
    )


def _change(pence: int) -> str:
    return f"{'+' if pence > 0 else ''}{format_pounds(pence)}" if pence else ""

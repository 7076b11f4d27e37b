"""Charts: curves, bars and distributions, each with a sentence and a table that say the same.

In: a tidy frame, a title, a unit and the sentence for whoever cannot see the chart. Out: a chart
drawn by the scripts that come with Streamlit, which asks nobody outside for anything; under it the
sentence, and the figures as a table that opens. Names from files stay text everywhere.

Values are in the unit that is named: "pounds ..." are written with a pound sign along the axis,
"per cent ..." with a per cent sign. A missing value is not drawn; the table says why.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.figures import NO_DATA, text

BINS = 16
MOST_POINTS = 200  # of one line: more cannot be told apart at 1,280 pixels
MOST_ROWS = 24
TOLD = 6
TALL, SQUARE = 300, 460  # pixels of a chart with an upright axis; of one with two equal axes
WIDE = 760  # of a chart with two equal axes, where the page is wider: its slopes must be seen
ROW, ROW_OF_SEVERAL = 30, 18  # pixels of a bar, alone or beside others of the same name
FLUSH = 26  # pixels from an end of an axis, from where a number would be cut off by the edge
AXIS, KEY = 40, 56  # pixels of the axis below the bars, and of the key above
LABEL, LINES = 28, 3  # letters of a line of a bar's name, and lines of it
LINE, AROUND = 13, 10  # pixels of such a line, and around all of them
DRAWN = ("name", "label", "series", "x", "low", "high", "value", "said", "sure")
EVEN = "If all had the same"
Write = Callable[[float], str]


def curve(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str,
    along: str,
    alternative: str,
    write: Write | None = None,
    even: bool = False,
) -> None:
    """Draw lines, with a band about each where it is known between what and what it lies.

    Parameters
    ----------
    frame
        `x, value` and where there are several lines `series`; `low, high` are the ends of the
        band. Numbers in `x` make a scale, texts (years) stand side by side.
    along
        What `x` is, with its unit.
    alternative
        The sentence that says what the chart shows.
    write
        How a value is written; by default as a number with at most one decimal.
    even
        Also draw the line on which x and value are the same, as in a concentration curve.
    """
    write = write or _plain(unit)
    rows = _thinned(frame if "series" in frame else frame.assign(series=title))
    rows = rows.assign(said=[_said(row, write) for row in rows.to_dict("records")])
    numbers = pd.api.types.is_numeric_dtype(rows["x"])
    names = list(dict.fromkeys(rows["series"].astype(str)))
    x = (
        alt.X(field="x", type="quantitative", title=along, axis=_axis(along),
              scale=alt.Scale(nice=False, zero=False))
        if numbers
        else alt.X(field="x", type="ordinal", sort=None, title=along, axis=alt.Axis(labelAngle=0))
    )  # fmt: skip
    y = alt.Y(field="value", type="quantitative", title=None, axis=_axis(unit),
              scale=alt.Scale(zero=bool(even)))  # fmt: skip
    one = len(names) == 1
    key = None if one else alt.Legend(orient="top", title=None, labelLimit=260, columns=2)
    color = alt.Color(field="series", type="nominal", sort=names, legend=key)
    drawn = alt.Chart(_data(rows))
    layers = []
    if {"low", "high"} <= set(rows):
        layers.append(
            drawn.mark_area(opacity=0.18).encode(
                x=x, y=alt.Y(field="low", type="quantitative", title=None), y2=alt.Y2(field="high"),
                color=color)
        )  # fmt: skip
    dash = {} if one else {
        "strokeDash": alt.StrokeDash(field="series", type="nominal", sort=names, legend=key)
    }  # fmt: skip
    tip = [alt.Tooltip(field=name, type="nominal", title=words)
           for name, words in (("series", "Line"), ("x", along), ("said", unit))]  # fmt: skip
    layers.append(
        drawn.mark_line(strokeWidth=2.5, point=len(rows) <= MOST_ROWS).encode(
            x=x, y=y, color=color, tooltip=tip, **dash)
    )  # fmt: skip
    if even:
        ends = alt.Chart(alt.Data(values=[{"x": 0, "value": 0}, {"x": 100, "value": 100}]))
        layers.append(ends.mark_line(strokeWidth=1.5, opacity=0.5, color="gray").encode(x=x, y=y))
    table = _crossed(rows, "x", names)
    few = table.iloc[_evenly(len(table), MOST_ROWS)]
    few.index = [f"{value:,.1f}" if numbers else str(value) for value in few.index]
    note = f"Grey line: {EVEN.lower()}." if even else ""
    if len(few) < len(table):
        note += f" The table has {len(few)} of the {len(table):,} points of the lines."
    _show(alt.layer(*layers).properties(height=SQUARE if even else TALL), few,
          words=(title, unit, along, alternative, note))  # fmt: skip


def bars(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str,
    of: str = "Area",
    alternative: str,
    write: Write | None = None,
) -> None:
    """Draw lying bars in the frame's order, side by side where a name stands in several series.

    Parameters
    ----------
    frame
        `name, value`; `code` where names may be the same; where there are several, `series`;
        `low, high` for a whisker; `unsure` (bool) pales what is assumed; `missing` says why a
        value is not there.
    of
        What the names are.
    """
    write = write or _plain(unit)
    series_of = frame["series"].astype(str) if "series" in frame else title
    rows = frame.assign(
        name=_apart(frame.assign(series=series_of)),
        said=[_said(row, write) for row in frame.to_dict("records")],
        series=series_of,
        sure=~frame["unsure"].astype(bool) if "unsure" in frame else True,
    )
    names = list(dict.fromkeys(rows["name"]))
    labels = wrapped(names, LABEL, LINES)
    rows["label"] = rows["name"].map(dict(zip(names, labels, strict=True)))
    series = list(dict.fromkeys(rows["series"]))
    several = len(series) > 1
    y = alt.Y(field="label", type="nominal", sort=labels, title=None,
              axis=alt.Axis(labelExpr="split(datum.label, '\\n')", labelLineHeight=LINE,
                            labelLimit=170, ticks=False, domain=False))  # fmt: skip
    beside: dict[str, Any] = {}
    if several:
        top = alt.Legend(orient="top", title=None, labelLimit=260)
        beside = {
            "yOffset": alt.YOffset(field="series", type="nominal", sort=series),
            "color": alt.Color(field="series", type="nominal", sort=series, legend=top),
        }
    tip = [alt.Tooltip(field=name, type="nominal", title=words)
           for name, words in (("name", of), *((("series", "Of"),) if several else ()),
                               ("said", unit))]  # fmt: skip
    x = alt.X(field="value", type="quantitative", title=None, axis=_axis(unit), stack=None)
    drawn = alt.Chart(_data(rows))
    pale = alt.condition("datum.sure", alt.value(1), alt.value(0.45))
    layers = [
        drawn.mark_bar(cornerRadiusEnd=3).encode(
            x=x, y=y, opacity=pale, tooltip=tip, **beside)
    ]  # fmt: skip
    if {"low", "high"} <= set(rows):
        beside.pop("color", None)
        layers.append(
            drawn.mark_rule(strokeWidth=2, color="gray").encode(
                x=alt.X(field="low", type="quantitative", title=None), x2=alt.X2(field="high"),
                y=y, tooltip=tip, **beside)
        )  # fmt: skip
    table = _crossed(rows, "name", series)
    lines = max((label.count("\n") for label in labels), default=0) + 1
    row = ROW_OF_SEVERAL * len(series) + 8 if several else ROW
    high = len(names) * max(row, LINE * lines + AROUND)
    high += AXIS + (KEY if several else 0)
    note = "" if rows["sure"].all() else "Pale: follows from an assumption."
    _show(alt.layer(*layers).properties(height=high), table,
          words=(title, unit, of, alternative, note))  # fmt: skip


def distribution(
    values: pd.Series,
    *,
    here: Mapping[str, float],
    title: str,
    unit: str,
    of: str = "areas",
    alternative: str = "",
    write: Write | None = None,
) -> None:
    """Draw how many areas have which value, and where some values lie among them.

    Parameters
    ----------
    values
        One value an area; missing ones are counted and said.
    here
        What is marked, by its name: the area itself first ("You are here"), then others it is
        compared with.
    of
        What is counted, in the plural.
    alternative
        By default a sentence about the middle value, the middle half and what is marked.
    """
    write = write or _plain(unit)
    known = values.dropna().astype(float)
    edges, counts = _binned(known)
    heights = pd.DataFrame(
        {
            "low": edges[:-1], "high": edges[1:], "value": counts,
            "said": [f"{write(low)} to {write(high)}" for low, high in pairwise(edges)],
        }
    )  # fmt: skip
    marks = {name: float(at) for name, at in here.items() if not pd.isna(at)}
    marked = [{"at": at, "who": f"{name}: {write(at)}"} for name, at in marks.items()]
    x = alt.X(field="low", type="quantitative", title=unit, axis=_axis(unit),
              bin=alt.BinParams(binned=True), scale=alt.Scale(zero=False, nice=False))  # fmt: skip
    drawn = alt.Chart(_data(heights)).mark_bar(opacity=0.55).encode(
        x=x, x2=alt.X2(field="high"),
        y=alt.Y(field="value", type="quantitative", title=of, axis=alt.Axis(tickMinStep=1)),
        tooltip=[alt.Tooltip(field="said", type="nominal", title=unit),
                 alt.Tooltip(field="value", type="quantitative", title=of)],
    )  # fmt: skip
    rules = alt.Chart(alt.Data(values=marked)).mark_rule(strokeWidth=3).encode(
        x=alt.X(field="at", type="quantitative", title=unit),
        color=alt.Color(field="who", type="nominal", sort=[str(row["who"]) for row in marked],
                        legend=alt.Legend(orient="top", title=None, labelLimit=300, columns=1,
                                          symbolType="stroke")),
        tooltip=alt.Tooltip(field="who", type="nominal", title="Marked"),
    )  # fmt: skip
    table = heights.set_index("said")[["value"]].astype(int).map("{:,}".format)
    table.columns = pd.Index([of.capitalize()])
    gone = int(values.isna().sum())
    note = f"{gone:,} without a figure." if gone else ""
    layers = [drawn, rules] if marked else [drawn]
    _show(alt.layer(*layers).properties(height=TALL), table, words=(
        title, unit, unit.capitalize(), alternative or _spread(known, marks, of, write), note
    ))  # fmt: skip


def _show(
    chart: alt.LayerChart | alt.FacetChart,
    table: pd.DataFrame,
    *,
    words: tuple[str, str, str, str, str],
) -> None:
    """Put title, chart, sentence and table on the page; `words` as said in the callers."""
    title, unit, first, alternative, note = words
    # A chart stands under the title of a page as well as under that of a part: never two below.
    heading = f'<h2 class="is-fourth">{text(title)}</h2>'
    st.html(f'<div class="cg-part">{heading}<p class="cg-kind">{text(unit)}</p></div>')
    # What altair writes is fixed here and seen by tests; to check it against the schema on every
    # change of a slider takes 25 ms.
    spec = chart.to_dict(validate=False)
    square = spec.get("height") == SQUARE
    st.vega_lite_chart(spec, width=WIDE if square else "stretch", alt=f"{title}. {alternative}")
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in (first, *table.columns))
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>'
        + "".join(f"<td>{text(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells in zip(table.index, table.to_numpy(), strict=True)
    )
    st.html(
        f'<div class="cg-part"><p>{text(alternative)} {text(note)}</p>'
        f"<details><summary>{text(title)}: the figures as a table</summary>"
        f'<div class="cg-scroll" tabindex="0" role="region" aria-label="{text(title)}">'
        f'<table class="cg-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
        "</div></details></div>"
    )


def wrapped(names: Sequence[str], letters: int, most: int) -> list[str]:
    """Break names into lines of so many letters; what `most` lines cannot hold ends in "…".

    Names that would then look the same stay as they are.
    """
    found = [
        "\n".join(textwrap.wrap(name, letters, max_lines=most, placeholder=" …")) or name
        for name in names
    ]
    return found if len(set(found)) == len(set(names)) else list(names)


def _apart(rows: pd.DataFrame) -> list[str]:
    """Return the names, each for one row of bars only.

    Rows of one name are told apart by their codes, or else by their order within a series: the
    second one has its number, which no other name may already have.
    """
    names = rows["name"].astype(str)
    order = rows.assign(name=names).groupby(["name", "series"], sort=False).cumcount()
    which = rows["code"].astype(str) if "code" in rows else order
    taken, found = set(names), dict[tuple[str, Any], str]()
    for name, of in dict.fromkeys(zip(names, which, strict=True)):
        number, label = 1, name
        while label in found.values() or (label in taken and label != name):
            number += 1
            label = f"{name} ({number})"
        found[name, of] = label
    return [found[pair] for pair in zip(names, which, strict=True)]


def _crossed(rows: pd.DataFrame, by: str, series: list[str]) -> pd.DataFrame:
    """Return the table of what is written: a row a name or x in their order, a column a series."""
    once = rows.drop_duplicates([by, "series"], keep="last")
    table = once.pivot(index=by, columns="series", values="said")
    return table.reindex(index=rows[by].drop_duplicates(), columns=series).fillna(NO_DATA)


def _data(frame: pd.DataFrame) -> alt.Data:
    """Return what a chart draws of a frame; missing values are not drawn."""
    kept = [name for name in DRAWN if name in frame]
    rows = frame.loc[frame["value"].notna(), kept].to_dict("records")
    return alt.Data(values=[{str(k): v for k, v in row.items() if not pd.isna(v)} for row in rows])


def _said(row: Mapping[Any, Any], write: Write) -> str:
    """Write a value, with what it lies between; or why it is not there."""
    if pd.isna(row["value"]):
        why = str(row.get("missing", "") or "")
        return why or NO_DATA
    said = write(float(row["value"]))
    low, high = row.get("low"), row.get("high")
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return said
    return f"{said} ({write(float(low))} to {write(float(high))})"


def _plain(unit: str) -> Write:
    """Return the usual way to write a number of a unit."""
    unit = unit.lower()
    if unit.startswith("pounds"):
        return lambda value: f"{'-' if value < 0 else ''}£{abs(value):,.0f}"
    sign = "%" if unit.startswith("per cent") else ""
    return lambda value: f"{value:,.1f}".removesuffix(".0") + sign


def _axis(unit: str) -> alt.Axis:
    """Return an axis whose numbers carry the sign of their unit; G of the format is a billion."""
    unit = unit.lower()
    if unit.startswith("pounds"):
        words = "replace(replace('£' + format(datum.value, '~s'), 'G', 'bn'), 'M', 'm')"
        expression = f"replace({words}, '£−', '−£')"
        return alt.Axis(labelExpr=expression, labelFlush=FLUSH, tickCount=5)
    if unit.startswith("per cent"):
        return alt.Axis(labelExpr="format(datum.value, ',~r') + '%'", labelFlush=FLUSH, tickCount=5)
    return alt.Axis(labelFlush=FLUSH, tickCount=6)


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out points of a long line that no screen could show, never its ends."""
    parts = [part.iloc[_evenly(len(part), MOST_POINTS)] for _, part in frame.groupby("series",
             sort=False)]  # fmt: skip
    return pd.concat(parts) if parts else frame


def _evenly(number: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, number - 1, min(number, most)).round().astype(int))


def _binned(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Count values between round numbers; a step is 1, 2 or 5 of a power of ten."""
    if values.empty:
        return np.array([0.0, 1.0]), np.array([0])
    low, high = float(values.min()), float(values.max())
    rough = (high - low) / BINS or max(abs(high), 1.0) / BINS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    first = np.floor(low / step)
    edges = step * (first + np.arange(max(int(np.floor(high / step) - first) + 1, 1) + 1))
    counts, _ = np.histogram(values, edges)
    return edges, counts


def _spread(values: pd.Series, marks: Mapping[str, float], of: str, write: Write) -> str:
    """Describe a distribution: its middle, its middle half, and what is marked in it."""
    if values.empty:
        return f"None of the {of} has a figure."
    low, middle, high = (write(float(values.quantile(q))) for q in (0.25, 0.5, 0.75))
    said = (
        f"{len(values):,} {of}: half of them lie between {low} and {high}, the middle one has "
        f"{middle}."
    )
    told = "; ".join(f"{name}: {write(value)}" for name, value in marks.items())
    return f"{said} {told}." if told else said

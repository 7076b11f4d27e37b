"""A profile says what is true of an area, in words a resident understands."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.stats import rankdata

from boundaries.trust import ERROR_LIMITS
from indices import basis as small_areas
from indices import profile_words as words
from indices.carrying import Carried, carry
from indices.indicators import Indicator
from indices.measures import Measure
from indices.profiles import Among, Area, Beside, Extras, Profile, Standing, profile, trends_of
from indices.profiles_errors import UnknownArea
from indices.similar import similar, standardise
from indices.trends import Series

CODES = pd.Index([f"0{n}" for n in range(1, 7)], name="sq", dtype="str")
PEOPLE = pd.Series(1000.0, index=CODES)
COMMON = {"source": "Drawn", "vintage": "sq", "date": "2025", "theme": "homes"}
CROWDED = Indicator(
    id="crowded",
    title="Crowded homes",
    unit="%",
    kind="rate",
    numerator="crowded",
    denominator="homes",
    per=100,
    direction="high is worse",
    definition="Homes with too few bedrooms",
    **COMMON,
)
WORK = Indicator(
    id="work",
    title="People in work",
    unit="%",
    kind="rate",
    numerator="work",
    denominator="homes",
    per=100,
    direction="low is worse",
    **COMMON,
)
CLAIMS = Indicator(
    id="claims",
    title="Claims",
    unit="claims",
    kind="count",
    numerator="crowded",
    direction="neither",
    **COMMON,
)
TABLE = pd.DataFrame(
    {
        "crowded": [50.0, 100.0, 20.0, 20.0, 5.0, 60.0],
        "work": [300.0, 200.0, 400.0, 400.0, 410.0, 100.0],
        "homes": 500.0,
    },
    index=CODES,
)


def basis_of(england: dict[str, float] | None = None) -> small_areas.Basis:
    items = [CROWDED, WORK, CLAIMS]
    tables = {item.id: TABLE for item in items}
    return small_areas.prepare(items, tables, PEOPLE, england=england)


def small(basis: small_areas.Basis) -> Carried:
    return carry(basis, csr_array(np.eye(6)), CODES)


def of(code: str, england: dict[str, float] | None = None, **extras: object) -> Profile:
    basis = basis_of(england)
    figures = small(basis)
    place = Beside("place", "Gridley as a whole", pd.Series({"crowded": 8.5, "work": 60.3}))
    return profile(
        basis,
        figures,
        Area(code, f"Area {code}", "one of 6 squares of Gridley", 1000.0),
        beside=[place],
        among=Among("squares of Gridley", figures.values),
        extras=Extras(**extras),  # type: ignore[arg-type]
    )


def test_rank_1_is_the_worse_end_and_equals_share_the_best_rank() -> None:
    for name, worst_first in (
        ("crowded", -100 * TABLE["crowded"] / 500),
        ("work", 100 * TABLE["work"] / 500),
        ("claims", -TABLE["crowded"]),
    ):
        expected = rankdata(worst_first, method="min")
        found = [of(code).table.loc[name, "rank"] for code in CODES]
        assert found == expected.tolist()
    assert of("01").table["of"].tolist() == [6, 6, 6]


def test_a_difference_is_clear_only_beyond_the_interval() -> None:
    found = of("01", england={"crowded": 4.4}).table
    row = found.loc["crowded"]
    assert (row["value"], row["place"], row["england"]) == (10.0, 8.5, 4.4)
    # Wilson for 50 of 500 by hand: (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n).
    z2 = 1.959964**2
    half = math.sqrt(z2) * math.sqrt(0.1 * 0.9 / 500 + z2 / 4 / 500**2)
    assert row["low"] == pytest.approx(100 * (0.1 + z2 / 1000 - half) / (1 + z2 / 500))
    assert row["low"] < 8.5
    assert row["against_place"] == "about the same"
    assert row["against_england"] == "clearly higher"
    assert math.isnan(found.loc["work", "england"])
    assert found.loc["work", "against_england"] == ""


def test_the_sentence_says_value_comparison_and_place() -> None:
    found = of("01", england={"crowded": 4.4}).table["sentence"]
    assert found["crowded"] == (
        "Crowded homes: 10.0% (likely between 7.7% and 12.9%). About the same as in Gridley as a "
        "whole (8.5%); clearly higher than in England (4.4%). Of the other 5 squares of Gridley, "
        "2 have a higher figure."
    )
    assert found["work"] == (
        "People in work: 60.0% (likely between 55.6% and 64.2%). About the same as in Gridley as a "
        "whole (60.3%). Of the other 5 squares of Gridley, 2 have a lower figure."
    )
    # A count of a part is not put beside that of the whole.
    assert found["claims"] == (
        "Claims: 50.0 claims (likely between 37.1 and 65.9). Of the other 5 squares of Gridley, "
        "2 have a higher figure."
    )


def test_the_worst_and_the_best_area_are_told_so() -> None:
    assert "none has a higher figure." in of("02").table.loc["crowded", "sentence"]
    assert "all have a higher figure." in of("05").table.loc["crowded", "sentence"]
    assert "none has a lower figure." in of("06").table.loc["work", "sentence"]
    assert ", 1 has a higher figure." in of("06").table.loc["crowded", "sentence"]


def test_few_cases_and_estimates_are_said() -> None:
    assert "Few cases are behind it" in of("05").table.loc["crowded", "sentence"]
    assert "Few cases" not in of("01").table.loc["crowded", "sentence"]
    graded = of("01", people_grade="C").table
    assert graded["grade"].tolist() == ["C", "C", "C"]
    assert "A rough estimate" in graded.loc["work", "sentence"]


def test_the_grade_is_that_of_the_figures_own_error_where_it_is_worse() -> None:
    basis = basis_of()
    share = csr_array(np.array([[0.5], [0.5], [0], [0], [0], [0]]))
    figures = carry(basis, share, pd.Index(["T"], dtype="str"))
    found = profile(basis, figures, Area("T", "T", "a drawing", 1000.0)).table
    for name in ("crowded", "work"):
        relative = figures.error.loc["T", name] / figures.values.loc["T", name]
        expected = "ABCD"[sum(relative > limit for limit in ERROR_LIMITS)]
        assert found.loc[name, "grade"] == expected != "A"
    assert found["rank"].isna().all()


def test_an_area_that_is_not_to_be_ranked_gets_no_rank() -> None:
    basis = basis_of()
    figures = small(basis)
    area = Area("01", "Our area", "an area of your own", 300.0, ranked=False)
    found = profile(basis, figures, area, among=Among("squares", figures.values))
    assert found.table["rank"].isna().all()
    assert found.among == ""
    assert "Of the" not in " ".join(found.sentences())


def test_a_hidden_figure_is_withheld_and_the_reason_told() -> None:
    hidden = CROWDED.model_copy(update={"disclosure": "local-records"})
    table = TABLE.assign(crowded=[3.0, 100, 20, 20, 15, 60])
    basis = small_areas.prepare([hidden], {"crowded": table}, PEOPLE)
    found = profile(basis, small(basis), Area("01", "A", "b", 1.0)).table.loc["crowded"]
    assert math.isnan(found["value"])
    assert found["hidden"]
    assert found["sentence"] == (
        "Crowded homes: not shown, because the count is so small that it could describe a family."
    )


def test_every_figure_carries_its_definition_source_and_date() -> None:
    row = of("01").table.loc["crowded"]
    assert row["definition"] == CROWDED.describe()
    assert "Homes with too few bedrooms" in row["definition"]
    assert (row["source"], row["date"], row["vintage"]) == ("Drawn", "2025", "sq")


def test_index_type_similar_areas_and_years_stand_among_the_sentences() -> None:
    standing = Standing("Need", 30.0, 2.0, 6, "its own score", "Need: score 30.")
    alike = similar(standardise(TABLE[["crowded", "work"]]), "01")
    alike.table.insert(0, "name", [f"Area {code}" for code in alike.table.index])
    said = of(
        "01",
        standing=standing,
        similar=alike,
        type_sentence="Its people live in quiet squares.",
        trends={"crowded": "From 2016 to 2025: no clear trend.", "bins": "Bins. From 2016 ..."},
    ).sentences()
    assert said[0] == "Area 01 is one of 6 squares of Gridley. About 1,000 people live there."
    assert said[1] == "Need: score 30."
    assert "2 have a higher figure. From 2016 to 2025: no clear trend." in said[2]
    assert said[5] == "Bins. From 2016 ..."
    assert said[6] == "Its people live in quiet squares."
    assert said[7].startswith("Most like it of 5 others: Area ")


def years(values: list[float]) -> dict[str, Series]:
    frame = pd.DataFrame([values], index=["01"], columns=range(2016, 2016 + len(values)))
    blank = frame * np.nan
    known = CROWDED.model_dump() | {"about": "population"}
    return {
        "crowded": Series(
            Measure(**known), frame, None, None, blank, blank, frame.map(lambda _: "")
        )
    }


def test_a_trend_is_told_where_the_line_is_clear() -> None:
    rising = trends_of(years([1.0, 2.1, 2.9, 4.0, 5.1]), "01")["crowded"]
    slope = np.polyfit(range(5), [1.0, 2.1, 2.9, 4.0, 5.1], 1)[0]
    assert rising == (
        f"From 2016 to 2020: rising by about {slope:.1f} percentage points a year, getting worse."
    )
    falling = trends_of(years([5.1, 4.0, 2.9, 2.1, 1.0]), "01", where="Harbour ward")["crowded"]
    assert falling.startswith("From 2016 to 2020 in Harbour ward: falling by about 1.0")
    assert falling.endswith("getting better.")
    flat = trends_of(years([3.0, 1.0, 4.0, 1.0, 3.0]), "01")["crowded"]
    assert flat == "From 2016 to 2020: no clear trend."
    assert trends_of(years([1.0, 2.0, 3.0]), "01") == {}
    assert trends_of(years([1.0, 2.1, 2.9, 4.0]), "99") == {}


def test_an_unknown_area_is_refused() -> None:
    with pytest.raises(UnknownArea):
        of("99")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (8.14, "%", "8.1%"),
        (8.14, "% of homes", "8.1% of homes"),
        (0.61, "per 1,000", "0.61 per 1,000"),
        (1204.4, "claims", "1,204 claims"),
        (0.0, "km", "0 km"),
        (999.97, "", "1,000"),
        (0.000021, "km", "0.000021 km"),
    ],
)
def test_figures_are_written_with_the_digits_a_reader_needs(
    value: float, unit: str, text: str
) -> None:
    assert words.number(value, unit) == text

"""Indices from files to files: every format, the columns promised, faults, and England."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from data import sheets
from data.doubting import Asked, doubt_file
from data.errors import (
    DuplicateCode,
    EmptyCode,
    EmptyTable,
    MissingColumns,
    NumericCodes,
    UnknownChoice,
    UnreadableSheet,
    UnusableFolder,
)
from data.indexing import index_file
from data.summarising import How, summarise_file
from geo.errors import CommonGroundError, Faults, SeveralFaults
from indices.definitions import load
from indices.errors import (
    ConstantIndicator,
    DuplicateCodes,
    IncompleteEdition,
    NotARanking,
    PartlyIndexedArea,
    PopulationFault,
    UnknownDefinition,
    UnplacedAreas,
)
from indices.index import build

LOCAL = """
schema = 1
id = "local"
title = "A local index"
edition = "2025"
reference = "none"
[[domains]]
id = "income"
title = "Income"
weight = 0.6
indicators = ["jobless"]
[[domains]]
id = "health"
title = "Health"
weight = 0.4
indicators = ["sick"]
[[indicators]]
id = "jobless"
title = "Jobless"
unit = "%"
kind = "rate"
numerator = "jobless"
denominator = "people"
per = 100
direction = "high is worse"
source = "none"
vintage = "sa"
date = 2024
theme = "work"
[[indicators]]
id = "sick"
title = "Sick"
unit = "%"
kind = "rate"
numerator = "sick"
denominator = "people"
per = 100
direction = "high is worse"
source = "none"
vintage = "sa"
date = 2024
theme = "health"
"""
CODES = [f"0{position:02d}" for position in range(1, 21)]
RANKS = pd.DataFrame(
    {"area": CODES, "income": range(1, 21), "health": [*range(2, 21), 1], "name": 'Ä, "b"'}
)


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "local.toml"
    path.write_text(LOCAL, encoding="utf-8")
    return path


@pytest.fixture
def ranks(tmp_path: Path) -> Path:
    path = tmp_path / "ranks.csv"
    RANKS.to_csv(path, index=False)
    return path


def back(path: Path) -> pd.DataFrame:
    """Read what was written with pandas' own readers, codes as text."""
    text = {"code": str, "area_code": str}
    return (
        pd.read_excel(path, dtype=text) if path.suffix == ".xlsx" else pd.read_csv(path, dtype=text)
    )


COLUMNS = [
    "code", "score", "rank", "decile",
    "income_rank", "income_transformed", "health_rank", "health_transformed",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "xlsx", "parquet"])
@pytest.mark.parametrize("written", ["csv", "csv.gz", "xlsx"])
def test_every_format_in_gives_the_same_index_in_every_format_out(
    tmp_path, definition, kind, written
):
    path = tmp_path / f"ranks.{kind}"
    if kind == "xlsx":
        RANKS.to_excel(path, index=False)
    elif kind == "parquet":
        RANKS.to_parquet(path)
    else:
        RANKS.to_csv(path, index=False)
    done = index_file(definition, path, code="area", out=tmp_path / f"out.{written}")
    found = back(done.path)
    expected = build(load(definition), RANKS.set_index("area")[["income", "health"]]).to_frame()
    assert list(found.columns) == COLUMNS
    assert found["code"].tolist() == CODES  # leading zeros and all
    for column in COLUMNS[1:]:
        assert np.allclose(found[column], expected[column], rtol=0, atol=5.1e-7), column
    assert pd.api.types.is_integer_dtype(found["rank"])
    assert "20 of 20 areas" in done.sentences[0]


def test_scores_and_indicators_can_be_read_too(tmp_path, definition):
    data = pd.DataFrame({"area": CODES, "jobless": range(40, 20, -1), "sick": range(5, 25)})
    data["people"] = 100
    data.to_csv(tmp_path / "counts.csv", index=False)
    scores = pd.DataFrame({"area": CODES, "income": data["jobless"], "health": data["sick"]})
    scores.to_csv(tmp_path / "scores.csv", index=False)
    first, second = (
        index_file(definition, tmp_path / f"{name}.csv", code="area", from_=kind, out=out)
        for name, kind, out in (
            ("counts", "indicators", tmp_path / "a.csv"),
            ("scores", "scores", tmp_path / "b.csv"),
        )
    )
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sentences[1] == (
        "Note: income runs against the other domains (rank correlation -1.00)."
    )


def test_a_part_of_an_edition_has_empty_ranks_and_a_local_rank(tmp_path):
    ids = load("imd2025").domain_ids
    part = pd.DataFrame({id: [5, 900, 20000, 33000, 7] for id in ids})
    part.insert(0, "lsoa", [f"E0100000{k}" for k in range(1, 6)])
    part["published"] = [3, 1000, 19000, 33001, 9]
    part.to_csv(tmp_path / "city.csv", index=False)
    done = index_file("imd2025", tmp_path / "city.csv", code="lsoa", out=tmp_path / "city.xlsx")
    found = back(done.path)
    assert found["rank"].isna().all()
    assert found["decile"].isna().all()
    assert found.columns[-1] == "local_rank"
    assert found["local_rank"].tolist() == [1, 3, 4, 5, 2]
    assert "left empty" in done.sentences[1]
    known = index_file(
        "imd2025",
        tmp_path / "city.csv",
        code="lsoa",
        published="published",
        out=tmp_path / "known.csv",
    )
    assert known.table["decile"].tolist() == [1, 1, 6, 10, 1]


def test_rates_are_shrunk_towards_the_district_of_a_column(tmp_path, definition):
    text = LOCAL.replace('id = "jobless"\n', 'id = "jobless"\nshrink = "official"\n', 1)
    definition.write_text(text, encoding="utf-8")
    data = pd.DataFrame({"area": CODES, "jobless": range(40, 20, -1), "sick": range(5, 25)})
    data["people"], data["lad"] = 100, ["d", "e"] * 10
    data.to_csv(tmp_path / "counts.csv", index=False)
    done = index_file(
        definition,
        tmp_path / "counts.csv",
        code="area",
        from_="indicators",
        district="lad",
        out=tmp_path / "out.csv",
    )
    assert done.table["income_rank"].iloc[0] == 1


def test_a_doubtful_direction_is_said_as_a_sentence_and_not_as_a_warning(tmp_path, definition):
    text = LOCAL.replace('indicators = ["jobless"]', 'indicators = ["jobless", "sick"]')
    text = text.replace('direction = "high is worse"', 'direction = "low is worse"', 1)
    definition.write_text(text, encoding="utf-8")
    data = pd.DataFrame({"area": CODES, "jobless": range(20), "sick": range(20), "people": 50})
    data.to_csv(tmp_path / "counts.csv", index=False)
    done = index_file(
        definition,
        tmp_path / "counts.csv",
        code="area",
        from_="indicators",
        out=tmp_path / "out.csv",
    )
    assert any("jobless runs against" in line for line in done.sentences)


# Summaries.


@pytest.fixture
def built(tmp_path, definition, ranks) -> Path:
    return index_file(definition, ranks, code="area", out=tmp_path / "index.csv").path


@pytest.fixture
def people(tmp_path) -> Path:
    frame = pd.DataFrame({"area": [*CODES, "999"], "people": [*range(100, 2100, 100), 5]})
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


@pytest.fixture
def summarised(tmp_path, built, people):
    """Summarise by a lookup given as rows of area and ward."""

    def make(rows: list[tuple[str, ...]], index: Path = built, **options: object) -> pd.DataFrame:
        names = ["area", "ward", "share"][: len(rows[0])]
        pd.DataFrame(rows, columns=names).to_csv(tmp_path / "lookup.csv", index=False)
        chosen = {"out": tmp_path / "wards.csv", "population": people} | options
        done = summarise_file(
            index,
            tmp_path / "lookup.csv",
            code="area",
            to="ward",
            population_column="people",
            **chosen,
        )
        return back(done.path).set_index("area_code")

    return make


WARDS = [(code, "W1" if code < "008" else "W2") for code in CODES]


def test_summaries_have_the_columns_promised_and_the_figures_done_by_hand(summarised, built):
    found = summarised(WARDS)
    measures = ["average_rank", "average_score", "proportion", "extent", "local_concentration"]
    assert list(found.columns) == measures + [f"rank_of_{measure}" for measure in measures]
    assert found.index.tolist() == ["W1", "W2"]
    index = back(built).set_index("code")
    weight = pd.Series(range(100, 2100, 100), index=CODES)
    first = CODES[:7]
    by_hand = (index["score"] * weight)[first].sum() / weight[first].sum()
    assert found.loc["W1", "average_score"] == pytest.approx(by_hand, abs=1e-6)
    by_hand = ((21 - index["rank"]) * weight)[first].sum() / weight[first].sum()
    assert found.loc["W1", "average_rank"] == pytest.approx(by_hand, abs=1e-6)
    assert found.loc["W1", "proportion"] == pytest.approx((index["decile"][first] == 1).sum() / 7)
    assert found["rank_of_average_rank"].tolist() == [1, 2]


def test_rows_said_twice_are_said_once_and_areas_elsewhere_are_left_out(summarised):
    plain = summarised(WARDS)
    again = summarised([*WARDS, WARDS[0], ("W01000001", "Cardiff")])
    assert again.equals(plain)


def test_a_share_column_divides_an_area_between_higher_ones(summarised):
    whole = summarised(WARDS)
    rows = [(code, ward, "1") for code, ward in WARDS if code != "001"]
    found = summarised([*rows, ("001", "W1", "0.25"), ("001", "W2", "0.75")])
    assert found.loc["W2", "average_score"] > whole.loc["W2", "average_score"]


def test_one_domain_can_be_summarised(summarised, tmp_path):
    found = summarised(WARDS, how=How(domain="health"))
    weight = np.arange(100, 2100, 100)[:7]
    health = np.array([*range(2, 21), 1])[:7]
    by_hand = ((21 - health) * weight).sum() / weight.sum()
    assert found.loc["W1", "average_rank"] == pytest.approx(by_hand, abs=1e-6)
    assert found["average_score"].isna().all()


def test_an_index_without_ranks_has_average_scores_only(summarised, built, tmp_path):
    part = back(built).assign(rank=np.nan, decile=np.nan)
    part.to_csv(tmp_path / "part.csv", index=False)
    found = summarised(WARDS, index=tmp_path / "part.csv")
    assert found["average_score"].notna().all()
    assert found["average_rank"].isna().all()


def test_what_is_wrong_with_lookup_population_and_index_is_named(summarised, built, tmp_path):
    with pytest.raises(UnplacedAreas, match="020"):
        summarised(WARDS[:-1])
    with pytest.raises(DuplicateCodes, match="001"):
        summarised([*WARDS, ("001", "W2")])
    with pytest.raises(EmptyCode):
        summarised([*WARDS, ("", "W2")])
    (tmp_path / "few.csv").write_text("area,people\n001,5\n", encoding="utf-8")
    with pytest.raises(PopulationFault, match="002"):
        summarised(WARDS, population=tmp_path / "few.csv")
    whole = back(built)
    whole.iloc[1:].to_csv(tmp_path / "cut.csv", index=False)
    with pytest.raises(CommonGroundError, match="rank"):
        summarised(WARDS, index=tmp_path / "cut.csv")
    whole.assign(rank=whole["rank"].where(whole["rank"] > 3)).to_csv(
        tmp_path / "gap.csv", index=False
    )
    with pytest.raises(IncompleteEdition, match="empty for some"):
        summarised(WARDS, index=tmp_path / "gap.csv")
    city = whole.assign(rank=range(1, 21)).iloc[:5]
    city.to_csv(tmp_path / "city.csv", index=False)
    with pytest.raises(PartlyIndexedArea, match="W1"):
        summarised(WARDS, index=tmp_path / "city.csv")


# Doubt.


def test_doubt_writes_an_interval_and_a_sentence_for_every_area(tmp_path, definition, ranks):
    out = tmp_path / "doubt.csv"
    done = doubt_file(definition, ranks, code="area", out=out, asked=Asked(draws=50))
    found = back(out)
    assert list(found.columns) == [
        "code", "score", "rank", "rank_low", "rank_median", "rank_high",
        "chance_worst_decile", "sentence",
    ]  # fmt: skip
    assert found["code"].tolist() == CODES
    assert (found["rank_low"] <= found["rank_high"]).all()
    assert found["sentence"].str.contains("most deprived of 20 in 19 of 20").all()
    assert any("their counts are not known" in line for line in done.sentences)
    first = out.read_bytes()
    doubt_file(definition, ranks, code="area", out=out, asked=Asked(draws=50))
    assert out.read_bytes() == first


# What is wrong with files.


def test_files_that_cannot_be_read_or_written_are_named(tmp_path, definition, ranks):
    def run(path: Path, out: str = "out.csv", **options: object) -> None:
        index_file(definition, path, **{"code": "area", "out": tmp_path / out} | options)

    for name in ("a.csv", "a.xlsx", "a.parquet", "a.ods"):
        with pytest.raises(CommonGroundError, match=name):
            run(tmp_path / name)
    for name in ("b.xlsx", "b.parquet"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(UnreadableSheet, match=name):
            run(tmp_path / name)
    with pytest.raises(UnknownChoice, match=r"out\.ods"):
        run(ranks, "out.ods")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnusableFolder):
        run(ranks, "folder.csv")
    with pytest.raises(UnusableFolder):
        run(ranks, "ranks.csv/out.csv")
    with pytest.raises(MissingColumns, match=r"has area.*found: lsoa"):
        run(ranks, code="lsoa")
    with pytest.raises(SeveralFaults) as caught:
        index_file(
            "imd1066", tmp_path / "none.csv", code="a", from_="rates", out=tmp_path / "o.csv"
        )
    assert {UnknownChoice, UnknownDefinition} <= {type(fault) for fault in caught.value.faults}
    assert not (tmp_path / "o.csv").exists()


def test_codes_that_a_spreadsheet_has_changed_are_named(tmp_path, definition):
    RANKS.assign(area=range(20)).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(NumericCodes, match="column area"):
        index_file(definition, tmp_path / "a.parquet", code="area", out=tmp_path / "o.csv")
    RANKS.assign(area=["1001.0", *CODES[1:]]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(NumericCodes, match=r"1001\.0"):
        index_file(definition, tmp_path / "b.csv", code="area", out=tmp_path / "o.csv")
    RANKS.assign(area=["002", *CODES[1:]]).to_excel(tmp_path / "c.xlsx", index=False)
    with pytest.raises(DuplicateCode, match="002"):
        index_file(definition, tmp_path / "c.xlsx", code="area", out=tmp_path / "o.csv")
    RANKS.assign(area=[None, *CODES[1:]]).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(EmptyCode):
        index_file(definition, tmp_path / "d.parquet", code="area", out=tmp_path / "o.csv")


def test_ranks_that_are_none_end_without_a_file(tmp_path, definition):
    RANKS.assign(income=1).to_csv(tmp_path / "ties.csv", index=False)
    with pytest.raises(ConstantIndicator, match=r"all areas tie.*income"):
        index_file(definition, tmp_path / "ties.csv", code="area", out=tmp_path / "o.csv")
    RANKS.assign(income=[1, 1, *range(2, 20)]).to_csv(tmp_path / "gap.csv", index=False)
    with pytest.raises(NotARanking, match="income"):
        index_file(definition, tmp_path / "gap.csv", code="area", out=tmp_path / "o.csv")
    assert list(tmp_path.glob("*o.csv*")) == []


def test_an_earlier_file_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")
    broken = pd.DataFrame({"a": [1]})

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="no space"):
        sheets.write(broken, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["table.csv"]


# Workbooks.


def test_the_sheet_that_has_the_columns_is_read_past_notes_and_pictures(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Notes"])
    book.create_sheet("empty")
    sheet = book.create_sheet("data")
    sheet.append(["code", "people", None])
    sheet.append(["001", 7])
    sheet.append([None, None])
    sheet.append(["002", 7.5, None])
    book.save(tmp_path / "book.xlsx")
    faults = Faults("book")
    found = sheets.read(tmp_path / "book.xlsx", code=["code"], columns=["people"], faults=faults)
    assert found["people"].tolist() == ["7", "7.5"]
    assert found.index.tolist() == ["001", "002"]
    sheets.read(tmp_path / "book.xlsx", code=["code"], columns=["homes"], faults=faults)
    assert [type(fault) for fault in faults] == [MissingColumns]


def test_a_workbook_without_rows_or_with_nameless_columns_is_named(tmp_path):
    for name, head in (("empty", ["code"]), ("nameless", ["code", None, "x"])):
        book = openpyxl.Workbook()
        book.active.append(head)
        book.save(tmp_path / f"{name}.xlsx")
    faults = Faults("books")
    sheets.read(tmp_path / "empty.xlsx", code=["code"], faults=faults)
    sheets.read(tmp_path / "nameless.xlsx", code=["code"], faults=faults)
    assert [type(fault) for fault in faults] == [EmptyTable, UnreadableSheet]


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    frame = pd.DataFrame({"code": ["=1+1", "01"], "value": [1.5, np.nan], "n": [1, 2]})
    path = sheets.write(frame, tmp_path / "out.xlsx")
    cells = list(openpyxl.load_workbook(path).active.iter_rows(min_row=2))
    assert [cell.data_type for cell in cells[0]] == ["s", "n", "n"]
    assert [cell.value for cell in cells[1]] == ["01", None, 2]


def test_a_packed_table_is_the_same_file_each_time(tmp_path):
    frame = pd.DataFrame({"code": ["01"], "value": [1.5]})
    first = sheets.write(frame, tmp_path / "a.csv.gz").read_bytes()
    assert gzip.decompress(first).decode() == "code,value\n01,1.5\n"
    assert sheets.write(frame, tmp_path / "b.csv.gz").read_bytes() == first


# England.


DOMAIN_OF = {
    "Income_rank": "income",
    "Employment_rank": "employment",
    "Education_rank": "education",
    "Health_rank": "health",
    "Crime_rank": "crime",
    "Housing_and_Access_rank": "barriers",
    "Environment_rank": "living",
}
FILE10 = {
    "average_rank": ("IMD - Average rank ", 0.5),
    "average_score": ("IMD - Average score ", 0.001),
    "proportion": ("IMD - Proportion of LSOAs in most deprived 10% nationally ", 0.0001),
    "extent": ("IMD 2019 - Extent ", 0.0001),
    "local_concentration": ("IMD 2019 - Local concentration ", 0.5),
}


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Unknown extension is not supported:UserWarning")
def test_the_district_summaries_of_2019_come_out_of_files_as_published(tmp_path, realdata):
    england = realdata / "england"
    ranks = pd.read_csv(england / "imd2019_ranks_lsoa11.csv.gz", dtype=str)
    ranks.rename(columns=DOMAIN_OF).to_csv(tmp_path / "ranks.csv.gz", index=False)
    built = index_file(
        "imd2019", tmp_path / "ranks.csv.gz", code="lsoa11_code", out=tmp_path / "index.csv"
    )
    assert (built.table["decile"] == ranks["IMD_decile"].astype(float).to_numpy()).all()
    people = pd.read_excel(
        england / "imd2019_file6_denominators.xlsx",
        sheet_name="Population Denominators",
        usecols=[0, 4],
        dtype={0: str},
    )
    people.columns = ["lsoa11_code", "people"]
    people.to_parquet(tmp_path / "people.parquet")
    done = summarise_file(
        built.path,
        england / "lookup_lsoa11_ltla19.csv.gz",
        code="lsoa11_code",
        to="ltla19_code",
        population=tmp_path / "people.parquet",
        population_column="people",
        out=tmp_path / "districts.csv",
    )
    found = back(done.path).set_index("area_code")
    assert len(found) == 317
    published = pd.read_excel(
        england / "imd2019_file10_lad_summaries.xlsx", sheet_name="IMD", index_col=0
    ).reindex(found.index)
    titles = {" ".join(str(column).split()): column for column in published.columns}
    for measure, (title, tolerance) in FILE10.items():
        column = published[titles[" ".join(title.split())]]
        assert (found[measure] - column).abs().max() <= tolerance, measure
    assert any("hold no area of the index" in line for line in done.sentences)


@pytest.mark.realdata
def test_the_census_example_goes_from_counts_to_doubt_through_files(tmp_path, realdata):
    example = Path(__file__).resolve().parents[2] / "docs" / "examples" / "census2021.toml"
    counts = realdata / "england" / "census2021_counts_lsoa21.csv.gz"
    done = doubt_file(
        example,
        counts,
        code="lsoa21_code",
        from_="indicators",
        out=tmp_path / "doubt.csv.gz",
        asked=Asked(draws=40),
    )
    assert len(done.table) == 33755
    assert not any("left out" in line for line in done.sentences)


def test_flags_go_from_counts_to_index_summary_and_doubt(tmp_path, definition):
    text = LOCAL.replace('theme = "health"', 'theme = "health"\ndisclosure = "hospital-records"')
    definition.write_text(text, encoding="utf-8")
    data = pd.DataFrame(
        {"area": CODES, "jobless": range(20), "sick": [3, *range(30, 49)], "people": 50}
    )
    data.to_csv(tmp_path / "counts.csv", index=False)
    given = {"code": "area", "from_": "indicators"}
    built = index_file(definition, tmp_path / "counts.csv", **given, out=tmp_path / "index.csv")
    assert list(built.table.columns) == [*COLUMNS, "flag"]
    assert built.table["flag"].tolist() == ["hidden", *["rounded"] * 19]
    assert any("hospital-records" in line and "1 counts hidden" in line for line in built.sentences)
    pd.DataFrame(WARDS, columns=["area", "ward"]).to_csv(tmp_path / "wards.csv", index=False)
    done = summarise_file(
        built.path,
        tmp_path / "wards.csv",
        code="area",
        to="ward",
        population=tmp_path / "counts.csv",
        population_column="people",
        out=tmp_path / "summary.csv",
    )
    assert done.table.set_index("area_code")["flag"].to_dict() == {"W1": "hidden", "W2": "rounded"}
    sure = doubt_file(
        definition,
        tmp_path / "counts.csv",
        **given,
        out=tmp_path / "doubt.csv",
        asked=Asked(draws=10),
    )
    assert sure.table["flag"].iloc[0] == "hidden"

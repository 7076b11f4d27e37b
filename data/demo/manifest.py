"""The text files of the package: place.toml and the definition of its index.

In: the number of small areas. Out: the two texts. What a reader of the package sees first is
written here, so it is kept as plain as the tables it names.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.demo import names

SOURCE = "Common Ground demo generator"
LICENCE = "none needed: invented"
DATE = "2025-05-01"
POSTCODES = "tables/postcodes.csv"


@dataclass(frozen=True)
class _Layer:
    id: str
    title: str
    vintage: str
    level: bool = True
    by: str = ""
    file: str = ""
    unit: str = ""
    nests_in: str = ""
    body: str = ""


LAYERS = (
    _Layer("sa21", "Small areas", "2021"),
    _Layer("oa21", "Output areas", "2021", False, "lookup", "tables/sa21_oa21.csv", "households"),
    _Layer(
        "wd25", "Wards", "2025", True, "points", POSTCODES, "households", "lad25",
        "ward committee of the district council",
    ),
    _Layer(
        "lad25", "Districts", "2025", True, "area", nests_in="cty25", body="district council"
    ),
    _Layer("cty25", "County", "2025", True, "area", body="county council"),
    _Layer(
        "con24", "GP consortia, by registration", "2024", True, "lookup",
        "tables/sa21_con24.csv", "registered people",
        body="GP consortium",
    ),
    _Layer("pol24", "Police command units", "2024", True, "area", body="police command unit"),
    _Layer(
        "lep20", "Enterprise partnerships", "2020", True, "area", body="enterprise partnership"
    ),
    _Layer(
        "forum25", "Neighbourhood forums", "2025", True, "points", POSTCODES,
        "households", body="neighbourhood forum or town council",
    ),
    _Layer("place25", names.PLACE, "2025", False, "area"),
)  # fmt: skip

# id, title, unit, denominator, theme, what is counted; without a denominator a value of its own
INDICATORS = (
    ("income_deprived", "People on low-income benefits", "%", "residents", "income",
     "People in families that receive benefits because their income is low"),
    ("out_of_work", "Working-age people out of work", "%", "working_age", "employment",
     "People aged 16 to 64 who would like to work and cannot"),
    ("no_qualifications", "Adults without qualifications", "%", "aged_25_64", "education",
     "People aged 25 to 64 who have passed no school or work examination"),
    ("absent_pupils", "Pupils often absent", "%", "aged_5_15", "education",
     "Pupils who miss one school session in ten or more"),
    ("limiting_illness", "People with a limiting illness", "%", "residents", "health",
     "People whose daily life is limited by an illness or disability"),
    ("emergency_admissions", "Emergency admissions", "per 1,000", "residents", "health",
     "People taken to hospital in an emergency in a year"),
    ("crimes", "Recorded crimes", "per 1,000", "residents", "crime",
     "Crimes recorded in the area in a year, whoever they happened to"),
    ("overcrowded", "Overcrowded households", "%", "households", "barriers",
     "Households with fewer bedrooms than the people in them need"),
    ("homeless", "Homelessness applications", "per 1,000", "households", "barriers",
     "Households that asked the council for help because they had no home, in a year"),
    ("gp_distance_km", "Way to the nearest GP practice", "km", "", "barriers",
     "Distance by road from home to the nearest GP practice, the average of all residents"),
    ("poor_repair", "Homes in poor repair", "%", "households", "living",
     "Homes that are unsafe, in disrepair or without modern kitchen and bathroom"),
    ("no_central_heating", "Homes without central heating", "%", "households", "living",
     "Homes in which no room is heated by a central system"),
    ("road_casualties", "Road casualties", "per 1,000", "residents", "living",
     "People hurt on roads in the area in a year, wherever they live"),
)  # fmt: skip
# What happens in an area happens to others than its residents as well.
NOT_OF_RESIDENTS = ("crimes", "road_casualties")

DOMAINS = (
    ("income", "Income", 0.225),
    ("employment", "Employment", 0.225),
    ("education", "Education, skills and training", 0.135),
    ("health", "Health and disability", 0.135),
    ("crime", "Crime", 0.093),
    ("barriers", "Barriers to housing and services", 0.093),
    ("living", "Living environment", 0.093),
)

NOTE = (
    f"{names.PLACE} does not exist. Its land, people, needs and money are invented, and every "
    "household is known, so that the error of every estimate can be measured."
)


def place_toml(*, seed: int) -> str:
    """Return the text of place.toml."""
    blocks = [
        "# Written by the demo generator of Common Ground. Nothing here is real.",
        f"# seed = {seed}",
        "schema = 1",
        _block(
            "[place]",
            id="demo",
            name=names.PLACE,
            fictional=True,
            crs="EPSG:27700",
            note=NOTE,
            tolerance=0.02,
        ),
        _block(
            "[base]",
            layer="sa21",
            inside="place25",
            table="tables/base.csv",
            code="code",
            people="residents",
            households="households",
            source=SOURCE,
            date=DATE,
        ),
        *(_layer(layer) for layer in LAYERS),
        _block("[blocks]", layer="oa21", table="tables/blocks.csv", base="sa21"),
        _block("[postcodes]", file=POSTCODES, weight="weight", source=SOURCE, date=DATE),
        *(_indicator(*row) for row in INDICATORS),
        _block(
            "[index]",
            **{
                "definition": "index.toml",
                "file": "tables/domain_ranks.csv",
                "code": "code",
                "from": "ranks",
            },
        ),
        _block("[streams]", file="tables/streams.csv"),
        _block("[use]", file="tables/use.csv"),
        _block(
            "[series]",
            file="tables/yearly.csv",
            measures="measures.toml",
            contributions="contributions.csv",
        ),
        _block("[programmes]", file="tables/programmes.csv"),
        _block("[flows]", file="tables/flows.csv"),
        _block("[need]", need_weight=0.5, neediest_per_head=3.0),
    ]
    return "\n\n".join(blocks) + "\n"


def index_toml(n_areas: int) -> str:
    """Return the definition of the index: English weights, the region as a complete edition."""
    blocks = [
        "# The region is an edition of its own: ranks run over all its small areas.",
        _block(
            "schema = 1",
            id="demo2025",
            title=f"Index of need for {names.COUNTY} (fictional)",
            edition="2025",
            layer="sa21",
            n_areas=n_areas,
            transform="exponential",
            weights_total=0.999,
            reference="weights of the English Indices of Deprivation 2025, used as published",
            note="Domain scores are means of standardised rates; ranks run over the whole region.",
        ),
        _block("[codes]", pattern="F01[0-9]{6}"),
        *(
            _block("[[domains]]", id=key, title=title, weight=weight)
            for key, title, weight in DOMAINS
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _layer(layer: _Layer) -> str:
    text = _block(
        "[[layers]]",
        id=layer.id,
        title=layer.title,
        file=f"layers/{layer.id}.gpkg",
        layer=layer.id,
        code=layer.id,
        name="name",
        vintage=layer.vintage,
        source=SOURCE,
        licence=LICENCE,
        date=DATE,
        level=layer.level,
        body=layer.body,
    )
    if layer.by:
        way = {"by": layer.by, "file": layer.file, "unit": layer.unit}
        text += "\n" + _block("[layers.crosswalk]", **{k: v for k, v in way.items() if v})
    if layer.nests_in:
        file = f"tables/{layer.id}_{layer.nests_in}.csv"
        text += "\n" + _block("[layers.nests_in]", layer=layer.nests_in, file=file)
    return text


def _indicator(
    key: str, title: str, unit: str, denominator: str, theme: str, definition: str
) -> str:
    figure: dict[str, str | bool] = {"kind": "score", "value": key}
    if denominator:
        figure = {"kind": "rate", "numerator": key, "denominator": denominator}
    if key in NOT_OF_RESIDENTS:
        figure["part_of_denominator"] = False
    return _block(
        "[[indicators]]",
        id=key,
        title=title,
        unit=unit,
        file="tables/indicators.csv",
        code="code",
        **figure,
        direction="high is worse",
        definition=definition,
        source=SOURCE,
        date="2025",
        theme=theme,
    )


def _block(head: str, /, **keys: str | float | bool) -> str:
    return "\n".join([head, *(f"{key} = {_value(value)}" for key, value in keys.items())])


def _value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)

"""Index definitions: the shipped files are sound, and a broken one has every fault named."""

from __future__ import annotations

import pytest

from geo.errors import CommonGroundError, SeveralFaults
from indices.definitions import load, parse, shipped
from indices.errors import (
    DefinitionFault,
    DefinitionUnreadable,
    DuplicateIds,
    IndicatorFault,
    MixedVintages,
    UnknownDefinition,
    UnknownIndicator,
    WeightsDoNotAddUp,
)

SOUND = """
schema = 1
id = "local"
title = "A local index"
edition = "2025"
reference = "the forum's own choice"
[[domains]]
id = "income"
title = "Income"
weight = "2/3"
[[domains]]
id = "health"
title = "Health"
weight = "1/3"
"""
OFFICIAL = {
    "income": 0.225,
    "employment": 0.225,
    "education": 0.135,
    "health": 0.135,
    "crime": 0.093,
    "barriers": 0.093,
    "living": 0.093,
}


def raw(*domains: dict, **changes: object) -> dict:
    base = {"schema": 1, "id": "x", "title": "X", "edition": "1", "reference": "none"}
    return base | changes | {"domains": list(domains)}


def domain(id: str = "income", weight: object = 1.0, **changes: object) -> dict:
    return {"id": id, "title": id.title(), "weight": weight} | changes


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_definition_loads_and_has_its_file_name_as_id(name):
    definition = load(name)
    assert definition.id == name
    assert definition.reference
    assert definition.n_areas is not None
    assert definition.layer is not None


@pytest.mark.parametrize(
    ("name", "layer", "n_areas"),
    [
        ("imd2004", "lsoa01", 32482),
        ("imd2007", "lsoa01", 32482),
        ("imd2010", "lsoa01", 32482),
        ("imd2015", "lsoa11", 32844),
        ("imd2019", "lsoa11", 32844),
        ("imd2025", "lsoa21", 33755),
    ],
)
def test_the_english_editions_have_their_weights_as_published_and_not_renormalised(
    name, layer, n_areas
):
    definition = load(name)
    assert definition.weights.to_dict() == OFFICIAL
    assert definition.weights.sum() == pytest.approx(0.999)
    assert definition.layer == layer
    assert definition.n_areas == n_areas


def test_the_scottish_index_of_2016_has_its_percentages_and_averages_ties():
    definition = load("simd2016")
    assert (definition.weights * 100).round(9).to_dict() == {
        "income": 28,
        "employment": 28,
        "health": 14,
        "education": 14,
        "access": 9,
        "crime": 5,
        "housing": 2,
    }
    assert (definition.layer, definition.n_areas, definition.ties) == ("dz11", 6976, "average")


@pytest.mark.parametrize(("name", "indoors"), [("imd2019", 2 / 3), ("imd2025", 0.7)])
def test_indoor_living_weighs_two_thirds_in_2019_and_seven_tenths_in_2025(name, indoors):
    weights = {part.id: part.weight for part in load(name).domain("living").subdomains}
    assert weights == pytest.approx({"indoors": indoors, "outdoors": 1 - indoors})


def test_a_definition_can_be_a_file_with_fractions_as_weights(tmp_path):
    path = tmp_path / "local.toml"
    path.write_text(SOUND)
    definition = load(path)
    assert definition.domain_ids == ["income", "health"]
    assert definition.weights["income"] == pytest.approx(2 / 3)
    assert load(str(path)) == definition


def test_an_unknown_name_lists_what_is_shipped():
    with pytest.raises(UnknownDefinition, match="imd2025"):
        load("imd1066")


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("id = [")
    with pytest.raises(DefinitionUnreadable, match=r"bad\.toml"):
        load(path)


def test_an_unknown_domain_is_refused_by_name():
    with pytest.raises(DefinitionFault, match="happiness"):
        load("imd2025").domain("happiness")


def test_weights_that_do_not_add_up_to_the_stated_total_are_refused():
    with pytest.raises(WeightsDoNotAddUp, match=r"0\.9"):
        parse(raw(domain(weight=0.9)))
    assert parse(raw(domain(weight=0.9), weights_total=0.9)).weights.sum() == 0.9


def test_weights_of_subdomains_must_add_up_to_one():
    parts = [{"id": "a", "title": "A", "weight": 0.5}, {"id": "b", "title": "B", "weight": 0.4}]
    with pytest.raises(WeightsDoNotAddUp, match="domain income"):
        parse(raw(domain(subdomains=parts)))


def test_an_id_used_twice_is_refused_also_across_domains_and_subdomains():
    parts = [{"id": "health", "title": "H", "weight": 1.0}]
    with pytest.raises(DuplicateIds, match="health"):
        parse(raw(domain(weight=0.5, subdomains=parts), domain("health", 0.5)))


@pytest.mark.parametrize("weight", [0, -0.5, "half", "1/0", float("nan"), float("inf"), None])
def test_a_weight_that_is_no_positive_number_is_refused(weight):
    with pytest.raises((DefinitionFault, SeveralFaults), match=r"domains\.0\.weight"):
        parse(raw(domain(weight=weight)))


def test_every_fault_of_a_definition_is_raised_at_once():
    broken = raw(domain("Income", 0.5, colour="blue"), domain("health", 0.4), domain("health", 0.4))
    del broken["reference"]
    with pytest.raises(SeveralFaults) as caught:
        parse(broken, where="broken.toml")
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds == {DefinitionFault, WeightsDoNotAddUp, DuplicateIds}
    for word in ("reference", "colour", "domains.0.id", "1.3", "health", "broken.toml"):
        assert word in str(caught.value)


def test_a_definition_without_domains_is_refused():
    with pytest.raises(DefinitionFault, match="domains"):
        parse(raw())


# Domains made from indicators.


def faults_of(raw: dict) -> str:
    with pytest.raises(CommonGroundError) as caught:
        parse(raw)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"indicators": ["a", "a"]}, "uses an indicator twice"),
        ({"indicators": ["a"], "high_is_worse": False}, "turn the indicators round"),
        ({"indicators": [{"id": "a", "weight": 1.0}]}, "where combine is 'weights'"),
        ({"indicators": ["a", "b"], "combine": "weights"}, "where combine is 'weights'"),
        (
            {"indicators": [{"id": "a", "weight": 0.4}, {"id": "b", "weight": 0.5}]}
            | {"combine": "weights"},
            "indicators of domain x add up to 0.9",
        ),
        ({"indicators": ["a", "b"], "scale": "goalposts"}, "where the scale is 'goalposts'"),
        ({"indicators": [{"id": "a", "goalposts": [0, 9]}]}, "where the scale is 'goalposts'"),
        ({"indicators": ["a", "b", "c"], "combine": "factor", "scale": "z"}, "factor weights"),
        ({"indicators": ["a", "b"], "combine": "counts", "scale": "z"}, "neither scale nor mean"),
        ({"indicators": ["a", "c"], "combine": "counts"}, "one denominator"),
        ({"indicators": ["a", "low"], "combine": "counts"}, "worse where they are high"),
        ({"indicators": ["neither"]}, "without a worse end"),
        ({"scale": "z"}, "and has none"),
        (
            {"indicators": ["a"], "subdomains": [{"id": "s", "title": "S", "weight": 1.0}]},
            "both indicators and sub-domains",
        ),
        ({"indicators": ["a", "b"], "scale": "log"}, "domains.0.scale"),
        ({"indicators": [{"id": "a", "wieght": 1}]}, "domains.0.indicators.0.wieght"),
    ],
)
def test_a_making_that_contradicts_itself_is_named(rate, changes, words):
    indicators = [
        rate("a"),
        rate("b"),
        rate("c", denominator="homes"),
        rate("low", direction="low is worse"),
        rate("neither", direction="neither"),
    ]
    assert words in faults_of(raw(domain("x", 1.0, **changes), indicators=indicators))


def test_an_indicator_that_nobody_has_defined_is_named():
    with pytest.raises(UnknownIndicator, match=r"domain income.*sick"):
        parse(raw(domain(indicators=["sick"])))


def test_indicators_of_several_vintages_or_of_another_than_the_index_are_refused(rate):
    two = [rate("a"), rate("b", vintage="sa11")]
    made = domain(indicators=["a", "b"])
    with pytest.raises(MixedVintages, match=r"sa, sa11.*b"):
        parse(raw(made, indicators=two))
    with pytest.raises(MixedVintages, match=r"of lsoa21.*a, b"):
        parse(raw(made, indicators=two, layer="lsoa21"))
    # An indicator that no domain uses does not make the index.
    assert parse(raw(domain(indicators=["a"]), indicators=two)).domains[0].indicators


def test_every_fault_of_indicators_and_domains_is_raised_at_once(rate):
    broken = raw(
        domain("x", 0.7, indicators=["a", "z"], scale="goalposts"),
        indicators=[rate("a", unit=None), rate("b", direction="up")],
    )
    with pytest.raises(SeveralFaults) as caught:
        parse(broken)
    kinds = [type(fault) for fault in caught.value.faults]
    assert sorted(kind.__name__ for kind in kinds) == [
        "DefinitionFault",
        "IndicatorFault",
        "IndicatorFault",
        "UnknownIndicator",
        "WeightsDoNotAddUp",
    ]
    assert IndicatorFault in kinds

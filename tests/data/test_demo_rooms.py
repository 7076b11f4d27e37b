"""The rooms of the demo generator, on small drawn input with answers found another way."""

from __future__ import annotations

import tomllib
from collections import deque

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from budgets import streams as budget_streams
from data.demo import grouping, manifest, money, names, noise, plots, practices, tables
from data.demo.arrays import middles, tally
from data.demo.land import KIND, KINDS, ORIGIN, Land
from data.settings import parse
from indices.definitions import parse as parse_definition

# Each test opens whole pages or builds much: together too long for `make test`.
pytestmark = pytest.mark.slow


def grid(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of unit squares and the pairs that share a side."""
    number = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.stack([x, y], axis=1) + 0.5, np.vstack([across, down])


def pieces_of(group: np.ndarray, pairs: np.ndarray) -> int:
    """Count the connected parts of all groups, by walking from square to square."""
    beside: dict[int, list[int]] = {n: [] for n in range(len(group))}
    for a, b in pairs.tolist():
        if group[a] == group[b]:
            beside[a].append(b)
            beside[b].append(a)
    seen: set[int] = set()
    parts = 0
    for start in range(len(group)):
        if start in seen:
            continue
        parts += 1
        todo = deque([start])
        while todo:
            here = todo.popleft()
            if here not in seen:
                seen.add(here)
                todo.extend(beside[here])
    return parts


# ------------------------------------------------------------------ chance


def test_each_room_draws_from_a_stream_of_its_own() -> None:
    assert noise.chance(1, "homes").random() == noise.chance(1, "homes").random()
    assert noise.chance(1, "homes").random() != noise.chance(1, "people").random()
    assert noise.chance(1, "homes").random() != noise.chance(2, "homes").random()
    assert 0 <= noise.chance(-1, "homes").random() < 1


def test_a_surface_is_smooth_at_its_scale_and_about_standard_normal() -> None:
    xy = np.random.default_rng(0).uniform(0, 100_000, (4_000, 2))
    values = noise.surface(xy, noise.chance(3, "hills"), scale_m=1_000)
    beside = noise.surface(xy + np.array([10, 0]), noise.chance(3, "hills"), scale_m=1_000)
    assert abs(values.mean()) < 0.15
    assert values.std() == pytest.approx(1, abs=0.15)
    assert np.abs(values - beside).max() < 0.2


@given(seed=st.integers(0, 10_000), size=st.floats(0.05, 0.3))
def test_an_outline_is_closed_and_stays_within_its_bounds(seed: int, size: float) -> None:
    angle = np.linspace(-np.pi, np.pi, 400)
    factor = noise.wobble(angle, noise.chance(seed, "edge"), size=size)
    assert factor[0] == pytest.approx(factor[-1], abs=1e-9)
    assert factor.min() >= 1 - 1.5 * size
    assert factor.max() <= 1 + 1.5 * size


def test_tally_and_middles_add_up_by_group() -> None:
    group = np.array([0, 2, 2])
    np.testing.assert_array_equal(tally(group), [1, 0, 2])
    np.testing.assert_array_equal(tally(group, np.array([5, 1, 2]), n=4), [5, 0, 3, 0])
    xy = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 4.0]])
    both = middles(np.array([0, 1, 1]), xy, np.array([1, 3, 1]))
    np.testing.assert_allclose(both, [[0, 0], [7.5, 1.0]])


# ------------------------------------------------------------------ groups


@given(
    seed=st.integers(0, 1_000),
    rows=st.integers(4, 12),
    columns=st.integers(4, 12),
    n_groups=st.integers(1, 8),
)
@settings(max_examples=40)
def test_groups_are_in_one_piece_and_none_is_empty(
    seed: int, rows: int, columns: int, n_groups: int
) -> None:
    xy, pairs = grid(rows, columns)
    weight = np.random.default_rng(seed).poisson(3, len(xy)).astype(float)
    group = grouping.balanced(xy, weight, pairs, n_groups=n_groups, shared_m=np.ones(len(pairs)))
    assert set(group) == set(range(n_groups))
    assert pieces_of(group, pairs) == n_groups


def test_groups_of_an_even_grid_have_about_the_same_weight() -> None:
    xy, pairs = grid(24, 24)
    group = grouping.balanced(
        xy, np.ones(len(xy)), pairs, n_groups=12, shared_m=np.ones(len(pairs))
    )
    size = np.bincount(group)
    assert size.min() > 0.75 * 48
    assert size.max() < 1.25 * 48


def test_a_stray_piece_goes_to_the_neighbour_it_borders_most() -> None:
    # Group 0 is the left column, but one square of it lies among the 1s and 2s on the right.
    _, pairs = grid(3, 4)
    group = np.array([0, 1, 1, 1, 0, 1, 0, 2, 0, 1, 1, 2])
    mended = grouping.in_one_piece(group, np.ones(12), pairs, np.ones(len(pairs)))
    assert mended[6] == 1
    assert np.delete(mended, 6).tolist() == np.delete(group, 6).tolist()


def test_the_heaviest_part_of_a_group_stays_although_it_is_not_the_largest() -> None:
    _, pairs = grid(1, 6)
    group = np.array([0, 0, 0, 1, 1, 0])
    weight = np.array([1.0, 1, 1, 1, 1, 50])
    mended = grouping.in_one_piece(group, weight, pairs, np.ones(len(pairs)))
    assert mended.tolist() == [1, 1, 1, 1, 1, 0]


def test_neighbours_of_groups_share_the_borders_of_their_pieces() -> None:
    _, pairs = grid(2, 3)
    group = np.array([0, 0, 1, 0, 2, 1])
    beside, shared_m = grouping.neighbours(group, pairs, np.full(len(pairs), 2.5))
    found = {tuple(pair): length for pair, length in zip(beside.tolist(), shared_m, strict=True)}
    assert found == {(0, 1): 2.5, (0, 2): 5.0, (1, 2): 2.5}


# ------------------------------------------------------------------ land and plots


@pytest.fixture(scope="module", params=[1, 977])
def drawn(request: pytest.FixtureRequest) -> tuple[Land, plots.Plots]:
    land = Land(request.param)
    return land, plots.cut(land, seed=request.param)


def test_plots_are_a_coverage_and_hold_their_seeds(drawn: tuple[Land, plots.Plots]) -> None:
    _, pieces = drawn
    assert shapely.is_valid(pieces.polygons).all()
    assert shapely.coverage_is_valid(pieces.polygons)
    assert shapely.contains_xy(pieces.polygons, *pieces.seeds.T).all()
    assert (shapely.get_num_interior_rings(shapely.coverage_union_all(pieces.polygons)) == 0).all()


def test_neighbours_share_the_length_of_border_they_say(drawn: tuple[Land, plots.Plots]) -> None:
    _, pieces = drawn
    some = slice(None, None, 97)
    a, b = pieces.pairs[some].T
    shared = shapely.intersection(
        shapely.boundary(pieces.polygons[a]), shapely.boundary(pieces.polygons[b])
    )
    np.testing.assert_allclose(shapely.length(shared), pieces.shared_m[some], atol=0.01)


def test_no_plot_reaches_across_the_river_in_the_town(drawn: tuple[Land, plots.Plots]) -> None:
    land, pieces = drawn
    near = np.flatnonzero(np.hypot(*(pieces.seeds - ORIGIN).T) < plots.TOWN_REACH_M - 500)
    bank = land.river.left_bank(pieces.seeds)
    for plot in near:
        corners = shapely.get_coordinates(pieces.polygons[plot])
        across = land.river.left_bank(corners) != bank[plot]
        # The drawn border strays a few metres from the mathematical line.
        assert (land.river.distance_m(corners[across]) < 30).all()


def test_the_distance_to_the_river_is_that_of_its_line() -> None:
    river = Land(5).river
    xy = ORIGIN + np.random.default_rng(1).uniform(-2_000, 2_000, (200, 2))
    true = shapely.distance(shapely.points(xy), shapely.linestrings(river.line))
    found = river.distance_m(xy)
    near = true < 440
    np.testing.assert_allclose(found[near], true[near], atol=6)
    assert np.isinf(found[true > 460]).all()


def test_every_kind_of_the_design_is_on_the_map(drawn: tuple[Land, plots.Plots]) -> None:
    _, pieces = drawn
    area = np.bincount(pieces.kind, shapely.area(pieces.polygons) / 1e6, len(KINDS))
    for name in ("centre", "terraces", "estate", "suburb", "village", "farmland", "green"):
        assert area[KIND[name]] > 0.4, name
    assert area[KIND["farmland"]] > 200


def test_villages_keep_their_distance_and_each_has_a_name_to_take() -> None:
    for seed in range(6):
        places = Land(seed).settlements
        spots = np.array([[place.x, place.y] for place in places])
        assert cKDTree(spots).query(spots, k=2)[0][:, 1].min() > 2_000
        assert len(places) - 4 <= len(names.VILLAGES)


# ------------------------------------------------------------------ practices


def test_the_way_to_the_other_bank_leads_over_a_bridge() -> None:
    land = Land(5)
    bridge = land.river.bridges()[4]
    north, south = bridge + np.array([[0, 400], [0, -400]])
    far = bridge + np.array([3_000, 1_500])
    assert land.river.left_bank(np.array([north, south])).tolist() == [True, False]
    way = practices.travel_m(land, np.array([north, far]), np.array([south, north]))
    assert way[0, 0] == pytest.approx(800)
    assert way[0, 1] == 0
    straight = np.hypot(*(far - south))
    over = min(np.hypot(*(far - b)) + np.hypot(*(south - b)) for b in land.river.bridges())
    assert way[1, 0] == pytest.approx(over)
    assert over > straight


# ------------------------------------------------------------------ tables and texts


def test_counts_leave_out_households_without_a_code() -> None:
    columns = [*tables.RATES, "registered", "student", "year_built", "x", "y", "gp_km"]
    ages = ["aged_0_4", "aged_5_15", "aged_16_24", "aged_25_64", "aged_65_84", "aged_85_plus"]
    homes = pd.DataFrame(1, index=range(3), columns=[*columns, *ages, "working_age"])
    homes["people"] = [2, 3, 4]
    homes["ward"] = ["A", "", "A"]
    total = tables.counts(homes, "ward")
    assert total["residents"].to_dict() == {"A": 6}
    assert total["households"].to_dict() == {"A": 2}
    assert total["children"].to_dict() == {"A": 4}


def test_membership_shares_follow_registered_people() -> None:
    homes = pd.DataFrame(
        {
            "sa21": ["1", "1", "1", "2"],
            "registered_with": ["0E1", "0E2", "0E1", "0E2"],
            "registered": [2, 5, 3, 4],
        }
    )
    found = tables.membership(homes)
    assert found["target_code"].tolist() == ["0E1", "0E2", "0E2"]
    assert found["mass"].tolist() == [5, 5, 4]
    assert found["share"].tolist() == [0.5, 0.5, 1.0]


def test_the_texts_pass_the_schemas_that_read_them() -> None:
    settings = parse(tomllib.loads(manifest.place_toml(seed=7)))
    assert settings.place.fictional
    assert settings.place.tolerance == 0.02
    assert settings.need.neediest_per_head == 3.0
    definition = parse_definition(tomllib.loads(manifest.index_toml(240)))
    assert definition.n_areas == 240
    assert definition.domain_ids == list(tables.DOMAINS)
    assert {item.id for item in settings.indicators} == {
        name for parts in tables.DOMAINS.values() for name, _ in parts
    }
    layers = {layer.id for layer in settings.layers}
    streams = budget_streams.read(money.streams())
    for covers in streams["covers"]:
        assert {cover.split(":")[0] for cover in covers} <= layers
    assert set(streams["held_at"]) <= layers


def test_lines_of_money_take_what_they_do_not_say_from_their_agency() -> None:
    table = money.streams().set_index("id")
    waste, charges = table.loc["DC01"], table.loc["CC09"]
    assert waste["held_at"] == "lad25"
    assert waste["tier"] == "district"
    assert (waste["provider"], waste["commissioner"]) == ("contractor", money.AGENCIES["district"])
    assert table.loc["PC01", "accountable_body"] == money.AGENCIES["county"]
    # What follows a service has its split and not that of its agency.
    assert (charges["covers"], charges["method"]) == ("", "")
    assert table.loc["CC03", "demand_led"] == "yes"


def test_a_text_with_quotes_is_written_so_that_it_can_be_read_back() -> None:
    text = manifest._block("[a]", b='say "no" \\ more', c=True, d=0.5)
    assert tomllib.loads(text) == {"a": {"b": 'say "no" \\ more', "c": True, "d": 0.5}}


def test_names_are_not_given_twice() -> None:
    quarters = [name for found in names.QUARTERS.values() for name in found]
    every = [*quarters, *names.VILLAGES, *names.AUTHORITIES]
    assert len(set(every)) == len(every)
    assert len(names.PRACTICES) == len(practices.SITES) == len(set(names.PRACTICES))

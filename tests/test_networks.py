"""Networks: published values, weights of forums, refusals, and what must not matter."""

from __future__ import annotations

import json
import math
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from evaltools.data import demo, demo_networks
from evaltools.errors import DataError
from evaltools.measures import mixing, networks, permutation
from network_samples import cooperation, forums, seat, tie


@pytest.fixture(scope="module")
def city() -> demo.City:
    return demo.simulate()


@pytest.fixture
def small() -> pd.DataFrame:
    """A Kita round of three, a mixed forum of two, a direct tie, and one asked without a tie."""
    rows = [
        *(seat("SR01", f"kita{n}", "kita", "kitarunde") for n in (1, 2, 3)),
        *(seat("SR01", who, who[:-1], "tisch") for who in ("kita1", "schule1")),
        tie("SR01", "hze1", "schule1", None),
        tie("SR01", "hze1", "kita3", 0),
    ]
    return cooperation(rows)


def _karate() -> tuple[nx.Graph, dict[int, str]]:
    graph = nx.karate_club_graph()
    return graph, dict(graph.nodes(data="club"))


@pytest.mark.parametrize(
    ("external", "internal", "published"),
    [(43, 20, 0.3650794), (25, 63, -0.4318182)],
    ids=["Jemaah Islamiyah by role", "Sampson's monastery"],
)
def test_ei_of_published_counts(external: int, internal: int, published: float) -> None:
    assert mixing.ei_of_counts(external, internal) == pytest.approx(published, abs=5e-8)


def test_published_counts_of_the_vectors(shared: Path) -> None:
    text = (shared / "qda" / "vectors.json").read_text(encoding="utf-8")
    for row in json.loads(text)["ei_index"].values():
        assert mixing.ei_of_counts(row["E"], row["I"]) == pytest.approx(row["EI"], abs=5e-8)


def test_karate_club() -> None:
    graph, clubs = _karate()
    assert mixing.mixed(graph, clubs) == (11, 67)
    assert networks.ei_index(graph, clubs) == pytest.approx(-0.7179, abs=5e-5)
    assert mixing.assortativity(graph, clubs) == pytest.approx(0.7175, abs=5e-5)
    assert networks.density(graph) == pytest.approx(78 / 561)
    assert mixing.ei_p(graph, clubs, draws=999, seed=1) == 0.001


def test_southern_women_two_mode_density() -> None:
    graph = nx.davis_southern_women_graph()
    assert networks.density(graph, graph.graph["top"]) == pytest.approx(0.3532, abs=5e-5)


def test_expected_ei_is_the_mean_over_all_exchanges() -> None:
    graph, groups = nx.path_graph(6), dict(enumerate("aabbbc"))
    labels = np.array([0, 0, 1, 1, 1, 2])
    orders = list(permutation._each(labels))
    assert len({tuple(order) for order in orders}) == len(orders) == 60
    assert permutation.assignments(labels) == 60
    values = [networks.ei_index(graph, dict(enumerate(order))) for order in orders]
    assert mixing.ei_expected(groups) == pytest.approx(np.mean(values))


def test_p_is_exact_where_exchanges_are_few_and_near_it_by_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3))
    groups = dict(enumerate("aaabbb"))
    # 2 of 20 assignments separate the triangles; all 18 others are nearer to the expectation.
    assert mixing.ei_p(graph, groups, draws=9, seed=1) == pytest.approx(0.1)
    monkeypatch.setattr(permutation, "EXACT", 1)
    assert mixing.ei_p(graph, groups, draws=3999, seed=1) == pytest.approx(0.1, abs=0.02)


def test_weights_of_seats_and_ties(small: pd.DataFrame) -> None:
    graph = networks.network(small, "SR01", 2017).graph()
    found = {tuple(sorted(ends)): weight for *ends, weight in graph.edges(data="weight")}
    assert found == {
        ("kita1", "kita2"): 0.5,
        ("kita1", "kita3"): 0.5,
        ("kita2", "kita3"): 0.5,
        ("kita1", "schule1"): 1.0,
        ("hze1", "schule1"): 1.0,
    }


def test_structure_of_a_small_network(small: pd.DataFrame) -> None:
    found = networks.structure(small, "SR01", 2017)
    assert (found.n_organisations, found.n_forums, found.n_ties) == (5, 2, 5)
    assert found.density == 0.5
    assert (found.external, found.internal) == (2, 3)
    assert found.ei == pytest.approx(-0.2)
    assert found.cross_share == found.cross_share_local == pytest.approx(2 / 3.5)
    assert found.ei_weighted == pytest.approx((2 - 1.5) / 3.5)
    # 10 pairs, 3 of them two Kitas
    assert found.ei_expected == pytest.approx(0.4)


def test_weights_add_and_a_tie_made_in_a_forum_is_a_seat_for_both() -> None:
    both = ("SR01", "kita1", "kita", "schule1", "schule", "tisch", 3, 2017)
    rows = [both, seat("SR01", "hze1", "hze", "tisch"), tie("SR01", "schule1", "kita1")]
    graph = networks.network(
        cooperation([*rows, tie("SR01", "kita1", "schule1")]), "SR01", 2017
    ).graph()
    assert graph["kita1"]["schule1"]["weight"] == 1.5
    assert graph["hze1"]["kita1"]["weight"] == 0.5


def test_a_city_wide_forum_counts_all_members_but_ties_only_the_areas_own() -> None:
    rows = [tie("SR01", "kita1", "kita2"), tie("SR01", "schule1", "schule2")]
    members = ["kita1", "schule1", *(f"fern{n}" for n in range(19))]
    wide = [seat(None, who, who.rstrip("0123456789"), "ag78") for who in members]
    found = networks.structure(cooperation([*rows, *wide]), "SR01", 2017)
    assert (found.n_organisations, found.n_ties, found.n_forums) == (4, 3, 1)
    assert found.cross_share == pytest.approx(0.05 / 2.05)
    assert found.cross_share_local == 0
    plain = networks.structure(networks.local(cooperation([*rows, *wide])), "SR01", 2017)
    assert (plain.n_ties, plain.n_forums, plain.cross_share) == (2, 0, 0)


def test_the_field_named_most_often_counts_and_unknown_ones_are_left_out() -> None:
    rows = [
        seat("SR01", "x", "kita", "a"),
        seat("SR01", "x", "schule", "b"),
        seat("SR01", "x", "schule", "c"),
        ("SR01", "x", "kita", "y", None, None, 1, 2017),
        ("SR01", "x", "schule", "z", "schule", None, 1, 2017),
    ]
    net = networks.network(cooperation(rows), "SR01", 2017)
    assert net.fields == {"x": "schule", "y": "", "z": "schule"}
    found = networks.structure(cooperation(rows), "SR01", 2017)
    assert (found.n_ties, found.external, found.internal) == (2, 0, 1)
    assert math.isnan(found.assortativity)
    assert math.isnan(found.ei_p)


def test_without_ties_figures_are_undefined() -> None:
    found = networks.structure(cooperation([tie("SR01", "kita1", "hze1", 0)]), "SR01", 2017)
    assert (found.n_organisations, found.n_ties, found.density) == (2, 0, 0)
    for name in ("cross_share", "ei", "ei_p", "assortativity"):
        assert math.isnan(getattr(found, name)), name


def test_a_year_without_rows_is_refused(small: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"no row of area SR01 in year=2020; years with rows: 2017"):
        networks.structure(small, "SR01", 2020)
    with pytest.raises(DataError, match=r"years with rows: none"):
        networks.structure(small.head(0), "SR01", 2017)
    with pytest.raises(DataError, match=r"no row of area SR09"):
        networks.cross_change(small, "SR09", 2017, 2020)


def test_years_are_those_of_the_area_itself(small: pd.DataFrame) -> None:
    rows = [tie("SR02", "kita1", "hze1", year=2020), seat(None, "kita1", "kita", "ag", 2024)]
    table = pd.concat([small, cooperation(rows)], ignore_index=True)
    assert networks.years(table, "SR01") == (2017,)
    assert networks.years(table, "SR02") == (2020,)
    assert networks.years(table.drop(columns="area_id"), "SR02") == ()


def test_change_is_computed_by_hand() -> None:
    table = cooperation(forums("SR01", 2017, 1) + forums("SR01", 2024, 5))
    found = networks.cross_change(table, "SR01", 2017, 2024)
    assert (found.share_before, found.share_after) == (pytest.approx(1 / 6), pytest.approx(5 / 6))
    assert found.difference == pytest.approx(4 / 6)
    assert (found.n_forums_before, found.n_forums_after, found.level) == (6, 6, 0.95)
    assert 0 <= found.low < found.difference < found.high <= 1
    assert found.refusal == ""


def test_fewer_than_five_forums_give_no_interval() -> None:
    table = cooperation(forums("SR01", 2017, 1, 4) + forums("SR01", 2024, 5))
    found = networks.cross_change(table, "SR01", 2017, 2024)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.difference == pytest.approx(5 / 6 - 1 / 4)
    assert found.refusal == (
        "Kein Intervall: Nötig sind in jedem Jahr mindestens 5 Foren, die Organisationen des "
        "Raums verbinden (2017: 4)."
    )


def test_forums_that_are_all_alike_give_no_interval() -> None:
    table = cooperation(forums("SR01", 2017, 0) + forums("SR01", 2024, 6))
    found = networks.cross_change(table, "SR01", 2017, 2024)
    assert (found.difference, found.refusal) == (1, networks.ALIKE)
    assert math.isnan(found.low)


def test_interval_covers_as_it_says() -> None:
    """Six forums a year, each mixed or not by chance: 95 % within the reach of 400 trials."""
    random = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        drawn = [random.random((2, 6)) < share for share in (0.4, 0.6)]
        values = [
            permutation.ratios(one[0] * 1.5, np.full(6, 1.5), draws=399, random=random)
            for one in drawn
        ]
        low, high = permutation.percentiles(values[1] - values[0], 6, 0.95)
        inside += low <= 0.2 <= high
    assert 0.925 <= inside / 400 <= 0.99


def test_neither_order_nor_names_matter(city: demo.City) -> None:
    table = city.tables["cooperation"]
    own = table[(table["area_id"] == "SR10") | table["area_id"].isna()]
    plain = networks.structure(own, "SR10", 2024), networks.cross_change(own, "SR10", 2017, 2024)
    mixed = own.sample(frac=1, random_state=2)
    assert networks.structure(mixed, "SR10", 2024) == plain[0]
    assert networks.cross_change(mixed, "SR10", 2017, 2024) == plain[1]
    renamed = mixed.assign(area_id=mixed["area_id"].replace({"SR10": "SRÄ"}))
    again = networks.structure(renamed, "SRÄ", 2024)
    assert (again.ei, again.ei_p, again.cross_share) == (
        plain[0].ei,
        plain[0].ei_p,
        plain[0].cross_share,
    )
    ranks = networks.centrality(networks.network(mixed, "SR10", 2024))
    pd.testing.assert_frame_equal(ranks, networks.centrality(networks.network(own, "SR10", 2024)))


def test_frames_are_left_as_they_were_and_optional_columns_may_be_missing(
    small: pd.DataFrame,
) -> None:
    copy = small.copy(deep=True)
    networks.structure(small, "SR01", 2017)
    networks.years(small, "SR01")
    pd.testing.assert_frame_equal(small, copy)
    bare = small[small["forum"].notna()].drop(columns=["to_id", "field_to", "intensity", "kind"])
    assert networks.structure(bare, "SR01", 2017).n_ties == 4


def test_centrality_of_a_star() -> None:
    rows = [tie("SR01", "koordination1", f"kita{n}") for n in range(1, 5)]
    found = networks.centrality(networks.network(cooperation(rows), "SR01", 2017))
    middle = found.set_index("organisation").loc["koordination1"]
    assert (middle["degree"], middle["degree_rank"], middle["n"]) == (4, 1, 5)
    assert (middle["betweenness"], middle["betweenness_rank"]) == (1, 1)
    assert set(found["degree_rank"]) == {1, 2}


def test_ties_between_fields_add_up_to_all(small: pd.DataFrame) -> None:
    net = networks.network(small, "SR01", 2017)
    found = networks.between_fields(net)
    assert found.to_dict("list") == {
        "field_a": ["kita", "hze", "kita"],
        "field_b": ["kita", "schule", "schule"],
        "pairs": [3, 1, 1],
        "weight": [1.5, 1.0, 1.0],
    }
    fields = networks.by_field(net).set_index("field")
    assert fields.loc["kita"].tolist() == [3, 1.5, 1.0]
    assert fields.loc["schule"].tolist() == [1, 0.0, 2.0]
    none = cooperation([tie("SR01", "kita1", "hze1", 0)])
    assert networks.between_fields(networks.network(none, "SR01", 2017)).empty


def test_the_share_rises_in_one_model_area_of_the_demo_city_only(city: demo.City) -> None:
    table, models = city.tables["cooperation"], sorted(city.truth["areas"])
    assert len(models) == 3
    found = {area: networks.cross_change(table, area, 2017, 2024) for area in models}
    rises = [area for area, one in found.items() if one.low > 0]
    assert rises == city.truth["framework"]["cross_field"]["rises"]
    assert not [area for area, one in found.items() if one.high < 0]


def test_the_demo_story_does_not_hang_on_its_seed() -> None:
    """In other cities SR04 always rises; areas without the programme seldom move visibly."""
    models, moved, shown = ("SR04", "SR10", "SR14"), [], []
    for seed in range(2):
        drawn = demo_networks.cooperation(np.random.default_rng(seed), models)
        kinds = {n: "Int64" if n in ("intensity", "year") else "string" for n in drawn}
        table = drawn.astype(kinds)
        others = set(demo_networks.AREAS) - set(models)
        for area in sorted(others | {"SR04"}):
            one = networks.cross_change(table, area, 2017, 2024, draws=199)
            (moved if area == "SR04" else shown).append(one.low > 0 or one.high < 0)
    assert all(moved)
    assert np.mean(shown) <= 0.2

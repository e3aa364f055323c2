"""Offers: what runs, what changed, what is alike, what is missing; unknown is never zero."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import early_help, offer_counts, offers
from release_samples import study

TYPES = {
    "offer_id": "string",
    "provider_id": "string",
    "area_id": "string",
    "paragraph": "string",
    "paragraph_2": "string",
    "life_phase": "string",
    "access": "string",
    "target_exclusive": "boolean",
    "places": "Int64",
    "hours_week": "Float64",
    "vzae": "Float64",
    "funding_until": "datetime64[s]",
    "begin": "datetime64[s]",
    "end": "datetime64[s]",
}
USUAL = {
    "provider_id": "T1",
    "area_id": "A",
    "paragraph": "16",
    "life_phase": "kita",
    "access": "offen",
    "target_exclusive": False,
    "places": 10,
    "hours_week": 8.5,
    "vzae": 0.5,
    "begin": "2010-01-01",
}


def offer_table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Offers that run since 2010 in area A, unless a row says otherwise."""
    made = [USUAL | {"offer_id": f"O{place}"} | row for place, row in enumerate(rows, 1)]
    return pd.DataFrame(made).reindex(columns=list(TYPES)).astype(TYPES)


def people(*bands: tuple[int, int, int | None], area: str = "A", year: int = 2020) -> pd.DataFrame:
    rows = [[area, year, "alle", low, high, n, "actual"] for low, high, n in bands]
    columns = ["area_id", "year", "sex", "age_from", "age_to", "n", "kind"]
    return pd.DataFrame(rows, columns=columns).astype({"n": "Int64", "year": "Int64"})


@pytest.fixture
def two_areas() -> pd.DataFrame:
    """A: 2 offers before, 3 after (2 new, 1 gone); B: 1 before, 2 after; C: 1 and 1."""
    return offer_table(
        {},
        {"end": "2019-06-30", "life_phase": "jugend"},
        {"begin": "2019-01-01"},
        {"begin": "2019-01-01", "life_phase": pd.NA},
        {"area_id": "B"},
        {"area_id": "B", "begin": "2020-12-31"},
        {"area_id": "C"},
    )


# --- change ---------------------------------------------------------------------------------------


def test_interval_reproduces_the_example_of_r_poisson_test() -> None:
    """``poisson.test(c(11, 21), c(800, 3011))``: 1.971488 (0.8584264 to 4.2772659)."""
    low, high = offers.ratio_interval(21, 11)
    exposure = 3011 / 800
    assert 11 / 21 * exposure == pytest.approx(1.971488, abs=5e-7)
    assert low * exposure == pytest.approx(0.8584264, abs=5e-8)
    assert high * exposure == pytest.approx(4.2772659, abs=5e-8)


def test_interval_turns_with_its_counts_and_says_nothing_for_none() -> None:
    low, high = offers.ratio_interval(3, 8)
    assert offers.ratio_interval(8, 3) == pytest.approx((1 / high, 1 / low))
    assert offers.ratio_interval(0, 0) == (0.0, math.inf)
    assert offers.ratio_interval(5, 0)[0] == 0
    assert offers.ratio_interval(0, 5)[1] == math.inf
    narrow = offers.ratio_interval(3, 8, level=0.5)
    assert low < narrow[0] < 8 / 3 < narrow[1] < high


def test_change_counts_new_gone_and_the_other_areas(two_areas: pd.DataFrame) -> None:
    found = offers.change(two_areas, "A", 2017, 2020)
    assert (found.n_before, found.n_after, found.added, found.gone) == (2, 3, 2, 1)
    assert (found.others_before, found.others_after) == (2, 3)
    assert found.ratio == 1.5
    assert (found.low, found.high) == offers.ratio_interval(2, 3)


def test_change_is_set_beside_the_named_areas_only(two_areas: pd.DataFrame) -> None:
    found = offers.change(two_areas, "A", 2017, 2020, others=["A", "B"])
    assert (found.others_before, found.others_after) == (1, 2)


def test_change_does_not_depend_on_order_or_names(two_areas: pd.DataFrame) -> None:
    mixed = two_areas.sample(frac=1, random_state=5).replace({"area_id": {"A": "Z", "B": "Ä"}})
    assert offers.change(mixed, "Z", 2017, 2020) == offers.change(two_areas, "A", 2017, 2020)


def test_one_area_alone_has_no_others() -> None:
    found = offers.change(offer_table({}), "A", 2017, 2020)
    assert (found.others_before, found.others_after) == (0, 0)


def test_change_from_nothing_has_no_upper_limit() -> None:
    found = offers.change(offer_table({"begin": "2019-01-01"}), "A", 2017, 2020)
    assert (found.n_before, found.ratio, found.high) == (0, math.inf, math.inf)
    none = offers.change(offer_table({"begin": "2025-01-01"}), "A", 2017, 2020)
    assert math.isnan(none.ratio)


def test_change_refuses_an_area_without_offers_and_years_out_of_order() -> None:
    with pytest.raises(DesignError, match=r"no offer of area B; 0 and not delivered"):
        offers.change(offer_table({}), "B", 2017, 2020)
    with pytest.raises(DesignError, match=r"before=2020 must lie before after=2020"):
        offers.change(offer_table({}), "A", 2020, 2020)
    with pytest.raises(DesignError, match=r"no offer of area A"):
        offers.change(offer_table({}).iloc[:0], "A", 2017, 2020)


def test_changes_lists_every_group_and_the_unknown_one(two_areas: pd.DataFrame) -> None:
    found = offers.changes(two_areas, "A", (2017, 2020), by="life_phase").set_index("group")
    assert found["n_before"].to_dict() == {
        "alle": 2,
        "schwangerschaft_0_3": 0,
        "kita": 1,
        "grundschule": 0,
        "jugend": 1,
        "junge_erwachsene": 0,
        "eltern": 0,
        "unbekannt": 0,
    }
    assert found.loc[["alle", "kita", "jugend", "unbekannt"], "n_after"].tolist() == [3, 2, 0, 1]
    known = offers.changes(two_areas, "B", (2017, 2020), by="life_phase")
    assert "unbekannt" not in set(known["group"])


def test_years_are_the_one_before_the_start_and_the_last(two_areas: pd.DataFrame) -> None:
    assert offers.years(two_areas, study(last=2022), "SR01") == (2017, 2022)
    assert offers.years(two_areas, study(), "SR01") == (2017, 2020)
    late = {"area": "SR01", "start": "2023-07"}
    assert offers.years(two_areas, study(last=2022, model_areas=(late,)), "SR01") == (2022,)


# --- counts ---------------------------------------------------------------------------------------


def test_an_offer_under_two_laws_counts_once_under_each() -> None:
    table = offer_table({"paragraph_2": "11"}, {"paragraph_2": "16"}, {})
    found = offer_counts.counts(table, "A", (2020,), by="paragraph").set_index("group")
    assert found.loc[["16", "11", "KKG"], "n"].tolist() == [3, 1, 0]
    assert found.loc["16", "n_offers"] == 3
    assert found.loc["11", "share"] == pytest.approx(1 / 3)
    without = offer_counts.counts(table.drop(columns="paragraph_2"), "A", (2020,), by="paragraph")
    assert without.set_index("group").loc["11", "n"] == 0


def test_hours_are_the_sum_of_the_known_ones_and_say_how_many_lack() -> None:
    table = offer_table(
        {}, {"hours_week": pd.NA}, {"life_phase": "jugend", "hours_week": pd.NA, "vzae": 1.25}
    )
    found = offer_counts.counts(table, "A", (2020,), by="life_phase").set_index("group")
    assert (found.loc["kita", "hours"], found.loc["kita", "hours_lacking"]) == (8.5, 1)
    assert pd.isna(found.loc["jugend", "hours"])
    assert found.loc["jugend", "vzae"] == 1.25
    assert (found.loc["eltern", "hours"], found.loc["eltern", "n"]) == (0, 0)


def test_exclusive_open_and_unknown_targets_are_apart() -> None:
    table = offer_table({"target_exclusive": True}, {}, {"target_exclusive": pd.NA})
    found = offer_counts.counts(table, "A", (2020,), by="target_exclusive")
    assert dict(zip(found["group"], found["n"], strict=True)) == {
        "exclusive": 1,
        "open": 1,
        "unbekannt": 1,
    }
    bare = offer_counts.counts(
        table.drop(columns="target_exclusive"), "A", (2020,), by="target_exclusive"
    )
    assert bare.set_index("group").loc["unbekannt", "n"] == 3


def test_shares_without_offers_are_unknown() -> None:
    found = offer_counts.counts(offer_table({}), "B", (2020,), by="access")
    assert found["n"].sum() == 0
    assert found["share"].isna().all()


# --- cells, parallel offers, transitions, funding -------------------------------------------------


def test_gaps_are_all_cells_but_those_with_an_offer() -> None:
    table = offer_table({}, {"life_phase": "jugend", "access": "aufsuchend", "end": "2020-12-31"})
    found = offers.gaps(table, "A", 2020)
    assert len(found) == 29
    assert ("kita", "offen") not in set(zip(found["life_phase"], found["access"], strict=True))
    assert len(offers.gaps(table, "A", 2019)) == 28


def test_an_offer_of_unknown_access_may_fill_a_gap_and_is_no_gap_of_its_own() -> None:
    table = offer_table({"access": pd.NA}, {"life_phase": pd.NA, "access": pd.NA})
    found = offers.gaps(table, "A", 2020)
    assert len(found) == 30
    assert set(found.loc[found["life_phase"] == "kita", "possible"]) == {2}
    assert set(found.loc[found["life_phase"] == "jugend", "possible"]) == {1}
    assert offers.matrix(table, "A", 2020)["n"].sum() == 2


def test_parallel_offers_are_alike_and_of_several_providers() -> None:
    table = offer_table(
        *({"provider_id": name} for name in ("T2", "T1", "T1")),
        {"provider_id": "T3", "hours_week": 8.75},
        {"provider_id": "T4", "end": "2020-12-31"},
        {"provider_id": "T5", "area_id": "B"},
        {"provider_id": "T6", "target_exclusive": True},
        {"provider_id": "T7", "access": "aufsuchend"},
        {"provider_id": "T8", "life_phase": "eltern"},
    )
    found = offers.parallel(table, "A", 2020)
    assert found["offer_id"].tolist() == ["O1", "O2", "O3"]
    assert set(found["group"]) == {1}
    assert offers.parallel(table, "A", 2019)["offer_id"].tolist() == ["O1", "O2", "O3", "O5"]
    assert offers.parallel(table[table["provider_id"] == "T1"], "A", 2020).empty


@pytest.mark.parametrize(
    "name", ["life_phase", "access", "target_exclusive", "hours_week", "provider_id"]
)
def test_what_is_unknown_is_parallel_to_nothing(name: str) -> None:
    table = offer_table({}, {"provider_id": "T2"})
    assert len(offers.parallel(table, "A", 2020)) == 2
    unknown = table.assign(**{name: pd.array([pd.NA, pd.NA], dtype=TYPES[name])})
    assert offers.parallel(unknown, "A", 2020).empty
    assert offers.parallel(table.drop(columns=name), "A", 2020).empty


def test_transition_is_a_provider_on_both_sides_in_the_same_area() -> None:
    table = offer_table(
        {},
        {"life_phase": "grundschule"},
        {"life_phase": "jugend"},
        {"provider_id": "T2"},
        {"provider_id": "T2", "life_phase": "grundschule", "area_id": "B"},
        {"provider_id": pd.NA},
        {"provider_id": pd.NA, "life_phase": "grundschule"},
    )
    assert offers.transitions(table, "A", 2020)["offer_id"].tolist() == ["O1", "O2"]
    assert offers.transitions(table.drop(columns="life_phase"), "A", 2020).empty


def test_funding_ends_within_twelve_months_later_before_or_unknown() -> None:
    days = ["2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01", None]
    found = offers.funding(offer_table(*({"funding_until": day} for day in days)), "A", 2020)
    states = dict(zip(found["offer_id"], found["state"], strict=True))
    assert states == {"O1": "past", "O2": "ends", "O3": "ends", "O4": "later", "O5": "unknown"}
    bare = offers.funding(offer_table({}).drop(columns="funding_until"), "A", 2020)
    assert bare["state"].tolist() == ["unknown"]


# --- reach ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bands", "phase", "used"),
    [
        ([(0, 2), (3, 5), (6, 9)], "kita", (3, 5)),
        ([(0, 5), (6, 9)], "kita", (0, 5)),
        ([(0, 5), (3, 5), (6, 9)], "kita", (3, 5)),
        ([(10, 13), (14, 17)], "jugend", (10, 17)),
        ([(14, 17), (18, 20)], "junge_erwachsene", (18, 20)),
        ([(18, 26), (27, 30)], "junge_erwachsene", (18, 26)),
        ([(0, 20)], "kita", None),
        ([(0, 17)], "junge_erwachsene", None),
        ([(15, 20)], "junge_erwachsene", None),
        ([(3, 3), (5, 5)], "kita", None),
        ([], "kita", None),
    ],
)
def test_ages_are_the_narrowest_run_of_bands(
    bands: list[tuple[int, int]], phase: str, used: tuple[int, int] | None
) -> None:
    table = people(*((low, high, 100) for low, high in bands))
    assert offer_counts.ages(table, phase) == used


def test_reach_is_places_per_1000_of_the_ages_used() -> None:
    table = offer_table({"places": 20}, {"places": pd.NA}, {"life_phase": "eltern"})
    found = offer_counts.reach(table, people((0, 2, 300), (3, 5, 400)), "A", (2020,))
    row = found.set_index("life_phase").loc["kita"]
    assert (row["places"], row["lacking"], row["persons"], row["per_1000"]) == (20, 1, 400, 50)
    assert found.set_index("life_phase")["problem"].to_dict() == {
        "schwangerschaft_0_3": "",
        "kita": "",
        "grundschule": "ages",
        "jugend": "ages",
        "junge_erwachsene": "ages",
        "eltern": "parents",
    }
    assert found.set_index("life_phase").loc["eltern", "per_1000":].isna().all()


def test_reach_is_unknown_without_places_or_people() -> None:
    table = offer_table({"places": pd.NA})
    unknown = offer_counts.reach(table, people((3, 5, 400)), "A", (2020,)).set_index("life_phase")
    assert pd.isna(unknown.loc["kita", "places"])
    assert pd.isna(unknown.loc["kita", "per_1000"])
    for given in (people((3, 5, None)), people((3, 5, 0)), people((3, 5, 9), year=2019)):
        found = offer_counts.reach(offer_table({}), given, "A", (2020,)).set_index("life_phase")
        assert found.loc["kita", "problem"] == "population"
        assert pd.isna(found.loc["kita", "per_1000"])
    bare = offer_counts.reach(table.drop(columns="places"), people((3, 5, 4)), "A", (2020,))
    assert pd.isna(bare.set_index("life_phase").loc["kita", "places"])


def test_reach_adds_both_sexes_and_leaves_forecasts_out() -> None:
    both = pd.concat([people((3, 5, 150)).assign(sex="m"), people((3, 5, 250)).assign(sex="w")])
    table = pd.concat([both, people((3, 5, 9000)).assign(kind="forecast")], ignore_index=True)
    found = offer_counts.reach(offer_table({}), table, "A", (2020,)).set_index("life_phase")
    assert found.loc["kita", "per_1000"] == 25


# --- Frühe Hilfen ---------------------------------------------------------------------------------


def families(*rows: tuple[object, ...]) -> pd.DataFrame:
    columns = ["provider_id", "area_id", "year", "kind", "families_reached", "births"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(referred_to=1).astype(
        {"year": "Int64", "families_reached": "Int64", "births": "Int64", "referred_to": "Int64"}
    )


def test_coverage_takes_births_once_and_adds_providers() -> None:
    table = families(
        ("T1", "A", 2020, "treff", 10, 200),
        ("T2", "A", 2020, "treff", 20, pd.NA),
        ("T1", "A", 2020, "begruessungsbesuch", 90, 200),
        ("T1", "B", 2020, "treff", 5, 77),
    )
    found = early_help.coverage(table, "A")
    assert found["kind"].tolist() == ["begruessungsbesuch", "treff"]
    assert found["per_100"].tolist() == [45, 15]
    assert found["births"].tolist() == [200, 200]
    assert (found.loc[1, "providers"], found.loc[1, "referred_to"]) == (2, 2)


def test_coverage_is_unknown_where_a_part_or_the_births_are() -> None:
    table = families(
        ("T1", "A", 2020, "treff", 10, 200),
        ("T2", "A", 2020, "treff", pd.NA, 200),
        ("T1", "A", 2021, "treff", 10, pd.NA),
        ("T1", "A", 2022, "treff", 10, 0),
    )
    found = early_help.coverage(table, "A")
    assert found["per_100"].isna().all()
    assert found["families_reached"].isna().tolist() == [True, False, False]
    bare = early_help.coverage(table.drop(columns=["births", "referred_to"]), "A")
    assert bare["births"].isna().all()


def test_coverage_refuses_contradicting_births() -> None:
    table = families(("T1", "A", 2020, "treff", 10, 200), ("T1", "A", 2020, "mobil", 10, 201))
    with pytest.raises(DesignError, match=r"area A, year 2020 has births 200, 201") as caught:
        early_help.coverage(table, "A")
    assert caught.value.german == "Für 2020 sind verschiedene Geburtenzahlen geliefert."
    assert early_help.coverage(table, "B").empty


# --- all ------------------------------------------------------------------------------------------


def test_frames_are_left_as_they_were_and_order_does_not_matter(two_areas: pd.DataFrame) -> None:
    crowd = people((0, 5, 500), (6, 9, 300))
    born = families(("T1", "A", 2020, "treff", 10, 200))
    copies = [frame.copy(deep=True) for frame in (two_areas, crowd, born)]
    mixed = two_areas.sample(frac=1, random_state=2)
    for table in (two_areas, mixed):
        offers.funding(table, "A", 2020)
        early_help.coverage(born, "A")
    for one, two in (
        (offers.changes(table, "A", (2017, 2020), by="paragraph") for table in (two_areas, mixed)),
        (offer_counts.counts(table, "A", (2017,), by="access") for table in (two_areas, mixed)),
        (offer_counts.reach(table, crowd, "A", (2020,)) for table in (two_areas, mixed)),
        (offers.parallel(table, "A", 2020) for table in (two_areas, mixed)),
        (offers.transitions(table, "A", 2020) for table in (two_areas, mixed)),
        (offers.matrix(table, "A", 2020) for table in (two_areas, mixed)),
    ):
        pd.testing.assert_frame_equal(one, two)
    for frame, copy in zip((two_areas, crowd, born), copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_an_empty_table_has_only_gaps() -> None:
    empty = offer_table({}).iloc[:0]
    assert len(offers.gaps(empty, "A", 2020)) == 30
    assert offers.parallel(empty, "A", 2020).empty
    assert offers.transitions(empty, "A", 2020).empty
    assert offers.funding(empty, "A", 2020).empty
    assert offer_counts.counts(empty, "A", (2020,), by="paragraph")["n"].sum() == 0

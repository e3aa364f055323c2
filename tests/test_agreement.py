from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from agreement_samples import project
from evaltools.codings import agreement, coefficients, reliability, resampling, units
from evaltools.codings.coefficients import MEASURES
from evaltools.codings.resampling import Bootstrap
from evaltools.errors import DesignError

NAN = float("nan")
FEW = Bootstrap(draws=400)


def pairs(*rows: tuple[int, float, float]) -> np.ndarray:
    """Ratings of two coders from (number of units, value by one, value by the other)."""
    return np.array([(one, other) for n, one, other in rows for _ in range(n)], dtype=float)


def printed(value: float) -> float:
    """Half a unit of the last printed digit."""
    return 0.5 * 10.0 ** -len(f"{value!r}".partition(".")[2]) + 1e-9


# Published figures, typed with their source; the table of Cohen is 200 judgements in 3 categories.
COHEN_1960 = pairs(
    *[(88, 1, 1), (14, 1, 2), (18, 1, 3), (10, 2, 1), (40, 2, 2), (10, 2, 3)],
    *[(2, 3, 1), (6, 3, 2), (12, 3, 3)],
)
BRENNAN_1981 = pairs((50, 1, 1), (10, 2, 1), (10, 2, 2), (10, 2, 3), (20, 3, 1))
GWET_2014 = pairs((8, 1, 1), (1, 0, 0), (1, 1, 0))
KRIPPENDORFF_2011 = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


@pytest.mark.parametrize(
    ("ratings", "name", "level", "value"),
    [
        (COHEN_1960, "percent", "nominal", 0.70),
        (COHEN_1960, "cohen", "nominal", 0.492),  # Cohen 1960
        (GWET_2014, "scott", "nominal", 0.6078),  # Gwet, ten subjects
        (GWET_2014, "gwet_ac1", "nominal", 0.8658),
        (BRENNAN_1981, "brennan_prediger", "nominal", 0.40),  # Brennan and Prediger 1981
        (KRIPPENDORFF_2011, "krippendorff", "nominal", 0.743),  # Krippendorff 2011
        (KRIPPENDORFF_2011, "krippendorff", "ordinal", 0.815),
        (KRIPPENDORFF_2011, "krippendorff", "interval", 0.849),
        (KRIPPENDORFF_2011, "krippendorff", "ratio", 0.797),
        (KRIPPENDORFF_2011, "fleiss", "nominal", 0.76117),  # Gwet's irrCAC on the same data
        (KRIPPENDORFF_2011, "conger", "nominal", 0.76207),
        (KRIPPENDORFF_2011, "gwet_ac1", "nominal", 0.77544),
        (KRIPPENDORFF_2011, "brennan_prediger", "nominal", 0.77273),
    ],
)
def test_published_values(ratings: np.ndarray, name: str, level: Any, value: float) -> None:
    found = agreement.coefficient(ratings, name, level=level)
    assert found == pytest.approx(value, abs=printed(value))


# Fleiss 1971, table 1: diagnoses of 30 patients by 6 psychiatrists, each row sorted.
FLEISS_1971 = (
    "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 "
    "144444 224445 333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 "
    "111155 224444 133333 555555"
)


def fleiss_by_hand(ratings: np.ndarray) -> tuple[float, list[float]]:
    """Expected agreement and kappas by category with Fleiss' three digits in every step."""
    counts = (ratings[:, :, None] == np.unique(ratings)).sum(axis=1)
    share = (counts.sum(axis=0) / counts.sum()).round(3)
    n, raters = counts.sum(), ratings.shape[1]
    again = ((counts**2).sum(axis=0) - n * share) / (n * (raters - 1) * share)
    return float((share**2).sum()), [*((again.round(3) - share) / (1 - share))]


def test_fleiss_1971_with_its_categories() -> None:
    ratings = np.array([[*row] for row in FLEISS_1971.split()], dtype=float)
    (found,) = agreement.assess(ratings, measures=["fleiss"], bootstrap=FEW)
    assert found.estimate == pytest.approx(0.430, abs=0.0005)
    assert found.observed == pytest.approx(0.5556, abs=0.00005)
    # The paper carries three digits through its steps; unrounded, 0.2201 is 0.2199, and the
    # categories are those of kappam.fleiss(diagnoses, detail = TRUE) in R's package irr.
    expected, kappas = fleiss_by_hand(ratings)
    assert expected == pytest.approx(0.2201, abs=0.00005)
    assert kappas == pytest.approx([0.248, 0.248, 0.517, 0.470, 0.565], abs=0.0005)
    assert found.expected == pytest.approx(expected, abs=0.0005)
    by_category = agreement.per_category(ratings)["kappa"]
    assert [*by_category] == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=0.0005)


def test_kappa_of_a_category_is_fleiss_kappa_of_that_category_against_the_rest() -> None:
    ratings = np.array([[*row] for row in FLEISS_1971.split()], dtype=float)
    for row in agreement.per_category(ratings).itertuples():
        split = (ratings == row.category).astype(float)
        assert row.kappa == pytest.approx(agreement.coefficient(split, "fleiss"))


def test_the_largest_kappa_the_margins_permit() -> None:
    assert agreement.kappa_max(COHEN_1960) == pytest.approx(0.831, abs=0.0005)


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "qda" / "vectors.json").read_text("utf-8"))
    return found


def weighted(case: dict[str, Any]) -> np.ndarray:
    names = sorted({name for row in case["items_w_a_b"] for name in row[1:]}, key=str)
    return pairs(*[(n, names.index(a), names.index(b)) for n, a, b in case["items_w_a_b"]])


def test_krippendorff_vectors(vectors: dict[str, Any]) -> None:
    small, wiki = vectors["krippendorff_2011_4x12"], vectors["wikipedia_3x15"]
    tables = {
        "krippendorff_2011_4x12": np.array(small["coders_x_units"], dtype=float).T,
        "krippendorff_binary_2x10": np.array(vectors["krippendorff_binary_2x10"]["data"]).T,
        "wikipedia_3x15": np.array(wiki["data"], dtype=float).T,
        "hayes_krippendorff_2007_40x5": np.array(
            vectors["hayes_krippendorff_2007_40x5"]["units_x_coders"], dtype=float
        ),
    }
    told = 0
    for case, ratings in tables.items():
        for level in set(coefficients.LEVELS) & set(vectors[case]):
            found = agreement.coefficient(ratings, "krippendorff", level=level)
            assert found == pytest.approx(
                vectors[case][level], abs=printed(vectors[case][level])
            ), (case, level)
            told += 1
    assert told == 8
    for name, value in small["irrCAC"].items():
        name = "krippendorff" if name == "alpha" else name
        found = agreement.coefficient(tables["krippendorff_2011_4x12"], name)
        assert found == pytest.approx(value, abs=printed(value)), name


def test_fleiss_vectors(vectors: dict[str, Any]) -> None:
    case = vectors["fleiss_1971_30x6"]
    ratings = np.array(case["units_x_raters"], dtype=float)
    (found,) = agreement.assess(ratings, measures=["fleiss"], bootstrap=FEW)
    for name, value in (("estimate", "kappa_full"), ("estimate", "kappa"), ("observed", "po")):
        wide = 0.0005 if value == "kappa" else printed(case[value])
        assert getattr(found, name) == pytest.approx(case[value], abs=wide)
    expected, kappas = fleiss_by_hand(ratings)
    assert expected == pytest.approx(case["pe"], abs=printed(case["pe"]))
    assert kappas == pytest.approx(case["per_category"], abs=0.0005)
    exact = agreement.per_category(ratings)["kappa"]
    assert [*exact] == pytest.approx(case["per_category"], abs=0.004)
    alpha = agreement.coefficient(ratings, "krippendorff")
    assert alpha == pytest.approx(case["alpha_nominal_computed"], abs=0.000005)
    wiki = vectors["fleiss_wikipedia_10x14"]
    spread = [np.repeat(np.arange(5.0), row) for row in wiki["counts"]]
    kappa = agreement.coefficient(np.array(spread), "fleiss")
    assert kappa == pytest.approx(wiki["kappa"], abs=0.0005)


NAMES = {"kappa": "cohen", "BP": "brennan_prediger", "AC1": "gwet_ac1", "pi": "scott"}


@pytest.mark.parametrize(
    "case",
    [
        "cohen_1960",
        "brennan_prediger_1981_a",
        "brennan_prediger_1981_b",
        "gwet_10",
        "paradox_125",
    ],
)
def test_vectors_of_two_coders(vectors: dict[str, Any], case: str) -> None:
    published = vectors[case]
    ratings = weighted(published)
    by_name = {x.measure: x for x in agreement.assess(ratings, bootstrap=FEW)}
    told = {"po": by_name["cohen"].observed, "pe": by_name["cohen"].expected}
    told["kappa_max"] = agreement.kappa_max(ratings)
    told |= {name: by_name[measure].estimate for name, measure in NAMES.items()}
    wanted = set(published) - {"items_w_a_b", "note"}
    for name in wanted:
        found = told[name.removesuffix("_computed")]
        assert found == pytest.approx(published[name], abs=printed(published[name])), name
    assert len(wanted) >= 2


RATING = st.sampled_from([1.0, 2.0, 5.0, NAN])


@given(st.lists(st.tuples(RATING, RATING, RATING), min_size=2, max_size=12))
def test_alpha_is_the_librarys_on_any_ratings(rows: list[tuple[float, ...]]) -> None:
    ratings = np.array(rows)
    table = coefficients.tally(ratings)
    pairable = table.counts[table.raters >= 2].any(axis=0)
    if pairable.sum() < 2:
        return
    for level in coefficients.LEVELS:
        own = coefficients.ratio(coefficients.krippendorff(table, table.total, level))[0]
        theirs = krippendorff.alpha(ratings.T, level_of_measurement=level)
        assert own == pytest.approx(theirs, abs=1e-12)


def test_kappas_are_those_of_statsmodels() -> None:
    random = np.random.default_rng(3)
    ratings = random.integers(0, 3, (60, 4)).astype(float)
    ratings[:, 1] = np.where(random.random(60) < 0.6, ratings[:, 0], ratings[:, 1])
    counts, _ = inter_rater.aggregate_raters(ratings)
    assert agreement.coefficient(ratings, "fleiss") == pytest.approx(
        inter_rater.fleiss_kappa(counts)
    )
    assert agreement.coefficient(ratings, "brennan_prediger") == pytest.approx(
        inter_rater.fleiss_kappa(counts, method="randolph")
    )
    crossed = pd.crosstab(ratings[:, 0], ratings[:, 1]).to_numpy()
    assert agreement.coefficient(ratings[:, :2], "cohen") == pytest.approx(
        inter_rater.cohens_kappa(crossed, return_results=False)
    )


@pytest.mark.parametrize("name", [*MEASURES])
def test_order_of_coders_and_units_and_names_of_values_do_not_matter(name: str) -> None:
    ratings = COHEN_1960 if name in coefficients.FOR_TWO else KRIPPENDORFF_2011
    told = agreement.coefficient(ratings, name)
    for order in permutations(range(ratings.shape[1])):
        assert agreement.coefficient(ratings[:, order], name) == pytest.approx(told)
    assert agreement.coefficient(ratings[::-1], name) == pytest.approx(told)
    assert agreement.coefficient(-7 * ratings, name) == pytest.approx(told)
    nobody = np.vstack([ratings, np.full(ratings.shape[1], NAN)])
    assert agreement.coefficient(nobody, name) == pytest.approx(told)


@pytest.mark.parametrize("name", [*MEASURES])
def test_perfect_agreement_is_one(name: str) -> None:
    assert agreement.coefficient(pairs((3, 1, 1), (4, 2, 2)), name) == pytest.approx(1)


def test_the_callers_frame_stays_as_it_was() -> None:
    frame = pd.DataFrame(KRIPPENDORFF_2011, columns=[*"abcd"])
    before = frame.copy()
    assert agreement.assess(frame, bootstrap=FEW)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("ratings", "name", "told"),
    [
        ([[1.0], [2.0]], "percent", "at least 2 coders"),
        ([[1, NAN], [NAN, 2]], "percent", "share none"),
        ([[1, 1, NAN], [2, 2, NAN], [NAN, NAN, 1]], "krippendorff", r"share none: \[3\]"),
        (KRIPPENDORFF_2011, "cohen", "exactly 2 coders, not 4"),
        (KRIPPENDORFF_2011, "scott", "exactly 2 coders, not 4"),
        (pairs((9, 0, 0)), "cohen", "all ratings are the same"),
        (pairs((9, 0, 0)), "scott", "all ratings are the same"),
        (pairs((9, 0, 0)), "fleiss", "all ratings are the same"),
        (pairs((9, 0, 0)), "conger", "all ratings are the same"),
        (pairs((9, 0, 0)), "gwet_ac1", "all ratings are the same"),
        (pairs((9, 0, 0)), "brennan_prediger", "all ratings are the same"),
        (pairs((9, 0, 0)), "krippendorff", "all ratings are the same"),
        (pairs((9, 0, 0)), "kappa", "unknown measure 'kappa'"),
        ([["ja", "nein"]], "percent", "must be numbers"),
        ([[1, np.inf]], "percent", "finite"),
        ([1.0, 2.0], "percent", "must be a table"),
    ],
)
def test_what_cannot_be_computed_is_refused(ratings: Any, name: str, told: str) -> None:
    with pytest.raises(DesignError, match=told) as refusal:
        agreement.coefficient(ratings, name)
    assert "\n" not in str(refusal.value)


def test_a_refusal_is_a_reason_in_a_table_of_measures() -> None:
    percent, cohen = agreement.assess(
        pairs((9, 0, 0)), measures=["percent", "cohen"], bootstrap=FEW
    )
    assert percent.estimate == 1
    assert np.isnan([cohen.estimate, cohen.low, cohen.high]).all()
    assert "Alle Urteile sind gleich" in cohen.reason
    with pytest.raises(DesignError, match="unknown measure"):
        agreement.assess(pairs((9, 0, 1)), measures=["kohen"])


def test_categories_that_did_not_occur_count_where_they_matter() -> None:
    ratings = pairs((6, 1, 1), (2, 2, 2), (2, 1, 2))
    assert agreement.coefficient(ratings, "brennan_prediger") == pytest.approx(0.6)
    wider = agreement.coefficient(ratings, "brennan_prediger", categories=[1, 2, 3, 4, 5])
    assert wider == pytest.approx((0.8 - 0.2) / 0.8)
    assert agreement.coefficient(ratings, "cohen", categories=[1, 2, 3]) == pytest.approx(
        agreement.coefficient(ratings, "cohen")
    )


def clustered(n: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Documents of ten units; in each the coders agree on all units or on none but one."""
    random = np.random.default_rng(seed)
    first = random.integers(0, 2, (n, 10)).astype(float)
    agreed = random.random(n) < 0.7
    second = np.where(agreed[:, None], first, 1 - first)
    second[:, 0] = first[:, 0]
    return np.column_stack([first.ravel(), second.ravel()]), np.repeat(np.arange(n), 10)


def test_documents_give_wider_intervals_than_units() -> None:
    ratings, docs = clustered(20)
    (alone,) = agreement.assess(ratings, measures=["krippendorff"])
    (whole,) = agreement.assess(ratings, measures=["krippendorff"], clusters=docs)
    assert alone.estimate == whole.estimate
    assert whole.low < alone.low < alone.estimate < alone.high < whole.high
    assert whole.high - whole.low > 2 * (alone.high - alone.low)
    assert (alone.n_units, whole.n_units, whole.n_clusters) == (200, 200, 20)


def test_the_interval_is_that_of_drawing_documents_by_hand() -> None:
    ratings, docs = clustered(12)
    how = Bootstrap(draws=4000)
    (found,) = agreement.assess(ratings, measures=["percent"], clusters=docs, bootstrap=how)
    random = np.random.default_rng(99)
    means = (ratings[:, 0] == ratings[:, 1]).reshape(12, 10).mean(axis=1)
    drawn = means[random.integers(0, 12, (4000, 12))].mean(axis=1)
    share = resampling.tail(12, 0.95)
    assert [found.low, found.high] == pytest.approx(
        np.quantile(drawn, [share, 1 - share]).tolist(), abs=0.05
    )


def test_the_seed_fixes_the_interval_and_names_of_documents_do_not_change_it() -> None:
    ratings, docs = clustered(8)
    one, again, other = (
        agreement.assess(ratings, measures=["cohen"], clusters=names, bootstrap=Bootstrap(seed=s))
        for names, s in ((docs, 1), (docs + 100, 1), (docs, 2))
    )
    assert one == again
    assert one[0].low != other[0].low


@pytest.mark.parametrize(("n", "given"), [(2, False), (4, False), (5, True), (12, True)])
def test_fewer_than_five_documents_give_no_interval(n: int, given: bool) -> None:
    ratings, docs = clustered(n, seed=4)
    ratings[0] = 1 - ratings[0]
    ratings[1] = (0, 1)
    (found,) = agreement.assess(ratings, measures=["percent"], clusters=docs, bootstrap=FEW)
    assert np.isfinite(found.estimate)
    assert np.isfinite([found.low, found.high]).all() == given
    assert bool(found.reason) != given
    assert given or f"Nur {n} Dokumente" in found.reason


def test_the_tail_is_that_of_students_t_and_normal_with_many() -> None:
    assert resampling.tail(10_000, 0.95) == pytest.approx(0.025, abs=1e-4)
    assert resampling.tail(6, 0.95) == pytest.approx(0.00243, abs=1e-5)
    assert resampling.tail(1, 0.95) == 0


def test_documents_that_agree_alike_give_no_interval() -> None:
    ratings, docs = pairs((6, 0, 0), (6, 1, 1)), np.tile(np.arange(6), 2)
    (found,) = agreement.assess(ratings, measures=["cohen"], clusters=docs, bootstrap=FEW)
    assert found.estimate == 1
    assert np.isnan(found.low)
    assert "stimmen gleich überein" in found.reason


def test_draws_without_variation_are_counted_and_too_many_give_no_interval() -> None:
    ratings = pairs((28, 0, 0), (1, 1, 1), (1, 0, 1))
    docs = np.array([*range(10)] * 2 + [0] * 10)
    (found,) = agreement.assess(ratings, measures=["cohen"], clusters=docs, bootstrap=FEW)
    # A draw is without variation when it misses the one document where the code was given.
    assert found.undefined == pytest.approx(400 * 0.9**10, rel=0.3)
    assert np.isnan(found.low)
    assert "Ziehungen war das Maß nicht bestimmt" in found.reason


ROWS = [
    (coder, code, doc, start, start + 10)
    for at, doc in enumerate("abcdef")
    for coder, code, start in [
        ("anna", "bedarf", 0),
        ("bert", "bedarf", 2 if at < 4 else 30),
        ("anna", "netz", 50),
        ("bert", "netz", 50 if at % 2 else 80),
    ]
]
TEXTS = dict.fromkeys("abcdef", "y" * 100)


def test_characters_with_weights_agree_with_characters_one_by_one() -> None:
    rated = units.ratings(project(ROWS, TEXTS), "netz", unit="character")
    n = rated.weights.astype(int)
    spread, docs = np.repeat(rated.values, n, axis=0), np.repeat(rated.places["doc_id"], n)
    short = agreement.assess(rated, bootstrap=FEW)
    long = agreement.assess(spread, clusters=[*docs], bootstrap=FEW)
    for one, other in zip(short, long, strict=True):
        assert one.n_units == other.n_units == 600
        assert [one.estimate, one.low, one.high] == pytest.approx(
            [other.estimate, other.low, other.high]
        )


@pytest.mark.parametrize("unit", [*units.UNITS])
def test_a_table_per_code_tells_counts_and_coefficients(unit: str) -> None:
    made = project([*ROWS, ("anna", "praxis", "a", 90, 95)], TEXTS)
    table = agreement.per_code(made, unit=unit, bootstrap=FEW)
    assert [*table["path"]] == ["Bedarf", "Netz", "Praxis"]
    rated = units.ratings(made, "netz", unit=unit)
    row = table.set_index("path").loc["Netz"]
    assert row["percent"] == agreement.coefficient(rated, "percent")
    assert row["n_units"] == rated.weights.sum()
    assert row["n_documents"] == 6
    assert row["used: Anna"] == {"document": 6, "segment": 6, "character": 60}[unit]
    alone = table.set_index("path").loc["Praxis"]
    assert alone["used: Bert"] == 0
    assert alone["krippendorff"] <= 0


@pytest.mark.parametrize("unit", [*units.UNITS])
def test_all_codes_pooled_are_the_codes_laid_under_each_other(unit: str) -> None:
    made = project([*ROWS, ("cleo", "praxis", "a", 90, 95), ("cleo", "netz", "b", 0, 9)], TEXTS)
    lay = units.layout(made, unit=unit)
    each = [units.rate(lay, code) for code in ("bedarf", "netz", "praxis")]
    n = [one.weights.astype(int) for one in each]
    stacked = np.concatenate([np.repeat(x.values, k, axis=0) for x, k in zip(each, n, strict=True)])
    docs = [doc for x, k in zip(each, n, strict=True) for doc in np.repeat(x.places["doc_id"], k)]
    together = agreement.assess(units.pooled(lay), bootstrap=FEW)
    by_hand = agreement.assess(stacked, clusters=docs, bootstrap=FEW)
    for one, other in zip(together, by_hand, strict=True):
        assert one.n_units == other.n_units == len(stacked)
        assert [one.estimate, one.low, one.high] == pytest.approx(
            [other.estimate, other.low, other.high], nan_ok=True
        )
    assert any(np.isfinite(one.low) for one in together)
    alone = agreement.coefficient(units.pooled(lay, ["netz"]), "gwet_ac1")
    assert alone == pytest.approx(agreement.coefficient(each[1], "gwet_ac1"))


def test_a_code_nobody_varied_has_its_reason_in_the_table() -> None:
    table = agreement.per_code(project(ROWS, TEXTS), unit="document", bootstrap=FEW)
    row = table.set_index("path").loc["Bedarf"]
    # AC1 knows that the code could have been left out, so it is defined.
    assert row["percent"] == row["gwet_ac1"] == 1
    assert np.isnan(row["cohen"])
    assert "Alle Urteile sind gleich" in row["cohen_reason"]


def test_three_coders_get_fleiss_and_a_code_renamed_stays_the_same() -> None:
    rows = [*ROWS, *[("cleo", "netz", doc, 52, 60) for doc in "abcdef"]]
    made = project(rows, TEXTS)
    table = agreement.per_code(made, unit="segment", bootstrap=FEW)
    assert "cohen" not in table
    assert np.isfinite(table["fleiss"]).all()
    renamed = made.codes.assign(name="Z" + made.codes["name"], path="Z" + made.codes["path"])
    other = agreement.per_code(
        type(made)(**{**vars(made), "codes": renamed}), unit="segment", bootstrap=FEW
    )
    pd.testing.assert_frame_equal(table.drop(columns="path"), other.drop(columns="path"))


def test_every_measure_says_where_it_comes_from() -> None:
    for name, measure in MEASURES.items():
        assert measure.label
        assert name == "percent" or "doi:10." in measure.definition
    (found,) = agreement.assess(COHEN_1960, measures=["krippendorff"], level="ordinal")
    assert found.label == "Krippendorffs Alpha (ordinal)"
    assert reliability.GERMAN_LEVELS.keys() == set(coefficients.LEVELS)

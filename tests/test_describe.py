"""What is described beside the estimate agrees with the methods called directly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaltools.data import store
from evaltools.effects import its
from evaltools.effects.its import Segments
from evaltools.evaluation.before_after import Evaluation, Outcome, before_after
from evaltools.evaluation.describe import SEASONS, Lengths, lengths, series
from evaltools.measures import durations, outcomes
from evaltools.study import Study, Workspace

Tables = dict[str, pd.DataFrame]
DECLARED = [f"SR{n:02d}" for n in range(1, 18) if n not in (4, 10, 14)]
AREA = "SR04"


@pytest.fixture(scope="module")
def tables(demo: Workspace) -> Tables:
    names = ("area", "population", "hze_count", "reference_trend", "staffing")
    return {name: store.read(demo, name) for name in names}


@pytest.fixture(scope="module")
def cases(demo: Workspace) -> pd.DataFrame:
    return store.read(demo, "hze_case")


@pytest.fixture(scope="module")
def study(demo: Workspace) -> Study:
    return demo.study


@pytest.fixture(scope="module")
def evaluation(tables: Tables, study: Study) -> Evaluation:
    return before_after(tables, study, AREA)


@pytest.fixture(scope="module")
def found(
    cases: pd.DataFrame, tables: Tables, study: Study, evaluation: Evaluation
) -> Lengths | str:
    before = cases.copy(deep=True)
    made = lengths(cases, tables, study, evaluation)
    pd.testing.assert_frame_equal(cases, before)
    return made


@pytest.fixture(scope="module")
def direct(cases: pd.DataFrame) -> pd.DataFrame:
    return durations.durations(
        cases, start="2018", censored_at="2024-12-31", observed_from="2010", left_out=("2017",)
    ).set_index("area_id")


def changed(study: Study, **fields: object) -> Study:
    """The study whose first model area is changed."""
    first, *others = study.model_areas
    models = (first.model_copy(update=fields), *others)
    return study.model_copy(update={"model_areas": models})


# --- lengths --------------------------------------------------------------------------------------


def test_row_is_that_of_the_durations(found: Lengths | str, direct: pd.DataFrame) -> None:
    assert isinstance(found, Lengths)
    pd.testing.assert_series_equal(found.row, direct.loc[AREA])
    assert found.row["n_before"] > 0
    assert found.row["n_after"] > 0


def test_rank_is_the_place_among_the_untreated_areas(
    found: Lengths | str, direct: pd.DataFrame
) -> None:
    assert isinstance(found, Lengths)
    sizes = direct.loc[[AREA, *DECLARED], "z"].astype(float).abs()
    assert found.n == 15  # neither the other model areas nor an area of before
    assert found.rank == int((sizes >= sizes[AREA]).sum())
    assert found.p == found.rank / found.n


def test_area_whose_helps_became_shorter_comes_first(
    cases: pd.DataFrame, tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    """Helps begun from 2018 on end after a day: no other area changes as much."""
    own = (cases["area_id"] == AREA) & (cases["begin"] >= "2018-01-01") & cases["end"].notna()
    short = cases.assign(end=cases["end"].mask(own, cases["begin"]))
    made = lengths(short, tables, study, evaluation)
    assert isinstance(made, Lengths)
    assert (made.rank, made.p) == (1, 1 / 15)
    assert made.row["z"] > 0
    others = cases.drop(cases.index[cases["area_id"].isin(["SR10", "SR14"])])
    alone = lengths(others, tables, study, evaluation)
    whole = lengths(cases, tables, study, evaluation)
    assert isinstance(alone, Lengths)
    assert isinstance(whole, Lengths)
    assert (alone.rank, alone.n) == (whole.rank, whole.n)


def test_comparison_is_the_one_that_the_study_names(
    cases: pd.DataFrame, tables: Tables, study: Study, evaluation: Evaluation, direct: pd.DataFrame
) -> None:
    few = ("SR01", "SR02", "SR05")
    made = lengths(cases, tables, changed(study, comparison=few), evaluation)
    assert isinstance(made, Lengths)
    sizes = direct.loc[[AREA, *few], "z"].astype(float).abs()
    assert (made.rank, made.n) == (int((sizes >= sizes[AREA]).sum()), 4)


def test_order_of_rows_does_not_matter(
    cases: pd.DataFrame,
    tables: Tables,
    study: Study,
    evaluation: Evaluation,
    found: Lengths | str,
) -> None:
    mixed = lengths(cases.sample(frac=1, random_state=2), tables, study, evaluation)
    assert isinstance(mixed, Lengths)
    assert isinstance(found, Lengths)
    assert (mixed.rank, mixed.n) == (found.rank, found.n)
    pd.testing.assert_series_equal(mixed.row, found.row)


def test_why_there_are_no_lengths_is_said_in_german(
    cases: pd.DataFrame, tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    said = lengths(cases, tables, changed(study, start=None), evaluation)
    assert said == "Die Studie nennt keinen Beginn."
    late = lengths(cases, tables, changed(study, start="2031", selection=None), evaluation)
    assert late == "Der Beginn 2031 liegt nicht im beobachteten Zeitraum."
    without = cases[cases["area_id"] != AREA]
    none = lengths(without, tables, study, evaluation)
    assert none == "Im Modellraum gibt es zu wenige Hilfen für einen Vergleich der Dauer."


# --- single series --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines(tables: Tables, study: Study, evaluation: Evaluation) -> dict[str, Segments | str]:
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    made = dict(series(tables, study, evaluation))
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    return made


def test_series_are_named_in_order(
    lines: dict[str, Segments | str], study: Study, evaluation: Evaluation
) -> None:
    assert list(lines) == [evaluation.name, "Vergleichsräume", study.level_label("state")]
    assert all(isinstance(made, Segments) for made in lines.values())


def test_model_area_and_comparison_are_sums_over_the_panel(
    lines: dict[str, Segments | str], evaluation: Evaluation
) -> None:
    built = evaluation.outcomes["hze"].panel
    assert built is not None
    assert set(built.areas[1:]) == set(DECLARED)
    parts = {evaluation.name: slice(0, 1), "Vergleichsräume": slice(1, None)}
    for label, rows in parts.items():
        made, counts = lines[label], built.counts[rows].sum(0)
        assert isinstance(made, Segments)
        np.testing.assert_array_equal(made.series["observed"], counts)
        base = built.exposure[rows].sum(0)
        np.testing.assert_array_equal(made.series["base"], base)
        np.testing.assert_array_equal(made.series["after"], built.after)
        by_hand = its.poisson(counts, base, after=built.after.astype(float), season=(0, 1))
        pd.testing.assert_frame_equal(made.terms, by_hand.terms)


def test_reference_has_the_periods_of_the_panel(
    lines: dict[str, Segments | str], tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    built, made = evaluation.outcomes["hze"].panel, lines[study.level_label("state")]
    assert built is not None
    assert isinstance(made, Segments)
    values = outcomes.reference(tables, study, study.outcomes.hze, "state", length="year")
    own = values.set_index("period").loc[list(built.periods)]
    assert "2017" not in built.periods
    np.testing.assert_allclose(made.series["observed"], own["numerator"].to_numpy(float))
    np.testing.assert_allclose(made.series["base"], own["denominator"].to_numpy(float))
    np.testing.assert_array_equal(made.series["after"], built.after)


def test_short_series_say_so(tables: Tables, study: Study) -> None:
    early = changed(study, start="2014", selection=None)
    made = series(tables, early, before_after(tables, early, AREA))
    assert len(made) == 3
    for said in made.values():
        assert isinstance(said, str)
        assert "liegen zu wenige Zeiträume für eine Reihe." in said


def test_without_a_panel_there_is_no_series(
    tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    lost = dict(evaluation.outcomes) | {"hze": Outcome(None, ("hze_count",), "")}
    assert series(tables, study, replace(evaluation, outcomes=lost)) == {}


def test_without_a_reference_the_others_are_described(
    tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    plain = study.model_copy(update={"reference": ()})
    assert list(series(tables, plain, evaluation)) == [evaluation.name, "Vergleichsräume"]


def test_reference_that_is_not_delivered_says_so(
    tables: Tables, study: Study, evaluation: Evaluation
) -> None:
    fewer = {name: frame for name, frame in tables.items() if name != "reference_trend"}
    made = series(fewer, study, evaluation)
    assert isinstance(made.get(study.level_label("state"), ""), str)
    assert isinstance(made[evaluation.name], Segments)


def test_waves_within_a_year_fit_the_length_of_periods() -> None:
    assert SEASONS == {"year": (0, 1), "quarter": (1, 4), "month": (2, 12)}

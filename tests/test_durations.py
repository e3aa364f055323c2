"""Lengths of helps: published survival figures, censoring, truncation, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import survdiff

from evaltools.errors import DesignError
from evaltools.measures.durations import (
    DAYS_A_MONTH,
    durations,
    log_rank,
    median,
    observed_until,
)
from evaltools.study import Workspace

# Freireich et al. 1963, Blood 21, 699–716; printed by Kalbfleisch & Prentice 2002, ch. 1. Weeks in
# remission with 6-MP (a minus: censored) and with placebo. R's survival package prints the medians
# 23 and 8 weeks and a log-rank chi-squared of 16.79 (Cox & Oakes 1984; Klein & Moeschberger 2003).
DRUG = (6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
START, LAST = pd.Timestamp("2018-01-01"), pd.Timestamp("2024-12-31")


def helps(*rows: tuple[str, str | None], area: str = "A", paragraph: str = "34") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["begin", "end"])
    frame = frame.astype({"begin": "datetime64[s]", "end": "datetime64[s]"})
    return frame.assign(area_id=area, paragraph=paragraph, form="stationaer")


def lasting(times: tuple[int, ...], stop: pd.Timestamp) -> pd.DataFrame:
    """Helps that last so many days; those below zero run on the day `stop`."""
    days = pd.to_timedelta([abs(time) - 1 for time in times], "D")
    end = pd.Series(stop, index=range(len(times)))
    begin = end - days
    running = np.array(times) < 0
    return (
        helps()
        .reindex(range(len(times)))
        .assign(begin=begin, end=end.mask(running), area_id="A", paragraph="34")
    )


def one(cases: pd.DataFrame, **options: object) -> pd.Series:
    found = durations(cases, **({"start": "2018", "censored_at": "2024"} | options))  # type: ignore[arg-type]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def leukaemia() -> pd.DataFrame:
    """The drug before and the placebo after the start, a week written as a day."""
    day_before = START - pd.Timedelta(days=1)
    return pd.concat([lasting(DRUG, day_before), lasting(PLACEBO, LAST)], ignore_index=True)


# --- published values -----------------------------------------------------------------------------


def test_freireich_data_give_the_published_medians_and_log_rank(leukaemia: pd.DataFrame) -> None:
    found = one(leukaemia)
    assert found["median_before"] * DAYS_A_MONTH == pytest.approx(23)
    assert found["median_after"] * DAYS_A_MONTH == pytest.approx(8)
    assert found["z"] ** 2 == pytest.approx(16.79, abs=0.005)
    assert found["z"] > 0  # shorter after
    assert (found["n_before"], found["ended_before"]) == (21, 9)
    assert (found["n_after"], found["ended_after"]) == (21, 21)


def test_limits_are_those_of_the_log_log_interval(leukaemia: pd.DataFrame) -> None:
    """The median's interval holds the times at which the limits of S hold one half.

    By hand with Greenwood's variance. Drug: S(10) .503 to .889, S(13) .432 to .849, and open.
    Placebo: S(3) .519 to .893, S(4) .425 to .825, S(8) .183 to .578, S(11) .117 to .482.
    """
    found = one(leukaemia)
    assert found["low_before"] * DAYS_A_MONTH == pytest.approx(13)
    assert pd.isna(found["high_before"])
    assert found["low_after"] * DAYS_A_MONTH == pytest.approx(4)
    assert found["high_after"] * DAYS_A_MONTH == pytest.approx(11)


def test_log_rank_by_hand() -> None:
    """Ends at 1 and 3 in the second group, at 2 in the first; one of the first runs on at 4."""
    time, ended, second = (
        np.array(row, dtype=float) for row in ([1, 2, 3, 4], [1, 1, 1, 0], [1, 0, 1, 0])
    )
    expected, spread = 2 / 4 + 1 / 3 + 1 / 2, 1 / 4 + 2 / 9 + 1 / 4
    assert log_rank(time, ended, second) == pytest.approx((2 - expected) / spread**0.5)


@pytest.mark.parametrize("seed", range(5))
def test_log_rank_equals_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 30, 80).astype(float)
    ended, second = (rng.random(80) < 0.7).astype(float), (rng.random(80) < 0.4).astype(float)
    z = log_rank(time, ended, second)
    assert z**2 == pytest.approx(survdiff(time, ended, second)[0])
    assert log_rank(time, ended, 1 - second) == pytest.approx(-z)


def test_median_of_complete_times_is_the_first_with_less_than_half_left() -> None:
    assert median(np.array([5.0, 1, 3, 2, 4]), np.ones(5))[0] == 3
    assert median(np.array([4.0, 1, 3, 2]), np.ones(4))[0] == 3
    assert np.isnan(median(np.array([1.0, 2]), np.zeros(2))).all()


# --- who is followed, and for how long ------------------------------------------------------------


def test_first_and_last_day_both_count() -> None:
    found = one(helps(("2018-03-01", "2018-03-01"), ("2018-03-01", "2018-03-01")))
    assert found["median_after"] * DAYS_A_MONTH == pytest.approx(1)


def test_running_helps_lengthen_the_median_and_not_the_mean() -> None:
    ended = helps(*[("2020-01-01", f"2020-{month:02d}-01") for month in (2, 3, 4)])
    running = helps(*[("2020-01-01", None)] * 2)
    short, long = one(ended), one(pd.concat([ended, running], ignore_index=True))
    assert long["median_after"] > short["median_after"]
    assert long["biased_mean_after"] == short["biased_mean_after"]
    dropped_as_ended = running.assign(end=pd.Timestamp("2020-01-02"))
    assert long["median_after"] > one(pd.concat([ended, dropped_as_ended]))["median_after"]


def test_help_begun_before_is_censored_on_the_day_before_the_start() -> None:
    on_the_day = one(helps(("2017-01-01", "2017-12-31")))
    assert (on_the_day["n_before"], on_the_day["ended_before"]) == (1, 1)
    for end in ("2018-01-01", "2024-01-01", None):
        found = one(helps(("2017-01-01", end)))
        assert (found["n_before"], found["ended_before"], found["n_after"]) == (1, 0, 0)


def test_end_after_the_observation_is_not_known_yet() -> None:
    planned, running = (one(helps(("2019-01-01", end))) for end in ("2025-06-30", None))
    pd.testing.assert_series_equal(planned, running)
    assert durations(helps(("2025-01-01", None)), start="2018", censored_at="2024").empty


def test_helps_begun_before_the_rows_are_whole_are_left_out() -> None:
    """Of the helps begun in 2001 only those that lasted to 2010 are in the rows."""
    long = helps(("2001-01-01", "2011-01-01"))
    rest = helps(("2011-01-01", "2011-03-31"), ("2012-01-01", "2012-03-31"))
    every = pd.concat([long, rest], ignore_index=True)
    assert one(every)["n_before"] == 3
    found = one(every, observed_from="2010")
    assert found["n_before"] == 2
    assert found["median_before"] == one(rest)["median_before"]
    assert found["biased_mean_before"] == one(every)["biased_mean_before"]  # it ended in 2011


@pytest.mark.parametrize("period", ["2017", "2017-Q3", "2017-08", "2017-08-15"])
def test_helps_begun_in_left_out_periods_do_not_count(period: str) -> None:
    cases = helps(("2017-08-15", "2017-09-15"), ("2016-01-01", "2016-12-31"))
    found = one(cases, left_out=(period,))
    assert found["n_before"] == 1
    ended = (366, 32) if period in ("2017-08", "2017-08-15") else (366,)
    assert found["biased_mean_before"] * DAYS_A_MONTH == pytest.approx(np.mean(ended))


def test_paragraphs_28_and_35a_are_left_out_unless_asked_for() -> None:
    both = pd.concat(
        [helps(("2019-01-01", None), paragraph=p) for p in ("34", "28", "35a")], ignore_index=True
    )
    assert one(both)["n_after"] == 1
    assert one(both, without=())["n_after"] == 3


@pytest.mark.parametrize("start", ["2018-Q3", "2018-07", "2018-07-01"])
def test_start_may_be_a_quarter_a_month_or_a_day(start: str) -> None:
    found = one(helps(("2018-06-30", None), ("2018-07-01", None)), start=start)
    assert (found["n_before"], found["n_after"]) == (1, 1)


# --- unknown is NA with a reason ------------------------------------------------------------------


def test_median_that_is_never_reached_is_na_with_a_reason() -> None:
    found = one(helps(("2017-01-01", None), ("2019-01-01", None), ("2020-01-01", None)))
    assert found[["median_before", "median_after", "low_after", "high_after", "z"]].isna().all()
    assert found["median_after_reason"] == "Median nicht erreicht: 0 von 2 Hilfen beendet"
    assert found["z_reason"] == "keine beendete Hilfe, die sich vergleichen lässt"
    assert pd.isna(found["biased_mean_after"])


def test_one_help_has_its_length_and_no_interval() -> None:
    found = one(helps(("2019-01-01", "2019-01-31")))
    assert found["median_after"] * DAYS_A_MONTH == pytest.approx(31)
    assert found[["low_after", "high_after", "z", "median_before"]].isna().all()
    assert (found["n_before"], found["median_before_reason"]) == (0, "keine Hilfe")
    assert pd.isna(found["median_after_reason"])


def test_no_help_gives_no_row() -> None:
    found = durations(helps(), start="2018", censored_at="2024")
    assert found.empty
    assert {"area_id", "n_before", "median_after", "z"} <= set(found)


# --- invariance -----------------------------------------------------------------------------------


def test_order_and_names_do_not_matter(leukaemia: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    cases = leukaemia.assign(area_id=rng.choice(["A", "B"], len(leukaemia)))
    plain = durations(cases, start="2018", censored_at="2024")
    mixed = cases.sample(frac=1, random_state=4).replace({"area_id": {"A": "Z", "B": "Löbtau"}})
    other = durations(mixed, start="2018", censored_at="2024")
    assert other["area_id"].tolist() == ["Löbtau", "Z"]
    back = other.iloc[::-1].reset_index(drop=True).assign(area_id=plain["area_id"])
    pd.testing.assert_frame_equal(back, plain)


def test_areas_do_not_touch_each_other(leukaemia: pd.DataFrame) -> None:
    alone = one(leukaemia)
    beside = pd.concat([leukaemia, helps(("2019-01-01", "2019-02-01"), area="B")])
    found = durations(beside, start="2018", censored_at="2024")
    pd.testing.assert_series_equal(found.iloc[0], alone)


def test_callers_frame_is_left_as_it_was(leukaemia: pd.DataFrame, demo: Workspace) -> None:
    before = leukaemia.copy(deep=True)
    durations(leukaemia, start="2018", censored_at="2024", observed_from="2001", left_out=("2017",))
    observed_until(leukaemia, demo.study)
    pd.testing.assert_frame_equal(leukaemia, before)


def test_times_given_to_the_estimators_are_left_as_they_were() -> None:
    time, ended, second = np.array([3.0, 1, 2]), np.array([1.0, 0, 1]), np.array([0.0, 1, 1])
    copies = time.copy(), ended.copy(), second.copy()
    log_rank(time, ended, second)
    median(time, ended)
    for array, copy in zip((time, ended, second), copies, strict=True):
        assert (array == copy).all()


# --- refusals -------------------------------------------------------------------------------------


def test_missing_columns_are_named() -> None:
    with pytest.raises(DesignError, match="lacks the columns end, paragraph"):
        durations(helps().drop(columns=["end", "paragraph"]), start="2018", censored_at="2024")


@pytest.mark.parametrize(
    ("start", "observed_from", "censored_at"),
    [("2025", None, "2024"), ("2010", "2010", "2024"), ("2010", "2012", "2024")],
)
def test_start_outside_the_observation_is_refused(
    start: str, observed_from: str | None, censored_at: str
) -> None:
    with pytest.raises(DesignError, match=f"start={start} does not lie between") as caught:
        durations(helps(), start=start, censored_at=censored_at, observed_from=observed_from)
    assert caught.value.german == f"Der Beginn {start} liegt nicht im beobachteten Zeitraum."


@pytest.mark.parametrize("wrong", ["2018-Q5", "2018-13", "bald", "2018-02-30", ""])
def test_what_is_no_period_is_refused(wrong: str) -> None:
    with pytest.raises(DesignError, match="is no period or day; write 2018, 2018-Q1"):
        durations(helps(), start=wrong, censored_at="2024")


# --- end of the observation -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "expected"),
    [(2020, "2020-12-31"), (2024, "2021-05-01"), (None, "2021-05-01")],
)
def test_observation_ends_with_the_study_or_the_rows(
    demo: Workspace, last: int | None, expected: str
) -> None:
    cases = helps(("2019-01-01", "2021-05-01"), ("2020-03-01", None))
    study = demo.study.model_copy(update={"last": last})
    assert observed_until(cases, study) == expected
    assert observed_until(cases.iloc[::-1], study) == expected


def test_observation_without_a_row_is_refused(demo: Workspace) -> None:
    with pytest.raises(DesignError, match="hze_case has no row with a date"):
        observed_until(helps(), demo.study)

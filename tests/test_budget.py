"""The action budget: days, euros by purpose, and regular tasks that it must not pay."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import budget

NAMES = [
    *("application_id", "date_in", "date_decision", "eur_applied", "eur_granted", "eur_spent"),
    *("purpose", "regular_task"),
]


@pytest.fixture
def applications() -> pd.DataFrame:
    rows = [
        ("H1", "2020-01-01", "2020-01-11", 1000.0, 800.0, 800.0, "ferien", False),
        ("H2", "2020-02-01", "2020-03-02", 1000.0, 0.0, None, "ferien", False),
        ("H3", "2020-12-31", None, 5000.0, None, None, "ferien", None),
        ("H4", "2020-05-01", "2020-05-01", 400.0, 400.0, None, "bildung", True),
        ("H5", "2021-05-01", "2021-05-06", None, 300.0, 200.0, "bildung", None),
        ("H6", "2021-06-01", "2021-06-02", 100.0, 0.0, 0.0, "bildung", True),
    ]
    frame = pd.DataFrame(rows, columns=NAMES).assign(area_id="A")
    dates = {name: pd.to_datetime(frame[name]) for name in ("date_in", "date_decision")}
    return frame.assign(**dates).astype({"regular_task": "boolean"})


def test_euros_by_purpose_and_year(applications: pd.DataFrame) -> None:
    found = budget.by_purpose(applications, "A").set_index(["purpose", "year"])
    holidays = found.loc[("ferien", 2020)]
    assert holidays[["n", "n_open", "n_unknown"]].tolist() == [3, 1, 0]
    assert holidays[budget.EUROS].tolist() == [7000.0, 800.0, 800.0]
    assert holidays["approval"] == 0.4  # the open application is not counted as refused
    later = found.loc[("bildung", 2021)]
    assert later[budget.EUROS].tolist() == [100.0, 300.0, 200.0]
    assert later["n_unknown"] == 1
    assert later["approval"] == 0.0  # of the only one of which both are known
    assert found.loc[("bildung", 2020), "n_unknown"] == 1  # granted, spent unknown
    assert pd.isna(found.loc[("bildung", 2020), "eur_spent"])


def test_the_total_adds_the_years_up(applications: pd.DataFrame) -> None:
    found = budget.by_purpose(applications, "A", total=True).set_index("purpose")
    assert found["n"].to_dict() == {"bildung": 3, "ferien": 3}
    assert found.loc["bildung", budget.EUROS].tolist() == [500.0, 700.0, 200.0]
    assert found.loc["bildung", "approval"] == pytest.approx(400 / 500)


def test_days_to_decision_leave_open_ones_apart(applications: pd.DataFrame) -> None:
    found = budget.decisions(applications, "A").set_index("year")
    assert found.loc[2020, ["n", "n_open"]].tolist() == [4, 1]
    assert found.loc[2020, ["median_days", "longest_days"]].tolist() == [10.0, 30.0]
    waiting = applications.assign(date_decision=pd.NaT)
    assert budget.decisions(waiting, "A")["median_days"].isna().all()


def test_a_decision_before_its_application_is_refused(applications: pd.DataFrame) -> None:
    wrong = applications.assign(date_decision=pd.Timestamp("2019-01-01"))
    with pytest.raises(DesignError, match="action_budget H1: date_decision lies before date_in"):
        budget.decisions(wrong, "A")


def test_only_grants_of_regular_tasks_are_flagged(applications: pd.DataFrame) -> None:
    found = budget.regular_tasks(applications, "A")
    assert found.flagged["application_id"].tolist() == ["H4"]
    assert found.flagged.columns.tolist() == ["application_id", "year", "purpose", "eur_granted"]
    assert (found.n_granted, found.n_unstated) == (3, 1)


def test_what_was_not_delivered_is_unknown(applications: pd.DataFrame) -> None:
    bare = applications[["application_id", "area_id", "date_in", "purpose"]]
    found = budget.by_purpose(bare, "A", total=True)
    assert found[[*budget.EUROS, "approval"]].isna().all(axis=None)
    assert found["n_open"].tolist() == [3, 3]
    assert budget.regular_tasks(bare, "A").n_granted == 0
    unsaid = budget.regular_tasks(applications.drop(columns="regular_task"), "A")
    assert (len(unsaid.flagged), unsaid.n_unstated) == (0, 3)


def test_order_names_and_the_callers_frame(applications: pd.DataFrame) -> None:
    copy = applications.copy(deep=True)
    renamed = applications.replace({"area_id": {"A": "Süd"}}).sample(frac=1, random_state=4)
    for measure in (budget.by_purpose, budget.decisions):
        pd.testing.assert_frame_equal(measure(renamed, "Süd"), measure(applications, "A"))
        assert measure(applications, "X").empty
    mixed = budget.regular_tasks(renamed, "Süd").flagged
    pd.testing.assert_frame_equal(mixed, budget.regular_tasks(applications, "A").flagged)
    pd.testing.assert_frame_equal(applications, copy)

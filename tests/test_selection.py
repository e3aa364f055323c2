"""Ranking areas by declared criteria, and what hangs on the weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import selection
from evaltools.studyprofile import AreaChoice, Criterion


def criterion(name: str, **given: object) -> Criterion:
    base = {"name": name, "dimension": "sozialstruktur", "source": f"social_profile:{name}"}
    return Criterion.model_validate(base | given)


A, B = criterion("a"), criterion("b", dimension="sozialraum")


@pytest.fixture
def wide() -> pd.DataFrame:
    index = pd.Index([f"S{n}" for n in range(1, 7)], name="area_id", dtype="string")
    return pd.DataFrame({"a": [6.0, 5, 4, 3, 2, 1], "b": [1.0, 2, 6, 5, 3, 4]}, index=index)


def test_score_is_the_weighted_mean_of_z_scores(wide: pd.DataFrame) -> None:
    heavy = criterion("b", weight=3)
    found = selection.ranking(wide, [A, heavy], first=2).table.set_index("area_id")
    z = (wide - wide.mean()) / wide.std(ddof=0)
    expected = (z["a"] + 3 * z["b"]) / 4
    np.testing.assert_allclose(found["score"].astype(float), expected[found.index])
    assert found["rank"].tolist() == [1, 2, 3, 4, 4, 6]
    assert found.index.tolist() == ["S3", "S4", "S6", "S2", "S5", "S1"]


def test_direction_turns_a_criterion(wide: pd.DataFrame) -> None:
    against = criterion("a", higher_is="ungeeigneter")
    found = selection.ranking(wide, [against], first=1).table
    assert found["area_id"].tolist() == [f"S{n}" for n in range(6, 0, -1)]


def test_dimensions_have_ranks_of_their_own(wide: pd.DataFrame) -> None:
    found = selection.ranking(wide, [A, B], first=2).table.set_index("area_id")
    assert found["sozialstruktur"].to_dict()["S1"] == 1
    assert found["sozialraum"].to_dict()["S1"] == 6


def test_equal_criteria_leave_nothing_to_the_weights(wide: pd.DataFrame) -> None:
    same = wide.assign(b=wide["a"] * 10 + 2)
    found = selection.ranking(same, [A, B], first=2, draws=50)
    assert found.tau == pytest.approx(1)
    assert found.tau_low == pytest.approx(1)
    assert found.table["within"].tolist() == [1, 1, 0, 0, 0, 0]
    assert (found.table["lowest"] == found.table["highest"]).all()


def test_opposite_criteria_leave_everything_to_the_weights() -> None:
    index = pd.Index(["S1", "S2", "S3"], name="area_id")
    wide = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 2, 1]}, index=index)
    # With equal weights, Dirichlet(1, 1) is uniform: each end leads in half of all draws.
    heavier = criterion("a", weight=1.0001)
    found = selection.ranking(wide, [heavier, B], first=1, draws=4000)
    within = found.table.set_index("area_id")["within"]
    assert within["S1"] == pytest.approx(0.5, abs=0.03)
    assert within["S3"] == pytest.approx(0.5, abs=0.03)
    assert found.tau == pytest.approx(0, abs=0.06)


def test_draws_have_the_declared_weights_as_their_mean() -> None:
    weights = np.array([0.7, 0.2, 0.1])
    drawn = np.random.default_rng(selection.SEED).dirichlet(weights * 3, 20_000)
    np.testing.assert_allclose(drawn.mean(axis=0), weights, atol=0.01)


def test_ranking_is_the_same_every_time_and_in_any_order(wide: pd.DataFrame) -> None:
    plain = selection.ranking(wide, [A, B], first=2, draws=200)
    again = selection.ranking(wide.sample(frac=1, random_state=5), [A, B], first=2, draws=200)
    pd.testing.assert_frame_equal(plain.table, again.table)
    assert plain.tau == again.tau


def test_names_of_areas_decide_nothing(wide: pd.DataFrame) -> None:
    plain = selection.ranking(wide, [A, B], first=2, draws=200).table
    names = {old: f"Z{9 - int(old[1])}" for old in wide.index}
    found = selection.ranking(wide.rename(index=names), [A, B], first=2, draws=200).table
    turned = plain.assign(area_id=plain["area_id"].map(names)).set_index("area_id")
    pd.testing.assert_frame_equal(
        found.set_index("area_id"), turned.loc[found["area_id"]], check_index_type=False
    )


def test_one_criterion_has_no_weight_to_vary(wide: pd.DataFrame) -> None:
    found = selection.ranking(wide, [A], first=2)
    assert found.draws == 0
    assert found.table[["within", "lowest", "highest"]].isna().all(axis=None)
    assert np.isnan(found.tau)


def test_area_without_a_value_is_told(wide: pd.DataFrame) -> None:
    wide.loc["S2", "b"] = np.nan
    found = selection.ranking(wide, [A, B], first=2, draws=50)
    assert found.unranked == {"S2": "b"}
    assert "S2" not in set(found.table["area_id"])


@pytest.mark.parametrize(("rows", "criteria"), [(2, [A, B]), (6, []), (0, [A])])
def test_ranking_refuses_too_little(
    wide: pd.DataFrame, rows: int, criteria: list[Criterion]
) -> None:
    with pytest.raises(DesignError, match="at least one and 3 are needed"):
        selection.ranking(wide.iloc[:rows], criteria, first=1)


def test_frame_is_left_as_it_was(wide: pd.DataFrame) -> None:
    copy = wide.copy(deep=True)
    selection.ranking(wide, [A, B], first=2, draws=50)
    pd.testing.assert_frame_equal(wide, copy)


# --- where values come from -----------------------------------------------------------------------

IDS = ["S1", "S2", "S3"]


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    rows = [
        *(
            (one, year, "armut", value + year - 2016, "%")
            for one, value in zip(IDS, (5, 6, 7), strict=True)
            for year in (2016, 2019)
        ),
        *(
            (one, 2016, "hilfen", value, "Fälle je Jahr")
            for one, value in zip(IDS, (5, 6, 7), strict=True)
        ),
        *((one, 2016, "gleich", 4, "%") for one in IDS),
    ]
    social = pd.DataFrame(rows, columns=["area_id", "year", "indicator", "value", "unit"])
    own = pd.DataFrame(
        {"area_id": IDS, "dimension": "sozialraum", "criterion": "netz", "value": [1, None, 3]}
    )
    kinds = {"area_id": "string", "value": "Float64"}
    return {"social_profile": social.astype(kinds), "selection_criterion": own.astype(kinds)}


def choice(*names: str, source: str = "social_profile", **given: object) -> AreaChoice:
    listed = [criterion(name, source=f"{source}:{name}") for name in names]
    return AreaChoice.model_validate({"criteria": listed, **given})


def test_values_are_those_known_when_it_was_decided(tables: dict[str, pd.DataFrame]) -> None:
    found = selection.values(tables, choice("armut", decided="2018-01"), IDS)
    assert found.wide["armut"].tolist() == [5, 6, 7]
    assert found.years == {"armut": 2016}
    assert selection.values(tables, choice("armut"), IDS).wide["armut"].tolist() == [8, 9, 10]


def test_what_cannot_serve_is_left_out_with_its_reason(tables: dict[str, pd.DataFrame]) -> None:
    found = selection.values(tables, choice("hilfen", "gleich", "fremd", "armut"), IDS)
    assert found.wide.columns.tolist() == ["armut"]
    assert found.left_out == {
        "hilfen": "zählt Hilfen",
        "gleich": "in allen Räumen gleich",
        "fremd": "nicht geliefert",
    }


def test_values_of_the_offices_own_table(tables: dict[str, pd.DataFrame]) -> None:
    asked = choice("netz", source="selection_criterion")
    assert selection.values(tables, asked, IDS).left_out == {"netz": "nur für 2 Räume bekannt"}
    assert selection.values({}, asked, IDS).left_out == {"netz": "nicht geliefert"}


def test_tables_are_left_as_they_were(tables: dict[str, pd.DataFrame]) -> None:
    copies = {name: frame.copy(deep=True) for name, frame in tables.items()}
    selection.values(tables, choice("armut", "gleich", decided="2018"), IDS)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, copies[name])

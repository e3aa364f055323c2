"""Agreement of families and professionals: per person, per wave, on a scale that is told."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import answers, survey
from test_scales import FIRST, SECOND


def families(
    answers: dict[tuple[int, str], list[float | None]],
    *,
    scale: tuple[float, float] = (1, 5),
    invited: int | None = 20,
) -> pd.DataFrame:
    """One row a person and item; the same place in a wave's lists is the same person."""
    rows = [
        (f"{wave}-{place}", wave, item, value)
        for (wave, item), values in answers.items()
        for place, value in enumerate(values)
    ]
    frame = pd.DataFrame(rows, columns=["response_id", "wave", "item", "agreement"])
    frame["invited"] = pd.array([invited] * len(frame), dtype="Int64")
    scales = {"scale_min": scale[0], "scale_max": scale[1]}
    return frame.assign(area_id="A", **scales).astype({"agreement": "Float64", "wave": "Int64"})


def told(result: object, **changed: object) -> dict[str, object]:
    """Fields of a result, numbers to be compared approximately."""
    fields = vars(result) | changed
    return {
        name: pytest.approx(value, nan_ok=True) if isinstance(value, float) else value
        for name, value in fields.items()
    }


@pytest.fixture
def two_waves() -> pd.DataFrame:
    return families(
        {
            (2017, "gehoert"): [1, 2, 3, 3, 2, None],
            (2017, "wirksam"): [1, 4, 3, None, 2, None],
            (2022, "gehoert"): [4, 5, 3, 4, 5, 5],
            (2022, "wirksam"): [4, 4, 4, 4, 4, 4],
        }
    )


def test_an_item_with_non_response(two_waves: pd.DataFrame) -> None:
    found = survey.agreement(two_waves, "A", 2017, item="gehoert")
    assert (found.n, found.missing, found.invited) == (5, 1, 20)
    assert found.mean == 2.2 and found.response_rate == 0.25
    assert found.sd == pytest.approx(math.sqrt(0.7))
    assert (found.scale_min, found.scale_max) == (1, 5)
    assert 1 <= found.low < 2.2 < found.high


def test_over_all_items_each_person_counts_once(two_waves: pd.DataFrame) -> None:
    found = survey.agreement(two_waves, "A", 2017)
    assert (found.item, found.n, found.missing) == (None, 5, 1)
    assert found.mean == pytest.approx((1 + 3 + 3 + 3 + 2) / 5)


def test_a_person_without_a_row_for_an_item_is_missing_there(two_waves: pd.DataFrame) -> None:
    known = two_waves[two_waves["agreement"].notna()]
    assert survey.agreement(known, "A", 2017, item="wirksam").missing == 1
    assert survey.agreement(two_waves, "A", 2017, item="wirksam").missing == 2


def test_top_two_of_an_item(two_waves: pd.DataFrame) -> None:
    found = survey.top_two(two_waves, "A", 2022, "gehoert")
    assert (found.k, found.n) == (5, 6)
    assert found.low < 5 / 6 < found.high


def test_unanswered_questions(two_waves: pd.DataFrame) -> None:
    assert survey.unanswered(two_waves, "A", 2017) == pytest.approx(3 / 12)
    assert survey.unanswered(two_waves, "A", 2022) == 0


def test_incomplete_are_those_who_answered_some(two_waves: pd.DataFrame) -> None:
    assert answers.incomplete(two_waves, "A", 2017) == 1  # who answered nothing is not one of them
    assert answers.incomplete(two_waves, "A", 2022) == 0
    known = two_waves[two_waves["agreement"].notna()]
    assert answers.incomplete(known, "A", 2017) == 1


def test_the_mean_over_all_gives_back_a_sum_of_the_incomplete_and_no_more(
    two_waves: pd.DataFrame,
) -> None:
    """The one incomplete person's only answer, 3, from figures that could stand on a page."""
    found = {
        item: survey.agreement(two_waves, "A", 2017, item=item)
        for item in (None, "gehoert", "wirksam")
    }
    sums = {item: one.n * one.mean for item, one in found.items()}
    back = 2 * (sums[None] - (sums["gehoert"] + sums["wirksam"]) / 2)
    assert back == pytest.approx(3)


def test_waves_and_items(two_waves: pd.DataFrame) -> None:
    assert survey.waves(two_waves, "A") == (2017, 2022)
    assert survey.items(two_waves, "A", 2017, 2022) == ("gehoert", "wirksam")
    more = pd.concat([two_waves, families({(2022, "neu"): [1, 2]})])
    assert survey.items(more, "A", 2017, 2022) == ("gehoert", "wirksam")
    assert survey.items(more, "A", 2022) == ("gehoert", "neu", "wirksam")
    assert survey.waves(two_waves, "B") == survey.items(two_waves, "A") == ()


def test_change_gives_welch_s_interval_of_student_s_sleep() -> None:
    table = families({(1, "x"): list(SECOND), (2, "x"): list(FIRST)}, scale=(-10, 10))
    found = survey.change(table, "A", 1, 2, item="x")
    assert (round(found.mean_before, 2), round(found.mean_after, 2)) == (2.33, 0.75)
    assert round(found.difference, 2) == -1.58
    assert (round(found.low, 7), round(found.high, 7)) == (-3.3654832, 0.2054832)
    assert (found.n_before, found.n_after) == (10, 10)


def test_equal_answers_in_a_wave_give_no_interval(two_waves: pd.DataFrame) -> None:
    found = survey.change(two_waves, "A", 2017, 2022, item="wirksam")
    assert found.difference == 1.5 and math.isnan(found.low) and math.isnan(found.high)


def test_two_scales_are_compared_only_when_asked_and_both_are_kept() -> None:
    old = families({(2017, "x"): [1, 2, 3, 4, 2]}, scale=(1, 4))
    new = families({(2022, "x"): [3, 5, 5, 4, 3]}, scale=(1, 5))
    both = pd.concat([old, new])
    with pytest.raises(DesignError, match=r"2017 has the scale 1 to 4, wave 2022 1 to 5; give"):
        survey.change(both, "A", 2017, 2022, item="x")
    found = survey.change(both, "A", 2017, 2022, item="x", scale=(0, 100))
    assert (found.scale_before, found.scale_after) == ((1, 4), (1, 5))
    assert (found.scale_min, found.scale_max) == (0, 100)
    assert found.mean_before == pytest.approx((2.4 - 1) / 3 * 100)
    assert found.mean_after == pytest.approx(75)


def test_rescaling_to_the_own_scale_changes_nothing(two_waves: pd.DataFrame) -> None:
    plain = survey.change(two_waves, "A", 2017, 2022, item="gehoert")
    again = survey.change(two_waves, "A", 2017, 2022, item="gehoert", scale=(1, 5))
    assert vars(plain) == told(again)


def test_different_items_are_not_compared_as_a_whole(two_waves: pd.DataFrame) -> None:
    fewer = two_waves[(two_waves["wave"] == 2017) | (two_waves["item"] == "gehoert")]
    with pytest.raises(DesignError, match="asked different items; name one"):
        survey.change(fewer, "A", 2017, 2022)
    assert survey.change(fewer, "A", 2017, 2022, item="gehoert").difference > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wave": 2018}, "no answers of wave 2018; permitted: 2017, 2022"),
        ({"wave": 2017, "item": "neu"}, "no item 'neu'; permitted: gehoert, wirksam"),
        ({"wave": 2017, "area": "B"}, "area B: no answers of wave 2017; permitted: none"),
    ],
)
def test_what_was_not_asked_is_refused(
    two_waves: pd.DataFrame, options: dict[str, object], message: str
) -> None:
    given = {"area": "A"} | options
    with pytest.raises(DesignError, match=message):
        survey.agreement(two_waves, **given)  # type: ignore[arg-type]


def test_contradictory_numbers_of_invited_are_refused(two_waves: pd.DataFrame) -> None:
    fewer = two_waves.assign(invited=4)
    with pytest.raises(DesignError, match="invited=4 with 5 that answered"):
        survey.agreement(fewer, "A", 2017)
    two = two_waves.assign(invited=range(30, 30 + len(two_waves)))
    with pytest.raises(DesignError, match="one number a wave"):
        survey.agreement(two, "A", 2017)


def test_without_invited_there_is_no_response_rate(two_waves: pd.DataFrame) -> None:
    found = survey.agreement(two_waves.drop(columns="invited"), "A", 2017)
    assert found.invited is None and math.isnan(found.response_rate)


@pytest.fixture
def asked() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "response_id": [f"r{n}" for n in range(7)],
            "actor_group": ["Träger", "Träger", "Träger", "ASD", "ASD", None, "Schule"],
            "agreement": [4, 5, 3, 2, 4, 5, None],
        }
    )
    return frame.assign(area_id="A", type_assigned="C", scale_min=1, scale_max=5)


def test_the_short_survey_of_an_area(asked: pd.DataFrame) -> None:
    found = survey.short(asked, "A")
    assert (found.type_assigned, found.n, found.missing) == ("C", 6, 1)
    assert found.mean == pytest.approx(23 / 6)
    assert (found.scale_min, found.scale_max) == (1, 5)
    assert survey.short(asked.drop(columns="type_assigned"), "A").type_assigned is None


def test_the_short_survey_refuses_two_types_and_nobody(asked: pd.DataFrame) -> None:
    mixed = asked.assign(type_assigned=list("CCCCCCD"))
    with pytest.raises(DesignError, match="types C, D"):
        survey.short(mixed, "A")
    with pytest.raises(DesignError, match="area B, short survey: no answers"):
        survey.short(asked, "B")


def test_groups_add_up_to_the_short_survey(asked: pd.DataFrame) -> None:
    found = survey.by_group(asked, "A").set_index("actor_group")
    assert found["n"].to_dict() == {"ASD": 2, "Schule": 0, "Träger": 3, "keine Angabe": 1}
    assert (found["n"] * found["mean"].fillna(0)).sum() == pytest.approx(23)
    assert pd.isna(found.loc["Schule", "mean"]) and pd.isna(found.loc["keine Angabe", "sd"])
    bare = survey.by_group(asked.drop(columns="actor_group"), "A")
    assert bare["actor_group"].tolist() == ["keine Angabe"]
    assert survey.by_group(asked, "B").empty


def test_order_names_and_the_callers_frames(two_waves: pd.DataFrame, asked: pd.DataFrame) -> None:
    copies = two_waves.copy(deep=True), asked.copy(deep=True)
    mixed, other = (
        table.replace({"area_id": {"A": "Süd"}}).sample(frac=1, random_state=6)
        for table in (two_waves, asked)
    )
    for item in (None, "gehoert"):
        plain = survey.change(two_waves, "A", 2017, 2022, item=item)
        moved = survey.change(mixed, "Süd", 2017, 2022, item=item)
        assert vars(moved) == told(plain, area="Süd")
        one, two = (
            survey.agreement(table, area, 2017, item=item)
            for table, area in ((two_waves, "A"), (mixed, "Süd"))
        )
        assert vars(two) == told(one, area="Süd")
    assert vars(survey.short(other, "Süd")) == told(survey.short(asked, "A"), area="Süd")
    pd.testing.assert_frame_equal(survey.by_group(other, "Süd"), survey.by_group(asked, "A"))
    pd.testing.assert_frame_equal(two_waves, copies[0])
    pd.testing.assert_frame_equal(asked, copies[1])

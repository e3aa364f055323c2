"""Claims 5 and 7 by their written rule: the demo's known story, each boundary, each refusal."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.data import demo
from evaltools.effects.among import among
from evaltools.evaluation import structure
from evaltools.evaluation.structure import Judged, Moved
from evaltools.study import ModelArea, Notebooks, Study

MODELS = ("SR04", "SR10", "SR14")
STUDY = Study(
    title="t",
    city="c",
    model_areas=tuple(ModelArea(area=area, start="2018") for area in MODELS),
    notebooks=Notebooks(),
)
RULES = (structure.acceptance, structure.interfaces)


@pytest.fixture(scope="module")
def city() -> demo.City:
    return demo.simulate()


def others(city: demo.City) -> list[str]:
    return [area for area in city.tables["area"]["area_id"] if area not in (*MODELS, "SR18")]


def judged(
    city: demo.City, area: str, tables: dict[str, pd.DataFrame] | None = None
) -> list[Judged]:
    used = dict(city.tables) | (tables or {})
    model = STUDY.model_area(area)
    return [rule(used, STUDY, model, others(city)) for rule in RULES]


def test_the_story_of_the_demo_is_found_and_no_other(city: demo.City) -> None:
    truth = city.truth["framework"]
    for place, name in enumerate(("acceptance", "cross_field")):
        risen = [area for area in MODELS if judged(city, area)[place].verdict == "gestützt"]
        assert risen == truth[name]["rises"]


def test_without_a_rise_nothing_is_supported(city: demo.City) -> None:
    """The same places, with the waves and years told the other way round."""
    asked, tied = city.tables["family_acceptance"], city.tables["cooperation"]
    turned = {
        "family_acceptance": asked.assign(wave=asked["wave"].replace({2017: 2023, 2023: 2017})),
        "cooperation": tied.assign(year=tied["year"].replace({2017: 2024, 2024: 2017})),
    }
    assert [found.verdict for found in judged(city, "SR04", turned)] == ["nicht gestützt"] * 2


def test_too_few_comparison_areas_leave_it_open(city: demo.City) -> None:
    used, model = dict(city.tables), STUDY.model_area("SR04")
    asked = sorted(set(used["family_acceptance"]["area_id"]) - set(MODELS))
    for rule in RULES:
        found = rule(used, STUDY, model, asked[:8])
        assert found.verdict == "unklar"
        assert "8 Vergleichsräume sind zu wenige" in found.reason or "ebenso" in found.reason
        assert "mindestens 3" in rule(used, STUDY, model, asked[:2]).reason


def test_an_element_that_was_not_reached_or_fewer_offers_leave_it_open(city: demo.City) -> None:
    steps = city.tables["milestone"].copy()
    steps.loc[(steps["area_id"] == "SR04") & (steps["element"] == "kifaz"), "reached"] = pd.NaT
    found = judged(city, "SR04", {"milestone": steps})[1]
    assert found.verdict == "unklar"
    assert "nicht erreicht ist Kinder- und Familienzentrum" in found.reason
    steps.loc[steps["area_id"] == "SR04", "reached"] = pd.NaT
    found = judged(city, "SR04", {"milestone": steps})[1]
    assert (found.verdict, found.standing) == ("nicht gestützt", None)
    offer = city.tables["offer"]
    old = offer[offer["area_id"] == "SR04"].head(1)
    many = pd.concat([old.assign(offer_id=f"X{n}", begin="2010-01-01") for n in range(40)])
    many = many.assign(begin=pd.Timestamp("2010-01-01"), end=pd.Timestamp("2019-01-01"))
    found = judged(city, "SR04", {"offer": pd.concat([offer, many.astype(offer.dtypes)])})[1]
    assert found.verdict == "unklar"
    assert "deutlich weniger Angebote" in found.reason


def test_what_is_missing_is_named(city: demo.City) -> None:
    model = STUDY.model_area("SR04")
    assert structure.acceptance({}, STUDY, model, []).missing == (
        "family_acceptance: area_id, wave, item, agreement, scale_min, scale_max",
    )
    assert [text.split(":")[0] for text in structure.interfaces({}, STUDY, model, []).missing] == [
        *("cooperation", "milestone", "offer"),
    ]
    unborn = model.model_copy(update={"start": None})
    for rule in RULES:
        found = rule(city.tables, STUDY, unborn, [])
        assert found.verdict == "nicht prüfbar"
        assert found.missing == (structure.NO_START,)
    late = model.model_copy(update={"start": "2025"})
    for rule in RULES:
        assert "vor und ab dem Beginn" in rule(city.tables, STUDY, late, []).missing[0]


def test_few_answers_and_other_scales_are_refused(city: demo.City) -> None:
    asked = city.tables["family_acceptance"]
    own = (asked["area_id"] == "SR04") & (asked["wave"] == 2023)
    people = asked.loc[own, "response_id"].unique()[:4]
    few = asked[~own | asked["response_id"].isin(people)]
    found = judged(city, "SR04", {"family_acceptance": few})[0]
    assert (found.verdict, found.standing) == ("nicht prüfbar", None)
    assert "mindestens 5 Antworten" in found.reason
    longer = asked.assign(scale_max=asked["scale_max"].mask(own, 7.0))
    found = judged(city, "SR04", {"family_acceptance": longer})[0]
    assert found.verdict == "nicht prüfbar"
    assert "verschiedene Skalen" in found.reason


def test_means_that_would_give_one_person_away_are_not_said(city: demo.City) -> None:
    asked = city.tables["family_acceptance"]
    whole = asked[asked["agreement"].notna()]
    people = whole.groupby(["response_id", "wave"])["item"].transform("nunique") == 4
    whole = whole[people]
    own = (whole["area_id"] == "SR04") & (whole["wave"] == 2023)
    one = whole.index[own][0]
    found = judged(city, "SR04", {"family_acceptance": whole})[0]
    assert "ging von 3,2 auf" in found.reason
    partly = whole.assign(agreement=whole["agreement"].mask(whole.index == one))
    hidden = judged(city, "SR04", {"family_acceptance": partly})[0]
    assert hidden.verdict == found.verdict == "gestützt"
    assert "ging von" not in hidden.reason
    assert hidden.standing is None, "own change and the mean before would give the mean after"


def test_an_item_that_few_answered_hides_the_means_too(city: demo.City) -> None:
    asked = city.tables["family_acceptance"]
    own = (asked["area_id"] == "SR04") & (asked["wave"] == 2023)
    item = own & (asked["item"] == "ort_erreichbar")
    keep = asked.loc[item, "response_id"].iloc[:2]
    few = asked.assign(agreement=asked["agreement"].mask(item & ~asked["response_id"].isin(keep)))
    found = judged(city, "SR04", {"family_acceptance": few})[0]
    assert found.standing is None
    assert "ging von" not in found.reason


def test_order_of_rows_and_areas_does_not_matter(city: demo.City) -> None:
    turned = {name: frame[::-1].reset_index(drop=True) for name, frame in city.tables.items()}
    again = [
        rule(turned, STUDY, STUDY.model_area("SR04"), others(city)[::-1])
        for rule in (structure.acceptance,)
    ]
    assert again[0].reason == judged(city, "SR04")[0].reason


def test_the_rule_at_its_boundaries() -> None:
    unit = structure.Unit("Punkte", 1)
    beside = [0.0, 0.1, -0.1, 0.05, -0.05, 0.02, -0.02, 0.08, -0.08]

    changed = [Moved(value, -1.0, 0.01) for value in beside]

    def given(own: float, *, relevant: float = 0.4, low: float = 0.1, more: float = 0.0) -> str:
        moved = Moved(own, low, 0.01 + more)
        return structure._judged("S.", moved, changed, relevant, unit).verdict

    assert given(1.0) == "gestützt"
    assert given(1.0, low=0.0) == "unklar"
    assert given(1.0, low=float("nan")) == "unklar"
    assert given(0.1) == "nicht gestützt"
    bound = among(0.2, beside).high
    assert given(0.2, relevant=bound - 1e-9, low=-1) == "unklar"
    assert given(0.2, relevant=bound + 1e-9) == "nicht gestützt"
    assert given(0.6, more=1.0) == "unklar", "few persons: the others' spread does not hold that"
    whole = [*changed, *changed, Moved(1.0, 0.5, 0.01)]
    tied = structure._judged("S.", Moved(1.0, 0.9, 0.01), whole, 0.1, unit)
    assert tied.verdict == "unklar"
    assert tied.standing is not None


def test_others_that_never_move_say_nothing_about_chance() -> None:
    still = [Moved(0.0, 0.0, 0.0)] * 9
    found = structure._judged("S.", Moved(0.5, 0.1, 0.0), still, 0.4, structure.Unit("Punkte", 1))
    assert found.verdict == "unklar"
    assert "genau gleich" in found.reason


def test_a_rise_of_the_whole_city_is_no_rise_of_the_area() -> None:
    beside = [Moved(1 + step, 0.5, 0.01) for step in (-0.1, 0.1, 0, 0.05, -0.05, 0.02, -0.02, 0, 0)]
    found = structure._judged("S.", Moved(1.0, 0.5, 0.01), beside, 0.4, structure.Unit("P", 1))
    assert found.verdict == "nicht gestützt"
    assert "den der Vergleichsräume bedeutsam übertrifft" in found.reason


def test_elements_nobody_told_of_are_not_called_missing(city: demo.City) -> None:
    steps = city.tables["milestone"]
    own = (steps["area_id"] == "SR04").fillna(False)
    partly = steps[~(own & (steps["element"] == "kifaz"))]
    found = judged(city, "SR04", {"milestone": partly})[1]
    assert found.verdict == "unklar"
    assert "nicht angegeben ist Kinder- und Familienzentrum" in found.reason
    none = judged(city, "SR04", {"milestone": steps[~own]})[1]
    assert (none.verdict, none.missing[0][:9]) == ("nicht prüfbar", "milestone")

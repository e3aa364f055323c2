"""The specification table: every other defensible way once, each as if asked alone."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaltools.data import store
from evaltools.effects import did, placebo, synth
from evaltools.effects.design import Panel, panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation import fits
from evaltools.evaluation import specifications as module
from evaltools.evaluation.before_after import Evaluation, before_after, build
from evaltools.evaluation.specifications import (
    DESIGNS,
    built_or_refused,
    place,
    specifications,
    tried,
)
from evaltools.measures import outcomes
from evaltools.measures.catalogue import indicator
from evaltools.study import Selection, Study, Workspace

Tables = dict[str, pd.DataFrame]
DECLARED = [f"SR{n:02d}" for n in range(1, 18) if n not in (4, 10, 14)]
OWN = "inanspruchnahme_lokal"
TWO = (OWN, "hze_dichte")  # in place of all variants, to be quick
LABELS = ["design", "outcome", "comparison", "periods", "base"]
FIGURES = ["estimate", "low", "high", "p"]


@pytest.fixture(scope="module")
def tables(demo: Workspace) -> Tables:
    names = ("area", "population", "hze_count", "reference_trend", "staffing")
    return {name: store.read(demo, name) for name in names}


@pytest.fixture(scope="module")
def study(demo: Workspace) -> Study:
    """The demo study without neighbours."""
    models = tuple(model.model_copy(update={"neighbours": ()}) for model in demo.study.model_areas)
    return demo.study.model_copy(update={"model_areas": models})


@pytest.fixture(scope="module")
def evaluation(tables: Tables, study: Study) -> Evaluation:
    return before_after(tables, study, "SR04")


@pytest.fixture(scope="module")
def used(evaluation: Evaluation) -> Panel:
    made = evaluation.outcomes["hze"].panel
    assert made is not None
    return made


@pytest.fixture(scope="module")
def found(tables: Tables, study: Study) -> pd.DataFrame:
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "VARIANTS", TWO)
        made = specifications(tables, study, study.model_area("SR04"))
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the primary outcome and design."""
    monkeypatch.setattr(module, "VARIANTS", ())
    monkeypatch.setattr(module, "DESIGNS", {"Poisson-DiD": fits.poisson})


def changed(study: Study, **fields: object) -> Study:
    """The study with its first model area only, which is changed; the others stay out."""
    model = study.model_areas[0].model_copy(update=fields)
    out = dict.fromkeys(study.treated[1:], "Modellraum")
    return study.model_copy(update={"model_areas": (model,), "excluded": out})


# --- the table ------------------------------------------------------------------------------------


def test_one_specification_is_primary_and_equals_the_evaluation(
    found: pd.DataFrame, evaluation: Evaluation
) -> None:
    table, effect = found, evaluation.effect()
    assert effect is not None
    (row,) = table[table["primary"]].to_dict("records")
    assert [row[name] for name in ("estimate", "low", "high", "p")] == pytest.approx(
        [effect.estimate, effect.low, effect.high, effect.p], rel=1e-12
    )
    assert [row[name] for name in LABELS] == [
        "Poisson-DiD",
        indicator(OWN).label,
        "wie festgelegt",
        "wie festgelegt",
        "jährlich",
    ]
    rank, n, _ = place(table)
    assert 1 <= rank <= n <= len(table)


def test_specifications_are_all_combinations_once(found: pd.DataFrame) -> None:
    table = found
    own = [indicator(name).label for name in TWO]
    expected = product(
        ["Poisson-DiD", "Synthetische DiD", "Synthetische Kontrolle"],
        own,
        ["wie festgelegt", "gleicher Raumtyp"],
        ["wie festgelegt", "mit Auswahljahr"],
        ["jährlich", "fest"],
    )
    assert sorted(table[LABELS].itertuples(index=False, name=None)) == sorted(expected)


def test_variants_are_indicators_without_weights() -> None:
    assert len(set(module.VARIANTS)) == len(module.VARIANTS)
    assert OWN in module.VARIANTS
    assert not any(indicator(name).weighted for name in module.VARIANTS)


def test_every_specification_has_an_estimate_or_a_refusal(found: pd.DataFrame) -> None:
    table = found
    estimated = table["estimate"].notna()
    assert (estimated == (table["refusal"] == "")).all()
    assert estimated.any()
    rows = table[estimated]
    assert ((rows["low"] <= rows["estimate"]) & (rows["estimate"] <= rows["high"])).all()
    assert rows["p"].between(0, 1).all()


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("group", ["wie festgelegt", "gleicher Raumtyp"])
@pytest.mark.parametrize("span", ["wie festgelegt", "mit Auswahljahr"])
@pytest.mark.parametrize("base", ["jährlich", "fest"])
def test_specification_equals_a_panel_built_by_hand(
    found: pd.DataFrame, tables: Tables, study: Study, name: str, group: str, span: str, base: str
) -> None:
    kinds = tables["area"].set_index("area_id")["area_type"]
    areas = [area for area in DECLARED if group[0] == "w" or kinds[area] == kinds["SR04"]]
    built = panel(
        outcomes.values(tables, study, name),
        treated="SR04",
        start="2018",
        comparison=areas,
        left_out_periods=("2017",) if span[0] == "w" else (),
    )
    if base == "fest":
        built = replace(built, exposure=built.exposure[:, :1] * np.ones(len(built.periods)))
    table = found
    labels = ("Poisson-DiD", indicator(name).label, group, span, base)
    (row,) = table[(table[LABELS] == list(labels)).all(axis=1)].to_dict("records")
    direct = did.placebos(built)
    assert row["estimate"] == pytest.approx(math.exp(direct.log_ratio[0]), rel=1e-9)
    sizes = np.abs(direct.studentised)
    assert row["p"] == pytest.approx(placebo.rank(sizes[0], sizes[1:]) / len(sizes))


@pytest.mark.usefixtures("quick")
def test_neighbours_are_left_out_in_a_specification_of_their_own(
    tables: Tables, study: Study
) -> None:
    near = changed(study, neighbours=("SR03", "SR05", "SR10"))
    table = specifications(tables, near, near.model_areas[0])
    (row,) = table[
        (table["comparison"] == "ohne Nachbarräume")
        & (table["periods"] == "wie festgelegt")
        & (table["base"] == "jährlich")
    ].to_dict("records")
    far = changed(study, comparison=tuple(a for a in DECLARED if a not in ("SR03", "SR05")))
    effect = before_after(tables, far, "SR04").effect()
    assert effect is not None
    assert row["estimate"] == pytest.approx(effect.estimate, rel=1e-9)
    assert not row["primary"]
    assert table["primary"].sum() == 1


@pytest.mark.usefixtures("quick")
def test_refused_specifications_keep_the_sentence(tables: Tables, study: Study) -> None:
    kinds = tables["area"].set_index("area_id")["area_type"]
    alike = [area for area in DECLARED if kinds[area] == kinds["SR04"]]
    other = [area for area in DECLARED if kinds[area] != kinds["SR04"]]
    few = changed(study, comparison=(alike[0], *other))
    table = specifications(tables, few, few.model_areas[0])
    refused = table[table["comparison"] == "gleicher Raumtyp"]
    assert len(refused) == 4
    assert refused["estimate"].isna().all()
    assert set(refused["refusal"]) == {"Vollständige Vergleichsräume: 1; nötig sind mindestens 2."}
    assert table["primary"].sum() == 1


@pytest.mark.usefixtures("quick")
def test_without_selection_or_type_only_the_base_is_varied(tables: Tables, study: Study) -> None:
    plain = tables | {"area": tables["area"].drop(columns="area_type")}
    for selection in (None, Selection(rule="Los")):
        one = changed(study, selection=selection)
        table = specifications(plain, one, one.model_areas[0])
        assert list(table["base"]) == ["jährlich", "fest"]
        assert list(table["primary"]) == [True, False]


@pytest.mark.usefixtures("quick")
def test_outcome_that_lacks_data_is_no_specification(
    tables: Tables, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "VARIANTS", (OWN, "zugangsquote"))
    fewer = tables | {"hze_count": tables["hze_count"].drop(columns=["started"])}
    model = study.model_area("SR04")
    assert outcomes.needs(fewer, study, "zugangsquote", area="SR04")
    both = {indicator(name).label for name in (OWN, "zugangsquote")}
    assert set(specifications(tables, study, model)["outcome"]) == both
    assert set(specifications(fewer, study, model)["outcome"]) == {indicator(OWN).label}


@pytest.mark.usefixtures("quick")
def test_areas_of_one_type_are_no_second_specification(tables: Tables, study: Study) -> None:
    one = tables | {"area": tables["area"].assign(area_type="Stadtraum")}
    table = specifications(one, study, study.model_area("SR04"))
    assert set(table["comparison"]) == {"wie festgelegt"}
    assert not table.drop(columns=["comparison", "primary"]).duplicated().any()


@pytest.mark.usefixtures("quick")
def test_primary_outcome_comes_first_and_once(
    tables: Tables, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "VARIANTS", ("hze_dichte", OWN))
    table = specifications(tables, changed(study, selection=None), study.model_area("SR04"))
    assert list(table["outcome"].drop_duplicates()) == [
        indicator(OWN).label,
        indicator("hze_dichte").label,
    ]
    assert not table[LABELS].duplicated().any()
    assert table["primary"].to_list().index(True) == 0


# --- many areas -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "interval"), [(14, False), (15, True)])
def test_beyond_a_limit_synthetic_designs_are_estimated_alone(
    tables: Tables,
    study: Study,
    used: Panel,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    interval: bool,
) -> None:
    """The panel has fifteen areas; beyond the limit no placebo is fitted, so no interval given."""
    assert len(used.areas) == 15
    assert module.MOST_WITH_INTERVAL == 40
    monkeypatch.setattr(module, "MOST_WITH_INTERVAL", most)
    monkeypatch.setattr(module, "VARIANTS", ())
    plain = tables | {"area": tables["area"].drop(columns="area_type")}
    whole = changed(study, selection=None)
    table = specifications(plain, whole, whole.model_areas[0])
    rows = table[table["base"] == "jährlich"].set_index("design")
    assert list(rows.index) == list(DESIGNS)
    values = outcomes.values(tables, study, OWN)
    built = panel(values, treated="SR04", start="2018", comparison=DECLARED)
    for design, kind in module.KINDS.items():
        row = rows.loc[design]
        assert row["estimate"] == pytest.approx(synth.rate_ratio(built, kind=kind), rel=1e-9)
        assert row[["low", "high", "p"]].notna().all() == interval
        assert row[["low", "high", "p"]].isna().all() != interval
        assert row["refusal"] == ""
    assert rows.loc["Poisson-DiD", FIGURES].notna().all()
    assert place(table)[1] == len(table)


def test_refusal_beyond_the_limit_keeps_its_sentence(
    used: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WITH_INTERVAL", 3)
    counts = used.counts.copy()
    counts[2, 3] = 0
    empty = replace(used, counts=counts)
    found = module._figures({}, empty, "Synthetische DiD", OWN)
    assert str(found["refusal"]).startswith("1 Zellen sind ohne Fall, so ")
    assert all(math.isnan(float(str(found[name]))) for name in FIGURES)


# --- designs and panels, tried --------------------------------------------------------------------


def test_every_design_is_tried_or_says_why_not(used: Panel) -> None:
    assert set(module.KINDS) == set(DESIGNS) - {"Poisson-DiD"}
    for design, make in DESIGNS.items():
        made = tried({}, design, used, OWN)
        assert isinstance(made, Effect)
        direct = make(used, OWN)
        assert (made.estimate, made.low, made.rank) == (direct.estimate, direct.low, direct.rank)
    counts = used.counts.copy()
    counts[0, used.after] = 0
    refused = tried({}, "Poisson-DiD", replace(used, counts=counts), OWN)
    assert refused == "Vor oder nach dem Beginn gibt es keinen Fall; nötig sind beide."


def test_panel_is_built_or_says_why_not(tables: Tables, study: Study) -> None:
    values, model = outcomes.values(tables, study, OWN), study.model_area("SR04")
    built = built_or_refused(values, tables, study, model, DECLARED[:4], ("2016",))
    assert isinstance(built, Panel)
    direct = build(values, tables, study, model, comparison=DECLARED[:4], left_out=("2016",))
    np.testing.assert_array_equal(built.counts, direct.counts)
    assert built.areas == ("SR04", *DECLARED[:4])
    assert built.left_out_periods == ("2016",)
    refused = built_or_refused(values, tables, study, model, DECLARED[:1], ())
    assert refused == "Vollständige Vergleichsräume: 1; nötig sind mindestens 2."


# --- the place of the primary one -----------------------------------------------------------------


@pytest.fixture
def made_up() -> pd.DataFrame:
    estimates = [0.8, 0.7, 1.1, np.nan, 0.9]
    return pd.DataFrame({"estimate": estimates, "primary": [True, *[False] * 4]})


def test_place_counts_lower_estimates_and_those_on_the_same_side(made_up: pd.DataFrame) -> None:
    before = made_up.copy(deep=True)
    assert place(made_up) == (2, 4, 3 / 4)
    above = made_up.assign(primary=[False, False, True, False, False])
    assert place(above) == (4, 4, 1 / 4)
    pd.testing.assert_frame_equal(made_up, before)


def test_place_does_not_depend_on_the_order_of_rows(made_up: pd.DataFrame) -> None:
    assert place(made_up.iloc[::-1]) == place(made_up)


@pytest.mark.parametrize(
    ("primary", "n"), [([0, 0, 0, 0, 0], 0), ([1, 1, 0, 0, 0], 2), ([0, 0, 0, 1, 0], 0)]
)
def test_place_asks_for_one_primary_estimate(
    made_up: pd.DataFrame, primary: list[int], n: int
) -> None:
    message = rf"{n} primary specifications; exactly one is needed"
    with pytest.raises(DesignError, match=message):
        place(made_up.assign(primary=np.array(primary, dtype=bool)))

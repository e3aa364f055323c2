"""Event study, specifications and bounds: hidden counts leave gaps, figures are whole per cent."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from evaltools.release import sensitivity_views
from evaltools.release.claim_views import SMALL
from evaltools.release.disclosure import SUPPRESSED, Released, Rule
from evaltools.release.estimates import LEFT_OUT, comparison
from evaltools.release.figures import Figure
from method_samples import (
    STUDY,
    declared,
    everything,
    found,
    own,
    primary,
    resting,
    result,
    rules,
    told,
)
from plan_samples import holds
from release_samples import AREA, RULES
from test_views import rows_of, text_of

HZE = "inanspruchnahme_lokal"


def test_event_figure_names_the_area_and_its_periods() -> None:
    figure = sensitivity_views.event_figure(found(), result(), STUDY, everything())
    assert isinstance(figure, Figure)
    assert "Oberau, Beginn 2018" in figure.alt
    assert "2017:" not in figure.alt
    said = text_of(sensitivity_views.before_start(found(), result(), everything()))
    assert f"Rang {found().event.rank} von {found().event.n}" in said
    assert "arXiv:2401.07152" in said


def test_specifications_are_counted() -> None:
    args = (found(), result(), STUDY, everything())
    said = text_of(sensitivity_views.specification_sentences(*args))
    n = len(found().specifications)
    assert f"von {n}" in said
    assert "Alle Festlegungen ließen sich rechnen." in said
    figure = sensitivity_views.specification_figure(*args)
    assert isinstance(figure, Figure)
    assert figure.alt.startswith(f"{n} Schätzungen")
    lost = found().specifications.copy()
    lost.loc[lost.index[-2:], ["estimate", "low", "high", "p"]] = float("nan")
    fewer = replace(found(), specifications=lost)
    said = text_of(sensitivity_views.specification_sentences(fewer, result(), STUDY, everything()))
    assert "Für 2 weitere lehnt das Verfahren die Daten ab." in said


def test_bounds_grow_with_the_allowed_deviation() -> None:
    rows = rows_of(sensitivity_views.bounds(found(), result(), STUDY, everything()))
    assert [row[0] for row in rows] == [
        "gleicher Verlauf",
        *(f"{m}-fach" for m in ("0,25", "0,5", "1", "1,5", "2")),
    ]
    assert "doi:10.1093/restud/rdad018" in text_of(
        sensitivity_views.bounds_sentence(found(), result(), STUDY, everything())
    )


# --- the event study ------------------------------------------------------------------------------


def _event(by: Rule) -> Released:
    beside = comparison(result().outcomes["hze"].panel, HZE, STUDY)
    return sensitivity_views.release_event(primary(), found(), STUDY, by, beside=beside)


def _ratio(handed: Released) -> pd.Series:
    return handed.frame.set_index("period")["ratio"]


def _whole(values: pd.Series) -> bool:
    known = values.dropna().astype(float)
    return bool(len(known)) and bool((known == known.round(2)).all())


def test_hidden_periods_are_gaps_in_the_event_study() -> None:
    hidden = rules(own("2013"), own("2015"))
    handed = _event(hidden)
    ratio, reasons = _ratio(handed), handed.reasons.set_index(handed.frame["period"])["ratio"]
    assert list(reasons[["2013", "2015", "2017"]]) == [SUPPRESSED, SUPPRESSED, LEFT_OUT]
    assert list(ratio.index[ratio.isna()]) == ["2013", "2015", "2017"]
    assert handed.hidden == (own("2013").key, own("2015").key)
    figure = sensitivity_views.event_figure(found(), result(), STUDY, hidden)
    assert isinstance(figure, Figure)
    assert "2013:" not in figure.alt
    assert "2014:" in figure.alt
    assert figure.hidden == handed.hidden


def test_ratio_goes_with_the_comparison_of_its_period() -> None:
    """The area's own count being shown, a ratio gives the comparison's back."""
    [beside] = [i for i in declared().costs if len(i.areas) == 11 and i.periods == ("2014",)]
    ratio = _ratio(_event(rules(beside)))
    assert list(ratio.index[ratio.isna()]) == ["2014", "2017"]


def test_event_ratios_are_whole_per_cent() -> None:
    handed = _event(everything())
    exact = found().event.table
    assert not (exact["ratio"] == exact["ratio"].round(2)).all()
    for name in ("ratio", "low", "high"):
        assert _whole(handed.frame[name])
    for value in exact["ratio"]:
        assert value == round(value, 2) or not holds(handed, value)


def test_event_figure_does_not_depend_on_a_hidden_count() -> None:
    drawn = []
    for n, ratio in ((1.0, 0.01), (2.0, 0.02), (54_321.0, 7.654321)):
        series, table = primary().series.copy(), found().event.table.copy()
        series.loc[series["period"] == "2013", "observed"] = n
        table.loc[table["period"] == "2013", "ratio"] = ratio
        event = replace(found().event, table=table)
        made, by = told(replace(primary(), series=series)), rules(own("2013"))
        figure = sensitivity_views.event_figure(replace(found(), event=event), made, STUDY, by)
        assert not holds(figure, 54_321)
        drawn.append(figure)
    assert drawn[0] == drawn[1] == drawn[2]


def test_rounded_event_ratio_follows_the_rounded_count() -> None:
    """A ratio in whole per cent would give a small count back."""
    counts = primary().series.set_index("period")["observed"]
    handed = _event(rules(method="rounded"))
    exact = found().event.table.set_index("period")["ratio"]
    for year, ratio in _ratio(handed).dropna().items():
        near = 5 * round(counts[year] / 5)
        assert ratio == pytest.approx(round(exact[year] / counts[year] * near, 2))
    shown = handed.frame.set_index("period")["count"].dropna()
    assert (shown % 5 == 0).all()
    assert not (counts % 5 == 0).all()


def test_event_of_an_effect_without_a_plan_is_refused() -> None:
    assert text_of(sensitivity_views.event_figure(found(), result(), STUDY, RULES)) == SMALL


# --- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", ["2013", "2017", "2021"])
def test_bounds_need_the_whole_series(year: str) -> None:
    """They are computed from the largest step between two periods."""
    by = rules(own(year)) if year != "2017" else rules(*_chosen())
    assert text_of(sensitivity_views.bounds(found(), result(), STUDY, by)) == SMALL
    assert text_of(sensitivity_views.bounds_sentence(found(), result(), STUDY, by)) == SMALL


def _chosen() -> list:
    """The area's count in the selection period."""
    return [item for item in declared().series[AREA] if item.periods == ("2017",)]


# --- specifications -------------------------------------------------------------------------------


def _specified(*hidden: object) -> tuple[str, object]:
    args = (found(), result(), STUDY, rules(*hidden))  # type: ignore[arg-type]
    said = text_of(sensitivity_views.specification_sentences(*args))
    return said, sensitivity_views.specification_figure(*args)


def _chosen_rows(rows: pd.DataFrame) -> pd.Series:
    """The primary outcome with the selection period."""
    label = "Inanspruchnahmequote ohne §§ 28 und 35a"
    return (rows["periods"] == "mit Auswahljahr") & (rows["outcome"] == label)


def test_estimates_with_the_selection_year_go_with_its_sum() -> None:
    """Before with and without 2017 differ by 2017."""
    with_2017 = resting(HZE, "wie festgelegt", "mit Auswahljahr")
    only = [item for item in with_2017 if "2017" in item.periods and item.areas == (AREA,)]
    assert len(only) == 1
    said, figure = _specified(*only)
    rows = found().specifications
    kept = rows[~_chosen_rows(rows)]
    assert 0 < len(kept) < len(rows)
    assert f"von {len(kept)}" in said
    assert f"Nicht gezeigt werden {len(rows) - len(kept)}, weil" in said
    assert isinstance(figure, Figure)
    assert figure.alt.startswith(f"{len(kept)} Schätzungen")


def test_specification_of_a_hidden_outcome_is_left_out() -> None:
    hidden = resting("hze_dichte", "wie festgelegt", "wie festgelegt")
    said, figure = _specified(*hidden)
    rows = found().specifications
    n = int((rows["outcome"] == "HzE+-Dichte (KeZa 50a)").sum())
    assert n > 0
    lost = int(said.split("Nicht gezeigt werden ")[1].split(",")[0])
    assert 0 < lost <= n
    assert isinstance(figure, Figure)
    assert figure.alt.startswith(f"{len(rows) - lost} Schätzungen")


def test_specifications_are_whole_per_cent() -> None:
    kept = sensitivity_views._shown(found().specifications, result(), STUDY, everything())
    assert len(kept) == len(found().specifications)
    for name in ("estimate", "low", "high"):
        finite = kept[name][kept[name].abs() < float("inf")]
        assert _whole(finite)


def test_curve_does_not_depend_on_an_estimate_left_out() -> None:
    hidden = resting(HZE, "wie festgelegt", "mit Auswahljahr")
    hidden = tuple(i for i in hidden if "2017" in i.periods and i.areas == (AREA,))
    drawn = []
    for value in (0.5, 7.654321):
        rows = found().specifications.copy()
        lost = _chosen_rows(rows)
        rows.loc[lost, ["estimate", "low", "high"]] = value
        made = replace(found(), specifications=rows)
        by = rules(*hidden)
        figure = sensitivity_views.specification_figure(made, result(), STUDY, by)
        drawn.append(figure)
        assert not holds(figure, 7.654321)
    assert drawn[0] == drawn[1]

"""The method appendix: what is shown, in which words, and what hidden counts keep from it."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from evaltools.effects.results import Effect
from evaltools.evaluation.appendix import appendix, guards
from evaltools.evaluation.before_after import before_after
from evaltools.evaluation.claims import Outcome
from evaltools.german import MINUS, NBSP
from evaltools.release import method_views
from evaltools.release.claim_views import SMALL
from evaltools.release.display import Prose
from evaltools.release.sensitivity_views import NO_EFFECT
from evaltools.release.tables import HtmlTable
from method_samples import (
    STRICT,
    STUDY,
    everything,
    found,
    page,
    primary,
    resting,
    result,
    rules,
    told,
    tried,
    words,
)
from plan_samples import holds, rules_for
from release_samples import AREA, RULES, effect, tables
from test_views import rows_of, text_of

HZE = "inanspruchnahme_lokal"
ENGLISH = re.compile(
    r"\b(the|of|and|with|without|area|areas|start|period|periods|estimate|ratio|untreated|"
    r"comparison|none|nan|inf|true|false|refused|share|weights|donors|band|primary)\b",
    re.IGNORECASE,
)


def test_each_design_is_described_with_the_source_of_its_effect() -> None:
    said = text_of(method_views.methods(found()))
    for made in found().designs.values():
        assert isinstance(made, Effect)
        doi = re.search(r"doi:\S+", made.source)
        assert doi
        assert doi.group() in said
    assert "docs/methods.md" in said


def test_designs_stand_side_by_side() -> None:
    rows = rows_of(method_views.designs(found(), result(), everything()))
    assert [row[0] for row in rows] == [
        "Poisson-DiD",
        "Synthetische DiD",
        "Synthetische Kontrolle",
    ]
    for row, made in zip(rows, found().designs.values(), strict=True):
        assert isinstance(made, Effect)
        assert row[3] == f"{made.rank} von {made.n}"
        assert row[5] == "0,08"
        assert re.fullmatch(rf"[+{MINUS}]?\d+{NBSP}%", row[1])
        assert re.fullmatch(rf"[+{MINUS}]?\d+{NBSP}% bis [+{MINUS}]?\d+{NBSP}%", row[2])


def test_refused_design_is_a_sentence() -> None:
    why = "3 Zellen sind ohne Fall, so SR05 in 2013; nötig ist überall einer."
    refused = replace(found(), designs=dict(found().designs) | {"Synthetische DiD": why})
    assert len(rows_of(method_views.designs(refused, result(), everything()))) == 2
    assert text_of(method_views.refusals(refused, everything())) == f"Synthetische DiD: {why}"
    hushed = text_of(method_views.refusals(refused, STRICT))
    assert hushed == "Synthetische DiD: Das Verfahren lehnt die Daten ab."
    assert "Kein Verfahren" in text_of(method_views.refusals(found(), everything()))


def test_donors_are_named_with_their_weight() -> None:
    many = pd.DataFrame({"area_id": [f"SR{n:02d}" for n in range(2, 13)]})
    many["share"] = [0.5, 0.2, 0.1, *[0.025] * 8]
    one = pd.DataFrame({"area_id": ["SR12"], "share": [1.0]})
    designs = {
        "Synthetische DiD": effect(weights=many),
        "Synthetische Kontrolle": effect(weights=one),
        "Poisson-DiD": effect(),
    }
    shown = method_views.donors(replace(found(), designs=designs), result(), tables(), everything())
    rows = rows_of(shown)
    assert rows[0] == ["Raum SR12", f"2{NBSP}%", f"100{NBSP}%"]
    assert rows[1] == ["Raum SR02", f"50{NBSP}%", f"unter 1{NBSP}%"]
    assert len(rows) == 9
    assert rows[-1] == ["3 weitere Räume", f"8{NBSP}%", f"unter 1{NBSP}%"]
    bare = method_views.donors(replace(found(), designs={}), result(), tables(), everything())
    assert "Kein Verfahren" in text_of(bare)


def test_further_outcomes_bear_no_verdict() -> None:
    shown = method_views.further(found(), STUDY, everything())
    rows = {row[0]: row[1:] for row in rows_of(shown)}
    assert rows["Zugangsquote"][2].endswith("von 12")
    costs = rows["Ausgaben je jungem Menschen"]
    assert costs[:4] == ["k. A."] * 4
    assert costs[4].startswith("Es fehlt: Fallzahlen (Tabelle hze_count")
    assert isinstance(shown, HtmlTable)
    assert "sie tragen kein Urteil" in shown.html
    none = method_views.further(replace(found(), further={}), STUDY, everything())
    assert "keine weiteren" in text_of(none)


def test_all_model_areas_together() -> None:
    one = text_of(method_views.together(found(), STUDY, everything()))
    assert one == "Die Studie hat nur einen Modellraum mit bekanntem Beginn."
    refused = replace(found(), together="Für ein Verhältnis fehlen Fälle.")
    assert text_of(method_views.together(refused, STUDY, everything())).endswith("fehlen Fälle.")
    pair = effect(area="SR01, SR02", n=66, rank=3)
    by = rules_for(pair)
    said = text_of(method_views.together(replace(found(), together=pair), STUDY, by))
    assert "aller 2 Modellräume zusammen lag ab 2018" in said
    assert "Unter 66 Möglichkeiten" in said
    parted = replace(pair, start="2018, 2019", changes={})
    said = text_of(method_views.together(replace(found(), together=parted), STUDY, by))
    assert "ab dem jeweiligen Beginn" in said


def test_page_is_german_and_tells_no_missing_number() -> None:
    said = words(page(found(), tried(), result(), everything()))
    file_names = said.replace("docs/methods.md", "").replace("hze_count", "")
    assert not ENGLISH.findall(file_names)
    assert not re.findall(r"\d\.\d(?!\d{2,}|\d*[./])", re.sub(r"(doi|arXiv):\S+", "", file_names))
    assert "ä" in said


# --- what is kept back ----------------------------------------------------------------------------


def test_without_an_effect_every_view_says_so() -> None:
    bare = {"area": tables()["area"]}
    none = before_after(bare, STUDY, AREA)
    assert appendix(bare, STUDY, none) is None
    shown = page(None, guards(bare, STUDY, none), none, everything())
    assert [text_of(item) for item in shown[1:]] == [NO_EFFECT] * (len(shown) - 1)


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_effect_on_a_hidden_sum_is_shown_nowhere(side: int) -> None:
    """Of the area or of the comparison, before or after: each gives the estimate away."""
    hidden = rules(resting(HZE)[side])
    methods, designs, refusals, donors, _, _, *rest = page(found(), tried(), result(), hidden)
    assert isinstance(methods, Prose)
    assert isinstance(refusals, Prose)
    assert {text_of(item) for item in (designs, donors, *rest)} == {SMALL}


def test_without_a_plan_no_estimate_is_shown() -> None:
    _, designs, _, donors, further, _, *rest = page(found(), tried(), result(), RULES)
    assert {text_of(item) for item in (designs, donors, *rest)} == {SMALL}
    assert {tuple(row[1:5]) for row in rows_of(further)[:2]} == {("•",) * 4}


def test_estimate_on_a_hidden_sum_is_in_no_object() -> None:
    made = told(replace(primary(), estimate=0.7531, low=0.6531, high=0.8531))
    designs = dict(found().designs) | {"Poisson-DiD": made.effect()}
    shown = page(replace(found(), designs=designs), tried(), made, rules(*resting(HZE)))
    for value in (0.7531, 0.6531, 0.8531):
        assert not any(holds(item, value) for item in shown)


@pytest.mark.parametrize("name", ["zugangsquote", "intensitaet"])
def test_further_outcome_on_a_hidden_sum_is_taken_out(name: str) -> None:
    """A weighted sum is judged in the plan, by the helps behind it."""
    made = replace(found(), further={name: Outcome(effect(measure=name, estimate=0.7531), (), "")})
    for item in resting(name):
        shown = method_views.further(made, STUDY, rules(item))
        assert rows_of(shown)[0][1:] == ["•"] * 4
        assert not holds(shown, 0.7531)
    assert rows_of(method_views.further(made, STUDY, everything()))[0][1] == f"{MINUS}25{NBSP}%"


def test_together_on_hidden_sums_is_not_told() -> None:
    pair = effect(area="SR01, SR02")
    for by in (RULES, everything(), rules_for(pair, permitted=False)):
        assert text_of(method_views.together(replace(found(), together=pair), STUDY, by)) == SMALL


def test_views_leave_what_they_are_given_alone() -> None:
    before = found().specifications.copy(deep=True), found().event.table.copy(deep=True)
    page(found(), tried(), result(), everything())
    page(found(), tried(), result(), rules(method="rounded"))
    pd.testing.assert_frame_equal(found().specifications, before[0])
    pd.testing.assert_frame_equal(found().event.table, before[1])

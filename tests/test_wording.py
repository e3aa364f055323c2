"""German numbers, and sentences that claim no more than the interval allows."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaltools.effects.dynamics import EventStudy
from evaltools.effects.results import PreTrend
from evaltools.effects.sensitivity import Bounds
from evaltools.evaluation.claims import Claim
from evaltools.german import MINUS, NBSP
from evaltools.release import wording
from evaltools.study import Selection
from release_samples import change, effect

WHAT = "Die Inanspruchnahmequote"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5, 1, "1.234,5"),
        (-1234.5, 1, f"{MINUS}1.234,5"),
        (1_234_567, 0, "1.234.567"),
        (0, 2, "0,00"),
        (-0.04, 1, "0,0"),
        (-0.0, 0, "0"),
        (-0.05, 2, f"{MINUS}0,05"),
        (999.96, 1, "1.000,0"),
    ],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    assert wording.number(value, digits) == text


def test_day() -> None:
    assert wording.day("2023-12-31T10:00:00") == "31.12.2023"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.86, f"{MINUS}14{NBSP}%"),
        (1.05, f"+5{NBSP}%"),
        (1.0, f"0{NBSP}%"),
        (0.998, f"0{NBSP}%"),
        (0.0, f"{MINUS}100{NBSP}%"),
        (11.0, f"+1.000{NBSP}%"),
        (math.nan, "unbestimmt"),
        (math.inf, "unbestimmt"),
    ],
)
def test_changes(ratio: float, text: str) -> None:
    assert wording.percent_change(ratio) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "< 0,01"), (0.005, "< 0,01"), (0.0051, "0,01"), (0.1, "0,10"), (1.0, "1,00")],
)
def test_share_is_never_nothing(value: float, text: str) -> None:
    assert wording.share(value) == text


@given(st.floats(0, 1))
def test_no_share_reads_as_zero(value: float) -> None:
    assert wording.share(value) != "0,00"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a und b"),
        (["a", "b", "c"], "a, b und c"),
        (list("abcdefgh"), "a, b, c, d, e, f, g und h"),
        (list("abcdefghi"), "a, b, c, d, e, f, g, h und 1 weitere"),
    ],
)
def test_listing(names: list[str], text: str) -> None:
    assert wording.listing(names) == text


def _sentence(low: float, high: float, estimate: float = 0.8) -> str:
    return wording.effect_sentence(effect(low=low, high=high, estimate=estimate), what=WHAT)


def test_fall_is_said_only_below_one() -> None:
    said = _sentence(0.7, 0.9)
    assert f"um 20{NBSP}% niedriger" in said
    assert f"(90-%-Intervall: {MINUS}30{NBSP}% bis {MINUS}10{NBSP}%)" in said
    assert "Rang 1 (p = 0,10; kleinstmöglich wäre 0,10)" in said


def test_rise_is_said_only_above_one() -> None:
    said = _sentence(1.1, 1.3, 1.2)
    assert f"um 20{NBSP}% höher" in said
    assert "niedriger" not in said


@pytest.mark.parametrize(("low", "high"), [(0.7, 1.0), (1.0, 1.2), (0.7, 1.2), (0.0, 50.0)])
def test_interval_that_touches_one_claims_nothing(low: float, high: float) -> None:
    said = _sentence(low, high)
    assert "nicht erkennbar" in said
    assert "niedriger" not in said
    assert "höher" not in said
    assert wording.percent_change(low) in said
    assert wording.percent_change(high) in said


@given(
    st.floats(0.01, 5), st.floats(0.01, 5), st.floats(0.01, 5).map(lambda value: round(value, 3))
)
def test_sentence_follows_the_interval_not_the_point(a: float, b: float, point: float) -> None:
    low, high = min(a, b), max(a, b)
    said = _sentence(low, high, point)
    assert ("niedriger" in said) == (high < 1)
    assert ("höher" in said) == (low > 1)


@given(
    st.floats(0.01, 5), st.floats(0.01, 5), st.floats(0.01, 5).map(lambda value: round(value, 3))
)
def test_headline_claims_no_more_than_the_sentence(a: float, b: float, point: float) -> None:
    low, high = min(a, b), max(a, b)
    found = effect(low=low, high=high, estimate=point)
    said, sentence = wording.headline(found, "Oberau"), _sentence(low, high, point)
    assert said.startswith("Oberau: ")
    for word in ("niedriger", "höher"):
        assert (word in said) == (word in sentence)
    assert ("%" in said) == ("kein erkennbarer" not in said)


def test_headline_of_an_open_interval_has_no_estimate() -> None:
    said = wording.headline(effect(low=0.0, high=math.inf, n=6), "Oberau")
    assert "nicht zu unterscheiden" in said
    assert "%" not in said


def test_without_interval_there_is_no_estimate_in_the_sentence() -> None:
    said = wording.effect_sentence(effect(low=0.0, high=math.inf, n=6), what=WHAT)
    assert "nicht von Zufall unterscheiden" in said
    assert "5 Vergleichsräumen" in said
    assert "%" not in said
    assert wording.interval(0.0, math.inf).startswith("unbegrenzt")


def test_adjusted_rank_says_so() -> None:
    family = ("placements", "intensity")
    assert "berichtigt für mehrere Aussagen" in wording.rank_sentence(effect(family=family))
    assert "berichtigt" not in wording.rank_sentence(effect())


@pytest.mark.parametrize(("factor", "word"), [(1.2, "etwa so stark"), (1.21, "stärker")])
def test_dispersion(factor: float, word: str) -> None:
    assert word in wording.dispersion_sentence(effect(dispersion=factor))


@pytest.mark.parametrize(("rank", "word"), [(1, ": auffällig."), (2, ": unauffällig.")])
def test_pre_trend(rank: int, word: str) -> None:
    said = wording.pre_trend_sentence(effect(pre_trend=PreTrend(0.985, rank, 10)))
    assert said.endswith(word)
    assert f"{MINUS}1,5{NBSP}%" in said


def test_selection_is_told_with_what_it_left_out() -> None:
    chosen = Selection(rule="Höchste Belastung", periods=("2017",))
    assert "2017 bleibt deshalb außer Betracht" in wording.selection_sentence(effect(), chosen)
    without = wording.selection_sentence(effect(left_out_periods=()), chosen)
    assert without == "Auswahl des Raums: Höchste Belastung."
    assert "nicht angegeben" in wording.selection_sentence(effect(), None)


def test_selection_year_is_called_misleading() -> None:
    said = wording.selection_year_sentence(change("Auswahljahr", 100, 40), ["2017"])
    assert "2017" in said
    assert f"{MINUS}50{NBSP}%" in said
    assert "führt in die Irre" in said


def test_rank_of_several_areas_counts_assignments() -> None:
    said = wording.rank_sentence(effect(area="SR01, SR02", n=45, rank=3))
    assert said.startswith("Unter 45 Möglichkeiten, ebenso viele Räume zu Modellräumen zu machen,")
    assert "Rang 3" in said
    assert "der Reihe nach" in wording.rank_sentence(effect())


def test_open_interval_gives_its_reason() -> None:
    def said(**changed: object) -> str:
        return wording.effect_sentence(effect(low=0.0, high=math.inf, **changed), what=WHAT)

    assert "erst ab neun Vergleichsräumen" in said(n=6)
    assert said(n=20).endswith("das Intervall ist unbegrenzt.")
    several = said(area="SR01, SR02", n=6, n_areas=4)
    assert "mit 2 Vergleichsräumen nicht von Zufall unterscheiden; für ein Intervall" in several


@pytest.mark.parametrize(("rank", "word"), [(1, " auffällig"), (2, " unauffällig")])
def test_movement_before_the_start(rank: int, word: str) -> None:
    event = EventStudy(pd.DataFrame(), 0.9, rank, 10)
    said = wording.movement_sentence(event)
    assert f"gegenüber den übrigen{word}" in said
    assert f"Rang {rank} von 10 (p = 0,{rank}0)" in said


def test_pairs_never_round_to_none_and_their_bound_rounds_up() -> None:
    said = wording.pairs_sentence(0.001, 2 / 15)
    assert f"In weniger als 1{NBSP}% der Paare" in said
    assert f"höchstens 10{NBSP}% mit einer Wahrscheinlichkeit von höchstens 13,4{NBSP}%" in said
    assert f"In 0{NBSP}% der Paare" in wording.pairs_sentence(0.0, 0.1)
    assert f"höchstens 10,0{NBSP}% zu erwarten" in wording.pairs_sentence(0.0, 0.1)
    assert "nicht möglich" in wording.pairs_sentence(None, 0.1)


def test_place_is_counted_from_the_deepest_fall() -> None:
    said = wording.place_sentence(12, 1096, 0.999)
    assert "Stelle 12 von 1.096, vom tiefsten Rückgang an" in said
    assert f"mehr als 99{NBSP}% der Schätzungen" in said
    assert f"; 100{NBSP}% der" in wording.place_sentence(1, 2, 1.0)


def test_breakdown_is_rounded_down_and_says_when_nothing_holds() -> None:
    def said(breakdown: float) -> str:
        step = math.log(1.13)
        return wording.breakdown_sentence(Bounds(pd.DataFrame(), step, breakdown))

    assert f"betrug vor dem Beginn 13{NBSP}%" in said(0.129)
    assert "das 0,12-Fache" in said(0.129)
    assert said(0.0).startswith("Schon bei genau gleichem Verlauf")
    assert "keine Sprünge" in said(math.inf)


def test_claim_names_what_is_missing() -> None:
    claim = Claim(
        5,
        "Höhere Akzeptanz",
        "nicht prüfbar",
        "Es fehlt viel.",
        "keine",
        None,
        ("offer: kind", "b"),
    )
    said = wording.claim_sentence(claim)
    assert said == (
        "Höhere Akzeptanz: nicht prüfbar. Es fehlt viel. "
        "Es fehlt: Angebote (Tabelle offer: kind); b."
    )

"""Indicators that count helps are known by name or unit, in whatever words."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.measures.helps import counts_helps


@pytest.mark.parametrize(
    ("indicator", "unit", "counts"),
    [
        ("faelle_ambulant", "Anzahl", True),
        ("hze_quote", "je 10.000", True),
        ("laufende", "Hilfen je 1.000", True),
        ("laufende", "Fälle; Zeitraum nennt die Quelle nicht", True),
        ("laufende", "HzE", True),
        ("bestand", "FÄLLEN", True),
        ("arbeitslosenquote", "%", False),
        ("auffaellige_haeuser", "Häuser", False),
        ("vk_differenz", "VK 2018 gegenüber 2016", False),
        ("prekarisierungsindex", "z-Wert", False),
    ],
)
def test_helps_are_known_by_name_or_unit(indicator: str, unit: str, counts: bool) -> None:
    frame = pd.DataFrame({"indicator": [indicator], "unit": [unit]}, dtype="string")
    assert counts_helps(frame).tolist() == [counts]


def test_unknown_units_and_no_rows() -> None:
    frame = pd.DataFrame({"indicator": ["a", "faelle"], "unit": [pd.NA, pd.NA]}, dtype="string")
    assert counts_helps(frame).tolist() == [False, True]
    assert counts_helps(frame.iloc[:0]).tolist() == []

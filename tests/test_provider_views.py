"""Providers and Versäulung on the page: numerators shown, reasons said, no names of providers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from evaltools.german import NBSP
from evaltools.release import provider_views
from network_samples import cooperation, offers, seat
from release_samples import AREA, PAYLOAD, RULES, study
from test_views import rows_of, text_of

VIEWS = (
    provider_views.providers,
    provider_views.provider_types,
    provider_views.turnover,
    provider_views.versaeulung,
)


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """Six offers; in 2017 of T1 and T2, in 2024 of T1 and T3. No cooperation before 2024."""
    offer = offers(
        [
            *((f"A{n}", "T1", None, 1000.0, "2015-01-01", None) for n in range(4)),
            ("B1", "T2", "13", 5000.0, "2015-01-01", "2020-12-31"),
            ("C1", "T3", "13", None, "2020-01-01", None),
        ]
    )
    rows = [(f"T{n}", f"{PAYLOAD} {n}", "frei_gemeinnuetzig") for n in (1, 2)]
    provider = pd.DataFrame(rows, columns=["provider_id", "name", "type"]).astype("string")
    seats = [
        seat(AREA, "T1", "hze", "tisch", 2024),
        seat(AREA, "schule1", "schule", "tisch", 2024),
    ]
    return {"offer": offer, "provider": provider, "cooperation": cooperation(seats)}


def _early(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Without cooperation the year before the start and the study's last one are compared."""
    return {name: frame for name, frame in tables.items() if name != "cooperation"}


def test_providers_and_their_concentration(tables: dict[str, pd.DataFrame]) -> None:
    rows = rows_of(provider_views.providers(_early(tables), study(last=2024), AREA, RULES))
    assert rows == [
        ["2017", "5", "–", "2", "6.800", "100", "5", "5.062", "100"],
        ["2024", "5", "–", "2", "6.800", "100", "4", "10.000", "100"],
    ]


def test_years_are_those_of_the_network(tables: dict[str, pd.DataFrame]) -> None:
    rows = rows_of(provider_views.providers(tables, study(last=2024), AREA, RULES))
    assert [row[0] for row in rows] == ["2024"]


def test_types_of_provider(tables: dict[str, pd.DataFrame]) -> None:
    rows = rows_of(provider_views.provider_types(_early(tables), study(last=2024), AREA, RULES))
    assert rows == [
        ["frei gemeinnützig", "2017", "2", "5", "100"],
        ["frei gemeinnützig", "2024", "1", "4", "80"],
        ["nicht angegeben", "2024", "1", "1", "20"],
    ]


def test_turnover_is_said(tables: dict[str, pd.DataFrame]) -> None:
    said = text_of(provider_views.turnover(_early(tables), study(last=2024), AREA, RULES))
    assert said == (
        "Von den Trägern, die am 31.12.2017 Angebote im Raum hatten, waren am 31.12.2024 1 noch da "
        "und 1 nicht mehr; 1 kamen hinzu."
    )
    one = provider_views.turnover(tables, study(last=2024), AREA, RULES)
    assert "Angaben liegen nur für 2024 vor" in text_of(one)


def test_versaeulung_shows_numerator_denominator_and_interval(
    tables: dict[str, pd.DataFrame],
) -> None:
    rows = rows_of(provider_views.versaeulung(tables, study(), AREA, RULES))
    assert [row[2:] for row in rows] == [
        ["4 von 5 Angeboten", "80", f"38{NBSP}% bis 96{NBSP}%", ""],
        [
            "0 von 4 Angeboten",
            "–",
            "",
            "1 Angebot ist nicht gezählt, weil die Angabe fehlt. Kein Intervall unter 5 Angeboten.",
        ],
        ["1,0 von 1,0 Gewicht", "100", "", ""],
        [
            "4.000 von 4.000 Euro",
            "100",
            "",
            "1 Angebot ist nicht gezählt, weil die Angabe fehlt.",
        ],
    ]


def test_versaeulung_says_why_a_share_is_unknown(tables: dict[str, pd.DataFrame]) -> None:
    rows = rows_of(provider_views.versaeulung(_early(tables), study(last=2024), AREA, RULES))
    unknown = [row for row in rows if row[3] == "k. A."]
    assert len(unknown) == 4
    assert {row[5] for row in unknown} == {"Tabelle cooperation nicht geliefert."}
    assert "Es fehlt: Angebote" in text_of(provider_views.versaeulung({}, study(), AREA, RULES))


@pytest.mark.parametrize("view", VIEWS[:3], ids=lambda view: view.__name__)
def test_missing_tables_and_areas_without_offers_are_said(
    view: Any, tables: dict[str, pd.DataFrame]
) -> None:
    assert "Es fehlt: " in text_of(view({}, study(), AREA, RULES))
    elsewhere = tables | {"offer": tables["offer"].assign(area_id="SR09")}
    assert text_of(view(elsewhere, study(), AREA, RULES)) == provider_views.NO_OFFERS


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_views_name_no_provider_and_leave_the_tables(
    view: Any, tables: dict[str, pd.DataFrame]
) -> None:
    copies = {name: frame.copy(deep=True) for name, frame in tables.items()}
    text = str(view(tables, study(last=2024), AREA, RULES)._repr_mimebundle_())
    assert "script" not in text
    assert "T1" not in text
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(tables[name], copy)

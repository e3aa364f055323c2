"""What the cooperation notebook says of the network: years, figures, sentences, no names."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from evaltools.german import MINUS, NBSP
from evaltools.release import network_views
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from network_samples import Row, cooperation, forums, seat, tie
from release_samples import AREA, PAYLOAD, RULES, study
from test_views import rows_of, text_of

VIEWS = (
    network_views.picture,
    network_views.key_figures,
    network_views.fields,
    network_views.change,
    network_views.mixing,
    network_views.positions,
)
BEFORE, AFTER = forums(AREA, 2017, 1), forums(AREA, 2024, 6)


def _tables(rows: list[Row]) -> dict[str, pd.DataFrame]:
    area = pd.DataFrame({"area_id": [AREA], "name": ["Oberau"]}, dtype="string")
    return {"area": area, "cooperation": cooperation(rows)}


def _years(*years: int, **changed: Any) -> tuple[int, ...]:
    rows = [tie(AREA, "kita1", "hze1", year=year) for year in years]
    return network_views.years_shown(_tables(rows), study(**changed), AREA)


def test_the_last_years_before_and_since_are_compared() -> None:
    assert _years(2014, 2017, 2018, 2024) == (2017, 2024)
    assert _years(2014, 2017, 2020, 2024, last=2021) == (2017, 2020)
    assert _years(2014, 2017) == (2017,)
    assert _years(2018, 2024) == (2024,)
    assert _years(2024, last=2020) == ()
    open_start = ({"area": AREA},)
    assert _years(2014, 2024, model_areas=open_start) == (2024,)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_missing_tables_and_areas_without_rows_are_said(view: Any) -> None:
    lost = view({"area": _tables([])["area"]}, study(), AREA, RULES)
    assert "Zusammenarbeit (Tabelle cooperation)" in text_of(lost)
    other = _tables([tie("SR02", "kita1", "hze1")])
    assert text_of(view(other, study(), AREA, RULES)) == network_views.NONE_HERE


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_views_name_no_organisation_and_leave_the_tables(view: Any) -> None:
    rows = [*BEFORE, *AFTER, seat(AREA, PAYLOAD, "kita", PAYLOAD, 2024)]
    tables = _tables([*rows, seat(AREA, "geheim1", "kifaz", PAYLOAD, 2024)])
    copy = tables["cooperation"].copy(deep=True)
    shown = view(tables, study(), AREA, RULES)
    text = str(shown._repr_mimebundle_())
    assert "script" not in text
    assert "geheim1" not in text
    assert "runde0" not in text
    pd.testing.assert_frame_equal(tables["cooperation"], copy)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_one_year_is_shown(view: Any) -> None:
    shown = view(_tables(AFTER), study(), AREA, RULES)
    said = text_of(shown) if isinstance(shown, Prose) else ""
    if view is network_views.change:
        assert said == (
            "Angaben liegen nur für 2024 vor; eine Veränderung lässt sich deshalb nicht zeigen."
        )
    assert "2024" in str(shown._repr_mimebundle_())


def test_picture_is_drawn_for_both_years() -> None:
    shown = network_views.picture(_tables(BEFORE + AFTER), study(), AREA, RULES)
    assert isinstance(shown, Figure)
    assert f"17{NBSP}% (2017) und 100{NBSP}% (2024)" in shown.title


def test_key_figures_with_and_without_the_city() -> None:
    wide = [
        seat(None, name, "kita", "ag78", 2024)
        for name in (f"{AREA}-kita00", f"{AREA}-kita10", "fern")
    ]
    shown = network_views.key_figures(_tables(BEFORE + AFTER + wide), study(), AREA, RULES)
    rows = rows_of(shown)
    assert [row[:2] for row in rows] == [
        ["2017", network_views.WITH],
        ["2017", network_views.WITHOUT],
        ["2024", network_views.WITH],
        ["2024", network_views.WITHOUT],
    ]
    assert rows[2][2:7] == ["18", "7", "19", "12", "95"]
    assert rows[3][2:7] == ["18", "6", "18", "12", "100"]
    assert rows[0][7] == f"{MINUS}0,67"


def test_fields_that_work_together() -> None:
    rows = rows_of(network_views.fields(_tables(BEFORE + AFTER), study(), AREA, RULES))
    # three pairs of weight ½ in each forum
    assert rows == [
        ["Hilfen zur Erziehung und Kita", "0,5", "3,0"],
        ["Hilfen zur Erziehung und Schule", "0,5", "3,0"],
        ["Kita und Schule", "0,5", "3,0"],
        ["Kita untereinander", "7,5", "–"],
    ]
    none = _tables([tie(AREA, "kita1", "hze1", 0)])
    assert "keine Verbindung" in text_of(network_views.fields(none, study(), AREA, RULES))


def test_change_says_share_interval_and_what_it_does_not_mean() -> None:
    rows = forums(AREA, 2017, 1, 12) + forums(AREA, 2024, 10, 12)
    said = text_of(network_views.change(_tables(rows), study(), AREA, RULES))
    assert f"stieg von 8{NBSP}% (2017, 12 Foren) auf 83{NBSP}% (2024, 12 Foren)" in said
    assert "95-%-Intervall der Veränderung: " in said
    assert "enthält die Null nicht" in said
    assert said.endswith("nicht, woher die Veränderung kommt.")
    same = forums(AREA, 2017, 3) + forums(AREA, 2024, 3)
    said = text_of(network_views.change(_tables(same), study(), AREA, RULES))
    assert f"blieb bei 50{NBSP}%" in said
    assert "Eine Veränderung ist nicht zu erkennen." in said
    few = forums(AREA, 2017, 3, 4) + forums(AREA, 2024, 1, 4)
    said = text_of(network_views.change(_tables(few), study(), AREA, RULES))
    assert f"sank von 75{NBSP}% (2017, 4 Foren) auf 25{NBSP}% (2024, 4 Foren)." in said
    assert "mindestens 5 Foren" in said
    assert "Null" not in said
    none = [tie(AREA, "kita1", "hze1", 0), *AFTER]
    said = text_of(network_views.change(_tables(none), study(), AREA, RULES))
    assert said.startswith("In einem der Jahre ist keine Verbindung")


def test_mixing_says_the_index_beside_chance() -> None:
    apart = [
        tie(AREA, f"{field}{one}", f"{field}{two}")
        for field in ("kita", "hze")
        for one, two in ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))
    ]
    said = text_of(network_views.mixing(_tables(apart), study(), AREA, RULES))
    assert said == (
        f"2017: 0 von 12 verbundenen Paaren gehören verschiedenen Feldern an; der E-I-Index "
        f"beträgt {MINUS}1,00. Bei zufälliger Mischung derselben Organisationen wären 0,14 zu "
        "erwarten. Die Felder bleiben mehr unter sich, als es der Zufall ergäbe (p = 0,03, Felder "
        "zufällig unter den Organisationen vertauscht)."
    )
    across = [tie(AREA, f"kita{n}", f"hze{m}") for n in range(6) for m in range(6)]
    said = text_of(network_views.mixing(_tables(across), study(), AREA, RULES))
    assert "Die Felder mischen sich mehr, als es der Zufall ergäbe (p < 0,01" in said
    two = [tie(AREA, "kita1", "hze1")]
    said = text_of(network_views.mixing(_tables(two), study(), AREA, RULES))
    assert "unterscheidet sich nicht erkennbar von zufälliger Mischung (p = 1,00" in said
    one = [tie(AREA, "kita1", "kita2")]
    said = text_of(network_views.mixing(_tables(one), study(), AREA, RULES))
    assert said.endswith(
        "Alle Organisationen gehören einem Feld an; ein Vergleich ist nicht möglich."
    )
    none = [tie(AREA, "kita1", "hze1", 0)]
    assert "keine Verbindung" in text_of(network_views.mixing(_tables(none), study(), AREA, RULES))


def test_positions_of_coordinator_and_kifaz() -> None:
    star = [tie(AREA, "koordination1", f"kita{n}", year=2024) for n in range(1, 5)]
    two = [tie(AREA, "kifaz1", "kita1", year=2024), tie(AREA, "kifaz2", "kita1", year=2024)]
    shown = network_views.positions(_tables([*BEFORE, *star, *two]), study(), AREA, RULES)
    rows = rows_of(shown)
    assert [row[:4] for row in rows] == [
        ["KiFaZ 1", "2024", "1,0", "3 von 7"],
        ["KiFaZ 2", "2024", "1,0", "3 von 7"],
        ["Koordination", "2024", "4,0", "1 von 7"],
    ]
    assert rows[2][5] == "1 von 7"
    without = network_views.positions(_tables(BEFORE + AFTER), study(), AREA, RULES)
    assert text_of(without) == (
        "Weder eine Koordination noch ein KiFaZ ist angegeben (2017 und 2024)."
    )

"""Musterstadt as files: German headers, codes, dates and decimal commas, a few dirty cells."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import yaml

from evaltools.data import demo_framework_files, demo_map, demo_texts, demo_workbook
from evaltools.data.beside import Beside
from evaltools.data.demo_context import KINDS, PHASES, PROFILE
from evaltools.data.demo_raw import RawFile
from evaltools.data.demo_workbook import AGES, BOOK, SHEETS
from evaltools.data.schema import FORMS, LIFE_PHASES, OFFER_PARAGRAPHS, PARAGRAPHS

_UNDER = {"27_2": "§ 27 Abs. 2"}
_HELP = {name: _UNDER.get(name, f"§ {name}") for name in PARAGRAPHS[:-1]}
_FORM = dict(zip(FORMS, ("ambulant", "teilstationär", "stationär", "Beratung"), strict=False))
_OFFER = {name: f"§ {name}" for name in OFFER_PARAGRAPHS}
_PHASE = dict(zip(LIFE_PHASES, PHASES, strict=True))
_ROLE = {"case_manager": "Fallmanagement", "coordinator": "Koordination"}
_TYPE = {"oeffentlich": "öffentlich", "frei_gemeinnuetzig": "frei", "gewerblich": "gewerblich"}
_KIND = {kind: row[0] for kind, row in KINDS.items()}
_INDICATOR = {name: row[0] for name, row in PROFILE.items()}


_FILES = (
    RawFile(
        "gebiete",
        "area",
        "SR18 ging am 31.12.2013 in SR17 auf.",
        "area_id=Stadtraum, name=Name, parent_id=gehört zu, area_type=Gebietstyp, "
        "is_model=Modellgebiet, model_start=Modellbeginn, valid_from=gültig ab, "
        "valid_to=gültig bis, successor=Nachfolger",
    ),
    RawFile(
        "faelle",
        "hze_case",
        "Hilfen mit Ende ab 2010; leeres Ende: läuft am 31.12.2024. § 31: ein Fall je Familie.",
        "case_id=Fallnummer, person_id=Personennummer, family_id=Familiennummer, "
        "area_id=Stadtraum, paragraph=Paragraf, form=Hilfeform, begin=Beginn, end=Ende, "
        "intensity_hours_week=FLS je Woche, provider_id=Träger, end_as_planned=planmäßig beendet",
        {"paragraph": _HELP, "form": _FORM},
    ),
    RawFile(
        "land",
        "reference_trend",
        "Erwartungswerte mit kleiner Streuung; Einwohner gelten für das Jahr, nicht die Zeile.",
        "period=Jahr, paragraph=Paragraf, form=Hilfeform, stock_3112=Bestand 31.12., "
        "started=begonnen, ended=beendet, young_people=junge Menschen, "
        "population=Einwohner unter 21",
        {"paragraph": _HELP, "form": _FORM},
        {"level": "state"},
    ),
    RawFile(
        "angebote",
        "offer",
        "In SR04 und SR10 begannen 2018 bis 2020 neue Angebote.",
        "offer_id=Angebot, provider_id=Träger, area_id=Stadtraum, paragraph=Paragraf, "
        "paragraph_2=zweiter Paragraf, life_phase=Lebensphase, access=Zugang, "
        "target_exclusive=nur Zielgruppe, places=Plätze, hours_week=Std./Woche, vzae=VZÄ, "
        "funding_kind=Finanzierung, funding_until=Förderung bis, eur_year=Euro je Jahr, "
        "begin=Beginn, end=Ende",
        {"paragraph": _OFFER, "paragraph_2": _OFFER, "life_phase": _PHASE},
        encoding="cp1252",
    ),
    RawFile(
        "traeger",
        "provider",
        "Erfundene Träger.",
        "provider_id=Träger, name=Name, type=Art",
        {"type": _TYPE},
        delimiter=",",
    ),
    RawFile(
        "personal",
        "staffing",
        "SR07, 2015: Dezimalkomma vergessen; siehe corrections.yml.",
        "area_id=Stadtraum, year=Jahr, role=Aufgabe, vzae=VZÄ, vzae_norm=VZÄ nach Bemessung",
        {"role": _ROLE},
    ),
    RawFile(
        "infrastruktur",
        "infrastructure",
        "Plätze nur, wo es welche gibt und sie gemeldet sind.",
        "area_id=Stadtraum, year=Jahr, kind=Art, n=Anzahl, places=Plätze",
        {"kind": _KIND},
    ),
    RawFile(
        "sozialprofil",
        "social_profile",
        "Prekarisierungsindex: je höher, desto belasteter.",
        "area_id=Stadtraum, year=Jahr, indicator=Merkmal, value=Wert, unit=Einheit",
        {"indicator": _INDICATOR},
    ),
    *demo_framework_files.FILES,
)
_GAPS = ("k. A.", "-", ".")
_WHOLLY = "Simulated by evaltools.data.demo; nothing in it is taken from a real city."
_TRUTH = f"""{_WHOLLY}
# What is true by construction; only tests and the method page read it. All are expected values
# without §§ 28 and 35a: hze = stock on 31 Dec + ended, per head under 21; placements = the same
# for §§ 33, 34 and stationary 27(2); intensity = stationary share of starts."""


def write(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    truth: Mapping[str, Any],
    beside: Beside,
) -> list[Path]:
    """Write raw files, ``sources.yml``, ``corrections.yml`` and ``truth.yml``.

    Parameters
    ----------
    folder : Path
        Where to write; made when missing.
    tables : mapping of str to DataFrame
        The canonical tables; not changed.
    truth : mapping
        What is true by construction.
    beside : Beside
        Files of other rooms.

    Returns
    -------
    list of Path
        All files written; the same city gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {file.name: _csv(file, tables[file.table]) for file in _FILES}
    content[BOOK] = demo_workbook.workbook(tables["population"])
    content[demo_map.NAME] = demo_map.content()
    content |= demo_texts.content()
    content["sources.yml"] = _yaml(_sources(content, beside), _WHOLLY)
    content["corrections.yml"] = _yaml(_corrections(tables["staffing"]), _WHOLLY)
    content["truth.yml"] = _yaml(truth, _TRUTH)
    return [_put(folder / name, data) for name, data in {**content, **beside.content}.items()]


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
    written = Path(file.name)
    written.chmod(0o644)
    return written.replace(path)


def _csv(file: RawFile, frame: pd.DataFrame) -> bytes:
    """Write a table in German, with its dirty cells."""
    columns = {}
    for name, header in file.columns.items():
        columns[header] = _german(frame[name]).replace(dict(file.codes.get(name, {})))
    raw = pd.DataFrame(columns)
    _soil(raw, file)
    buffer = StringIO()
    raw.to_csv(buffer, sep=file.delimiter, index=False, lineterminator="\r\n")
    return buffer.getvalue().encode(file.encoding)


def _german(values: pd.Series[Any]) -> pd.Series[str]:
    kind, text = str(values.dtype), values.astype("string")
    if kind.startswith("datetime"):
        text = values.dt.strftime("%d.%m.%Y").astype("string")
    elif kind == "boolean":
        text = values.map({True: "ja", False: "nein"}).astype("string")
    elif kind == "Float64":
        text = text.str.removesuffix(".0").str.replace(".", ",", regex=False)
    return text.fillna("")


def _soil(raw: pd.DataFrame, file: RawFile) -> None:
    """Put in what offices write where a number should stand, by fixed rules."""
    header = {"hze_case": "FLS je Woche", "staffing": "VZÄ"}.get(file.table, "Plätze")
    if file.table == "staffing":
        wrong = (raw["Stadtraum"] == "SR07") & (raw["Jahr"] == "2015")
        raw.loc[wrong, header] = [_tenfold(text) for text in raw.loc[wrong, header]]
    elif header in raw:
        asked = raw["Hilfeform"] == "ambulant" if "Hilfeform" in raw else True
        empty = np.flatnonzero((raw[header] == "") & asked)[:: 1 if asked is True else 12]
        full = np.flatnonzero(raw[header] != "")
        raw.loc[empty, header] = np.resize(_GAPS, len(empty))
        raw.loc[full[:: len(full) // 5], header] += "\N{NO-BREAK SPACE}"


def _tenfold(text: str) -> str:
    return f"{10 * float(text.replace(',', '.')):g}".replace(".", ",")


def _corrections(staffing: pd.DataFrame) -> dict[str, Any]:
    row = (staffing["area_id"] == "SR07") & (staffing["year"] == 2015)
    right = f"{staffing.loc[row, 'vzae'].iloc[0]:g}"
    item: dict[str, Any] = {"table": "staffing", "area": "SR07", "period": "2015"}
    item |= {"column": "vzae", "old": _tenfold(right).replace(",", "."), "new": right}
    item |= {"where": {"role": "case_manager"}}
    item |= {"reason": "Dezimalkomma vergessen; laut Stellenplan berichtigt"}
    return {"corrections": [item | {"decided_by": "Beispielamt (simuliert)"}]}


def _sources(content: Mapping[str, bytes], beside: Beside) -> dict[str, Any]:
    entries = []
    for file in _FILES:
        entry = _entry(file.id, file.name, file.table, file.note, content[file.name])
        entry["format"] = {"encoding": file.encoding, "delimiter": file.delimiter}
        entry["format"] |= {"decimal": ",", "dates": "dmy"}
        entry["columns"] = {header: name for name, header in file.columns.items()}
        codes = {name: {raw: to for to, raw in code.items()} for name, code in file.codes.items()}
        entry |= {"codes": codes} if codes else {}
        entry |= {"constants": dict(file.constants)} if file.constants else {}
        entries.append(entry)
    wide = {"variable": "year", "value": "n", "columns": r"(\d{4})"}
    for number, sheet in enumerate(SHEETS, start=1):
        note = f"Blatt {sheet}; Einwohner am 31.12."
        entry = _entry(f"bevoelkerung_{number}", BOOK, "population", note, content[BOOK])
        kind = "forecast" if sheet == "Prognose" else "actual"
        entry |= {"format": {"sheet": sheet}, "columns": AGES}
        entries.append(entry | {"constants": {"sex": "alle", "kind": kind}, "wide": wide})
    made = {"city": "Musterstadt", "simulated": True, "sources": [*entries, *beside.sources]}
    return made | ({"codings": [*beside.codings]} if beside.codings else {})


def _entry(name: str, file: str, table: str, note: str, data: bytes) -> dict[str, Any]:
    origin = {"provider": "evaltools (simulierte Daten)", "licence": "CC0-1.0"}
    entry = {"id": name, "file": file, "table": table} | origin
    return entry | {"retrieved": "2025-01-31", "note": note, "sha256": sha256(data).hexdigest()}


class _Dumper(yaml.SafeDumper):
    """Writes every value out; :mod:`evaltools.yamlfile` refuses aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(content: Mapping[str, Any], title: str) -> bytes:
    text = yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"# {title}\n{text}".encode()

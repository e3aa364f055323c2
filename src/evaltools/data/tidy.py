"""One raw file → one typed table: filter, melt, rename, recode, type, correct."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evaltools.data.findings import Finding
from evaltools.data.read import read
from evaltools.data.schema import TABLES, Column, Table
from evaltools.data.sources import MISSING, Correction, Source
from evaltools.data.values import to_typed


@dataclass(frozen=True)
class Tidied:
    """A typed table, its findings, and whether it can be used."""

    frame: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)


def tidy(path: Path, source: Source) -> Tidied:
    """Read one raw file into its table.

    Parameters
    ----------
    path : Path
        The raw file.
    source : Source
        Its entry in ``sources.yml``.

    Returns
    -------
    Tidied
        Columns as the table declares them, each measured one with a ``<name>_reason`` beside it
        where values are missing; the index holds the row numbers of the file. With errors the
        frame is what could be typed.
    """
    table = TABLES[source.table]
    raw = read(
        path,
        source_id=source.id,
        table=table.name,
        wanted=list(dict.fromkeys([*source.columns, *source.where, *source.without])),
        fmt=source.format,
        fill_down=source.fill_down,
        wide=source.wide.columns if source.wide else None,
    )
    found = list(raw.findings)
    if not raw.ok:
        return Tidied(pd.DataFrame(), tuple(found))
    text, lost = _shape(raw.frame, source, table)
    found += lost
    frame, typed = _typed(text, source, table)
    found += typed
    if source.distinct:
        frame = frame.drop_duplicates([name for name in table.key if name in frame])
    return Tidied(frame, tuple(found))


def _shape(frame: pd.DataFrame, source: Source, table: Table) -> tuple[pd.DataFrame, list[Finding]]:
    """Filter rows, melt a wide table, rename, recode and add constants; all still text."""
    kept = frame
    for name, permitted in source.where.items():
        kept = kept[kept[name].isin(permitted)]
    found = []
    for name, refused in source.without.items():
        out = kept[name].isin(refused)
        kept = kept[~out]
        message = f"{int(out.sum())} Zeilen mit {', '.join(refused)} laut sources.yml weggelassen."
        found.append(_finding(source, "info", "weggelassen", message))
    if kept.empty:
        message = "Keine Zeile bleibt übrig; die Angaben unter where in sources.yml prüfen."
        if not source.where:
            message = "Die Datei hat keine Datenzeile unter der Kopfzeile; Datei neu anfordern."
        found.append(_finding(source, "error", "leer", message))
    if source.wide:
        kept = _melt(kept, source)
    text = kept.rename(columns=source.columns)
    wanted = [name for name in text.columns if name in table.names]
    text = text[wanted].assign(**source.constants)
    for name, codes in source.codes.items():
        if name in text:
            text[name] = text[name].map(lambda value, codes=codes: codes.get(value, value))
    return text.astype("string"), found


def _melt(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    assert source.wide is not None
    pattern = re.compile(source.wide.columns)
    matches = {name: pattern.fullmatch(name) for name in frame.columns}
    years = [name for name, hit in matches.items() if hit and name not in source.columns]
    long = frame.reset_index().melt(
        id_vars=["row", *(name for name in frame.columns if name not in years)],
        value_vars=years,
        var_name=source.wide.variable,
        value_name=source.wide.value,
    )
    labels = {name: hit.group(1) if hit and hit.groups() else name for name, hit in matches.items()}
    long[source.wide.variable] = long[source.wide.variable].map(labels)
    return long.set_index("row")


def _typed(text: pd.DataFrame, source: Source, table: Table) -> tuple[pd.DataFrame, list[Finding]]:
    columns: dict[str, pd.Series] = {}
    found: list[Finding] = []
    for name in (name for name in table.names if name in text):
        column = table.column(name)
        typed = to_typed(
            text[name],
            column,
            source_id=source.id,
            table=table.name,
            missing=MISSING | source.missing,
            decimal=None if name in source.constants else source.format.decimal,
            dates=source.format.dates,
        )
        columns[name] = typed.values
        if typed.reasons is not None and typed.values.isna().any():
            columns[f"{name}_reason"] = typed.reasons
        found += typed.findings
    return pd.DataFrame(columns), found


def correct(
    frame: pd.DataFrame, table: Table, corrections: Iterable[Correction]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Apply the corrections that name this table; one whose ``old`` is not found is an error.

    Parameters
    ----------
    frame : DataFrame
        A typed table; not changed.
    table : Table
        Its declaration.
    corrections : iterable of Correction
        Those of the city.

    Returns
    -------
    DataFrame, list of Finding
        The corrected copy, and a finding for each correction: info when applied, else error.
    """
    result = frame.copy()
    found = []
    for item in corrections:
        if item.table != table.name:
            continue
        if item.column not in result:
            found.append(_correction(item, "error", "Die Spalte gibt es in der Tabelle nicht."))
            continue
        rows = _rows(result, item)
        old = result.loc[rows, item.column].map(_canonical)
        if not rows.any() or not (old == _canonical(item.old)).all():
            stands = ", ".join(sorted(set(old))) or "keine solche Zeile"
            text = f"Der alte Wert {item.old} steht dort nicht mehr (gefunden: {stands}); "
            found.append(_correction(item, "error", text + "die Korrektur prüfen."))
            continue
        value = _value(item, table.column(item.column))
        result[item.column] = result[item.column].mask(rows, value)
        text = f"Berichtigt von {item.old} auf {item.new}: {item.reason} ({item.decided_by})."
        found.append(_correction(item, "info", text))
    return result, found


def _rows(frame: pd.DataFrame, item: Correction) -> pd.Series:
    rows = pd.Series(True, index=frame.index)
    wanted = dict(item.where)
    if "area_id" in frame:
        wanted["area_id"] = item.area
    for name in ("period", "year"):
        if name in frame:
            wanted[name] = item.period
    for name, value in wanted.items():
        rows &= frame[name].map(_canonical) == value if name in frame else False
    return rows


def _value(item: Correction, column: Column) -> Any:
    text = pd.Series([item.new], dtype="string")
    typed = to_typed(
        text,
        column,
        source_id="corrections",
        table=item.table,
        missing={},
        decimal=".",
        dates="ymd",
    )
    return typed.values.iloc[0]


def _canonical(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return "NA"
    text = str(value)
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text


def _correction(item: Correction, severity: str, message: str) -> Finding:
    row = Finding("info", "corrections", item.table, None, item.column, "", "korrektur", "")
    where = f"{item.area}, {item.period}: "
    return replace(row, severity=severity, message=where + message)  # type: ignore[arg-type]


def _finding(source: Source, severity: str, rule: str, message: str) -> Finding:
    row = Finding("info", source.id, source.table, None, "", "", rule, message)
    return replace(row, severity=severity)  # type: ignore[arg-type]

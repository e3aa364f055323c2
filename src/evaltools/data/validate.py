"""Check typed tables against their declaration: every broken rule, all at once, in German."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from evaltools.data.findings import HIDDEN, Finding
from evaltools.data.schema import DTYPES, SLUG, Column, Table

# Pairs of columns of which the second must not lie before or below the first.
ORDERED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "area": (("valid_from", "valid_to"),),
    "hze_case": (("begin", "end"),),
    "offer": (("begin", "end"),),
    "population": (("age_from", "age_to"),),
    "action_budget": (("date_in", "date_decision"),),
    "early_help": (("referred_to", "families_reached"),),
    "hze_count": (("started_after_8a", "started"),),
    "kifaz": (("vzae_coordinator", "vzae"),),
    **dict.fromkeys(
        ("short_survey", "family_acceptance"),
        (("scale_min", "scale_max"), ("scale_min", "agreement"), ("agreement", "scale_max")),
    ),
}
# Columns of which a row needs at least one.
EITHER: Mapping[str, tuple[str, ...]] = {"cooperation": ("to_id", "forum")}


def check(frame: pd.DataFrame, table: Table, *, source_id: str) -> list[Finding]:
    """Check one typed table against its declaration, all rules at once.

    Parameters
    ----------
    frame : DataFrame
        Typed as declared; its index holds the row numbers of the raw file.
    table : Table
        The declaration.
    source_id : str
        Named in the findings.

    Returns
    -------
    list of Finding
        One for each row, column and broken rule; empty when nothing is wrong.
    """
    wanted = [name for name in table.names if name in frame.columns]
    columns = {name: _pandera(table.column(name)) for name in wanted}
    found: list[Finding] = []
    try:
        pa.DataFrameSchema(columns).validate(frame[wanted], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.drop_duplicates(["column", "check", "index"])
        for name, rule, value, row in cases[
            ["column", "check", "failure_case", "index"]
        ].itertuples(index=False):
            column = table.column(str(name))
            found.append(_finding(table, column, str(rule), value, row, source_id))
    found += _disorder(frame, table, source_id) + _neither(frame, table, source_id)
    return found + _doubled(frame, table, source_id)


def check_foreign(
    frame: pd.DataFrame, table: Table, tables: Mapping[str, pd.DataFrame], *, source_id: str
) -> list[Finding]:
    """Check that foreign keys are found in the tables they point to.

    A foreign table that the study does not have at all is no finding; an unknown key is.
    """
    found = []
    for name, (other, target) in table.foreign.items():
        if name not in frame.columns or other not in tables:
            continue
        known = tables[other][target]
        lost = frame[frame[name].notna() & ~frame[name].isin(known)]
        for row, value in lost[name].items():
            found.append(
                Finding(
                    "error",
                    source_id,
                    table.name,
                    int(str(row)),
                    name,
                    str(value),
                    "fremdschluessel",
                    f"Der Wert steht nicht in Tabelle {other}, Spalte {target}; "
                    "dort ergänzen oder hier berichtigen.",
                )
            )
    return found


def check_columns(frame: pd.DataFrame, table: Table) -> list[Finding]:
    """Report required columns that no source of the table delivers."""
    text = "Keine Quelle liefert diese Pflichtspalte; unter columns oder constants zuordnen."
    return [
        Finding("error", "", table.name, None, column.name, "", "spalte_fehlt", text)
        for column in table.columns
        if column.required and column.name not in frame
    ]


def check_totals(count: pd.DataFrame) -> list[Finding]:
    """Check that a delivered total (paragraph and form ``alle``) is the sum of its parts.

    Areas and periods that have only totals, only parts, or unknown parts are not compared.
    """
    measures = [name for name in ("stock_3112", "started", "ended") if name in count]
    whole = (count["paragraph"] == "alle") & (count["form"] == "alle")
    total = count[whole].set_index(["area_id", "period"])[measures]
    parts = count[~whole & (count["paragraph"] != "alle") & (count["form"] != "alle")]
    grouped = parts.groupby(["area_id", "period"])[measures]
    added = grouped.sum().where(grouped.count().eq(grouped.size(), axis=0))
    both = total.index.intersection(added.index)
    found = []
    for name in measures:
        unequal = (total.loc[both, name] != added.loc[both, name]).fillna(False)
        for area, period in unequal[unequal].index:
            text = "Die gelieferte Summe ist nicht die Summe der Paragrafen; Lieferung prüfen."
            where = f"{area}, {period}"
            found.append(Finding("error", "", "hze_count", None, name, where, "summe", text))
    return found


def _doubled(frame: pd.DataFrame, table: Table, source_id: str) -> list[Finding]:
    """Report rows whose key stands in an earlier row."""
    found: list[Finding] = []
    key = [name for name in table.key if name in frame.columns]
    doubled = frame[frame.duplicated(key, keep="first")] if key else frame.iloc[:0]
    for row, values in zip(doubled.index, doubled[key].itertuples(index=False), strict=True):
        shown = HIDDEN if table.case_level else ", ".join(map(str, values))
        found.append(
            Finding(
                "error",
                source_id,
                table.name,
                int(row),
                " + ".join(key),
                shown,
                "schluessel",
                "Der Schlüssel kommt schon in einer früheren Zeile vor; eine Zeile behalten.",
            )
        )
    return found


def _disorder(frame: pd.DataFrame, table: Table, source_id: str) -> list[Finding]:
    """Report rows in which something ends before it begins."""
    found = []
    for low, high in ORDERED.get(table.name, ()):
        if low not in frame or high not in frame:
            continue
        wrong = (frame[high] < frame[low]).fillna(False)
        if (least := table.column(high).low) is not None:
            wrong &= (frame[high] >= least).fillna(False)  # below it, that is told already
        verb = "liegt vor" if table.column(high).kind == "date" else "ist kleiner als"
        text = f"Der Wert {verb} {low}; beide Angaben prüfen."
        shown = HIDDEN if table.column(high).personal else ""
        for row in frame.index[wrong]:
            found.append(
                Finding("error", source_id, table.name, int(row), high, shown, "reihenfolge", text)
            )
    return found


def _neither(frame: pd.DataFrame, table: Table, source_id: str) -> list[Finding]:
    """Report rows in which none of the columns is filled of which one is needed."""
    names = EITHER.get(table.name, ())
    given = frame.reindex(columns=list(names)).notna().any(axis=1)
    text = f"Nötig ist mindestens eine der Angaben {', '.join(names)}; ergänzen."
    return [
        Finding("error", source_id, table.name, int(row), names[0], "", "pflicht", text)
        for row in frame.index[~given if names else []]
    ]


def _pandera(column: Column) -> pa.Column:
    checks = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, error="minimum"))
    if column.high is not None:
        checks.append(pa.Check.le(column.high, error="maximum"))
    if column.codes:
        checks.append(pa.Check.isin(column.codes, error="code"))
    if column.pattern:
        checks.append(pa.Check.str_matches(column.pattern, error="muster"))
    return pa.Column(DTYPES[column.kind], checks, nullable=not column.required)


def _spelling(column: Column) -> str:
    if column.pattern == SLUG:
        return (
            "Eine Kennung besteht aus Buchstaben ohne Umlaute, Ziffern, - und _ (höchstens 32 "
            "Zeichen); Namen unter codes in sources.yml auf Kennungen abbilden."
        )
    return "Der Wert hat nicht die verlangte Schreibweise, etwa 2018, 2018-Q1 oder 2018-07."


def _finding(
    table: Table, column: Column, rule: str, value: object, row: object, source_id: str
) -> Finding:
    number = None if row is None or pd.isna(row) else int(str(row))  # type: ignore[call-overload]
    shown = "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]
    sentences = {
        "minimum": f"Der Wert liegt unter dem kleinsten erlaubten Wert {column.low:g}."
        if column.low is not None
        else "",
        "maximum": f"Der Wert liegt über dem größten erlaubten Wert {column.high:g}."
        if column.high is not None
        else "",
        "code": f"Der Wert ist kein bekannter Schlüssel; erlaubt: {', '.join(column.codes)}.",
        "muster": _spelling(column),
        "not_nullable": "Der Wert fehlt, die Spalte ist Pflicht.",
    }
    rules = {"not_nullable": "pflicht"}
    shown = HIDDEN if column.personal and shown else shown
    return Finding(
        "error",
        source_id,
        table.name,
        number,
        column.name,
        shown,
        rules.get(rule, rule.split("(")[0]),
        sentences.get(rule, f"Die Regel {rule} ist verletzt."),
    )

"""What every notebook shows of its data: sources, extent, findings; and the rule set in use."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaltools.data import reads
from evaltools.data.findings import LABELS, SEVERITIES
from evaltools.data.schema import TABLES
from evaltools.data.store import Provenance, ingested
from evaltools.release import plans, wording
from evaltools.release.disclosure import SUPPRESSED, Released, Rule, release, rule
from evaltools.release.display import Prose, prose
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.study import Workspace

Tables = Mapping[str, pd.DataFrame]


def rules(space: Workspace, tables: Tables | None = None) -> Rule:
    """Return the study's rule set, with the source line that its figures and tables print.

    Parameters
    ----------
    space : Workspace
        The study as it is evaluated.
    tables : mapping of str to DataFrame, optional
        Its tables; without them no plan of its counts is made, and none can be shown.

    Raises
    ------
    DataError
        When the study was not ingested.
    ReleaseError
        When its small counts cannot be protected.
    """
    made = ingested(space)
    kind = " (simulierte Daten)" if made.simulated else ""
    note = (
        f"Quelle: {made.city}{kind}, Datenstand {wording.day(made.retrieved)}; eigene Berechnung."
    )
    intern = space.study.audience == "intern"
    made_of = None if tables is None or intern else plans.of(space, tables)
    return rule(space.study.disclosure, note=note, plan=made_of, intern=intern)


def lacking(tables: Tables, *names: str) -> Prose | None:
    """Return a sentence naming the tables that are not delivered; None when all are."""
    lost = [name for name in names if name not in tables or tables[name].empty]
    if not lost:
        return None
    return prose(f"Nicht dargestellt. {wording.missing_sentence(lost)}")


def area_name(tables: Tables, area: str) -> str:
    """Return the name of an area, or its id where it has none."""
    names = tables["area"].set_index("area_id")["name"]
    return str(names.get(area, area))


def public(frame: pd.DataFrame, rules: Rule) -> Released:
    """Hand out a frame that holds no count of helps, such as offers or social indicators."""
    return release(frame, rules, counts={}, public=tuple(frame.columns))


def sources(made: Provenance, rules: Rule) -> HtmlTable:
    """List the raw files with provider, licence and day of retrieval."""
    reads.note(reads.PROVENANCE)
    names = ["id", "table", "provider", "licence", "retrieved"]
    frame = pd.DataFrame(
        [[source[name] for name in names] for source in made.sources], columns=names
    )
    frame["retrieved"] = frame["retrieved"].map(wording.day)
    frame["table"] = frame["table"].map(_named)
    columns = {
        "id": Column("Quelle"),
        "table": Column("Tabelle"),
        "provider": Column("Herausgeber"),
        "licence": Column("Lizenz"),
        "retrieved": Column("abgerufen"),
    }
    return table(public(frame, rules), columns, caption="Quellen der Studie")


def coverage(tables: Tables, rules: Rule) -> HtmlTable:
    """List the tables with their rows and the time they cover."""
    rows = []
    for name, frame in tables.items():
        time = next((key for key in ("period", "year", "wave") if key in frame), None)
        known = time is not None and len(frame) > 0
        span = f"{frame[time].min()} bis {frame[time].max()}" if known else "ohne Zeit"
        small = TABLES[name].case_level and len(frame) < rules.threshold and not rules.intern
        rows.append([_named(name), pd.NA if small else len(frame), span, SUPPRESSED])
    frame = pd.DataFrame(rows, columns=["table", "rows", "span", "reason"])
    columns = {
        "table": Column("Tabelle"),
        "rows": Column("Zeilen", digits=0),
        "span": Column("Zeit"),
    }
    handed = release(frame, rules, counts={}, public=("table", "rows", "span"))
    return table(handed, columns, caption="Was vorliegt")


def findings(found: pd.DataFrame, rules: Rule) -> HtmlTable:
    """Count the findings by rule, with the sources; their values and texts stay in the office."""
    grouped = found.groupby(["severity", "rule"], sort=False)
    counted = grouped.agg(
        n=("rule", "size"), sources=("source_id", lambda names: ", ".join(dict.fromkeys(names)))
    ).reset_index()
    counted["severity"] = counted["severity"].map(SEVERITIES)
    counted["rule"] = counted["rule"].map(lambda rule: LABELS.get(rule, rule))
    columns = {
        "rule": Column("Befund"),
        "severity": Column("Art"),
        "n": Column("Anzahl", digits=0),
        "sources": Column("Quellen"),
    }
    return table(public(counted, rules), columns, caption="Befunde der Datenprüfung")


def _named(table_name: str) -> str:
    label = wording.TABLE_LABELS.get(table_name)
    return f"{label} ({table_name})" if label else table_name

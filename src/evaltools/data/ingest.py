"""Raw files → ``data/processed/<study>/``: all findings at once, the last good state kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evaltools import yamlfile
from evaltools.data import cases, provenance, store, template_read
from evaltools.data.findings import Finding, Severity, listing, to_frame
from evaltools.data.harmonise import circles, harmonise, merged, successors
from evaltools.data.inputs import (
    FOLDER,
    IN_FOLDER,
    find_file,
    inputs,
    is_current,
    load_sources,
)
from evaltools.data.schema import TABLES, Table
from evaltools.data.sources import (
    CodingFile,
    Correction,
    Corrections,
    Source,
    Sources,
    TemplateFile,
)
from evaltools.data.tidy import correct, tidy
from evaltools.data.validate import check, check_columns, check_foreign, check_totals
from evaltools.errors import DataError
from evaltools.files import digest
from evaltools.study import Study, Workspace

__all__ = [
    "FOLDER",
    "IN_FOLDER",
    "Ingested",
    "find_file",
    "ingest",
    "inputs",
    "is_current",
    "load_sources",
]

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Ingested:
    """What an ingest wrote: rows of each table, and all findings."""

    rows: Mapping[str, int]
    findings: pd.DataFrame


def ingest(space: Workspace) -> Ingested:
    """Read, check and store all tables of a study.

    Parameters
    ----------
    space : Workspace
        The study and its folders.

    Returns
    -------
    Ingested
        Rows by table, and the findings (warnings and infos only).

    Raises
    ------
    StudyError
        When a YAML file does not hold.
    DataError
        When there is any error finding; all findings are in ``error.findings``, and the
        processed tables are as they were.
    """
    declared = load_sources(space)
    corrections = _corrections(space)
    filled = template_read.expanded(space, declared)
    sources = filled.sources
    frames, found = _read_all(space, sources)
    frames, more = _check_all(frames, space.study, corrections)
    findings = to_frame(filled.told([*_beside(space, declared), *found, *more]))
    errors = int((findings["severity"] == "error").sum())
    if errors:
        raise DataError(
            f"study {space.name}: {errors} errors in the raw data, all listed; mend the files or "
            "data/raw/.../sources.yml and run it again; processed data are as they were",
            findings=findings,
        )
    made = provenance.describe(space, sources, corrections, inputs(space))
    store.write(space.processed, frames, findings, made)
    return Ingested({name: len(frame) for name, frame in frames.items()}, findings)


def _corrections(space: Workspace) -> tuple[Correction, ...]:
    path = space.raw / "corrections.yml"
    return yamlfile.load(path, Corrections).corrections if path.is_file() else ()


def _read_all(space: Workspace, sources: Sources) -> tuple[Frames, list[Finding]]:
    parts: dict[str, list[pd.DataFrame]] = {}
    named: list[tuple[Source, pd.DataFrame]] = []
    found: list[Finding] = []
    for source in sources.sources:
        path = find_file(space, sources, source)
        if path is None:
            found.append(_missing(source))
            continue
        found += _changed(path, source)
        tidied = tidy(path, source)
        frame = _forms(tidied.frame, space.study)
        found += tidied.findings
        if tidied.ok or not frame.empty:
            checked = check(frame, TABLES[source.table], source_id=source.id)
            found += _without_followups(checked, tidied.findings)
            parts.setdefault(source.table, []).append(frame)
            named.append((source, frame))
    frames = {}
    for name, frames_of_table in parts.items():
        frames[name], lost = _combine(frames_of_table, TABLES[name])
        found += lost + check_columns(frames[name], TABLES[name])
    for source, frame in named:
        foreign = check_foreign(frame, TABLES[source.table], frames, source_id=source.id)
        found += _without_followups(foreign, found)
    return frames, found


def _without_followups(checked: list[Finding], typed: Iterable[Finding]) -> list[Finding]:
    """Leave out what follows from an error already told of the same cell."""
    told = {(f.source_id, f.row, f.column) for f in typed if f.severity == "error" and f.row}
    follow = ("pflicht", "fremdschluessel")
    cells = [(f, (f.source_id, f.row, f.column)) for f in checked]
    return [f for f, place in cells if f.rule not in follow or place not in told]


def _forms(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Set the form by the study's mapping of paragraphs, which outranks the raw file."""
    counted = "begin" in frame or "started" in frame
    if not study.forms or "paragraph" not in frame or not counted:
        return frame
    mapped = frame["paragraph"].map(dict(study.forms)).astype("string")
    return frame.assign(form=mapped.fillna(frame["form"]) if "form" in frame else mapped)


def _combine(parts: list[pd.DataFrame], table: Table) -> tuple[pd.DataFrame, list[Finding]]:
    """Put the sources of one table together: new rows below, other columns beside."""
    key = list(table.key)
    if len(parts) == 1 or any(not set(key) <= set(part) for part in parts):
        return pd.concat(parts), []
    result = parts[0].set_index(key, drop=False)
    found: list[Finding] = []
    for part in parts[1:]:
        other = part.set_index(key, drop=False)
        if result.index.has_duplicates or other.index.has_duplicates:
            return pd.concat(parts), found
        both = result.index.intersection(other.index)
        shared = [name for name in other if name in result and name in table.names]
        clash = [name for name in shared if name not in key]
        ours, theirs = result.loc[both, clash], other.loc[both, clash]
        taken = (ours.ne(theirs) & ours.notna() & theirs.notna()).fillna(False).any(axis=1)
        for values in taken[taken].index[:20]:
            label = ", ".join(map(str, values)) if isinstance(values, tuple) else str(values)
            text = "Zwei Quellen nennen Werte für denselben Schlüssel; eine davon weglassen."
            found.append(Finding("error", "", table.name, None, "", label, "zwei_quellen", text))
        result = result.combine_first(other)[[*result, *(n for n in other if n not in result)]]
    return result.reset_index(drop=True), found


def _check_all(
    frames: Frames, study: Study, corrections: tuple[Correction, ...]
) -> tuple[Frames, list[Finding]]:
    found: list[Finding] = []
    if "area" not in frames:
        text = "Ohne Tabelle area ist kein Gebiet bekannt; eine Quelle dafür angeben."
        return frames, [Finding("error", "", "area", None, "", "", "tabelle_fehlt", text)]
    if "area_id" not in frames["area"]:
        return frames, []
    result: Frames = {}
    frames = frames | {"area": merged(frames["area"], study.disclosure.merge)}
    moved = successors(frames["area"])
    found += circles(frames["area"])
    for name, frame in frames.items():
        table = TABLES[name]
        if check_columns(frame, table):
            continue
        corrected, applied = correct(frame, table, corrections)
        found += applied
        carried, carried_findings = harmonise(corrected, table, moved)
        found += carried_findings
        result[name] = carried
    found += _unknown_models(frames["area"], study) + _other_models(frames["area"], study)
    found += [_homeless(item) for item in corrections if item.table not in frames]
    return _counted(result, study, found), found


def _counted(frames: Frames, study: Study, found: list[Finding]) -> Frames:
    """Count the case rows, unless the raw data were wrong."""
    if any(finding.severity == "error" for finding in found):
        return frames
    rows = frames.get("hze_case")
    if rows is not None and rows["begin"].notna().any() and "hze_count" not in frames:
        first = study.first or int(rows["begin"].dt.year.min())
        last = study.last or int(rows["begin"].dt.year.max())
        counted = cases.count(rows, period=study.period, first=first, last=last)
        frames["hze_count"] = counted
    if "hze_count" in frames:
        found += check_totals(frames["hze_count"])
    return frames


def _homeless(item: Correction) -> Finding:
    text = "Die Korrektur nennt eine Tabelle, die die Studie nicht hat; Schreibweise prüfen."
    return Finding("error", "corrections", item.table, None, item.column, "", "korrektur", text)


def _other_models(area: pd.DataFrame, study: Study) -> list[Finding]:
    """Warn where the table of areas names other model areas than the study file."""
    if "is_model" not in area or not area["is_model"].any():
        return []
    told = set(area.loc[area["is_model"].fillna(False), "area_id"])
    text = (
        "Tabelle und Studiendatei nennen verschiedene Modellräume; es gilt die Studiendatei, eine "
        "von beiden berichtigen."
    )
    return [
        Finding("warning", "area", "area", None, "is_model", str(name), "studie", text)
        for name in sorted(told ^ set(study.treated))
    ]


def _unknown_models(area: pd.DataFrame, study: Study) -> list[Finding]:
    known = set(area["area_id"])
    asked = {name for model in study.model_areas for name in (model.area,)}
    for model in study.model_areas:
        if not isinstance(model.comparison, str):
            asked |= set(model.comparison)
    for first, others in study.disclosure.merge.items():
        asked |= {first, *others}
    text = "Die Studiendatei nennt ein Gebiet, das in der Tabelle area fehlt; es gibt: "
    text += listing(sorted(map(str, known))) + "."
    return [
        Finding("error", "study", "area", None, "area_id", name, "studie", text)
        for name in sorted(asked - known)
    ]


def _beside(space: Workspace, sources: Sources) -> list[Finding]:
    """Check that templates are there, and codings, which are read by the notebooks."""
    found: list[Finding] = []
    beside: tuple[CodingFile | TemplateFile, ...] = (*sources.templates, *sources.codings)
    for item in beside:
        path = find_file(space, sources, item)
        found += [_missing(item)] if path is None else _changed(path, item)
    return found


def _missing(source: Source | CodingFile | TemplateFile) -> Finding:
    where = f"; herunterladen von {source.url}" if source.url else ""
    text = f"Die Datei {source.file} fehlt im Ordner der Stadt{where}."
    return Finding("error", source.id, source.table, None, "", "", "datei_fehlt", text)


def _changed(path: Path, source: Source | CodingFile | TemplateFile) -> list[Finding]:
    found = digest(path)
    if source.sha256 == found:
        return []
    severity: Severity = "info"
    text = f"Kein Prüfwert in sources.yml; eintragen: sha256: {found}"
    if source.sha256 is not None:
        severity = "warning"
        text = f"Die Datei hat sich seit {source.retrieved:%d.%m.%Y} geändert "
        text += f"(sha256 ist jetzt {found})."
    return [Finding(severity, source.id, source.table, None, "", source.file, "pruefwert", text)]

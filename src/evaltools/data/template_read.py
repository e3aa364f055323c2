"""A filled-in template as sources: one for each sheet that holds something, no mapping needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaltools.data import template_checks, template_words
from evaltools.data.columns import Table
from evaltools.data.excel import percent_cells, read_book
from evaltools.data.findings import Finding, Log, Stop
from evaltools.data.grid import clean
from evaltools.data.headingparts import EXAMPLE, EXPLAINED, GUIDE, LISTS, MARK
from evaltools.data.headings import table_named
from evaltools.data.inputs import find_file
from evaltools.data.schema import TABLES
from evaltools.data.sources import Format, Source, Sources, TemplateFile
from evaltools.data.template_checks import Page
from evaltools.data.template_head import Head, Rows, checked, find
from evaltools.files import digest
from evaltools.study import Workspace

SKIPPED = tuple(text for one in (EXPLAINED, EXAMPLE) for text in (one, one.lower(), one.upper()))


@dataclass(frozen=True)
class Filled:
    """What the templates of a city deliver.

    Attributes
    ----------
    sources : Sources
        The declared ones, with a source for each filled sheet in the place of the templates.
    letters : mapping of str to mapping
        Source id → column of the schema, and header → letter of the column in its sheet.
    findings : tuple of Finding
        What is wrong with sheets and headers.
    """

    sources: Sources
    letters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def told(self, found: Sequence[Finding]) -> list[Finding]:
        """Word the findings of template sheets for who filled them in, with sheet and cell.

        Parameters
        ----------
        found : sequence of Finding
            All findings of an ingest.

        Returns
        -------
        list of Finding
            The template's own ones and all others, the fields but the message unchanged; that a
            table is missing is left out where a finding says why.
        """
        broken = {finding.table for finding in self.findings if finding.severity == "error"}
        broken |= {
            one.table for one in found if one.source_id in self.letters and one.severity == "error"
        }
        kept = [one for one in found if one.rule != "tabelle_fehlt" or one.table not in broken]
        return [self._placed(one) for one in (*self.findings, *kept)]

    def _placed(self, finding: Finding) -> Finding:
        letters = self.letters.get(finding.source_id)
        if letters is None:
            return finding
        return replace(finding, message=template_words.placed(finding, letters))


def expanded(space: Workspace, sources: Sources) -> Filled:
    """Turn each template into the sources of its sheets.

    Parameters
    ----------
    space : Workspace
        The study and its folders.
    sources : Sources
        As declared; a template that is missing is left out.

    Returns
    -------
    Filled
        Never raises for a bad workbook: each problem is a finding.
    """
    made: list[Source] = []
    letters: dict[str, Mapping[str, str]] = {}
    found: list[Finding] = []
    for template in sources.templates:
        path = find_file(space, sources, template)
        if path is None:
            continue
        log = Log(template.id, template.table)
        for page in _pages(path, log):
            table = table_named(page.name)
            if table is None:
                _unknown_sheet(page, log)
                continue
            own = Log(f"{template.id}_{table}", table)
            source, letters[own.source_id] = _source(TABLES[table], page, template, own)
            made += [source] if source else []
            found += own.findings
        found += log.findings
    every = sources.model_copy(update={"sources": (*sources.sources, *made), "templates": ()})
    return Filled(every, letters, tuple(found))


def _pages(path: Path, log: Log) -> list[Page]:
    try:
        book = read_book(path, log)
        percents, sha256 = percent_cells(path), digest(path)
    except Stop:
        return []
    except OSError as error:
        text = f"Die Datei {path.name} ist nicht lesbar ({error.strerror}); Ablage prüfen."
        log.note("error", "datei", text)
        return []
    return [
        Page(name, rows, percents.get(name, frozenset()), sha256)
        for name, cells in book.items()
        for rows in ([[clean(cell).strip() for cell in row] for row in cells],)
    ]


def _unknown_sheet(page: Page, log: Log) -> None:
    if page.name not in (GUIDE, LISTS) and any(any(row) for row in page.rows):
        text = f"Das Blatt „{page.name}“ kennt die Vorlage nicht, seine Angaben würden verloren "
        text += "gehen; es wieder benennen wie in der Vorlage oder löschen."
        log.note("error", "blatt", text)


def _source(
    table: Table, page: Page, template: TemplateFile, log: Log
) -> tuple[Source | None, dict[str, str]]:
    """Return the source of one sheet, None when it holds nothing or cannot be read."""
    head = find(table, page.rows)
    if head is None:
        if any(any(row) for row in page.rows):
            text = "Die Überschriften der Vorlage fehlen; sie aus der Vorlage wieder einfügen."
            log.note("error", "kopfzeile", text)
        return None, {}
    template_checks.examples(table, page.rows, head, log)
    filled = _filled(page.rows, head)
    found = checked(table, head, list(filled.values()), log) if filled else None
    if found is None:
        return None, head.letters
    template_checks.percents(table, filled, found, page, log)
    columns = {found.texts[at]: name for name, at in found.places.items() if name != MARK}
    origin = template.model_dump(include={"provider", "licence", "retrieved", "url", "note"})
    source = Source(
        **origin,
        id=log.source_id,
        file=template.file,
        table=table.name,
        format=Format(sheet=page.name, decimal=",", dates="dmy"),
        columns=columns,
        codes=template_checks.codes(table, filled, found, log),
        without={found.texts[found.places[MARK]]: SKIPPED},
        sha256=page.sha256,
    )
    return source, found.letters


def _filled(rows: Rows, head: Head) -> dict[int, Sequence[str]]:
    """Return the rows that hold data, by their number in the sheet."""
    mark = head.places.get(MARK)
    return {
        number: row
        for number, row in enumerate(rows[head.row :], start=head.row + 1)
        if any(cell for at, cell in enumerate(row) if at != mark)
        and (mark is None or row[mark] not in SKIPPED)
    }

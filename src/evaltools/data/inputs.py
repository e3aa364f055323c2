"""What an ingest depends on, and whether it changed; asked before each run, it imports little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaltools import yamlfile
from evaltools.data import digests, store
from evaltools.data.schema import TABLES
from evaltools.data.sources import CodingFile, Source, Sources, TemplateFile
from evaltools.errors import StudyError, unknown
from evaltools.files import digest
from evaltools.study import Workspace

FOLDER, IN_FOLDER = ".qda", "data.qda"  # QualCoder keeps a project in a folder


def load_sources(space: Workspace) -> Sources:
    """Read ``sources.yml`` of the study's city and check the table and column names in it."""
    sources = yamlfile.load(space.raw / "sources.yml", Sources)
    for source in sources.sources:
        if source.table not in TABLES:
            raise StudyError(f"sources.yml, {source.id}: {unknown('table', source.table, TABLES)}")
        table = TABLES[source.table]
        wide = [source.wide.variable, source.wide.value] if source.wide else []
        for name in [*source.columns.values(), *source.constants, *source.codes, *wide]:
            if name not in table.names and name not in source.columns:
                message = unknown(f"column of {table.name}", name, table.names)
                raise StudyError(f"sources.yml, {source.id}: {message}")
    return sources


def find_file(
    space: Workspace, sources: Sources, source: Source | CodingFile | TemplateFile
) -> Path | None:
    """Return the raw file of a source, from the first folder that holds it; None when none does."""
    for folder in sources.folders:
        path = space.raw / folder / source.file
        if path.is_dir() and path.suffix == FOLDER:
            path = path / IN_FOLDER
        if path.is_file():
            return path
    return None


def inputs(space: Workspace) -> dict[str, str]:
    """Return name → SHA-256 of everything an ingest depends on; missing files are left out."""
    sources = load_sources(space)
    paths = {f"studies/{space.name}.yml": space.root / "studies" / f"{space.name}.yml"}
    for name in ("sources.yml", "corrections.yml"):
        paths[name] = space.raw / name
    for source in sources.origins:
        path = find_file(space, sources, source)
        if path:
            paths[source.file] = path
    return {name: digest(path) for name, path in paths.items() if path.is_file()}


def is_current(space: Workspace) -> bool:
    """Whether the processed tables were made from the raw files as they are now."""
    made = store.read_provenance(space.processed)
    if made is None or not made.is_this_version or not digests.read(space.processed):
        return False
    return not changed(made.inputs, inputs(space))


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Name the files that differ between two answers of :func:`inputs`, added and lost ones too."""
    return tuple(sorted(n for n in {*before, *now} if before.get(n) != now.get(n)))

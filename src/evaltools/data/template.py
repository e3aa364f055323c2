"""The workbook that an office fills in: one sheet a table, German headers, lists, an example row.

Filled in and saved by Excel or LibreOffice it is read by :mod:`evaltools.data.template_read`.
"""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from pathlib import Path

import pandas as pd

from evaltools import files
from evaltools.data import store, template_guide
from evaltools.data.headings import CODING_TABLES, SHEETS
from evaltools.data.inputs import find_file, load_sources
from evaltools.data.schema import TABLES
from evaltools.data.template_sheets import Pages
from evaltools.data.tidy import tidy
from evaltools.errors import RunError, unknown
from evaltools.study import Workspace
from evaltools.workbook import opened

OFFICE_TABLES = tuple(name for name in SHEETS if name not in CODING_TABLES)


def write(
    space: Workspace, path: Path, *, tables: Collection[str] = (), force: bool = False
) -> Path:
    """Write the template of a study.

    Parameters
    ----------
    space : Workspace
        The study; its areas are filled in.
    path : Path
        The workbook, ending in ``.xlsx``.
    tables : collection of str, optional
        Only these tables; all that an office delivers when not given.
    force : bool, optional
        Whether a file that is there is replaced.

    Returns
    -------
    Path
        The file written, whole or not at all.

    Raises
    ------
    RunError
        When the file is there already, does not end in ``.xlsx``, or a table is unknown.
    """
    if path.suffix != ".xlsx":
        raise RunError(f"--out {path.name}: a template ends in .xlsx; rename it")
    for name in tables:
        if name not in SHEETS:
            raise RunError(unknown("table", name, SHEETS))
    if path.exists() and not force:
        raise RunError(
            f"{path.name} is there already and may be filled in; give another --out, or --force"
        )
    chosen = [name for name in SHEETS if name in (tables or OFFICE_TABLES)]
    files.write(path, workbook(space, chosen))
    return path


def workbook(space: Workspace, tables: Collection[str] = OFFICE_TABLES) -> bytes:
    """Return the template's workbook; the same study gives the same bytes."""
    buffer = BytesIO()
    with opened(buffer) as book:
        pages = Pages(book, tuple(tables), areas(space))
        template_guide.add(pages, space)
        for name in tables:
            pages.add(name)
        pages.add_lists()
    return buffer.getvalue()


def areas(space: Workspace) -> pd.DataFrame:
    """Return the study's areas as far as they are known.

    Returns
    -------
    DataFrame
        Typed columns of the table ``area``: from the raw files, else from the processed tables,
        else only the ids of the model areas.
    """
    found = _raw_areas(space)
    if found is None and "area" in store.available(space):
        found = store.read(space, "area")
    if found is None:
        ids = [model.area for model in space.study.model_areas]
        return pd.DataFrame({"area_id": ids}, dtype="string")
    kept = [name for name in TABLES["area"].names if name in found]
    if space.study.disclosure.merge and "successor" in kept:
        kept.remove("successor")  # set by the study, not by the office
    return found[kept]


def _raw_areas(space: Workspace) -> pd.DataFrame | None:
    """Read the raw files of the areas; None where there is none without errors."""
    if not (space.raw / "sources.yml").is_file():
        return None
    sources = load_sources(space)
    frames = []
    for source in (source for source in sources.sources if source.table == "area"):
        path = find_file(space, sources, source)
        tidied = tidy(path, source) if path else None
        if tidied is None or not tidied.ok:
            return None
        frames.append(tidied.frame)
    if not frames:
        return None
    return pd.concat(frames, ignore_index=True).drop_duplicates("area_id", ignore_index=True)

"""The list in which the office decides which quotes may be printed; it never leaves the office."""

from __future__ import annotations

import io
from itertools import count
from pathlib import Path

import pandas as pd

from evaltools import files, workbook
from evaltools.study import Workspace

NAME = "zitate"
DECISION = "freigegeben"
WIDTHS = {"Gespräch": 28, "Zitat": 80, DECISION: 13, "durch": 24, "am": 12, "Codes": 50}


def write(space: Workspace, candidates: pd.DataFrame) -> Path:
    """Write the list as a workbook in which each decision is chosen from ja and nein.

    Parameters
    ----------
    space : Workspace
        The study; the list lies beside its pages for the office.
    candidates : DataFrame
        From :func:`evaltools.release.quotes.candidates`.

    Returns
    -------
    Path
        The workbook; one that is there and differs is kept, for decisions may stand in it, and
        the new one gets a number.
    """
    buffer = io.BytesIO()
    book = workbook.opened(buffer)
    page = book.add_worksheet("Zitate")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    for column, name in enumerate(candidates):
        page.set_column(column, column, WIDTHS.get(str(name), 16), wrapped)
        page.write_string(0, column, str(name), bold)
        for row, text in enumerate(candidates[name], start=1):
            page.write_string(row, column, str(text))
    place = list(candidates).index(DECISION)
    choice = {"validate": "list", "source": ["ja", "nein"], "ignore_blank": True}
    page.data_validation(1, place, max(len(candidates), 1), place, choice)
    page.freeze_panes(1, 0)
    book.close()
    path = _free(space.for_office().reports, buffer.getvalue())
    files.write(path, buffer.getvalue(), private=True)
    return path


def _free(folder: Path, content: bytes) -> Path:
    """Return the first name at which nothing else lies."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in count(1):
        path = folder / (f"{NAME}.xlsx" if number == 1 else f"{NAME}-{number}.xlsx")
        if not path.exists() or path.read_bytes() == content:
            return path
    raise AssertionError

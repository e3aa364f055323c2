"""One way in for every file of codings: which program wrote it is seen from what is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from evaltools.codings import exports, maxqda, qualcoder, refi, sheets, taguette
from evaltools.codings.model import Project
from evaltools.errors import DataError

SQLITE = b"SQLite format 3\x00"
ZIPPED = b"PK"
MARKUP = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
KNOWN = (
    "a REFI-QDA project (.qdpx) or codebook (.qdc), MAXQDA's table of coded segments or "
    "Taguette's or QualCoder's export (.xlsx, .csv), a Taguette project (.sqlite3), or a "
    "QualCoder project (.qda)"
)


def read(path: Path | str) -> Project:
    """Read a file of codings of any program evaltools knows.

    Parameters
    ----------
    path : Path or str
        A file, or the folder ``<name>.qda`` of a QualCoder project.

    Returns
    -------
    Project
        With everything the reader noticed in ``problems``.

    Raises
    ------
    DataError
        When there is no such file, no reader knows it, or the reader refuses it.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return qualcoder.read(path)
        if path.exists() and not path.is_file():
            raise DataError(f"{path.name}: is no file; name a file of codings: {KNOWN}")
        with path.open("rb") as file:
            head = file.read(len(SQLITE))
        return _reader(path, head)(path)
    except OSError as error:
        told = error.strerror or "cannot be read"
        raise DataError(f"{path.name}: {told}; name a file of codings: {KNOWN}") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, sqlite3.Error) as error:
        # What no reader thought of; the file is foreign, and its words stay out of the message.
        kind = type(error).__name__
        raise DataError(f"{path.name}: is damaged ({kind}); export it again") from None


def _reader(path: Path, head: bytes) -> Callable[[Path], Project]:
    if head == SQLITE:
        return qualcoder.read if path.suffix == ".qda" else taguette.read
    if head.startswith(ZIPPED) and path.suffix.lower() != ".xlsx":
        return refi.read
    if head.startswith(MARKUP):
        return refi.read_codebook
    return _of_table(path)


def _of_table(path: Path) -> Callable[[Path], Project]:
    """Tell by its headings which program wrote a table; MAXQDA's are in any language."""
    rows = sheets.read(path).rows
    headings = {cell.strip().lower() for cell in rows[0]} if rows else set()
    if headings >= set(exports.HIGHLIGHTS):
        return exports.read_taguette
    if headings >= {name.lower() for name in exports.CODED}:
        return exports.read_qualcoder
    if headings >= set(exports.CODEBOOK):
        return exports.read_taguette_codebook
    return maxqda.read

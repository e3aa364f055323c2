"""Workbooks that hold no formula and are the same bytes for the same content."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from xlsxwriter import Workbook

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
# Excel would show the time of writing; the same tables are to give the same bytes.
CREATED = datetime(1980, 1, 1)


def opened(buffer: BytesIO) -> Workbook:
    """Open a workbook to write; texts stay texts, whatever they begin with."""
    book = Workbook(buffer, OPTIONS)
    book.set_properties({"created": CREATED})
    return book

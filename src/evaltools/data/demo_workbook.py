"""The population of Musterstadt as the workbook of a statistical office."""

from __future__ import annotations

import re
from io import BytesIO
from xml.etree.ElementTree import canonicalize
from zipfile import ZipFile, ZipInfo

import pandas as pd
from openpyxl import Workbook

from evaltools.data.demo_context import BANDS

BOOK = "bevoelkerung.xlsx"
SHEETS = ("Bestand", "Prognose", "Stadtraum 18")
AGES = {"Stadtraum": "area_id", "Alter von": "age_from", "Alter bis": "age_to"}


def workbook(people: pd.DataFrame) -> bytes:
    """Write the population as a statistical office does: wide, titles above, source below."""
    book = Workbook()
    book.remove(book.worksheets[0])
    old, forecast = people["area_id"] == "SR18", people["kind"] == "forecast"
    parts = (~old & ~forecast, ~old & forecast, old & ~forecast)
    for sheet, part in zip(SHEETS, parts, strict=True):
        key = ["area_id", "age_from", "age_to"]
        wide = people[part].pivot(index=key, columns="year", values="n")
        page = book.create_sheet(sheet)
        page.append(["Musterstadt (simuliert): Einwohner unter 21 Jahren nach Stadtraum und Alter"])
        page.append(["Stand jeweils 31.12."])
        page.append([])
        page.append([*AGES, *map(int, wide.columns)])
        for (area, low, high), values in zip(wide.index, wide.to_numpy(), strict=True):
            page.append([None if low else area, int(low), int(high), *map(int, values)])
            if low == 0:
                page.merge_cells(f"A{page.max_row}:A{page.max_row + len(BANDS) - 1}")
        page.append([])
        page.append(["Quelle: evaltools, simulierte Daten (CC0-1.0)"])
    buffer = BytesIO()
    book.save(buffer)
    return _same_bytes(buffer.getvalue())


def _same_bytes(book: bytes) -> bytes:
    """Write a workbook's parts anew: canonical XML, fixed times, stored uncompressed."""
    buffer = BytesIO()
    with ZipFile(BytesIO(book)) as old, ZipFile(buffer, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            text = canonicalize(old.read(name).decode("utf-8"))
            text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2025-01-31T00:00:00Z", text)
            part = ZipInfo(name, (2025, 1, 31, 0, 0, 0))
            part.create_system = 3
            new.writestr(part, text)
    return buffer.getvalue()

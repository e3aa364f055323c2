"""A user's own file in the place of a table of the study: read and checked like a raw file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
from pyarrow import parquet

from evaltools.data.findings import to_frame
from evaltools.data.schema import Table
from evaltools.data.sources import Source
from evaltools.data.tidy import tidy
from evaltools.data.validate import check, check_foreign
from evaltools.errors import DataError


def read(path: Path, table: Table, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Read a user's own file in the schema's columns, fully checked.

    Raises
    ------
    DataError
        When it is missing or has any error finding; the findings are in ``error.findings``.
    """
    if not path.is_file():
        raise DataError(f"{path.name}: no such file; give a CSV or Parquet file of {table.name}")
    source = Source(
        id=table.name,
        file=path.name,
        table=table.name,
        provider="own file",
        licence="own file",
        retrieved=date.min,
        columns={name: name for name in _header(path, table)},
    )
    tidied = tidy(path, source)
    found = list(tidied.findings) + check(tidied.frame, table, source_id=path.name)
    if tidied.ok:
        found += check_foreign(tidied.frame, table, tables, source_id=path.name)
    findings = to_frame(found)
    errors = int((findings["severity"] == "error").sum())
    if errors:
        first = findings.iloc[0]
        raise DataError(
            f"{path.name}: {errors} errors; first: row {first['row']}, column {first['column']}: "
            f"{first['message']}",
            findings=findings,
        )
    return tidied.frame.reset_index(drop=True)


def _header(path: Path, table: Table) -> list[str]:
    """Return the schema's columns that the file has, and those it must have."""
    if path.suffix == ".parquet":
        present = set(parquet.read_schema(path).names)
    else:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            present = set(re.split(r"[;,\t|]", file.readline().strip().replace('"', "")))
    return [item.name for item in table.columns if item.required or item.name in present]

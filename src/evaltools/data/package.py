"""``datapackage.json``: what the processed tables hold, for others to read (Data Package v2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaltools.data.schema import TABLES, fields

if TYPE_CHECKING:
    import pandas as pd

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


def package(
    frames: Mapping[str, pd.DataFrame],
    name: str,
    title: str,
    sources: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Describe the tables as a Data Package v2; case rows stay in the office and out of it."""
    resources = []
    for table, frame in frames.items():
        if TABLES[table].case_level:
            continue
        resources.append(
            {
                "name": table.replace("_", "-"),
                "path": f"{table}.parquet",
                "format": "parquet",
                "schema": fields(TABLES[table], list(frame.columns)),
            }
        )
    licences = sorted({str(source["licence"]) for source in sources})
    return {
        "$schema": PROFILE,
        "name": name,
        "title": title,
        "sources": [
            {"title": source["provider"], "path": source.get("url", source["file"])}
            for source in sources
        ],
        "licenses": [{"name": _token(text), "title": text} for text in licences],
        "resources": resources,
    }


def _token(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-._" else "-" for char in text)

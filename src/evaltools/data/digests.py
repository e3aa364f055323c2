"""What is in a study's tables, as digests by table and area: what changed since a page was made.

They stay in the office: who can nearly write a table themselves could find out the rest from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaltools import files
from evaltools.data.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd

FILE = "digests.json"
WHOLE = ""
Digests = Mapping[str, Mapping[str, str]]


def of(frames: Iterable[tuple[str, pd.DataFrame]]) -> dict[str, dict[str, str]]:
    """Return the digests of tables: of each whole table, and of the rows of each area.

    Parameters
    ----------
    frames : iterable of (str, DataFrame)
        Names and tables as they are read from the disk.

    Returns
    -------
    dict of str to dict of str to str
        Table → area → SHA-256; the whole table stands under an empty name. Case rows are not told
        apart by area. An area's digest does not depend on where its rows stand between others.
    """
    return {name: _parts(name, frame) for name, frame in frames}


def write(folder: Path, found: Digests) -> None:
    """Write the digests beside the tables, for their owner only."""
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    files.write(folder / FILE, text, private=True)


def read(folder: Path) -> Digests:
    """Read what :func:`write` wrote; empty when it is not there or broken."""
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(name): {str(k): str(v) for k, v in part.items()} for name, part in raw.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _parts(name: str, frame: pd.DataFrame) -> dict[str, str]:
    from evaltools.data import content

    found = {WHOLE: content.digest(frame)}
    if "area_id" in frame and not (name in TABLES and TABLES[name].case_level):
        for area, rows in frame.groupby("area_id", sort=True):
            found[str(area)] = content.digest(rows.reset_index(drop=True))
    return found

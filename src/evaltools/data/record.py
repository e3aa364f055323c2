"""The pre-analysis record: which primary specification was fixed when, and what changed since.

``studies/<name>.record.json`` is written before the first run shows results, and only ever grows:
a later run with another primary specification adds an entry, and every page says so. An office
keeps the file under version control, beside the study.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaltools import files
from evaltools.errors import StudyError
from evaltools.study import Study, Workspace

SHARED = ("city", "period", "first", "last", "population", "excluded", "reference", "forms")
JUDGED = ("hze", "placements", "intensity", "relevant_change", "weights")
PER_AREA = ("start", "comparison", "selection")


@dataclass(frozen=True)
class Entry:
    """One fixed specification: when, its digest, the study file's hash, and what it says."""

    day: str
    digest: str
    study_sha256: str
    specification: Mapping[str, str]


def specification(study: Study) -> dict[str, str]:
    """Return what the verdicts depend on, as flat names and texts: ``SR04.start`` → ``2018``."""
    whole = study.model_dump(mode="json")
    flat = {name: _text(whole[name]) for name in SHARED}
    flat |= {f"outcomes.{name}": _text(whole["outcomes"][name]) for name in JUDGED}
    # A study without criteria keeps the record that it has.
    flat |= {"selection": _text(whole["selection"])} if study.selection.criteria else {}
    for model in whole["model_areas"]:
        flat |= {f"{model['area']}.{name}": _text(model[name]) for name in PER_AREA}
    return flat


def note(space: Workspace, day: date) -> tuple[Entry, ...]:
    """Fix the study's specification: add an entry where it differs from the last one.

    Parameters
    ----------
    space : Workspace
        The study as its file declares it, without parameters of a run.
    day : date
        Today.

    Returns
    -------
    tuple of Entry
        All entries, the first one first.

    Raises
    ------
    StudyError
        When the record cannot be read; it is never overwritten.
    """
    entries = read(space)
    said = specification(space.study)
    digest = _digest(said)
    if entries and entries[-1].digest == digest:
        return entries
    entries = (*entries, Entry(day.isoformat(), digest, space.digest, said))
    text = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=2)
    files.write(_path(space), text + "\n")
    return entries


def read(space: Workspace) -> tuple[Entry, ...]:
    """Read the record; empty before the first run.

    Raises
    ------
    StudyError
        When the file is damaged.
    """
    path = _path(space)
    if not path.is_file():
        return ()
    try:
        raw: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(Entry(**item) for item in raw)
        if not entries:
            raise ValueError
        for entry in entries:
            date.fromisoformat(entry.day)
            if entry.digest != _digest(entry.specification):
                raise ValueError
    except (OSError, ValueError, TypeError) as error:
        raise StudyError(
            f"{path.name}: the pre-analysis record is damaged; restore it from version control, or "
            "move it away to start a new one"
        ) from error
    return entries


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Name what differs between two specifications: ``SR04.start: 2018 → 2019``."""
    return tuple(
        f"{name}: {before.get(name, 'ohne')} → {after.get(name, 'ohne')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _path(space: Workspace) -> Path:
    return space.root / "studies" / f"{space.name}.record.json"


def _digest(said: Mapping[str, str]) -> str:
    return sha256(_text(dict(said)).encode()).hexdigest()


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

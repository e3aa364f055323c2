"""What was released before: every signed-off release stays on record and is attacked with the next.

``data/processed/<study>/releases/NNN.json`` holds what the public has since then: counts, the rule
set, who signed, and the pages with their hashes. Nothing in it is deleted by the program.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools import files
from evaltools.errors import ReleaseError
from evaltools.study import Workspace

if TYPE_CHECKING:
    from evaltools.measures.sums import Sum

METHODS = {"round5": "round5", "suppress": "suppress", "merge": "suppress"}


@dataclass(frozen=True)
class Release:
    """One signed-off release.

    Attributes
    ----------
    number : int
        Counted from 1.
    day, by : str
        When it was signed off, ISO, and by whom.
    rules : mapping
        The rule set as the study file had it.
    counts : mapping of Sum to float
        Every count that it gave to the public; helps.
    pages : mapping of str to str
        File below the study's reports → SHA-256.
    """

    number: int
    day: str
    by: str
    rules: Mapping[str, Any]
    counts: Mapping[Sum, float]
    pages: Mapping[str, str]


def read(space: Workspace) -> tuple[Release, ...]:
    """Read all releases of a study, the first one first.

    Raises
    ------
    ReleaseError
        When one is damaged: without it nobody knows what is out already.
    """
    return tuple(_read(path) for path in sorted(_folder(space).glob("*.json")))


def earlier(space: Workspace) -> dict[Sum, float]:
    """Return every count released before, with the value published last.

    Raises
    ------
    ReleaseError
        When one is damaged, or counts were rounded then and are not now, or the other way round.
    """
    counts: dict[Sum, float] = {}
    now = METHODS[space.study.disclosure.method]
    for release in read(space):
        then = METHODS.get(str(release.rules.get("method")), "")
        if then != now:
            raise ReleaseError(
                f"release {release.number} of study {space.name} used method {then}, the study "
                f"file says {now}; both together cannot be attacked: keep the method"
            )
        counts |= release.counts
    return counts


def add(
    space: Workspace, *, day: str, by: str, counts: Mapping[Sum, float], pages: Mapping[str, str]
) -> Release:
    """Put a release on record.

    Parameters
    ----------
    space : Workspace
        The study.
    day, by : str
        Today, ISO, and who signs.
    counts : mapping of Sum to float
        The counts that it gives to the public.
    pages : mapping of str to str
        File → SHA-256.

    Returns
    -------
    Release
        As it stands on record.
    """
    number = max((release.number for release in read(space)), default=0) + 1
    rules = space.study.disclosure.model_dump(mode="json")
    content = {
        "number": number,
        "day": day,
        "by": by,
        "rules": rules,
        "counts": [_said(item, n) for item, n in counts.items()],
        "pages": dict(pages),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    files.write(_folder(space) / f"{number:03}.json", text, private=True)
    return Release(number, day, by, rules, dict(counts), dict(pages))


def digest(space: Workspace) -> str:
    """Return a hash over all releases: what was planned before a release no longer holds after."""
    found = sorted(_folder(space).glob("*.json"))
    return sha256(b"".join(path.read_bytes() for path in found)).hexdigest()


def _folder(space: Workspace) -> Path:
    return space.processed / "releases"


def _said(item: Sum, n: float) -> dict[str, Any]:
    return {
        "areas": item.areas,
        "periods": item.periods,
        "measures": item.what.measures,
        "cells": item.what.cells,
        "without": item.what.without,
        "weights": item.weights,
        "n": n,
    }


def _read(path: Path) -> Release:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        counts = {_sum(item): float(item["n"]) for item in raw["counts"]}
        rest = (dict(raw["rules"]), counts, dict(raw["pages"]))
        return Release(int(raw["number"]), str(raw["day"]), str(raw["by"]), *rest)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ReleaseError(
            f"releases/{path.name}: the record of this release is damaged; restore it from a "
            "backup: without it, nobody knows what is public already"
        ) from error


def _sum(item: Mapping[str, Any]) -> Sum:
    # a digest of all releases is asked for by every run, and needs none of this
    from evaltools.measures.catalogue import Pick
    from evaltools.measures.sums import Sum

    cells = tuple((str(paragraph), str(form)) for paragraph, form in item["cells"])
    what = Pick(_texts(item["measures"]), cells, _texts(item["without"]))
    weights = tuple((str(form), float(weight)) for form, weight in item["weights"])
    return Sum(_texts(item["areas"]), _texts(item["periods"]), what, weights)


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(str, values))

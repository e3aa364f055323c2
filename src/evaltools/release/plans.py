"""The plan of a study's counts, made once and kept until data, study or releases change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools import __version__, files
from evaltools.data import digests, kept, reads
from evaltools.data.tables import Tables
from evaltools.release import registry
from evaltools.study import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.release.plan import Plan

TABLES = ("area", "hze_count", "population", "staffing")
MOST = 50  # plans a study keeps
# What of a plan decides how a page looks whose own counts did not change.
PATTERN = ("states", "rests", "series", "method", "estimates")


def of(space: Workspace, tables: Mapping[str, pd.DataFrame]) -> Plan:
    """Return which counts of a study are shown, from what is kept or made anew.

    Parameters
    ----------
    space : Workspace
        The study as it is evaluated, with whatever start a run gave it.
    tables : mapping of str to DataFrame
        Its tables, with whatever file a run gave in place of one.

    Raises
    ------
    ReleaseError
        As :func:`protection.plan` and :func:`registry.earlier`.
    """
    from evaltools.data import content
    from evaltools.release import plan, protection

    reads.note(reads.PLAN)
    whole = tables.unread() if isinstance(tables, Tables) else tables
    used = {name: whole[name].reset_index(drop=True) for name in TABLES if name in whole}
    path = _path(space, {name: content.digest(frame) for name, frame in used.items()})
    try:
        return plan.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        made = protection.plan(whole, space.study, registry.earlier(space))
    files.write(path, plan.to_json(made), private=True)
    kept.sweep(path.parent, most=MOST, alone=False)
    return made


def pattern(space: Workspace) -> str:
    """Return a digest of what the study's kept plan shows and hides; empty when none is kept.

    Values, intervals and labels are left out: a page whose own counts are as they were stays as it
    is when another area's count changes without changing what is hidden.
    """
    try:
        raw: dict[str, Any] = json.loads(_present(space).read_text(encoding="utf-8"))
        told = json.dumps([raw[name] for name in PATTERN], sort_keys=True)
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return sha256(told.encode()).hexdigest()


def inputs(space: Workspace) -> str:
    """Return a digest of all that a plan depends on beside what a run may change in it."""
    return _present(space).stem


def _present(space: Workspace) -> Path:
    """Return where the plan of the study's own tables lies, without reading a table."""
    found = digests.read(space.processed)
    return _path(space, {name: found[name][digests.WHOLE] for name in TABLES if name in found})


def _path(space: Workspace, tables: Mapping[str, str]) -> Path:
    """Name a plan by everything that it depends on."""
    told = [
        __version__,
        registry.digest(space),
        space.study.model_dump_json(),
        sorted(tables.items()),
    ]
    name = sha256(json.dumps(told).encode()).hexdigest()[:32]
    return space.processed / "plans" / f"{name}.json"

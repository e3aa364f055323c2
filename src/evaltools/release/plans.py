"""The plan of a study's counts, made once and kept until data, study or releases change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

import pandas as pd

from evaltools import __version__, files
from evaltools.release import plan, protection, registry
from evaltools.release.plan import Plan
from evaltools.study import Workspace

TABLES = ("area", "hze_count", "population", "staffing")


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
    path = space.processed / "plans" / f"{_digest(space, tables)[:32]}.json"
    try:
        return plan.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        made = protection.plan(tables, space.study, registry.earlier(space))
    files.write(path, plan.to_json(made), private=True)
    return made


def _digest(space: Workspace, tables: Mapping[str, pd.DataFrame]) -> str:
    """Hash everything that a plan depends on."""
    told = [__version__, registry.digest(space), space.study.model_dump_json()]
    for name in TABLES:
        if name in tables:
            frame = tables[name].reset_index(drop=True)
            told += [
                name,
                *map(str, frame.columns),
                frame.to_json(orient="values", date_format="iso"),
            ]
    return sha256(json.dumps(told).encode()).hexdigest()

"""Processed tables on disk: written whole or not at all, read back by name."""

from __future__ import annotations

import json
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import parquet

from evaltools import files
from evaltools.data.findings import to_frame
from evaltools.data.package import package
from evaltools.data.schema import TABLES, Table
from evaltools.data.sources import Correction, Source, Sources
from evaltools.data.tidy import tidy
from evaltools.data.validate import check, check_foreign
from evaltools.errors import DataError, unknown
from evaltools.study import Workspace

OFFICE = ("releases", "failed", "intern")  # folders that outlive an ingest
PACKAGES = ("evaltools", "pandas", "duckdb", "pandera", "python-calamine")


@dataclass(frozen=True)
class Provenance:
    """Where processed tables came from, as ``provenance.json`` holds it."""

    study: str
    title: str
    city: str
    simulated: bool
    inputs: Mapping[str, str]
    versions: Mapping[str, str]
    sources: tuple[Mapping[str, Any], ...]
    corrections: tuple[Mapping[str, Any], ...]
    state: str

    @property
    def public_inputs(self) -> dict[str, str]:
        """Inputs with hashes, without the files that hold counts of helps.

        A hash of a file that others can nearly write themselves would tell them its small counts.
        """
        counts = {str(s["file"]) for s in self.sources if s["table"] in ("hze_case", "hze_count")}
        return {name: digest for name, digest in self.inputs.items() if name not in counts}

    @property
    def is_this_version(self) -> bool:
        """Whether this very version of evaltools made them."""
        return self.versions.get("evaltools") == version("evaltools")

    @property
    def retrieved(self) -> str:
        """Latest day on which a raw file was retrieved, ISO."""
        return max(str(source["retrieved"]) for source in self.sources)


def provenance(
    space: Workspace,
    sources: Sources,
    corrections: tuple[Correction, ...],
    inputs: Mapping[str, str],
) -> Provenance:
    """Describe an ingest: inputs with hashes, mapping, corrections, versions; no path, no clock."""
    versions = {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}
    before = read_provenance(space.processed)
    same = before is not None and before.inputs == inputs and before.versions == versions
    described = tuple(
        source.model_dump(mode="json", exclude_defaults=True) | {"found": source.file in inputs}
        for source in sources.sources
    )
    return Provenance(
        study=space.name,
        title=space.study.title,
        city=sources.city,
        simulated=sources.simulated,
        inputs=dict(inputs),
        versions=versions,
        sources=described,
        corrections=tuple(item.model_dump(mode="json") for item in corrections),
        state=before.state if before is not None and same else secrets.token_hex(8),
    )


def write(
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    findings: pd.DataFrame,
    made: Provenance,
) -> None:
    """Write all tables of a study into a fresh folder and put it in the place of the old one.

    Parameters
    ----------
    folder : Path
        ``data/processed/<study>``.
    frames : mapping of str to DataFrame
        Typed tables by name.
    findings : DataFrame
        As made by ``findings.to_frame``.
    made : Provenance
        Written as ``provenance.json``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        for name, frame in frames.items():
            frame.reset_index(drop=True).to_parquet(temporary / f"{name}.parquet", index=False)
        findings.to_parquet(temporary / "findings.parquet", index=False)
        _json(temporary / "provenance.json", vars(made))
        _json(temporary / "datapackage.json", package(frames, made.study, made.title, made.sources))
        temporary.chmod(0o755)
        files.carry(folder, temporary, OFFICE)
        files.settle(temporary)
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def locked(space: Workspace) -> Iterator[None]:
    """Hold the study for one ingest or run at a time; freed when the process ends, however.

    Raises
    ------
    RunError
        When another process holds it; the message says which.
    """
    with files.locked(space.processed.with_name(f".{space.name}.lock"), f"study {space.name}"):
        _sweep(space.processed)
        yield


def read(space: Workspace, name: str) -> pd.DataFrame:
    """Read one processed table.

    Raises
    ------
    DataError
        When the study was not ingested, or has no such table.
    """
    path = space.processed / f"{name}.parquet"
    _recover(space.processed)
    if not path.is_file():
        require(space)
        raise DataError(unknown(f"table of study {space.name}", name, available(space)))
    return pd.read_parquet(path)


def load(space: Workspace, *, case_counts: str = "", offers: str = "") -> dict[str, pd.DataFrame]:
    """Read all processed tables of a study, case rows left out.

    Parameters
    ----------
    space : Workspace
        The study.
    case_counts, offers : str, optional
        Files (CSV with the schema's own column names, or Parquet) that take the place of
        ``hze_count`` and ``offer``.

    Returns
    -------
    dict of str to DataFrame
        Tables by name.

    Raises
    ------
    DataError
        When the study was not ingested, or a file has errors.
    """
    read(space, "area")
    names = [name for name in available(space) if name in TABLES and not TABLES[name].case_level]
    tables = {name: read(space, name) for name in names}
    for name, file in (("hze_count", case_counts), ("offer", offers)):
        if file:
            tables[name] = own_file(Path(file), TABLES[name], tables)
    return tables


def own_file(path: Path, table: Table, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
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


def available(space: Workspace) -> tuple[str, ...]:
    """Names of the processed tables a study has."""
    return tuple(sorted(file.stem for file in space.processed.glob("*.parquet")))


def read_provenance(folder: Path) -> Provenance | None:
    """Read ``provenance.json`` of a processed folder; None when there is none or it is broken."""
    _recover(folder)
    try:
        raw = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        raw["sources"] = tuple(raw["sources"])
        raw["corrections"] = tuple(raw["corrections"])
        return Provenance(**raw)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def require(space: Workspace) -> Provenance:
    """Return the provenance of a study that must have been ingested.

    Raises
    ------
    DataError
        When it was not; the message says what to run.
    """
    made = read_provenance(space.processed)
    if made is None:
        raise DataError(
            f"study {space.name} has no processed data; run: evaltools ingest {space.name}"
        )
    return made


def _replace(temporary: Path, folder: Path) -> None:
    """Put `temporary` in the place of `folder`; :func:`_recover` mends an interruption."""
    old = _old(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a killed ingest left beside the tables."""
    _recover(folder)
    for left in (*folder.parent.glob(f".{folder.name}.new-*"), _old(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _recover(folder: Path) -> None:
    old = _old(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _json(path: Path, content: Mapping[str, Any]) -> None:
    files.write(path, json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n")

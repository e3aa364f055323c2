"""Processed tables on disk: written whole or not at all, read back by name."""

from __future__ import annotations

import json
import platform
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from evaltools import files
from evaltools.data import ownfile
from evaltools.data.package import package
from evaltools.data.schema import TABLES
from evaltools.data.sources import Correction, Sources
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
        """Inputs with hashes, without the files that hold counts of helps, names or codings.

        A hash of a file that others can nearly write themselves would tell them what is in it.
        """
        private = {name for name, table in TABLES.items() if table.case_level}
        private |= {"hze_count", "coding"}
        kept = {str(source["file"]) for source in self.sources if source["table"] in private}
        return {name: digest for name, digest in self.inputs.items() if name not in kept}

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
        source.model_dump(mode="json", exclude_defaults=True)
        | {"table": source.table, "found": source.file in inputs}
        for source in sources.origins
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
            tables[name] = ownfile.read(Path(file), TABLES[name], tables)
    return tables


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

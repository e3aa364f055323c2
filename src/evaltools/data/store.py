"""Processed tables on disk: written whole or not at all, read back by name."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools import files
from evaltools.data import digests, kept, provenance, reads
from evaltools.data.provenance import Provenance as Provenance
from evaltools.data.schema import TABLES
from evaltools.data.tables import Tables
from evaltools.errors import DataError, RunError, unknown
from evaltools.study import Workspace

if TYPE_CHECKING:
    import pandas as pd

OFFICE = ("releases", "failed", "intern")  # folders that outlive an ingest
CACHES = ("effects", "plans")  # found by content, so that they are true after an ingest as well
NAMES = "areas.json"


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
    from evaltools.data.package import package

    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        for name, frame in frames.items():
            frame.reset_index(drop=True).to_parquet(temporary / f"{name}.parquet", index=False)
        findings.to_parquet(temporary / "findings.parquet", index=False)
        _json(temporary / provenance.FILE, vars(made))
        digests.write(temporary, digests.of(_read_back(temporary)))
        _json(temporary / NAMES, _names(frames["area"]) if "area" in frames else {})
        _json(temporary / "datapackage.json", package(frames, made.study, made.title, made.sources))
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
        refuse_beside_shards(space)
        _sweep(space.processed)
        for name in CACHES:
            kept.sweep(space.processed / name)
        yield


def shard_lock(space: Workspace, part: int, parts: int) -> Path:
    """Return the lock that a part of a run holds from its beginning to its end."""
    return space.processed.with_name(f".{space.name}.shard-{part}-{parts}.lock")


def refuse_beside_shards(space: Workspace, *, own: Path | None = None) -> None:
    """Refuse to change what the parts of a run read, while one of them is under way.

    Parameters
    ----------
    space : Workspace
        The study, locked.
    own : Path, optional
        The lock of the part that asks.

    Raises
    ------
    RunError
        When another part is under way.
    """
    for path in space.processed.parent.glob(f".{space.name}.shard-*.lock"):
        if path != own and files.is_held(path):
            raise RunError(
                f"parts of a run of study {space.name} are under way (--shard); wait for them, "
                "or end them"
            )


def read(space: Workspace, name: str) -> pd.DataFrame:
    """Read one processed table.

    Raises
    ------
    DataError
        When the study was not ingested, or has no such table.
    """
    reads.note(name)
    return _frame(space, name)


def load(space: Workspace, *, case_counts: str = "", offers: str = "") -> Tables:
    """Read all processed tables of a study, but for those of which pages show nothing.

    Parameters
    ----------
    space : Workspace
        The study.
    case_counts, offers : str, optional
        Files (CSV with the schema's own column names, or Parquet) that take the place of
        ``hze_count`` and ``offer``.

    Returns
    -------
    Tables
        Tables by name; what is taken out of them is noted.

    Raises
    ------
    DataError
        When the study was not ingested, or a file has errors.
    """
    _frame(space, "area")
    shown = {name for name, table in TABLES.items() if table.summed or not table.case_level}
    names = [name for name in available(space) if name in shown]
    tables = {name: _frame(space, name) for name in names}
    for name, file in (("hze_count", case_counts), ("offer", offers)):
        if file:
            from evaltools.data import ownfile

            tables[name] = ownfile.read(Path(file), TABLES[name], tables)
    return Tables(tables, kept=space.processed / CACHES[0])


def available(space: Workspace) -> tuple[str, ...]:
    """Names of the processed tables a study has."""
    return tuple(sorted(file.stem for file in space.processed.glob("*.parquet")))


def area_names(space: Workspace) -> dict[str, str]:
    """Return id → name of the study's areas, without reading a table.

    Raises
    ------
    DataError
        When the study was not ingested.
    """
    try:
        raw = json.loads((space.processed / NAMES).read_text(encoding="utf-8"))
        return {str(area): str(name) for area, name in raw.items()}
    except (OSError, ValueError, AttributeError):
        return _names(_frame(space, "area"))


def read_provenance(folder: Path) -> Provenance | None:
    """Read ``provenance.json`` of a processed folder; None when there is none or it is broken."""
    reads.note(reads.PROVENANCE)
    return _provenance(folder)


def require(space: Workspace) -> Provenance:
    """Return the provenance of a study that must have been ingested.

    Raises
    ------
    DataError
        When it was not; the message says what to run.
    """
    reads.note(reads.PROVENANCE)
    return ingested(space)


def ingested(space: Workspace) -> Provenance:
    """Return the same as :func:`require`, for what every page prints of it: nothing is noted."""
    made = _provenance(space.processed)
    if made is None:
        raise DataError(
            f"study {space.name} has no processed data; run: evaltools ingest {space.name}"
        )
    return made


def _provenance(folder: Path) -> Provenance | None:
    _recover(folder)
    return provenance.read(folder)


def _frame(space: Workspace, name: str) -> pd.DataFrame:
    path = space.processed / f"{name}.parquet"
    _recover(space.processed)
    if not path.is_file():
        ingested(space)
        raise DataError(unknown(f"table of study {space.name}", name, available(space)))
    import pandas as pd

    return pd.read_parquet(path)


def _read_back(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the tables as they will be read: a column of dates comes back as another type."""
    import pandas as pd

    for path in sorted(folder.glob("*.parquet")):
        yield path.stem, pd.read_parquet(path)


def _names(area: pd.DataFrame) -> dict[str, str]:
    return dict(zip(area["area_id"].astype(str), area["name"].astype(str), strict=True))


def _replace(temporary: Path, folder: Path) -> None:
    """Put `temporary` in the place of `folder`; :func:`_recover` mends an interruption."""
    old = _old(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    for name in CACHES:
        if (old / name).is_dir():
            (old / name).rename(folder / name)
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

"""Where processed tables came from: raw files with hashes, mapping, corrections, versions."""

from __future__ import annotations

import json
import platform
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaltools.data.schema import TABLES
from evaltools.study import Workspace

if TYPE_CHECKING:
    from evaltools.data.sources import Correction, Sources

FILE = "provenance.json"
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


def describe(
    space: Workspace,
    sources: Sources,
    corrections: tuple[Correction, ...],
    inputs: Mapping[str, str],
) -> Provenance:
    """Describe an ingest: inputs with hashes, mapping, corrections, versions; no path, no clock."""
    versions = {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}
    before = read(space.processed)
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


def read(folder: Path) -> Provenance | None:
    """Read ``provenance.json`` of a processed folder; None when there is none or it is broken."""
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        raw["sources"] = tuple(raw["sources"])
        raw["corrections"] = tuple(raw["corrections"])
        return Provenance(**raw)
    except (OSError, ValueError, TypeError, KeyError):
        return None

"""Where raw data come from and what their columns and codes mean.

``data/raw/<city>/sources.yml`` is one :class:`Sources`; ``corrections.yml`` beside it is one
:class:`Corrections`. Both are facts about files, no program.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evaltools.yamlfile import Strict

MISSING = {
    "-": "nichts vorhanden oder nicht angegeben",
    "–": "nichts vorhanden oder nicht angegeben",
    ".": "Zahlenwert unbekannt oder geheim zu halten",
    "x": "nicht verfügbar",
    "c": "vertraulich",
    "z": "trifft nicht zu",
    "u": "Angabe unzuverlässig",
    "k. A.": "keine Angabe",
    "k.A.": "keine Angabe",
}
NO_VALUE = "ohne Wert geliefert"

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,63}$")]
CodingName = Annotated[
    str,
    Field(
        pattern=r"^([^/\\\x00.][^/\\\x00]*\.qda/)?[^/\\\x00.][^/\\\x00]*"
        r"\.(qdpx|xlsx|csv|sqlite3|sqlite|db|qda)$"
    ),
]
FileName = Annotated[str, Field(pattern=r"^[^/\\\x00]+\.(csv|tsv|txt|xlsx|parquet)$")]


class Format(Strict):
    """What is declared of a raw file's format; what is left out is found out and recorded."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[",", "."] | None = None
    dates: Literal["dmy", "ymd", "mdy"] | None = None
    sheet: str | None = None


class Wide(Strict):
    """A wide table: one column for each value of a variable, such as the year."""

    variable: str
    value: str
    columns: str = r"(\d{4})"


class Origin(Strict):
    """Where a raw file came from and how it is known again."""

    id: Slug
    provider: str
    licence: str
    retrieved: date
    url: str | None = None
    note: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class CodingFile(Origin):
    """One file of coded interviews, read as it is by :mod:`evaltools.codings`.

    ``coder`` names who coded where the file does not say it.
    """

    file: CodingName
    table: Literal["coding"] = "coding"
    coder: str = ""


class Source(Origin):
    """One raw file and its way into one table of the schema."""

    file: FileName
    table: str
    format: Format = Format()
    columns: dict[str, str]
    codes: dict[str, dict[str, str]] = {}
    constants: dict[str, str] = {}
    where: dict[str, tuple[str, ...]] = {}
    without: dict[str, tuple[str, ...]] = {}
    wide: Wide | None = None
    missing: dict[str, str] = {}
    distinct: bool = False
    fill_down: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _targets_once(self) -> Source:
        targets = list(self.columns.values()) + list(self.constants)
        if self.wide:
            targets += [self.wide.variable, self.wide.value]
        double = sorted({target for target in targets if targets.count(target) > 1})
        if double:
            raise ValueError(f"two columns are mapped onto {', '.join(double)}; keep one")
        return self


class TemplateFile(Origin):
    """A template that an office filled in; headers and codes need no mapping."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,31}$")]
    file: Annotated[str, Field(pattern=r"^[^/\\\x00]+\.xlsx$")]
    table: Literal["template"] = "template"


class Sources(Strict):
    """All raw files of one city."""

    city: str
    simulated: bool = False
    folders: tuple[str, ...] = (".",)
    sources: tuple[Source, ...] = ()
    codings: tuple[CodingFile, ...] = ()
    templates: tuple[TemplateFile, ...] = ()

    @property
    def origins(self) -> tuple[Source | CodingFile | TemplateFile, ...]:
        """All raw files: tables, codings and templates."""
        return (*self.sources, *self.codings, *self.templates)

    @model_validator(mode="after")
    def _any(self) -> Sources:
        if not self.sources and not self.templates:
            raise ValueError("no table is delivered; give sources: or templates:")
        return self

    @model_validator(mode="after")
    def _ids_once(self) -> Sources:
        ids = [source.id for source in self.origins]
        double = sorted({name for name in ids if ids.count(name) > 1})
        if double:
            raise ValueError(f"source id {', '.join(double)} is given twice")
        for template in self.templates:
            taken = [name for name in ids if name.startswith(f"{template.id}_")]
            if taken:
                raise ValueError(
                    f"source id {taken[0]} begins like a sheet of template {template.id}; rename it"
                )
        return self


class Correction(Strict):
    """One value set right by decision, guarded by the value it replaces."""

    table: str
    area: str
    period: str
    column: str
    old: str | None
    new: str | None
    where: dict[str, str] = {}
    reason: str
    decided_by: str


class Corrections(Strict):
    """All corrections of one city."""

    corrections: tuple[Correction, ...] = ()

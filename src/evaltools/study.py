"""The study file: which city, which areas, which start, which outcomes, which notebooks.

A study is read from ``studies/<name>.yml``; :class:`Workspace` adds where its data and reports
lie. Nothing else in the program decides on folders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evaltools import yamlfile
from evaltools.errors import RunError, StudyError, unknown
from evaltools.studycodings import EVERYWHERE, Codings
from evaltools.studyparts import (
    PERIOD,
    AreaId,
    Disclosure,
    Event,
    FormName,
    ModelArea,
    Notebooks,
    Outcomes,
    Population,
    Publisher,
    Selection,
    Slug,
    Year,
)
from evaltools.studyprofile import AreaChoice, CityFolder, Profile, city_folder
from evaltools.yamlfile import Strict

__all__ = [
    "PERIOD",
    "Codings",
    "Disclosure",
    "Event",
    "ModelArea",
    "Notebooks",
    "Outcomes",
    "Population",
    "Publisher",
    "Selection",
    "Study",
    "Workspace",
    "check_period",
    "open_study",
]


NAME = r"[a-z0-9][a-z0-9_-]{0,63}"


class Study(Strict):
    """A study as its file declares it."""

    title: str
    city: Slug
    period: Literal["year", "quarter", "month"] = "year"
    first: Year | None = None
    last: Year | None = None
    help_label: str = "Hilfen zur Erziehung"
    area_label: str = "Stadtraum"
    whole_label: str = "Gesamte Stadt"
    nation_label: str = "Bund"
    population: Population = Population()
    model_areas: Annotated[tuple[ModelArea, ...], Field(min_length=1)]
    excluded: Mapping[AreaId, str] = {}
    events: tuple[Event, ...] = ()
    reference: tuple[Literal["city", "state", "nation"], ...] = ("nation",)
    outcomes: Outcomes = Outcomes()
    forms: Mapping[str, FormName] = {}
    disclosure: Disclosure = Disclosure()
    audience: Literal["public", "intern"] = "public"
    codings: Codings = Codings()
    profile: Profile = Profile()
    selection: AreaChoice = AreaChoice()
    publisher: Publisher = Publisher()
    notebooks: Notebooks

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        ids = [model.area for model in self.model_areas]
        double = sorted({area for area in ids if ids.count(area) > 1})
        if double:
            raise ValueError(f"model area {', '.join(double)} is given twice; keep one")
        lists = [m.comparison for m in self.model_areas if m.comparison != "untreated"]
        named = {area for names in lists for area in names}
        if named & set(ids):
            listed = ", ".join(sorted(named & set(ids)))
            raise ValueError(f"{listed} is a model area and cannot be a comparison area")
        absorbed = {area for others in self.disclosure.merge.values() for area in others}
        if absorbed & set(ids):
            listed = ", ".join(sorted(absorbed & set(ids)))
            raise ValueError(f"{listed} is a model area; merge: may only name it first")
        both = sorted(set(ids) & set(self.excluded))
        if both:
            raise ValueError(f"{', '.join(both)} is a model area and excluded; keep one")
        read = {area for row in self.codings.joint for area in row.readings} - {EVERYWHERE}
        if read - set(ids):
            listed = ", ".join(sorted(read - set(ids)))
            raise ValueError(f"codings.joint: readings of {listed}, which is no model area")
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"last={self.last} lies before first={self.first}")
        return self

    def level_label(self, level: str) -> str:
        """German name of a reference level: city, state or nation."""
        return {"city": self.whole_label, "state": "Land", "nation": self.nation_label}[level]

    @property
    def treated(self) -> tuple[str, ...]:
        """Ids of all model areas, in the order of the file."""
        return tuple(model.area for model in self.model_areas)

    def model_area(self, area: str) -> ModelArea:
        """Return the model area of that id.

        Raises
        ------
        RunError
            When there is none; the message lists the permitted ids.
        """
        for model in self.model_areas:
            if model.area == area:
                return model
        raise RunError(unknown("area", area, self.treated))


@dataclass(frozen=True)
class Workspace:
    """A study together with where its files lie.

    Attributes
    ----------
    name : str
        The study file's name without its ending; names its folders.
    root : Path
        The project's folder.
    study : Study
        The content of the file.
    digest : str
        SHA-256 of the file, of the texts beside it that it names, and of what the city's folder
        holds beside its tables.
    beside : CityFolder
        The office's texts on the model areas, and the borders of all areas.
    """

    name: str
    root: Path
    study: Study
    digest: str
    beside: CityFolder = field(default_factory=CityFolder)

    @property
    def raw(self) -> Path:
        """Folder of the city's raw files."""
        return self.root / "data" / "raw" / self.study.city

    @property
    def processed(self) -> Path:
        """Folder of the checked tables."""
        return self.root / "data" / "processed" / self.name

    @property
    def reports(self) -> Path:
        """Folder of the pages; those for the office only never lie in the public one."""
        if self.study.audience == "intern":
            return self.processed / "intern"
        return self.root / "reports" / self.name

    @property
    def notebooks(self) -> Path:
        """Folder of the notebooks."""
        return self.root / "notebooks"

    def for_office(self) -> Workspace:
        """Return the workspace with its pages kept in the office."""
        return replace(self, study=self.study.model_copy(update={"audience": "intern"}))

    def starting(self, area: str, start: str | int) -> Workspace:
        """Return the workspace with another start for one model area; as it is for an empty one.

        papermill's ``-p start 2019`` hands a number over, which is a year here.

        Raises
        ------
        RunError
            When `area` is no model area, or `start` is no period.
        """
        model = self.study.model_area(area)
        if not start:
            return self
        check_period("start", str(start))
        moved = model.model_copy(update={"start": str(start)})
        areas = tuple(moved if item is model else item for item in self.study.model_areas)
        return replace(self, study=self.study.model_copy(update={"model_areas": areas}))


def check_period(name: str, value: str) -> None:
    """Refuse what is no year, quarter or month.

    Raises
    ------
    RunError
        Naming the parameter and how a period is written.
    """
    if not re.fullmatch(PERIOD, value):
        raise RunError(f"{name}={value}: write a period such as 2018, 2018-Q1 or 2018-07")


def open_study(study: str, *, folder: Path | None = None) -> Workspace:
    """Open a study by its name (``demo``) or its file (``studies/demo.yml``).

    Parameters
    ----------
    study : str
        Name or path of the study file. A name is looked up in ``studies/`` of `folder` and of
        the folders above it, so that notebooks find it wherever they are started.
    folder : Path, optional
        Where to start; the working directory when not given.

    Returns
    -------
    Workspace
        The study and its folders.

    Raises
    ------
    StudyError
        When there is no such study, or its file or a text that it names does not hold.
    """
    here = (folder or Path.cwd()).resolve()
    path = _find(study, here)
    loaded = yamlfile.load(path, Study)
    if path.parent.name != "studies":
        raise StudyError(f"{path.name}: a study file must lie in a folder named studies/")
    if not re.fullmatch(NAME, path.stem):
        raise StudyError(
            f"{path.name}: a study is named by small letters, digits, - and _; rename the file"
        )
    root = path.parent.parent
    for model in loaded.notebooks.area + loaded.notebooks.city:
        if not (root / "notebooks" / f"{model}.ipynb").is_file():
            known = [file.stem for file in (root / "notebooks").glob("[0-9][0-9]_*.ipynb")]
            raise StudyError(f"{path.name}: {unknown('notebook', model, known)}")
    texts = {
        name: yamlfile.text(path.parent / file) for name, file in loaded.publisher.files().items()
    }
    told = loaded.model_copy(update={"publisher": loaded.publisher.model_copy(update=texts)})
    beside = city_folder(root / "data" / "raw" / told.city, told.treated)
    parts = [path.read_bytes(), *(text.encode() for text in texts.values()), beside.content]
    return Workspace(path.stem, root, told, sha256(b"".join(parts)).hexdigest(), beside)


def _find(study: str, here: Path) -> Path:
    if study.endswith((".yml", ".yaml")):
        for base in (here, *here.parents):
            if (base / study).is_file():
                return (base / study).resolve()
        raise StudyError(f"{study}: no such study file; see the folder studies/")
    names: set[str] = set()
    for base in (here, *here.parents):
        if (base / "studies" / f"{study}.yml").is_file() and "/" not in study:
            return base / "studies" / f"{study}.yml"
        names |= {file.stem for file in (base / "studies").glob("*.yml")}
    raise StudyError(unknown("study", study, names))

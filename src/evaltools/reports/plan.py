"""What a run will do, checked in full before any kernel starts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from evaltools.data import store
from evaltools.errors import RunError, StudyError, unknown
from evaltools.measures.catalogue import INDICATORS
from evaltools.study import Workspace, check_period

SETTABLE = ("start", "case_counts", "offers")
FILES = ("case_counts", "offers")
CITY = ""


@dataclass(frozen=True)
class Task:
    """One notebook for one area (`area` is empty for the whole city)."""

    area: str
    name: str
    notebook: str
    title: str
    parameters: Mapping[str, str]

    @property
    def own(self) -> dict[str, str]:
        """Parameters set by the user, which make it another page than the study's own."""
        return {name: self.parameters[name] for name in SETTABLE if name in self.parameters}

    @property
    def changes(self) -> tuple[str, ...]:
        """What the user set in place of the study's own, such as ``start = 2019``."""
        return tuple(f"{name} = {Path(value).name}" for name, value in self.own.items())

    @property
    def label(self) -> str:
        """The notebook's title, with what the user set."""
        return " · ".join([self.title, *self.changes])

    @property
    def output(self) -> str:
        """Path of the page below the study's folder of reports."""
        parts = [f"{name}-{Path(value).stem}" for name, value in self.own.items()]
        changed = re.sub(r"[^A-Za-z0-9_-]", "_", "_".join(["", *parts]))
        return f"{self.area or 'stadt'}/{self.notebook}{changed}.html"


def tasks(
    space: Workspace,
    *,
    areas: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    given: Mapping[str, str] | None = None,
) -> tuple[Task, ...]:
    """Plan a run.

    Parameters
    ----------
    space : Workspace
        The study; it must have been ingested.
    areas : sequence of str, optional
        Ids or names of model areas; all and the city when none are named.
    notebooks : sequence of str, optional
        Names of notebooks; all of the study when none are named.
    given : mapping of str to str, optional
        Parameters set by the user.

    Returns
    -------
    tuple of Task
        In the order of the study file.

    Raises
    ------
    RunError
        For an unknown area, notebook or parameter, or a value that cannot be; the message lists
        what is permitted.
    StudyError
        When the study names an unknown indicator.
    """
    study = space.study
    _check_indicators(space)
    names = area_names(space)
    _check_areas(space, names)
    wanted = [resolve(area, study.treated, names) for area in areas]
    known = tuple(dict.fromkeys(study.notebooks.area + study.notebooks.city))
    for notebook in notebooks:
        if notebook not in known:
            raise RunError(unknown("notebook", notebook, known))
    chosen = tuple(notebooks) or known
    pairs = [(area, nb) for area in wanted or study.treated for nb in study.notebooks.area]
    if not wanted:
        pairs += [(CITY, nb) for nb in study.notebooks.city]
    planned = []
    for area, notebook in pairs:
        if notebook not in chosen:
            continue
        path = space.notebooks / f"{notebook}.ipynb"
        parameters = {"study": space.name, "area": area} | _checked(space, path, given or {})
        planned.append(Task(area, names.get(area, ""), notebook, title(path), parameters))
    if not planned:
        raise RunError("nothing to run: the study names no such notebook for these areas")
    return tuple(planned)


def resolve(area: str, permitted: Sequence[str], names: Mapping[str, str]) -> str:
    """Find an area by id or name among the permitted ones.

    Raises
    ------
    RunError
        When it is unknown; the message lists the permitted ids with their names.
    """
    hits = [item for item in permitted if area in (item, names.get(item))]
    if hits:
        return hits[0]
    raise RunError(
        unknown("area", area, [f"{item} ({names.get(item, '?')})" for item in permitted])
    )


def area_names(space: Workspace) -> dict[str, str]:
    """Return id → name of the study's areas, from the processed tables."""
    frame = store.read(space, "area")
    return dict(zip(frame["area_id"].astype(str), frame["name"].astype(str), strict=True))


def declared(path: Path) -> dict[str, str]:
    """Return the parameters that a notebook declares, with their default as written.

    Raises
    ------
    RunError
        When it has no cell tagged ``parameters``.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            found = re.findall(r"^(\w+)\s*(?::[^=\n]+)?=\s*(.*?)\s*(?:#.*)?$", cell.source, re.M)
            return dict(found)
    raise RunError(f"{path.name}: no cell is tagged 'parameters'; tag the one that declares them")


def title(path: Path) -> str:
    """Return a notebook's first heading, or its name when it has none."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        hit = re.match(r"#\s+(.+)", cell.source) if cell.cell_type == "markdown" else None
        if hit:
            return hit.group(1).strip()
    return path.stem


def _checked(space: Workspace, path: Path, given: Mapping[str, str]) -> dict[str, str]:
    known = declared(path)
    for name in given:
        if name not in known:
            raise RunError(f"{path.stem}: {unknown('parameter', name, known)}")
        if name not in SETTABLE:
            raise RunError(f"parameter {name!r} is set by the run itself; use --area or the study")
    checked = dict(given)
    if given.get("start"):
        check_period("start", given["start"])
    for name in FILES:
        if given.get(name):
            checked[name] = _inside(space, name, given[name])
    return checked


def _inside(space: Workspace, name: str, value: str) -> str:
    """Return a file's path below the project's folder; others would show in the report."""
    if "://" in value:
        raise RunError(f"{name}={value}: addresses are not read; give a file of this project")
    path = Path(value).resolve()
    if not path.is_file():
        raise RunError(f"{name}={value}: no such file")
    if not path.is_relative_to(space.root):
        raise RunError(f"{name}: the file must lie inside the project; copy it below data/raw/")
    return path.relative_to(space.root).as_posix()


def _check_areas(space: Workspace, names: Mapping[str, str]) -> None:
    """Refuse areas that the study names beside the model areas and that do not exist."""
    named = {area for model in space.study.model_areas for area in model.neighbours}
    named |= {event.area for event in space.study.events if event.area}
    for area in sorted(named - set(names)):
        raise StudyError(f"{space.name}.yml: neighbours or events: {unknown('area', area, names)}")


def _check_indicators(space: Workspace) -> None:
    outcomes = space.study.outcomes
    single = ("hze", "placements", "intensity", "unaffected")
    named = [(key, getattr(outcomes, key)) for key in single]
    for key, name in [*named, *(("further", name) for name in outcomes.further)]:
        if name is not None and name not in INDICATORS:
            message = unknown("indicator", name, INDICATORS)
            raise StudyError(f"{space.name}.yml: outcomes.{key}: {message}")

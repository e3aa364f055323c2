"""What a run will do, checked in full before any kernel starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from evaltools.data import inputs, store
from evaltools.errors import RunError, StudyError, unknown
from evaltools.measures.catalogue import INDICATORS
from evaltools.study import Workspace, check_period

TABLE = (".csv", ".parquet")
FILES = {
    "case_counts": TABLE,
    "offers": TABLE,
    "codings": (".qdpx", ".xlsx", ".csv", ".sqlite3", ".sqlite", ".db", ".qda", ".qdc"),
}
EMPTY = ('""', "''")  # what a notebook may say of its files: they come from the run alone
SETTABLE = ("start", *FILES)
LONGEST = 100
# Names and values become Python code in the notebook, and parts of the page's path.
NAME = r"[a-z][a-z_]{0,30}"
PAGE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}/[0-9]{2}_[A-Za-z0-9_-]+\.html"
LANGUAGE = "python"
BROKEN = (AttributeError, nbformat.ValidationError, nbformat.reader.NotJSONError)
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
        task = Task(area, names.get(area, ""), notebook, title(path), parameters)
        _check_place(space, task)
        planned.append(task)
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
    return store.area_names(space)


def declared(path: Path) -> dict[str, str]:
    """Return the parameters that a notebook declares, with their default as written.

    Raises
    ------
    RunError
        When it is no notebook in Python, has not exactly one cell tagged ``parameters``, or that
        cell holds anything but lines such as ``name = "text"``: the values of a run stand beside
        them as code.
    """
    notebook = _read(path)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if not tagged:
        raise RunError(
            f"{path.name}: no cell is tagged 'parameters'; tag the one that declares them"
        )
    if len(tagged) > 1 or tagged[0].cell_type != "code":
        raise RunError(f"{path.name}: one code cell is tagged 'parameters', no other; untag them")
    found: dict[str, str] = {}
    for name, value in _assignments(path.name, tagged[0].source):
        if name in found:
            raise RunError(f"{path.name}: parameter {name} is declared twice; keep one")
        found[name] = value
    return found


def title(path: Path) -> str:
    """Return a notebook's first heading, or its name when it has none."""
    for cell in _read(path).cells:
        hit = re.match(r"#\s+(.+)", cell.source) if cell.cell_type == "markdown" else None
        if hit:
            return hit.group(1).strip()
    return path.stem


def _read(path: Path) -> NotebookNode:
    """Read a notebook that papermill will treat as Python, whatever kernel it names."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, LookupError, TypeError, ValueError, *BROKEN):
        raise RunError(f"{path.name}: is no notebook; write it anew in JupyterLab") from None
    info, kernel = (notebook.metadata.get(name, {}) for name in ("language_info", "kernelspec"))
    languages = [given for given in (info.get("name"), kernel.get("language")) if given]
    if not languages or {*languages} != {LANGUAGE}:
        raise RunError(f"{path.name}: is not written for {LANGUAGE}; choose that kernel for it")
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    if "injected-parameters" in tags:
        raise RunError(f"{path.name}: holds the parameters of an earlier run; delete that cell")
    return notebook


def _assignments(notebook: str, source: str) -> list[tuple[str, str]]:
    """Take the parameters cell apart: name and value as written, nothing else is permitted."""
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError):
        lines = [ast.Pass()]
    found = []
    for line in lines:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str()) as value):
                if re.fullmatch(NAME, name):
                    found.append((name, ast.get_source_segment(source, value) or ""))
    if len(found) < len(lines):
        raise RunError(
            f'{notebook}: the parameters cell holds more than lines such as name = "text", with '
            "names of small letters; move the rest into another cell"
        )
    return found


def _checked(space: Workspace, path: Path, given: Mapping[str, str]) -> dict[str, str]:
    known = declared(path)
    for name in FILES:
        if known.get(name, EMPTY[0]) not in EMPTY:
            raise RunError(f'{path.stem}: {name} is set in the notebook; write {name} = "" there')
    for name, value in given.items():
        if name not in known:
            raise RunError(f"{path.stem}: {unknown('parameter', name, known)}")
        if name not in SETTABLE:
            raise RunError(f"parameter {name!r} is set by the run itself; use --area or the study")
        if not isinstance(value, str) or not value.isprintable():
            raise RunError(f"{name}: is no plain text of one line; write it without line breaks")
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
    try:
        path = Path(value).resolve()  # follows links, so that none leads out
    except (OSError, RuntimeError):
        raise RunError(f"{name}={value}: its links lead nowhere; name the file itself") from None
    if name == "codings" and path.is_dir() and path.suffix == inputs.FOLDER:
        path = path / inputs.IN_FOLDER
    if not path.is_relative_to(space.root.resolve()):
        raise RunError(f"{name}: the file must lie inside the project; copy it below data/raw/")
    if path.suffix not in FILES[name]:
        endings = " and ".join(FILES[name])
        raise RunError(f"{name}={value}: only {endings} files are read; convert it")
    if len(path.name) > LONGEST:
        raise RunError(f"{name}: a file's name has at most {LONGEST} characters; shorten it")
    if not path.is_file():
        raise RunError(f"{name}={value}: no such file")
    return path.relative_to(space.root.resolve()).as_posix()


def _check_place(space: Workspace, task: Task) -> None:
    """Refuse a page that would not lie in the study's own folder of reports."""
    folder = space.reports.resolve()
    path = (folder / task.output).resolve()
    if not re.fullmatch(PAGE, task.output) or not path.is_relative_to(folder):
        raise RunError(
            f"{task.notebook}: its page would lie outside reports/{space.name}/; "
            "areas and notebooks are named with letters, digits, _ and - only"
        )


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

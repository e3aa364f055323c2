"""What lies in a study's folder of reports: ``run.json``, with the hash of every public file.

``run.json`` is the same whenever the input is the same. What belongs to one run or one office (the
state of the data, what a page was made from, times) lies beside the processed tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import evaltools
from evaltools import files
from evaltools.data.store import Provenance
from evaltools.release import registry
from evaltools.reports import site
from evaltools.reports.plan import FILES, Task
from evaltools.study import Workspace

Entry = Mapping[str, Any]
INDEX = "index.html"
OWN_CODE = (".py", ".j2", ".css")


@dataclass(frozen=True)
class Shelf:
    """The pages of a study as they lie there, each with its entry in ``run.json``.

    Attributes
    ----------
    pages : mapping of str to mapping
        Public entries by page; ``sha256`` holds the hash of each file that belongs to the page.
    notes : mapping of str to mapping
        For the office only, by page: ``mark`` (what it was made from), ``state``, ``seconds``.
    index : str
        Hash of the index; empty while it is being replaced.
    """

    space: Workspace
    made: Provenance
    pages: Mapping[str, Entry]
    notes: Mapping[str, Entry]
    index: str = ""

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Entries of the pages that the study still names, in its order."""
        study = self.space.study
        order = {name: place for place, name in enumerate((*study.treated, ""))}
        books = study.notebooks.area + study.notebooks.city
        kept = [
            {**item, "stale": self._note(file, "state") != self.made.state}
            for file, item in self.pages.items()
            if item["area"] in order and item["notebook"] in books
        ]
        return sorted(kept, key=lambda item: (order[item["area"]], item["notebook"], item["file"]))

    def holds(self, file: str, made_from: str) -> bool:
        """Whether a page lies there whole, made from this and from the present data."""
        there = file in self.pages and self.pages[file]["ok"]
        fits = there and self._note(file, "mark") == made_from
        return fits and self._note(file, "state") == self.made.state

    def _note(self, file: str, name: str) -> Any:
        return self.notes.get(file, {}).get(name)


def read(space: Workspace, made: Provenance) -> Shelf:
    """Read what lies there; pages that are not as ``run.json`` says do not count."""
    pages = {item["file"]: item for item in site.read_entries(space) if _whole(space, item)}
    index = space.reports / INDEX
    notes = _read(_office(space)).get("pages", {})
    known = _read(space.reports / "run.json").get("index", "")
    whole = index.is_file() and files.digest(index) == known
    return Shelf(space, made, pages, notes, known if whole else "")


def mark(space: Workspace, task: Task) -> str:
    """Return a digest of all a page is made from, except the processed tables."""
    paths = [space.notebooks / f"{task.notebook}.ipynb"]
    paths.append(space.root / "studies" / f"{space.name}.record.json")
    paths += [space.root / task.parameters[name] for name in FILES if task.parameters.get(name)]
    read_from = [files.digest(path) if path.is_file() else "" for path in paths]
    ground = [space.digest, registry.digest(space), program()]
    return _hash(json.dumps([dict(task.parameters), *ground, read_from]))


def put(shelf: Shelf, entry: Entry, contents: Mapping[str, bytes], note: Entry) -> Shelf:
    """Put the files of one page in their places, and say so in ``run.json``.

    While the files are exchanged, ``run.json`` says nothing of them: whoever reads it finds every
    file as it says, also when this process is killed at any moment.

    Parameters
    ----------
    shelf : Shelf
        As it was; not changed.
    entry : mapping
        The page's public entry, without hashes.
    contents : mapping of str to bytes
        All files of the page by their path below the folder of reports; empty when it failed.
    note : mapping
        For the office only: ``mark`` and ``seconds``.
    """
    file, folder = entry["file"], shelf.space.reports
    hashes = {name: _hash(data) for name, data in contents.items()}
    before = shelf.pages.get(file, {}).get("sha256", {})
    others = {name: item for name, item in shelf.pages.items() if name != file}
    with files.staged({folder / name: data for name, data in contents.items()}) as move:
        if before not in ({}, hashes):
            _save(replace(shelf, pages=others))
        for name in {file, *before} - set(contents):
            (folder / name).unlink(missing_ok=True)
        move()
    notes = {**shelf.notes, file: {**note, "state": shelf.made.state}}
    placed = replace(shelf, pages={**others, file: {**entry, "sha256": hashes}}, notes=notes)
    _save(placed)
    return placed


def finish(shelf: Shelf, page: str, finished: str) -> Shelf:
    """Write the index and the last ``run.json``; `finished` (when) stays in the office."""
    wanted = _hash(page)
    if shelf.index != wanted:
        _save(replace(shelf, index=""))
        files.write(shelf.space.reports / INDEX, page)
    whole = replace(shelf, index=wanted)
    _save(whole, finished)
    return whole


@cache
def program() -> str:
    """Return a digest of this program's own code and of the versions of all it may use."""
    root = Path(evaltools.__file__).parent
    own = [path for path in sorted(root.rglob("*")) if path.suffix in OWN_CODE]
    used = sorted(f"{item.name}=={item.version}" for item in distributions())
    return _hash("\n".join([*map(files.digest, own), *used]))


def _save(shelf: Shelf, finished: str = "") -> None:
    space, made = shelf.space, shelf.made
    public = {
        "study": space.name,
        "title": space.study.title,
        "study_file": space.digest,
        "simulated": made.simulated,
        "inputs": dict(made.public_inputs),
        "versions": dict(made.versions),
        "index": shelf.index,
        "pages": shelf.entries,
    }
    office = {"finished": finished, "pages": shelf.notes}
    files.write(space.reports / "run.json", _text(public))
    files.write(_office(space), _text(office), private=True)


def _office(space: Workspace) -> Path:
    """Beside the processed tables, which an ingest replaces as a whole."""
    kind = "pages" if space.study.audience == "public" else "intern"
    return space.processed.with_name(f".{space.name}.{kind}.json")


def _whole(space: Workspace, entry: Entry) -> bool:
    """Whether all files of a page lie there as its entry says."""
    hashes, root = entry.get("sha256"), space.reports.resolve()
    if not isinstance(hashes, dict) or (entry["ok"] and entry["file"] not in hashes):
        return False
    for name, known in hashes.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file() or files.digest(path) != known:
            return False
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _hash(content: str | bytes) -> str:
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()

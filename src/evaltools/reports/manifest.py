"""What lies in a study's folder of reports: ``run.json``, with the hash of every public file.

``run.json`` is the same whenever the input is the same. What belongs to one run or one office (the
state of the data, what a page was made from, times) lies beside the processed tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaltools import files
from evaltools.data.provenance import Provenance
from evaltools.data.reads import EVERYTHING, Read
from evaltools.release import registry
from evaltools.reports import fingerprints, site
from evaltools.reports.fingerprints import OF_TASK, Present
from evaltools.reports.plan import Task
from evaltools.study import Workspace

Entry = Mapping[str, Any]
INDEX, CHECKED, PRINTED = "index.html", "pruefung.html", ".pdf"
EARLIER, NEVER = "made by an earlier version", "never run"
MISSING, FAILED = "page is missing", "failed"


@dataclass(frozen=True)
class Shelf:
    """The pages of a study as they lie there, each with its entry in ``run.json``.

    Attributes
    ----------
    pages : mapping of str to mapping
        Public entries by page; ``sha256`` holds the hash of each file that belongs to the page.
    notes : mapping of str to mapping
        For the office only, by page: ``reads`` (what its notebook looked at), ``made_from`` (its
        fingerprint), ``seconds``, ``hidden``.
    present : Present
        What the study is made from now.
    index : str
        Hash of the index; empty while it is being replaced.
    """

    space: Workspace
    made: Provenance
    pages: Mapping[str, Entry]
    notes: Mapping[str, Entry]
    present: Present
    index: str = ""

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Entries of the pages that the study still names, in its order."""
        study = self.space.study
        order = {name: place for place, name in enumerate((*study.treated, ""))}
        books = study.notebooks.area + study.notebooks.city
        kept = [
            {**item, "stale": self.is_old(file)}
            for file, item in self.pages.items()
            if item["area"] in order and item["notebook"] in books
        ]
        return sorted(kept, key=lambda item: (order[item["area"]], item["notebook"], item["file"]))

    def reasons(self, task: Task) -> tuple[str, ...]:
        """Say why a task has to run; empty when its page is as it would be made now.

        Returns
        -------
        tuple of str
            Such as ``hze_count changed: SR04, SR10``, ``page is missing``, ``never run``.
        """
        page = self.pages.get(task.output)
        if page is None:
            return (MISSING,) if task.output in self.notes else (NEVER,)
        if not page["ok"]:
            return (FAILED,)
        return _said(self._differing(task.output, task))

    def changes(self, file: str) -> tuple[str, ...]:
        """Say what changed since a page was made, but for what its task alone depends on."""
        return _said(self._differing(file))

    def is_old(self, file: str) -> bool:
        """Whether a page shows older data than there are, or was made for another study file."""
        return bool(set(self._differing(file)) - set(fingerprints.NOT_DATA))

    def origin(self, task: Task, reads: Iterable[Read]) -> dict[str, Any]:
        """Return what :func:`put` has to note of a page that was made of the present study.

        Parameters
        ----------
        task : Task
            The task.
        reads : iterable of Read
            What its notebook has looked at.
        """
        seen = tuple(reads)
        made_from = self.present.of(task.notebook, seen, own=bool(task.own))
        return {
            "reads": [[read.name, *read.areas] for read in seen],
            "made_from": {**made_from, **self.present.of_task(task)},
        }

    def _differing(self, file: str, task: Task | None = None) -> tuple[str, ...]:
        """Name what differs; without a task, what only tasks have is left out."""
        page, note = self.pages[file], self.notes.get(file, {})
        before, seen = note.get("made_from"), _reads(note)
        if not isinstance(before, dict):
            return (EARLIER,)
        now = self.present.of(page["notebook"], seen, own=bool(page["own"]))
        if task is not None:
            return fingerprints.differing(before, {**now, **self.present.of_task(task)})
        bare = {name: code for name, code in before.items() if name not in OF_TASK}
        return fingerprints.differing(bare, now)


def read(space: Workspace, made: Provenance, *, present: Present | None = None) -> Shelf:
    """Read what lies there; pages that are not as ``run.json`` says do not count.

    Parameters
    ----------
    space : Workspace
        The study.
    made : Provenance
        Where its processed tables came from.
    present : Present, optional
        What the study was made from when this run began; taken now when not given.
    """
    pages = {item["file"]: item for item in site.read_entries(space) if _whole(space, item)}
    index = space.reports / INDEX
    notes = _read(_office(space)).get("pages", {})
    known = _read(space.reports / "run.json").get("index", "")
    whole = index.is_file() and files.digest(index) == known
    now = present or fingerprints.present(space, made)
    return Shelf(space, made, pages, notes, now, known if whole else "")


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
        For the office only: ``seconds``, ``hidden``, and what :meth:`Shelf.origin` gives.
    """
    file, folder = entry["file"], shelf.space.reports
    hashes = {name: _hash(data) for name, data in contents.items()}
    before = shelf.pages.get(file, {}).get("sha256", {})
    others = {name: item for name, item in shelf.pages.items() if name != file}
    with files.staged({folder / name: data for name, data in contents.items()}) as move:
        if before not in ({}, hashes):
            _save(replace(shelf, pages=others))
        printed = str(Path(file).with_suffix(PRINTED))
        for name in {file, printed, *before} - set(contents):
            (folder / name).unlink(missing_ok=True)
        move()
    notes = {**shelf.notes, file: note}
    placed = replace(shelf, pages={**others, file: {**entry, "sha256": hashes}}, notes=notes)
    _save(placed)
    return placed


def finish(shelf: Shelf, page: str, finished: str) -> Shelf:
    """Write the index and the last ``run.json``; `finished` (when) stays in the office.

    The checker's page of before is removed: it is written next, and who is killed in between must
    not find one that says something else than the pages.
    """
    (shelf.space.processed / CHECKED).unlink(missing_ok=True)
    wanted = _hash(page)
    if shelf.index != wanted:
        _save(replace(shelf, index=""))
        (shelf.space.reports / INDEX).with_suffix(PRINTED).unlink(missing_ok=True)
        files.write(shelf.space.reports / INDEX, page)
    whole = replace(shelf, index=wanted)
    _save(whole, finished)
    return whole


def settled(shelf: Shelf) -> bool:
    """Whether index, ``run.json`` and the checker's page say what they would say if written now."""
    written = _read(shelf.space.reports / "run.json")
    same = written == json.loads(_text(_public(shelf)))
    return bool(shelf.index) and same and _read(_office(shelf.space)).get("state") == _state(shelf)


def _save(shelf: Shelf, finished: str = "") -> None:
    space = shelf.space
    office = {
        "finished": finished,
        "state": _state(shelf) if finished else "",
        "pages": shelf.notes,
    }
    files.write(space.reports / "run.json", _text(_public(shelf)))
    files.write(_office(space), _text(office), private=True)


def _public(shelf: Shelf) -> dict[str, Any]:
    space, made = shelf.space, shelf.made
    return {
        "study": space.name,
        "title": space.study.title,
        "study_file": space.digest,
        "simulated": made.simulated,
        "inputs": dict(made.public_inputs),
        "versions": dict(made.versions),
        "index": shelf.index,
        "pages": shelf.entries,
    }


def _state(shelf: Shelf) -> str:
    """Return a digest of what the index and the checker's page say beside the pages."""
    told = [shelf.made.state, registry.digest(shelf.space), shelf.present.ground]
    return _hash(json.dumps(told, sort_keys=True))


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


def _reads(note: Entry) -> tuple[Read, ...]:
    found = note.get("reads")
    if not isinstance(found, list) or not all(isinstance(item, list) and item for item in found):
        return (Read(EVERYTHING),)
    return tuple(Read(str(name), tuple(map(str, areas))) for name, *areas in found)


def _said(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if names == (EARLIER,) else fingerprints.told(names)


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

"""What a page is made from, by name and digest: when all are as they were, so is the page.

The digests stay in the office: from those of private tables others could find out what is in them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaltools import files, program
from evaltools.data import digests, store
from evaltools.data.digests import Digests
from evaltools.data.provenance import Provenance
from evaltools.data.reads import CODINGS, EVERYTHING, PLAN, PROVENANCE, Read
from evaltools.data.tables import NARROWED
from evaltools.release import plans
from evaltools.reports.plan import FILES, Task
from evaltools.study import Workspace

Fingerprint = Mapping[str, str]
CASES, CODED = "hze_case", "coding"
ORIGIN = {NARROWED: CASES}  # counted from case rows where no file of counts is given
OF_TASK = ("parameters", "own files")
# What says nothing of how old the data on a page are.
NOT_DATA = ("notebook", "program", "record", "names", *OF_TASK)


@dataclass(frozen=True)
class Present:
    """What a study is made from at one moment; taken once, when a run begins.

    A notebook that is edited while the run goes on is then found to have changed by the next run.

    Attributes
    ----------
    ground : mapping of str to str
        What every page depends on.
    notebooks : mapping of str to str
        Name → digest.
    tables : mapping of str to mapping of str to str
        As :func:`evaltools.data.digests.of` gives them.
    pattern : str
        Which counts are shown and hidden; empty when that has to be decided anew.
    """

    space: Workspace
    made: Provenance
    ground: Fingerprint
    notebooks: Fingerprint
    tables: Digests
    pattern: str
    _files: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _known: dict[object, Fingerprint] = field(default_factory=dict, compare=False, repr=False)

    def of(self, notebook: str, reads: tuple[Read, ...], *, own: bool = False) -> Fingerprint:
        """Return the fingerprint of a page of a notebook that has looked at these.

        Parameters
        ----------
        notebook : str
            Its name.
        reads : tuple of Read
            What it has looked at.
        own : bool, optional
            Whether the user set a parameter. A start of one's own, or a file in place of a table,
            makes a plan of its own, which depends on all that plans are made from.
        """
        key = (notebook, reads, own)
        if key not in self._known:
            found = {"notebook": self.notebooks.get(notebook, ""), **self.ground}
            seen = read_sources(self.made, reads)
            found["sources"] = _digest([_printed(self.made, item) for item in seen])
            for read in reads:
                found |= self._read(read)
            if own and PLAN in found:
                found[PLAN] = plans.inputs(self.space)
            self._known[key] = found
        return self._known[key]

    def of_task(self, task: Task) -> dict[str, str]:
        """Return what only this task depends on: what the user set, and the files named by it."""
        named = [task.parameters[name] for name in FILES if task.parameters.get(name)]
        for name in named:
            path = self.space.root / name
            self._files.setdefault(name, files.digest(path) if path.is_file() else "")
        told = {"parameters": _digest([task.title, task.name, dict(task.parameters)])}
        return told | ({"own files": _digest([self._files[n] for n in named])} if named else {})

    def _read(self, read: Read) -> dict[str, str]:
        if read.name == EVERYTHING:
            every = [Read(name) for name in (*self.tables, PLAN, CODINGS, PROVENANCE)]
            return {name: code for one in every for name, code in self._read(one).items()}
        if read.name == PLAN:
            return {PLAN: self.pattern}
        if read.name in (CODINGS, PROVENANCE):
            return {read.name: self._made(read.name)}
        known = self.tables.get(read.name, {})
        if read.areas:
            return {f"{read.name} {area}": known.get(area, "") for area in read.areas}
        parts = known if read.name == NARROWED else {digests.WHOLE: known.get(digests.WHOLE, "")}
        return {f"{read.name} {area}".strip(): code for area, code in parts.items()}

    def _made(self, name: str) -> str:
        made = self.made
        if name == CODINGS:
            told = [item for item in made.sources if item["table"] == CODED]
            return _digest([told, [made.inputs.get(str(item["file"]), "") for item in told]])
        return _digest([made.sources, made.corrections, made.inputs, made.versions])


def present(space: Workspace, made: Provenance) -> Present:
    """Take stock of what a study is made from now.

    Releases are no part of it: they decide which counts are shown, and nothing else, so that the
    plan's pattern speaks for them.

    Parameters
    ----------
    space : Workspace
        The study; of a public one, the plan of its counts should be kept by now.
    made : Provenance
        Where its processed tables came from.
    """
    tables = digests.read(space.processed)
    books = (*space.study.notebooks.area, *space.study.notebooks.city)
    record = space.root / "studies" / f"{space.name}.record.json"
    ground = {
        "study file": space.digest,
        "record": _file(record),
        "program": program.digest(),
        "names": tables.get("pseudonym", {}).get(digests.WHOLE, ""),
        "state of data": _digest([made.city, made.simulated, made.retrieved]),
        "list of tables": _digest(store.available(space)),
    }
    notebooks = {name: _file(space.notebooks / f"{name}.ipynb") for name in books}
    return Present(space, made, ground, notebooks, tables, plans.pattern(space))


def read_sources(made: Provenance, reads: Collection[Read]) -> tuple[Mapping[str, Any], ...]:
    """Return the sources of what was looked at; all for who has looked at everything.

    Parameters
    ----------
    made : Provenance
        Names all sources with the table that each fills.
    reads : collection of Read
        What was looked at.
    """
    names = {read.name for read in reads}
    if names & {EVERYTHING, PROVENANCE, "findings"}:
        return made.sources
    filled = {str(source["table"]) for source in made.sources}
    wanted = {ORIGIN.get(name, name) if name not in filled else name for name in names}
    wanted |= {CODED} if CODINGS in names else set()
    return tuple(source for source in made.sources if source["table"] in wanted)


def differing(before: Fingerprint, now: Fingerprint) -> tuple[str, ...]:
    """Name what differs between two fingerprints of a page, sorted.

    A plan that has yet to be made is never the one that was.
    """
    unknown = {PLAN} if now.get(PLAN) == "" else set()
    names = {*before, *now}
    return tuple(sorted({n for n in names if before.get(n) != now.get(n)} | unknown))


def told(names: Iterable[str]) -> tuple[str, ...]:
    """Say what changed, areas of one table together: ``hze_count changed: SR04, SR10``."""
    areas: dict[str, list[str]] = {}
    for name in names:
        thing, area = name, ""
        if name.startswith(f"{NARROWED} "):
            thing, _, area = name.partition(" ")
        areas.setdefault(thing, []).extend([area] if area else [])
    return tuple(
        f"{thing} changed: {', '.join(named)}" if named else f"{thing} changed"
        for thing, named in areas.items()
    )


def _printed(made: Provenance, source: Mapping[str, Any]) -> list[str]:
    """Return what a page says of a source; of a private file that is no hash."""
    code = made.public_inputs.get(str(source["file"]), "")
    return [*(str(source[name]) for name in ("file", "provider", "licence", "retrieved")), code]


def _file(path: Path) -> str:
    return files.digest(path) if path.is_file() else ""


def _digest(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

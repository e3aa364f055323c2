"""Which interviews may be told apart on a page: never so few people that they are known again.

Interviews are put into blocks of one group in one area. Blocks with too few speakers are merged
before anything is counted. Whatever a page shows is then a sum over whole blocks, and so is every
difference of two such sums: none rests on fewer speakers than the limit. People may come to
several interviews: only those that the study declares to speak nowhere else are added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from evaltools.codings.material import Material
from evaltools.codings.model import Project, paths
from evaltools.release import wording
from evaltools.release.disclosure import Rule
from evaltools.release.views import Tables
from evaltools.study import Study

NO_GROUP = "ohne Gruppe"
OTHER_GROUPS = "weitere Gruppen"
OTHER_AREAS = "mehrere Räume"
OWN_WORDS = 4  # a code of so many words that somebody said is a quote
UNSHOWN = "nach einem Wortlaut benannt, nicht gezeigt"


@dataclass(frozen=True)
class Block:
    """Interviews that are counted together.

    Attributes
    ----------
    documents : tuple of str
        Their doc_ids.
    groups, areas : frozenset of str
        What they were held with and where, as German labels.
    people : tuple of (int, bool)
        For each interview how many spoke (0 where it is unknown), and whether they spoke in no
        other one.
    """

    documents: tuple[str, ...]
    groups: frozenset[str]
    areas: frozenset[str]
    people: tuple[tuple[int, bool], ...]

    @property
    def speakers(self) -> int:
        """How many people spoke at least: who may have come twice counts once."""
        again = max((n for n, only_here in self.people if not only_here), default=0)
        return again + sum(n for n, only_here in self.people if only_here)

    @property
    def least(self) -> int:
        """The smallest number of speakers of one interview."""
        return min(n for n, _ in self.people)

    @property
    def group(self) -> str:
        """Label of the group."""
        return next(iter(self.groups)) if len(self.groups) == 1 else OTHER_GROUPS

    @property
    def area(self) -> str:
        """Label of the area."""
        return next(iter(self.areas)) if len(self.areas) == 1 else OTHER_AREAS


@dataclass(frozen=True)
class Voices:
    """The interviews as a page may tell them apart.

    Attributes
    ----------
    project : Project
        ``group`` and ``area_id`` hold the labels of the blocks; without interviews when even all
        of them together have too few speakers.
    blocks : tuple of Block
        In the order of their labels.
    merged : tuple of Block
        Those that had to be put together.
    limit : int
        Least number of speakers of a block.
    hidden : frozenset of str
        Areas of which some interview is not shown under the name of the area.
    """

    project: Project
    blocks: tuple[Block, ...]
    merged: tuple[Block, ...]
    limit: int
    hidden: frozenset[str] = frozenset()

    @property
    def apart(self) -> tuple[str, ...]:
        """doc_ids of interviews that may be shown each for itself."""
        return tuple(
            doc for block in self.blocks if block.least >= self.limit for doc in block.documents
        )


def voices(material: Material, study: Study, tables: Tables, rules: Rule) -> Voices:
    """Merge what has too few speakers.

    Parameters
    ----------
    material : Material
        The study's interviews; not changed.
    study : Study
        Its limits and labels.
    tables : mapping of str to DataFrame
        For the names of areas.
    rules : Rule
        Pages for the office only show every group.
    """
    limit = max(study.codings.min_speakers, study.disclosure.threshold)
    blocks = _blocks(material, study, tables)
    material = material if rules.intern else replace(material, project=_unquoted(material.project))
    if rules.intern:
        return Voices(_labelled(material.project, blocks), tuple(blocks), (), 0)
    final = _merged(blocks, limit)
    merged = tuple(block for block in final if block not in blocks)
    kept = tuple(block for block in final if block.speakers >= limit)
    before = {(doc, block.area) for block in blocks for doc in block.documents}
    after = {(doc, block.area) for block in kept for doc in block.documents}
    hidden = frozenset(area for _, area in before - after)
    return Voices(_labelled(_only(material.project, kept), kept), kept, merged, limit, hidden)


def sentence(found: Voices) -> str:
    """Say what was put together, and why; empty when nothing was."""
    if not found.blocks:
        return (
            f"Nicht dargestellt: An allen Gesprächen zusammen nahmen weniger als "
            f"{wording.number(found.limit)} Personen teil, oder ihre Zahl ist nicht angegeben."
        )
    if not found.merged:
        return ""
    return (
        f"Gruppen mit weniger als {wording.number(found.limit)} Sprechenden, oder mit unbekannter "
        "Zahl, sind mit anderen zusammengelegt, damit niemand wiedererkannt wird."
    )


def _blocks(material: Material, study: Study, tables: Tables) -> list[Block]:
    names = tables["area"].set_index("area_id")["name"]
    documents = material.project.documents
    groups = documents["group"].fillna(NO_GROUP)
    areas = documents["area_id"].map(names).astype("string")
    areas = areas.fillna(documents["area_id"]).fillna(study.whole_label)
    known = material.speakers.reindex(documents["doc_id"]).fillna(0).astype(int)
    found: dict[tuple[str, str], Block] = {}
    columns = (documents["doc_id"], groups, areas, known)
    for doc, group, area, speakers in zip(*columns, strict=True):
        people = ((speakers, doc in material.only_here),)
        single = Block((doc,), frozenset({group}), frozenset({area}), people)
        there = found.get((area, group))
        found[area, group] = _joined(there, single) if there else single
    return [found[key] for key in sorted(found)]


def _joined(one: Block, other: Block) -> Block:
    return Block(
        one.documents + other.documents,
        one.groups | other.groups,
        one.areas | other.areas,
        one.people + other.people,
    )


def _merged(blocks: list[Block], limit: int) -> list[Block]:
    """Join the smallest block with the likest one until none is too small, or one is left."""
    current = list(blocks)
    while len(current) > 1:
        smallest = min(current, key=lambda block: (block.speakers, block.documents))
        if smallest.speakers >= limit:
            break
        others = [block for block in current if block is not smallest]
        partner = min(others, key=lambda block: _unlike(block, smallest))
        rest = [block for block in others if block is not partner]
        current = [*rest, _joined(partner, smallest)]
    return sorted(current, key=lambda block: (block.area, block.group, block.documents))


def _unlike(block: Block, other: Block) -> tuple[bool, bool, int, tuple[str, ...]]:
    """Prefer a block of the same area, then of the same group, then a small one."""
    apart = not block.areas & other.areas, not block.groups & other.groups
    return (*apart, block.speakers, block.documents)


def _labelled(project: Project, blocks: tuple[Block, ...] | list[Block]) -> Project:
    group = {doc: block.group for block in blocks for doc in block.documents}
    area = {doc: block.area for block in blocks for doc in block.documents}
    documents = project.documents.assign(
        group=_mapped(project.documents["doc_id"], group),
        area_id=_mapped(project.documents["doc_id"], area),
    )
    return replace(project, documents=documents)


def _unquoted(project: Project) -> Project:
    """Put a number for the name of a code that repeats what somebody said; it is not cleared."""
    said = "\n".join(" ".join(text.split()) for text in project.documents["text"].dropna())
    said = said.casefold()
    names = [
        f"Code {place} ({UNSHOWN})" if _repeats(name, said) else name
        for place, name in enumerate(project.codes["name"], start=1)
    ]
    codes = project.codes.assign(name=pd.Series(names, project.codes.index, dtype="string"))
    return replace(project, codes=codes.assign(path=paths(codes)))


def _repeats(name: str, said: str) -> bool:
    words = name.split()
    return len(words) >= OWN_WORDS and " ".join(words).casefold() in said


def _mapped(ids: pd.Series, labels: Mapping[str, str]) -> pd.Series:
    return ids.map(labels).astype("string")


def _only(project: Project, blocks: tuple[Block, ...]) -> Project:
    """Leave out the interviews of which nothing may be shown."""
    kept = {doc for block in blocks for doc in block.documents}
    return replace(
        project,
        documents=project.documents[project.documents["doc_id"].isin(kept)],
        segments=project.segments[project.segments["doc_id"].isin(kept)],
        codings=project.codings[project.codings["doc_id"].isin(kept)],
    )

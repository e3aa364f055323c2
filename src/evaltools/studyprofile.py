"""What a study file declares of its areas' portraits and of how areas are chosen.

Beside it, what the city's folder adds to the tables: the office's own texts on an area
(``texte/<area>.md``) and the borders of the areas (``gebiete.geojson``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evaltools import yamlfile
from evaltools.errors import StudyError, unknown
from evaltools.studymap import Border, borders
from evaltools.studyparts import Slug
from evaltools.yamlfile import Strict

Dimension = Literal["sozialstruktur", "infrastruktur", "bedarf_leistung", "sozialraum"]
AreaType = Literal["A", "B", "C", "D", "E"]
Weight = Annotated[float, Field(gt=0, le=1000)]
SOURCE = r"^(social_profile|selection_criterion):[A-Za-z0-9][A-Za-z0-9_\-]{0,31}$"
HEADINGS = ("Interpretation", "Bilanzierung", "Bedarfsaussagen")
TEXTS, MAP = "texte", "gebiete.geojson"


class IndexPart(Strict):
    """One indicator of an index: how much it counts, and whether a high value is a burden."""

    weight: Weight = 1
    higher_is: Literal["belasteter", "entlasteter"] = "belasteter"


class Index(Strict):
    """An index made of social indicators, and the published one that it is held against.

    ``digits`` is the printed precision of the published index.
    """

    name: Slug
    label: Annotated[str, Field(min_length=1, max_length=120)]
    indicators: Annotated[Mapping[Slug, IndexPart], Field(min_length=1, max_length=30)]
    published: Slug | None = None
    digits: Annotated[int, Field(ge=0, le=6)] = 3

    @model_validator(mode="after")
    def _not_its_own(self) -> Index:
        if self.published in self.indicators:
            raise ValueError(
                f"published: {self.published} is one of the indicators, so that the comparison "
                "would be with itself; leave it out of one of the two"
            )
        return self


class Profile(Strict):
    """How areas are portrayed: an index, the indicator that shades the map, names of the types."""

    index: Index | None = None
    map: Slug | None = None
    types: Mapping[AreaType, Annotated[str, Field(min_length=1, max_length=80)]] = {}


class Criterion(Strict):
    """One criterion for choosing areas.

    ``source`` names a table and what is taken from it. What rests on helps is left out of public
    pages beside case counts; in the dimension bedarf_leistung everything does, unless the office
    says otherwise here.
    """

    name: Slug
    dimension: Dimension
    source: Annotated[str, Field(pattern=SOURCE)]
    label: Annotated[str, Field(max_length=120)] = ""
    weight: Weight = 1
    higher_is: Literal["geeigneter", "ungeeigneter"] = "geeigneter"
    rests_on_helps: bool | None = None

    @property
    def helps(self) -> bool:
        """Whether its values rest on counts of helps."""
        if self.rests_on_helps is None:
            return self.dimension == "bedarf_leistung"
        return self.rests_on_helps


class AreaChoice(Strict):
    """How areas are chosen: criteria with weights, when and by whom this was decided.

    ``first`` is how many areas were to be chosen, ``nearest`` how many form the comparison group.
    """

    criteria: Annotated[tuple[Criterion, ...], Field(max_length=50)] = ()
    decided: Annotated[str, Field(pattern=r"^(19|20)\d{2}(-\d{2}(-\d{2})?)?$")] | None = None
    by: Annotated[str, Field(max_length=120)] = ""
    first: Annotated[int, Field(ge=1, le=50)] = 3
    nearest: Annotated[int, Field(ge=2, le=50)] = 5

    @model_validator(mode="after")
    def _each_once(self) -> AreaChoice:
        names = [criterion.name for criterion in self.criteria]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"criterion {', '.join(double)} is given twice; keep one")
        return self


@dataclass(frozen=True)
class CityFolder:
    """What a city's folder holds beside its tables.

    Attributes
    ----------
    texts : mapping of str to mapping of str to tuple of str
        Area → heading → paragraphs.
    borders : tuple of Border
        Empty where the folder holds no map.
    content : bytes
        All that was read, for the digest of the study; empty where there is nothing.
    """

    texts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    borders: tuple[Border, ...] = ()
    content: bytes = field(default=b"", repr=False)


def city_folder(folder: Path, areas: tuple[str, ...]) -> CityFolder:
    """Read the texts on some areas, and the map of all of them.

    Parameters
    ----------
    folder : Path
        Folder of the city's raw files; neither texts nor map need be there.
    areas : tuple of str
        The areas whose texts are read.

    Returns
    -------
    CityFolder

    Raises
    ------
    StudyError
        When a file is too large, not UTF-8, or not what it should be.
    """
    raw = {
        area: yamlfile.text(folder / TEXTS / f"{area}.md")
        for area in areas
        if (folder / TEXTS / f"{area}.md").exists()
    }
    texts = {area: paragraphs(text, f"{TEXTS}/{area}.md") for area, text in raw.items()}
    drawn, drawing = borders(folder / MAP) if (folder / MAP).exists() else ((), b"")
    parts = [part for area in sorted(raw) for part in (area.encode(), raw[area].encode())]
    parts += [MAP.encode(), drawing] if drawing else []
    # Each part with its length: the same bytes parted otherwise are other content.
    content = b"".join(b"\0%d\0" % len(part) + part for part in parts)
    return CityFolder(texts, drawn, content)


def paragraphs(text: str, name: str) -> dict[str, tuple[str, ...]]:
    """Part a text into its sections and these into paragraphs; nothing in it is interpreted.

    Parameters
    ----------
    text : str
        With headings ``## Interpretation``, ``## Bilanzierung`` and ``## Bedarfsaussagen``, each
        at most once; a title (``# …``) may stand above them.
    name : str
        The file's name, for messages.

    Raises
    ------
    StudyError
        When there is another heading, one stands twice, or text stands above the first one.
    """
    if found := yamlfile.CONTROL.search(text.replace("\r\n", "\n")):
        place = text[: found.start()].count("\n") + 1
        raise StudyError(f"{name}, line {place}: a control character; leave it out")
    sections: dict[str, list[str]] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.fullmatch(r"##\s+(.*?)\s*#*\s*", line):
            current = _heading(heading[1], sections, f"{name}, line {number}")
        elif current:
            sections[current].append(line.strip())
        elif line.strip() and not re.match(r"#\s", line):
            raise StudyError(
                f"{name}, line {number}: text above the first heading; write it beneath "
                f"{', '.join(f'## {one}' for one in HEADINGS)}"
            )
    return {title: _parted(lines) for title, lines in sections.items()}


def _heading(title: str, sections: dict[str, list[str]], place: str) -> str:
    if title not in HEADINGS:
        raise StudyError(f"{place}: {unknown('heading', title, HEADINGS)}")
    if title in sections:
        raise StudyError(f"{place}: heading {title} stands twice; keep one")
    sections[title] = []
    return title


def _parted(lines: list[str]) -> tuple[str, ...]:
    """Join lines to paragraphs, which blank lines part."""
    parts = re.split(r"\n{2,}", "\n".join(lines).strip())
    return tuple(" ".join(part.split("\n")) for part in parts if part.strip())

"""From a coded project to ratings: what is compared, chosen by name.

Programs differ in what they call a unit, and agreement differs with it: so every table of ratings
carries its unit and a German sentence that defines it. Only documents that at least two of the
coders worked on are compared. Without `coders` as a mapping, a coder worked on a document when she
coded anything in it: who never opened a document has not disagreed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools import german
from evaltools.codings import comparable, passages
from evaltools.codings.comparable import Coders
from evaltools.codings.model import Project
from evaltools.errors import DesignError, unknown

Floats = npt.NDArray[np.float64]
UNITS = {
    "document": "Einheit Dokument: Je Dokument zählt, ob eine Person den Code dort mindestens "
    "einmal vergeben hat.",
    "segment": "Einheit Fundstelle: Kodierte Stellen (über alle Codes und Personen), die sich auf "
    "mindestens {overlap} der längeren Stelle überdecken, gelten als eine Fundstelle; je "
    "Fundstelle zählt, ob eine Person den Code dort vergeben hat. Text, den alle unkodiert "
    "ließen, geht nicht ein.",
    "character": "Einheit Zeichen: Je Zeichen des Textes zählt, ob eine Person es mit dem Code "
    "belegt hat; lange Stellen wiegen mehr als kurze, und unkodierter Text zählt mit.",
}
ALIKE = (
    "Einheit Fundstelle: Die Quelle nennt keine Zeichenpositionen; Stellen mit denselben Absätzen "
    "und Worten gelten als eine Fundstelle, schon andere Grenzen als eine andere. Je Fundstelle "
    "zählt, ob eine Person den Code dort vergeben hat."
)
WORKED = " Ein Dokument zählt nur für Personen, die es bearbeitet haben, und nur ab zwei Personen."


@dataclass(frozen=True)
class Ratings:
    """Who gave a code to which unit.

    Attributes
    ----------
    values : ndarray, (rows, coders)
        1 given, 0 not given, NaN where the coder did not work on the document.
    weights : ndarray, (rows,)
        Number of units a row stands for: 1, or the characters of a run.
    places : DataFrame
        ``doc_id, start, end, para_start, para_end`` of each row.
    coders, codes : tuple of str
        Names of the coders by column; paths of the codes.
    unit, definition : str
        Name of the unit; what it means, in German.
    left_out : tuple of (str, str)
        Documents that were not compared, and why, in German.
    """

    values: Floats
    weights: Floats
    places: pd.DataFrame
    coders: tuple[str, ...]
    codes: tuple[str, ...]
    unit: str
    definition: str
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Layout:
    """Units of a project before a code is chosen.

    ``codings`` are those compared, with ``coder`` (column), ``place`` (row of `places`) and the
    position of their segment; ``rated`` tells which coder worked on which place. The places of the
    unit character are whole documents: their runs depend on the code.
    """

    unit: str
    definition: str
    codings: pd.DataFrame
    places: pd.DataFrame
    rated: npt.NDArray[np.bool_]
    coders: tuple[str, ...]
    codes: pd.Series
    left_out: tuple[tuple[str, str], ...]


def layout(project: Project, *, unit: str, overlap: float = 0.5, coders: Coders = None) -> Layout:
    """Lay out the units on which coders are compared; see :func:`ratings`."""
    if unit not in UNITS:
        told = f"Die Einheit „{unit}“ gibt es nicht."
        raise DesignError(unknown("unit", unit, UNITS), german=told)
    if not 0 < overlap <= 1:
        told = "Die Überdeckung muss über 0 und höchstens 1 sein."
        raise DesignError(f"overlap={overlap} must be above 0 and at most 1", german=told)
    chosen = comparable.chosen(project, coders)
    codings, worked = comparable.worked(project, chosen, coders)
    reasons = comparable.reasons(project, codings, worked, unit)
    worked = worked.drop(index=[*reasons])
    codings = codings[codings["doc_id"].isin(worked.index)].reset_index(drop=True)
    place, places = _places(project, codings, worked.index, unit, overlap)
    named = project.documents.set_index("doc_id")["name"]
    return Layout(
        unit=unit,
        definition=_definition(unit, overlap, codings) + WORKED,
        codings=codings.assign(place=place),
        places=places,
        rated=worked.loc[places["doc_id"]].to_numpy(dtype=bool),
        coders=comparable.names(project, chosen),
        codes=project.codes.set_index("code_id")["path"],
        left_out=tuple((str(named[doc]), reason) for doc, reason in reasons.items()),
    )


def _definition(unit: str, overlap: float, codings: pd.DataFrame) -> str:
    if unit == "segment" and len(codings) and codings["start"].isna().all():
        return ALIKE
    return UNITS[unit].format(overlap=german.percent(overlap))


def ratings(
    project: Project,
    codes: str | Collection[str],
    *,
    unit: str,
    overlap: float = 0.5,
    coders: Coders = None,
) -> Ratings:
    """Rate each unit by coder, 1 where the code was given.

    Parameters
    ----------
    project : Project
        With the codings of at least two coders.
    codes : str or collection of str
        Id or path of a code; several count as one (given when any of them was given), as for a
        code with its children.
    unit : {'document', 'segment', 'character'}
        What is compared. ``document``: was the code given anywhere in it. ``segment``: passages
        are made of all coded segments of all compared coders and codes, linked where they share
        at least `overlap` of the longer one (links chain); without offsets, by the same paragraphs
        and words. This gives every coder a 0 or 1 on every passage, so that chance can be
        corrected for; its known weakness is that only coded passages are units, so agreement on
        leaving text uncoded counts for nothing, and that a finely and a coarsely cut passage are
        two units. ``character``: each character of the text, kept as runs with weights; long
        segments weigh more than short ones.
    overlap : float, optional
        Smallest shared part of the longer segment, above 0 up to 1; of ``segment`` only.
    coders : collection of str, or mapping of str to collection of str, optional
        Ids of the coders compared, all who coded without it; as a mapping, with the ids of the
        documents each worked on.

    Raises
    ------
    DesignError
        When unit, code or coder is unknown, fewer than two coders coded, or no document was
        worked on by two coders (with known positions).
    """
    return rate(layout(project, unit=unit, overlap=overlap, coders=coders), codes)


def rate(units: Layout, codes: str | Collection[str]) -> Ratings:
    """Rate the units of a layout for a code, or for several as one; see :func:`ratings`."""
    wanted = code_ids(units.codes, codes)
    rows = units.codings[units.codings["code_id"].isin(wanted)]
    values = np.where(units.rated, 0.0, np.nan)
    places, weights = units.places, np.ones(len(values))
    if units.unit == "character":
        places, values = passages.runs(units.places, rows, values)
        weights = (places["end"] - places["start"]).to_numpy(dtype=float)
    else:
        values[rows["place"].to_numpy(), rows["coder"].to_numpy()] = 1.0
    paths = tuple(str(units.codes[code]) for code in wanted)
    about = (units.unit, units.definition, units.left_out)
    return Ratings(values, weights, places, units.coders, paths, *about)


def pooled(units: Layout, codes: Collection[str] | None = None) -> Ratings:
    """Rate every unit for every code, as one table for agreement over all codes together.

    Parameters
    ----------
    units : Layout
        The units to rate.
    codes : collection of str, optional
        Ids or paths of the codes; without them all that one of the coders used. Codes nobody used
        would only add agreement on their absence.

    Returns
    -------
    Ratings
        Units by codes that somebody gave, and for each document one row whose weight is the number
        of units by codes that nobody gave (its position is NA).

    Raises
    ------
    DesignError
        When a code is unknown or there is none.
    """
    used = set(units.codings["code_id"])
    some = [code for code in units.codes.index if code in used]
    each = [rate(units, code) for code in (some if codes is None else code_ids(units.codes, codes))]
    if not each:
        told = "Keine der verglichenen Personen hat einen Code vergeben."
        raise DesignError("none of the coders gave a code to what is compared", german=told)
    given = [np.nansum(one.values, axis=1) > 0 for one in each]
    places = pd.concat([one.places[rows] for one, rows in zip(each, given, strict=True)])
    weights = np.concatenate([one.weights[rows] for one, rows in zip(each, given, strict=True)])
    values = np.concatenate([one.values[rows] for one, rows in zip(each, given, strict=True)])
    docs, first = np.unique(units.places["doc_id"].astype(str), return_index=True)
    covered = np.bincount(np.searchsorted(docs, places["doc_id"].astype(str)), weights, len(docs))
    total = sum(
        np.bincount(np.searchsorted(docs, one.places["doc_id"].astype(str)), one.weights, len(docs))
        for one in each
    )
    rest = pd.DataFrame({"doc_id": docs}).reindex(columns=passages.POSITION)
    return replace(
        each[0],
        values=np.concatenate([values, np.where(units.rated[first], 0.0, np.nan)]),
        weights=np.concatenate([weights, total - covered]),
        places=pd.concat([places.astype(object), rest.astype(object)], ignore_index=True),
        codes=tuple(path for one in each for path in one.codes),
    )


def code_ids(known: pd.Series, codes: str | Collection[str]) -> list[str]:
    """Return the ids of codes named by id or path; `known` are the paths by id.

    Raises
    ------
    DesignError
        When a name is unknown or a path belongs to several codes.
    """
    found: list[str] = []
    for code in [codes] if isinstance(codes, str) else codes:
        ids = [code] if code in known.index else [*known.index[known == code]]
        if len(ids) != 1:
            text = unknown("code", code, {*known.astype(str)})
            text = text if not ids else f"path {code!r} belongs to {len(ids)} codes; give an id"
            raise DesignError(text, german=f"Der Code „{code}“ ist unbekannt oder mehrdeutig.")
        found += ids
    return found


def _places(
    project: Project, codings: pd.DataFrame, docs: pd.Index, unit: str, overlap: float
) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Return the place of each coding, and the places."""
    if unit == "segment":
        return passages.passages(codings, overlap)
    length = project.documents.set_index("doc_id")["n_chars"].reindex(docs)
    places = pd.DataFrame({"doc_id": docs, "start": 0, "end": length.to_numpy()})
    at = docs.get_indexer(pd.Index(codings["doc_id"]))
    return at.astype(np.int64), places.reindex(columns=passages.POSITION)

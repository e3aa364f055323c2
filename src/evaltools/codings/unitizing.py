"""Krippendorff's alpha for unitizing: whether two coders cut the same stretches out of a text.

Each code is a continuum of its own, made of coded units and the gaps between them. Units that
overlap differ by the squares of what their beginnings and their ends lie apart; a unit that falls
into a gap of the other coder differs by the square of its length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.codings import units
from evaltools.codings.comparable import Coders
from evaltools.codings.model import Project
from evaltools.errors import DesignError

Spans = Sequence[tuple[int, int]]
Floats = npt.NDArray[np.float64]
LABEL = "Krippendorffs Alpha für Einheitenbildung"
DEFINITION = (
    "1 minus beobachtete durch erwartete Nichtübereinstimmung über Lage und Länge kodierter "
    "Stellen, je Code für sich; Krippendorff 2004, doi:10.1007/s11135-004-8107-7"
)


@dataclass(frozen=True)
class Unitizing:
    """Agreement of two coders on cutting one text.

    Attributes
    ----------
    alpha : float
        Over all categories: 1 minus summed observed by summed expected disagreement, nothing
        rounded on the way (the published example rounds its sums to four digits first).
    categories : DataFrame
        ``category, observed, expected, alpha`` of each category; ``alpha`` is NaN where nothing
        could be expected.
    length : int
        Length of the text.
    """

    alpha: float
    categories: pd.DataFrame
    length: int
    label: str = LABEL
    definition: str = DEFINITION


def alpha(sections: Mapping[str, Sequence[Spans]], *, length: int) -> Unitizing:
    """Compute alpha for unitizing from the stretches each of two coders cut out.

    Parameters
    ----------
    sections : mapping of str to (spans, spans)
        By category and coder, half-open stretches ``(start, end)`` in whole numbers.
    length : int
        Length of the text; all stretches lie within 0 and `length`.

    Raises
    ------
    DesignError
        With other than two coders (for more the definition was found wanting and replaced in
        2016, see References); when stretches of one coder and category overlap or lie outside;
        when no stretch was cut or nothing could be expected.

    References
    ----------
    Krippendorff 2004, doi:10.1007/s11135-004-8107-7; for more than two coders Krippendorff,
    Mathet, Bouvry and Widlöcher 2016, doi:10.1007/s11135-015-0266-1.
    """
    rows = []
    for category, coders in sections.items():
        if len(coders) != 2:
            raise DesignError(
                f"category {category!r}: alpha for unitizing compares 2 coders, not {len(coders)}",
                german=f"{LABEL} vergleicht genau zwei Personen.",
            )
        one, other = (_spans(found, length, category) for found in coders)
        seen = _observed(one, other, length)
        rows.append((category, seen, _expected((one, other), length)))
    table = pd.DataFrame(rows, columns=["category", "observed", "expected"])
    expected = table["expected"].sum()
    if not expected > 0:
        raise DesignError(
            "alpha for unitizing is undefined: nobody cut anything out",
            german=f"{LABEL} ist nicht bestimmt: Es gibt keine kodierten Stellen.",
        )
    each = 1 - table["observed"] / table["expected"].where(table["expected"] > 0)
    return Unitizing(
        float(1 - table["observed"].sum() / expected), table.assign(alpha=each), length
    )


def per_document(project: Project, *, coders: Coders = None) -> pd.DataFrame:
    """Compute alpha for unitizing on every document that both coders worked on.

    Parameters
    ----------
    project : Project
        With offsets and texts; overlapping codings of one coder with the same code are joined.
    coders : collection of str, or mapping of str to collection of str, optional
        The two coders, as of :func:`evaltools.codings.units.ratings`.

    Returns
    -------
    DataFrame
        ``doc_id, document, path, observed, expected, alpha``: a row for each code used in the
        document, and one with the path NA for all its codes together.

    Raises
    ------
    DesignError
        With other than two coders, or when no document has positions by both.
    """
    lay = units.layout(project, unit="character", coders=coders)
    if len(lay.coders) != 2:
        raise DesignError(
            f"alpha for unitizing compares 2 coders, not {len(lay.coders)}; name two in coders",
            german=f"{LABEL} vergleicht genau zwei Personen, nicht {len(lay.coders)}.",
        )
    names = project.documents.set_index("doc_id")["name"]
    tables = []
    for place, doc in enumerate(lay.places["doc_id"]):
        rows = lay.codings[lay.codings["place"] == place]
        if not rows.empty:
            table = _document(rows, int(lay.places["end"].iloc[place]), lay.codes)
            tables.append(table.assign(doc_id=doc, document=names[doc]))
    columns = ["doc_id", "document", "path", "observed", "expected", "alpha"]
    return pd.concat(tables, ignore_index=True)[columns]


def _document(rows: pd.DataFrame, length: int, paths: pd.Series) -> pd.DataFrame:
    sections = {
        str(code): [_joined(mine[mine["coder"] == at]) for at in (0, 1)]
        for code, mine in rows.groupby("code_id")
    }
    found = alpha(sections, length=length)
    each = found.categories.assign(path=paths.reindex([*sections]).to_numpy())
    both = each[["observed", "expected"]].sum().to_frame().T.assign(alpha=found.alpha, path=None)
    return pd.concat([each, both], ignore_index=True)


def _joined(rows: pd.DataFrame) -> Spans:
    """Join overlapping stretches; those that only touch stay two."""
    found: list[tuple[int, int]] = []
    for start, end in sorted({*zip(rows["start"], rows["end"], strict=True)}):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((int(start), int(end)))
    return found


def _spans(found: Spans, length: int, category: str) -> Floats:
    spans = np.array(sorted(found), dtype=float).reshape(-1, 2)
    start, end = spans.T
    if (start >= end).any() or (start < 0).any() or (end > length).any():
        raise DesignError(f"category {category!r}: a stretch lies outside 0 to {length}")
    if (start[1:] < end[:-1]).any():
        raise DesignError(f"category {category!r}: stretches of one coder overlap; join them")
    return spans


def _observed(one: Floats, other: Floats, length: int) -> float:
    begins = one[:, None, 0] - other[None, :, 0]
    ends = one[:, None, 1] - other[None, :, 1]
    meet = (one[:, None, 0] < other[None, :, 1]) & (other[None, :, 0] < one[:, None, 1])
    apart = (begins**2 + ends**2)[meet].sum()
    for spans, lonely in ((one, ~meet.any(axis=1)), (other, ~meet.any(axis=0))):
        apart += (np.diff(spans[lonely]) ** 2).sum()
    return float(apart) / length**2


def _expected(coders: Sequence[Floats], length: int) -> float:
    sizes = np.concatenate([np.diff(spans).ravel() for spans in coders])
    gaps = np.concatenate([np.diff([0, *spans.ravel(), length])[::2] for spans in coders])
    # Slid along each other, units overlap in as many ways as they are long, and a unit fits into
    # a gap in as many ways as the gap is longer, plus one.
    overlapping = (len(sizes) - 1) / 3 * (2 * sizes**3 - 3 * sizes**2 + sizes)
    fits = np.where(gaps >= sizes[:, None], gaps - sizes[:, None] + 1, 0)
    within = sizes**2 * np.where(gaps > 0, fits, 0).sum(axis=1)
    total = len(coders) * length
    ways = total * (total - 1) - (sizes * (sizes - 1)).sum()
    return float(2 / length * (overlapping + within).sum() / ways) if ways > 0 else 0.0

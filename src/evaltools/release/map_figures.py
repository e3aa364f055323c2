"""A map of the areas: shaded by one social indicator, model areas hatched, every area named."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from evaltools.errors import StudyError
from evaltools.measures.helps import counts_helps
from evaltools.measures.inequality import ASKED
from evaltools.release import wording
from evaltools.release.axes import BLUE, GREY, blank, wrapped
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure, finish, framed, numbers
from evaltools.release.profile_views import INDICATORS
from evaltools.release.tables import Column
from evaltools.release.views import Tables, area_name, public
from evaltools.study import Study
from evaltools.studymap import Border, Ring

NO_MAP = "Der Ordner der Stadt enthält keine Karte der Räume (gebiete.geojson)."
BARE = "Karte der Räume, ohne Schattierung: Kein Merkmal liegt für genug Räume vor."
SHADES = ("#f2f6fa", "#c3d9ea", "#86b4d6", "#4a88b8")
NONE = "#ffffff"
FEWEST = 3  # areas with a value, for shading to say anything
MOST_LABELLED = 40  # areas whose value stands beneath the id
NAMED = 3  # areas that the text alternative names at either end
HEIGHT = 5.6


def areas(
    borders: Sequence[Border], tables: Tables, study: Study, area: str, rules: Rule
) -> Figure | Prose:
    """Draw the areas of a city, shaded by one social indicator.

    Parameters
    ----------
    borders : sequence of Border
        As read with the study (``space.beside.borders``); degrees or metres.
    tables, study, area, rules
        As everywhere. ``study.profile.map`` names the indicator; without it the first by name that
        enough areas have. One that counts helps is never drawn.

    Raises
    ------
    StudyError
        When the map names an area that the table ``area`` does not hold.
    """
    if not borders:
        return prose(NO_MAP)
    ids = tuple(border.area for border in borders)
    _known(ids, tables)
    name, year, unit, values = _shading(tables, study, ids)
    edges = _edges(values)
    handed = public(_frame(ids, values, tables, study, area), rules)
    shown = framed(handed, ("value",))
    label = INDICATORS.get(name, name)
    heading = f"{label} {year} ({unit})" if name else ""
    canvas, axes = blank(height=HEIGHT)
    _draw(axes, borders, shown.set_index("area_id"), edges)
    _legend(axes, shown, edges, heading)
    caption = _caption(label, year, tables, ids) if name else BARE
    columns = {
        "area_id": Column("Kennung"),
        "name": Column(study.area_label),
        "kind": Column("Art"),
        "value": Column(label if name else "Wert", unit, 1),
        "class": Column("Klasse"),
    }
    data = numbers(handed, columns, caption)
    title = _title(shown, area, label, year) if name else f"Karte der {len(ids)} Räume"
    return finish(canvas, handed, title, caption, _words(shown, area, heading), data)


def _frame(
    ids: Sequence[str], values: pd.Series, tables: Tables, study: Study, area: str
) -> pd.DataFrame:
    """Set each area's name, value, class and kind; the highest value first."""
    edges, own = _edges(values), values.reindex(list(ids))
    columns = {
        "area_id": list(ids),
        "name": [area_name(tables, one) for one in ids],
        "value": pd.array(own.to_numpy(float), dtype="Float64"),
        "class": [_class_name(value, edges) for value in own],
        "kind": [_kind(one, area, study) for one in ids],
    }
    frame = pd.DataFrame(columns)
    return frame.sort_values(["value", "area_id"], ascending=[False, True], ignore_index=True)


def _known(ids: Iterable[str], tables: Tables) -> None:
    lost = sorted(set(ids) - set(tables["area"]["area_id"].astype(str)))
    if lost:
        raise StudyError(
            f"gebiete.geojson: area_id {', '.join(lost[:10])} is not in the table area; correct "
            "the map, or add the areas"
        )


def _shading(tables: Tables, study: Study, ids: Sequence[str]) -> tuple[str, int, str, pd.Series]:
    """Return indicator, year, unit and values; an empty name where nothing can be shaded."""
    nothing = ("", 0, "", pd.Series(dtype=float))
    if "social_profile" not in tables:
        return nothing
    table = tables["social_profile"]
    table = table[table["area_id"].isin(ids) & table["value"].notna() & ~counts_helps(table)]
    table = table[~table["indicator"].astype("string").str.startswith(ASKED)]
    wanted = [study.profile.map] if study.profile.map else sorted(set(table["indicator"]))
    for name in wanted:
        part = table[table["indicator"] == name]
        sizes = part.groupby("year")["area_id"].nunique()
        years = sizes.index[sizes >= FEWEST]
        if len(years):
            own = part[part["year"] == max(years)]
            values = own.set_index("area_id")["value"].astype(float)
            return str(name), int(max(years)), str(own["unit"].iloc[0]), values
    return nothing


def _edges(values: pd.Series) -> list[float]:
    """Return the lower ends of the classes: quarters of the areas, fewer where values are tied."""
    if values.empty:
        return []
    ends = np.quantile(values, np.arange(len(SHADES)) / len(SHADES), method="higher")
    return sorted({float(end) for end in ends})


def _class_of(value: float, edges: Sequence[float]) -> int | None:
    if not edges or not math.isfinite(value):
        return None
    return max(0, int(np.searchsorted(edges, value, side="right")) - 1)


def _class_name(value: float, edges: Sequence[float]) -> str:
    place = _class_of(value, edges)
    if place is None:
        return "keine Angabe"
    low = wording.number(edges[place], 1)
    if place + 1 == len(edges):
        return f"ab {low}"
    return f"{low} bis unter {wording.number(edges[place + 1], 1)}"


def _kind(one: str, area: str, study: Study) -> str:
    if one == area:
        return "dieser Modellraum"
    return "anderer Modellraum" if one in study.treated else "übriger Raum"


STYLES = {
    "dieser Modellraum": ("//", "#222222", 2.2),
    "anderer Modellraum": ("..", "#222222", 1.4),
    "übriger Raum": ("", GREY, 0.8),
}


def _draw(
    axes: Axes, borders: Sequence[Border], shown: pd.DataFrame, edges: Sequence[float]
) -> None:
    # What has the widest edge is drawn last, so that no neighbour covers it.
    for border in sorted(borders, key=lambda one: STYLES[str(shown.at[one.area, "kind"])][2]):
        hatch, edge, width = STYLES[str(shown.at[border.area, "kind"])]
        place = _class_of(float(str(shown.at[border.area, "value"])), edges)
        shade = NONE if place is None else _shade(place, len(edges))
        style: dict[str, Any] = {
            "facecolor": shade,
            "edgecolor": edge,
            "linewidth": width,
            "hatch": hatch,
        }
        axes.add_patch(PathPatch(_path(border), **style, zorder=2 + width))
    for border in borders:
        value = float(str(shown.at[border.area, "value"]))
        text = border.area
        if len(borders) <= MOST_LABELLED and math.isfinite(value):
            text = f"{border.area}\n{wording.number(value, 1)}"
        own = shown.at[border.area, "kind"] == "dieser Modellraum"
        box: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
        font: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 8.5,
            "bbox": box,
            "zorder": 9,
        }
        color, weight = (BLUE, "bold") if own else ("#222222", "normal")
        axes.text(*_middle(border), text, color=color, weight=weight, **font)
    axes.set_aspect(_aspect(borders))
    axes.autoscale_view()
    axes.set_axis_off()


def _shade(place: int, n: int) -> str:
    return SHADES[place + len(SHADES) - n]


def _path(border: Border) -> Path:
    """Join all rings; with outer rings and holes wound against each other, holes stay empty."""
    parts = [
        Path(np.array(_wound(ring, left=place == 0)), closed=True)
        for polygon in border.polygons
        for place, ring in enumerate(polygon)
    ]
    return Path.make_compound_path(*parts)


def _wound(ring: Ring, *, left: bool) -> Ring:
    return ring if (_surface(ring) > 0) == left else ring[::-1]


def _surface(ring: Ring) -> float:
    """Signed surface of a ring, above zero where it runs anticlockwise."""
    x, y = np.array(ring).T
    x, y = x - x[0], y - y[0]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def _middle(border: Border) -> tuple[float, float]:
    """Return the centre of gravity of the largest polygon's outer ring."""
    ring = max((polygon[0] for polygon in border.polygons), key=lambda one: abs(_surface(one)))
    x, y = np.array(ring).T
    whole = _surface(ring)
    if whole == 0:
        return float(x.mean()), float(y.mean())
    left, low = x[0], y[0]
    x, y = x - left, y - low
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    at = ((axis[:-1] + axis[1:]) * cross for axis in (x, y))
    right, up = (float(part.sum() / (6 * whole)) for part in at)
    return right + float(left), up + float(low)


def _aspect(borders: Sequence[Border]) -> float:
    """Height of a unit over its width: in degrees, one of longitude shrinks with the latitude."""
    points = np.array([p for b in borders for polygon in b.polygons for p in polygon[0]])
    x, y = points.T
    if np.abs(x).max() > 180 or np.abs(y).max() > 90:
        return 1.0
    return 1.0 / max(math.cos(math.radians(float(y.min() + y.max()) / 2)), 0.05)


def _legend(axes: Axes, shown: pd.DataFrame, edges: Sequence[float], heading: str) -> None:
    handles = [
        Patch(facecolor=_shade(place, len(edges)), edgecolor=GREY, label=_class_name(low, edges))
        for place, low in enumerate(edges)
    ]
    if heading and shown["value"].isna().any():
        handles.append(Patch(facecolor=NONE, edgecolor=GREY, label="keine Angabe"))
    for kind, (hatch, edge, width) in STYLES.items():
        if hatch and (shown["kind"] == kind).any():
            style: dict[str, Any] = {"hatch": hatch, "edgecolor": edge, "linewidth": width}
            handles.append(Patch(facecolor=NONE, label=kind, **style))
    place: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    legend = axes.legend(
        handles=handles, title=wrapped(heading), frameon=False, fontsize=9, **place
    )
    legend.set_alignment("left")
    legend.get_title().set_fontsize(9)


def _caption(label: str, year: int, tables: Tables, ids: Sequence[str]) -> str:
    table = tables["area"].reindex(columns=["area_id", "successor"])
    today = table.loc[table["successor"].isna(), "area_id"].astype(str)
    lost = sorted(set(today) - set(ids))
    missing = f" Ohne Grenzen in der Karte: {wording.listing(lost)}." if lost else ""
    classes = "Die Klassen fassen je etwa ein Viertel der Räume."
    return f"Karte der Räume: {label} {year}. {classes}{missing}"


def _title(shown: pd.DataFrame, area: str, label: str, year: int) -> str:
    known = shown[shown["value"].notna()]
    own = known.loc[known["area_id"] == area, "value"]
    if own.empty:
        return f"{label} {year}: {len(known)} Räume, für {area} keine Angabe"
    place = int((known["value"] > own.iloc[0]).sum()) + 1
    return f"{label} {year}: {area} an Stelle {place} von {len(known)}, vom höchsten Wert an"


def _words(shown: pd.DataFrame, area: str, heading: str) -> str:
    known = shown[shown["value"].notna()]
    own = shown[shown["area_id"] == area]
    if known.empty:
        return f"Karte von {len(shown)} Räumen, ohne Werte; hervorgehoben: {area}."
    pairs = known[["area_id", "value"]].itertuples(index=False)
    told = [f"{one} {wording.number(value, 1)}" for one, value in pairs]
    value = own["value"].dropna()
    here = wording.number(float(value.iloc[0]), 1) if len(value) else "keine Angabe"
    return (
        f"Karte von {len(shown)} Räumen, schattiert nach {heading}. Hervorgehoben: {area}, {here}. "
        f"Am höchsten: {', '.join(told[:NAMED])}. Am niedrigsten: {', '.join(told[-NAMED:])}."
    )

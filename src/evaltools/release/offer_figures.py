"""The matrix of an area's offers: life phase × access, before and after."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch, Rectangle

from evaltools.measures import offers
from evaltools.release import wording
from evaltools.release.axes import SETTINGS, SIZE
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose
from evaltools.release.figures import Figure, finish, numbers
from evaltools.release.offer_views import ACCESS, missing
from evaltools.release.profile_views import PHASES
from evaltools.release.tables import Column
from evaltools.release.views import Tables, area_name, public
from evaltools.study import Study

# Blues from light to dark; the text on the first two is dark, on the others white (contrast > 5).
SHADES = ("#D6E6F4", "#9CC6E4", "#2171B5", "#08519C", "#08306B")
DARK_FROM = 3  # offers in a cell from which its shade needs white text
INK = "#222222"
GAP: Any = {"facecolor": "white", "edgecolor": "#8A8A8A", "hatch": "//", "linewidth": 0.6}
ROW = 0.46  # inches a life phase
LEGEND: Any = {"frameon": False, "fontsize": 9, "loc": "outside upper left", "ncols": 3}


def matrix(tables: Tables, study: Study, area: str, rules: Rule) -> Figure | Prose:
    """Draw how many offers run in each cell of life phase × access, before and after."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    frame = _cells(tables["offer"], area, years)
    released = public(frame, rules)
    canvas, panels = _blank(frame, len(years))
    for axes, year in zip(panels, years, strict=True):
        _panel(axes, frame, year)
    panels[0].set_yticks(*_ticks(frame, "life_phase", PHASES))
    handles = [
        Patch(**GAP, label="kein Angebot"),
        Patch(facecolor=SHADES[0], label="ein Angebot"),
        Patch(facecolor=SHADES[-1], label="dunkler: mehr Angebote"),
    ]
    canvas.legend(handles=handles, **LEGEND)
    name = area_name(tables, area)
    caption = f"{name}: laufende Angebote nach Lebensphase und Zugang."
    columns = {
        "life_phase": Column("Lebensphase", labels=PHASES),
        "access": Column("Zugang", labels=ACCESS),
    }
    columns |= {str(year): Column(f"31.12.{year}", "Angebote", 0) for year in years}
    data = numbers(released, columns, caption)
    return finish(
        canvas, released, _title(frame, years, name), caption, _words(frame, years, name), data
    )


def _cells(offer: pd.DataFrame, area: str, years: tuple[int, ...]) -> pd.DataFrame:
    """Set the years side by side; rows and columns of unknown codes only where one occurs."""
    keys = ["life_phase", "access"]
    parts = [offers.matrix(offer, area, year).set_index(keys)["n"] for year in years]
    wide = pd.concat(parts, axis=1, keys=[str(year) for year in years])
    phases = [name for name in PHASES if name in set(wide.index.get_level_values(0))]
    kinds = [name for name in ACCESS if name in set(wide.index.get_level_values(1))]
    whole = pd.MultiIndex.from_product([phases, kinds], names=keys)
    return wide.reindex(whole).fillna(0).astype(int).reset_index()


def _blank(frame: pd.DataFrame, n_panels: int) -> tuple[Canvas, list[Axes]]:
    height = 1.9 + ROW * frame["life_phase"].nunique()
    with mpl.rc_context(SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], height), layout="constrained")
        panels = canvas.subplots(1, n_panels, sharey=True, squeeze=False)
    return canvas, list(panels[0])


def _panel(axes: Axes, frame: pd.DataFrame, year: int) -> None:
    """Draw the cells of one year: a count on its shade, a gap hatched."""
    wide = frame.pivot(index="life_phase", columns="access", values=str(year))
    wide = wide.loc[list(dict.fromkeys(frame["life_phase"])), list(dict.fromkeys(frame["access"]))]
    for (row, column), n in np.ndenumerate(wide.to_numpy()):
        _cell(axes, (float(column), float(row)), int(n))
    axes.set(xlim=(-0.5, wide.shape[1] - 0.5), ylim=(wide.shape[0] - 0.5, -0.5))
    axes.set_xticks(*_ticks(frame, "access", ACCESS), rotation=40, ha="right", fontsize=9)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    n = int(wide.to_numpy().sum())
    total = f"{wording.number(n)} {'Angebot' if n == 1 else 'Angebote'}"
    axes.set_title(f"31.12.{year} ({total})", loc="left", fontsize=10, color="#333333")


def _cell(axes: Axes, place: tuple[float, float], n: int) -> None:
    corner = (place[0] - 0.46, place[1] - 0.44)
    look: dict[str, Any] = dict(GAP)
    if n:
        look = {"facecolor": SHADES[min(n, len(SHADES)) - 1], "edgecolor": "none"}
        color = "white" if n >= DARK_FROM else INK
        axes.text(*place, wording.number(n), ha="center", va="center", color=color, fontsize=11)
    axes.add_patch(Rectangle(corner, 0.92, 0.88, **look))


def _ticks(frame: pd.DataFrame, name: str, labels: dict[str, str]) -> tuple[range, list[str]]:
    codes = list(dict.fromkeys(frame[name]))
    return range(len(codes)), [labels[code] for code in codes]


def _known(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame[["life_phase", "access"]] != offers.UNKNOWN).all(axis=1)]


def _title(frame: pd.DataFrame, years: tuple[int, ...], name: str) -> str:
    cells = _known(frame)
    empty = [int((cells[str(year)] == 0).sum()) for year in years]
    said = f"{name}: {wording.number(empty[-1])} von {wording.number(len(cells))} Feldern leer"
    if len(years) == 1:
        return f"{said} (31.12.{years[0]})"
    return f"{said} (31.12.{years[-1]}), vorher {wording.number(empty[0])} (31.12.{years[0]})"


def _words(frame: pd.DataFrame, years: tuple[int, ...], name: str) -> str:
    """Say for each day what runs where."""
    said = [f"{name}, Angebote nach Lebensphase und Zugang."]
    for year in years:
        held = frame[frame[str(year)] > 0]
        parts = [
            f"{PHASES[phase]}, {ACCESS[access]}: {wording.number(n)}"
            for phase, access, n in held[["life_phase", "access", str(year)]].itertuples(
                index=False, name=None
            )
        ]
        empty = wording.number(int((_known(frame)[str(year)] == 0).sum()))
        listed = "; ".join(parts) or "kein Angebot"
        said.append(f"31.12.{year}: {listed}. Leere Felder: {empty}.")
    return " ".join(said)

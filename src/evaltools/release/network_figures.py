"""The network of an area in two years, drawn the same way: fields as colours and as shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaltools.measures.networks import Network
from evaltools.release import wording
from evaltools.release.axes import BLUE, GREEN, GREY, ORANGE, PURPLE, blank
from evaltools.release.disclosure import Released
from evaltools.release.figures import Figure, finish, framed, numbers
from evaltools.release.tables import Column

FIELDS = {
    "asd": "ASD",
    "hze": "Hilfen zur Erziehung",
    "offene_arbeit": "offene Arbeit",
    "jugendsozialarbeit": "Jugendsozialarbeit",
    "schule": "Schule",
    "kita": "Kita",
    "fruehe_hilfen": "Frühe Hilfen",
    "familienbildung": "Familienbildung",
    "beratung": "Beratung",
    "gesundheit": "Gesundheit",
    "kifaz": "KiFaZ",
    "koordination": "Koordination",
    "sonstige": "sonstige",
    "": "ohne Angabe",
}
# Shapes alone tell the fields apart; colours repeat after five.
SHAPES = ("o", "s", "^", "v", "D", "P", "X", "p", "<", "h", "*", "d", ">", ".")
COLORS = (BLUE, ORANGE, GREEN, PURPLE, GREY) * 3
NAMED = ("koordination", "kifaz")
WITHIN, CROSS, DARK = "#9a9a9a", "#222222", "#111111"
STYLES = {
    field: (marker, DARK if field in NAMED else color)
    for field, marker, color in zip(FIELDS, SHAPES, COLORS, strict=False)
}
LEGEND: Any = {"frameon": False, "fontsize": 9, "handletextpad": 0.3, "columnspacing": 1.2}
SEED = 20240131
MOST = 3  # fields that the text alternative names
APART = 2.5  # from the middle of one network to that of the next
DATA = {
    "year": Column("Jahr"),
    "field": Column("Feld", labels=FIELDS),
    "n": Column("Organisationen", digits=0),
    "inside": Column("Gewicht im eigenen Feld", digits=1),
    "outside": Column("Gewicht zu anderen Feldern", digits=1),
}


def drawing(nets: Mapping[int, Network]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place the organisations of all years once; they are numbered and lose their names.

    Parameters
    ----------
    nets : mapping of int to Network
        The networks by year.

    Returns
    -------
    tuple of DataFrame
        ``year, node, field, x, y`` and ``year, a, b, weight, cross``: what
        :func:`side_by_side` draws.
    """
    union = nx.Graph()
    union.add_nodes_from(sorted({name for net in nets.values() for name in net.fields}))
    for net in nets.values():
        for one, other, weight in net.graph().edges(data="weight"):
            before = union.get_edge_data(one, other, {"weight": 0.0})["weight"]
            union.add_edge(one, other, weight=before + weight)
    places, number = _places(union, nets), {name: at for at, name in enumerate(union)}
    nodes = [
        (year, number[name], field, *places[name])
        for year, net in nets.items()
        for name, field in net.fields.items()
    ]
    ties = [
        (year, number[a], number[b], weight, _cross(net, a, b))
        for year, net in nets.items()
        for a, b, weight in net.graph().edges(data="weight")
    ]
    return (
        pd.DataFrame(nodes, columns=["year", "node", "field", "x", "y"]),
        pd.DataFrame(ties, columns=["year", "a", "b", "weight", "cross"]),
    )


def _cross(net: Network, one: str, other: str) -> bool:
    fields = {net.fields[one], net.fields[other]}
    return len(fields) == 2 and "" not in fields


def _places(union: nx.Graph, nets: Mapping[int, Network]) -> dict[str, Any]:
    """Lay the graph out by springs, from a circle ordered by field; scaled to −1 to 1."""
    field = {name: own for net in nets.values() for name, own in net.fields.items()}
    order = sorted(union, key=lambda name: (list(FIELDS).index(field[name]), name))
    turn = np.linspace(0, 2 * np.pi, len(order), endpoint=False)
    circle = {name: (np.cos(at), np.sin(at)) for name, at in zip(order, turn, strict=True)}
    if len(order) < 3:
        return circle
    found = nx.spring_layout(
        union, pos=circle, k=2.2 / np.sqrt(len(order)), iterations=200, seed=SEED
    )
    ends = np.array(list(found.values()))
    middle, span = (ends.max(0) + ends.min(0)) / 2, np.ptp(ends, axis=0) / 2
    return {name: (place - middle) / np.where(span > 0, span, 1) for name, place in found.items()}


def side_by_side(
    nodes: Released, ties: Released, fields: Released, *, shares: Mapping[int, float], name: str
) -> Figure:
    """Draw the networks of one or two years beside each other.

    Parameters
    ----------
    nodes, ties : Released
        From :func:`drawing`.
    fields : Released
        ``year, field, n, inside, outside``: the figure's numbers.
    shares : mapping of int to float
        Cross-field share by year, 0 to 1; nan where undefined.
    name : str
        Name of the area.

    Returns
    -------
    Figure
        The same place for the same organisation in every year.
    """
    points = framed(nodes, ("x", "y"))
    lines, known = framed(ties, ("weight",)), framed(fields, ("n", "inside", "outside"))
    canvas, axes = blank(height=5.0)
    widest = float(lines["weight"].max()) if len(lines) else 1.0
    for at, (year, share) in enumerate(shares.items()):
        here = points[points["year"] == year].set_index("node")
        here = here.assign(x=here["x"] + at * APART)
        _ties(axes, here, lines[lines["year"] == year], widest)
        _nodes(axes, here)
        heading = f"{year}: {_share(share)}"
        axes.text(at * APART, 1.25, heading, ha="center", fontsize=11, color="#222222")
    first, last = (0, len(shares) - 1) if len(shares) > 1 else (-0.5, 0.5)
    axes.set(xlim=(first * APART - 1.2, last * APART + 1.2), ylim=(-1.12, 1.4))
    axes.set_axis_off()
    canvas.legend(handles=_legend(points), loc="outside lower center", ncols=4, **LEGEND)
    caption = (
        f"Zusammenarbeit in {name}. Jedes Zeichen ist eine Organisation, in jedem Jahr an "
        "derselben Stelle. Je breiter die Linie, desto mehr gemeinsame Foren und Verbindungen."
    )
    data = numbers(fields, DATA, caption)
    return finish(canvas, ties, _title(shares, name), caption, _words(known, shares, name), data)


def _ties(axes: Axes, here: pd.DataFrame, lines: pd.DataFrame, widest: float) -> None:
    for a, b, weight, cross in lines[["a", "b", "weight", "cross"]].itertuples(index=False):
        ends = here.loc[[a, b]]
        axes.plot(
            ends["x"],
            ends["y"],
            "-" if cross else "--",
            color=CROSS if cross else WITHIN,
            lw=0.5 + 2.5 * weight / widest,
            alpha=0.75,
            zorder=2 if cross else 1,
        )


def _nodes(axes: Axes, here: pd.DataFrame) -> None:
    for field, part in here.groupby("field", sort=False):
        marker, color = STYLES[str(field)]
        big = field in NAMED
        axes.plot(
            part["x"],
            part["y"],
            marker,
            color=color,
            ms=13 if big else 9,
            mec="white",
            mew=0.8,
            zorder=4,
            clip_on=False,
        )
        for x, y in part[["x", "y"]].itertuples(index=False) if big else ():
            axes.annotate(
                FIELDS[str(field)],
                (x, y),
                xytext=(0, 10),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                weight="bold",
                color=DARK,
                zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
            )


def _legend(points: pd.DataFrame) -> list[Line2D]:
    present = set(points["field"])
    handles = [
        Line2D([], [], ls="", marker=marker, color=color, ms=8, label=FIELDS[field])
        for field, (marker, color) in STYLES.items()
        if field in present
    ]
    lines = ((CROSS, "-", "zwischen Feldern"), (WITHIN, "--", "im eigenen Feld"))
    return handles + [Line2D([], [], color=color, ls=ls, label=text) for color, ls, text in lines]


def _share(share: float) -> str:
    if np.isnan(share):
        return "keine Verbindung"
    return f"{wording.percent(share)} des Gewichts zwischen Feldern"


def _title(shares: Mapping[int, float], name: str) -> str:
    said = [
        f"{wording.percent(share)} ({year})" for year, share in shares.items() if share == share
    ]
    if not said:
        return f"{name}: keine Verbindungen"
    return f"{name}: zwischen den Feldern liegen {' und '.join(said)} der Zusammenarbeit"


def _words(known: pd.DataFrame, shares: Mapping[int, float], name: str) -> str:
    said = []
    for year, share in shares.items():
        part = known[(known["year"] == year)]
        n, fields = (wording.number(value) for value in (part["n"].sum(), len(part)))
        told = f"{year}: {n} Organisationen in {fields} Feldern, {_share(share)}."
        most = part[part["outside"] > 0].nlargest(MOST, "outside")
        strong = [
            f"{FIELDS[field]} (Gewicht {wording.number(weight, 1)})"
            for field, weight in most[["field", "outside"]].itertuples(index=False)
        ]
        if strong:
            told += f" Am meisten mit anderen Feldern verbunden: {wording.listing(strong)}."
        said.append(told)
    return f"Netzwerk von {name}. {' '.join(said)}"

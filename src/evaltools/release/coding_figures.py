"""Figures of codings: where which theme was spoken of, and which codes lie close together."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch

from evaltools.codings import codemap, matrices, portrait
from evaltools.codings.model import SEPARATOR
from evaltools.errors import DesignError
from evaltools.release import coding_views, wording
from evaltools.release.axes import BLUE, GREEN, GREY, ORANGE, PURPLE, SETTINGS, SIZE, wrapped
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure, finish, numbers
from evaltools.release.speakers import Voices
from evaltools.release.tables import Column
from evaltools.release.views import public

COLORS = (BLUE, ORANGE, GREEN, PURPLE, GREY, "#8C6D00", "#3B3B98", "#7A3B1E")
TILES = 60
LEAST_CODES, MOST_CODES = 3, 14
MIDDLE = 0.1  # of the circle's radius: labels there stand above or below
ROW = 0.42  # inches a row
NARROW = 14  # characters of a group's name before it is broken
SHARES = {
    "doc": Column("Gespräch"),
    "top_path": Column("Thema"),
    "share": Column("Länge", "Prozent", 0),
}
NOT_APART = (
    "Nicht dargestellt: Kein Gespräch hat für sich genug Sprechende, oder die Stellen haben keine "
    "Lage im Text."
)


def matrix(
    found: Voices, paths: coding_views.Fields, rules: Rule, *, caption: str
) -> Figure | Prose:
    """Draw how many segments each dimension has in each group, darker for a larger share of it."""
    if not paths or not found.blocks:
        return coding_views.nothing(found)
    counted = matrices.fields(found.project, paths, by="group")
    released = public(counted, rules)
    wide = counted.pivot(index="field", columns="group", values="n_segments").astype(float)
    wide = wide.loc[list(paths), list(dict.fromkeys(counted["group"]))]
    share = wide / wide.sum().where(lambda total: total > 0, 1)
    height = 1.6 + ROW * len(wide)
    with mpl.rc_context(SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], height), layout="constrained")
        axes = canvas.add_subplot()
        sns.heatmap(
            share,
            annot=wide.map(wording.number),
            fmt="",
            cmap="Blues",
            vmin=0,
            vmax=max(float(share.to_numpy().max()), 0.01),
            cbar=False,
            linewidths=2,
            ax=axes,
        )
        axes.set(xlabel="", ylabel="")
        names = [textwrap.fill(str(name), NARROW, break_long_words=False) for name in wide]
        axes.set_xticks(axes.get_xticks(), names, rotation=0)
        axes.set_yticks(axes.get_yticks(), [str(name) for name in wide.index], rotation=0)
        axes.tick_params(length=0)
    told = counted["field"] + " " + counted["n_segments"].map(wording.number)
    said = [f"{group}: {wording.listing(list(told[counted['group'] == group]))}" for group in wide]
    shown = released.wide(index="field", columns="group", values="n_segments")
    columns = {str(name): Column(str(name), "Stellen", 0) for name in wide}
    data = numbers(shown, {"field": Column("Thema")} | columns, caption)
    title = f"Die meisten Stellen: {_first(wide.sum(axis=1))}"
    title = title if wide.to_numpy().any() else "Keine Stelle ist so kodiert"
    alt = f"Kodierte Stellen. {'. '.join(said)}."
    return finish(canvas, released, title, caption, alt, data)


def _first(sizes: pd.Series) -> str:
    """Name what is largest; all of it where several are."""
    return wording.listing([str(name) for name in sizes.index[sizes == sizes.max()]])


def portraits(found: Voices, rules: Rule) -> Figure | Prose:
    """Draw each interview from beginning to end in the colours of what it is about.

    Only interviews that may be shown each for itself are drawn.
    """
    if not found.blocks:
        return coding_views.nothing(found)
    try:
        lines = {doc: portrait.tiles(found.project, doc, n=TILES) for doc in _apart(found)}
    except DesignError:
        lines = {}
    lines = {doc: tiles for doc, tiles in lines.items() if tiles["top_path"].notna().any()}
    if not lines:
        return prose(NOT_APART)
    colors = _colors(found)
    drawn = {top for tiles in lines.values() for top in tiles["top_path"].dropna()}
    labels = _labels(found, list(lines))
    frame = pd.concat([tiles.assign(doc=labels[doc]) for doc, tiles in lines.items()])
    released = public(frame[["doc", "tile", "top_path"]], rules)
    with mpl.rc_context(SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], 1.5 + ROW * len(lines)), layout="constrained")
        axes = canvas.add_subplot()
        for place, tiles in enumerate(lines.values()):
            _strip(axes, place, tiles, colors)
        axes.set_yticks(range(len(lines)), [labels[doc] for doc in lines])
        axes.set_xticks([0, 50, 100], ["Beginn", "Mitte", "Ende"])
        axes.set(xlim=(0, 100), ylim=(len(lines) - 0.5, -0.5))
        sns.despine(ax=axes, left=True, bottom=True)
        axes.tick_params(length=0)
        handles = [Patch(color=own, label=top) for top, own in colors.items() if top in drawn]
        canvas.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    said = [f"{labels[doc]}: {_most(tiles)}" for doc, tiles in lines.items()]
    caption = (
        "Worum es im Verlauf der Gespräche ging: je Abschnitt das Thema, das die meisten Zeichen "
        "einnimmt; weiß: nicht kodiert."
    )
    data = numbers(public(_shares(frame), rules), SHARES, caption)
    title = f"Im Durchschnitt der Gespräche am längsten: {_first(frame['top_path'].value_counts())}"
    return finish(canvas, released, title, caption, " ".join(said), data)


def code_map(found: Voices, rules: Rule) -> Figure | Prose:
    """Draw the codes that come together most often on a circle, the likest beside each other."""
    if not found.blocks:
        return coding_views.nothing(found)
    kind, pairs = coding_views.common(found)
    ends = pd.concat([pairs.set_index(name)["n"] for name in ("code_a", "code_b")])
    often = ends.groupby(level=0).sum().sort_values(ascending=False, kind="stable")
    chosen = list(often.head(MOST_CODES).index)
    if len(chosen) < LEAST_CODES:
        return prose("Für eine Karte der Codes kommen zu wenige Codes zusammen vor.")
    counted = matrices.counts(found.project, by="group").groupby("code_id")["n_segments"].sum()
    placed = codemap.positions(pairs, counted.reindex(chosen).astype(int)).table
    paths = found.project.codes.set_index("code_id")["path"]
    frame = _circled(placed.assign(path=placed["code_id"].map(paths)))
    linked = pairs[pairs["code_a"].isin(chosen) & pairs["code_b"].isin(chosen)]
    released = public(frame[["path", "n"]], rules)
    with mpl.rc_context(SETTINGS):
        canvas = Canvas(figsize=(SIZE[0], 4.6), layout="constrained")
        axes = canvas.add_subplot()
        _links(axes, frame, linked)
        _points(axes, frame, _colors(found))
    caption = (
        "Karte der Codes: Linien verbinden, was zusammen vorkommt, breitere häufiger "
        f"({coding_views.KIND[kind]}); große Punkte haben viele Stellen. Die "
        "Reihenfolge im Kreis bringt Ähnliches nebeneinander; Längen bedeuten nichts."
    )
    strongest = [_linked(frame, *row) for row in _strongest(linked)]
    columns = {"path": Column("Code"), "n": Column("Stellen", digits=0)}
    data = numbers(released, columns, caption)
    alt = f"Am häufigsten zusammen: {wording.listing(strongest)}."
    title = f"Am häufigsten zusammen: {strongest[0]}"
    return finish(canvas, released, title, caption, alt, data)


def _circled(placed: pd.DataFrame) -> pd.DataFrame:
    """Put codes on a circle in the order in which they lie around the middle of their map."""
    angle = np.arctan2(placed["y"] - placed["y"].mean(), placed["x"] - placed["x"].mean())
    ordered = placed.iloc[np.argsort(angle, kind="stable")].reset_index(drop=True)
    turn = 2 * np.pi * (ordered.index.to_numpy() + 0.5) / len(ordered)
    return ordered.assign(x=np.cos(turn), y=np.sin(turn))


def _strongest(linked: pd.DataFrame) -> list[tuple[str, str, int]]:
    most = linked.sort_values("n", ascending=False, kind="stable").head(5)
    return list(zip(most["code_a"], most["code_b"], most["n"].astype(int), strict=True))


def _linked(frame: pd.DataFrame, one: str, other: str, n: int) -> str:
    path = frame.set_index("code_id")["path"]
    return f"{_short(path[one])} mit {_short(path[other])} ({wording.number(n)})"


def _colors(found: Voices) -> dict[str, str]:
    """Give each code at the top its colour, the same in every figure."""
    codes = found.project.codes
    tops = list(codes.loc[codes["parent_id"].isna(), "path"])
    return dict(zip(tops, COLORS * (len(tops) // len(COLORS) + 1), strict=False))


def _apart(found: Voices) -> list[str]:
    return [doc for doc in found.project.documents["doc_id"] if doc in found.apart]


def _labels(found: Voices, docs: list[str]) -> dict[str, str]:
    """Name interviews by group and area, with a number where there are several."""
    documents = found.project.documents.set_index("doc_id").loc[docs]
    plain = documents["group"] + ", " + documents["area_id"]
    number = plain.groupby(plain).cumcount() + 1
    several = plain.map(plain.value_counts()) > 1
    named = plain.where(~several, plain + " (" + number.astype("string") + ")")
    return {doc: wrapped(str(named[doc])) for doc in docs}


def _strip(axes: Axes, place: int, tiles: pd.DataFrame, colors: Mapping[str, str]) -> None:
    width = 100 / len(tiles)
    axes.barh(place, 100, height=0.72, color="white", edgecolor="#bbbbbb", linewidth=0.6)
    tops = tiles["top_path"].fillna("").astype(object).reset_index(drop=True)
    for _, run in tops.groupby((tops != tops.shift()).cumsum()):
        if run.iloc[0]:
            left, own = int(run.index.min()) * width, colors[run.iloc[0]]
            axes.barh(place, len(run) * width, left=left, height=0.72, color=own, lw=0)


def _shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of each interview's length that each theme fills, in per cent, the longest first."""
    share = frame.groupby("doc", sort=False)["top_path"].value_counts(normalize=True, dropna=False)
    table = (share * 100).rename("share").reset_index()
    return table.assign(
        doc=table["doc"].str.replace("\n", " "), top_path=table["top_path"].fillna("nicht kodiert")
    )


def _most(tiles: pd.DataFrame) -> str:
    """Say which themes fill most of an interview."""
    share = tiles["top_path"].value_counts() / len(tiles)
    told = [f"{name} {wording.percent(value)}" for name, value in share.head(3).items()]
    return f"{wording.listing(told)} der Länge."


def _links(axes: Axes, frame: pd.DataFrame, linked: pd.DataFrame) -> None:
    places = frame.set_index("code_id")[["x", "y"]]
    thin = 4 / max(linked["n"].max(), 4)
    for one, other, n in zip(linked["code_a"], linked["code_b"], linked["n"], strict=True):
        ends = places.loc[[one, other]]
        axes.plot(ends["x"], ends["y"], color="#b0b0b0", lw=0.6 + 1.1 * n * thin, zorder=1)


def _points(axes: Axes, frame: pd.DataFrame, colors: Mapping[str, str]) -> None:
    own = [colors[path.split(SEPARATOR)[0]] for path in frame["path"]]
    size = 40 + 400 * frame["n"] / frame["n"].max()
    axes.scatter(frame["x"], frame["y"], s=size, c=own, linewidths=0, zorder=2)
    for path, x, y, color in zip(frame["path"], frame["x"], frame["y"], own, strict=True):
        side = "center" if abs(x) < MIDDLE else "left" if x > 0 else "right"
        height = "bottom" if y > 0 else "top"
        axes.annotate(
            _short(path),
            (x * 1.13, y * 1.13),
            ha=side,
            va="center" if side != "center" else height,
            color=color,
            fontsize=9,
        )
    axes.set(xticks=[], yticks=[], xlim=(-2.4, 2.4), ylim=(-1.35, 1.35), aspect="equal")
    sns.despine(ax=axes, left=True, bottom=True)


def _short(path: str) -> str:
    """Return a code with what lies above it, for names alone may stand in several places."""
    return " › ".join(path.split(SEPARATOR)[-2:])

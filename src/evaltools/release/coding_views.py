"""What was said, in numbers and cleared words: extent, codes by group and area, summary grid."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaltools.codings import cooccurrence, matrices
from evaltools.codings.material import Material
from evaltools.codings.model import SEPARATOR
from evaltools.errors import DesignError
from evaltools.german import NBSP
from evaltools.release import quotes as quoting
from evaltools.release import speakers, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.quotes import Quotes
from evaltools.release.speakers import Voices
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import public

Fields = Mapping[str, tuple[str, ...]]
MOST_PAIRS = 15
PROGRAMS = (
    "MAXQDA",
    "ATLAS.ti",
    "NVivo",
    "QualCoder",
    "Taguette",
    "Quirkos",
    "Dedoose",
    "QDA Miner",
    "Transana",
    "f4analyse",
    "webQDA",
    "evaltools",
)
NOTHING = "Nicht dargestellt: Die Studie ordnet dazu keine Codes zu."
NO_CODES = "Keine Stelle ist kodiert."
READING = (
    "Eine Stelle ist ein markiertes Stück Text; markieren zwei Personen fast dasselbe mit anderen "
    "Grenzen, so sind es zwei. Stellen sagen, wovon die Rede war, nicht, wie viele Menschen so "
    "denken: Ein Thema kann von einer Person oft und von vielen gar nicht angesprochen werden."
)
KIND = {
    "overlap": "sich überschneidende Stellen, je kodierender Person gezählt",
    "document": "gemeinsame Gespräche, je kodierender Person gezählt",
}


def extent(found: Voices, rules: Rule) -> HtmlTable | Prose:
    """Show which interviews there are, with how many people, and how much of them is coded."""
    if not found.blocks:
        return prose(speakers.sentence(found))
    segments = found.project.segments
    coded = segments[segments["segment_id"].isin(found.project.codings["segment_id"])]
    stretch = coded.assign(place=coded["segment_id"].map(matrices.stretches(segments)))
    rows = [
        (
            block.group,
            block.area,
            len(block.documents),
            block.speakers or pd.NA,
            stretch.loc[stretch["doc_id"].isin(block.documents), "place"].nunique(),
        )
        for block in found.blocks
    ]
    columns = {
        "group": Column("Gruppe"),
        "area": Column("Raum"),
        "documents": Column("Gespräche", digits=0),
        "speakers": Column("Sprechende", "mindestens", digits=0),
        "segments": Column("kodierte Stellen", digits=0),
    }
    frame = pd.DataFrame(rows, columns=[*columns])
    frame = frame.astype({"speakers": "Int64"})
    return table(public(frame, rules), columns, caption="Gespräche und kodierte Stellen")


def notes(material: Material, found: Voices) -> Prose:
    """Say with what was coded and by how many, what was merged, and what the readers noticed."""
    read = wording.listing(
        list(dict.fromkeys(program(one.program) for one in material.project.origin))
    )
    coders = len(material.project.coders)
    who = {0: "wer kodiert hat, steht nicht dabei", 1: "eine Person hat kodiert"}.get(
        coders, f"{wording.number(coders)} Personen haben kodiert"
    )
    told = f"Kodierungen aus {read}; {who}."
    noticed = len(material.project.problems)
    problems = (
        f"Beim Lesen bemerkt: {wording.number(noticed)}; der Wortlaut steht im Notebook in "
        "JupyterLab."
    )
    return prose(told, speakers.sentence(found), problems if noticed else "", READING)


def codes(found: Voices, rules: Rule) -> HtmlTable | Prose:
    """Show every code with its segments by group; a code counts with all codes below it."""
    if not found.blocks:
        return nothing(found)
    counted = matrices.counts(found.project, by="group", rolled_up=True)
    if counted.empty or not counted["n_segments"].sum():
        return prose(NO_CODES)
    wide = counted.pivot(index="code_id", columns="group", values="n_segments")
    groups = list(dict.fromkeys(counted["group"]))
    order = list(dict.fromkeys(counted["code_id"]))
    spread = counted.groupby("code_id")["n_documents"].sum()
    names = found.project.codes.set_index("code_id")["path"].map(_indented)
    frame = pd.DataFrame({"code": names.reindex(order)})
    columns = {"code": Column("Code")}
    for place, group in enumerate(groups):
        frame[f"group_{place}"] = wide[group].reindex(order)
        columns[f"group_{place}"] = Column(str(group), "Stellen", digits=0)
    frame["all"] = counted.groupby("code_id")["n_segments"].sum().reindex(order)
    frame["documents"] = spread.reindex(order)
    columns |= {
        "all": Column("alle Gruppen", "Stellen", digits=0),
        "documents": Column("Gespräche", digits=0),
    }
    return table(
        public(frame.reset_index(drop=True), rules), columns, caption="Kodierte Stellen nach Gruppe"
    )


def fields(found: Voices, paths: Fields, rules: Rule, *, caption: str) -> HtmlTable | Prose:
    """Show fields such as those of SONI by area: segments, and interviews they stand in."""
    if not paths or not found.blocks:
        return nothing(found)
    counted = matrices.fields(found.project, paths, by="area_id")
    areas = list(dict.fromkeys(counted["area_id"]))
    wide = counted.pivot(index="field", columns="area_id", values="n_segments")
    frame = pd.DataFrame({"field": list(paths)})
    columns = {"field": Column("Feld")}
    for place, area in enumerate(areas):
        frame[f"area_{place}"] = wide[area].reindex(list(paths)).to_numpy()
        columns[f"area_{place}"] = Column(str(area), "Stellen", digits=0)
    return table(public(frame, rules), columns, caption=caption)


def together(found: Voices, rules: Rule) -> HtmlTable | Prose:
    """Show which two codes come together most often."""
    if not found.blocks:
        return nothing(found)
    kind, pairs = common(found)
    if pairs.empty:
        return prose("Keine zwei Codes kommen zusammen vor.")
    most = pairs.sort_values(["n", "jaccard"], ascending=False, kind="stable").head(MOST_PAIRS)
    most = most.assign(**{name: most[name].map(spelled) for name in ("path_a", "path_b")})
    columns = {
        "path_a": Column("Code"),
        "path_b": Column("zusammen mit"),
        "n": Column(KIND[kind], digits=0),
        "jaccard": Column("Ähnlichkeit", "Jaccard", digits=2),
    }
    caption = "Codes, die am häufigsten zusammen vorkommen"
    return table(public(most[[*columns]].reset_index(drop=True), rules), columns, caption=caption)


def common(found: Voices) -> tuple[str, pd.DataFrame]:
    """Return co-occurrence by overlap, or by interview where the source has no offsets."""
    try:
        return "overlap", cooccurrence.by_coder(found.project, "overlap")
    except DesignError:
        return "document", cooccurrence.by_coder(found.project, "document")


def grid(found: Voices, said: Quotes, dimensions: Fields, rules: Rule) -> HtmlTable | Prose:
    """Lay out the summary grid: a line a dimension and area, with one cleared quote."""
    if not dimensions or not found.blocks:
        return nothing(found)
    quotable = list(dict.fromkeys(said.cleared["segment_id"]))
    cells = matrices.grid(found.project, dimensions, by="area_id", quotable=quotable)
    cells = cells[cells["n_segments"] > 0].reset_index(drop=True)
    words = _words(said)
    frame = cells[["area_id", "field", "n_segments", "n_documents"]].assign(
        quote=[words.get(segment, "–") for segment in cells["segment_id"]]
    )
    columns = {
        "area_id": Column("Raum"),
        "field": Column("Dimension"),
        "n_segments": Column("Stellen", digits=0),
        "n_documents": Column("Gespräche", digits=0),
        "quote": Column("Freigegebenes Zitat", css="words"),
    }
    return table(public(frame, rules), columns, caption="Stellen, Gespräche und je ein Zitat")


def quoted(found: Voices, said: Quotes, rules: Rule) -> HtmlTable | Prose:
    """List all cleared quotes with their codes, and the group and area they come from."""
    if not found.blocks:
        return nothing(found)
    if said.cleared.empty:
        return prose("Kein Zitat ist freigegeben.")
    project = found.project
    paths = project.codes.set_index("code_id")["path"].map(spelled)
    coded = project.codings.assign(path=project.codings["code_id"].map(paths))
    both = coded[["segment_id", "path"]].merge(said.cleared, on="segment_id")
    listed = both.groupby(["doc_id", "quote"])["path"].agg(lambda p: "; ".join(dict.fromkeys(p)))
    places = project.documents.set_index("doc_id")[["group", "area_id"]]
    shown = said.cleared.drop_duplicates(["doc_id", "quote"])
    frame = pd.DataFrame(
        {
            "quote": [
                quoting.shown(*pair) for pair in zip(shown["quote"], shown["source"], strict=True)
            ],
            "codes": [listed[key] for key in zip(shown["doc_id"], shown["quote"], strict=True)],
            "group": shown["doc_id"].map(places["group"]).to_numpy(),
            "area": shown["doc_id"].map(places["area_id"]).to_numpy(),
        }
    )
    columns = {
        "quote": Column("Zitat"),
        "codes": Column("Codes"),
        "group": Column("Gruppe"),
        "area": Column("Raum"),
    }
    return table(public(frame, rules), columns, caption="Freigegebene Zitate")


def program(name: str) -> str:
    """Return the name of a known program; a file may hold any other words in its place."""
    known = (one for one in PROGRAMS if name.casefold().startswith(one.casefold()))
    return next(known, "einem anderen Programm")


def clearance(found: Voices, said: Quotes) -> Prose:
    """Say by which rule quotes are shown."""
    return prose(quoting.sentence(said) if found.blocks else "")


def nothing(found: Voices) -> Prose:
    """Say why a view is empty: too few people spoke, or no code belongs to it."""
    return prose(NOTHING if found.blocks else speakers.sentence(found))


def spelled(path: str) -> str:
    """Write a path of codes as pages show it."""
    return path.replace(SEPARATOR, " › ")


def _words(said: Quotes) -> dict[str, str]:
    """Return what is printed of each segment that may be quoted."""
    first = said.cleared.drop_duplicates("segment_id")
    columns = (first[name] for name in ("segment_id", "quote", "source"))
    return {
        segment: quoting.shown(quote, source)
        for segment, quote, source in zip(*columns, strict=True)
    }


def _indented(path: str) -> str:
    """Show how deep a code lies by leading dots, which a screen reader passes over."""
    *above, name = path.split(SEPARATOR)
    return f"{f'·{NBSP}' * len(above)}{name}"

"""Cooperation in one area before and after: the network, its figures, coordinators and KiFaZ."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.measures import networks
from evaltools.measures.networks import CrossChange, Structure
from evaltools.release import network_figures, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure
from evaltools.release.network_figures import FIELDS, NAMED
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name, lacking, public
from evaltools.study import Study

NONE_HERE = "Für diesen Raum liegen keine Angaben zur Zusammenarbeit vor."
ONE_YEAR = "Angaben liegen nur für {} vor; eine Veränderung lässt sich deshalb nicht zeigen."
WITH, WITHOUT = "mit stadtweiten Foren", "ohne stadtweite Foren"
CAVEAT = (
    "Das Intervall entsteht, indem ganze Foren neu gezogen werden. Es sagt, wie sehr das Ergebnis "
    "an einzelnen Foren hängt, nicht, woher die Veränderung kommt."
)
CONSPICUOUS = 0.05
MOST = 12  # pairs of fields in the table
STRUCTURE = {
    "year": Column("Jahr"),
    "kind": Column("gezählt"),
    "n_organisations": Column("Organisationen", digits=0),
    "n_forums": Column("Foren", digits=0),
    "n_ties": Column("verbundene Paare", digits=0),
    "density": Column("Dichte", "Prozent", digits=0),
    "cross_share": Column("Anteil zwischen Feldern", "Prozent des Gewichts", digits=0),
    "ei": Column("E-I-Index", digits=2),
    "ei_weighted": Column("E-I-Index nach Gewicht", digits=2),
    "assortativity": Column("Assortativität", digits=2),
}


def picture(tables: Tables, study: Study, area: str, rules: Rule) -> Figure | Prose:
    """Draw the networks before and after beside each other."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    nets = {year: networks.network(tables["cooperation"], area, year) for year in years}
    shares = {
        year: networks.structure(tables["cooperation"], area, year).cross_share for year in years
    }
    nodes, ties = network_figures.drawing(nets)
    fields = [networks.by_field(net).assign(year=year) for year, net in nets.items()]
    handed = [public(frame, rules) for frame in (nodes, ties, pd.concat(fields, ignore_index=True))]
    return network_figures.side_by_side(*handed, shares=shares, name=area_name(tables, area))


def key_figures(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show the figures of both networks, with and without what is city-wide."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    whole = tables["cooperation"]
    rows = []
    for year in years:
        for kind, part in ((WITH, whole), (WITHOUT, networks.local(whole))):
            found = networks.structure(part, area, year)
            values = {name: getattr(found, name) for name in STRUCTURE if name != "kind"}
            rows.append(values | {"kind": kind})
    frame = pd.DataFrame(rows)
    frame[["density", "cross_share"]] *= 100
    return table(public(frame, rules), STRUCTURE, caption="Kennzahlen der Zusammenarbeit")


def fields(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show which fields work together, heaviest ties first."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    key = ["field_a", "field_b"]
    parts = []
    for year in years:
        found = networks.between_fields(networks.network(tables["cooperation"], area, year))
        parts.append(found.set_index(key)["weight"].rename(str(year)))
    frame = pd.concat(parts, axis=1).fillna(0.0).reset_index()
    if frame.empty:
        return prose("Zwischen den Organisationen ist keine Verbindung angegeben.")
    frame = frame.sort_values([str(years[-1]), *key], ascending=[False, True, True]).head(MOST)
    frame["pair"] = [
        f"{FIELDS[a]} untereinander" if a == b else f"{FIELDS[a]} und {FIELDS[b]}"
        for a, b in frame[key].itertuples(index=False)
    ]
    columns = {"pair": Column("Felder")}
    columns |= {str(year): Column(str(year), "Gewicht", digits=1) for year in years}
    caption = f"Verbindungen zwischen den Feldern, die {wording.number(len(frame))} stärksten"
    return table(public(frame.drop(columns=key), rules), columns, caption=caption)


def change(tables: Tables, study: Study, area: str, rules: Rule) -> Prose:
    """Say how the cross-field share changed, with its interval."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    if len(years) == 1:
        return prose(ONE_YEAR.format(years[0]))
    found = networks.cross_change(tables["cooperation"], area, *years)
    return prose(*_change_sentences(found))


def mixing(tables: Tables, study: Study, area: str, rules: Rule) -> Prose:
    """Say the E-I index of each year beside its expectation under random mixing."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    found = [networks.structure(tables["cooperation"], area, year) for year in years]
    return prose(*(_mixing_sentence(one) for one in found))


def positions(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """Show how central coordinators and KiFaZ are among all organisations."""
    years = years_shown(tables, study, area)
    if not years:
        return _nothing(tables)
    parts = []
    for year in years:
        net = networks.network(tables["cooperation"], area, year)
        found = networks.centrality(net)
        own = found[found["field"].isin(NAMED)].sort_values(["field", "degree_rank"])
        parts.append(own.assign(year=year, organisation=_numbered(own["field"])))
    frame = pd.concat(parts, ignore_index=True)
    if frame.empty:
        said = wording.listing([str(year) for year in years])
        return prose(f"Weder eine Koordination noch ein KiFaZ ist angegeben ({said}).")
    for name in ("degree", "betweenness"):
        ranks = frame[[f"{name}_rank", "n"]].itertuples(index=False)
        frame[f"{name}_rank"] = [
            f"{wording.number(rank)} von {wording.number(n)}" for rank, n in ranks
        ]
    columns = {
        "organisation": Column("Organisation"),
        "year": Column("Jahr"),
        "degree": Column("Verbindungen", "Gewicht", digits=1),
        "degree_rank": Column("Rang", css="number"),
        "betweenness": Column("Vermittlung", "0 bis 1", digits=2),
        "betweenness_rank": Column("Rang der Vermittlung", css="number"),
    }
    handed = public(frame[list(columns)], rules)
    return table(handed, columns, caption="Stellung von Koordination und KiFaZ im Netzwerk")


def years_shown(tables: Tables, study: Study, area: str) -> tuple[int, ...]:
    """Return the last year with cooperation before the start and the last one since, as known."""
    if lacking(tables, "cooperation"):
        return ()
    held = networks.years(tables["cooperation"], area)
    held = tuple(year for year in held if study.last is None or year <= study.last)
    start = study.model_area(area).start
    if start is None:
        return held[-1:]
    first = int(start[:4])
    before = [year for year in held if year < first]
    after = [year for year in held if year >= first]
    return (*before[-1:], *after[-1:])


def _nothing(tables: Tables) -> Prose:
    return lacking(tables, "cooperation") or prose(NONE_HERE)


def _numbered(kinds: pd.Series) -> list[str]:
    """Name organisations by their field, numbered where there are several."""
    place = kinds.groupby(kinds).cumcount() + 1
    several = kinds.map(kinds.value_counts()) > 1
    return [
        f"{FIELDS[kind]} {wording.number(n)}" if many else FIELDS[kind]
        for kind, n, many in zip(kinds, place, several, strict=True)
    ]


def _change_sentences(found: CrossChange) -> tuple[str, ...]:
    if math.isnan(found.difference):
        return ("In einem der Jahre ist keine Verbindung angegeben, deren Felder bekannt sind.",)
    old, new = wording.percent(found.share_before), wording.percent(found.share_after)
    n_old, n_new = wording.number(found.n_forums_before), wording.number(found.n_forums_after)
    verb = "stieg" if found.difference > 0 else "sank"
    moved = (
        f"Der Anteil der Zusammenarbeit zwischen verschiedenen Feldern {verb} von {old} "
        f"({found.before}, {n_old} Foren) auf {new} ({found.after}, {n_new} Foren)"
    )
    if old == new:
        moved = (
            f"Der Anteil der Zusammenarbeit zwischen verschiedenen Feldern blieb bei {old} "
            f"({found.before}: {n_old} Foren, {found.after}: {n_new} Foren)"
        )
    if found.refusal:
        return f"{moved}.", found.refusal
    low, high = (wording.number(end * 100) for end in (found.low, found.high))
    level = wording.number(found.level * 100)
    span = f"{level}-%-Intervall der Veränderung: {low} bis {high} Prozentpunkte"
    clear = found.low > 0 or found.high < 0
    verdict = (
        "Das Intervall enthält die Null nicht: Der Anteil hat sich erkennbar verändert."
        if clear
        else "Das Intervall enthält die Null: Eine Veränderung ist nicht zu erkennen."
    )
    return f"{moved}; {span}.", verdict, CAVEAT


def _mixing_sentence(found: Structure) -> str:
    external, ties = (wording.number(n) for n in (found.external, found.external + found.internal))
    if math.isnan(found.ei):
        return f"{found.year}: Es ist keine Verbindung angegeben, deren Felder bekannt sind."
    first = (
        f"{found.year}: {external} von {ties} verbundenen Paaren gehören verschiedenen Feldern an; "
        f"der E-I-Index beträgt {wording.number(found.ei, 2)}."
    )
    if math.isnan(found.ei_p):
        return (
            f"{first} Alle Organisationen gehören einem Feld an; ein Vergleich ist nicht möglich."
        )
    if found.ei_p > CONSPICUOUS:
        verdict = "Das unterscheidet sich nicht erkennbar von zufälliger Mischung"
    elif found.ei < found.ei_expected:
        verdict = "Die Felder bleiben mehr unter sich, als es der Zufall ergäbe"
    else:
        verdict = "Die Felder mischen sich mehr, als es der Zufall ergäbe"
    return (
        f"{first} Bei zufälliger Mischung derselben Organisationen wären "
        f"{wording.number(found.ei_expected, 2)} zu erwarten. {verdict} "
        f"({_p(found.ei_p)}, Felder zufällig unter den Organisationen vertauscht)."
    )


def _p(value: float) -> str:
    text = wording.share(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"

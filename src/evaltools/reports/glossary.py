"""Words of the field: marked where a page first uses them, explained at its end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evaltools.german import slug

PROSE = frozenset({"p", "li"})  # without a class: notes and leads are no prose
NOT_PROSE = frozenset({"a", "code", "summary", "table", "figure", "nav", "pre", "math"})
VOID = frozenset({"br", "hr", "img", "input"})
MAIN, END = '<main id="inhalt">', "</main>"
EMPTY = '<dl class="terms"></dl>\n'
_TAG = re.compile(r"(<[^<>]*>)")


@dataclass(frozen=True)
class Term:
    """A word, how it is found (a regular expression, inflected forms included), its meaning."""

    name: str
    pattern: str
    meaning: str


TERMS = (
    Term(
        "ESPQ",
        "ESPQ",
        "Modellprojekt der Sozialraumorientierung in Bremen-Walle, 2011 bis 2014. Seine Zusagen "
        "sind die sieben Aussagen, die hier geprüft werden.",
    ),
    Term(
        "Hilfen zur Erziehung",
        "Hilfen? zur Erziehung",
        "Hilfen nach §§ 27 und folgenden des SGB VIII, auf die Eltern einen Anspruch haben, wenn "
        "die Erziehung ohne Hilfe nicht gelingt.",
    ),
    Term(
        "Inanspruchnahmequote",
        "Inanspruchnahmequoten?",
        "Hilfen eines Zeitraums, geteilt durch die Zahl der jungen Menschen im Raum, mal 10.000.",
    ),
    Term(
        "Modellraum",
        "Modellr(?:aum|aums|äume|äumen)",
        "Raum, in dem die neue Arbeitsweise begonnen hat.",
    ),
    Term(
        "Vergleichsräume",
        "Vergleichsr(?:aum|aums|äume|äumen)",
        "Räume ohne die neue Arbeitsweise, mit deren Verlauf der Modellraum verglichen wird.",
    ),
    Term(
        "Intervall",
        "(?:90-%-|95-%-)?Intervalls?",
        "Bereich der Werte, die mit den Daten vereinbar sind. Je breiter er ist, desto weniger "
        "legen die Daten fest.",
    ),
    Term(
        "Placebo-Rang",
        "Placebo-R(?:ang|angs|änge|ängen)",
        "Jeder Raum wird der Reihe nach so behandelt, als wäre er der Modellraum. Rang 1 heißt: "
        "Kein anderer Raum weicht so stark vom Verlauf der übrigen ab.",
    ),
    Term(
        "p",
        r"p(?= = )",
        "Anteil der Vergleiche ohne Wirkung, etwa anderer Räume oder vertauschter Zuordnungen, die "
        "mindestens so stark abweichen. Ein kleiner Anteil heißt, dass das selten vorkommt.",
    ),
    Term(
        "Fremdunterbringung",
        "Fremd(?:unterbringung|platzierung)(?:en)?",
        "Unterbringung außerhalb der Familie: Vollzeitpflege (§ 33), Heimerziehung (§ 34) und "
        "stationäre Hilfe nach § 27 Abs. 2 SGB VIII.",
    ),
    Term(
        "Eingriffsintensität",
        "Eingriffsintensität",
        "Wie stark Hilfen in das Leben der Familien eingreifen, gemessen etwa am Anteil der "
        "stationären unter den begonnenen Hilfen.",
    ),
    Term(
        "Überstreuung",
        "Überstreuung",
        "Schwanken die Fallzahlen stärker, als reiner Zufall es täte, so ist sie größer als 1; "
        "jede Schätzung ist dann unsicherer.",
    ),
    Term(
        "Verweildauer",
        "Verweildauer",
        "Zeit vom Beginn bis zum Ende einer Hilfe. Von laufenden Hilfen ist nur bekannt, wie lange "
        "sie mindestens dauern.",
    ),
    Term(
        "Umsetzungsgrad",
        "Umsetzungsgrad(?:s|e|es)?",
        "Anteil der Bausteine des Rahmenkonzepts, die erreicht sind; Stellen zählen nur, soweit "
        "sie besetzt sind.",
    ),
    Term(
        "Handlungsbudget",
        "Handlungsbudgets?",
        "Geld, das ein Stadtraum rasch für Vorhaben ausgeben darf, die keine Regelaufgabe sind.",
    ),
    Term(
        "Gebietsteam",
        "Gebietsteams?",
        "Fachkräfte verschiedener Felder, die sich für einen Stadtraum regelmäßig treffen.",
    ),
    Term(
        "Versäulung",
        "Versäulung",
        "Nebeneinander der Felder: Jedes arbeitet nach seinem Paragrafen, ohne Partner aus anderen "
        "Feldern.",
    ),
    Term(
        "E-I-Index",
        "E-I-Index",
        "Verbindungen nach außen minus solche innerhalb der Felder, geteilt durch alle: von −1 "
        "(nur innerhalb) bis +1 (nur nach außen).",
    ),
    Term(
        "HHI",
        "HHI",
        "Summe der quadrierten Anteile aller Träger, in Prozentpunkten: 10.000 heißt, dass einer "
        "alles anbietet.",
    ),
    Term("Code", "Codes?", "Stichwort, das die Forschenden einer Stelle im Gespräch geben."),
)


def explained(page: str) -> str:
    """Mark each term where the prose of a page first uses it, and say at its end what they mean.

    Parameters
    ----------
    page : str
        A finished page, with an empty list of terms where it has one.

    Returns
    -------
    str
        The page; as it was when this was done before.
    """
    before, begin, rest = page.partition(MAIN)
    main, end, after = rest.partition(END)
    if EMPTY not in main:
        return page
    waiting, parts = list(TERMS), _TAG.split(main)
    opened: list[str] = []
    for place, part in enumerate(parts):
        if part.startswith("</"):
            opened.pop()
        elif part.startswith("<"):
            name = re.split(r"[ />]", part[1:], maxsplit=1)[0]
            opened += [] if name in VOID else [part[1:-1]]
        elif _is_prose(opened):
            parts[place] = _marked(part, waiting)
    found = [term for term in TERMS if term not in waiting]
    return before + begin + "".join(parts).replace(EMPTY, _list(found)) + end + after


def _is_prose(opened: list[str]) -> bool:
    """Whether text inside these tags is running text."""
    names = [tag.partition(" ")[0] for tag in opened]
    blocks = [tag for tag, name in zip(opened, names, strict=True) if name in PROSE]
    return bool(blocks) and blocks[-1] in PROSE and not NOT_PROSE.intersection(names)


def _marked(text: str, waiting: list[Term]) -> str:
    """Link the first use of each waiting term in a text; those found wait no longer."""
    hits: list[tuple[int, int, Term]] = []
    for term in list(waiting):
        hit = re.search(rf"(?<![\w-])(?:{term.pattern})(?!\w)", text)
        if hit and all(hit.end() <= begin or end <= hit.start() for begin, end, _ in hits):
            hits.append((*hit.span(), term))
            waiting.remove(term)
    for begin, end, term in sorted(hits, key=lambda hit: hit[0], reverse=True):
        link = f'<a class="term" href="#begriff-{slug(term.name)}">{text[begin:end]}</a>'
        text = text[:begin] + link + text[end:]
    return text


def _list(found: list[Term]) -> str:
    if not found:
        return ""
    rows = "\n".join(
        f'<dt id="begriff-{slug(term.name)}">{term.name}</dt>\n<dd>{term.meaning}</dd>'
        for term in sorted(found, key=lambda term: slug(term.name))
    )
    return f'<h2>Begriffe</h2>\n<dl class="terms">\n{rows}\n</dl>\n'

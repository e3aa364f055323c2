"""``pruefung.html``, for the person who signs a release off, and the signing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaltools import files
from evaltools.data import store
from evaltools.errors import ReleaseError
from evaltools.german import NBSP, day, number
from evaltools.release import plans, published, registry
from evaltools.release.plan import Plan
from evaltools.release.registry import Release
from evaltools.reports import frame, voices
from evaltools.reports.manifest import CHECKED, Shelf
from evaltools.study import Study

FILE = CHECKED
KINDS = {"primary": "klein", "secondary": "zum Schutz einer kleinen"}
CHOICES = {
    "exact": "mit weniger geht es nachweislich nicht",
    "repaired": "eine sichere Wahl; ob es mit weniger ginge, ist nicht bewiesen",
}
METHODS = {
    "suppress": "geheim halten",
    "round5": "auf Vielfache von fünf runden",
    "merge": "Räume zusammenlegen, dann geheim halten",
}


def write(shelf: Shelf) -> None:
    """Write the checker's page beside the processed tables; nothing for a study of the office."""
    space = shelf.space
    if space.study.audience == "intern":
        return
    tables = store.load(space)
    plan = plans.of(space, tables)
    page = frame.page(
        space, shelf.made, title="Prüfung vor der Freigabe", area="", inputs=(), depth=0
    )
    text = (
        frame.environment()
        .get_template("review.html.j2")
        .render(
            page=page,
            css=frame.css(),
            name=space.name,
            command=f"evaltools run {space.name}",
            summary=_summary(plan),
            rules=_rules(space.study),
            pages=[_page(entry, shelf, plan) for entry in shelf.entries],
            hidden=_hidden(plan),
            set_aside=plan.set_aside,
            voices=voices.lines(space, tables, shelf.made),
            releases=[_release(item) for item in registry.read(space)],
        )
    )
    files.write(space.processed / FILE, frame.finish(text, FILE), private=True)


def sign(shelf: Shelf, *, by: str, today: str) -> Release:
    """Put the public pages, as they lie there, on record as released.

    Parameters
    ----------
    shelf : Shelf
        The pages as they lie there.
    by : str
        Who signs.
    today : str
        ISO date.

    Returns
    -------
    Release
        Its counts are attacked together with every later release.

    Raises
    ------
    ReleaseError
        When the study is for the office only, its rule set is not signed, a page is missing, old
        or changed, or no name is given; all findings at once.
    """
    space = shelf.space
    lost = list(_obstacles(shelf, by))
    if lost:
        raise ReleaseError(f"study {space.name} cannot be released: {'; '.join(lost)}")
    tables = store.load(space)
    plan = plans.of(space, tables)
    found = published.published(tables, space.study).costs
    counts = {item: plan.values[item.key] for item in found if item.key in plan.values}
    pages = {name: code for entry in shelf.entries for name, code in entry["sha256"].items()}
    return registry.add(space, day=today, by=by.strip(), counts=counts, pages=pages)


def _obstacles(shelf: Shelf, by: str) -> Sequence[str]:
    study, entries = shelf.space.study, shelf.entries
    wanted = {(area, name) for area in study.treated for name in study.notebooks.area}
    wanted |= {("", name) for name in study.notebooks.city}
    own = [item["file"] for item in entries if item["own"]]
    there = {(e["area"], e["notebook"]) for e in entries if e["ok"] and not e["own"]}
    lost = [f"{area or 'city'} {name}" for area, name in sorted(wanted - there)]
    old = [item["file"] for item in entries if shelf.changes(item["file"])]
    found = {
        "audience: intern is never released": study.audience == "intern",
        "disclosure: signed: (by, date) is missing in the study file": not study.disclosure.signed,
        "give the name of who signs with --by": not by.strip(),
        f"pages are missing or were changed: {', '.join(lost)}; run the study again": bool(lost),
        f"pages with parameters of their own: {', '.join(own)}; remove them": bool(own),
        f"pages made from something else than now: {', '.join(old)}; run the study again": bool(
            old
        ),
    }
    return [text for text, holds in found.items() if holds]


def _summary(plan: Plan) -> list[str]:
    kinds = list(plan.states.values())
    small, beside = kinds.count("primary"), kinds.count("secondary")
    if plan.rounded:
        first = f"{number(len(kinds))} Fallzahlen werden gerundet gezeigt"
    else:
        first = (
            f"{number(len(kinds))} Fallzahlen sind auf den Seiten zu sehen oder aus ihnen zu "
            f"schließen; {number(small)} davon sind klein und verborgen, {number(beside)} weitere "
            f"zu ihrem Schutz ({CHOICES.get(plan.method, plan.method)})"
        )
    narrowest = "–" if plan.narrowest is None else number(plan.narrowest, 1)
    return [
        f"{first}.",
        f"Geprüft wurden auch {number(plan.n_inner)} kleine Zellen, die keine Seite zeigt.",
        "Der Angreifer kennt alle gezeigten Zahlen und alles früher Freigegebene; die engste "
        f"Spanne, auf die er eine kleine Fallzahl eingrenzen kann, beträgt {narrowest}.",
        "Schätzungen auf verborgenen Summen werden nicht gezeigt."
        if plan.estimates
        else "Schätzungen werden nicht gezeigt: Mit ihnen ließen sich die Rundungen auflösen.",
    ]


def _rules(study: Study) -> dict[str, str]:
    rules = study.disclosure
    merged = [f"{first} mit {', '.join(others)}" for first, others in rules.merge.items()]
    signed = rules.signed
    return {
        "kleine Fallzahlen": f"1 bis {rules.threshold - 1}" if rules.threshold > 1 else "keine",
        "Nullen": "werden gezeigt" if rules.zeros_shown else "gelten als kleine Fallzahl",
        "Spanne, die jedem Angreifer bleibt": f"mindestens {rules.width}",
        "Verfahren": "; ".join([METHODS[rules.method], *merged]),
        "kleinste Bezugsgröße einer Quote": number(rules.minimum_denominator),
        "Geldbeträge": f"verborgen, wenn die {rules.dominance.n} größten Posten mehr als "
        f"{number(rules.dominance.share * 100)}{NBSP}% ausmachen",
        "unterschrieben": f"{signed.by}, {day(signed.date)}" if signed else "nicht unterschrieben",
    }


def _page(entry: Mapping[str, Any], shelf: Shelf, plan: Plan) -> dict[str, Any]:
    keys = shelf.notes.get(entry["file"], {}).get("hidden", [])
    states = [plan.states.get(key) for key in keys]
    return {
        "file": entry["file"],
        "ok": entry["ok"],
        "stale": entry["stale"],
        "digest": entry["sha256"].get(entry["file"], "")[:12],
        "others": max(0, len(entry["sha256"]) - 1),
        "primary": states.count("primary"),
        "secondary": states.count("secondary"),
    }


def _hidden(plan: Plan) -> list[dict[str, str]]:
    rows = []
    for key, (low, high) in sorted(plan.intervals.items()):
        open_end = high == float("inf")
        rows.append(
            {
                "label": plan.labels.get(key, key),
                "kind": KINDS.get(plan.states[key], ""),
                "low": number(low, 1),
                "high": "ohne Grenze" if open_end else number(high, 1),
                "width": "ohne Grenze" if open_end else number(high - low, 1),
            }
        )
    return rows


def _release(item: Release) -> dict[str, Any]:
    said = {"number": item.number, "day": day(item.day), "by": item.by}
    return said | {"counts": number(len(item.counts)), "pages": len(item.pages)}

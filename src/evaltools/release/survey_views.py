"""The survey of an area's families: sums over enough persons, never a row.

Where the number of answers lies below the threshold, everything computed from it is withheld. A
share of persons is withheld too where those inside it, or those outside it, are too few; how
answers spread where they are fewer than ten or that share is withheld; and a mean where all
answered alike.
"""

from __future__ import annotations

from contextlib import suppress

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures import answers, survey
from evaltools.measures.scales import Scale
from evaltools.measures.survey import Agreement
from evaltools.release import wording
from evaltools.release.disclosure import Count, Rule, release
from evaltools.release.display import prose
from evaltools.release.profile_views import NONE_HERE
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, table
from evaltools.release.views import Tables, lacking
from evaltools.study import Study

FAMILY = "family_acceptance"
COMMON = (0.0, 100.0)  # what different scales are brought to
ALL_ITEMS = "alle Fragen"
SPREAD = ("low", "high", "sd")  # with the mean and few answers, they give the answers back
ENOUGH = 10  # persons from which on they are shown
COMPARED = {
    "guard": ("mean_before", "mean_after", "difference", "low", "high"),
    "many": ("low", "high"),
    "n_before": ("mean_before", "difference", "low", "high"),
    "n_after": ("mean_after", "difference", "low", "high"),
}
MEAN = {
    "mean": Column("Mittel", "Punkte", 2),
    "low": Column("Intervall von", "Punkte", 2),
    "high": Column("bis", "Punkte", 2),
    "sd": Column("Streuung", "Punkte", 2),
}
TOP = {
    "top": Column("zwei höchste Punkte", "Prozent", 0),
    "top_low": Column("Intervall von", "Prozent", 0),
    "top_high": Column("bis", "Prozent", 0),
}


@explained
def waves(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show how many families were asked and answered, wave by wave."""
    lost = lacking(tables, FAMILY)
    if lost:
        return lost
    rows = []
    for wave in survey.waves(tables[FAMILY], area):
        found = survey.agreement(tables[FAMILY], area, wave)
        silent = None if found.invited is None else found.invited - found.n
        open_share = survey.unanswered(tables[FAMILY], area, wave) * 100
        least = min((n for n in answers.sizes(tables[FAMILY], area, wave) if n), default=0)
        rate = found.response_rate * 100
        rows.append([wave, found.invited, found.n, rate, open_share, silent, least])
    if not rows:
        return prose(NONE_HERE)
    order = ["wave", "invited", "n", "rate", "unanswered", "silent", "least"]
    frame = pd.DataFrame(rows, columns=order).astype({"invited": "Int64", "silent": "Int64"})
    counts = {
        "invited": Count(("rate",)),
        "n": Count(("rate", "unanswered")),
        # from these the table would let one compute how many did not answer, or a small item
        "silent": Count(("invited", "rate")),
        "least": Count(("unanswered",)),
    }
    columns = {
        "wave": Column("Befragung"),
        "invited": Column("angefragt", "Familien", 0),
        "n": Column("geantwortet", "Familien", 0),
        "rate": Column("Rücklauf", "Prozent", 0),
        "unanswered": Column("nicht beantwortete Fragen", "Prozent", 0),
    }
    shown = release(frame, rules, counts=counts, public=("wave",))
    return table(shown, columns, caption="Befragung der Familien: wer geantwortet hat")


@explained
def items(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show the agreement with each item, wave by wave, with its scale."""
    lost = lacking(tables, FAMILY)
    if lost:
        return lost
    rows = [
        row
        for wave in survey.waves(tables[FAMILY], area)
        for row in _item_rows(tables[FAMILY], area, wave)
    ]
    if not rows:
        return prose(NONE_HERE)
    helpers = ["inside", "outside", "guard", "many", "differing", "silent"]
    names = ["item", "wave", "scale", "n", *MEAN, *TOP, *helpers]
    frame = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(helpers, "Int64"))
    counts = {
        "guard": Count(tuple(MEAN)),
        "many": Count(SPREAD),
        "differing": Count((*MEAN, *TOP, "inside", "outside")),
        "silent": Count(("n", *MEAN, *TOP, "inside", "outside")),
        "n": Count((*MEAN, *TOP, "inside", "outside")),
        "inside": Count((*TOP, *SPREAD, "outside")),
        "outside": Count((*TOP, *SPREAD, "inside")),
    }
    columns = {
        "item": Column("Frage"),
        "wave": Column("Befragung"),
        "scale": Column("Skala"),
        "n": Column("Antworten", digits=0),
        **MEAN,
        **TOP,
    }
    shown = release(frame, rules, counts=counts, public=("item", "wave", "scale"))
    return table(shown, columns, caption="Annahme durch Familien: Zustimmung je Frage")


@explained
def change(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Compare the last wave before the start with the last of all, item by item."""
    lost = lacking(tables, FAMILY)
    if lost:
        return lost
    source, start = tables[FAMILY], (study.model_area(area).start or "")[:4]
    asked = survey.waves(source, area)
    if len(asked) < 2:
        return prose("Für einen Vergleich sind zwei Befragungen nötig.")
    earlier = [wave for wave in asked[:-1] if start and wave < int(start)]
    before, after = earlier[-1] if earlier else asked[0], asked[-1]
    rows = _changes(source, area, before, after)
    if not rows:
        return prose("Die beiden Befragungen stellten keine gleiche Frage.")
    shown = release(
        pd.DataFrame(rows).astype({"guard": "Int64", "many": "Int64"}),
        rules,
        counts={name: Count(derived) for name, derived in COMPARED.items()},
        public=("item", "scale_before", "scale_after", "scale"),
    )
    late = " (beide nach dem Beginn)" if start and not earlier else ""
    caption = f"Veränderung von {before} auf {after}{late}, Befragte nicht verknüpft"
    return table(shown, _change_columns(before, after), caption=caption)


def _item_rows(source: pd.DataFrame, area: str, wave: int) -> list[list[object]]:
    """Describe each item of a wave, after all of them together where there are several."""
    names = survey.items(source, area, wave)
    rows = [_row(survey.agreement(source, area, wave, item=name), source) for name in names]
    if len(names) > 1 and len({str(row[2]) for row in rows}) == 1:
        rows.insert(0, _row(survey.agreement(source, area, wave), source))
    return rows


def _row(found: Agreement, source: pd.DataFrame) -> list[object]:
    top: list[object] = [pd.NA] * 5
    if found.item is not None:
        with suppress(DesignError):  # a scale without whole points has no two highest
            part = survey.top_two(source, found.area, found.wave, found.item)
            ends = [value * 100 for value in (part.share, part.low, part.high)]
            top = [*ends, part.k, part.n - part.k]
    scale = spelled((found.scale_min, found.scale_max))
    told = (found.mean, found.low, found.high, found.sd)
    guard = answers.fewest(source, found.area, found.wave) if found.item is None else pd.NA
    everybody = survey.agreement(source, found.area, found.wave).n
    helpers = (guard, _many(found.n), _differing(found), everybody - found.n)
    return [_named(found.item), found.wave, scale, found.n, *told, *top, *helpers]


def _many(n: int) -> int:
    """Return the number of answers, or 1 where they are too few to show how they spread."""
    return n if n >= ENOUGH else min(n, 1)


def _differing(found: Agreement) -> int:
    """Return the number of answers, or 1 where all are the same: the mean then tells each."""
    return found.n if found.sd > 0 else min(found.n, 1)


def _changes(source: pd.DataFrame, area: str, before: int, after: int) -> list[dict[str, object]]:
    """Compare what both waves asked: all items together where they are the same, then each."""
    same = survey.items(source, area, before, after)
    rows = []
    for item in (None, *same):
        try:
            found = survey.change(source, area, before, after, item=item)
        except DesignError:
            if item is None:
                continue  # other items or scales: only single ones can be compared
            found = survey.change(source, area, before, after, item=item, scale=COMMON)
        fewest = min(answers.fewest(source, area, wave) for wave in (before, after))
        told = vars(found) | {"item": _named(item), "guard": pd.NA if item else fewest}
        told["many"] = min(map(_many, (found.n_before, found.n_after)))
        told["scale"] = spelled((found.scale_min, found.scale_max))
        told |= {name: spelled(told[name]) for name in ("scale_before", "scale_after")}
        lost = ("area", "before", "after", "scale_min", "scale_max", "variance")
        rows.append({name: value for name, value in told.items() if name not in lost})
    return rows[1:] if len(same) == 1 and len(rows) > 1 else rows


def _change_columns(before: int, after: int) -> dict[str, Column]:
    points = {"mean_before": str(before), "mean_after": str(after), "difference": "Differenz"}
    points |= {"low": "Intervall von", "high": "bis"}
    return {
        "item": Column("Frage"),
        "n_before": Column(f"Antworten {before}", digits=0),
        "n_after": Column(f"Antworten {after}", digits=0),
        **{name: Column(label, "Punkte", 2) for name, label in points.items()},
        "scale": Column("Punkte auf der Skala"),
        "scale_before": Column(f"gefragt {before}"),
        "scale_after": Column(f"gefragt {after}"),
    }


def _named(item: str | None) -> str:
    return ALL_ITEMS if item is None else item.replace("_", " ")


def spelled(scale: Scale) -> str:
    """Write a scale as its lowest and highest point."""
    return " bis ".join(wording.number(end, 0 if end == int(end) else 1) for end in scale)

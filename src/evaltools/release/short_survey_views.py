"""The short survey of an area's professionals, by group, so that no small group follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaltools.measures import survey
from evaltools.release.disclosure import Count, Rule, release
from evaltools.release.display import prose
from evaltools.release.profile_views import NONE_HERE
from evaltools.release.refusals import Shown, explained
from evaltools.release.survey_views import spelled
from evaltools.release.tables import Column, table
from evaltools.release.views import Tables, lacking

WHOLE = "alle Befragten"
WIDTH = 2  # between the smallest and the largest that a withheld size could be
ENOUGH = 5  # answers of professionals from which on mean and spread are shown


@explained
def groups(tables: Tables, area: str, rules: Rule) -> Shown:
    """Show the short survey of the professionals, as a whole and by group."""
    lost = lacking(tables, "short_survey")
    if lost:
        return lost
    source = tables["short_survey"]
    if not (source["area_id"] == area).any():
        return prose(NONE_HERE)
    whole, parts = survey.short(source, area), survey.by_group(source, area)
    total = pd.DataFrame([[WHOLE, whole.n, whole.mean, whole.sd]], columns=parts.columns)
    hidden = withheld(list(parts["n"]), rules)
    parts = parts if hidden is not None else parts.iloc[:0]
    frame = pd.concat([total.astype(parts.dtypes), parts], ignore_index=True)
    # a group that is withheld goes to disclosure control as what it is not: a small one
    small = pd.Series([False, *(hidden or [])])
    frame["guard"] = frame["n"].mask(small, rules.threshold - 1)
    sizes = [told(n, sd) for n, sd in zip(frame["n"], frame["sd"], strict=True)]
    frame["shown"] = pd.array(sizes, dtype="Int64")
    counts = {
        "n": Count(("mean", "sd")),
        "guard": Count(("n", "mean", "sd")),
        "shown": Count(("mean", "sd")),
    }
    columns = {
        "actor_group": Column("Gruppe"),
        "n": Column("Antworten", digits=0),
        "mean": Column("Mittel", "Punkte", 2),
        "sd": Column("Standardabweichung", "Punkte", 2),
    }
    kind = f" mit Typ {whole.type_assigned}" if whole.type_assigned else ""
    scale = spelled((whole.scale_min, whole.scale_max))
    shown = release(frame, rules, counts=counts, public=("actor_group",))
    return table(shown, columns, caption=f"Kurzbefragung: Zustimmung{kind}, Skala {scale}")


def told(n: int, sd: float) -> int:
    """Return the number of answers, or 1 where mean and spread would tell each of them.

    All alike, or so few that one mean and one standard deviation fit one set of answers only.
    """
    return n if n >= ENOUGH and sd != 0 else min(n, 1)


def withheld(sizes: Sequence[int], rules: Rule) -> list[bool] | None:
    """Say which groups are withheld, so that their whole and the others give none of them back.

    Small groups are withheld, and then the smallest of the others, until those withheld are two or
    more, are together no small group, and the size of each could be three different numbers.

    Parameters
    ----------
    sizes : sequence of int
        Persons of each group; the groups make up the whole, which is shown.
    rules : Rule
        Its threshold; for the office alone nothing is withheld.

    Returns
    -------
    list of bool or None
        None where withholding all is not enough: then no group may be named.
    """
    if rules.intern:
        return [False] * len(sizes)
    hidden = [0 < size < rules.threshold for size in sizes]
    others = sorted((size, place) for place, size in enumerate(sizes) if size >= rules.threshold)
    while any(hidden):
        inside = [size for size, taken in zip(sizes, hidden, strict=True) if taken]
        together, n = sum(inside), len(inside)
        if n > 1 and together >= rules.threshold and together - n >= WIDTH:
            break
        if not others:
            return None
        hidden[others.pop(0)[1]] = True
    return hidden

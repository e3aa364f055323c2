"""Any indicator from a study's tables: what it needs, its values, its reference, its formula.

The indicators of ``measures.catalogue`` stand over the population, over other counts or over
staff; here the tables that one needs are found by its name.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaltools.data.kept import once
from evaltools.errors import DesignError
from evaltools.measures import series
from evaltools.measures.catalogue import EVERY_FORM, LOCAL, Indicator, Pick, indicator
from evaltools.measures.periods import GERMAN, LENGTHS, Length, length_of, together
from evaltools.measures.picking import KEY, ONLY_TOTAL, pick
from evaltools.study import Study

Tables = Mapping[str, pd.DataFrame]
NEEDS = {
    "hze_count": "area_id, period, paragraph, form, stock_3112, started, ended",
    "population": "area_id, year, sex, age_from, age_to, n, kind",
    "staffing": "area_id, year, role=case_manager, vzae",
}
FORM_LABELS = {
    "beratung": "Beratung",
    "ambulant": "ambulant",
    "teilstationaer": "teilstationär",
    "stationaer": "stationär",
}


def values(tables: Tables, study: Study, name: str, *, length: Length = "year") -> pd.DataFrame:
    """Compute an indicator for each area and period from the tables it needs.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name; none is changed.
    study : Study
        Gives the age group of the population and the weights of the forms.
    name : str
        A name in ``INDICATORS``.
    length : {'year', 'quarter', 'month'}, optional
        Length of a period. The volume of a quarter is the stock on its last day and the helps
        ended in it; population and staff of the year serve for its quarters and months. Rates
        are those of the period and not raised to a year.

    Returns
    -------
    DataFrame
        ``area_id, period, numerator, denominator, value, low, high, reason`` as made by
        ``indicators.compute``, to which it is equal for years. In a weighted indicator the
        numerator is the sum of weight × count and the denominator the sum of counts; it has no
        interval. Unknown is NA with a reason.

    Raises
    ------
    DesignError
        When a table is missing, the periods delivered are too long, or as in
        ``indicators.compute``.
    """
    item = indicator(name)
    lost = [table for table in ("hze_count", item.base) if table not in tables]
    if lost:
        raise DesignError(
            f"{name} needs the table {lost[0]} with {NEEDS[lost[0]]}",
            german=f"Für „{item.label}“ fehlt die Tabelle {lost[0]}.",
        )
    below = tables[item.base] if item.base != "hze_count" else None
    return once(
        tables,
        series.values,
        tables["hze_count"],
        below,
        item,
        study.population,
        _used(study, item),
        length,
    )


def needs(
    tables: Tables, study: Study, name: str, *, area: str | None = None, length: Length = "year"
) -> tuple[str, ...]:
    """Name what is missing for an indicator; nothing when it can be computed.

    Parameters
    ----------
    tables, study, name, length
        As for :func:`values`.
    area : str, optional
        An area that must have a value in some period; any will do when not given.

    Returns
    -------
    tuple of str
        Such as ``population: area_id, year, sex, age_from, age_to, n, kind``: the table, what it
        must hold, in German where it is no list of columns.

    Raises
    ------
    DesignError
        When the name is unknown, or the counts mix periods of different length.
    """
    return delivered(tables, study, name, area=area, length=length)[1]


def delivered(
    tables: Tables, study: Study, name: str, *, area: str | None = None, length: Length = "year"
) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """Compute an indicator as :func:`values` does, and name what is missing as :func:`needs`.

    Nothing is computed where a table or column is missing or what is there does not fit; of the
    latter :func:`values` says why.
    """
    item = indicator(name)
    wanted = ("hze_count", item.base)
    missing = [f"{key}: {NEEDS[key]}" for key in NEEDS if key in wanted and key not in tables]
    if "hze_count" not in tables:
        return None, tuple(missing)
    count = tables["hze_count"]
    missing += _columns(count, item) + _weights(count, item, _by_form(study))
    if length != "year" and LENGTHS.index(length_of(count)) > LENGTHS.index(length):
        missing.append(f"hze_count: period je {GERMAN[length]}")
    if missing:
        return None, tuple(missing)
    try:
        found = values(tables, study, name, length=length)
    except DesignError:
        return None, ()
    own = found if area is None else found[found["area_id"] == area]
    return found, _lacking(item, own)


def within(values: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Keep the periods between the study's first and last year."""
    year = values["period"].str[:4].astype(int)
    first, last = study.first or year.min(), study.last or year.max()
    return values[(year >= first) & (year <= last)]


def reference(
    tables: Tables, study: Study, name: str, level: str, *, length: Length = "year"
) -> pd.DataFrame:
    """Compute an indicator for one reference level from ``reference_trend``.

    Parameters
    ----------
    tables, study, name, length
        As for :func:`values`.
    level : str
        ``city``, ``state`` or ``nation``.

    Returns
    -------
    DataFrame
        As :func:`values`; ``area_id`` holds the level. Without rows where the level is not
        delivered, not in periods so short, or the indicator stands over staff.

    Raises
    ------
    DesignError
        When the name is unknown or the level mixes periods of different length.
    """
    item = indicator(name)
    trend = tables.get("reference_trend", pd.DataFrame({"level": [], "period": []}))
    return once(
        tables, series.reference, trend, level, item, study.population, _used(study, item), length
    )


def distribution(count: pd.DataFrame, study: Study, *, length: Length = "year") -> pd.DataFrame:
    """Count the helps begun by form, from the least to the most intrusive, without §§ 28, 35a.

    Parameters
    ----------
    count : DataFrame
        ``hze_count``; not changed.
    study : Study
        Its weights order the forms.
    length : {'year', 'quarter', 'month'}, optional
        Length of a period.

    Returns
    -------
    DataFrame
        ``area_id, period, form, n, reason``, sorted by area, period and weight; forms that no
        area ever has are left out. Unknown is NA with a reason.
    """
    added = together(count, length)
    rows = added[(added["paragraph"] != "alle") & ~added["paragraph"].isin(LOCAL)]
    weights = _by_form(study)
    forms = sorted((form for _, form in EVERY_FORM), key=lambda form: weights.get(form, 0))
    present = [form for form in forms if form in set(rows["form"])] or forms
    parts = [
        pick(added, Pick(("started",), (("*", form),), without=LOCAL)).assign(form=form, place=n)
        for n, form in enumerate(present)
    ]
    table = pd.concat(parts).sort_values([*KEY, "place"], ignore_index=True)
    return table[[*KEY, "form", "n", "reason"]].astype({"form": "string"})


def formula(study: Study, name: str, *, length: Length = "year") -> str:
    """Return an indicator's German formula as it is used: for which period, with which weights."""
    item = indicator(name)
    text = item.formula.replace("im Jahr", f"im {GERMAN[length]}")
    if item.weighted:
        shown = sorted(_by_form(study).items(), key=lambda pair: pair[1])
        listed = ", ".join(
            f"{FORM_LABELS[form]} {weight:g}".replace(".", ",") for form, weight in shown
        )
        text = f"{text} ({listed})"
    return text if length == "year" else f"je {GERMAN[length]}: {text}"


def _by_form(study: Study) -> dict[str, float]:
    return {str(form): weight for form, weight in study.outcomes.weights.items()}


def _used(study: Study, item: Indicator) -> dict[str, float]:
    """Return the study's weights where an indicator depends on them, and none elsewhere."""
    return _by_form(study) if item.weighted else {}


def _columns(count: pd.DataFrame, item: Indicator) -> list[str]:
    """Name the columns of the counts that an indicator adds up and that were not delivered."""
    picks = (item.numerator, item.denominator or item.numerator)
    lost = [name for what in picks for name in what.measures if name not in count]
    return [f"hze_count: {name}" for name in dict.fromkeys(lost)]


def _weights(count: pd.DataFrame, item: Indicator, weights: Mapping[str, float]) -> list[str]:
    """Name the forms that occur and have no weight in the study file."""
    if not item.weighted or "form" not in count:
        return []
    used = set(count.loc[~count["paragraph"].isin(LOCAL), "form"]) - {"alle"}
    lost = sorted(used - set(weights))
    return [f"Studiendatei: outcomes: weights (für {', '.join(lost)})"] if lost else []


def _lacking(item: Indicator, own: pd.DataFrame) -> tuple[str, ...]:
    """Name what is lacking for an indicator of which there is no value at all."""
    if own["numerator"].isna().all():
        if not (own["reason"] == ONLY_TOTAL).any():
            return (f"hze_count: Zahlen für „{item.label}“ = {item.formula}",)
        return (
            f"hze_count: nach paragraph und form aufgeteilt für „{item.label}“; geliefert ist nur "
            "die Summe (alle), zu der unter outcomes der Indikator inanspruchnahme gehört",
        )
    if own["denominator"].isna().all():
        return (f"{item.base}: {NEEDS[item.base]} (für die Zeiträume der Fallzahlen)",)
    return ()

"""Agreement on a scale: the short survey of the professionals, and how families accept a help.

A row is one answer of one person. Those asked in two waves are not linked: waves are compared as
independent samples. What is handed out here holds counts of persons; only ``release`` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures import delivered, scales
from evaltools.measures.scales import NAN, Floats, Scale, Share

FAMILY = "family_acceptance"
NO_GROUP = "keine Angabe"


@dataclass(frozen=True)
class Agreement:
    """Answers of one wave in one area, to one item or (``item=None``) over all of them.

    Attributes
    ----------
    n, missing : int
        Persons with an answer, and those of the wave without one.
    invited : int or None
        Families asked, where delivered.
    mean, low, high, sd : float
        Points of the scale; t-interval, bounded by the scale. No interval (NaN) below five answers
        or when all are equal.
    """

    area: str
    wave: int
    item: str | None
    n: int
    missing: int
    invited: int | None
    mean: float
    low: float
    high: float
    sd: float
    scale_min: float
    scale_max: float

    @property
    def response_rate(self) -> float:
        """Persons who answered over families asked; NaN when these are unknown."""
        return self.n / self.invited if self.invited else NAN


@dataclass(frozen=True)
class AgreementChange:
    """Mean of a later wave minus that of an earlier one, with Welch's interval.

    ``scale_min, scale_max`` is the scale that the figures are on; ``scale_before, scale_after``
    are those that the two waves were asked on; ``variance`` is that of the difference.
    """

    area: str
    item: str | None
    before: int
    after: int
    mean_before: float
    mean_after: float
    difference: float
    low: float
    high: float
    n_before: int
    n_after: int
    scale_min: float
    scale_max: float
    scale_before: Scale
    scale_after: Scale
    variance: float


@dataclass(frozen=True)
class ShortSurvey:
    """How far an area's professionals agree with the Stadtraumtyp it was assigned."""

    area: str
    type_assigned: str | None
    mean: float
    sd: float
    n: int
    missing: int
    scale_min: float
    scale_max: float


def waves(table: pd.DataFrame, area: str) -> tuple[int, ...]:
    """List the waves in which an area's families were asked, in order."""
    return tuple(sorted(int(wave) for wave in delivered.rows(table, FAMILY, area)["wave"].unique()))


def items(table: pd.DataFrame, area: str, *waves: int) -> tuple[str, ...]:
    """List the items that were asked in every one of these waves, by name."""
    own = delivered.rows(table, FAMILY, area)
    asked = [set(own.loc[own["wave"] == wave, "item"]) for wave in waves]
    return tuple(sorted(set.intersection(*asked))) if asked else ()


def agreement(table: pd.DataFrame, area: str, wave: int, *, item: str | None = None) -> Agreement:
    """Describe the answers of one wave.

    Parameters
    ----------
    table : DataFrame
        ``family_acceptance``; not changed.
    area, wave
        Where, and the year of the survey.
    item : str, optional
        One item; without it, each person's mean over the items answered, then over persons.

    Raises
    ------
    DesignError
        When there is no such wave or item, its rows disagree on the scale or on the families
        invited, an answer lies outside the scale, or more answered than were invited.

    Notes
    -----
    The t-interval takes the persons as a random sample of those it speaks of; where few of the
    invited answer, it tells nothing of the others.
    """
    rows = of_wave(table, area, wave)
    invited = _invited(rows, area, wave)
    scale, values = _answers(rows, item, f"area {area}, wave {wave}")
    told = scales.mean(values, scale)
    missing = int(rows["response_id"].nunique()) - told.n
    ends = (told.mean, told.low, told.high, told.sd, *scale)
    return Agreement(area, wave, item, told.n, missing, invited, *ends)


def top_two(table: pd.DataFrame, area: str, wave: int, item: str) -> Share:
    """Say how many persons chose one of the two highest points; see ``scales.top_two``."""
    where = f"area {area}, wave {wave}, item {item}"
    scale, values = _answers(of_wave(table, area, wave), item, where)
    return scales.top_two(values, scale, where)


def unanswered(table: pd.DataFrame, area: str, wave: int) -> float:
    """Share of the questions put to those who took part that were left without an answer."""
    rows = of_wave(table, area, wave)
    asked = rows["response_id"].nunique() * rows["item"].nunique()
    return 1 - float(rows["agreement"].notna().sum()) / asked


def change(
    table: pd.DataFrame,
    area: str,
    before: int,
    after: int,
    *,
    item: str | None = None,
    scale: Scale | None = None,
) -> AgreementChange:
    """Compare two waves as independent samples.

    Parameters
    ----------
    table, area
        As in :func:`agreement`.
    before, after : int
        The waves.
    item : str, optional
        As in :func:`agreement`; without it both waves must have asked the same items.
    scale : tuple of float, optional
        Lowest and highest point of a scale that both waves are brought to, as their own differ.

    Returns
    -------
    AgreementChange
        No interval (NaN) when a wave has fewer than five answers or no two that differ.

    Raises
    ------
    DesignError
        When the waves were asked on different scales and `scale` is not given, when the items
        differ, or as in :func:`agreement`.
    """
    one, two = (of_wave(table, area, wave) for wave in (before, after))
    if item is None and set(one["item"]) != set(two["item"]):
        raise DesignError(
            f"area {area}: waves {before} and {after} asked different items; name one",
            german="Die beiden Befragungen stellten nicht dieselben Fragen.",
        )
    first, old = _answers(one, item, f"area {area}, wave {before}")
    second, new = _answers(two, item, f"area {area}, wave {after}")
    if scale is None and first != second:
        raise DesignError(
            f"area {area}: wave {before} has the scale {first[0]:g} to {first[1]:g}, wave {after} "
            f"{second[0]:g} to {second[1]:g}; give the scale that both are brought to",
            german="Die beiden Befragungen hatten verschiedene Skalen.",
        )
    common = first if scale is None else (float(scale[0]), float(scale[1]))
    old, new = scales.rescaled(old, first, common), scales.rescaled(new, second, common)
    means = scales.mean(old, common).mean, scales.mean(new, common).mean
    ends = scales.welch(old, new, common)
    told = (*means, means[1] - means[0], *ends, len(old), len(new), *common, first, second)
    return AgreementChange(area, item, before, after, *told, scales.error(old) + scales.error(new))


def short(table: pd.DataFrame, area: str) -> ShortSurvey:
    """Describe the short survey of an area: agreement with the assigned Stadtraumtyp.

    Raises
    ------
    DesignError
        When nobody was asked there, rows disagree on the type or the scale, or an answer lies
        outside the scale.
    """
    own = delivered.rows(table, "short_survey", area)
    where = f"area {area}, short survey"
    if own.empty:
        raise DesignError(f"{where}: no answers", german="Im Raum wurde niemand befragt.")
    types = sorted(own["type_assigned"].dropna().unique())
    if len(types) > 1:
        raise DesignError(
            f"{where}: types {', '.join(types)}; an area is assigned one, correct the table",
            german="Die Befragten bewerteten verschiedene Stadtraumtypen.",
        )
    scale, values = scales.answers(own, where)
    told = scales.mean(values, scale)
    kind = str(types[0]) if types else None
    return ShortSurvey(area, kind, told.mean, told.sd, told.n, len(own) - told.n, *scale)


def by_group(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Describe the short survey by group of professionals.

    Returns
    -------
    DataFrame
        ``actor_group, n, mean, sd``, persons without a group under ``keine Angabe``. The groups
        add up to :func:`short`: only ``release.survey_views`` shows them.
    """
    own = delivered.rows(table, "short_survey", area)
    rows = []
    for name, part in own.groupby(own["actor_group"].fillna(NO_GROUP)):
        scale, values = scales.answers(part, f"area {area}, group {name}")
        told = scales.mean(values, scale)
        rows.append([name, told.n, told.mean, told.sd])
    kinds = {"actor_group": "string", "n": "Int64", "mean": "Float64", "sd": "Float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def of_wave(table: pd.DataFrame, area: str, wave: int) -> pd.DataFrame:
    """Take the rows of an area's wave; a wave in which nobody was asked is refused."""
    own = delivered.rows(table, FAMILY, area)
    rows = own[(own["wave"] == wave).fillna(False)]
    if rows.empty:
        known = ", ".join(map(str, waves(table, area))) or "none"
        raise DesignError(
            f"area {area}: no answers of wave {wave}; permitted: {known}",
            german="In diesem Jahr wurde im Raum niemand befragt.",
        )
    return rows


def _invited(rows: pd.DataFrame, area: str, wave: int) -> int | None:
    """Take how many families were asked; it stands in every row of the wave."""
    known = rows["invited"].dropna().unique()
    people = rows.loc[rows["agreement"].notna(), "response_id"].nunique()
    if len(known) > 1 or (len(known) and known[0] < people):
        raise DesignError(
            f"area {area}, wave {wave}: invited={', '.join(map(str, known))} with {people} that "
            "answered; one number a wave, and no fewer than answered",
            german="Wie viele Familien angefragt wurden, ist widersprüchlich angegeben.",
        )
    return int(known[0]) if len(known) else None


def _answers(rows: pd.DataFrame, item: str | None, where: str) -> tuple[Scale, Floats]:
    """Take the scale and the known answers: to an item, or each person's mean over all."""
    chosen = rows if item is None else rows[rows["item"] == item]
    if chosen.empty:
        raise DesignError(
            f"{where}: no item {item!r}; permitted: {', '.join(sorted(set(rows['item'])))}",
            german="Danach wurde nicht gefragt.",
        )
    scale, values = scales.answers(chosen, where)
    if item is not None:
        return scale, values
    known = chosen[chosen["agreement"].notna()]
    return scale, known.groupby("response_id")["agreement"].mean().to_numpy(float)

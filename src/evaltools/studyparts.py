"""The parts of a study file, as strict models: areas, selection, events, outcomes, rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from evaltools.yamlfile import Strict

WIDEST_ROUNDED = 2  # a count that is rounded to 0 lies between 0 and 2
TEXT_FILE = r"[A-Za-z0-9][A-Za-z0-9_-]*\.md"  # beside the study file
CITY = "stadt"  # folder of the city's pages


def _no_city(area: str) -> str:
    if area.lower() == CITY:
        raise ValueError(f"{area} is the name of the city's own folder; choose another id")
    return area


AreaId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,31}$"), AfterValidator(_no_city)
]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]{0,63}$")]
NotebookName = Annotated[str, Field(pattern=r"^\d{2}_[a-z0-9_]{1,60}$")]
PERIOD = r"^(19|20)\d{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?$"
Period = Annotated[str, Field(pattern=PERIOD)]
Year = Annotated[int, Field(ge=1990, le=2060)]
FormName = Literal["ambulant", "teilstationaer", "stationaer", "beratung"]


def months(period: str) -> tuple[int, int]:
    """First and last month of a year, quarter or month, counted from the year 0."""
    year = 12 * int(period[:4])
    if "Q" in period:
        return year + 3 * int(period[-1]) - 3, year + 3 * int(period[-1]) - 1
    return (year + int(period[5:]) - 1,) * 2 if len(period) > 4 else (year, year + 11)


def begun(period: str, start: str) -> bool:
    """Whether a period lies at or after a start, in whatever units the two are written."""
    return months(period)[0] >= months(start)[0]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) and value != "untreated" else value


class Selection(Strict):
    """How and when a model area was chosen; the periods looked at are left out of the estimate."""

    rule: str
    decided: Annotated[str, Field(pattern=r"^(19|20)\d{2}(-\d{2}(-\d{2})?)?$")] | None = None
    periods: tuple[Period, ...] = ()


class Event(Strict):
    """Something else that happened: another reform, or a new definition or boundary.

    Without an area it met the whole city.
    """

    period: Period
    area: AreaId | None = None
    kind: Literal["reform", "definition", "boundary"]
    label: str


class ModelArea(Strict):
    """One model Stadtraum: since when, compared with whom, how chosen."""

    area: AreaId
    start: Period | None = None
    comparison: Annotated[Literal["untreated"] | tuple[AreaId, ...], BeforeValidator(_as_list)] = (
        "untreated"
    )
    selection: Selection | None = None
    neighbours: tuple[AreaId, ...] = ()
    note: str | None = None


class Population(Strict):
    """The age group that rates refer to, and how many years it lags behind the period."""

    age_from: Annotated[int, Field(ge=0, le=120)] = 0
    age_to: Annotated[int, Field(ge=0, le=120)] = 20
    lag_years: Annotated[int, Field(ge=0, le=2)] = 0

    @model_validator(mode="after")
    def _ordered(self) -> Population:
        if self.age_to < self.age_from:
            raise ValueError(f"age_to={self.age_to} lies below age_from={self.age_from}")
        return self

    @property
    def label(self) -> str:
        """German name of the age group, such as ``unter 21 Jahren``."""
        if self.age_from == 0:
            return f"unter {self.age_to + 1} Jahren"
        return f"von {self.age_from} bis {self.age_to} Jahren"


class Outcomes(Strict):
    """Which indicator stands for which claim; names as in ``measures.catalogue``.

    ``further`` are shown beside them and bear no verdict; ``unaffected`` names one that the
    programme cannot have changed. ``weights`` order the forms of help by how far they intrude.
    """

    hze: Slug = "inanspruchnahme_lokal"
    placements: Slug | None = "fremdunterbringung"
    intensity: Slug | None = "anteil_stationaer_begonnen"
    further: tuple[Slug, ...] = ()
    unaffected: Slug | None = None
    weights: Mapping[FormName, Annotated[float, Field(ge=0)]] = {
        "beratung": 1,
        "ambulant": 2,
        "teilstationaer": 3,
        "stationaer": 4,
    }
    relevant_change: Annotated[float, Field(gt=0, lt=1)] = 0.10


class Signed(Strict):
    """Who in the office stands for the rule set, and since when."""

    by: Annotated[str, Field(min_length=1, max_length=120)]
    date: Annotated[str, Field(pattern=r"^20\d{2}-\d{2}-\d{2}$")]


class Dominance(Strict):
    """A sum of money is withheld when its `n` largest contributions exceed this share of it."""

    n: Annotated[int, Field(ge=1, le=10)] = 2
    share: Annotated[float, Field(gt=0, le=1)] = 0.85


class Disclosure(Strict):
    """What may leave the office; `signed` names who decided it.

    Counts from 1 to `threshold` − 1 are small. Each hidden count keeps at least `width` between
    the lowest and the highest value that all published numbers allow. Rates over fewer than
    `minimum_denominator` are withheld. With the method ``round5`` counts are rounded to multiples
    of five; with ``merge`` the areas of each list under `merge` are counted into the one named
    first, and what is still small is suppressed.
    """

    threshold: Annotated[int, Field(ge=1, le=100)] = 3
    zeros_shown: bool = True
    width: Annotated[int, Field(ge=1, le=100)] = 2
    minimum_denominator: Annotated[int, Field(ge=0)] = 0
    dominance: Dominance = Dominance()
    method: Literal["suppress", "round5", "merge"] = "suppress"
    merge: Mapping[AreaId, tuple[AreaId, ...]] = {}
    signed: Signed | None = None

    @model_validator(mode="after")
    def _wide_enough(self) -> Disclosure:
        if self.method == "round5" and self.width > WIDEST_ROUNDED:
            raise ValueError(f"method: round5 keeps a width of at most {WIDEST_ROUNDED}; lower it")
        return self

    @model_validator(mode="after")
    def _merged(self) -> Disclosure:
        if (self.method == "merge") != bool(self.merge):
            raise ValueError("method: merge and the list merge: need each other; give both")
        named = [area for first, others in self.merge.items() for area in (first, *others)]
        double = sorted({area for area in named if named.count(area) > 1})
        if double:
            raise ValueError(f"merge: {', '.join(double)} stands in two groups; keep one")
        return self


class Publisher(Strict):
    """Who answers for the pages: Markdown, or the name of an ``.md`` file beside the study file."""

    imprint: str = ""
    contact: str = ""
    accessibility: str = ""

    @field_validator("imprint", "contact", "accessibility")
    @classmethod
    def _near(cls, text: str) -> str:
        one = text.strip()
        if "\n" not in one and one.casefold().endswith(".md") and not re.fullmatch(TEXT_FILE, one):
            raise ValueError(
                f"{one}: a text lies beside the study file, and its name has letters without "
                "umlauts, digits, - and _, such as impressum.md"
            )
        return text

    def files(self) -> dict[str, str]:
        """Return which entries name a file."""
        entries = {name: str(text).strip() for name, text in self}
        return {name: text for name, text in entries.items() if re.fullmatch(TEXT_FILE, text)}


class Notebooks(Strict):
    """Which notebooks run for each model area and which once for the city."""

    area: tuple[NotebookName, ...] = ()
    city: tuple[NotebookName, ...] = ()

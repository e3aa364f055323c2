"""Which of a study's counts may be shown: one decision for all its pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from evaltools.errors import ReleaseError
from evaltools.measures.sums import Sum

State = Literal["shown", "primary", "secondary"]
Key = tuple[str, ...]
BESIDE = " | "
MONEY = "cost_eur"
STEP = 5  # rounded counts are multiples of it


@dataclass(frozen=True)
class Plan:
    """What is shown and what is hidden, with the proof that an attacker made of it.

    Attributes
    ----------
    states : mapping of str to str
        ``Sum.key`` → shown, hidden for itself (primary) or to protect another (secondary).
    values : mapping of str to float
        Counts of the shown ones; helps.
    intervals : mapping of str to tuple of float
        Hidden count → lowest and highest value that everything published allows.
    labels : mapping of str to str
        Hidden count → what it is, in German.
    rests : mapping of str to tuple of str
        Estimate (:func:`estimate`) → keys of the sums that it would give away.
    series : mapping of str to tuple of str
        Model area → keys of its primary counts in all periods.
    n_inner : int
        Small cells that no page shows and that the attacker tried as well.
    narrowest : float, optional
        Narrowest interval of a small count; None when there is no small count.
    bound : float
        Fewest secondary cells that any safe choice has, as far as proven.
    method : str
        ``exact``, ``repaired`` or ``rounded``.
    set_aside : tuple of str
        Sums released earlier whose count has changed since, or that today's data lack.
    estimates : bool
        Whether estimates may be shown at all; with rounded counts they may give too much away.
    """

    states: Mapping[str, State]
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    rests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    series: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    n_inner: int = 0
    narrowest: float | None = None
    bound: float = 0.0
    method: str = "exact"
    set_aside: tuple[str, ...] = ()
    estimates: bool = True

    @property
    def rounded(self) -> bool:
        """Whether counts are rounded instead of hidden."""
        return self.method == "rounded"

    def shows(self, item: Sum) -> bool:
        """Say whether a count is shown.

        Raises
        ------
        ReleaseError
            When it is not in the plan: nothing is known of what it would give away.
        """
        if MONEY in item.what.measures:
            return False  # who contributed what is unknown: the dominance rule cannot be checked
        if item.key not in self.states:
            raise ReleaseError(
                f"the count {item.key} is not among those this study publishes; declare it in "
                "release.published, so that it is protected together with all others"
            )
        return self.states[item.key] == "shown"

    def rests_on_shown(self, *estimate: str) -> bool:
        """Say whether all sums are shown that an estimate would give away; no for an unknown."""
        keys = self.rests.get(BESIDE.join(estimate))
        return self.estimates and keys is not None and self._shown(keys)

    def whole_series(self, area: str) -> bool:
        """Say whether an area's primary count is shown in every period, chosen ones included."""
        keys = self.series.get(area, ())
        return self.estimates and bool(keys) and self._shown(keys)

    def _shown(self, keys: tuple[str, ...]) -> bool:
        return all(self.states.get(key) == "shown" for key in keys)


def to_json(plan: Plan) -> str:
    """Write a plan as text; it holds no hidden count."""
    return json.dumps(asdict(plan), ensure_ascii=False, indent=1, sort_keys=True)


def from_json(text: str) -> Plan:
    """Read a plan that :func:`to_json` wrote.

    Raises
    ------
    ValueError, TypeError
        When the text is no plan.
    """
    raw: dict[str, Any] = json.loads(text)
    for name in ("intervals", "rests", "series"):
        raw[name] = {key: tuple(value) for key, value in raw[name].items()}
    raw["set_aside"] = tuple(raw["set_aside"])
    return Plan(**raw)

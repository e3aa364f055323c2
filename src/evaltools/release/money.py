"""The rule for sums of money: no contributor may be read from a total, nor nearly."""

from __future__ import annotations

from collections.abc import Sequence

from evaltools.studyparts import Dominance


def dominated(contributions: Sequence[float], rule: Dominance, *, least: int) -> bool:
    """Say whether a few contributions make up too much of a total.

    Parameters
    ----------
    contributions : sequence of float
        What each help, provider or other contributor adds; at least 0.
    rule : Dominance
        The `n` largest may make up at most `share` of the total.
    least : int
        Fewer contributors than this are too few, whatever they add.

    Returns
    -------
    bool
        False for a total of nothing.

    Notes
    -----
    The (n, k) rule: Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2
    (doi:10.1002/9781118348239).
    """
    paid = sorted((value for value in contributions if value > 0), reverse=True)
    if not paid:
        return False
    return len(paid) < least or sum(paid[: rule.n]) > rule.share * sum(paid)

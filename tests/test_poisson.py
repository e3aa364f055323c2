"""The batched fit equals the GLM of statsmodels with the same dummies, and refuses the rest."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from evaltools.effects import poisson
from evaltools.effects.design import Floats
from evaltools.errors import DesignError

Rows = np.ndarray


def cells_of(shape: tuple[int, int], rows: Rows, after: np.ndarray) -> np.ndarray:
    treated = np.zeros(shape, dtype=bool)
    treated[rows] = after
    return treated


def glm(counts: Floats, exposure: Floats, treated: np.ndarray, *, free: bool) -> sm.GLM:
    """Dummies of areas and periods and a log offset; treated cells left out, or with a ratio."""
    area, period = (axis.ravel() for axis in np.indices(counts.shape))
    columns = [area == place for place in range(len(counts))]
    columns += [period == place for place in range(1, counts.shape[1])]
    columns += [] if free else [treated.ravel()]
    used = ~treated.ravel() if free else np.full(counts.size, True)
    design = np.column_stack(columns).astype(float)[used]
    return sm.GLM(
        counts.ravel()[used],
        design[:, design.any(0)],
        family=sm.families.Poisson(),
        offset=np.log(exposure.ravel()[used]),
    ).fit(tol=1e-14, maxiter=200)


@st.composite
def panels(draw: st.DrawFn) -> tuple[Floats, Floats, Rows, np.ndarray]:
    """Counts, base, all sets of one to three areas, and periods after (not always the last)."""
    k = draw(st.integers(1, 3))
    n, periods = draw(st.integers(k + 2, 6)), draw(st.integers(3, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    after = np.zeros(periods, dtype=bool)
    after[rng.choice(periods, draw(st.integers(1, periods - 1)), replace=False)] = True
    mean = draw(st.sampled_from([4, 30, 400])) * rng.uniform(0.5, 2, (n, periods))
    sets = np.array(list(combinations(range(n), k)))
    return rng.poisson(mean) + 1.0, rng.uniform(200, 5000, (n, periods)), sets, after


@settings(max_examples=30, deadline=None, derandomize=True)
@given(panels())
def test_log_ratio_equals_the_glm_of_statsmodels(
    made: tuple[Floats, Floats, Rows, np.ndarray],
) -> None:
    counts, exposure, sets, after = made
    found = poisson.fit(counts, exposure, sets, after)
    for place in np.linspace(0, len(sets) - 1, 3, dtype=int):
        treated = cells_of(counts.shape, sets[place], after)
        theirs = glm(counts, exposure, treated, free=False)
        assert found.log_ratio[place] == pytest.approx(theirs.params[-1], abs=1e-8)
        ours = exposure * found.area[place][:, None] * found.period[place]
        ours = np.where(treated, ours * np.exp(found.log_ratio[place]), ours)
        np.testing.assert_allclose(ours.ravel(), theirs.mu, rtol=1e-8)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(panels(), st.booleans())
def test_free_cells_leave_the_glm_of_the_others(
    made: tuple[Floats, Floats, Rows, np.ndarray], every: bool
) -> None:
    counts, exposure, sets, after = made
    after = np.full(len(after), True) if every else after  # every: the areas are left out wholly
    found = poisson.fit(counts, exposure, sets, after, free=True)
    assert not found.log_ratio.any()
    for place in np.linspace(0, len(sets) - 1, 3, dtype=int):
        treated = cells_of(counts.shape, sets[place], after)
        ours = exposure * found.area[place][:, None] * found.period[place]
        theirs = glm(counts, exposure, treated, free=True)
        np.testing.assert_allclose(ours[~treated], theirs.mu, rtol=1e-8)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(panels(), st.booleans())
def test_one_batch_equals_one_assignment_at_a_time(
    made: tuple[Floats, Floats, Rows, np.ndarray], free: bool
) -> None:
    counts, exposure, sets, after = made
    batch = poisson.fit(counts, exposure, sets, after, free=free)
    single = [poisson.fit(counts, exposure, row[None, :], after, free=free) for row in sets]
    alone = np.concatenate([one.log_ratio for one in single])
    np.testing.assert_allclose(batch.log_ratio, alone, atol=1e-9)
    products = batch.area[:, :, None] * batch.period[:, None, :]
    others = np.concatenate([one.area[:, :, None] * one.period[:, None, :] for one in single])
    outside = np.array([~cells_of(counts.shape, row, after) for row in sets])
    np.testing.assert_allclose(products[outside], others[outside], rtol=1e-9)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(panels(), st.randoms(use_true_random=False))
def test_order_of_areas_and_units_do_not_matter(
    made: tuple[Floats, Floats, Rows, np.ndarray], random: object
) -> None:
    counts, exposure, sets, after = made
    plain = poisson.fit(counts, exposure, sets, after)
    order = np.arange(len(counts))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = poisson.fit(counts[order], exposure[order], np.argsort(order)[sets], after)
    np.testing.assert_allclose(moved.log_ratio, plain.log_ratio, atol=1e-9)
    for factors in ((1 / 1000, 1.0), (1.0, 1 / 100)):
        unit = poisson.fit(counts * factors[1], exposure * factors[0], sets, after)
        np.testing.assert_allclose(unit.log_ratio, plain.log_ratio, atol=1e-9)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(panels(), st.booleans(), st.integers(0, 2**32 - 1))
def test_each_treated_area_may_have_periods_of_its_own(
    made: tuple[Floats, Floats, Rows, np.ndarray], free: bool, seed: int
) -> None:
    """Every set's first area is treated in the first row's periods, and so on."""
    counts, exposure, sets, after = made
    rng, k = np.random.default_rng(seed), sets.shape[1]
    own = np.array([after, *(rng.permutation(after) for _ in range(k - 1))])
    found = poisson.fit(counts, exposure, sets, own, free=free)
    for place in np.linspace(0, len(sets) - 1, 3, dtype=int):
        treated = cells_of(counts.shape, sets[place], own)
        theirs = glm(counts, exposure, treated, free=free)
        ours = exposure * found.area[place][:, None] * found.period[place]
        if free:
            np.testing.assert_allclose(ours[~treated], theirs.mu, rtol=1e-8)
        else:
            assert found.log_ratio[place] == pytest.approx(theirs.params[-1], abs=1e-8)
    same = np.broadcast_to(after, (k, len(after)))
    plain = poisson.fit(counts, exposure, sets, after, free=free)
    alike = poisson.fit(counts, exposure, sets, same, free=free)
    np.testing.assert_array_equal(alike.log_ratio, plain.log_ratio)


def test_two_periods_are_the_ratio_of_ratios_worked_out_by_hand() -> None:
    counts = np.array([[100.0, 60], [50, 55], [50, 45], [100, 100]])
    found = poisson.fit(counts, np.ones((4, 2)), np.array([[0], [3]]), np.array([False, True]))
    own, others = 60 / 100, 200 / 200
    assert np.exp(found.log_ratio[0]) == pytest.approx(own / others, rel=1e-10)
    assert np.exp(found.log_ratio[1]) == pytest.approx(1 / (160 / 200), rel=1e-10)
    assert (found.area[0, 1] * found.period[0]).tolist() == pytest.approx([52.5, 52.5])


def test_treated_area_without_a_case_after_tends_to_nothing() -> None:
    counts = np.array([[5.0, 0], [5, 4], [5, 6]])
    found = poisson.fit(counts, np.ones((3, 2)), np.array([[0]]), np.array([False, True]))
    assert found.log_ratio[0] < -20


@pytest.mark.parametrize(
    ("counts", "exposure", "message"),
    [
        ([[1, 1], [0, 0], [1, 1]], 1, r"no case in row 1 of the panel .* leave out or merge"),
        (
            [[1, 0], [1, 0], [1, 0]],
            1,
            r"no case in column 1 of the panel .* leave out or merge those without$",
        ),
        ([[1, 1], [1, 1], [1, 1]], 0, r"a base of zero in row 0, 1, 2 of the panel"),
    ],
)
def test_fit_refuses_what_has_no_estimate(
    counts: list[list[int]], exposure: float, message: str
) -> None:
    table = np.array(counts, dtype=float)
    with pytest.raises(DesignError, match=message):
        poisson.fit(
            table,
            np.full(table.shape, float(exposure)),
            np.array([[0]]),
            np.array([False, True]),
        )


def test_fit_that_runs_away_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poisson, "MOST_STEPS", 200)
    counts = np.array([[5.0, 5], [5, 0], [5, 0]])  # the others have no case after: no finite ratio
    with pytest.raises(DesignError, match=r"did not converge; check for areas with hardly any"):
        poisson.fit(counts, np.ones((3, 2)), np.array([[0]]), np.array([False, True]))


@pytest.mark.parametrize("free", [False, True])
def test_arrays_are_left_as_they_were(free: bool) -> None:
    rng = np.random.default_rng(3)
    given_ = (rng.poisson(30, (5, 6)) + 1.0, rng.uniform(1, 9, (5, 6)), np.array([[0, 1], [2, 4]]))
    after = np.arange(6) > 2
    before = [array.copy() for array in (*given_, after)]
    poisson.fit(*given_, after, free=free)
    for array, copy in zip((*given_, after), before, strict=True):
        np.testing.assert_array_equal(array, copy)

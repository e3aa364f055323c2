"""Secondary suppression: published optima, brute force, random tables, later releases."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from scipy.sparse import csr_array

from cell_samples import attacked, counted, crossed, narrow, simulated, tables
from evaltools.errors import ReleaseError
from evaltools.release.attack import intervals, seen
from evaltools.release.cells import Bools, Cells, groups, table
from evaltools.release.protect import greedy, protect

# sdcTools/sdcTable@6393dfb, tests/testthat/test-simpleheuristic.R
SDC_4X4 = crossed(
    "wxyz", "abcd", [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]]
)
SDC_PRIMARY = ("w|a", "w|b", "w|c", "x|a", "x|c", "y|b", "y|d", "z|b", "z|d")
# sdcTools/sdcTable@6393dfb, tests/testthat/test-linked-tables.r; sdcTools/UserSupport#136
LINKED = {"A": 2, "B": 2, "I": 8, "J": 8, "K": 3, "L": 3, "M": 3, "N": 7}
COUNTIES = {"county-1": "ABIJ", "county-2": "KLMN"}
SIZES = {"big": "LM", "small": "ABIJKN"}
# sdcTools/sdcTable@6393dfb, tests/testthat/test-protectTable.r (microdata1, frequencies)
MICRODATA1 = crossed("ABCD", "fm", [[2, 18], [19, 14], [10, 12], [14, 11]])
# statisticsnorway/ssb-gausssuppression@6fa594c, tests/testthat/test-GaussSuppressionFromData.R
# (data z1 of SSBtools; counts up to 3 primary, zeros too)
Z1 = crossed(
    "ABCDEFGH",
    "pqrs",
    [
        [11, 11, 55, 36],
        [7, 1, 29, 18],
        [5, 8, 35, 25],
        [13, 2, 17, 13],
        [9, 14, 63, 52],
        [12, 9, 24, 22],
        [6, 4, 22, 8],
        [9, 3, 38, 15],
    ],
)


def two_way(frame: pd.DataFrame, threshold: int = 3, *, zeros_shown: bool = True) -> Cells:
    dims = ["row", "column"]
    return table(frame, dims, value="n", threshold=threshold, zeros_shown=zeros_shown)


def sdc() -> Cells:
    made = two_way(SDC_4X4, 1)
    return replace(made, sensitive=np.array([name in SDC_PRIMARY for name in made.names]))


def hidden_names(cells: Cells, hidden: Bools) -> set[str]:
    return {cells.names[row] for row in np.flatnonzero(hidden)}


def interval(cells: Cells, hidden: Bools, name: str, lowest: float) -> tuple[float, float]:
    low, high = seen(cells, hidden, lowest)
    row = np.array([cells.names.index(name)])
    (found,) = intervals(cells.matrix, low, high, row, cells.names)
    return found.low, found.high


def test_sdctable_4x4_needs_one_more_cell_that_no_line_asks_for() -> None:
    made = sdc()
    assert greedy(made).n_secondary == 0
    assert interval(made, made.sensitive, "w|b", 0.0) == (47, 47)
    pattern = protect(made, lowest=0.0)
    assert (pattern.n_primary, pattern.n_secondary, pattern.optimal) == (9, 1, True)
    assert interval(made, pattern.hidden, "w|b", 0.0)[0] == 0
    published = made.sensitive | np.array([name == "x|d" for name in made.names])
    assert interval(made, published, "w|b", 0.0) == (0, 78)


def test_sdctable_linked_tables_leak_apart_and_need_one_cell_together() -> None:
    linked = groups(LINKED, COUNTIES | SIZES, threshold=4, zeros_shown=True)
    assert linked.sensitive.sum() == 5
    apart = linked.sensitive.copy()
    for part in (COUNTIES, SIZES):
        alone = protect(groups(LINKED, part, threshold=4, zeros_shown=True))
        assert alone.n_secondary == 0
    assert interval(linked, apart, "K", 1.0) == (3, 3)
    pattern = protect(linked)
    assert hidden_names(linked, pattern.hidden) == {"A", "B", "K", "L", "M", "N"}
    assert pattern.optimal


@pytest.mark.parametrize(
    ("cells", "lowest", "primary", "secondary"),
    [
        (two_way(MICRODATA1), 1.0, 1, 3),
        (two_way(Z1, 4, zeros_shown=False), 0.0, 3, 3),
        (two_way(Z1, 4), 1.0, 3, 3),
    ],
)
def test_published_optima(cells: Cells, lowest: float, primary: int, secondary: int) -> None:
    pattern = protect(cells, lowest=lowest)
    assert (pattern.n_primary, pattern.n_secondary) == (primary, secondary)
    assert pattern.optimal
    assert pattern.method == "exact"
    assert pattern.bound == pytest.approx(
        float(cells.cost[pattern.hidden].sum() - cells.cost[cells.sensitive].sum())
    )
    assert not attacked(cells, pattern.hidden, lowest=lowest)


@pytest.mark.parametrize("cells", [two_way(MICRODATA1), two_way(Z1, 4), simulated((6, 5), 4)])
def test_no_secondary_cell_of_an_optimum_can_be_spared(cells: Cells) -> None:
    pattern = protect(cells)
    secondary = np.flatnonzero(pattern.hidden & ~cells.sensitive)
    assert len(secondary)
    for row in secondary:
        less = pattern.hidden.copy()
        less[row] = False
        assert attacked(cells, less)


@pytest.mark.parametrize("seed", range(6))
def test_brute_force_finds_nothing_cheaper(seed: int) -> None:
    cells = simulated((3, 2), seed, zeros_shown=seed % 2 == 0)
    lowest = 1.0 if seed % 2 == 0 else 0.0
    try:
        pattern = protect(cells, lowest=lowest)
    except ReleaseError:
        assert attacked(cells, ~cells.shown, lowest=lowest)
        return
    free = np.flatnonzero(~cells.sensitive & ~cells.shown)
    # a pattern of more cells cannot be cheaper: all tie-breaks together are below one cell
    sizes = range(pattern.n_secondary + 1)
    safe = []
    for choice in chain.from_iterable(combinations(free, size) for size in sizes):
        hidden = cells.sensitive.copy()
        hidden[list(choice)] = True
        if not attacked(cells, hidden, lowest=lowest):
            safe.append(float(cells.cost[list(choice)].sum()))
    assert pattern.optimal
    assert pattern.bound == pytest.approx(min(safe), abs=1e-5)


@settings(max_examples=250, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_an_outsider_learns_no_small_count_of_any_table(sample: tuple[Cells, float]) -> None:
    cells, lowest = sample
    try:
        pattern = protect(cells, lowest=lowest, seconds=0.02)
    except ReleaseError as error:
        assert "no pattern protects" in str(error)
        assert narrow(cells, ~cells.shown, lowest=lowest)
        return
    assert not narrow(cells, pattern.hidden, lowest=lowest)
    assert (pattern.hidden >= cells.sensitive).all()
    assert not (pattern.hidden & cells.shown).any()
    assert pattern.bound <= float(cells.cost[pattern.hidden & ~cells.sensitive].sum()) + 1e-6


def test_greedy_leaves_cells_exact_and_protect_does_not() -> None:
    exact = 0
    for seed in range(6):
        cells = simulated((8, 4), seed)
        hidden = greedy(cells).hidden
        exact += len(attacked(cells, hidden, width=1e-3))
        assert narrow(cells, hidden) == [found.name for found in attacked(cells, hidden)]
        assert not attacked(cells, protect(cells).hidden)
    assert exact


def test_the_order_of_rows_and_their_names_do_not_matter() -> None:
    frame = counted((6, 5), 1)
    made = table(frame, ["d0", "d1"], value="n", threshold=3, zeros_shown=True)
    shuffled = table(
        frame.sample(frac=1, random_state=1), ["d1", "d0"], value="n", threshold=3, zeros_shown=True
    )
    renamed = replace(made, names=tuple(f"cell {row}" for row in range(len(made.names))))
    unlined = replace(made, lines=())
    found = [protect(cells) for cells in (made, shuffled, renamed, unlined)]
    assert all(pattern.optimal for pattern in found)
    assert {round(pattern.bound, 6) for pattern in found} == {round(found[0].bound, 6)}
    assert {pattern.n_secondary for pattern in found} == {found[0].n_secondary}
    assert (found[0].hidden == found[2].hidden).all()
    assert (protect(made).hidden == found[0].hidden).all()


def test_without_time_the_pattern_is_safe_and_the_bound_still_holds() -> None:
    cells = simulated((9, 6), 3)
    quick, best = protect(cells, seconds=0.0), protect(cells)
    assert quick.method == "repaired"
    assert best.optimal
    assert quick.bound <= best.bound <= cells.cost[quick.hidden & ~cells.sensitive].sum()
    assert not attacked(cells, quick.hidden)


def test_what_cannot_be_protected_is_refused_by_name() -> None:
    made = two_way(crossed("ab", "xy", [[1, 9], [7, 8]]))
    locked = replace(made, shown=~made.sensitive)
    with pytest.raises(ReleaseError, match=r"a\|x; merge areas or periods, or withdraw"):
        protect(locked)
    with pytest.raises(ReleaseError, match=r"cells below 2 could be hidden: a\|x"):
        protect(made, lowest=2.0)
    wrong = replace(made, values=made.values + (np.array(made.names) == "a|y"), lines=())
    with pytest.raises(ReleaseError, match="contradict"):
        protect(wrong)


def test_a_withheld_sum_protects_at_no_cost() -> None:
    made = groups({"a": 1, "b": 5}, {"sum": "ab"}, threshold=3, zeros_shown=True)
    assert protect(made).n_secondary == 1
    pattern = protect(replace(made, withheld=np.array([False, False, True])))
    assert (pattern.n_primary, pattern.n_secondary, pattern.bound) == (2, 0, 0.0)


def test_whole_numbers_give_no_cell_away() -> None:
    # 3a + 5b = 8 leaves a between 0 and 2.7, but 1 as the only whole number
    made = Cells(
        names=("a", "b", "3a+5b"),
        matrix=csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 5.0]])),
        values=np.array([1.0, 1.0, 8.0]),
        sensitive=np.array([True, False, False]),
    )
    pattern = protect(replace(made, withheld=np.array([False, True, False])), lowest=0.0)
    assert hidden_names(made, pattern.hidden) == {"a", "b", "3a+5b"}


def test_inputs_stay_as_they_were() -> None:
    made = simulated((6, 4), 2)
    arrays = (made.values, made.sensitive, made.withheld, made.shown, made.cost, made.matrix.data)
    before = [array.copy() for array in arrays]
    protect(made)
    greedy(made)
    assert all((array == copy).all() for array, copy in zip(arrays, before, strict=True))

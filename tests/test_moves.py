"""Cells proven uncertain by whole moves: no proof without two tables that fit all that is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from cell_samples import attacked, simulated, tables
from evaltools.release.cells import Cells
from evaltools.release.moves import settled


def cells(*sums: tuple[int, ...], inner: tuple[int, ...], small: tuple[int, ...]) -> Cells:
    """Shown sums over inner cells, each of which is a withheld row; `small` ones are sensitive."""
    n = len(inner)
    matrix = np.vstack([np.array(sums, float).reshape(-1, n), np.eye(n)])
    flags = np.arange(len(matrix))
    return Cells(
        names=tuple(f"row {place}" for place in flags),
        matrix=csr_array(matrix),
        values=matrix @ np.array(inner, float),
        sensitive=np.isin(flags - len(sums), small) & (flags >= len(sums)),
        withheld=flags >= len(sums),
        shown=flags < len(sums),
    )


def safe(made: Cells, inner: tuple[int, ...], width: float = 2.0) -> list[bool]:
    found = settled(made, np.array(inner, float), width=width, lowest=1.0)
    assert not found[~made.sensitive].any()
    return found[made.sensitive].tolist()


def test_two_cells_of_one_sum_hide_each_other() -> None:
    inner = (1, 9)
    assert safe(cells((1, 1), inner=inner, small=(0,)), inner) == [True]


def test_a_cell_that_a_shown_sum_tells_is_not_settled() -> None:
    inner = (1, 9)
    assert safe(cells((1, 0), (1, 1), inner=inner, small=(0,)), inner) == [False]
    assert safe(cells((1, 1), (0, 1), inner=inner, small=(0,)), inner) == [False]


def test_a_cell_moves_no_further_than_what_stands_beside_it() -> None:
    inner = (1, 2)  # between 0 and 3
    made = cells((1, 1), inner=inner, small=(0,))
    assert safe(made, inner, width=2.0) == [True]
    assert safe(made, inner, width=3.0) == [False]


def test_half_a_help_is_no_move() -> None:
    # 2a + 3b = 8 leaves a between 0 and 4, in whole numbers 1 or 4
    inner = (1, 2)
    made = cells((2, 3), inner=inner, small=(0,))
    assert safe(made, inner, width=3.0) == [True]
    assert safe(made, inner, width=4.0) == [False]


def test_inputs_stay_as_they_were() -> None:
    inner = np.array([1.0, 9.0])
    made = cells((1, 1), inner=(1, 9), small=(0,))
    before = made.values.copy(), made.matrix.toarray().copy()
    settled(made, inner, width=2.0, lowest=1.0)
    assert inner.tolist() == [1.0, 9.0]
    assert (made.values == before[0]).all()
    assert (made.matrix.toarray() == before[1]).all()


@settings(max_examples=60, derandomize=True)
@given(tables())
def test_the_attacker_agrees_with_every_proof(sample: tuple[Cells, float]) -> None:
    made, lowest = sample
    inner = np.linalg.lstsq(made.matrix.toarray(), made.values, rcond=None)[0].round()
    assert np.allclose(made.matrix @ inner, made.values)
    proven = settled(made, inner, width=2.0, lowest=lowest)
    lost = {item.name for item in attacked(made, made.sensitive | made.withheld, lowest=lowest)}
    assert not lost & {made.names[place] for place in np.flatnonzero(proven)}


@pytest.mark.parametrize("seed", range(3))
def test_most_safe_cells_of_a_table_are_proven(seed: int) -> None:
    made = simulated((8, 6), seed)
    withheld = replace(made, withheld=made.sensitive)
    inner = np.linalg.lstsq(made.matrix.toarray(), made.values, rcond=None)[0].round()
    proven = settled(withheld, inner, width=2.0, lowest=1.0)
    lost = {item.name for item in attacked(withheld, withheld.sensitive)}
    able = [n for n in np.flatnonzero(made.sensitive) if made.names[n] not in lost]
    assert proven[able].mean() > 0.5

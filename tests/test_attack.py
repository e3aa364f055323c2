"""What an outsider can compute: by hand, against a second auditor, and over two releases."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from cell_samples import attacked, counted, simulated
from evaltools.errors import ReleaseError
from evaltools.release import attack
from evaltools.release.attack import Interval
from evaltools.release.cells import Bools, Cells, groups, table
from evaltools.release.protect import protect

FIRST, BLOCK = 5, "first five"  # years of the first release, their sum
META = """   <SEPARATOR> ";"
   <SAFE> "S"
   <UNSAFE> "U"
   <PROTECT> "P"
{dims}
n
   <NUMERIC>
   <DECIMALS> 0
freq
   <FREQUENCY>
status
   <STATUS>
"""


def found(rows: list[list[float]], low: list[float], high: list[float]) -> list[Interval]:
    """Intervals of all rows of a small system."""
    n = len(rows)
    names = [f"row {row}" for row in range(n)]
    bounds = np.array(low, dtype=float), np.array(high, dtype=float)
    return list(attack.intervals(csr_array(np.array(rows)), *bounds, np.arange(n), names))


def test_intervals_by_hand() -> None:
    # a + b = 8, a >= 1, b >= 1; c is free
    rows = [[1.0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]]
    a, b, whole, c = found(rows, [1, 1, 8, 0], [math.inf, math.inf, 8, math.inf])
    assert (a.low, a.high, b.low, b.high) == (1, 7, 1, 7)
    assert (whole.low, whole.high) == (8, 8)
    assert (c.low, c.high) == (0, math.inf)
    assert [part.whole for part in (a, whole, c)] == [False, True, False]


def test_whole_numbers_narrow_an_interval() -> None:
    rows = [[1.0, 0], [0, 1], [3, 5]]
    low, high = [0.0, 0, 8], [math.inf, math.inf, 8]
    assert found(rows, low, high)[0] == Interval("row 0", 1.0, 1.0, True)
    rows[2] = [1.5, 2.5]
    halves = found(rows, [0.0, 0, 4], [math.inf, math.inf, 4])[0]
    assert halves.high == pytest.approx(8 / 3)
    assert not halves.whole


def test_rounded_numbers_leave_their_bounds() -> None:
    rows = [[1.0, 0], [0, 1], [1, 1]]
    a, b, _ = found(rows, [8, 3, 14], [12, 7, 16])
    assert (a.low, a.high, b.low, b.high) == (8, 12, 3, 7)
    a, _, _ = found(rows, [8, 3, 18], [12, 7, 22])
    assert (a.low, a.high) == (11, 12)


def test_structural_equations_bind() -> None:
    # a − b = 0 and a + b = 10
    rows = [[1.0, 0], [0, 1], [1, 1], [1, -1]]
    a, *_ = found(rows, [0, 0, 10, 0], [math.inf, math.inf, 10, 0])
    assert (a.low, a.high) == (5, 5)


def test_releases_that_contradict_each_other_are_refused() -> None:
    rows = [[1.0, 0], [0, 1], [1, 1]]
    with pytest.raises(ReleaseError, match="contradict each other"):
        found(rows, [3, 3, 5], [3, 3, 5])
    with pytest.raises(ReleaseError, match="contradict each other"):
        found([[2.0, 2.0], [1, 0]], [3, 0], [3, math.inf])


def test_findings_are_narrow_or_exact() -> None:
    given = [
        Interval("exact", 3, 3, True),
        Interval("narrow", 1, 2, True),
        Interval("wide", 1, 3, False),
    ]
    assert [part.name for part in attack.findings(given, 2.0)] == ["exact", "narrow"]
    assert [part.name for part in attack.findings(given, 0.0)] == ["exact"]


def test_an_outsider_sees_what_a_pattern_shows() -> None:
    made = groups({"a": 2, "b": 5, "c": 7}, {"sum": "abc"}, threshold=3, zeros_shown=True)
    made = replace(made, withheld=np.array([False, True, False, False]))
    low, high = attack.seen(made, np.array([True, True, False, False]), 1.0)
    assert low.tolist() == [1, 0, 7, 14]
    assert high.tolist() == [math.inf, math.inf, 7, 14]
    with pytest.raises(ReleaseError, match="pattern of shape"):
        attack.seen(made, np.array([True]))


def test_joining_inner_cells_changes_no_interval() -> None:
    cells = simulated((4, 3, 2), 5)
    inner = np.flatnonzero(np.diff(cells.matrix.indptr) > 1)
    margins = replace(
        cells,
        names=tuple(cells.names[row] for row in inner),
        matrix=csr_array(cells.matrix[inner]),
        **{name: getattr(cells, name)[inner] for name in ("values", "shown", "cost", "withheld")},
        sensitive=np.ones(len(inner), dtype=bool) & ~cells.shown[inner],
        lines=(),
    )
    hidden = np.arange(len(inner)) % 3 == 0
    low, high = attack.seen(margins, hidden, 0.0)
    targets = np.flatnonzero(hidden)
    apart, joined = (
        attack.intervals(matrix, low, high, targets, margins.names)
        for matrix in (margins.matrix, margins.merged().matrix)
    )
    assert apart == joined


def test_inputs_stay_as_they_were() -> None:
    cells = simulated((4, 3), 1)
    low, high = attack.seen(cells, cells.sensitive, 1.0)
    before = low.copy(), high.copy(), cells.matrix.toarray()
    attack.intervals(cells.matrix, low, high, np.flatnonzero(cells.sensitive), cells.names)
    assert (low == before[0]).all()
    assert (high == before[1]).all()
    assert (cells.matrix.toarray() == before[2]).all()


def audited(cells: Cells, hidden: Bools, folder: Path) -> dict[str, tuple[float, float]]:
    """Intervals of all hidden cells of a table by the audit of pytauargus (τ-Argus).

    It reads the table with a status for each cell – unsafe, secondary or shown – so it audits the
    very pattern that is asked about, and suppresses nothing of its own.
    """
    engine = pytest.importorskip("pytauargus.engine", reason="pytauargus is not installed")
    keys = [name.replace("Gesamt", "Total").split("|") for name in cells.names]
    dims = [f"d{dim}" for dim in range(len(keys[0]))]
    rows = [
        ";".join([*key, f"{value:.0f}", f"{value:.0f}", "U" if unsafe else "M" if out else "S"])
        for key, value, unsafe, out in zip(keys, cells.values, cells.sensitive, hidden, strict=True)
    ]
    meta = "\n".join(f'{dim}\n   <RECODEABLE>\n   <TOTCODE> "Total"' for dim in dims)
    quoted = "".join(f'"{dim}"' for dim in dims)
    (folder / "t.tab").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "t.rda").write_text(META.format(dims=meta), encoding="utf-8")
    (folder / "t.arb").write_text(
        f'<OPENTABLEDATA> "{folder}/t.tab"\n<OPENMETADATA> "{folder}/t.rda"\n'
        f'<SPECIFYTABLE> {quoted}|"n"||\n'
        "<SAFETYRULE> MAN(0)\n<READTABLE>\n",
        encoding="utf-8",
    )
    codes = [["Total", *sorted({key[dim] for key in keys} - {"Total"})] for dim in range(len(dims))]
    order = ["|".join(key).replace("Total", "Gesamt") for key in product(*codes)]
    audit = engine.run_batch(folder / "t.arb").audit(0)
    return {order[row["cell"]]: (row["min"], row["max"]) for row in audit}


@pytest.mark.parametrize("seed", range(50))
def test_a_second_auditor_finds_the_same_intervals(seed: int, tmp_path: Path) -> None:
    shape = [(5, 4), (4, 3, 2), (6, 3), (3, 3, 3), (7,)][seed % 5]
    cells = simulated(shape, seed)
    pattern = protect(cells, seconds=0.2)
    targets = np.flatnonzero(pattern.hidden)
    theirs = audited(cells, pattern.hidden, tmp_path)
    # it takes as known that a hidden cell lies between the smallest and largest of the table
    low, high = attack.seen(cells, pattern.hidden, float(cells.values.min()))
    high = np.minimum(high, cells.values.max())
    ours = attack.intervals(cells.matrix, low, high, targets, cells.names, narrow=0.0)
    assert set(theirs) == {interval.name for interval in ours}
    for interval in ours:
        least, most = theirs[interval.name]
        assert interval.low == pytest.approx(least, abs=1e-5)
        assert interval.high == pytest.approx(most, abs=1e-5)


def releases(seed: int) -> tuple[Cells, Bools, Bools]:
    """Areas over six years with the sum of five and of six, and the rows of each release."""
    frame = counted((17, FIRST + 1), seed, 4.5)
    years = dict.fromkeys(range(FIRST), BLOCK)
    both = table(
        frame, ["d0", "d1"], value="n", threshold=3, zeros_shown=True, hierarchies={"d1": years}
    )
    year = np.array([name.split("|")[1] for name in both.names])
    return both, np.isin(year, [*map(str, range(FIRST)), BLOCK]), year != BLOCK


def part(cells: Cells, rows: Bools) -> Cells:
    """Some rows of cells by themselves."""
    arrays = ("values", "sensitive", "withheld", "shown", "cost")
    return replace(
        cells,
        names=tuple(np.array(cells.names)[rows].tolist()),
        matrix=csr_array(cells.matrix[np.flatnonzero(rows)]),
        **{name: getattr(cells, name)[rows] for name in arrays},
        lines=(),
    )


def released(cells: Cells, rows: Bools) -> Bools:
    """Which rows are out once some are protected by themselves."""
    out = np.zeros(len(cells.names), dtype=bool)
    out[rows] = ~protect(part(cells, rows)).hidden
    return out


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_later_release_must_know_of_the_first(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    both, first, second = releases(seed)
    before = released(both, first)
    naive = before | released(both, second)
    exact = attacked(both, ~naive, width=1e-3)
    share = float(len(exact) / both.sensitive.sum())
    record_property("share of sensitive cells exact after a naive second release", share)
    assert share == pytest.approx({1: 0.375, 2: 0.143, 3: 0.455}[seed], abs=0.15)
    known = replace(
        both,
        shown=both.shown | before,
        withheld=~second & ~before,  # sums of the first release that were hidden stay so
    )
    pattern = protect(known)
    assert not attacked(known, pattern.hidden)
    assert not pattern.hidden[before].any()

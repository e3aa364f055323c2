"""A result is computed once, found by content, and read only when nobody else can have put it."""

from __future__ import annotations

import os
import pickle
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evaltools import program
from evaltools.data import kept
from evaltools.data.tables import Tables
from evaltools.effects.dynamics import EventStudy
from evaltools.errors import DesignError
from evaltools.study import open_study

calls: list[object] = []


def made(rows: pd.DataFrame, factor: float) -> EventStudy:
    calls.append(factor)
    value = float("nan") if factor > 1 else float("inf")
    return EventStudy(rows.assign(n=rows["n"] * factor), value, 1, 2)


def refused(start: int) -> int:
    calls.append(start)
    raise DesignError(f"start={start}: too early")


def doubled(value: int) -> int:
    calls.append(value)
    return 2 * value


def nested(folder: Path, value: int) -> int:
    return kept.once(Tables({}, kept=folder), doubled, value) + 1


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    calls.clear()
    yield


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables({}, kept=tmp_path / "effects")


def results(tables: Tables) -> list[Path]:
    assert tables.kept is not None
    return sorted(tables.kept.iterdir())


ROWS = pd.DataFrame({"area_id": pd.array(["A", None], dtype="string"), "n": [1.5, np.nan]})


def test_an_equal_call_is_read_and_gives_exactly_what_was_computed(tables: Tables) -> None:
    first = kept.once(tables, made, ROWS, 2.0)
    again = kept.once(tables, made, ROWS.copy(), 2.0)
    assert calls == [2.0]
    assert_frame_equal(first.table, again.table, check_exact=True)
    assert first.table.dtypes.equals(again.table.dtypes)
    assert np.isnan(again.level)
    assert first.table is not again.table
    assert kept.once(tables, made, ROWS, 1.0).level == float("inf")


def test_other_content_another_function_or_another_program_is_computed(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (1, 2, 1):
        kept.once(tables, doubled, value)
    assert calls == [1, 2]
    monkeypatch.setattr(program, "digest", lambda: "another")
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 2, 1]
    assert kept.once(tables, nested, Path("/nowhere/at/all"), 1) == 3
    assert calls == [1, 2, 1, 1]


def test_plain_tables_keep_nothing(tmp_path: Path) -> None:
    for tables in ({}, Tables({})):
        assert [kept.once(tables, doubled, 1) for _ in range(2)] == [2, 2]
    assert calls == [1] * 4
    assert not list(tmp_path.iterdir())


def test_errors_are_told_each_time_and_not_kept(tables: Tables) -> None:
    for _ in range(2):
        with pytest.raises(DesignError, match="too early"):
            kept.once(tables, refused, 1)
    assert calls == [1, 1]
    assert results(tables) == []


def test_a_function_without_a_name_of_its_own_is_refused(tables: Tables) -> None:
    with pytest.raises(TypeError, match="closes over"):
        kept.once(tables, lambda: 1)


def test_results_are_for_their_owner_only(tables: Tables) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


class Trap:
    """What runs when somebody else's file is read."""

    def __reduce__(self) -> tuple[object, tuple[object]]:
        return calls.append, ("trap",)


def planted(path: Path) -> None:
    data = pickle.dumps(Trap())
    path.write_bytes(kept.checked(path, data) + data)


class Opened:
    """A class of the program that is no result."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return open_study, ("demo",)


@pytest.mark.parametrize("content", [Trap(), Opened(), Path(), os.getcwd, eval])
def test_a_file_that_holds_more_than_a_result_is_not_read(tables: Tables, content: object) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    data = pickle.dumps(content)
    file.write_bytes(kept.checked(file, data) + data)
    calls.clear()
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_may_open_is_not_read(tables: Tables, mode: int) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    planted(file)
    file.chmod(mode)
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]


def test_a_file_of_another_owner_is_not_read(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    planted(file)
    known = os.fstat
    monkeypatch.setattr(
        kept.os,
        "fstat",
        lambda handle: os.stat_result([*known(handle)[:4], 4711, *known(handle)[5:10]]),
    )
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]


def test_a_link_in_place_of_a_file_is_not_followed(tables: Tables, tmp_path: Path) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    other = tmp_path / "other"
    planted(other)
    other.chmod(0o600)
    file.unlink()
    file.symlink_to(other)
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]
    assert not file.is_symlink()


@pytest.mark.parametrize("kind", ["open", "link"])
def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "effects"
    if kind == "open":
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    else:
        (tmp_path / "there").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "there")
    tables = Tables({}, kept=folder)
    assert [kept.once(tables, doubled, 1) for _ in range(2)] == [2, 2]
    assert calls == [1, 1]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 10, 34, -1])
def test_a_broken_file_is_computed_anew(tables: Tables, cut: int) -> None:
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]
    assert file.read_bytes() == whole


def test_a_full_disk_costs_nothing_but_the_next_computation(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert [kept.once(tables, doubled, 1) for _ in range(2)] == [2, 2]
    assert calls == [1, 1]
    assert results(tables) == []


def test_two_that_want_the_same_wait_for_one(tables: Tables) -> None:
    begun, go = threading.Event(), threading.Event()
    found: list[int] = []
    slow.events = (begun, go)
    threads = [
        threading.Thread(target=lambda: found.append(kept.once(tables, slow, 1))) for _ in range(2)
    ]
    threads[0].start()
    assert begun.wait(20)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(20)
    assert found == [1, 1]
    assert calls == [1]
    assert len(results(tables)) == 1


def slow(value: int) -> int:
    calls.append(value)
    begun, go = slow.events
    begun.set()
    assert go.wait(20)
    return value


slow.events = ()  # type: ignore[attr-defined]


def test_who_waits_too_long_computes_itself(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.0)
    kept.once(tables, doubled, 1)
    (file,) = results(tables)
    file.unlink()
    with kept.FileLock(file.with_suffix(".lock")):
        assert kept.once(tables, doubled, 1) == 2
    assert calls == [1, 1]


def test_a_sweep_leaves_what_was_used_last(tables: Tables) -> None:
    assert tables.kept is not None
    kept.sweep(tables.kept)
    by_value: dict[int, Path] = {}
    for value in range(5):
        kept.once(tables, doubled, value)
        (by_value[value],) = set(results(tables)) - set(by_value.values())
        os.utime(by_value[value], (value, value))
    kept.once(tables, doubled, 0)  # the oldest is used
    (tables.kept / ".ab.evaltools-part").write_bytes(b"left")
    (tables.kept / "cd.lock").write_bytes(b"")
    kept.sweep(tables.kept, most=2)
    assert set(results(tables)) == {by_value[0], by_value[4]}

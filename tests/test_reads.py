"""What was looked at is on record, once each; a record that cannot be trusted says everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaltools.data import reads
from evaltools.data.reads import Read


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nobody listens before and after a test."""
    yield
    reads.stop()


def test_nothing_is_written_while_nobody_listens(tmp_path: Path) -> None:
    reads.note("area")
    reads.listen(tmp_path / "reads")
    assert reads.parse(tmp_path / "reads") == ()


def test_reads_are_told_once_sorted_and_only_to_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "reads"
    reads.listen(path)
    for _ in range(2):
        reads.note("offer")
        reads.note("hze_count", {"SR10", "SR04"})
        reads.note("hze_count", ["SR04", "SR10"])
        reads.note("area")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    assert path.stat().st_mode & 0o077 == 0
    wanted = (Read("area"), Read("hze_count", ("SR04", "SR10")), Read("offer"))
    assert reads.parse(path) == wanted


def test_areas_are_put_together_and_the_whole_outranks_them(tmp_path: Path) -> None:
    reads.listen(tmp_path / "reads")
    reads.note("hze_count", ["SR04"])
    reads.note("hze_count", ["SR10"])
    assert reads.parse(tmp_path / "reads") == (Read("hze_count", ("SR04", "SR10")),)
    reads.note("hze_count")
    assert reads.parse(tmp_path / "reads") == (Read("hze_count"),)


def test_rows_of_no_area_are_taken_for_the_whole(tmp_path: Path) -> None:
    reads.listen(tmp_path / "reads")
    reads.note("hze_count", ())
    assert reads.parse(tmp_path / "reads") == (Read("hze_count"),)


@pytest.mark.parametrize("text", ["{", '["area"]\n["hze', '["area"]\n7\n', '["area", 1]\n', "[]\n"])
def test_a_broken_record_says_everything(tmp_path: Path, text: str) -> None:
    (tmp_path / "reads").write_text(text, encoding="utf-8")
    assert reads.parse(tmp_path / "reads") == (Read("*"),)


def test_a_missing_or_removed_record_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "reads"
    assert reads.parse(path) == (Read("*"),)
    reads.listen(path)
    path.unlink()
    reads.note("area")
    assert reads.parse(path) == (Read("*"),)


def test_everything_outranks_all_else() -> None:
    assert reads.merged([Read("area"), Read("*")]) == (Read("*"),)


def test_a_second_listener_begins_anew(tmp_path: Path) -> None:
    for name in ("first", "second"):
        reads.listen(tmp_path / name)
        reads.note("area")
    assert reads.parse(tmp_path / "second") == (Read("area"),)


def test_a_read_that_cannot_be_told_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full here")
    reads.listen(full)
    with pytest.raises(OSError):
        reads.note("area")

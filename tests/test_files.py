"""A file is whole or the old one; a lock is free when its holder is gone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from evaltools import files
from evaltools.errors import RunError

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and signals of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_it_is_and_bytes_too(tmp_path: Path) -> None:
    files.write(tmp_path / "new" / "a.txt", "Größe\r\nzwei\n")
    files.write(tmp_path / "new" / "b.bin", b"\x00\xff")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "Größe\r\nzwei\n".encode()
    assert (tmp_path / "new" / "b.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path / "new") == ["a.txt", "b.bin"]


@posix
def test_a_private_file_is_its_owners_and_another_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write(tmp_path / "open", "x")
        files.write(tmp_path / "closed", "x")
        files.write(tmp_path / "closed", "y", private=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o600


LIMITED = """
import resource, sys
from pathlib import Path
from evaltools import files
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    files.write(Path(sys.argv[1]), "n" * 10_000)
except OSError as error:
    print(Path(error.filename or "unnamed").name, error.strerror)
"""


@posix
def test_a_file_too_large_for_the_disk_leaves_the_old_one_whole(tmp_path: Path) -> None:
    """A write that fails half-way, as on a full disk, is a real one here: the system refuses it."""
    page = tmp_path / "page.html"
    page.write_text("old" * 3000)
    command = [sys.executable, "-c", LIMITED, str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert page.read_text() == "old" * 3000
    assert done.stdout == "page.html File too large\n"
    assert names(tmp_path) == ["page.html"]


def test_several_files_move_only_when_all_lie_on_the_disk(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("old")
    second.mkdir()
    with files.staged({first: "new", tmp_path / "c": "new"}):
        assert first.read_text() == "old"
        assert not (tmp_path / "c").exists()
    assert (first.read_text(), names(tmp_path)) == ("old", ["a", "b"])
    with pytest.raises(OSError, match=r"'.*b'"), files.staged({second: "x"}) as move:
        move()
    (tmp_path / "file").write_text("in the way")
    bad = {first: "new", tmp_path / "file" / "d": "new"}
    with pytest.raises(OSError, match="file"), files.staged(bad) as move:
        pytest.fail("nothing may move")
    assert first.read_text() == "old"
    assert names(tmp_path) == ["a", "b", "file"]


@pytest.mark.parametrize("method", ["touch", "write_text", "replace"])
def test_an_error_names_the_file_and_leaves_nothing(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    (tmp_path / "a").write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, method, full)
        with pytest.raises(OSError, match=r"No space left on device: '.*/a'"):
            files.write(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_content_lies_on_the_disk_before_its_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could leave the new name with no content."""
    seen: list[str] = []
    sync, move = os.fsync, Path.replace

    def syncing(handle: int) -> None:
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def moving(part: Path, target: Path) -> Path:
        seen.append("move")
        return move(part, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", moving)
    files.write(tmp_path / "a", "x")
    assert seen == ["file", "move", "folder"]


def test_a_folder_that_cannot_be_synced_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def refusing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")
        sync(handle)

    monkeypatch.setattr(os, "fsync", refusing)
    files.write(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"


def test_sweep_removes_what_was_left_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "SR04").mkdir()
    left = [tmp_path / f".ab{files.PART}", tmp_path / "SR04" / f".cd{files.PART}"]
    kept = [tmp_path / "index.html", tmp_path / ".htaccess", tmp_path / f"page{files.PART}"]
    for path in left + kept:
        path.write_text("x")
    files.sweep(tmp_path)
    assert [path.exists() for path in left + kept] == [False, False, True, True, True]


# --- the lock -------------------------------------------------------------------------------------

HOLDER = """
import sys
from pathlib import Path
from evaltools import files
with files.locked(Path(sys.argv[1]), "study s"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(lock: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER, str(lock)]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def refusal(lock: Path) -> str:
    with pytest.raises(RunError) as caught, files.locked(lock, "study s"):
        pass
    return str(caught.value)


@posix
def test_the_second_is_told_who_holds_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / ".s.lock"
    holder = hold(lock)
    os.utime(tmp_path / ".s.holder", (0, 1_800_000_000))
    told = refusal(lock)
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=60)
    assert told.startswith(f"another run of study s is under way (process {holder.pid}, since 2027")
    assert told.endswith("wait for it, or end that process")
    assert str(tmp_path) not in told
    assert (tmp_path / ".s.holder").is_file(), "the killed process cannot tidy up"
    with files.locked(lock, "study s"):
        assert (tmp_path / ".s.holder").read_text() == f"{os.getpid()}\n"
    assert names(tmp_path) == [".s.lock"]


@posix
@pytest.mark.parametrize("text", ["{dead}", "", "0", "-1", "x", "9" * 40])
def test_words_of_a_dead_holder_do_not_mislead(tmp_path: Path, text: str) -> None:
    """Between taking the lock and writing its number a holder has the number of the last one."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=60)
    (tmp_path / ".s.holder").write_text(text.format(dead=ended.pid))
    with FileLock(tmp_path / ".s.lock"):
        assert "under way; wait for it" in refusal(tmp_path / ".s.lock")


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.locked(tmp_path / ".s.lock", "study s"):
        raise ZeroDivisionError
    with files.locked(tmp_path / ".s.lock", "study s"):
        pass

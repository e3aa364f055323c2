"""Files that are written whole or not at all, and folders that one process holds at a time."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from errno import EACCES, EBADF, EINVAL, ENOTSUP
from hashlib import file_digest
from pathlib import Path

from filelock import FileLock, Timeout

from evaltools.errors import RunError

PART = ".evaltools-part"


def write(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write one file whole or not at all; its folder is made where it is missing.

    Parameters
    ----------
    path : Path
        The file; one that is there stays as it was until the new one lies on the disk.
    content : str or bytes
        Text is written as UTF-8, its line ends as they are.
    private : bool, optional
        Whether only its owner may read it.

    Raises
    ------
    OSError
        Naming `path`; the old file is unharmed and nothing else is left behind.
    """
    with staged({path: content}, private=private) as move:
        move()


@contextmanager
def staged(
    contents: Mapping[Path, str | bytes], *, private: bool = False
) -> Iterator[Callable[[], None]]:
    """Put files on the disk beside their places; what it gives moves them there, all in a row.

    A full disk or a folder without rights shows before the first file has moved. Without the move,
    or when anything raises, every file is as it was.

    Parameters
    ----------
    contents : mapping of Path to str or bytes
        As for :func:`write`.
    private : bool, optional
        Whether only their owner may read them.
    """
    parts = {path: path.with_name(f".{secrets.token_hex(8)}{PART}") for path in contents}

    def move() -> None:
        for path, part in parts.items():
            with _naming(path):
                part.replace(path)
        for folder in sorted({path.parent for path in parts}):
            _sync_folder(folder)

    try:
        for path, content in contents.items():
            with _naming(path):
                _fill(parts[path], content, mode=0o600 if private else 0o666)
        yield move
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()


def sweep(folder: Path) -> None:
    """Remove what killed processes left below a folder; only for who holds its lock."""
    for left in folder.rglob(f".*{PART}"):
        left.unlink(missing_ok=True)


def carry(old: Path, new: Path, names: Iterable[str]) -> None:
    """Copy some folders of one folder into another; those it lacks are left out."""
    for name in names:
        if (old / name).is_dir():
            shutil.copytree(old / name, new / name)


def settle(folder: Path) -> None:
    """Wait until the files of a folder, and it itself, lie on the disk."""
    for file in folder.rglob("*"):
        if file.is_file():
            _sync(file)
    _sync_folder(folder)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def is_held(path: Path) -> bool:
    """Whether a process holds a lock file."""
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def locked(path: Path, what: str, *, wait: float = 0.0) -> Iterator[None]:
    """Hold a lock file; the system frees it when the process ends, however.

    Parameters
    ----------
    path : Path
        The lock file. Beside it lies, while it is held, the number of the process that holds it.
    what : str
        What is held, for the message, such as ``study demo``.
    wait : float, optional
        Seconds to wait for another process to let it go.

    Raises
    ------
    RunError
        When another process holds it; the message names that process and since when.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(path, timeout=wait), path.with_suffix(".holder")
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"another run of {what} is under way{_holder(holder)}; wait for it, or end that process"
        ) from None
    try:
        write(holder, f"{os.getpid()}\n")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    """Say who holds a lock, where that can be known: a killed process leaves its number behind."""
    try:
        pid = int(path.read_text(encoding="utf-8"))
        since = datetime.fromtimestamp(path.stat().st_mtime)
    except (OSError, ValueError):
        return ""
    return f" (process {pid}, since {since:%Y-%m-%d %H:%M})" if _alive(pid) else ""


def _alive(pid: int) -> bool:
    # On Windows the call below would end the process instead of asking for it.
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return pid > 0


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error name the file that was to be written, not the temporary one beside it."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def _fill(part: Path, content: str | bytes, *, mode: int) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch(mode=mode, exist_ok=False)
    if isinstance(content, str):
        part.write_text(content, encoding="utf-8", newline="")
    else:
        part.write_bytes(content)
    _sync(part)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make renames last; some network drives and Windows cannot, and lose nothing by it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in (EINVAL, ENOTSUP, EBADF, EACCES):
            raise

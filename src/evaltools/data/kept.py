"""Results that are computed once and kept beside a study's tables, found again by content."""

from __future__ import annotations

import io
import os
import pickle
import secrets
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, cast

from filelock import FileLock, Timeout

from evaltools import files, program
from evaltools.data.tables import Tables

if TYPE_CHECKING:
    import pandas as pd

MOST = 10_000  # results a study keeps; one model area of the demo needs 180, of 5 kB each
PATIENCE = 120.0  # seconds to wait for another process that computes the same
CHECK = 32  # bytes of the digest in front of each kept result
# Of what results are put together, beside frozen classes of this program.
KNOWN = {
    "builtins": {"slice"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "pandas": {
        "BooleanDtype",
        "DataFrame",
        "Float64Dtype",
        "Index",
        "Int64Dtype",
        "NA",
        "RangeIndex",
        "Series",
        "StringDtype",
    },
    "pandas._libs.internals": {"_unpickle_block"},
    "pandas.arrays": {"ArrowStringArray", "BooleanArray", "FloatingArray", "IntegerArray"},
    "pandas.core.indexes.base": {"_new_Index"},
    "pandas.core.internals.managers": {"BlockManager", "SingleBlockManager"},
    "pyarrow.lib": {"_restore_array", "py_buffer", "type_for_alias"},
}
OWN = f"{program.__name__.partition('.')[0]}."
BROKEN = (
    OSError,
    ValueError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    TypeError,
    pickle.PickleError,
)

Given = TypeVarTuple("Given")
Result = TypeVar("Result")


def once(
    tables: Mapping[str, pd.DataFrame],
    function: Callable[[*Given], Result],
    *given: *Given,
) -> Result:
    """Return ``function(*given)``, computed at most once as long as nothing in it changes.

    What was computed for one page serves every other, also in later runs: it is found by the name
    of the function, the content of what it is given, and the digest of the whole program.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The study's tables as ``store.load`` gives them, which know the folder for results. With
        any other mapping the function is just called.
    function : callable
        A function of a module, pure: the same result for equal arguments, nothing else done.
    *given
        Its arguments, of the kinds that :func:`evaltools.data.content.digest` knows.

    Returns
    -------
    object
        What the function returns; an object of its own for each call.

    Raises
    ------
    TypeError
        When the function is none of a module, or an argument has no digest.
    """
    folder = tables.kept if isinstance(tables, Tables) else None
    if folder is None or not _own_folder(folder):
        return function(*given)
    from evaltools.data import content

    path = folder / content.digest((function, program.digest(), *given))
    found = _read(path)
    if found:
        return cast(Result, found[0])
    with _alone(path):
        # whoever held it may have left the very result
        found = _read(path)
        if found:
            return cast(Result, found[0])
        made = function(*given)
        _write(path, made)
    return made


def sweep(folder: Path, *, most: int = MOST, alone: bool = True) -> None:
    """Remove all but the results that were used last, and what killed processes left.

    Parameters
    ----------
    folder : Path
        The folder of results; nothing is done when it is not there.
    most : int, optional
        How many results stay.
    alone : bool, optional
        Whether nobody can be writing there now, so that what is unfinished is left over.
    """
    if not folder.is_dir():
        return
    used: list[tuple[int, Path]] = []
    for file in folder.iterdir():
        with suppress(OSError):
            if file.suffix in (files.PART, ".lock"):
                if alone:
                    file.unlink()
            else:
                used.append((file.stat().st_mtime_ns, file))
    for _, file in sorted(used)[: max(0, len(used) - most)]:
        file.unlink(missing_ok=True)


class _Reader(pickle.Unpickler):
    """Puts results together from data only; what else a file names is neither made nor called."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the classes and makers that results consist of."""
        if name in KNOWN.get(module, ()):
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith(OWN) else None
        if not (isinstance(found, type) and is_dataclass(found)):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a result")
        return found


def checked(path: Path, data: bytes) -> bytes:
    """Return the digest in front of a result: of its name, too, so that it cannot be mixed up."""
    return sha256(path.name.encode() + data).digest()


def _own_folder(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and nobody else can put anything into it."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        return stat.S_ISDIR(folder.lstat().st_mode) and _ours(folder.lstat())
    return False


def _ours(known: os.stat_result) -> bool:
    """Whether a file is this user's and closed to all others: what is unpickled is run."""
    if sys.platform == "win32":
        return True
    return known.st_uid == os.getuid() and not known.st_mode & 0o077


def _read(path: Path) -> tuple[Any] | None:
    """Return a kept result in a tuple of its own; None when there is none that can be trusted."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as file:
            known = os.fstat(handle)
            if not stat.S_ISREG(known.st_mode) or not _ours(known):
                return None
            data = file.read()
        if checked(path, data[CHECK:]) != data[:CHECK]:
            return None
        os.utime(path)
        return (_Reader(io.BytesIO(data[CHECK:])).load(),)
    except BROKEN:
        return None


def _write(path: Path, result: object) -> None:
    """Keep a result; a full disk costs nothing but the next computation."""
    data = pickle.dumps(result, protocol=5)
    part = path.with_name(f".{secrets.token_hex(8)}{files.PART}")
    with suppress(OSError):
        try:
            part.touch(mode=0o600, exist_ok=False)
            part.write_bytes(checked(path, data) + data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let others wait that want the same; who waited too long, or cannot lock, goes on as well."""
    lock = FileLock(path.with_suffix(".lock"), timeout=PATIENCE)
    try:
        lock.acquire()
    except (Timeout, OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        # while it is held: who waits for it wakes up, and finds the result
        with suppress(OSError):
            path.with_suffix(".lock").unlink()
        lock.release()

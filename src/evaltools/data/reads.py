"""What a notebook has looked at, kept by the kernel that runs it; nothing where nobody asks.

A page has to be made again only when something changed that its notebook read. No list that
somebody keeps by hand would stay true, so that the tables themselves say who takes them out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

EVERYTHING = "*"
PLAN, CODINGS, PROVENANCE = "plan", "codings", "provenance"  # what is read beside tables


@dataclass(frozen=True, order=True)
class Read:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        A table, ``plan`` (which counts are shown), ``codings``, ``provenance`` (all sources), or
        ``*`` for everything.
    areas : tuple of str
        The areas whose rows were looked at, sorted; empty for the whole.
    """

    name: str
    areas: tuple[str, ...] = ()


@dataclass
class _Log:
    """The file this process writes to; none until somebody listens."""

    handle: int = -1
    told: set[Read] = field(default_factory=set)


_log = _Log()


def listen(path: Path) -> None:
    """Write from now on what is read to a file, one JSON line each, once each.

    Parameters
    ----------
    path : Path
        Made anew, for its owner only. It is kept open: where it is removed in between, nothing
        is written in its place, and :func:`parse` says that everything was read.
    """
    stop()
    _log.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)


def stop() -> None:
    """Listen no longer; nothing is done where nobody listened."""
    if _log.handle >= 0:
        os.close(_log.handle)
    _log.handle, _log.told = -1, set()


def note(name: str, areas: Collection[str] | None = None) -> None:
    """Put on record that something is read.

    Parameters
    ----------
    name : str
        As in :class:`Read`.
    areas : collection of str, optional
        The areas whose rows are read; the whole when not given or empty.

    Raises
    ------
    OSError
        When it cannot be written: a page of which this is not known must not be kept.
    """
    if _log.handle < 0:
        return
    read = Read(name, tuple(sorted(set(areas or ()))))
    if read not in _log.told:
        os.write(_log.handle, (json.dumps([read.name, *read.areas]) + "\n").encode())
        _log.told.add(read)


def parse(path: Path) -> tuple[Read, ...]:
    """Read what was written.

    Parameters
    ----------
    path : Path
        As given to :func:`listen`.

    Returns
    -------
    tuple of Read
        Sorted, one for each name; ``Read("*")`` alone when the file is missing or broken.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return (Read(EVERYTHING),)
    if not all(_is_line(line) for line in lines):
        return (Read(EVERYTHING),)
    return merged(Read(name, tuple(areas)) for name, *areas in lines)


def merged(found: Iterable[Read]) -> tuple[Read, ...]:
    """Return one read for each name, sorted; the whole of a table outranks some of its areas."""
    areas: dict[str, set[str]] = {}
    whole: set[str] = set()
    for read in found:
        areas.setdefault(read.name, set()).update(read.areas)
        whole |= set() if read.areas else {read.name}
    if EVERYTHING in areas:
        return (Read(EVERYTHING),)
    return tuple(
        Read(name, () if name in whole else tuple(sorted(areas[name]))) for name in sorted(areas)
    )


def _is_line(line: object) -> bool:
    return isinstance(line, list) and bool(line) and all(isinstance(text, str) for text in line)

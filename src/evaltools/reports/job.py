"""What is handed to whoever executes a notebook, and what comes back; both can be pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaltools.data.reads import Read
from evaltools.reports.limits import Limits
from evaltools.reports.plan import Task
from evaltools.study import Workspace


@dataclass(frozen=True)
class Job:
    """One notebook to be executed for one area, with what it may use."""

    space: Workspace
    task: Task
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Made:
    """What became of a job: ``error`` is empty when the page's files are there.

    Attributes
    ----------
    seconds : float
        Wall time.
    contents : mapping of str to bytes
        All files of the page by their path below the folder of reports.
    verdicts : mapping of str to str
        Number of a claim → verdict.
    hidden : tuple of str
        Keys of the counts that were taken out of it.
    reads : tuple of Read
        What the notebook has looked at.
    """

    task: Task
    seconds: float
    error: str = ""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()


def packed(made: Made) -> bytes:
    """Write what was made as bytes that turn into nothing but data when they are read.

    Parameters
    ----------
    made : Made
        Its task is left out: who reads it knows it.
    """
    head = {
        "seconds": made.seconds,
        "error": made.error,
        "verdicts": dict(made.verdicts),
        "hidden": made.hidden,
        "reads": [[read.name, *read.areas] for read in made.reads],
        "contents": [[name, len(data)] for name, data in made.contents.items()],
    }
    return b"".join([json.dumps(head).encode(), b"\n", *made.contents.values()])


def unpacked(content: bytes, task: Task) -> Made:
    """Read what :func:`packed` wrote of a task."""
    line, _, rest = content.partition(b"\n")
    head = json.loads(line)
    files, begin = {}, 0
    for name, size in head["contents"]:
        files[name] = rest[begin : begin + size]
        begin += size
    return Made(
        task,
        head["seconds"],
        head["error"],
        files,
        head["verdicts"],
        tuple(head["hidden"]),
        tuple(Read(name, tuple(areas)) for name, *areas in head["reads"]),
    )

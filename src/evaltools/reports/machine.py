"""What this machine offers a run: cores and memory, within what a container or a job may use."""

from __future__ import annotations

import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PER_WORKER = 1 << 30  # bytes that a worker and its kernel need at the least
SHARE = 0.9  # of the memory that kernels may fill together
CGROUP = Path("/sys/fs/cgroup")


def width(calls: int, wanted: int | None = None) -> int:
    """Return how many processes to start.

    Parameters
    ----------
    calls : int
        How many there are to share; more processes would have nothing to do.
    wanted : int, optional
        How many the user asked for; otherwise cores and free memory decide.

    Returns
    -------
    int
        At least 1.
    """
    most = wanted or min(cores(), memory()[1] // PER_WORKER)
    return max(1, min(calls, most))


def cores() -> int:
    """Return how many cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Return the bytes of memory that this process may use: in all, and free just now."""
    there = psutil.virtual_memory()
    try:
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # no such limit
        return there.total, there.available
    return min(there.total, limit), min(there.available, max(0, limit - used))


def share(workers: int) -> int:
    """Return the bytes that one kernel may fill when that many run at the same time."""
    return int(memory()[0] * SHARE / workers)

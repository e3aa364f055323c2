"""What a fork of the warm process does to become a kernel as fresh as any other process."""

from __future__ import annotations

import ctypes
import os
import random
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = "ipykernel_launcher"
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """How a kernel is to be started, as the arguments of an ordinary process.

    Attributes
    ----------
    argv : tuple of str
        As for :class:`subprocess.Popen`: the interpreter, ``-m``, the launcher, its arguments.
    env : mapping of str to str
        The whole environment.
    cwd : str
        Working directory.
    umask : int
        Of the process that asks.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    umask: int


def become(order: Order, streams: Sequence[int], *, server: int) -> None:
    """Make a fork as fresh as a process that was just started; it leaves at once where it cannot.

    Parameters
    ----------
    order : Order
        What it is to become.
    streams : sequence of int
        Descriptors for standard output and error.
    server : int
        Process that has forked it, and with which it ends.
    """
    try:
        os.setsid()
        _die_with(server)
        for target, stream in enumerate(streams, start=1):
            os.dup2(stream, target)
            os.close(stream)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.umask(order.umask)
        os.chdir(order.cwd)
        os.environ.clear()
        os.environ.update(order.env)
        time.tzset()
        tempfile.tempdir = None
        _reseed()
    except BaseException:
        os._exit(1)


def _die_with(server: int) -> None:
    """Let the kernel of the system end this process when its parent ends, however it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)


def _reseed() -> None:
    """Draw new seeds: all forks of one process would otherwise draw the same numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)


def start_kernel(order: Order) -> None:
    """Do what ``python -m ipykernel_launcher ARGUMENTS`` does; returns when the kernel has ended.

    It is told that it has an owner (else it would greet on its output), though none to watch: the
    end of the server ends it.

    Parameters
    ----------
    order : Order
        Of this process.
    """
    sys.path.insert(0, str(Path.cwd()))
    sys.orig_argv[:] = order.argv
    sys.argv[:] = [LAUNCHER, *order.argv[3:], "--IPKernelApp.parent_handle=1"]
    runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)

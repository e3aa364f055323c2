"""The process that workers are forked from: it has imported all that the run of a notebook needs.

multiprocessing's fork server imports this module once, with one thread, for a fork copies no
other. Kernels need most of the same modules, so that the server they are forked from
(:mod:`evaltools.reports.forkserver`) is forked here as well, at the moment when nothing but its own
modules is there; all workers share it. A worker that finds it dead starts one of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from evaltools.reports import forkclient, forkserver
from evaltools.reports.forkchild import start_kernel
from evaltools.reports.forkclient import Lent, Preload, Server

SPEC = Path(__file__).parent / "kernelspec" / "evaltools" / "kernel.json"
DESCRIPTORS = Path("/proc/self/fd")
# What a worker imports beside that; papermill looks for engines of others while it is imported.
MODULES = (
    "papermill.execute",
    "nbclient",
    "evaltools.cli",
    "evaltools.reports.jobs",
    "evaltools.reports.review",
    "evaltools.release.plans",
    "evaltools.release.protection",
)
_shared: list[Lent] = []


def share() -> None:
    """Let this process, a worker, use the server that was forked here."""
    for lent in _shared:
        forkclient.borrow(lent)


def _warm() -> None:
    opened = [int(path.name) for path in DESCRIPTORS.iterdir()] if DESCRIPTORS.is_dir() else []
    _be_quiet()
    sys.path[:] = [place for place in sys.path if place]
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    preload: Preload = tuple(spec["metadata"]["evaltools"]["preload"])
    written = _prepared(preload, spec["env"])
    if forkclient.possible():
        with contextlib.suppress(OSError):
            env = {**os.environ, **spec["env"]}
            control = _fork_server(opened, written)
            _shared.append(Lent(preload, _server(control, env)))
    with forkserver.collected_once():
        for name in MODULES:
            importlib.import_module(name)


def _prepared(preload: Preload, env: dict[str, str]) -> dict[str, str]:
    """Import what kernels need; return what that writes into the environment.

    Libraries look at some variables only while they are imported. The allocator that Arrow brings
    along would start a thread.
    """
    given = {
        "MPLBACKEND": forkclient.BACKEND,
        **env,
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }
    before = dict(os.environ)
    os.environ.update({name: before.get(name, value) for name, value in given.items()})
    during = dict(os.environ)
    forkserver.warm_up(preload)
    written = {name: value for name, value in os.environ.items() if name not in during}
    for name in set(given) - set(before) - set(env):
        del os.environ[name]
    return written


def _fork_server(opened: Sequence[int], written: dict[str, str]) -> socket.socket:
    """Fork the server; it holds nothing that was open before but standard streams."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork():
        theirs.close()
        return ours
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ours.close()
        for descriptor in opened:
            if descriptor > 2:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        order = forkserver.serve(theirs)
        if order is not None:
            for name, value in written.items():
                os.environ.setdefault(name, value)
            _end_as_process(lambda: start_kernel(order))
    finally:
        os._exit(0)


def _server(control: socket.socket, env: dict[str, str]) -> Server:
    """Describe it for the workers: the settings of now are those it was started with."""
    ground = {name: env[name] for name in env if name.startswith(forkclient.AT_START)}
    return Server(control, ground, code=(0, 0), process=None)


def _end_as_process(main: Any) -> NoReturn:
    """Call something and leave as an interpreter leaves that was started for it."""
    code = 0
    try:
        main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _be_quiet() -> None:
    """Say nothing from here on: what libraries print may name places, and nobody could read it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


_warm()

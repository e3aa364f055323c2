"""Start the warm process, ask it for kernels, and leave neither behind."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evaltools
from evaltools.reports.forked import END_SECONDS, Forked

SERVER = "evaltools.reports.forkserver"
# As ipykernel's launcher does it: nothing is imported from the working directory.
START = "import sys; del sys.path[0]; from {} import main; main(sys.argv[1:])"
BACKEND = "module://matplotlib_inline.backend_inline"
# With it a kernel would watch for the end of the owner, who is not its parent.
PARENT = "JPY_PARENT_PID"
# What Python and its libraries look at only once, when they are imported.
AT_START = ("PYTHON", "LC_", "LANG", "LD_", "HOME", "XDG_", "MPL", "OMP_", "OPENBLAS_", "MKL_")
START_SECONDS = 60.0
Preload = tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """The warm process, with our end of the socket to it.

    Attributes
    ----------
    control : socket
        The server ends when all processes that hold this end have ended.
    ground : mapping of str to str
        Variables that it was started with and that count only then.
    code : tuple of int
        State of the code that it has imported.
    process : Popen or None
        None for a server of another process, which has lent it.
    """

    control: socket.socket
    ground: Mapping[str, str]
    code: tuple[int, int]
    process: subprocess.Popen[bytes] | None


@dataclass(frozen=True)
class Lent:
    """A server that another process has started, with what it has imported."""

    preload: Preload
    server: Server


_servers: dict[Preload, Server] = {}
# Servers with older code whose kernels still run, and lines that forks of this process close.
_retired: list[Server] = []
_lines: weakref.WeakSet[socket.socket] = weakref.WeakSet()
_lock = threading.Lock()


def warm(preload: Preload, env: Mapping[str, str]) -> Server | None:
    """Return this process's server, started when there is none; it then still imports.

    Parameters
    ----------
    preload : tuple of str
        Modules that it imports; each other list has a server of its own.
    env : mapping of str to str
        Environment of the kernels.

    Returns
    -------
    Server or None
        None where forks are not possible here, or where it was started with other settings.
    """
    if not possible():
        return None
    code = _code()
    with _lock:
        server = _servers.get(preload)
        if server is not None and _ended(server):
            _drop(preload)
            server = None
        if server is not None and server.process and server.code != code:
            _retired.append(_servers.pop(preload))
            server = None
        if server is None:
            server = _servers[preload] = _start(preload, env, code)
    return server if server.ground == _ground(env) else None


def possible() -> bool:
    """Whether a child can be watched without a race, which takes Linux."""
    names = [(os, "fork"), (os, "pidfd_open"), (socket, "send_fds"), (socket, "AF_UNIX")]
    return sys.platform == "linux" and all(hasattr(place, name) for place, name in names)


def broken() -> bool:
    """Whether a server has ended, so that its kernels died by no fault of theirs."""
    return any(_ended(server) for server in _servers.values())


def borrow(lent: Lent) -> None:
    """Use the server of another process from now on; it ends when both processes have.

    Parameters
    ----------
    lent : Lent
        As multiprocessing hands it over when it starts this process.
    """
    _servers[lent.preload] = lent.server


def preload(metadata: Mapping[str, Any]) -> Preload:
    """Return the modules that a kernelspec wants imported."""
    return tuple(metadata.get("evaltools", {}).get("preload", ()))


async def ask(server: Server, order: Mapping[str, Any], streams: Sequence[int]) -> Forked:
    """Let a server fork a kernel.

    Parameters
    ----------
    server : Server
        From :func:`warm`; while it still imports this takes seconds.
    order : mapping
        The fields of :class:`evaltools.reports.forkchild.Order`.
    streams : sequence of int
        Descriptors of its standard output and error.

    Raises
    ------
    OSError
        When there is no kernel: the server has ended, cannot fork, or takes too long.
    """
    return await asyncio.wait_for(_ask(server, order, streams), START_SECONDS)


async def _ask(server: Server, order: Mapping[str, Any], streams: Sequence[int]) -> Forked:
    line, theirs = socket.socketpair()
    try:
        with theirs:
            socket.send_fds(server.control, [b"kernel"], [theirs.fileno(), *streams])
        line.sendall(json.dumps(order).encode() + b"\n")
        await until_readable(line.fileno())
        said, descriptors, _, _ = socket.recv_fds(line, 1 << 10, 1)
        if not descriptors:
            raise ConnectionError("the server started no kernel")
    except BaseException:
        line.close()
        raise
    _lines.add(line)
    return Forked(json.loads(said.splitlines()[0])["pid"], descriptors[0], line)


async def until_readable(descriptor: int) -> None:
    """Wait until a descriptor has something to say or its other side has ended."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _start(preload: Preload, env: Mapping[str, str], code: tuple[int, int]) -> Server:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # The allocator that Arrow brings along but does not use would start a thread.
    given = {"MPLBACKEND": BACKEND, **env, "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    given.pop(PARENT, None)
    quiet = subprocess.DEVNULL
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(SERVER), str(theirs.fileno()), *preload],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            env=given,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return Server(ours, _ground(env), code, process)


def _ground(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(AT_START)}


def _code() -> tuple[int, int]:
    """Return what changes with our own code, so that a kernel restarted in the lab has the new."""
    files = Path(evaltools.__file__).parent.rglob("*.py")
    times = [path.stat().st_mtime_ns for path in files]
    return len(times), max(times)


def _ended(server: Server) -> bool:
    """Whether the other end of the socket is closed."""
    poll = select.poll()
    poll.register(server.control, 0)
    return bool(poll.poll(0))


def _drop(preload: Preload) -> None:
    _end(_servers.pop(preload))


def _end(server: Server) -> None:
    """Let go of a server; at the end of the socket it ends its kernels and itself."""
    server.control.close()
    if server.process is None:
        return
    try:
        server.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@atexit.register
def _stop() -> None:
    """Leave no process behind."""
    for server in [*_servers.values(), *_retired]:
        _end(server)
    _servers.clear()
    _retired.clear()


def _forget() -> None:
    """Let go, in a fork of this process, of what belongs to its parent."""
    global _lock
    _lock = threading.Lock()
    for line in list(_lines):
        line.close()
    for server in [*_servers.values(), *_retired]:
        server.control.close()
        if server.process is not None:
            server.process.returncode = 0  # else it would be waited for as a child of the fork
    _servers.clear()
    _retired.clear()


if possible():
    os.register_at_fork(after_in_child=_forget)

"""The process that kernels are forked from: it has imported what notebooks use, and only waits.

:mod:`evaltools.reports.forkclient` starts it with one end of a socket pair, so that nobody else can
reach it. One thread only, for a fork copies no other; one poll loop; no file.

Over the socket comes, for each kernel, a line (a socket of the kernel's own) with its standard
output and error. Over the line comes the order; back go the pid with a pidfd, and at the end the
exit code. Signals for the kernel's group come over it too, because only its parent knows for sure
that the number still is this kernel's. A line that breaks ends the kernel, the end of the socket
ends all.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaltools.reports.forkchild import Order, become, start_kernel

# What a kernel starts with may not come late: reading an order is given up after so many seconds.
PATIENCE = 10.0
TYPE_SIZES = (9, 9.5, 10)  # points; those of the house style
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜabcdefghijklmnopqrstuvwxyzäöüß 0123456789.,−+%()"


@dataclass(frozen=True)
class Kernel:
    """A running child, with the line to whoever asked for it."""

    pid: int
    pidfd: int
    line: socket.socket


@dataclass
class Children:
    """The children by the descriptors that are watched: their pidfd and their line."""

    control: socket.socket
    poll: Any = field(default_factory=select.poll)
    by_pidfd: dict[int, Kernel] = field(default_factory=dict)
    by_line: dict[int, Kernel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.poll.register(self.control, select.POLLIN)

    def add(self, kernel: Kernel) -> None:
        """Watch a child."""
        self.by_pidfd[kernel.pidfd] = self.by_line[kernel.line.fileno()] = kernel
        self.poll.register(kernel.pidfd, select.POLLIN)
        self.poll.register(kernel.line, select.POLLIN)

    def hang_up(self, kernel: Kernel) -> None:
        """Forget a line; its child is still watched."""
        if self.by_line.pop(kernel.line.fileno(), None):
            self.poll.unregister(kernel.line)
            kernel.line.close()

    def remove(self, kernel: Kernel) -> None:
        """Forget a child that has ended."""
        self.hang_up(kernel)
        self.poll.unregister(kernel.pidfd)
        del self.by_pidfd[kernel.pidfd]
        os.close(kernel.pidfd)

    def close(self) -> None:
        """Close every descriptor, in a child: it must hold no end of what is between others."""
        for kernel in self.by_pidfd.values():
            os.close(kernel.pidfd)
            kernel.line.close()
        self.control.close()


def main(arguments: Sequence[str]) -> None:
    """Import the modules, then serve; in a child, start its kernel.

    Parameters
    ----------
    arguments : sequence of str
        The descriptor of the socket, then the names of modules to import.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(arguments[0]))
    before = dict(os.environ)
    warm_up(arguments[1:])
    # What an import writes into the environment it would have written in the kernel too.
    written = {name: value for name, value in os.environ.items() if name not in before}
    order = serve(control)
    if order is None:
        os._exit(0)  # nothing is left to be put in order, and that would take its time
    for name, value in written.items():
        os.environ.setdefault(name, value)
    start_kernel(order)


def warm_up(modules: Sequence[str]) -> None:
    """Import what notebooks use, and do once what is slow only the first time.

    A module that is missing here is missing in the notebook too, which says so.

    Parameters
    ----------
    modules : sequence of str
        Their full names.
    """
    with collected_once():
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _settle()


@contextlib.contextmanager
def collected_once() -> Iterator[None]:
    """Collect garbage once, at the end: what is imported stays, and looking for it costs a sixth.

    Pages with objects that no longer change stay shared between all children.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def _settle() -> None:
    """Do once what is slow only the first time."""
    if "matplotlib" in sys.modules:
        _draw()
    if "babel" in sys.modules:
        from babel.dates import format_date
        from babel.numbers import format_decimal

        format_decimal(1234.5, locale="de")
        format_date(locale="de")


def _draw() -> None:
    """Draw a figure outside pyplot, which would remember it: fonts and letters stay at hand."""
    import io

    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "path"}):
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="a")
        for size in TYPE_SIZES:
            axes.text(0, 0, LETTERS, fontsize=size)
        axes.legend()
        FigureCanvasSVG(figure).print_svg(io.BytesIO())


def serve(control: socket.socket) -> Order | None:
    """Fork a kernel for each order until the socket ends.

    Parameters
    ----------
    control : socket
        Of type ``SOCK_SEQPACKET``; each message brings a line, standard output and error.

    Returns
    -------
    Order or None
        The order in the child that shall become this kernel, outside the loop, so that its end is
        that of an ordinary process; None in the server after all children have ended.
    """
    children = Children(control)
    while True:
        # One event at a time: after it a number may stand for another descriptor.
        descriptor, _ = children.poll.poll()[0]
        if descriptor in children.by_pidfd:
            _reap(children, children.by_pidfd[descriptor])
        elif descriptor in children.by_line:
            _listen(children, children.by_line[descriptor])
        else:
            received = _receive(control)
            if received is None:
                _end(children)
                return None
            order = _fork(children, received)
            if order is not None:
                return order


def _receive(control: socket.socket) -> list[int] | None:
    """Take the descriptors for a kernel; None at the end of the socket."""
    said, descriptors, _, _ = socket.recv_fds(control, 16, 3)
    return descriptors if said or descriptors else None


def _fork(children: Children, descriptors: list[int]) -> Order | None:
    """Fork a child for what comes over its line; gives its order in the child, else None."""
    if len(descriptors) != 3:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    line, streams = socket.socket(fileno=descriptors[0]), descriptors[1:]
    try:
        order = _read(line)
        server = os.getpid()
        pid = os.fork()
    except (OSError, ValueError, KeyError, TypeError):
        line.close()
    else:
        if pid == 0:
            children.close()
            line.close()
            become(order, streams, server=server)
            return order
        _announce(children, line, pid)
    for stream in streams:
        os.close(stream)
    return None


def _read(line: socket.socket) -> Order:
    """Read an order, which ends with a line feed."""
    line.settimeout(PATIENCE)
    said = b""
    while not said.endswith(b"\n"):
        more = line.recv(1 << 16)
        if not more:
            raise ValueError("the line ended within the order")
        said += more
    line.setblocking(False)
    raw = json.loads(said)
    return Order(tuple(raw["argv"]), raw["env"], raw["cwd"], raw["umask"])


def _announce(children: Children, line: socket.socket, pid: int) -> None:
    kernel = Kernel(pid, os.pidfd_open(pid), line)
    children.add(kernel)
    with contextlib.suppress(OSError):
        socket.send_fds(line, [_message(pid=pid)], [kernel.pidfd])


def _message(**content: int) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _reap(children: Children, kernel: Kernel) -> None:
    """Report how a child ended; what it has started ends with it.

    Its group is killed before the child is waited for: until then its number is nobody else's.
    """
    _kill(kernel.pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(kernel.pid, 0)[1])
    with contextlib.suppress(OSError):
        kernel.line.send(_message(exit=code))
    children.remove(kernel)


def _listen(children: Children, kernel: Kernel) -> None:
    """Send the signals that are asked for; without anybody on the line the child has no use."""
    try:
        said = kernel.line.recv(1 << 10)
    except BlockingIOError:
        return
    except OSError:
        said = b""
    if not said:
        children.hang_up(kernel)
        _kill(kernel.pid, signal.SIGKILL)
    for number in said.split():
        if number.isdigit():
            _kill(kernel.pid, int(number))


def _kill(group: int, number: int) -> None:
    """Signal a child's group; right after the fork the child may not lead one yet."""
    try:
        os.killpg(group, number)
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(group, number)


def _end(children: Children) -> None:
    for kernel in list(children.by_pidfd.values()):
        _kill(kernel.pid, signal.SIGKILL)
        _reap(children, kernel)

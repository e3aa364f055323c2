"""A forked kernel as whoever asked for it sees it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import weakref

END_SECONDS = 5.0  # for what takes milliseconds on a machine that is not overloaded


class Forked:
    """A forked kernel with as much of the face of :class:`subprocess.Popen` as Jupyter needs.

    Attributes
    ----------
    pid : int
        It leads a session and a process group of its own.
    returncode : int or None
        Negative for a signal; None while it runs.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, pidfd: int, line: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd, self._line = pidfd, line
        weakref.finalize(self, os.close, pidfd)

    def fileno(self) -> int:
        """Return what becomes readable when the kernel has ended."""
        return self._pidfd

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None and _readable(self._pidfd, 0):
            self.returncode = self._exit_code()
            self._line.close()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end."""
        if self.returncode is None:
            _readable(self._pidfd, None)
        code = self.poll()
        return -signal.SIGKILL if code is None else code

    def send_signal(self, number: int) -> None:
        """Signal the kernel's group; its parent does it, as long as the number is this kernel's."""
        if self.returncode is not None:
            return
        with contextlib.suppress(OSError):
            self._line.send(b"%d\n" % number)
        if number == signal.SIGKILL:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End the kernel and what it has started."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def _exit_code(self) -> int:
        """Read what the server reports; where it has ended, the kernel was killed with it."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            self._line.settimeout(END_SECONDS)
            return int(json.loads(self._line.recv(1 << 10))["exit"])
        return -signal.SIGKILL


def _readable(descriptor: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))

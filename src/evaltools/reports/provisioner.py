"""Kernels that are forked from a warm process instead of started from nothing.

Jupyter finds :class:`ForkProvisioner` by the entry point ``evaltools-fork``, which our kernelspec
names. Where a kernel cannot be forked (another system than Linux, other settings than those the
warm process was started with, a warm process that does not come up) the ordinary way is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from evaltools.reports import forkclient
from evaltools.reports.forkchild import LAUNCHER
from evaltools.reports.forkclient import PARENT, Preload
from evaltools.reports.forked import END_SECONDS, Forked

KNOWN = {"cwd", "env", "stdout", "stderr", "independent", "extra_arguments", "kernel_id"}
TRIES = 2


class ForkProvisioner(LocalProvisioner):
    """Starts kernels by a fork of a process that has imported what notebooks use."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or start an ordinary one where that is not possible."""
        forked: Any = None
        if _forkable(cmd, kwargs):
            forked = await _fork(cmd, kwargs, forkclient.preload(self.kernel_spec.metadata))
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        # Without a group the signals are sent by the object itself, which knows its end.
        self.process, self.pid, self.pgid = forked, forked.pid, None
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel, and look a moment for its end: whoever asks next is told at once."""
        await super().kill(restart=restart)
        if isinstance(self.process, Forked) and self.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    forkclient.until_readable(self.process.fileno()), END_SECONDS
                )


def _forkable(cmd: list[str], options: Mapping[str, Any]) -> bool:
    """Whether nothing is asked for that only a new process can have."""
    plain = set(options) <= KNOWN and not options.get("independent")
    here = Path(options.get("cwd") or Path.cwd()).is_dir()
    return plain and here and cmd[:3] == [sys.executable, "-m", LAUNCHER] and _open(options)


def _open(options: Mapping[str, Any]) -> bool:
    try:
        for descriptor in _streams(options):
            os.fstat(descriptor)
    except OSError:
        return False
    return True


def _streams(options: Mapping[str, Any]) -> tuple[int, int]:
    """Return the descriptors of streams as :class:`subprocess.Popen` takes them."""
    given = (options.get("stdout"), 1), (options.get("stderr"), 2)
    out, err = (
        usual if stream is None else stream if isinstance(stream, int) else stream.fileno()
        for stream, usual in given
    )
    return out, err


async def _fork(cmd: list[str], options: Mapping[str, Any], modules: Preload) -> Forked | None:
    """Ask the server for a kernel, a new server if this one is dead; None where that fails."""
    env = {name: value for name, value in options["env"].items() if name != PARENT}
    cwd = str(options.get("cwd") or Path.cwd())
    order = {"argv": cmd, "env": env, "cwd": cwd, "umask": _umask()}
    for _ in range(TRIES):
        server = forkclient.warm(modules, env)
        if server is None:
            return None
        with contextlib.suppress(OSError):
            return await forkclient.ask(server, order, _streams(options))
    return None


def _umask() -> int:
    """Read it without setting it, which other threads would see."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1], 8) for line in lines if line.startswith("Umask:")), 0o077)

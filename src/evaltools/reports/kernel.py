"""Kernels that talk over a private socket file instead of the loopback network."""

from __future__ import annotations

import sys

from jupyter_client.manager import AsyncKernelManager


class PrivateKernelManager(AsyncKernelManager):
    """An ordinary kernel manager with IPC transport where the system has it."""

    if sys.platform != "win32":
        transport = "ipc"

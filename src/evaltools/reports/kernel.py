"""Kernels that talk over socket files in a folder of their own instead of the loopback network."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager


class PrivateKernelManager(AsyncKernelManager):
    """An ordinary kernel manager with IPC transport where the system has it.

    Each kernel's sockets lie in a new folder that only their owner can enter; without that, all
    kernels would share one name in the working directory and two runs could reach each other.
    """

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Keep the kernel's own log quiet: it calls the interrupt at its end an error."""
        return [*super().format_kernel_cmd(extra_arguments), "--log-level=50"]

    if sys.platform != "win32":
        transport = "ipc"

        def _ip_default(self) -> str:
            return str(Path(tempfile.mkdtemp(prefix="evaltools-")) / "kernel")

        def cleanup_ipc_files(self) -> None:
            """Remove the sockets with their folder."""
            super().cleanup_ipc_files()
            shutil.rmtree(Path(self.ip).parent, ignore_errors=True)

"""How a run talks to its kernels: over socket files of their owner's, without waiting in between.

Everything here is an ordinary kernel manager and client of Jupyter with other settings.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import Dict, Type

SPECS = Path(__file__).parent / "kernelspec"
SHELL = "evaltools.reports.shell"
ADDED = (
    "--log-level=50",  # the kernel's own log calls its end an error
    f"--InteractiveShellApp.extra_extensions={SHELL}",
    "--HistoryManager.enabled=False",
)
PROVISIONER = EntryPoint(
    "evaltools-fork",
    "evaltools.reports.provisioner:ForkProvisioner",
    KernelProvisionerFactory.GROUP_NAME,
)
RECONNECT_MILLISECONDS = 5

# What papermill would log to nobody in particular, the run says itself.
logging.getLogger("papermill").addHandler(logging.NullHandler())


def specs(folder: Path = SPECS) -> KernelSpecManager:
    """Return a manager that finds our kernel in the package itself, whatever is installed.

    Parameters
    ----------
    folder : Path, optional
        Another folder of kernelspecs.
    """
    KernelProvisionerFactory.provisioners.setdefault(PROVISIONER.name, PROVISIONER)
    return KernelSpecManager(kernel_dirs=[str(folder)])


class KernelNotReady(RuntimeError):
    """A kernel ended before it answered, or did not answer in time."""


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as its kernel is.

    The stock client tries a socket that is not there yet again after 100 ms, and at the end waits
    200 ms for messages that might still come.
    """

    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        return context

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until one question is answered on both channels; nothing of it is left over then.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without it as long as the kernel lives.

        Raises
        ------
        KernelNotReady
            When the kernel has ended or the time is over.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + (float("inf") if timeout is None else timeout)
        while loop.time() < end:
            asked = self.kernel_info()
            answered = await self._answered(self.shell_channel, asked, 1.0, "kernel_info_reply")
            # Before the other channel is subscribed its messages are lost: then ask again.
            if answered and await self._answered(self.iopub_channel, asked, 0.1, "status"):
                return
            if not await self._async_is_alive():
                raise KernelNotReady("the kernel ended before it was ready")
        raise KernelNotReady("the kernel was not ready in time")

    async def _answered(self, channel: Any, asked: str, seconds: float, kind: str) -> bool:
        """Read a channel up to the last message of an answer."""
        while True:
            try:
                message = await channel.get_msg(timeout=seconds)
            except Empty:
                return False
            if message["parent_header"].get("msg_id") != asked or message["msg_type"] != kind:
                continue
            if kind == "kernel_info_reply":
                self._handle_kernel_info_reply(message)
                return True
            if message["content"]["execution_state"] == "idle":
                return True


class PrivateKernelManager(AsyncKernelManager):
    """An ordinary kernel manager with IPC transport where the system has it.

    Each kernel's sockets lie in a new folder that only their owner can enter; without that, all
    kernels would share one name in the working directory and two runs could reach each other.

    Attributes
    ----------
    given : dict of str to str
        What the kernel's environment has besides that of this process.
    """

    client_factory = Type(PromptClient, klass=AsyncKernelClient)
    given = Dict().tag(config=True)

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return specs()

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel with its own variables; a dollar sign in them stands for itself."""
        assert self.kernel_spec is not None
        added = {name: value.replace("$", "$$") for name, value in self.given.items()}
        self.kernel_spec.env = {**self.kernel_spec.env, **added}
        await super().start_kernel(**options)

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Load our extension, and keep what a run does not need away."""
        return [*super().format_kernel_cmd(extra_arguments), *ADDED]

    if sys.platform != "win32":
        transport = "ipc"

        def _ip_default(self) -> str:
            return str(Path(tempfile.mkdtemp(prefix="evaltools-")) / "kernel")

        def cleanup_ipc_files(self) -> None:
            """Remove the sockets with their folder."""
            super().cleanup_ipc_files()
            shutil.rmtree(Path(self.ip).parent, ignore_errors=True)

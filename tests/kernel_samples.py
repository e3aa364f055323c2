"""Kernels from a quick warm process, and what is left of processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from evaltools.reports.kernels import SPECS, specs

QUICK = ["ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "numpy"]


def quick_specs(folder: Path) -> KernelSpecManager:
    """Our kernelspec with only a few modules imported beforehand, in a folder of its own."""
    spec = json.loads((SPECS / "evaltools" / "kernel.json").read_text(encoding="utf-8"))
    spec["metadata"]["evaltools"]["preload"] = QUICK
    (folder / "evaltools").mkdir()
    (folder / "evaltools" / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return specs(folder)


class Running:
    """A kernel with its client."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    @property
    def process(self) -> Any:
        return self.manager.provisioner.process

    def say(self, code: str) -> str:
        """What a cell prints; an error is raised."""
        said = []

        def heard(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, timeout=30, output_hook=heard)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(said).strip()

    def ask(self, code: str) -> Any:
        """The value of an expression."""
        return json.loads(self.say(f"import json; print(json.dumps({code}))"))


@contextmanager
def kernel(found: KernelSpecManager, **options: Any) -> Iterator[Running]:
    """Start a kernel, and end it."""
    manager = KernelManager(kernel_name="evaltools", kernel_spec_manager=found)
    manager.start_kernel(**options)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Running(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in "ZX"


def soon(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether something comes to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.01)
    return holds()


def command(pid: int) -> str:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def descriptors(pid: int) -> set[str]:
    """What a process holds open, by name or number of the socket."""
    folder = Path(f"/proc/{pid}/fd")
    found = set()
    for entry in folder.iterdir():
        try:
            found.add(str(entry.readlink()))
        except OSError:
            continue
    return found

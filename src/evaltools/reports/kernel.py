"""Execute one notebook in a kernel of its own; of a failed one the code is kept, no output.

Kernels talk over socket files in a folder of their own instead of the loopback network.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode, v4

from evaltools import files
from evaltools.reports.shell import OWN, WITHHELD

if TYPE_CHECKING:
    from evaltools.reports.plan import Task
    from evaltools.study import Workspace

KERNEL = "python3"
SHELL = "evaltools.reports.shell"
MARKER = "papermill-error-cell-tag"


class NotebookFailed(Exception):
    """A cell of a notebook raised; the message names the cell and the kind of error."""


class PrivateKernelManager(AsyncKernelManager):
    """An ordinary kernel manager with IPC transport where the system has it.

    Each kernel's sockets lie in a new folder that only their owner can enter; without that, all
    kernels would share one name in the working directory and two runs could reach each other.
    """

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Load our extension, and keep the kernel's own log quiet: it calls its end an error."""
        added = ["--log-level=50", f"--InteractiveShellApp.extra_extensions={SHELL}"]
        return [*super().format_kernel_cmd(extra_arguments), *added]

    if sys.platform != "win32":
        transport = "ipc"

        def _ip_default(self) -> str:
            return str(Path(tempfile.mkdtemp(prefix="evaltools-")) / "kernel")

        def cleanup_ipc_files(self) -> None:
            """Remove the sockets with their folder."""
            super().cleanup_ipc_files()
            shutil.rmtree(Path(self.ip).parent, ignore_errors=True)


def execute(space: Workspace, task: Task) -> NotebookNode:
    """Execute one notebook with papermill in a kernel of its own.

    Raises
    ------
    NotebookFailed
        When a cell raises; the notebook is kept, without its outputs, in
        ``data/processed/<study>/failed/``.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    name = f"{task.area or 'stadt'}_{task.notebook}.ipynb"
    with tempfile.TemporaryDirectory(dir=space.processed, prefix=".run-") as folder:
        try:
            notebook = papermill.execute_notebook(
                _plain(space.notebooks / f"{task.notebook}.ipynb"),
                _plain(Path(folder) / name),
                parameters=dict(task.parameters),
                kernel_name=KERNEL,
                cwd=space.root,
                progress_bar=False,
                log_output=False,
                kernel_manager_class=PrivateKernelManager,
            )
        except PapermillExecutionError as error:
            number, said = error.cell_index + 1, _said(error.ename, error.evalue)
            _keep(Path(folder) / name, space, f"cell {number}: {said}")
            raise NotebookFailed(f"cell {number}: {said}") from None
        except DeadKernelError:
            _keep(Path(folder) / name, space, "the kernel died")
            raise NotebookFailed("the kernel died; perhaps out of memory") from None
    (space.processed / "failed" / name).unlink(missing_ok=True)
    return notebook


def _plain(path: Path) -> str:
    """Write a path as papermill reads it, which takes what stands in braces for a parameter."""
    return str(path).replace("{", "{{").replace("}", "}}")


def stripped(notebook: NotebookNode, reason: str) -> NotebookNode:
    """Return a failed notebook's code with the reason on top; no output, no path, no time.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it; not changed.
    reason : str
        Cell and kind of error, as the run reports it.
    """
    cells = []
    for cell in notebook.cells:
        if MARKER in cell.metadata.get("tags", []):
            continue
        made = v4.new_code_cell if cell.cell_type == "code" else v4.new_markdown_cell
        cells.append(made(cell.source))
    return v4.new_notebook(cells=cells, metadata={"evaltools": {"failed": reason}})


def _said(name: str, message: str) -> str:
    if not name.startswith(OWN):
        return f"{name}; {WITHHELD}"
    lines = message.strip().splitlines() or [""]
    return f"{name.removeprefix(OWN)}: {lines[0]}"


def _keep(executed: Path, space: Workspace, reason: str) -> None:
    """Keep what the office needs to find the fault: the code; the data it read are still there."""
    folder = space.processed / "failed"
    folder.mkdir(mode=0o700, exist_ok=True)
    if executed.is_file():
        kept = stripped(nbformat.read(executed, as_version=4), reason)
        files.write(folder / executed.name, nbformat.writes(kept), private=True)

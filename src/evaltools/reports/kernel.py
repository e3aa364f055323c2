"""Execute one notebook in a kernel of its own; of a failed one the code is kept, no output.

Kernels talk over socket files in a folder of their own instead of the loopback network.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode, v4
from traitlets.config import Config

from evaltools import files
from evaltools.data import reads
from evaltools.reports import forkclient
from evaltools.reports.limits import USUAL, Limits
from evaltools.reports.shell import MEMORY, MEMORY_ERROR, OWN, READS, SECONDS, WITHHELD

if TYPE_CHECKING:
    from evaltools.data.reads import Read
    from evaltools.reports.plan import Task
    from evaltools.study import Workspace

KERNEL = "evaltools"
LANGUAGE = "python"
INJECTED = "injected-parameters"
START_SECONDS, OUTPUT_SECONDS, GRACE_SECONDS = 60.0, 60, 5


class NotebookFailed(Exception):
    """A cell of a notebook raised; the message names the cell and the kind of error."""


class _ServerLost(NotebookFailed):
    """The kernel died with the process it was forked from, by no fault of the notebook."""


@dataclass(frozen=True)
class Executed:
    """A notebook with its outputs, and what it has looked at.

    Attributes
    ----------
    notebook : NotebookNode
        All cells with their outputs.
    reads : tuple of Read
        Tables, plan and codings that it took, see :mod:`evaltools.data.reads`.
    """

    notebook: NotebookNode
    reads: tuple[Read, ...]


class _Watch:
    """Which cell a task is at, and how long it may still take."""

    def __init__(self, limits: Limits, prepared: NotebookNode) -> None:
        self.limits = limits
        self.cell = 0
        tags = [cell.metadata.get("tags", []) for cell in prepared.cells]
        self._added = [place for place, given in enumerate(tags) if INJECTED in given]
        self._end = time.monotonic() + limits.seconds

    def at(self, cell: NotebookNode, cell_index: int) -> None:
        """Note the cell; nbclient calls this with these names before it runs one."""
        self.cell = self.number(cell_index)

    def number(self, place: int) -> int:
        """Count a cell as in the user's notebook, which lacks the cell with this run's values."""
        return place + 1 - sum(added < place for added in self._added)

    def left(self, cell: NotebookNode | None = None) -> float:
        """Return the seconds that are left; nbclient takes 0 for no limit."""
        return max(self._end - time.monotonic(), 0.001)

    def ended(self, reason: str) -> str:
        """Say why and where the task ended; a passed limit outweighs what it led to."""
        if time.monotonic() >= self._end:
            reason = f"took longer than {self.limits.seconds:g} s altogether; see --time-limit"
        return f"cell {self.cell}: {reason}" if self.cell else reason

    @property
    def given(self) -> dict[str, str]:
        """What the kernel is told of its limits; it ends by itself should nobody end it."""
        memory = {MEMORY: str(self.limits.memory)} if self.limits.memory else {}
        return memory | {SECONDS: str(math.ceil(self.limits.seconds) + GRACE_SECONDS)}


def execute(space: Workspace, task: Task, *, limits: Limits = USUAL) -> Executed:
    """Execute one notebook with papermill in a kernel of its own.

    Parameters
    ----------
    space : Workspace
        The study; its root is the notebook's working directory.
    task : Task
        The notebook and its parameters.
    limits : Limits, optional
        What the task may use.

    Returns
    -------
    Executed
        The notebook with all outputs.

    Raises
    ------
    NotebookFailed
        When a cell raises, its kernel dies or cannot be started, or a limit is passed; the
        notebook is kept, without its outputs, in ``data/processed/<study>/failed/``.
    """
    name = f"{task.area or 'stadt'}_{task.notebook}.ipynb"
    prepared = _prepare(space.notebooks / f"{task.notebook}.ipynb", task.parameters)
    with tempfile.TemporaryDirectory(dir=space.processed, prefix=".run-") as folder:
        seen = Path(folder) / "reads"
        try:
            notebook = _persist(prepared, space.root, seen, _Watch(limits, prepared))
        except NotebookFailed as failed:
            _keep(space.processed / "failed", name, stripped(prepared, str(failed)))
            raise
        found = reads.parse(seen)
    (space.processed / "failed" / name).unlink(missing_ok=True)
    return Executed(notebook, found)


def _prepare(path: Path, parameters: Mapping[str, str]) -> NotebookNode:
    """Put the parameters in their cell; nothing runs."""
    import papermill

    return papermill.execute_notebook(
        _plain(path),
        None,
        parameters=dict(parameters),
        kernel_name=KERNEL,
        language=LANGUAGE,
        prepare_only=True,
    )


def _persist(prepared: NotebookNode, root: Path, seen: Path, watch: _Watch) -> NotebookNode:
    """Run a notebook, once more where its kernel died by no fault of its own."""
    with contextlib.suppress(_ServerLost):
        return _run(prepared, root, seen, watch)
    return _run(prepared, root, seen, watch)


def _run(prepared: NotebookNode, root: Path, seen: Path, watch: _Watch) -> NotebookNode:
    """Run a prepared notebook, which is not changed; say in our words how it failed."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from evaltools.reports.kernels import KernelNotReady, PrivateKernelManager

    given = {READS: str(seen), **watch.given}
    try:
        return papermill.execute_notebook(
            prepared,
            None,
            kernel_name=KERNEL,
            cwd=root,
            progress_bar=False,
            start_timeout=math.ceil(min(watch.left(), START_SECONDS)),
            kernel_manager_class=PrivateKernelManager,
            config=Config({"PrivateKernelManager": {"given": given}}),
            shutdown_kernel="immediate",
            timeout_func=watch.left,
            on_cell_execute=watch.at,
            iopub_timeout=OUTPUT_SECONDS,
        )
    except PapermillExecutionError as error:
        said = _said(error.ename, error.evalue, watch.limits)
        raise NotebookFailed(f"cell {watch.number(error.cell_index)}: {said}") from None
    except CellTimeoutError:
        raise NotebookFailed(watch.ended("its outputs did not arrive")) from None
    except (DeadKernelError, KernelNotReady) as error:
        said = "the kernel died" if isinstance(error, DeadKernelError) else str(error)
        said += "; perhaps out of memory, see --memory and --workers"
        kind = _ServerLost if forkclient.broken() else NotebookFailed
        raise kind(watch.ended(said)) from None
    except OSError as error:
        raise NotebookFailed(f"the kernel could not be started: {error.strerror}") from None


def _plain(path: Path) -> str:
    """Write a path as papermill reads it, which takes what stands in braces for a parameter."""
    return str(path).replace("{", "{{").replace("}", "}}")


def stripped(notebook: NotebookNode, reason: str) -> NotebookNode:
    """Return a failed notebook's code with the reason on top; no output, no path, no time.

    Parameters
    ----------
    notebook : NotebookNode
        With its parameters; not changed.
    reason : str
        Cell and kind of error, as the run reports it.
    """
    cells = []
    for cell in notebook.cells:
        made = v4.new_code_cell if cell.cell_type == "code" else v4.new_markdown_cell
        cells.append(made(cell.source))
    return v4.new_notebook(cells=cells, metadata={"evaltools": {"failed": reason}})


def _said(name: str, message: str, limits: Limits) -> str:
    if name == MEMORY_ERROR:
        limit = f"{limits.memory / 2**30:.3g} GiB" if limits.memory else "there is"
        return f"{name}: it needs more memory than {limit}; see --memory and --workers"
    if name == "CellExecutionError":  # papermill's own word where the kernel sent none
        return "an error that could not be told, perhaps for want of memory; see --memory"
    if name == "SystemExit":
        return f"{name}: a notebook runs to its end; take the call of exit out"
    if not name.startswith(OWN):
        return f"{name}; {WITHHELD}"
    lines = message.strip().splitlines() or [""]
    return f"{name.removeprefix(OWN)}: {lines[0]}"


def _keep(folder: Path, name: str, code: NotebookNode) -> None:
    """Keep what the office needs to find the fault: the code; the data it read are still there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    files.write(folder / name, nbformat.writes(code), private=True)

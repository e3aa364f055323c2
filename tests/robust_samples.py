"""A study of three areas and one quick notebook, and processes to kill while they run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from evaltools.data.ingest import ingest
from evaltools.data.reads import Read
from evaltools.release.display import MARK
from evaltools.reports.kernel import Executed
from evaltools.reports.limits import Limits
from evaltools.reports.plan import Task
from evaltools.study import Workspace, open_study

BOOK = "00_probe"
SOURCES = """\
city: tiny
simulated: true
sources:
  - {id: raeume, file: raeume.csv, table: area, provider: Amt, licence: frei,
     retrieved: 2025-01-31, columns: {Raum: area_id, Name: name}}
  - {id: zahlen, file: zahlen.csv, table: hze_count, provider: Amt, licence: frei,
     retrieved: 2025-01-31, columns: {Raum: area_id, Jahr: period, begonnen: started},
     constants: {paragraph: alle, form: alle}}
"""
STUDY = """\
title: "Winzig: drei Räume"
city: tiny
model_areas: [{areas}]
notebooks: {{area: [{books}], city: []}}
"""
PARAMETERS = 'study = "tiny"\narea = ""\nstart = ""\ncase_counts = ""\noffers = ""'
CODE = """\
from evaltools.release.display import prose

prose("Es liegen Zeilen vor.")"""
# Imports are done once; each line of input is then run in a process of its own, which is what dies.
DRIVER = """\
import json, os, signal, sys, time
from pathlib import Path
told = [os.dup(1), os.dup(2)]
from evaltools.reports import warm
os.dup2(told[0], 1); os.dup2(told[1], 2)
from evaltools import cli, files, program
from evaltools.data import ingest
from evaltools.reports import command, executors, frame, html, jobs, manifest, plan
from evaltools.reports import progress, runs, status
import nbclient, nbformat, papermill, papermill.execute
import robust_samples

def steps(number):
    done = 0
    def dying(method):
        def counted(*args, **options):
            nonlocal done
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*args, **options)
        return counted
    for name in ("replace", "rename", "touch", "write_text", "write_bytes", "unlink"):
        setattr(Path, name, dying(getattr(Path, name)))
    jobs.execute = robust_samples.executed
    return lambda: done

def child(order):
    warm.share()
    command._engine = lambda order, *_: (executors.here, order.limits)
    os.chdir(order["root"])
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1); os.dup2(said, 2)
    sys.argv = ["evaltools", *order["arguments"]]
    if order.get("limit"):
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    count = steps(order["step"]) if "step" in order else None
    try:
        cli.main()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.stdout.flush(); sys.stderr.flush()
    os._exit(code)

program.digest()
page = frame.Page("t", "s", "", "", False, (), (), "../index.html", "")
html.render(nbformat.v4.new_notebook(), page)
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        child(order)
    if "kill_after" in order:
        time.sleep(order["kill_after"])
        os.kill(pid, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Driver:
    """Starts the command line in processes of its own, without importing anew for each.

    Each runs its notebooks itself, one after the other, in kernels that are forked from a server
    that all share.
    """

    def __init__(self) -> None:
        path = str(Path(__file__).parent)
        code = f"import sys; sys.path.insert(0, {path!r})\n{DRIVER}"
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True, bufsize=1
        )
        assert self._line() == "ready"

    def run(self, root: Path, *arguments: str, **more: Any) -> int:
        """Run a command; returns its exit code, negative for a signal.

        It is killed `kill_after` seconds, or before the change of a file with the number `step`;
        `limit` is the size in bytes that no file may exceed. With a step no kernel is started.
        """
        order = {"root": str(root), "arguments": arguments, "said": str(said(root)), **more}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        return int(self._line())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def said(root: Path) -> Path:
    """Where a command of the driver leaves what it says."""
    return root.with_name(f"{root.name}.said")


def tiny(
    root: Path,
    *,
    code: str = CODE,
    rows: int = 40,
    areas: int = 1,
    books: Sequence[str] = (BOOK,),
) -> Workspace:
    """Write the study's files; nothing is read yet.

    There are `rows` / 10 areas, of which the first `areas` are model areas; the code stands in
    every one of the `books`.
    """
    raw = root / "data" / "raw" / "tiny"
    raw.mkdir(parents=True)
    (raw / "sources.yml").write_text(SOURCES, encoding="utf-8")
    named = "".join(f"R{number};Raum {number}\n" for number in range(1, rows // 10 + 1))
    (raw / "raeume.csv").write_text("Raum;Name\n" + named, encoding="utf-8")
    counts = [f"R{n % (rows // 10) + 1};{2010 + n // (rows // 10)};{20 + n}" for n in range(rows)]
    (raw / "zahlen.csv").write_text("\n".join(["Raum;Jahr;begonnen", *counts, ""]), "utf-8")
    (root / "studies").mkdir()
    models = ", ".join(f"{{area: R{number}, start: 2018}}" for number in range(1, areas + 1))
    study = STUDY.format(areas=models, books=", ".join(books))
    (root / "studies" / "tiny.yml").write_text(study, encoding="utf-8")
    (root / "notebooks").mkdir()
    for book in books:
        write_book(root, code, name=book)
    return open_study("tiny", folder=root)


def ingested(
    root: Path,
    *,
    code: str = CODE,
    rows: int = 40,
    areas: int = 1,
    books: Sequence[str] = (BOOK,),
) -> Workspace:
    """Write the study's files as :func:`tiny` does and read them."""
    space = tiny(root, code=code, rows=rows, areas=areas, books=books)
    ingest(space)
    return space


def write_book(root: Path, *codes: str, name: str = BOOK) -> None:
    """Write the notebook, always the same bytes for the same code."""
    cells = [
        v4.new_markdown_cell("# Probe", id="title"),
        v4.new_code_cell(PARAMETERS, id="given", metadata={"tags": ["parameters"]}),
        *(v4.new_code_cell(code, id=f"c{place}") for place, code in enumerate(codes)),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    nbformat.write(
        v4.new_notebook(cells=cells, metadata=metadata), root / "notebooks" / f"{name}.ipynb"
    )


def executed(space: Workspace, task: Task, *, limits: Limits | None = None) -> Executed:
    """What a kernel would give, without one."""
    notebook = nbformat.read(space.notebooks / f"{task.notebook}.ipynb", as_version=4)
    shown = v4.new_output(
        "display_data",
        data={"text/html": "<p>Es liegt etwas vor.</p>"},
        metadata={MARK: {"released": True, "verdicts": {"1": "unklar"}}},
    )
    notebook.cells[-1].outputs = [shown]
    return Executed(notebook, (Read("hze_count", (task.area,)),))


def public(space: Workspace) -> dict[str, bytes]:
    """Every file that leaves the office, by its path."""
    files = [path for path in sorted(space.reports.rglob("*")) if path.is_file()]
    return {path.relative_to(space.reports).as_posix(): path.read_bytes() for path in files}


def torn(space: Workspace) -> list[str]:
    """Files that are not as ``run.json`` says; whoever publishes the folder can ask the same."""
    path = space.reports / "run.json"
    if not path.is_file():
        return []
    listed = json.loads(path.read_text(encoding="utf-8"))
    known = {name: value for page in listed["pages"] for name, value in page["sha256"].items()}
    if listed["index"]:
        known["index.html"] = listed["index"]
    there = public(space)
    return [name for name, value in known.items() if digest(there.get(name, b"")) != value]


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()

"""Whatever kills or stops a run: public files are whole, and the next run goes on from there."""

from __future__ import annotations

import ast
import json
import os
import pickle
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import evaltools
from evaltools import files, program
from evaltools.data import ownfile, store
from evaltools.data.ingest import ingest
from evaltools.data.schema import TABLES
from evaltools.reports import jobs, plan, runs
from evaltools.study import Workspace, open_study
from robust_samples import (
    BOOK,
    CODE,
    Driver,
    executed,
    ingested,
    public,
    said,
    tiny,
    torn,
    write_book,
)
from test_cli import run_main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and fork of POSIX")
PAGE = f"R1/{BOOK}.html"


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    started = Driver()
    yield started
    started.close()


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The small study, read, with a kernel that answers at once."""
    monkeypatch.setattr(jobs, "execute", executed)
    return ingested(tmp_path / "p")


def go(space: Workspace, *, fresh: bool = False, given: dict[str, str] | None = None) -> list[bool]:
    """Run the study; whether each page was kept."""
    space = open_study("tiny", folder=space.root)
    outcomes = runs.run(space, plan.tasks(space, given=given), fresh=fresh)
    assert [outcome.error for outcome in outcomes] == [""] * len(outcomes)
    return [outcome.kept for outcome in outcomes]


def copied(space: Workspace, target: Path) -> Workspace:
    shutil.copytree(space.root, target)
    return open_study("tiny", folder=target)


# --- killed ---------------------------------------------------------------------------------------


def test_a_run_killed_at_any_step_leaves_whole_files_and_goes_on(
    tmp_path: Path, space: Workspace, driver: Driver
) -> None:
    """Killed before each change of a file in turn, until a run has no more steps."""
    go(space)
    write_book(space.root, CODE + "  # changed")
    wanted = copied(space, tmp_path / "wanted")
    go(wanted)
    assert public(wanted)[PAGE] != public(space)[PAGE]
    step, code = 0, -9
    while code == -signal.SIGKILL:
        step += 1
        left = copied(space, tmp_path / f"k{step}")
        code = driver.run(left.root, "run", "tiny", step=step)
        assert torn(left) == [], f"step {step}"
        assert public(left)[PAGE] in (public(space)[PAGE], public(wanted)[PAGE])
        go(left)
        assert public(left) == public(wanted), f"step {step}"
    assert code == 0
    assert step > 15, "no run writes that little"


def test_a_run_killed_at_random_moments_leaves_whole_files_and_goes_on(
    tmp_path: Path, driver: Driver
) -> None:
    """Real kernels, killed anywhere between the start of an ingest and the end."""
    base = tiny(tmp_path / "base")
    go_to(driver, base)
    wanted = public(base)
    begun = time.monotonic()
    shutil.rmtree(base.root / "data" / "processed")
    shutil.rmtree(base.reports)
    go_to(driver, base)
    whole = time.monotonic() - begun
    assert public(base) == wanted, "two runs from nothing give the same bytes"
    chance, codes = random.Random(4711), []
    for round_ in range(8):
        left = Workspace("tiny", tmp_path / f"r{round_}", base.study, base.digest)
        shutil.copytree(base.root, left.root)
        if round_ % 2:
            shutil.rmtree(left.root / "data" / "processed")
        (left.root / "data" / "processed" / ".tiny.pages.json").unlink(missing_ok=True)
        after = chance.uniform(0, whole)
        codes.append(driver.run(left.root, "run", "tiny", kill_after=after))
        assert torn(left) == []
        made = store.read_provenance(left.processed)
        assert made is None or len(store.read(left, "hze_count")) == 40
        go_to(driver, left)
        assert public(left) == wanted
        hidden = [path.name for path in left.processed.parent.rglob(".*") if path.is_file()]
        assert sorted(hidden) == [".tiny.lock", ".tiny.pages.json"]
    assert set(codes) <= {-signal.SIGKILL, 0}
    assert -signal.SIGKILL in codes


def go_to(driver: Driver, space: Workspace) -> None:
    assert driver.run(space.root, "run", "tiny") == 0, said(space.root).read_text()


def test_what_a_killed_run_left_is_gone_after_the_next(space: Workspace) -> None:
    go(space)
    before = public(space)
    part = space.reports / "R1" / f".0123{files.PART}"
    part.write_text("half a page")
    (space.processed / ".run-x").mkdir()
    (space.processed.parent / ".tiny.new-x").mkdir()
    shutil.copytree(space.processed, space.processed.parent / ".tiny.old")
    with store.locked(space):
        go(space)
    assert public(space) == before
    kept = sorted(path.name for path in space.processed.parent.iterdir())
    assert kept == [".tiny.lock", ".tiny.pages.json", "tiny"]
    assert not list(space.processed.glob(".run-*"))


# --- a rerun goes on ------------------------------------------------------------------------------


def test_an_unchanged_page_is_kept_and_fresh_runs_it_anew(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert go(space) == [False]
    before = public(space)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "execute", lambda *_, **__: pytest.fail("a notebook ran"))
        (outcome,) = runs.run(space, plan.tasks(space))
    assert (outcome.kept, outcome.ok, outcome.verdicts) == (True, True, {"1": "unklar"})
    assert go(space, fresh=True) == [False]
    assert public(space) == before


def change_notebook(space: Workspace) -> None:
    write_book(space.root, CODE + "  # other")


def change_study(space: Workspace) -> None:
    path = space.root / "studies" / "tiny.yml"
    path.write_text(path.read_text("utf-8") + "whole_label: Alle\n", "utf-8")


def change_data(space: Workspace) -> None:
    path = space.raw / "zahlen.csv"
    path.write_text(path.read_text("utf-8").replace(";20\n", ";21\n"), "utf-8")
    ingest(space)


def change_record(space: Workspace) -> None:
    path = space.root / "studies" / "tiny.record.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"day": "20', '"day": "19'), "utf-8")


def edit_page(space: Workspace) -> None:
    (space.reports / PAGE).write_text("<p>von Hand</p>", "utf-8")


def cut_page(space: Workspace) -> None:
    content = (space.reports / PAGE).read_bytes()
    (space.reports / PAGE).write_bytes(content[: len(content) // 2])


def lose_page(space: Workspace) -> None:
    (space.reports / PAGE).unlink()


def lose_notes(space: Workspace) -> None:
    (space.processed.parent / ".tiny.pages.json").write_text("{", "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        change_notebook,
        change_study,
        change_data,
        change_record,
        edit_page,
        cut_page,
        lose_page,
        lose_notes,
    ],
    ids=lambda change: change.__name__,
)
def test_a_page_whose_ground_changed_is_run_again(space: Workspace, change: object) -> None:
    go(space)
    assert callable(change)
    change(space)
    assert go(space) == [False]
    assert torn(space) == []
    assert b"von Hand" not in public(space)[PAGE]
    assert go(space) == [True]


def test_another_program_runs_all_pages_again(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(space)
    monkeypatch.setattr(program, "digest", lambda: "another version")
    assert go(space) == [False]


def test_an_own_file_with_other_content_is_another_input(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = space.root / "data" / "raw" / "geheim"
    folder.mkdir()
    own = folder / "own.csv"
    own.write_text("x", encoding="utf-8")
    monkeypatch.chdir(space.root)
    given = {"case_counts": str(own)}
    assert go(space, given=given) == [False]
    assert go(space, given=given) == [True]
    own.write_text("y", encoding="utf-8")
    assert go(space, given=given) == [False]
    listed = json.loads(public(space)["run.json"])["pages"]
    assert [page["own"] for page in listed] == [{"case_counts": "own.csv"}]
    assert b"geheim" not in public(space)["run.json"]


def test_run_json_holds_every_public_file_and_nothing_of_this_run(space: Workspace) -> None:
    go(space)
    first = public(space)
    listed = json.loads(first["run.json"])
    known = {name for page in listed["pages"] for name in page["sha256"]} | {"index.html"}
    assert known | {"run.json"} == set(first)
    assert listed["index"] == files.digest(space.reports / "index.html")
    shutil.rmtree(space.processed)
    shutil.rmtree(space.reports)
    ingest(space)
    go(space)
    assert public(space) == first, "another ingest has another state, which stays in the office"
    office = space.processed.parent / ".tiny.pages.json"
    assert stat.S_IMODE(office.stat().st_mode) == 0o600
    kept = json.loads(office.read_text("utf-8"))
    assert kept["finished"] >= "2026"
    assert set(kept["pages"][PAGE]) == {"made_from", "reads", "seconds", "hidden"}


def test_a_page_edited_by_hand_is_neither_listed_nor_linked(space: Workspace) -> None:
    go(space)
    given = {"start": "2019"}
    go(space, given=given)
    assert b"start-2019" in public(space)["index.html"]
    (space.reports / f"R1/{BOOK}_start-2019.html").write_text("x")
    go(space)
    assert b"start-2019" not in public(space)["index.html"]
    assert b"start-2019" not in public(space)["run.json"]


def test_run_json_cannot_lead_outside_its_folder(space: Workspace) -> None:
    go(space)
    victim = space.root / "studies" / "tiny.yml"
    path = space.reports / "run.json"
    listed = json.loads(path.read_text("utf-8"))
    listed["pages"][0]["sha256"]["../../studies/tiny.yml"] = files.digest(victim)
    path.write_text(json.dumps(listed), encoding="utf-8")
    assert go(space) == [False]
    assert victim.is_file()


def test_further_files_of_a_page_come_and_go_with_it(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = jobs.contents
    more = {f"R1/{BOOK}.csv": b"a;b\n"}
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "contents", lambda *given: contents(*given) | more)
        go(space)
        assert public(space)[f"R1/{BOOK}.csv"] == b"a;b\n"
        (space.reports / f"R1/{BOOK}.csv").write_text("edited")
        assert go(space) == [False]
        assert torn(space) == []
    go(space, fresh=True)
    assert f"R1/{BOOK}.csv" not in public(space)


# --- a full disk, no rights, two at once ----------------------------------------------------------


def test_a_page_too_large_for_the_disk_leaves_the_old_one(
    tmp_path: Path, space: Workspace, driver: Driver
) -> None:
    go(space)
    before = public(space)
    limit = len(before[PAGE]) // 2
    assert len(before["run.json"]) < limit, "the limit must meet the page"
    write_book(space.root, CODE + "  # changed")
    code = driver.run(space.root, "run", "tiny", limit=limit, step=0)
    lines = said(space.root).read_text().strip().splitlines()
    assert code == 1
    assert lines[-1].startswith(f"error: {BOOK}.html: File too large; ")
    assert not [line for line in lines[:-1] if "rror" in line]
    assert public(space) == before
    assert torn(space) == []
    assert go(space) == [False]


def test_a_file_in_the_place_of_the_reports_is_one_line(
    space: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        jobs, "execute", lambda *_, **__: pytest.fail("found out only after the work")
    )
    space.reports.parent.mkdir(exist_ok=True)
    space.reports.write_text("in the way")
    assert run_main(monkeypatch, space.root, "run", "tiny") == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
    assert str(space.root) not in line
    assert space.reports.read_text() == "in the way"


def test_a_folder_without_rights_is_one_line_and_nothing_is_lost(space: Workspace) -> None:
    """Root passes over rights, so it gives that power up for this process."""
    go(space)
    before = public(space)
    write_book(space.root, CODE + "  # changed")
    command = [sys.executable, "-m", "evaltools.cli", "run", "tiny"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root needs setpriv to give up its power over rights")
        lost = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--inh-caps={lost}", f"--bounding-set={lost}", *command]
    space.reports.chmod(0o555)
    try:
        done = subprocess.run(command, cwd=space.root, capture_output=True, text=True, check=False)
    finally:
        space.reports.chmod(0o755)
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: run.json: Permission denied; ")
    assert done.returncode == 1
    assert public(space) == before


def test_a_second_run_is_refused_and_says_who_runs(
    space: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.locked(space):
        assert run_main(monkeypatch, space.root, "run", "tiny") == 5
    (line,) = capsys.readouterr().err.strip().splitlines()
    start = f"error: another run of study tiny is under way (process {os.getpid()}, since 20"
    assert line.startswith(start)
    assert str(space.root) not in line


# --- failed notebooks -----------------------------------------------------------------------------

FOREIGN = """\
name = "Zacharias Kanarien" + "vogel"
print(name)
raise KeyError(name)"""
SAME_NAME = """\
from pandas.errors import DataError
raise DataError("Zacharias Kanarien" + "vogel")"""
OWN = """\
from evaltools.errors import DesignError
raise DesignError("start leaves 4 months; at least 12 are needed\\nmore")"""
LEAVES = "import sys\nprint('Zacharias Kanarien' + 'vogel')\nsys.exit()"


@pytest.mark.parametrize(
    ("code", "said_of_it"),
    [
        (FOREIGN, "cell 3: KeyError; its message is withheld"),
        (SAME_NAME, "cell 3: DataError; its message is withheld"),
        (OWN, "cell 3: DesignError: start leaves 4 months; at least 12 are needed"),
        (LEAVES, "cell 3: SystemExit: a notebook runs to its end"),
        ("x = (", "cell 3: SyntaxError; its message is withheld"),
    ],
    ids=["foreign", "same name", "own", "leaves", "syntax"],
)
def test_a_failed_notebook_keeps_code_and_kind_but_no_output(
    tmp_path: Path, code: str, said_of_it: str
) -> None:
    space = ingested(tmp_path / "p", code=code)
    (outcome,) = runs.run(space, plan.tasks(space))
    assert outcome.error.startswith(said_of_it)
    assert "\n" not in outcome.error
    path = space.processed / "failed" / f"R1_{BOOK}.ipynb"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    text = path.read_text("utf-8")
    assert "Kanarienvogel" not in text + outcome.error
    assert str(space.root) not in text
    kept = nbformat.read(path, as_version=4)
    assert kept.metadata.evaltools.failed == outcome.error
    assert kept.cells[3].source == code, "the values of the run lie before it"
    assert all(cell.get("outputs", []) == [] for cell in kept.cells)
    assert not (space.reports / PAGE).exists()
    assert not list(space.processed.glob(".run-*"))


def test_a_notebook_that_runs_again_is_no_longer_kept_as_failed(tmp_path: Path) -> None:
    space = ingested(tmp_path / "p", code="1 / 0")
    (outcome,) = runs.run(space, plan.tasks(space))
    assert not outcome.ok
    assert "nicht erstellt" in public(space)["index.html"].decode()
    write_book(space.root, CODE)
    assert go(space) == [False]
    assert list((space.processed / "failed").iterdir()) == []


# --- nothing is unpickled -------------------------------------------------------------------------

LOADERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
CALLS = {"read_pickle", "to_pickle", "allow_pickle", "unsafe_load", "full_load", "read_hdf"}
RUNS = {"eval", "exec", "compile", "__import__"}


def unpickling(source: str) -> set[str]:
    """Names in a file by which stored bytes could become code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & LOADERS
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
            found |= names & (LOADERS | CALLS)
        elif isinstance(node, ast.Attribute) and node.attr in CALLS:
            found.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg in CALLS:
            found.add(node.arg)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & RUNS
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from joblib import load",
        "from pandas import read_pickle",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.unsafe_load(text)",
        "eval(text)",
    ],
)
def test_unpickling_would_be_found(source: str) -> None:
    assert unpickling(source)


def test_no_module_turns_stored_bytes_into_code() -> None:
    """But one, which reads only what this user has written into a folder of this user alone."""
    modules = sorted(Path(evaltools.__file__).parent.rglob("*.py"))
    assert len(modules) > 40
    found = {path.name: unpickling(path.read_text("utf-8")) for path in modules}
    assert {name: names for name, names in found.items() if names} == {"kept.py": {"pickle"}}


class Bomb:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.path, "exploded"))


def test_parquet_executes_nothing(tmp_path: Path) -> None:
    """Old versions of pyarrow unpickled what a field's metadata hold (CVE-2023-47248)."""
    space = ingested(tmp_path / "p")
    trace = tmp_path / "trace"
    bomb = pickle.dumps(Bomb(trace))
    pickle.loads(bomb)
    assert trace.read_text() == "exploded", "the bomb works"
    trace.unlink()
    extension = {"ARROW:extension:name": "arrow.py_extension_type"}
    fields = [
        pa.field(name, pa.string(), metadata={**extension, "ARROW:extension:metadata": bomb})
        for name in ("area_id", "period", "paragraph", "form")
    ]
    columns = [pa.array(["R1"]), pa.array(["2019"]), pa.array(["alle"]), pa.array(["alle"])]
    table = pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata={"pandas": bomb}))
    file = tmp_path / "own.parquet"
    parquet.write_table(table, file)
    assert bomb[:20] in file.read_bytes() or b"extension" in file.read_bytes()
    for attempt in (
        lambda: pd.read_parquet(file),
        lambda: ownfile.read(file, TABLES["hze_count"], {"area": store.read(space, "area")}),
    ):
        try:
            attempt()
        except Exception as error:
            assert not isinstance(error, AssertionError)
        assert not trace.exists()

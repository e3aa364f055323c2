"""The command line as a user meets it: one line for a user's error, and its exit code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ROOT, SHARED, copy_project
from evaltools import cli
from evaltools.data import store
from evaltools.errors import ReleaseError
from evaltools.study import Workspace, open_study


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "evaltools.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def run_main(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    """Run the command in this process; returns the exit code."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["evaltools", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_help_shows_examples_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv=['evaltools','--help']\n"
        "from evaltools import cli\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "assert 'pandas' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "evaltools run demo" in done.stdout
    for command in ("ingest", "run", "list", "demo"):
        shown = CliRunner().invoke(cli.app, [command, "--help"])
        assert shown.exit_code == 0
        assert "Example" in shown.output


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "demo", "--area", "SR99"], 5, "unknown area 'SR99'; permitted: SR04 ("),
        (["run", "demo", "-p", "strat=2018"], 5, "unknown parameter 'strat'; permitted: area"),
        (["run", "demo", "-p", "start"], 5, "-p start: write name=value"),
        (["run", "demo", "-p", "start=1", "-p", "start=2"], 5, "-p start is given twice"),
        (["run", "demo", "--notebook", "99_x"], 5, "unknown notebook '99_x'"),
        (["run", "demmo"], 3, "unknown study 'demmo'; permitted: demo"),
        (["ingest", "studies/none.yml"], 3, "no such study file"),
    ],
)
def test_a_user_error_is_one_line_with_its_exit_code(
    arguments: list[str],
    code: int,
    message: str,
    demo: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_main(monkeypatch, demo.root, *arguments) == code
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert message in said[0]


def test_a_study_with_an_unknown_key_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    study = root / "studies" / "demo.yml"
    study.write_text(study.read_text("utf-8").replace("last: 2024", "lst: 2024"), "utf-8")
    assert run_main(monkeypatch, root, "run", "demo") == 3
    said = capsys.readouterr().err.strip()
    assert re.fullmatch(r"error: demo.yml, line 6: unknown key 'lst'; permitted: .*", said)
    assert not (root / "data" / "processed").exists()


def test_list_shows_areas_notebooks_and_parameters(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(monkeypatch, demo.root, "list", "demo") == 0
    shown = capsys.readouterr().out
    assert re.search(r"SR04 .* from 2018", shown)
    assert "30_vorher_nachher  (study, area, start, case_counts, offers)" in shown


def test_data_errors_are_all_printed_in_german_without_traceback(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "p", "demo")
    staff = root / "data" / "raw" / "demo" / "personal.csv"
    text = staff.read_text(encoding="utf-8").splitlines()
    text[1] = text[1].replace("SR01", "SR77")
    text[2] = re.sub(r";[\d,]+;([^;]*)$", r";viel;\1", text[2])
    staff.write_text("\n".join(text) + "\n", encoding="utf-8")
    done = call(root, "ingest", "demo")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert re.search(r"Fehler: personal / staffing / Zeile 2 / area_id \[SR77\]", done.stderr)
    assert re.search(r"Fehler: personal / staffing / Zeile 3 / vzae \[viel\]", done.stderr)
    assert re.search(r"Warnung: personal .*geändert", done.stderr)
    assert done.stderr.strip().splitlines()[-1].startswith("error: study demo: 2 errors")
    assert str(root) not in done.stderr


def test_demo_writes_the_committed_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_main(monkeypatch, tmp_path, "demo", "city") == 0
    folder = ROOT / "data" / "raw" / "demo"
    for file in (path for path in folder.rglob("*") if path.is_file()):
        written = tmp_path / "city" / file.relative_to(folder)
        assert written.read_bytes() == file.read_bytes()


def test_run_ingests_runs_and_prints_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    code = run_main(
        monkeypatch, root, "run", "demo", "--area", "SR04", "--notebook", "00_datenlage"
    )
    assert code == 0
    shown = capsys.readouterr()
    assert shown.out.strip().splitlines()[-1] == "reports/demo/index.html"
    assert (root / "reports/demo/SR04/00_datenlage.html").is_file()
    again = run_main(
        monkeypatch, root, "run", "demo", "--area", "SR04", "--notebook", "00_datenlage"
    )
    assert again == 0
    assert "ingested" not in capsys.readouterr().out


def test_a_failed_notebook_ends_the_run_with_its_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    notebook = root / "notebooks" / "00_datenlage.ipynb"
    notebook.write_text(
        notebook.read_text("utf-8").replace("views.sources(made, rules)", "views.suorces()"),
        "utf-8",
    )
    code = run_main(
        monkeypatch, root, "run", "demo", "--area", "SR04", "--notebook", "00_datenlage"
    )
    assert code == 8
    said = capsys.readouterr().err
    assert "failed: SR04 00_datenlage: cell 5: AttributeError" in said
    assert "1 of 1 notebooks failed" in said


def test_dresden_says_for_each_claim_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_project(tmp_path / "p", "dresden")
    arguments = ("run", "dresden", "--area", "SR10", "--notebook", "30_vorher_nachher")
    assert run_main(monkeypatch, root, *arguments) == 0
    page = (root / "reports/dresden/SR10/30_vorher_nachher.html").read_text(encoding="utf-8")
    assert page.count("nicht prüfbar") >= 7
    assert "gestützt" not in page.replace("nicht gestützt", "")
    assert "Fallzahlen (Tabelle hze_count: area_id, period, paragraph" in page
    assert "Studiendatei: start" in page


def test_england_runs_for_leeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SHARED / "england_cin").is_dir():
        pytest.skip("../shared/data/england_cin is not here; the raw files are not in the project")
    root = copy_project(tmp_path / "p", "england")
    for file in (SHARED / "england_cin").glob("*.csv"):
        shutil.copy(file, root / "data" / "raw" / "england")
    arguments = ("--area", "Leeds", "--notebook", "30_vorher_nachher")
    assert run_main(monkeypatch, root, "run", "studies/england.yml", *arguments) == 0
    page = (root / "reports/england/383/30_vorher_nachher.html").read_text(encoding="utf-8")
    assert re.search(r"Rang \d+ \(p = ", page)
    assert "Die Überstreuung beträgt" in re.sub("<[^>]*>", "", page)
    assert "Simulierte Daten" not in page
    space = open_study("england", folder=root)
    assert store.read(space, "area")["name"].eq("Leeds").any()


def test_a_what_if_run_leaves_the_studys_own_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    base = ("run", "demo", "--area", "SR04", "--notebook", "30_vorher_nachher")
    assert run_main(monkeypatch, root, *base) == 0
    assert "Aussagen gestützt: 1, 2, 3, 4, 5, 7; nicht prüfbar: 6" in capsys.readouterr().out
    page = root / "reports/demo/SR04/30_vorher_nachher.html"
    before = page.read_bytes()
    assert run_main(monkeypatch, root, *base, "-p", "start=2019") == 0
    assert page.read_bytes() == before
    assert not list((root / "reports").rglob("*2019*"))
    intern = root / "data/processed/demo/intern"
    other = (intern / "SR04/30_vorher_nachher_start-2019.html").read_text(encoding="utf-8")
    assert "ab 2019" in other
    assert "Intern, nur für das Amt" in other
    assert "Intern, nur für das Amt" not in before.decode()
    index = (root / "reports/demo/index.html").read_text(encoding="utf-8")
    assert index.count(">gestützt</td>") == 6
    assert "start = 2019" not in index
    assert "start = 2019" in (intern / "index.html").read_text(encoding="utf-8")


def test_a_release_needs_all_pages_and_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    assert run_main(monkeypatch, root, "ingest", "demo") == 0
    assert run_main(monkeypatch, root, "release", "demo") == ReleaseError.exit_code
    said = capsys.readouterr().err
    assert "--by" in said
    assert "SR04 30_vorher_nachher" in said
    assert not (root / "data/processed/demo/releases").exists()


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(tmp_path / "p", "demo")
    (root / "data" / "processed").write_text("a file in the way", encoding="utf-8")
    assert run_main(monkeypatch, root, "ingest", "demo") == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: processed: ")

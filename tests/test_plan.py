from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from evaltools.errors import RunError, StudyError
from evaltools.reports import plan
from evaltools.study import Event, Workspace


def test_the_whole_study_is_each_area_and_the_city(demo: Workspace) -> None:
    tasks = plan.tasks(demo)
    assert len(tasks) == 32
    assert tasks[0].output == "SR04/00_datenlage.html"
    assert tasks[-1].output == "stadt/60_fokusgruppen.html"
    assert tasks[4].title == "Vorher und nachher"
    assert tasks[4].parameters == {"study": "demo", "area": "SR04"}


def test_an_area_is_found_by_id_and_by_name(demo: Workspace) -> None:
    names = plan.area_names(demo)
    by_name = plan.tasks(demo, areas=[names["SR10"]])
    assert by_name == plan.tasks(demo, areas=["SR10"])
    assert {task.area for task in by_name} == {"SR10"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"areas": ["SR99"]}, r"unknown area 'SR99'; permitted: SR04 \("),
        ({"areas": ["SR01"]}, "unknown area 'SR01'"),
        ({"notebooks": ["30_vorher"]}, "unknown notebook '30_vorher'; permitted: 00_datenlage"),
        ({"given": {"strat": "2018"}}, "unknown parameter 'strat'; permitted: area, case_counts"),
        ({"given": {"area": "SR04"}}, "use --area"),
        ({"given": {"study": "x"}}, "set by the run itself"),
        ({"given": {"start": "20188"}}, "start=20188: write a period"),
        ({"given": {"start": "2018\nimport os"}}, "start: is no plain text of one line"),
        ({"given": {"start": "2018'"}}, "write a period"),
        ({"given": {"start": 2018}}, "start: is no plain text"),
        ({"given": {"__import__": "x"}}, "unknown parameter '__import__'"),
        ({"given": {"start;x": "x"}}, "unknown parameter 'start;x'"),
        ({"given": {"case_counts": "https://x/y.csv"}}, "addresses are not read"),
        ({"given": {"case_counts": "gone.csv"}}, "no such file"),
        ({"given": {"case_counts": "/etc/passwd"}}, "inside the project"),
        ({"given": {"case_counts": "data/../../x.csv"}}, "inside the project"),
        ({"given": {"case_counts": "file:///etc/passwd"}}, "addresses are not read"),
        ({"given": {"offers": "a\0.csv"}}, "offers: is no plain text of one line"),
        ({"given": {"offers": "a\n.csv"}}, "offers: is no plain text of one line"),
        ({"given": {"offers": "a\u202e.csv"}}, "offers: is no plain text of one line"),
        ({"given": {"offers": "studies/demo.yml"}}, r"only \.csv and \.parquet files are read"),
        ({"given": {"offers": "data/raw/demo/bevoelkerung.xlsx"}}, r"only \.csv and \.parquet"),
        ({"given": {"offers": "data/raw"}}, r"only \.csv and \.parquet"),
        ({"given": {"offers": "x" * 97 + ".csv"}}, "at most 100 characters"),
    ],
)
def test_what_cannot_be_run_is_said_before_a_kernel_starts(
    demo: Workspace, asked: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.root)
    with pytest.raises(RunError, match=message) as caught:
        plan.tasks(demo, **asked)  # type: ignore[arg-type]
    assert str(caught.value).isprintable()


def test_a_combination_that_runs_nothing_is_refused(demo: Workspace) -> None:
    city_only = demo.study.notebooks.model_copy(update={"area": ()})
    study = demo.study.model_copy(update={"notebooks": city_only})
    space = Workspace("demo", demo.root, study, demo.digest)
    with pytest.raises(RunError, match="nothing to run"):
        plan.tasks(space, areas=["SR04"])


def test_own_files_are_named_below_the_project(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.root / "data")
    (task,) = plan.tasks(
        demo,
        areas=["SR04"],
        notebooks=["20_fallzahlen"],
        given={"offers": "raw/demo/angebote.csv", "start": "2019"},
    )
    assert task.parameters["offers"] == "data/raw/demo/angebote.csv"
    assert task.parameters["start"] == "2019"


def test_an_unknown_indicator_of_the_study_is_refused(demo: Workspace) -> None:
    outcomes = demo.study.outcomes.model_copy(update={"hze": "inanspruchname"})
    study = demo.study.model_copy(update={"outcomes": outcomes})
    space = Workspace("demo", demo.root, study, demo.digest)
    with pytest.raises(StudyError, match=r"outcomes\.hze: unknown indicator 'inanspruchname'"):
        plan.tasks(space)


def test_own_files_may_be_named_oddly_but_not_lead_out(
    demo: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = replace(demo, root=tmp_path / "p")
    for name in ("notebooks", "data"):
        (space.root / name).parent.mkdir(parents=True, exist_ok=True)
        (space.root / name).symlink_to(demo.root / name)
    monkeypatch.chdir(space.root)
    asked = {"areas": ["SR04"], "notebooks": ["20_fallzahlen"]}
    inside = 'it\'s "{x}" $y %s.csv'
    (space.root / inside).write_text("x")
    (task,) = plan.tasks(space, **asked, given={"offers": inside})  # type: ignore[arg-type]
    assert task.parameters["offers"] == inside
    assert task.output == "SR04/20_fallzahlen_offers-it_s___x____y__s.html"
    (tmp_path / "out.csv").write_text("x")
    (space.root / "link.csv").symlink_to(tmp_path / "out.csv")
    (space.root / "round.csv").symlink_to(space.root / "round.csv")
    for file, message in (("link.csv", "inside the project"), ("round.csv", "links lead nowhere")):
        with pytest.raises(RunError, match=message):
            plan.tasks(space, **asked, given={"offers": file})  # type: ignore[arg-type]


@pytest.mark.parametrize("area", ["../../x", "/etc", "SR04\n", "", "a" * 40])
def test_no_page_lies_outside_its_folder(demo: Workspace, area: str) -> None:
    """Names are checked by the study's model already; here they got past it."""
    model = demo.study.model_areas[0].model_copy(update={"area": area})
    study = demo.study.model_copy(update={"model_areas": (model,)})
    if not area:
        books = demo.study.notebooks.model_copy(update={"area": ("../00_x",)})
        study = demo.study.model_copy(update={"notebooks": books})
        with pytest.raises(RunError, match="is no notebook"):
            plan.tasks(replace(demo, study=study))
        return
    with pytest.raises(RunError, match="would lie outside reports/demo/"):
        plan.tasks(replace(demo, study=study))


def test_a_link_among_the_reports_is_not_followed_out(demo: Workspace, tmp_path: Path) -> None:
    space = replace(demo, root=tmp_path)
    (tmp_path / "notebooks").symlink_to(demo.root / "notebooks")
    (tmp_path / "data").symlink_to(demo.root / "data")
    plan.tasks(space, areas=["SR04"])
    (tmp_path / "elsewhere").mkdir()
    space.reports.mkdir(parents=True)
    (space.reports / "SR04").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="would lie outside"):
        plan.tasks(space, areas=["SR04"])


PYTHON = {"language_info": {"name": "python"}}


def _written(
    folder: Path, *sources: str, metadata: dict[str, object] | None = None, tag: str = "parameters"
) -> Path:
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": [tag]}) for source in sources]
    path = folder / "40_x.ipynb"
    given = PYTHON if metadata is None else metadata
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=given), path)
    return path


def test_a_notebook_without_parameters_cell_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with pytest.raises(RunError, match="no cell is tagged 'parameters'"):
        plan.declared(path)
    assert plan.title(path) == "40_x"


def test_parameters_are_names_and_texts(tmp_path: Path) -> None:
    path = _written(tmp_path, "# why\nstart = \"\"  # period\n\noffers = 'a=b'")
    assert plan.declared(path) == {"start": '""', "offers": "'a=b'"}


@pytest.mark.parametrize(
    "source",
    [
        'import os\nstart = ""',
        'start = print("")',
        'start = f"{open}"',
        "start = 2018",
        "start = None",
        'start: str = ""',
        'start = area = ""',
        'start, area = ""',
        'self.start = ""',
        'if True:\n    start = ""',
        'start = ""; exec("x")',
        'start += ""',
        '__name__ = ""',
        'Start = ""',
        'größe = ""',
        'a1 = ""',
        f'{"a" * 40} = ""',
        "start = (",
        '%run x\nstart = ""',
        '!ls\nstart = ""',
        'start = ""\0',
    ],
)
def test_code_beside_the_parameters_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(RunError, match=r"40_x\.ipynb: the parameters cell holds more than lines"):
        plan.declared(_written(tmp_path, source))


def test_a_parameter_twice_or_two_cells_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="start is declared twice"):
        plan.declared(_written(tmp_path, 'start = ""\nstart = "x"'))
    with pytest.raises(RunError, match="one code cell is tagged"):
        plan.declared(_written(tmp_path, 'start = ""', 'area = ""'))


def test_parameters_of_an_earlier_run_are_refused(tmp_path: Path) -> None:
    """papermill would put the new ones in that cell's place, wherever it stands."""
    with pytest.raises(RunError, match="parameters of an earlier run"):
        plan.declared(_written(tmp_path, 'start = ""', tag="injected-parameters"))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"language_info": {"name": "R"}},
        {"kernelspec": {"name": "python3", "display_name": "x", "language": "bash"}},
        {"language_info": {"name": "scala"}, "kernelspec": {"name": "python3", "display_name": ""}},
    ],
)
def test_a_notebook_in_another_language_is_refused(
    tmp_path: Path, metadata: dict[str, object]
) -> None:
    """papermill writes values in the notebook's language, whatever kernel runs it."""
    with pytest.raises(RunError, match=r"40_x\.ipynb: is not written for python"):
        plan.declared(_written(tmp_path, 'start = ""', metadata=metadata))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"nbformat": 4, "cells": 3}', "\x00"])
def test_what_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "40_x.ipynb"
    path.write_text(text)
    with pytest.raises(RunError, match=r"40_x\.ipynb: is no notebook"):
        plan.declared(path)


def test_what_the_user_sets_makes_another_page(demo: Workspace) -> None:
    (task,) = plan.tasks(
        demo, areas=["SR04"], notebooks=["30_vorher_nachher"], given={"start": "2019"}
    )
    assert task.own == {"start": "2019"}
    assert task.output == "SR04/30_vorher_nachher_start-2019.html"


@pytest.mark.parametrize("where", ["neighbours", "events"])
def test_an_area_that_does_not_exist_is_refused(demo: Workspace, where: str) -> None:
    study = demo.study
    if where == "events":
        event = Event(period="2020", area="SR99", kind="reform", label="x")
        study = study.model_copy(update={"events": (event,)})
    else:
        first = study.model_areas[0].model_copy(update={"neighbours": ("SR99",)})
        study = study.model_copy(update={"model_areas": (first, *study.model_areas[1:])})
    with pytest.raises(StudyError, match=r"neighbours or events: unknown area 'SR99'"):
        plan.tasks(replace(demo, study=study))


def test_a_file_set_in_a_notebook_is_refused_for_its_page_would_be_public(
    tmp_path: Path, demo: Workspace
) -> None:
    root = tmp_path / "p"
    shutil.copytree(demo.root, root)
    path = root / "notebooks" / "60_fokusgruppen.ipynb"
    path.write_text(
        path.read_text("utf-8").replace('codings = \\"\\"', 'codings = \\"x.qdpx\\"'), "utf-8"
    )
    with pytest.raises(RunError, match="codings is set in the notebook"):
        plan.tasks(replace(demo, root=root))

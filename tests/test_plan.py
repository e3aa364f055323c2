from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaltools.errors import RunError, StudyError
from evaltools.reports import plan
from evaltools.study import Event, Workspace


def test_the_whole_study_is_each_area_and_the_city(demo: Workspace) -> None:
    tasks = plan.tasks(demo)
    assert len(tasks) == 16
    assert tasks[0].output == "SR04/00_datenlage.html"
    assert tasks[-1].output == "stadt/00_datenlage.html"
    assert tasks[3].title == "Vorher und nachher"
    assert tasks[3].parameters == {"study": "demo", "area": "SR04"}


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
        ({"given": {"start": "2018\nimport os"}}, "write a period"),
        ({"given": {"case_counts": "https://x/y.csv"}}, "addresses are not read"),
        ({"given": {"case_counts": "gone.csv"}}, "no such file"),
        ({"given": {"case_counts": "/etc/passwd"}}, "inside the project"),
    ],
)
def test_what_cannot_be_run_is_said_before_a_kernel_starts(
    demo: Workspace, asked: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.root)
    with pytest.raises(RunError, match=message) as caught:
        plan.tasks(demo, **asked)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value).replace("2018\nimport", "")


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


def test_a_notebook_without_parameters_cell_is_refused(tmp_path: Path) -> None:
    import nbformat

    path = tmp_path / "40_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(RunError, match="no cell is tagged 'parameters'"):
        plan.declared(path)
    assert plan.title(path) == "40_x"


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

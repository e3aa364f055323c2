from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from conftest import ROOT
from evaltools import yamlfile
from evaltools.errors import RunError, StudyError
from evaltools.study import Population, Study, Workspace, open_study
from evaltools.studyparts import months

BASE = """\
title: Test
city: test
model_areas:
  - {area: SR04, start: 2018, comparison: [SR01, SR02]}
notebooks: {area: [30_vorher_nachher]}
"""


def loads(text: str) -> Study:
    return yamlfile.loads(text, Study, name="test.yml")


@pytest.mark.parametrize("name", ["demo", "dresden", "england"])
def test_the_studies_of_the_project_hold(name: str) -> None:
    space = open_study(name, folder=ROOT)
    assert space.name == name
    assert space.study.treated


def test_a_study_is_found_by_file_and_from_the_notebooks_folder() -> None:
    by_file = open_study("studies/demo.yml", folder=ROOT)
    assert open_study("demo", folder=ROOT / "notebooks") == by_file
    assert by_file.processed == ROOT / "data" / "processed" / "demo"
    assert by_file.reports == ROOT / "reports" / "demo"


def with_imprint(folder: Path, imprint: str) -> Path:
    (folder / "studies").mkdir(exist_ok=True)
    text = BASE.replace("{area: [30_vorher_nachher]}", "{}")
    text += f"publisher: {{imprint: '{imprint}', contact: 'so.md geht es'}}\n"
    (folder / "studies" / "test.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_text_of_the_publisher_may_lie_beside_the_study(tmp_path: Path) -> None:
    file = with_imprint(tmp_path, "impressum.md") / "studies" / "impressum.md"
    file.write_text("# Amt für Müller\n", encoding="utf-8")
    first = open_study("test", folder=tmp_path)
    assert first.study.publisher.imprint == "# Amt für Müller\n"
    assert first.study.publisher.contact == "so.md geht es"
    file.write_text("Anders", encoding="utf-8")
    assert open_study("test", folder=tmp_path).digest != first.digest


def test_a_text_of_the_publisher_must_be_there_and_near(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^impressum\.md: cannot be read"):
        open_study("test", folder=with_imprint(tmp_path, "impressum.md"))
    (tmp_path / "studies" / "impressum.md").write_bytes(b"\xff\xfe")
    with pytest.raises(StudyError, match=r"^impressum\.md: is not UTF-8"):
        open_study("test", folder=tmp_path)
    for far in ("../impressum.md", "/etc/x.md", "a/b.md", "Büro.md", "mein text.MD"):
        with pytest.raises(StudyError, match="a text lies beside the study file"):
            open_study("test", folder=with_imprint(tmp_path, far))


def test_an_unknown_study_lists_the_known_ones() -> None:
    with pytest.raises(
        StudyError, match=r"unknown study 'demmo'; permitted: demo, dresden, england"
    ):
        open_study("demmo", folder=ROOT)
    with pytest.raises(StudyError, match="no such study file"):
        open_study("studies/demmo.yml", folder=ROOT)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("start: 2018|start: 20188", "line 4: model_areas.0.start"),
        ("start: 2018|begin: 2018", "line 4: unknown key 'begin'"),
        ("city: test|city: ../etc", "line 2: city"),
        ("area: SR04|area: ../x", "line 4: model_areas.0.area"),
        ("[30_vorher_nachher]|[../x]", "notebooks.area.0"),
        ("title: Test|title: Test\nfirst: 2020\nlast: 2010", "last=2010 lies before first=2020"),
        ("title: Test|title: Test\nexcluded: {SR04: x}", "is a model area and excluded"),
        ("[SR01, SR02]|[SR01, SR04]", "SR04 is a model area and cannot be a comparison area"),
        ("title: Test|title: Test\ndisclosure: {threshold: 0}", "threshold"),
        ("title: Test|title: Test\npopulation: {age_from: 9, age_to: 3}", "age_to=3 lies below"),
    ],
)
def test_impossible_values_are_refused_with_their_place(change: str, part: str) -> None:
    old, new = change.split("|")
    assert old in BASE
    with pytest.raises(StudyError) as caught:
        loads(BASE.replace(old, new))
    assert part in str(caught.value)


def test_a_model_area_given_twice_is_refused() -> None:
    twice = BASE.replace("notebooks", "  - {area: SR04}\nnotebooks")
    with pytest.raises(StudyError, match="SR04 is given twice"):
        loads(twice)


def test_comparison_is_a_rule_or_a_list() -> None:
    assert loads(BASE).model_areas[0].comparison == ("SR01", "SR02")
    assert loads(BASE.replace("[SR01, SR02]", "untreated")).model_areas[0].comparison == "untreated"
    assert loads(BASE.replace("[SR01, SR02]", "SR01")).model_areas[0].comparison == ("SR01",)


def test_an_unknown_model_area_lists_the_permitted_ones() -> None:
    with pytest.raises(RunError, match=r"unknown area 'SR99'; permitted: SR04"):
        loads(BASE).model_area("SR99")


def test_a_notebook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "test.yml").write_text(BASE, encoding="utf-8")
    with pytest.raises(StudyError, match="unknown notebook '30_vorher_nachher'; permitted: none"):
        open_study("test", folder=tmp_path)
    loose = tmp_path / "loose.yml"
    loose.write_text(BASE, encoding="utf-8")
    with pytest.raises(StudyError, match="studies/"):
        open_study("loose.yml", folder=tmp_path)


def test_population_label_is_german() -> None:
    assert Population().label == "unter 21 Jahren"
    assert Population(age_from=6, age_to=13).label == "von 6 bis 13 Jahren"


@pytest.mark.parametrize("start", ["2019", 2019])
def test_another_start_moves_one_model_area_only(start: str | int) -> None:
    space = open_study("demo", folder=ROOT)
    moved = space.starting("SR04", start).study
    assert [model.start for model in moved.model_areas] == ["2019", "2018", "2018"]
    assert space.study.model_area("SR04").start == "2018"
    assert space.starting("SR04", "") is space
    with pytest.raises(RunError, match="start=20188: write a period"):
        space.starting("SR04", "20188")
    with pytest.raises(RunError, match="unknown area 'SR01'"):
        space.starting("SR01", "2019")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2019", 1, 12),
        ("2019-Q1", 1, 3),
        ("2019-Q3", 7, 9),
        ("2019-Q4", 10, 12),
        ("2019-01", 1, 1),
        ("2019-12", 12, 12),
    ],
)
def test_a_period_runs_from_its_first_to_its_last_month(period: str, first: int, last: int) -> None:
    before = 12 * 2019 - 1  # January 2019 is the next month
    assert months(period) == (before + first, before + last)


def test_months_of_periods_that_follow_each_other_leave_no_gap() -> None:
    for periods in (
        [str(year) for year in range(2018, 2022)],
        [f"{year}-Q{n}" for year in (2019, 2020) for n in range(1, 5)],
        [f"{year}-{n:02d}" for year in (2019, 2020) for n in range(1, 13)],
    ):
        spans = [months(period) for period in periods]
        assert all(one[1] + 1 == other[0] for one, other in pairwise(spans))


# --- what may leave the office --------------------------------------------------------------------


def with_rules(rules: str) -> Study:
    return loads(BASE + f"disclosure: {rules}\n")


@pytest.mark.parametrize(
    ("rules", "part"),
    [
        ("{method: merge}", "need each other; give both"),
        ("{merge: {SR01: [SR02]}}", "need each other; give both"),
        ("{method: round5, merge: {SR01: [SR02]}}", "need each other; give both"),
        ("{method: merge, merge: {SR01: [SR02], SR03: [SR02]}}", "SR02 stands in two groups"),
        ("{method: merge, merge: {SR01: [SR02], SR02: [SR03]}}", "SR02 stands in two groups"),
        ("{method: merge, merge: {SR01: [SR01]}}", "SR01 stands in two groups"),
        ("{method: merge, merge: {SR01: [SR04]}}", "SR04 is a model area; merge: may only name it"),
        ("{method: hide}", "disclosure.method"),
        ("{width: 0}", "disclosure.width"),
        ("{method: round5, width: 3}", "round5 keeps a width of at most 2"),
        ("{minimum_denominator: -1}", "disclosure.minimum_denominator"),
        ("{dominance: {share: 1.5}}", "disclosure.dominance.share"),
        ("{signed: {by: '', date: '2026-03-01'}}", "disclosure.signed.by"),
        ("{signed: {by: A}}", "disclosure.signed.date"),
        ("{signed: {by: A, date: 1.3.2026}}", "disclosure.signed.date"),
        ("{signed: {by: A, date: '2026-3-1'}}", "disclosure.signed.date"),
    ],
)
def test_rule_sets_that_do_not_hold_are_refused(rules: str, part: str) -> None:
    with pytest.raises(StudyError) as caught:
        with_rules(rules)
    assert part in str(caught.value)


def test_a_rule_set_is_read_as_it_is_signed() -> None:
    rules = with_rules(
        "{method: merge, merge: {SR04: [SR05]}, signed: {by: A. Muster, date: '2026-03-01'}}"
    ).disclosure
    assert rules.merge == {"SR04": ("SR05",)}
    assert rules.signed is not None
    assert (rules.signed.by, rules.signed.date) == ("A. Muster", "2026-03-01")
    assert loads(BASE).disclosure.signed is None


def test_pages_for_the_office_lie_beside_its_tables(tmp_path: Path) -> None:
    public, office = loads(BASE), loads(BASE + "audience: intern\n")
    assert public.audience == "public"
    spaces = [Workspace("s", tmp_path, study, "") for study in (public, office)]
    assert spaces[0].reports == tmp_path / "reports" / "s"
    assert spaces[1].reports.is_relative_to(spaces[1].processed)
    with pytest.raises(StudyError, match="audience"):
        loads(BASE + "audience: press\n")


def test_a_study_is_named_by_a_plain_word_and_no_area_like_the_city(tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    for name in ("Mein Amt", "..", "a b"):
        (tmp_path / "studies" / f"{name}.yml").write_text(BASE, encoding="utf-8")
        with pytest.raises(StudyError, match="named by small letters"):
            open_study(f"studies/{name}.yml", folder=tmp_path)
    with pytest.raises(StudyError, match="the city's own folder"):
        loads(BASE.replace("SR04", "Stadt"))

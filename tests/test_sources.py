from __future__ import annotations

import pytest

from conftest import ROOT
from evaltools import yamlfile
from evaltools.data.ingest import load_sources
from evaltools.data.sources import Sources
from evaltools.errors import StudyError
from evaltools.study import open_study

BASE = """\
city: Test
sources:
  - id: a
    file: a.csv
    table: area
    provider: Amt
    licence: keine
    retrieved: 2024-01-31
    columns: {Stadtraum: area_id, Name: name}
"""


def loads(text: str) -> Sources:
    return yamlfile.loads(text, Sources, name="sources.yml")


@pytest.mark.parametrize("study", ["demo", "dresden", "england"])
def test_the_sources_of_the_project_name_known_tables_and_columns(study: str) -> None:
    assert load_sources(open_study(study, folder=ROOT)).sources


def test_england_is_not_simulated_and_demo_is() -> None:
    assert load_sources(open_study("demo", folder=ROOT)).simulated
    assert not load_sources(open_study("england", folder=ROOT)).simulated


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("a.csv|../a.csv", "file"),
        ("a.csv|a.exe", "file"),
        ("2024-01-31|31.01.2024", "retrieved"),
        ("Name: name|Name: area_id", "two columns are mapped onto area_id"),
        ("provider: Amt|provider: Amt\n    sha256: abc", "sha256"),
        ("provider: Amt|provder: Amt", "unknown key 'provder'"),
        ("city: Test|city: Test\nsimulatd: true", "unknown key 'simulatd'"),
    ],
)
def test_what_cannot_be_a_source_is_refused(change: str, part: str) -> None:
    old, new = change.split("|")
    assert old in BASE
    with pytest.raises(StudyError) as caught:
        loads(BASE.replace(old, new))
    assert part in str(caught.value)


def test_two_sources_of_one_id_are_refused() -> None:
    body = BASE.split("sources:\n")[1]
    with pytest.raises(StudyError, match="source id a is given twice"):
        loads(BASE + body)
